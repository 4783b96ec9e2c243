"""Which connections are held, as this process last looked."""

import time
from typing import Final

from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import holds
from ml_connector.storage.database import Database

_GOOD_FOR_SECONDS: Final = 1.0
"""How old our picture may be where a read is about to go out."""


class HeldConnections:
    """Asks the ledger which connections are held.

    Args:
        database: the ledger.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names: set[str] = set()
        self._good_until = float("-inf")

    async def refusal(self, connection: str, *, fresh: bool) -> ConnectorError | None:
        """Return why a connection may make no call; None when it may.

        Raises:
            DatabaseAway: it can't be known.
        """
        if fresh or time.monotonic() > self._good_until:
            self._names = await holds.held(self._database)
            self._good_until = time.monotonic() + _GOOD_FOR_SECONDS
        return holds.refusal(connection) if connection in self._names else None
