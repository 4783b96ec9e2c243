"""The webhook endpoints: connections and their webhook secrets, kept in memory."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml_connector.ledger.connections import connections
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.vault.secrets import Vault

_FRESH_SECONDS: Final = 5.0
_LOOK_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A connection's webhook endpoint. Without secrets it accepts nothing."""

    connection: str
    secrets: Sequence[Secret]


class Endpoints:
    """Endpoints by connection name, read again every few seconds."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._known: Mapping[str, Endpoint] = {}
        self._read_at = float("-inf")

    async def find(self, name: str) -> Endpoint | None:
        """Return the endpoint of a connection; None when there is no such connection.

        Raises:
            DatabaseAway: the database can't be read now, and what was read is missing or old.
        """
        age = time.monotonic() - self._read_at
        if age > _FRESH_SECONDS or (name not in self._known and age > _LOOK_AGAIN_SECONDS):
            await self._read()
        return self._known.get(name)

    async def find_anew(self, name: str) -> Endpoint | None:
        """Return the endpoint after reading it again, unless that was done just now."""
        if time.monotonic() - self._read_at > _LOOK_AGAIN_SECONDS:
            await self._read()
        return self._known.get(name)

    async def _read(self) -> None:
        began = time.monotonic()
        async with self._database.transaction() as connection:
            known: dict[str, Endpoint] = {}
            for applied in await connections.every(connection):
                secrets = await self._vault.all(applied.name, on=connection)
                known[applied.name] = Endpoint(
                    connection=applied.name,
                    secrets=tuple(
                        secret
                        for field, secret in sorted(secrets.items())
                        if field.startswith("shipbob.webhook_secret")
                    ),
                )
        if began > self._read_at:  # reads may overlap, and end in another order
            self._known, self._read_at = known, began
