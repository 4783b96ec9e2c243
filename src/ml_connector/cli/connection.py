"""``connection list``: the accounts that are kept in agreement."""

from typing import Any

from ml_connector.app.installation.installation import Installation
from ml_connector.cli.context import current
from ml_connector.cli.table_layout import Column
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import connections


def list_connections() -> None:
    """List the connections."""
    context = current()

    async def find(installation: Installation) -> list[connections.AppliedConnection]:
        async with installation.database.transaction() as on:
            return await connections.every(on)

    found = context.run(find)
    rows = [_listed(one) for one in found]
    context.printer.table(
        [
            *("name", Column("mode", whole=True)),
            Column("paused", left_out=3),
            Column("held", left_out=4),
            Column("NetSuite account", left_out=2),
            Column("ShipBob", left_out=1),
            "from",
        ],
        [
            [
                row["name"],
                row["mode"],
                "yes" if row["paused"] else "no",
                "yes" if row["held"] else "no",
                row["netsuite_account"] or "can't be read",
                row["shipbob"] or "can't be read",
                row["start_date"] or "can't be read",
            ]
            for row in rows
        ],
        empty="There is no connection yet: ml-connector connection apply FILE.",
    )
    context.printer.answer({"connections": rows})


def _listed(one: connections.AppliedConnection) -> dict[str, Any]:
    """Return what a list shows of a connection; None where its settings can't be read."""
    row: dict[str, Any] = {
        "name": one.name,
        "mode": one.mode,
        "paused": one.paused,
        "held": one.held_at is not None,
    }
    try:
        row |= {
            "netsuite_account": one.netsuite_account,
            "shipbob": one.shipbob_address,
            "start_date": one.start_date.isoformat(),
        }
    except NeedsHuman:
        row |= {"netsuite_account": None, "shipbob": None, "start_date": None}
    return {**row, "applied_at": one.applied_at}
