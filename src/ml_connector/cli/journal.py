"""``journal list``: what was posted."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.table_layout import Column, in_cell
from ml_connector.cli.times import moments
from ml_connector.ledger.journal import trail

_COLUMNS: Final = (
    *("number", "connection"),
    Column("date", left_out=4),
    *("source", "SKU"),
    Column("location", left_out=2),
    *("quantity", "amount"),
    Column("target", left_out=3),
    Column("external id", whole=True, left_out=1),
)


FlowName = Annotated[str | None, typer.Option("--flow", help="Such as receiving.")]


From = Annotated[
    str | None, typer.Option("--from", help="A date, a date and time, or an age like 2h, 3d.")
]


To = Annotated[
    str | None, typer.Option("--to", help="Like --from; a date includes that whole day.")
]


def list_journal(
    flow: FlowName = None,
    sku: Annotated[str | None, typer.Option("--sku", help="Exactly this SKU.")] = None,
    source: Annotated[str | None, typer.Option("--source", help='Such as "wro 90311".')] = None,
    target: Annotated[
        str | None, typer.Option("--target", help='Such as "itemReceipt 5002", or 5002.')
    ] = None,
    external_id: Annotated[
        str | None, typer.Option("--external-id", help="Such as mlc-ir-90311-1.")
    ] = None,
    begin: From = None,
    end: To = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")
    ] = 100,
) -> None:
    """List journal rows, the newest first. --from and --to are of the moment of posting."""
    context = current()
    moments(begin, end)  # what was typed wrong is said without a database

    async def find(installation: Installation) -> list[dict[str, Any]]:
        async with context.several(installation) as (on, names):
            since, until = moments(begin, end, zone=context.zone)
            return await trail.journal_rows(
                on,
                names,
                limit=limit,
                flow=flow,
                sku=sku,
                source=source,
                target=target,
                external_id=external_id,
                since=since,
                until=until,
            )

    found = context.run(find)
    context.printer.table(
        _COLUMNS,
        [_cells(row) for row in found],
        empty=(
            "Nothing matches."
            if any((flow, sku, source, target, external_id, begin, end))
            else "Nothing was posted yet."
        ),
    )
    context.printer.answer({"journal": found})


def _cells(row: Mapping[str, Any]) -> list[object]:
    return [
        row["number"],
        row["connection"],
        row["posting_date"],
        row["source"],
        row["sku"],
        row["location"],
        row["quantity"],
        money(row),
        row["target"],
        row["external_id"],
    ]


def money(row: Mapping[str, Any]) -> str:
    """Return the amount of a row with its currency; empty where it has none."""
    if row["amount"] is None:
        return ""
    return f"{in_cell(row['amount'])} {row['currency'] or ''}".strip()
