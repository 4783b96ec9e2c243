"""The three files of a report, whole or not at all."""

import asyncio
import tempfile
from pathlib import Path

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.report import lines, page, workbook
from ml_connector.reconcile.report.page import MadePage
from ml_connector.reconcile.stored.stored import StoredMonth


async def write(
    stored: StoredMonth,
    report: Report,
    month: Month,
    folder: Path,
    *,
    keep_owner: bool = False,
    made: MadePage | None = None,
) -> list[Path]:
    """Write page, workbook and CSV. They are moved into the folder only when all are complete.

    Args:
        stored: what the report was made of; it writes the journal's lines.
        report: of the month.
        month: which month.
        folder: made when it is not there.
        keep_owner: whether files that root makes belong to the owner of the folder above.
        made: who made it, for the page; the other files are the same whoever did.

    Returns:
        The files: HTML, XLSX, CSV.

    Raises:
        UserError: they can't be written.
    """
    try:
        await asyncio.to_thread(private_files.make_folder, folder, keep_owner=keep_owner)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as beside:
            stem = f"month-end-{report.connection}-{month}"
            parts = [Path(beside) / f"{stem}{end}" for end in (".html", ".xlsx", ".csv")]
            await asyncio.to_thread(parts[0].write_text, page.html(report, month, made), "utf-8")
            await asyncio.to_thread(workbook.write, report, month, parts[1])
            await stored.write_lines(report, parts[2])
            with parts[2].open("ab") as csv_file:
                csv_file.write(lines.differences(report))
                csv_file.write(lines.order_lines(report))
                csv_file.write(lines.shipment_lines(report))
                csv_file.write(lines.stock(report))
                csv_file.write(lines.money(report))
            for part in parts:
                private_files.close_to_others(part, keep_owner=keep_owner)
            return [part.replace(folder / part.name) for part in parts]
    except OSError as error:
        raise UserError(
            f"The report can't be written: {error.strerror}",
            where=str(folder),
            next_step="Name another folder with --out, or make room there.",
        ) from error
