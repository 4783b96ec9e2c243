"""``journal export``: rows as CSV."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import journal_export
from ml_connector.app.operations.journal_export import Exported
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.times import days, moments
from ml_connector.errors import UserError


def export(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Where to write.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="A date, a date and time, or an age like 2h, 3d.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Like --from; a date includes that whole day.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="What the period is of: posted, posting-date, fact-date.")
    ] = "posted",
) -> None:
    """Write journal rows to a CSV file: every column, one row a line, hashes included."""
    context = current()
    if out is None:
        raise UserError(
            "No file was named",
            where="journal export",
            next_step="Add --out FILE.csv.",
            usage=True,
        )
    if by not in journal_export.BY:
        raise UserError(
            f'"{by}" is no kind of day',
            where="--by",
            next_step=f"Use one of {', '.join(journal_export.BY)}.",
            usage=True,
        )
    start: datetime | date | None
    until: datetime | date | None
    if by == "posted":
        start, until = moments(begin, end)
    else:
        start, last = days(begin, end)
        until = last + timedelta(days=1) if last else None

    async def write(installation: Installation) -> Exported:
        names = await context.names(installation)
        with context.printer.counting("rows") as told:
            return await journal_export.export(
                installation.database, names, by=by, start=start, end=until, out=out, progress=told
            )

    written = context.run(write)
    context.printer.line(f"{counted(written.rows, 'row')} written to {written.file}.")
    context.printer.answer({"file": str(written.file), "rows": written.rows})
