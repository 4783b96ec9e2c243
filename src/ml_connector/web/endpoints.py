"""The webhook endpoints: connections and their webhook secrets, kept in memory.

Each connection's secrets are read by themselves, and no others: what is wrong with one
connection is not the others' trouble.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from ml_connector.app.webhooks.secrets import webhook_secrets
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.subscriptions import is_webhook_secret
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.vault.secrets import Vault

_FRESH_SECONDS: Final = 5.0
_LOOK_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A connection's webhook endpoint. Without secrets it accepts nothing.

    Attributes:
        secrets: any of them may have signed.
        unusable: why its other secrets are not accepted.
        flows_off: keys of the flows that are off for it; none where its settings can't be read.
    """

    connection: str
    secrets: Sequence[Secret]
    unusable: Sequence[str] = ()
    flows_off: AbstractSet[str] = frozenset()


class Endpoints:
    """Endpoints by connection name, each read again every few seconds.

    A name that no connection has is looked for in the database twice a second at most, however
    many strangers make up names.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._names: AbstractSet[str] = frozenset()
        self._names_read_at = float("-inf")
        self._reading_names = asyncio.Lock()
        self._kept: dict[str, tuple[Endpoint, float]] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def knows(self, name: str) -> bool:
        """Whether there was such a connection when the database was read last."""
        return name in self._names

    async def find(self, name: str) -> Endpoint | None:
        """Return the endpoint of a connection; None when there is no such connection.

        Raises:
            DatabaseAway: the database can't be read now, and what was read is missing or old.
        """
        return await self._find(name, no_older_than=_FRESH_SECONDS)

    async def find_anew(self, name: str) -> Endpoint | None:
        """Return the endpoint after reading it again, unless that was done just now."""
        return await self._find(name, no_older_than=_LOOK_AGAIN_SECONDS)

    async def _find(self, name: str, *, no_older_than: float) -> Endpoint | None:
        if not await self._is_known(name):
            self._kept.pop(name, None)
            return None
        kept = self._kept.get(name)
        if kept is None or _age(kept[1]) > no_older_than:
            async with self._reading[name]:
                kept = self._kept.get(name)
                if kept is None or _age(kept[1]) > no_older_than:
                    kept = self._kept[name] = await self._read(name)
        return kept[0]

    async def _is_known(self, name: str) -> bool:
        if self._names_are_good(name):
            return name in self._names
        async with self._reading_names:
            if not self._names_are_good(name):
                began = time.monotonic()
                async with self._database.transaction() as connection:
                    self._names = await connections.names(connection)
                self._names_read_at = began
        return name in self._names

    def _names_are_good(self, name: str) -> bool:
        enough = _FRESH_SECONDS if name in self._names else _LOOK_AGAIN_SECONDS
        return _age(self._names_read_at) <= enough

    async def _read(self, name: str) -> tuple[Endpoint, float]:
        began = time.monotonic()
        found = webhook_secrets(await self._vault.usable(name, is_webhook_secret))
        endpoint = Endpoint(
            connection=name,
            secrets=tuple(found.usable),
            unusable=tuple(str(refused) for refused in found.unusable),
            flows_off=await self._flows_off(name),
        )
        return endpoint, began

    async def _flows_off(self, name: str) -> AbstractSet[str]:
        async with self._database.transaction() as connection:
            applied = await connections.find(connection, name)
        try:
            return applied.flows_off if applied else frozenset()
        except NeedsHuman:
            return frozenset()  # what is damaged there is told elsewhere; the delivery is kept


def _age(moment: float) -> float:
    return time.monotonic() - moment
