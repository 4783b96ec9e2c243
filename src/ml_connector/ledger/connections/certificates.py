"""The certificates of a connection: the one that signs in, the next one, old ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from psycopg.rows import DictRow

from ml_connector.storage.database import Connection, one, rows

NEXT_KEY_FIELD: Final = "netsuite.next_private_key"
"""The key of the next certificate is kept under this name among a connection's secrets."""

State = Literal["made", "uploaded", "current", "replaced", "revoked"]

_COLUMNS: Final = (
    "id, connection, certificate_id, key_print, pem, valid_until, state, known_before,"
    " role, entity, revoke_after"
)

_ADOPT: Final = f"""
    insert into certificate (connection, certificate_id, key_print, pem, valid_until, state)
    values (%(connection)s, %(certificate_id)s, %(key_print)s, %(pem)s, %(valid_until)s, 'current')
    on conflict (connection, certificate_id) do update
    set state = 'current', key_print = coalesce(excluded.key_print, certificate.key_print),
        pem = coalesce(excluded.pem, certificate.pem),
        valid_until = coalesce(excluded.valid_until, certificate.valid_until),
        revoke_after = null, changed_at = now()
    returning {_COLUMNS}
"""  # noqa: S608 - our own constant

_BEGIN: Final = f"""
    insert into certificate
        (connection, key_print, pem, valid_until, state, known_before, role, entity)
    values (%(connection)s, %(key_print)s, %(pem)s, %(valid_until)s, 'made',
        %(known_before)s, %(role)s, %(entity)s)
    returning {_COLUMNS}
"""  # noqa: S608 - our own constant

_SWITCH_SETTINGS: Final = """
    update connection
    set settings = jsonb_set(
            settings::jsonb, '{netsuite,certificate_id}', to_jsonb(%(id)s::text)
        )::json,
        applied_at = clock_timestamp()
    where name = %(connection)s
"""


@dataclass(frozen=True, kw_only=True)
class KeptCertificate:
    """A certificate as the connection knows it.

    Attributes:
        certificate_id: what NetSuite calls it; None before it is uploaded.
        key_print: SHA-256 of its public key; None when not known.
        valid_until: None when not known.
        known_before: ids that NetSuite knew before this one was uploaded.
        role, entity: what it is mapped to, ids.
        revoke_after: when the last token of a replaced one has run out; None when it is not
            ours to revoke.
    """

    id: int
    connection: str
    certificate_id: str | None
    key_print: str | None
    pem: str | None
    valid_until: datetime | None
    state: State
    known_before: tuple[str, ...]
    role: str | None
    entity: str | None
    revoke_after: datetime | None


async def current(on: Connection, connection: str) -> KeptCertificate | None:
    """Return the certificate that signs in; None when none was noted yet."""
    return await _one(on, "connection = %(connection)s and state = 'current'", connection)


async def coming(on: Connection, connection: str) -> KeptCertificate | None:
    """Return the certificate that a rotation under way is about to switch to."""
    return await _one(
        on, "connection = %(connection)s and state in ('made', 'uploaded')", connection
    )


async def of_id(on: Connection, connection: str, certificate_id: str) -> KeptCertificate | None:
    """Return the certificate that NetSuite calls this."""
    row = await one(
        on,
        f"select {_COLUMNS} from certificate"  # noqa: S608 - our own constant
        " where connection = %(connection)s and certificate_id = %(id)s",
        {"connection": connection, "id": certificate_id},
    )
    return _kept(row) if row else None


async def to_revoke(
    on: Connection, connection: str, now: datetime, *, longest: timedelta
) -> list[KeptCertificate]:
    """Return the replaced certificates whose last token has run out.

    Args:
        on: a transaction.
        connection: whose.
        now: aware.
        longest: so long a token may live. A certificate whose last one would live for longer
            is kept so long from now on: the clock was put right since it was replaced.
    """
    await rows(
        on,
        "update certificate set revoke_after = %(longest)s where connection = %(connection)s"
        " and state = 'replaced' and revoke_after > %(longest)s",
        {"connection": connection, "longest": now + longest},
    )
    found = await rows(
        on,
        f"select {_COLUMNS} from certificate"  # noqa: S608 - our own constant
        " where connection = %(connection)s and state = 'replaced' and revoke_after <= %(now)s"
        " order by id",
        {"connection": connection, "now": now},
    )
    return [_kept(row) for row in found]


