"""``billing``: what ShipBob charged, audited; and what is to be accrued of it."""

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer

from ml_connector import private_files
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.fee_audit import accrue, audit_fees
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.table_layout import in_cell
from ml_connector.errors import UserError
from ml_connector.fee_audit.accruals import Accrual, totals
from ml_connector.fee_audit.fees import Audit
from ml_connector.fee_audit.findings import Finding
from ml_connector.shown import cell

commands = typer.Typer(
    help="ShipBob's charges: the fee audit and the accruals.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.csv", help="Write it to this file as CSV.")
]


@commands.command("audit")
def audit_command(
    first: Annotated[
        str | None, typer.Option("--from", help="First day; 90 days before --to if left out.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; today if left out.")] = None,
    out: Out = None,
) -> None:
    """List what ShipBob may have charged wrongly, with the day to claim it by."""
    context = current()
    begin, end = _day(first, "--from"), _day(last, "--to")
    if begin is not None and end is not None and begin > end:
        raise UserError(
            f"{begin} is after {end}",
            where="--from",
            next_step="Give the earlier day as --from.",
            usage=True,
        )

    async def look(installation: Installation) -> tuple[Audit, date, date]:
        applied = await context.applied(installation)
        return await audit_fees(installation, applied, first=begin, last=end)

    found, since, until = context.run(look)
    printer = context.printer
    printer.line(
        f"{counted(found.charges, 'charge')} from {since} to {until};"
        f" {counted(len(found.findings), 'finding')};"
        f" {counted(found.unchecked, 'charge names', 'charges name')} nothing that could be"
        " looked up."
    )
    for sentence in found.unread:
        printer.line(f"Not looked at, since it can't be read: {sentence}", style="bold")
    printer.table(
        ["claim by", "kind", "amount", "statement"],
        [
            [one.claim_by, one.kind, _money(one.amount, one.currency), one.statement]
            for one in found.findings
        ],
        empty="Nothing was found.",
    )
    if out is not None:
        _write(out, _FINDING, [_finding_row(one) for one in found.findings])
        printer.line(f"Written to {out}")
    printer.answer(
        {
            "from": since,
            "to": until,
            "charges": found.charges,
            "unchecked": found.unchecked,
            "unread": found.unread,
            "findings": found.findings,
        }
    )


@commands.command("accruals")
def accruals_command(
    at: Annotated[
        str | None, typer.Option("--at", help="The day at whose end; today if left out.")
    ] = None,
    out: Out = None,
) -> None:
    """List what was charged and is not posted yet, by account."""
    context = current()
    wanted = _day(at, "--at")

    async def look(installation: Installation) -> tuple[Sequence[Accrual], date]:
        applied = await context.applied(installation)
        return await accrue(installation, applied, at=wanted)

    found, day = context.run(look)
    printer = context.printer
    printer.line(f"Charged and not posted at the end of {day}:")
    printer.table(
        ["account", "fee", "kind", "fulfillment center", "invoice", "charges", "amount"],
        [
            [
                one.account or "(none)",
                one.fee,
                one.type,
                one.center,
                one.invoice or "",
                one.charges,
                _money(one.amount, one.currency or ""),
            ]
            for one in found
        ],
        empty="There is nothing to accrue.",
    )
    for (account, currency), amount in sorted(totals(found).items()):
        printer.line(f"Account {account or '(none)'}: {_money(amount, currency)}")
    if out is not None:
        _write(out, _ACCRUAL, [_accrual_row(one, day) for one in found])
        printer.line(f"Written to {out}")
    printer.answer({"at": day, "accruals": found})


_FINDING: Final = (
    "claim_by",
    "kind",
    "fee",
    "service",
    "reference",
    "amount",
    "currency",
    "units",
    "statement",
    "transactions",
    "invoices",
    "expected",
    "why",
)
_ACCRUAL: Final = (
    "at",
    "account",
    "department",
    "class",
    "location",
    "fee",
    "kind",
    "fulfillment_center",
    "charges",
    "amount",
    "tax",
    "currency",
    "invoice",
)


def _finding_row(one: Finding) -> list[object]:
    return [
        one.claim_by,
        one.kind,
        one.fee,
        one.service,
        one.reference,
        one.amount,
        one.currency,
        one.units,
        one.statement,
        " ".join(one.transactions),
        " ".join(map(str, one.invoices)),
        one.expected,
        one.why,
    ]


def _accrual_row(one: Accrual, day: date) -> list[object]:
    return [
        day,
        one.account,
        one.department,
        one.class_,
        one.location,
        one.fee,
        one.type,
        one.center,
        one.charges,
        one.amount,
        one.tax,
        one.currency,
        one.invoice,
    ]


def _write(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    try:
        with private_files.replacing_text(path, mode=private_files.REPORT, newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows([_cell(value) for value in row] for row in rows)
    except OSError as error:
        raise UserError(
            f"The file can't be written ({error.strerror})",
            where=str(path),
            next_step="Choose a file in a folder that exists and that you may write to.",
        ) from error


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet runs as a formula; amounts keep all their digits."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        return cell(value)
    return "" if value is None else value


def _money(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else f"{in_cell(amount)} {currency}".strip()


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(
            f'"{text}" is no day', where=option, next_step="Write it 2026-11-30.", usage=True
        ) from None
