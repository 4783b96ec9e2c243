"""``drift decide``: what a person decides about stock that differs."""

from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import proposal
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.cli.context import current
from ml_connector.cli.decisions import carry_out, wanted_by
from ml_connector.errors import UserError
from ml_connector.flows import inventory
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.subjects import SubjectRef

commands = typer.Typer(
    help="Stock that differs between the two systems, and what is decided about it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@commands.callback()
def group() -> None:
    """Decide about stock that differs between the two systems."""


@commands.command("decide")
def decide(
    location: Annotated[
        str, typer.Argument(metavar="LOCATION", help="NetSuite's id, as sync inventory shows it.")
    ],
    sku: Annotated[str, typer.Argument(metavar="SKU", help="That differs there.")],
    kind: Annotated[str | None, typer.Option("--as", help="correct.")] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="Why: for the audit trail.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would lead to.")
    ] = False,
) -> None:
    """Decide about a SKU whose stock differs at a location, after showing what follows."""
    context = current()
    wanted = wanted_by(kind, None, sku, note)

    async def look(installation: Installation) -> Proposal:
        async with installation.database.transaction() as on:
            applied = await context.connection(on)
            ref = SubjectRef(applied.name, inventory.FLOW.name, location)
            found = await outcomes.latest_event(on, ref)
        if found is None:
            raise UserError(
                f"The stock of location {location} was not compared yet",
                where="drift decide",
                next_step="Compare it with: ml-connector sync inventory",
            )
        return await proposal.propose(installation, [applied.name], found, wanted)

    carry_out(look, dry_run=dry_run)
