"""``journal balance``: every source line accounted for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, NamedTuple

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.counts import accounted
from ml_connector.cli.table_layout import in_cell
from ml_connector.cli.times import days
from ml_connector.errors import UserError
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.conservation.equation import Equation, Sums
from ml_connector.ledger.conservation.sums import Balance, By, Line
from ml_connector.storage.database import Connection


class _Found(NamedTuple):
    balances: Sequence[Balance]
    red: Sequence[Line] = ()
    rest: Sequence[Line] = ()

    @property
    def total(self) -> Equation:
        total = Equation()
        for one in self.balances:
            total += one.equation
        return total

    def of(self, flow: str | None) -> "_Found":
        if flow is None:
            return self
        return _Found(
            [one for one in self.balances if one.flow == flow],
            [one for one in self.red if one.flow == flow],
            [one for one in self.rest if one.flow == flow],
        )


def balance(
    begin: Annotated[
        str | None, typer.Option("--from", help="First day of the facts: a date, a month, an age.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Last day; a month means all of it.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="flow, day or month.")] = "flow",
    flow: Annotated[str | None, typer.Option("--flow", help="Such as receiving.")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="Lines to name, at most.")
    ] = 50,
) -> None:
    """Account for every source line: all = posted + waiting + refused. Exit 1 if one is not."""
    context = current()
    by_what = _by(by)
    first, last = days(begin, end)
    after = last + timedelta(days=1) if last else None

    async def look(installation: Installation) -> _Found:
        async with context.several(installation) as (on, names):
            return await _find(on, names, by=by_what, start=first, end=after, limit=limit)

    found = context.run(look).of(flow)
    _print(found)
    context.printer.answer(
        {
            "ok": found.total.holds,
            "total": found.total,
            "balances": found.balances,
            "unexplained": found.red,
            "waiting_or_refused": found.rest,
        }
    )
    if not found.total.holds:
        raise typer.Exit(1)


def _by(text: str) -> By:
    if text == "flow":
        return "flow"
    if text == "day":
        return "day"
    if text == "month":
        return "month"
    raise UserError(
        f'"{text}" is no way to sum',
        where="--by",
        next_step="Use flow, day or month.",
        usage=True,
    )


async def _find(
    on: Connection,
    names: Sequence[str],
    *,
    by: By,
    start: date | None,
    end: date | None,
    limit: int,
) -> _Found:
    """Sum the source lines, and return those that are not posted."""
    balances = await sums.balances(on, names, by=by, start=start, end=end)
    total = _Found(balances).total
    red: Sequence[Line] = ()
    rest: Sequence[Line] = ()
    if not total.holds:
        red = await sums.lines(on, names, start=start, end=end, limit=limit)
    if total.waiting != Sums() or total.refused != Sums():
        rest = await sums.lines(
            on, names, states=("waiting", "refused"), start=start, end=end, limit=limit
        )
    return _Found(balances, red, rest)


def _print(found: _Found) -> None:
    printer = current().printer
    if not found.balances:
        printer.line("No source line was seen.")
        return
    for one in found.balances:
        head = " ".join(text for text in (one.connection, one.flow, one.period) if text)
        _print_equation(head, one.equation)
    if len(found.balances) > 1:
        _print_equation("in all", found.total)
    printer.line("")
    printer.table(
        ["state", "flow", "subject", "line", "day", "SKU", "missing", "why"],
        [
            [
                one.state,
                one.flow,
                one.subject,
                one.name,
                one.fact_date,
                one.sku,
                ", ".join(
                    f"{in_cell(value)} {unit or 'units'}" for unit, value in one.missing.items()
                ),
                one.reasons,
            ]
            for one in [*found.red, *found.rest]
        ],
        empty="Every line is posted.",
    )
    if not found.total.holds:
        printer.line(
            "Next: let the subjects of the unexplained lines run again (sync FLOW --id ID); what"
            " stays unexplained is a bug, please report it.",
            style="bold",
        )


def _print_equation(head: str, equation: Equation) -> None:
    printer = current().printer
    printer.line(head, style="bold" if equation.holds else "bold red")
    for sentence in accounted(equation):
        printer.line(f"  {sentence}")
