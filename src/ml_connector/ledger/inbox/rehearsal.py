"""A delivery stored like any other, and taken back: whether the database would store one now."""

import os
import secrets
from typing import Final

from ml_connector.ledger import months
from ml_connector.ledger.inbox.inbox import Arrival, take_in
from ml_connector.storage.database import Database, rows

_BODY_BYTES: Final = 2048
"""About as much as a webhook has. It is random, so that it takes the room that it says."""


async def rehearse(database: Database) -> None:
    """Store a delivery of a connection that there is not, and roll it back.

    Everything that a delivery needs is tried: the rights, the tables of this month, room on the
    disk. Nothing of it is ever seen, and no other transaction waits for it.

    Raises:
        DatabaseAway: the database can't be reached.
        psycopg.Error: it does not store the delivery.
    """
    name = f"rehearsal-{secrets.token_hex(8)}"
    async with database.transaction() as connection:
        await months.ensure(connection)  # remembered in this process, so it must not be undone
    async with (
        database.transaction() as connection,
        connection.transaction(force_rollback=True),
    ):
        await rows(
            connection,
            "insert into connection (name, mode, settings) values (%(name)s, 'dry-run', '{}')",
            {"name": name},
        )
        arrival = Arrival(
            connection=name,
            source="webhook",
            delivery_id=name,
            topic="(rehearsal)",
            subject=None,
            status="ignored",
            body=os.urandom(_BODY_BYTES),
        )
        await take_in(connection, [arrival], task="none", priority=0)
