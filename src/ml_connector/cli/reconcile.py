"""``reconcile``: month end, three ways."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations import month_end
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.app.operations.months import seal as month_seal
from ml_connector.cli.context import Context, current
from ml_connector.cli.counts import counted
from ml_connector.cli.printing import Printer
from ml_connector.errors import UserError
from ml_connector.ledger import month_reports
from ml_connector.reconcile import amounts
from ml_connector.reconcile.compare.report import Report, SectionEquation
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.report.columns import THREE_WAYS
from ml_connector.reconcile.report.lines import PROVISIONAL
from ml_connector.reconcile.report.money import sentences as of_money
from ml_connector.reconcile.report.page import totals
from ml_connector.reconcile.tie_out.judge import totals as totals_of

MOST_LISTED = 50
"""Differences printed at most; the files have all of them."""

WrittenMonth = Annotated[
    str | None, typer.Argument(metavar="YYYY-MM", help="The month, such as 2026-11.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for the files; left out: a fresh one in the data folder."),
]
Earlier = Annotated[
    bool, typer.Option("--list", help="List the reports that were made, instead of making one.")
]
Close = Annotated[
    bool, typer.Option("--close", help="Close the month, if nothing is left to explain.")
]
Unseal = Annotated[bool, typer.Option("--unseal", help="Open a closed month again; needs --note.")]
Note = Annotated[
    str | None,
    typer.Option("--note", metavar="TEXT", help="Why it is opened; kept with the seal."),
]


def reconcile(
    month: WrittenMonth = None,
    out: Out = None,
    close: Close = False,
    unseal: Unseal = False,
    note: Note = None,
    earlier: Earlier = False,
) -> None:
    """Compare ShipBob, journal and NetSuite for a month, and write HTML, XLSX and CSV.

    Exit status 0 only when nothing is left to explain.
    """
    context = current()
    _check_options(close=close, unseal=unseal, note=note, out=out)
    if earlier:
        _list(context)
        return
    if month is None:
        raise UserError(
            "No month was named",
            where="YYYY-MM",
            next_step="Write the year and the month, such as ml-connector reconcile 2026-11.",
            usage=True,
        )
    # Text that is no month, or a month that has begun nowhere, is refused without a database.
    Month.begun_somewhere(month, now=datetime.now(UTC))
    if unseal:
        _unseal(context, month, note or "")
        return

    async def make(installation: Installation) -> MonthEnd:
        applied = await context.applied(installation)
        today = datetime.now(applied.schedule.zone).date()
        with progress_shown(context) as says:
            return await month_end.reconcile(
                installation,
                applied,
                Month.parse(month, today=today),
                out=out,
                person=context.person(),
                close=close,
                progress=says,
            )

    done = context.run(make)
    print_report(context, done)
    context.printer.answer(done.shown)
    if close and done.seal is None:
        context.printer.line("The month was not closed.", style="bold red")
    if not done.report.green:
        raise typer.Exit(1)


def _check_options(*, close: bool, unseal: bool, note: str | None, out: Path | None) -> None:
    wrong = None
    if close and unseal:
        wrong = "--close and --unseal exclude each other", "--unseal"
    elif note is not None and not unseal:
        wrong = "A note is only kept when a month is opened again", "--note"
    elif unseal and out is not None:
        wrong = "Opening a month writes no files", "--out"
    if wrong is not None:
        raise UserError(
            wrong[0],
            where=wrong[1],
            next_step="See ml-connector reconcile --help.",
            usage=True,
        )


def _unseal(context: Context, written: str, note: str) -> None:
    async def do(installation: Installation) -> tuple[str, int]:
        applied = await context.applied(installation)
        today = datetime.now(applied.schedule.zone).date()
        month = Month.parse(written, today=today)
        woken = await month_seal.unseal(
            installation, applied, month, person=context.person(), note=note
        )
        return str(month), woken

    month, woken = context.run(do)
    context.printer.line(f"{month} is open again; its seal is kept.", style="bold")
    if woken:
        context.printer.line(f"{woken} that waited for it {'goes' if woken == 1 else 'go'} on.")
    context.printer.answer({"month": month, "closed": None, "woken": woken})


def print_report(context: Context, done: MonthEnd) -> None:
    """Print a report for a person."""
    report, printer = done.report, context.printer
    printer.line(f"{report.connection}, {report.month} (dates of {report.zone})", style="bold")
    _print_totals(printer, report)
    for one in report.equations:
        printer.line(_sentence(one, report.sections.facts_title(one.section)))
    if report.order_lines:
        printer.line(_of_order_lines(report))
    for line in (_of_stock(report), *of_money(report)):
        printer.line(line)
    _print_differences(context, report)
    for words, count in Counter(one.kind.words for one in report.explained).items():
        printer.line(f"Shown with its reason: {words}: {count}")
    if not done.asked_shipbob:
        printer.line(
            "ShipBob's side is what was stored: the month is too long ago to ask ShipBob's lists."
        )
    for path in done.files:
        printer.line(str(path))
    if done.seal is not None:
        when = f"{done.seal.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        printer.line(
            f"Closed by {done.seal.sealed_by} on {when}, with report {done.seal.report}.",
            style="bold" if done.closed_now else "",
        )
    if report.provisional:
        printer.line(PROVISIONAL, style="bold")
    if report.green:
        printer.line("Nothing is left to explain.", style="bold green")
    else:
        first = report.open[0]
        printer.line(
            f"{len(report.open)} to resolve. First: {first.kind} {first.id}", style="bold red"
        )


def _print_totals(printer: Printer, report: Report) -> None:
    titles = report.sections.titles()
    columns = [column for column in THREE_WAYS if column.printed]
    printer.table(
        ["part", "in", *(column.printed for column in columns)],
        [
            [
                titles[key.section],
                key.currency or "units",
                *(shown(column.of(row), key.currency) for column in columns),
            ]
            for key, row in totals(report)
        ],
        empty="Nothing moved in this month.",
    )


def shown(value: Decimal | None, currency: str = "") -> str:
    """Return a number for a person, with a true minus."""
    return amounts.shown(value, currency).replace("-", "\N{MINUS SIGN}")


def _sentence(one: SectionEquation, facts: str) -> str:
    unit = one.currency or "units"
    return (
        f"{facts}: {counted(one.lines, 'line')} = {one.posted_lines} posted"
        f" + {one.waiting_lines} waiting + {one.refused_lines} refused"
        f" + {one.unexplained_lines} unexplained;"
        f" {shown(one.source, one.currency)} {unit} = {shown(one.posted, one.currency)}"
        f" + {shown(one.waiting, one.currency)} + {shown(one.refused, one.currency)}"
        f" + {shown(one.unexplained, one.currency)}"
    )


def _of_stock(report: Report) -> str:
    tied = report.tie_out
    if tied is None:
        return report.not_tied
    sums = totals_of(tied.lines)
    told = ", ".join(
        f"{system} {shown(sums[f'{key}_opening'])} + {shown(sums[f'{key}_moved'])} moved"
        f" = {shown(sums[f'{key}_closing'])}"
        for system, key in (("ShipBob", "shipbob"), ("NetSuite", "netsuite"))
    )
    return (
        f"Stock of {counted(len(tied.lines), 'SKU')} at locations: {told};"
        f" ShipBob has {shown(sums['gap'])} more = {shown(sums['carried'])} carried"
        f" + {shown(sums['explained'])} explained + {shown(sums['unexplained'])} unexplained"
    )


def _of_order_lines(report: Report) -> str:
    ours = [one for one in report.order_lines if not one.left_out]
    ordered, surplus, mine, others, way, to_come, short = (
        shown(sum((getattr(one, name) for one in ours), Decimal(0)))
        for name in (
            *("ordered", "surplus", "ours", "others"),
            *("on_its_way", "to_come", "closed_short"),
        )
    )
    left_out = len(report.order_lines) - len(ours)
    return (
        f"Purchase order lines received on: {len(ours)}; {ordered} ordered + {surplus} surplus"
        f" = {mine} received by us + {others} by others + {way} on its way"
        f" + {to_come} to come + {short} closed short"
        + (f"; {left_out} left out" if left_out else "")
    )


def _print_differences(context: Context, report: Report) -> None:
    found = report.open
    for one in found[:MOST_LISTED]:
        context.printer.line(f"{one.kind}: {one.says} ({one.id})", style="bold")
        if one.remedy:
            context.printer.line(f"  Next: {one.remedy}")
    if len(found) > MOST_LISTED:
        context.printer.line(f"... and {len(found) - MOST_LISTED} more, in the files.")
    for decided in (one for one in report.differences if one.decided):
        context.printer.line(f"{decided.kind}: {decided.says}. {decided.decided} ({decided.id})")


def _list(context: Context) -> None:
    async def find(installation: Installation) -> list[dict[str, Any]]:
        names = await context.names(installation)
        return await month_reports.made(installation.database, names)

    found = context.run(find)
    context.printer.table(
        ["report", "connection", "month", "made", "by", "to resolve", "journal row", "file"],
        [
            [
                row["id"],
                row["connection"],
                row["month"],
                f"{row['made_at']:%Y-%m-%d %H:%M} UTC",
                row["person"],
                row["open"],
                row["head_number"],
                next(iter(row["files"]), ""),
            ]
            for row in found
        ],
        empty="No report was made yet.",
    )
    context.printer.answer({"reports": found})


@contextmanager
def progress_shown(context: Context) -> Iterator[month_end.Progress]:
    """Show the progress, if standard error is a terminal."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=context.printer.errors,
        transient=True,
        disable=context.printer.as_json or not context.printer.errors.is_terminal,
    )
    with bar:
        task = bar.add_task("Starting", total=None)

        def says(what: str, count: int) -> None:
            bar.update(task, description=f"{what}: {count:,} lines" if count else what)

        yield says
