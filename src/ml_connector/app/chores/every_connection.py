"""Doing a chore for every connection, so that what is wrong with one never stops the others."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.config.log_counts import LogCounts
from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import DatabaseAway

_log = structlog.get_logger("chores")
_counts: Final = LogCounts(_log)


async def for_each_connection(
    installation: Installation,
    chore: str,
    do: Callable[[AppliedConnection], Awaitable[object]],
    *,
    also_paused: bool = False,
    also_held: bool = False,
) -> None:
    """Do a chore for one connection after the other, by name.

    A failure is logged, once a minute at most for each connection and chore, and the next
    connection has its turn. What a person must mend is an alarm all the same: who looks at the
    books raises it.

    Args:
        installation: where.
        chore: its name, for the log.
        do: the chore.
        also_paused: whether paused connections have a turn.
        also_held: whether held ones have: only for what calls neither system.

    Raises:
        DatabaseAway: which is no fault of one connection.
    """
    async with installation.database.transaction() as on:
        known = await connections.every(on)
    for applied in known:
        if applied.paused and not also_paused:
            continue
        if applied.held_at is not None and not also_held:
            continue
        try:
            await do(applied)
        except DatabaseAway:
            raise
        except ConnectorError as error:
            tell_failure(chore, applied.name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is of this connection
            if tell_failure(chore, applied.name, error):
                _log.exception("chore_failed", chore=chore, connection=applied.name)


def tell_failure(chore: str, connection: str, error: Exception) -> bool:
    """Log why a chore came to nothing for a connection; return whether a line was written now."""
    return _counts.note(
        "connection_left_out",
        (chore, connection),
        chore=chore,
        connection=connection,
        reason=str(error) if isinstance(error, ConnectorError) else type(error).__name__,
    )
