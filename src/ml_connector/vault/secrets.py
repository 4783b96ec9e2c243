"""The secrets of connections, sealed in the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from psycopg.rows import DictRow

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database, rows
from ml_connector.vault.envelope import Rewrapped, Sealed, open_, rewrap, seal
from ml_connector.vault.masterkey import Ring

_PUT: Final = """
    insert into {table} (connection, field, key_id, wrapped_key, ciphertext)
    values (%(connection)s, %(field)s, %(key_id)s, %(wrapped_key)s, %(ciphertext)s)
    on conflict (connection, field) do update
    set key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
        ciphertext = excluded.ciphertext, updated_at = now()
"""

_GET: Final = """
    select field, key_id, wrapped_key, ciphertext from {table}
    where connection = %(connection)s and (%(field)s::text is null or field = %(field)s)
    order by field
"""

_DELETE: Final = "delete from {table} where connection = %(connection)s and field = %(field)s"

_SEALED_OTHERWISE: Final = """
    select connection, field, key_id, wrapped_key, ciphertext from {table}
    where key_id <> %(key_id)s order by connection, field for update
"""

_REWRAP: Final = """
    update {table} set key_id = %(key_id)s, wrapped_key = %(wrapped_key)s
    where connection = %(connection)s and field = %(field)s
"""


Fields = Callable[[str], bool]
"""Which secrets are meant: told by the field, such as ``netsuite.private_key``."""


def every_field(_: str) -> bool:
    """Mean all secrets."""
    return True


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What came of opening several secrets of a connection.

    Attributes:
        secrets: those that could be opened, by field.
        unusable: why the others can't be opened, by field.
    """

    secrets: Mapping[str, Secret]
    unusable: Mapping[str, NeedsHuman]


Table = Literal["secret", "draft_secret"]
"""Where secrets are kept: those of connections, and of drafts of connections."""


class Vault:
    """Stores the secrets of connections and reads them.

    Every method takes ``on``, a connection with an open transaction, to be part of that.

    Args:
        database: where the sealed secrets are.
        ring: the master keys.
        may_open: which secrets this process has a use for; it opens no other.
        table: of connections, or of drafts, which are not applied yet.
    """

    def __init__(
        self,
        database: Database,
        ring: Ring,
        *,
        may_open: Fields = every_field,
        table: Table = "secret",
    ) -> None:
        self._database = database
        self._ring = ring
        self._may_open = may_open
        self._table = table

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
        bound_to = self._bound_to(connection_name, field)
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
        found = await self._run(_GET, {"connection": connection_name, "field": field}, on)
        return self._open(connection_name, found[0]) if found else None

    async def all(
        self, connection_name: str, *, on: Connection | None = None
    ) -> dict[str, Secret]:
        """Open all secrets of a connection, by field.

        Raises:
            NeedsHuman: one can't be opened.
        """
        return await self.some(connection_name, every_field, on=on)

    async def some(
        self, connection_name: str, wanted: Fields, *, on: Connection | None = None
    ) -> dict[str, Secret]:
        """Open those secrets of a connection that are wanted, by field.

        Raises:
            NeedsHuman: one of them can't be opened.
        """
        opened = await self.usable(connection_name, wanted, on=on)
        for refused in opened.unusable.values():
            raise refused
        return dict(opened.secrets)

    async def usable(
        self, connection_name: str, wanted: Fields = every_field, *, on: Connection | None = None
    ) -> Opened:
        """Open those secrets of a connection that are wanted, as far as they can be opened."""
        found = await self._run(_GET, {"connection": connection_name, "field": None}, on)
        secrets: dict[str, Secret] = {}
        unusable: dict[str, NeedsHuman] = {}
        for row in found:
            field = row["field"]
            if not wanted(field):
                continue
            try:
                secrets[field] = self._open(connection_name, row)
            except NeedsHuman as refused:
                unusable[field] = refused
        return Opened(secrets=secrets, unusable=unusable)

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

    async def rewrap(self) -> Rewrapped:
        """Wrap every data key with the current master key.

        A row that somebody damaged is left as it is: it is worth nothing with any key, and must
        not keep the others' old key in use.
        """
        async with self._database.transaction() as connection:
            found = await self._run(
                _SEALED_OTHERWISE, {"key_id": self._ring.current.key_id}, connection
            )
            damaged: set[str] = set()
            for row in found:
                bound_to = self._bound_to(row["connection"], row["field"])
                try:
                    sealed = rewrap(self._ring, _sealed(row), bound_to=bound_to)
                except NeedsHuman:
                    damaged.add(bound_to)
                    continue
                parameters = {
                    "connection": row["connection"],
                    "field": row["field"],
                    "key_id": sealed.key_id,
                    "wrapped_key": sealed.wrapped_key,
                }
                await self._run(_REWRAP, parameters, connection)
        return Rewrapped(wrapped=len(found) - len(damaged), damaged=frozenset(damaged))

    def _open(self, connection_name: str, row: DictRow) -> Secret:
        field = row["field"]
        if not self._may_open(field):
            raise PermissionError(f"This process has no use for {field}, and does not open it")
        plaintext = open_(
            self._ring, _sealed(row), bound_to=self._bound_to(connection_name, field)
        )
        return Secret(plaintext.decode())

    async def _run(
        self, query: str, parameters: Mapping[str, object], on: Connection | None
    ) -> list[DictRow]:
        if on is not None:
            return await rows(on, query.format(table=self._table), parameters)
        return await self._database.fetch(query.format(table=self._table), parameters)

    def _bound_to(self, connection_name: str, field: str) -> str:
        of_a_draft = "draft " if self._table == "draft_secret" else ""
        return f"{of_a_draft}{connection_name}/{field}"


def _sealed(row: DictRow) -> Sealed:
    return Sealed(row["key_id"], bytes(row["wrapped_key"]), bytes(row["ciphertext"]))
