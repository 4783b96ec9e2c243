"""Consents: one-time links, the way through ShipBob, and what was granted.

Links and states are kept as hashes only; the verifier and nonce of a consent under way lie
in the vault.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ml_connector.moments import come
from ml_connector.storage.database import Connection, one, rows

LINK_LIVES: Final = timedelta(minutes=30)
STATE_LIVES: Final = timedelta(minutes=10)

# One that would live for longer was made by a clock that was put right since.
_IS_OVER: Final = come("until", "%(longest)s", now="%(now)s")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A one-time link.

    Attributes:
        person: who made it.
        channel_name: what ShipBob will call the channel.
        redirect_uri: where ShipBob sends the browser back to.
    """

    id: int
    person: str
    scopes: tuple[str, ...]
    channel_name: str
    redirect_uri: str


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A consent under way.

    Attributes:
        link_id: the link that it began with; None: begun on this machine.
        channel_name: what ShipBob was asked to call the channel.
    """

    id: int
    connection: str
    link_id: int | None
    person: str
    scopes: tuple[str, ...]
    redirect_uri: str
    channel_name: str


def fingerprint(text: str) -> str:
    """Return the hash by which a random secret is recognised again. Pure."""
    return hashlib.sha256(text.encode()).hexdigest()


async def add_link(
    on: Connection,
    connection: str,
    *,
    person: str,
    ticket: str,
    until: datetime,
    scopes: Sequence[str],
    channel_name: str,
    redirect_uri: str,
) -> None:
    """Keep a link."""
    await rows(
        on,
        "insert into consent_link (connection, person, ticket_hash, until, scopes, channel_name,"
        " redirect_uri) values (%(name)s, %(person)s, %(hash)s, %(until)s, %(scopes)s,"
        " %(channel)s, %(redirect)s)",
        {
            "name": connection,
            "person": person,
            "hash": fingerprint(ticket),
            "until": until,
            "scopes": list(scopes),
            "channel": channel_name,
            "redirect": redirect_uri,
        },
    )


async def find_link(on: Connection, connection: str, ticket: str, *, now: datetime) -> Link | None:
    """Return a link that is good: of this connection, young enough, not used."""
    row = await one(
        on,
        "select * from consent_link"  # noqa: S608 - a text of ours
        " where connection = %(name)s and ticket_hash = %(hash)s"
        f" and used_at is null and not {_IS_OVER}",
        {
            "name": connection,
            "hash": fingerprint(ticket),
            "now": now,
            "longest": LINK_LIVES,
        },
    )
    if row is None:
        return None
    return Link(
        id=row["id"],
        person=row["person"],
        scopes=tuple(row["scopes"]),
        channel_name=row["channel_name"],
        redirect_uri=row["redirect_uri"],
    )


async def begin(
    on: Connection,
    connection: str,
    *,
    link_id: int | None,
    person: str,
    state: str,
    until: datetime,
    scopes: Sequence[str],
    redirect_uri: str,
    channel_name: str,
) -> int:
    """Keep that a browser is sent to ShipBob; return the consent's id."""
    row = await one(
        on,
        "insert into consent (connection, link_id, person, state_hash, until, scopes,"
        " redirect_uri, channel_name) values (%(name)s, %(link)s, %(person)s, %(hash)s,"
        " %(until)s, %(scopes)s, %(redirect)s, %(channel)s) returning id",
        {
            "name": connection,
            "link": link_id,
            "person": person,
            "hash": fingerprint(state),
            "until": until,
            "scopes": list(scopes),
            "redirect": redirect_uri,
            "channel": channel_name,
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return int(row["id"])


async def count_under_way(on: Connection, connection: str, *, now: datetime) -> int:
    """Return how many consents of a connection are begun and not over.

    Until the transaction ends nobody else begins one.
    """
    await rows(
        on,
        "select pg_advisory_xact_lock(hashtextextended('consents of ' || %(name)s, 0))",
        {"name": connection},
    )
    row = await one(
        on,
        "select count(*) as n from consent"  # noqa: S608 - a text of ours
        f" where connection = %(name)s and taken_at is null and not {_IS_OVER}",
        {"name": connection, "now": now, "longest": STATE_LIVES},
    )
    return int(row["n"]) if row else 0


async def take(on: Connection, state: str, *, now: datetime) -> Begun | None:
    """Take a consent by its state, once; None when there is none (any more)."""
    row = await one(
        on,
        "update consent set taken_at = %(now)s where state_hash = %(hash)s"  # noqa: S608 - a text of ours
        f" and taken_at is null and not {_IS_OVER} returning *",
        {"hash": fingerprint(state), "now": now, "longest": STATE_LIVES},
    )
    if row is None:
        return None
    return Begun(
        id=row["id"],
        connection=row["connection"],
        link_id=row["link_id"],
        person=row["person"],
        scopes=tuple(row["scopes"]),
        redirect_uri=row["redirect_uri"],
        channel_name=row["channel_name"],
    )


async def over(on: Connection, begun: Begun, outcome: str) -> None:
    """Note how a consent ended, for the record."""
    await rows(
        on,
        "update consent set outcome = %(outcome)s where id = %(id)s",
        {"id": begun.id, "outcome": outcome[:200]},
    )


async def left_over(on: Connection, *, now: datetime) -> list[dict[str, Any]]:
    """Return consents that nobody finished in time and whose verifier may still be kept."""
    return await rows(
        on,
        "update consent set taken_at = %(now)s, outcome = 'not finished in time'"  # noqa: S608 - a text of ours
        f" where taken_at is null and {_IS_OVER} returning id, connection",
        {"now": now, "longest": STATE_LIVES},
    )


async def grant(
    on: Connection,
    begun: Begun,
    *,
    scopes: Sequence[str],
    account: str | None,
    now: datetime,
) -> None:
    """Note that consent was given; its link is used up."""
    await note_grant(
        on, begun.connection, person=begun.person, scopes=scopes, account=account, now=now
    )
    await rows(
        on,
        "update consent_link set used_at = %(now)s where id = %(id)s",
        {"id": begun.link_id, "now": now},
    )


async def note_grant(
    on: Connection,
    connection: str,
    *,
    person: str,
    scopes: Sequence[str],
    account: str | None,
    now: datetime,
) -> None:
    """Note which consent a connection uses from now on; one before it is forgotten.

    Args:
        on: the transaction.
        connection: its name.
        person: who gave it.
        scopes: that were granted.
        account: at ShipBob, of who consented.
        now: when it was given.
    """
    await rows(
        on,
        "insert into shipbob_grant (connection, granted_at, person, scopes, account)"
        " values (%(name)s, %(now)s, %(person)s, %(scopes)s, %(account)s)"
        " on conflict (connection) do update set granted_at = excluded.granted_at,"
        " person = excluded.person, scopes = excluded.scopes, account = excluded.account,"
        " channel_id = null",
        {
            "name": connection,
            "now": now,
            "person": person,
            "scopes": list(scopes),
            "account": account,
        },
    )


async def granted(on: Connection, connection: str) -> dict[str, Any] | None:
    """Return who gave the consent that is in use, when, and for what; None: none was given."""
    return await one(
        on,
        "select granted_at, person, scopes, account, channel_id from shipbob_grant"
        " where connection = %(name)s",
        {"name": connection},
    )


async def set_channel(on: Connection, connection: str, channel_id: int) -> None:
    """Note which channel the consent that is in use writes to."""
    await rows(
        on,
        "update shipbob_grant set channel_id = %(channel)s where connection = %(name)s",
        {"name": connection, "channel": channel_id},
    )


async def was_configured(on: Connection, connection: str, refresh_token: str) -> bool:
    """Whether this refresh token was configured for the connection once before."""
    return bool(
        await rows(
            on,
            "select 1 from refresh_token_seen"
            " where connection = %(name)s and fingerprint = %(print)s",
            {"name": connection, "print": fingerprint(refresh_token)},
        )
    )


async def note_configured(on: Connection, connection: str, refresh_token: str) -> None:
    """Remember a refresh token that was configured, by its fingerprint."""
    await rows(
        on,
        "insert into refresh_token_seen (connection, fingerprint) values (%(name)s, %(print)s)"
        " on conflict do nothing",
        {"name": connection, "print": fingerprint(refresh_token)},
    )
