"""``journal``: what was posted, from what, why."""

from typing import Annotated, Any

import typer

from ml_connector.app.installation import Installation
from ml_connector.cli.context import current
from ml_connector.ledger import history

commands = typer.Typer(
    help="What was posted, from what, why.", no_args_is_help=True, rich_markup_mode=None
)


@commands.command("list")
def list_journal(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")
    ] = 100,
) -> None:
    """List journal rows, the newest first."""
    context = current()

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with context.several(installation) as (on, names):
            return await history.journal(on, names, limit=limit)

    found = context.run(find)
    context.printer.table(
        [
            "number",
            "connection",
            "date",
            "source",
            "SKU",
            "location",
            "quantity",
            "target",
            "external id",
        ],
        [
            [
                row["number"],
                row["connection"],
                row["posting_date"],
                row["source"],
                row["sku"],
                row["location"],
                row["quantity"],
                row["target"],
                row["external_id"],
            ]
            for row in found
        ],
        empty="Nothing was posted yet.",
    )
    context.printer.answer({"journal": found})
