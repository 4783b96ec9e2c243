"""Releasing a connection that a restore has left held."""

from datetime import datetime

from ml_connector.app.connections.administration import Changed
from ml_connector.app.installation.installation import Installation
from ml_connector.ledger.connections import acts, holds
from ml_connector.ledger.connections.connections import AppliedConnection


async def release_connection(
    installation: Installation, applied: AppliedConnection, *, by: str
) -> Changed:
    """End the hold of a connection: what came meanwhile is done now.

    Args:
        installation: where.
        applied: the connection.
        by: the person who says that no other installation works on its accounts.
    """
    async with installation.database.transaction() as on:
        if not await holds.end(on, applied.name):
            return Changed(name=applied.name, changed=False)
        await acts.record(
            on,
            by,
            "connection.release",
            connection=applied.name,
            details={
                "before": {
                    "held_at": _text(applied.held_at),
                    "backup_made_at": _text(applied.backup_made_at),
                },
                "after": {"held_at": None},
            },
        )
    return Changed(name=applied.name, changed=True)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
