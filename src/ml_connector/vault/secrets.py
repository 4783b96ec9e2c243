"""The secrets of connections, sealed in the database."""

from collections.abc import Mapping
from typing import Final

from psycopg.rows import DictRow

from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database, rows
from ml_connector.vault.envelope import Sealed, open_, rewrap, seal
from ml_connector.vault.masterkey import Ring

_PUT: Final = """
    insert into secret (connection, field, key_id, wrapped_key, ciphertext)
    values (%(connection)s, %(field)s, %(key_id)s, %(wrapped_key)s, %(ciphertext)s)
    on conflict (connection, field) do update
    set key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
        ciphertext = excluded.ciphertext, updated_at = now()
"""

_GET: Final = """
    select field, key_id, wrapped_key, ciphertext from secret
    where connection = %(connection)s and (%(field)s::text is null or field = %(field)s)
    order by field
"""

_DELETE: Final = "delete from secret where connection = %(connection)s and field = %(field)s"

_SEALED_OTHERWISE: Final = """
    select connection, field, key_id, wrapped_key, ciphertext from secret
    where key_id <> %(key_id)s order by connection, field for update
"""

_REWRAP: Final = """
    update secret set key_id = %(key_id)s, wrapped_key = %(wrapped_key)s
    where connection = %(connection)s and field = %(field)s
"""


class Vault:
    """Stores the secrets of connections and reads them.

    Every method takes ``on``, a connection with an open transaction, to be part of that.

    Args:
        database: where the sealed secrets are.
        ring: the master keys.
    """

    def __init__(self, database: Database, ring: Ring) -> None:
        self._database = database
        self._ring = ring

    async def put(
        self, connection_name: str, field: str, secret: Secret, *, on: Connection | None = None
    ) -> None:
        """Seal a secret and keep it, in place of an older one.

        Args:
            connection_name: the connection it belongs to, which must exist.
            field: such as ``netsuite.private_key``.
            secret: the secret.
            on: the transaction to be part of.
        """
        bound_to = _bound_to(connection_name, field)
        sealed = seal(self._ring, secret.reveal().encode(), bound_to=bound_to)
        parameters = {
            "connection": connection_name,
            "field": field,
            "key_id": sealed.key_id,
            "wrapped_key": sealed.wrapped_key,
            "ciphertext": sealed.ciphertext,
        }
        await self._run(_PUT, parameters, on)

    async def get(
        self, connection_name: str, field: str, *, on: Connection | None = None
    ) -> Secret | None:
        """Open one secret; None when there is none.

        Raises:
            NeedsHuman: it can't be opened.
        """
        return (await self._open(connection_name, field, on)).get(field)

    async def all(
        self, connection_name: str, *, on: Connection | None = None
    ) -> dict[str, Secret]:
        """Open all secrets of a connection, by field.

        Raises:
            NeedsHuman: one can't be opened.
        """
        return await self._open(connection_name, None, on)

    async def fields(self, connection_name: str, *, on: Connection | None = None) -> set[str]:
        """Return the fields of a connection's secrets, also of those that can't be opened."""
        return {
            row["field"]
            for row in await self._run(_GET, {"connection": connection_name, "field": None}, on)
        }

    async def delete(
        self, connection_name: str, field: str, *, on: Connection | None = None
    ) -> None:
        """Remove a secret; nothing happens when there is none."""
        await self._run(_DELETE, {"connection": connection_name, "field": field}, on)

    async def rewrap(self) -> int:
        """Wrap every data key with the current master key; return how many had another one.

        Raises:
            NeedsHuman: one can't be opened; then none is changed.
        """
        async with self._database.transaction() as connection:
            found = await rows(
                connection, _SEALED_OTHERWISE, {"key_id": self._ring.current.key_id}
            )
            for row in found:
                bound_to = _bound_to(row["connection"], row["field"])
                sealed = rewrap(self._ring, _sealed(row), bound_to=bound_to)
                parameters = {
                    "connection": row["connection"],
                    "field": row["field"],
                    "key_id": sealed.key_id,
                    "wrapped_key": sealed.wrapped_key,
                }
                await rows(connection, _REWRAP, parameters)
        return len(found)

    async def _open(
        self, connection_name: str, field: str | None, on: Connection | None
    ) -> dict[str, Secret]:
        found = await self._run(_GET, {"connection": connection_name, "field": field}, on)
        opened = {}
        for row in found:
            bound_to = _bound_to(connection_name, row["field"])
            plaintext = open_(self._ring, _sealed(row), bound_to=bound_to)
            opened[row["field"]] = Secret(plaintext.decode())
        return opened

    async def _run(
        self, query: str, parameters: Mapping[str, object], on: Connection | None
    ) -> list[DictRow]:
        if on is not None:
            return await rows(on, query, parameters)
        return await self._database.fetch(query, parameters)


def _bound_to(connection_name: str, field: str) -> str:
    return f"{connection_name}/{field}"


def _sealed(row: DictRow) -> Sealed:
    return Sealed(row["key_id"], bytes(row["wrapped_key"]), bytes(row["ciphertext"]))
