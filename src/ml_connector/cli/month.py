"""``month decide``: what a person decides about a difference of a month-end report."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import month_differences
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.cli.context import current
from ml_connector.cli.decisions import carry_out, wanted_by
from ml_connector.cli.reconcile import progress_shown
from ml_connector.errors import UserError
from ml_connector.reconcile.month import Month

_KINDS = "accept, handled, correct, not-ours; or what the fact of the difference offers"

commands = typer.Typer(
    help="Differences of month-end reports, and what is decided about them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@commands.callback()
def group() -> None:
    """Decide about differences of month-end reports."""


@commands.command("decide")
def decide(
    difference: Annotated[
        str, typer.Argument(metavar="ID", help="A difference's, of reconcile: 2026-11-3f9ac2d1.")
    ],
    kind: Annotated[str | None, typer.Option("--as", help=f"{_KINDS}.")] = None,
    document: Annotated[
        str | None,
        typer.Option("--document", metavar="NUMBER", help="The document that it names."),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="V", help="The order or the mapping that it names."),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why: for the audit trail.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would lead to.")
    ] = False,
) -> None:
    """Decide about a difference of a month, after showing what the decision leads to."""
    context = current()
    wanted = wanted_by(kind, document, value, note)
    month, _, _ = difference.rpartition("-")
    if not month:
        raise UserError(
            f'"{difference}" is no difference',
            where="ID",
            next_step="Give its id as reconcile prints it, such as 2026-11-3f9ac2d1.",
            usage=True,
        )
    Month.begun_somewhere(month, now=datetime.now(UTC))

    async def look(installation: Installation) -> Proposal:
        applied = await context.applied(installation)
        with progress_shown(context) as says:
            return await month_differences.propose(
                installation,
                applied,
                difference,
                wanted,
                today=datetime.now(applied.schedule.zone).date(),
                progress=says,
            )

    carry_out(look, dry_run=dry_run)