async def replaced(on: Connection, connection: str) -> list[KeptCertificate]:
    """Return the certificates that were replaced and will be revoked."""
    found = await rows(
        on,
        f"select {_COLUMNS} from certificate"  # noqa: S608 - our own constant
        " where connection = %(connection)s and state = 'replaced'"
        " and revoke_after is not null order by id",
        {"connection": connection},
    )
    return [_kept(row) for row in found]


async def adopt(
    on: Connection,
    connection: str,
    certificate_id: str,
    *,
    key_print: str | None = None,
    pem: str | None = None,
    valid_until: datetime | None = None,
) -> KeptCertificate:
    """Note which certificate signs in, because a person said so.

    An older one is no longer used; a rotation under way is given up.
    """
    await rows(
        on,
        "delete from certificate where connection = %(connection)s"
        " and state in ('made', 'uploaded')",
        {"connection": connection},
    )
    await rows(
        on,
        "update certificate set state = 'replaced', changed_at = now()"
        " where connection = %(connection)s and state = 'current'"
        " and certificate_id <> %(certificate_id)s",
        {"connection": connection, "certificate_id": certificate_id},
    )
    row = await one(
        on,
        _ADOPT,
        {
            "connection": connection,
            "certificate_id": certificate_id,
            "key_print": key_print,
            "pem": pem,
            "valid_until": valid_until,
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return _kept(row)


async def begin(
    on: Connection,
    connection: str,
    *,
    key_print: str,
    pem: str,
    valid_until: datetime,
    known_before: Sequence[str],
    role: str,
    entity: str,
) -> KeptCertificate:
    """Write the next certificate down, before it is uploaded."""
    row = await one(
        on,
        _BEGIN,
        {
            "connection": connection,
            "key_print": key_print,
            "pem": pem,
            "valid_until": valid_until,
            "known_before": list(known_before),
            "role": role,
            "entity": entity,
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return _kept(row)


async def uploaded(
    on: Connection, kept: KeptCertificate, certificate_id: str, *, valid_until: datetime | None
) -> None:
    """Note what NetSuite calls the next certificate."""
    await rows(
        on,
        "update certificate set state = 'uploaded', certificate_id = %(certificate_id)s,"
        " valid_until = coalesce(%(valid_until)s, valid_until), changed_at = now()"
        " where id = %(id)s and state = 'made'",
        {"id": kept.id, "certificate_id": certificate_id, "valid_until": valid_until},
    )


async def switch(
    on: Connection, connection: str, new: KeptCertificate, *, revoke_after: datetime
) -> None:
    """Let the next certificate sign in from now on; every process notices.

    Args:
        on: the transaction that stores the new private key as well.
        connection: name of the connection.
        new: the next certificate, uploaded and proven.
        revoke_after: when the last token of the old one has run out.
    """
    await rows(
        on,
        "update certificate set state = 'replaced', revoke_after = %(revoke_after)s,"
        " changed_at = now() where connection = %(connection)s and state = 'current'",
        {"connection": connection, "revoke_after": revoke_after},
    )
    await rows(
        on,
        "update certificate set state = 'current', changed_at = now() where id = %(id)s",
        {"id": new.id},
    )
    await rows(on, _SWITCH_SETTINGS, {"connection": connection, "id": new.certificate_id})


async def revoked(on: Connection, kept: KeptCertificate) -> None:
    """Note that a certificate is out of use at NetSuite."""
    await rows(
        on,
        "update certificate set state = 'revoked', changed_at = now()"
        " where id = %(id)s and state = 'replaced'",
        {"id": kept.id},
    )


async def note_end(on: Connection, kept: KeptCertificate, valid_until: datetime) -> None:
    """Note when a certificate ends, as NetSuite says it."""
    await rows(
        on,
        "update certificate set valid_until = %(valid_until)s where id = %(id)s",
        {"id": kept.id, "valid_until": valid_until},
    )


async def _one(on: Connection, where: str, connection: str) -> KeptCertificate | None:
    row = await one(
        on,
        f"select {_COLUMNS} from certificate where {where}",  # noqa: S608 - our own constants
        {"connection": connection},
    )
    return _kept(row) if row else None


def _kept(row: DictRow) -> KeptCertificate:
    return KeptCertificate(
        id=row["id"],
        connection=row["connection"],
        certificate_id=row["certificate_id"],
        key_print=row["key_print"],
        pem=row["pem"],
        valid_until=row["valid_until"],
        state=row["state"],
        known_before=tuple(row["known_before"]),
        role=row["role"],
        entity=row["entity"],
        revoke_after=row["revoke_after"],
    )
