"""Sessions of people who signed in. What a browser holds is kept only as its SHA-256."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from ml_connector.moments import known
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Role

_GOES_ON: Final = (
    "seen_at > now() - %(idle)s and began_at > now() - %(whole)s"
    f" and {known('seen_at')} and {known('began_at')}"
)
_COLUMNS: Final = (
    "hash, person, role, csrf, began_at, seen_at, address, browser, password_given"
    " from sign_in join person on person.name = sign_in.person"
    f" where {_GOES_ON}"
)


class SignInSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that goes on.

    Attributes:
        hash: of what the browser holds; names the session.
        csrf: what each form of the session carries.
        began_at: when the person signed in.
        seen_at: when it was last used, to the minute.
        address: from which the person signed in.
        browser: as it called itself then.
        password_given: somebody else chose the person's password: first it must be changed.
    """

    hash: bytes
    person: str
    role: Role
    csrf: bytes
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str
    password_given: bool


class SessionEnds(msgspec.Struct, frozen=True, kw_only=True):
    """When a session is over.

    Attributes:
        idle: after its last use.
        whole: after its beginning, however much it is used.
    """

    idle: timedelta
    whole: timedelta


async def begin(
    on: Connection, hashed: bytes, *, person: str, csrf: bytes, address: str, browser: str
) -> None:
    """Begin a session of a person."""
    await rows(
        on,
        "insert into sign_in (hash, person, csrf, address, browser)"
        " values (%(hash)s, %(person)s, %(csrf)s, %(address)s, %(browser)s)",
        {
            "hash": hashed,
            "person": person,
            "csrf": csrf,
            "address": address,
            "browser": browser,
        },
    )


async def use(on: Connection, hashed: bytes, ends: SessionEnds) -> SignInSession | None:
    """Return the session, if it goes on, and note that it was used.

    That is written once a minute at most.
    """
    row = await one(
        on,
        "with touched as (update sign_in set seen_at = now() where hash = %(hash)s"  # noqa: S608 - our own words
        f"  and {_GOES_ON} and seen_at < now() - interval '1 minute')"
        f" select {_COLUMNS} and hash = %(hash)s",
        {"hash": hashed, "idle": ends.idle, "whole": ends.whole},
    )
    return msgspec.convert(row, SignInSession) if row else None


async def of(on: Connection, person: str, ends: SessionEnds) -> list[SignInSession]:
    """Return a person's sessions that go on, the last used first."""
    found = await rows(
        on,
        f"select {_COLUMNS} and person = %(person)s order by seen_at desc, began_at desc",
        {"person": person, "idle": ends.idle, "whole": ends.whole},
    )
    return [msgspec.convert(row, SignInSession) for row in found]


async def end(on: Connection, hashed: bytes) -> str | None:
    """End one session; return whose it was, or None."""
    row = await one(
        on, "delete from sign_in where hash = %(hash)s returning person", {"hash": hashed}
    )
    return str(row["person"]) if row else None


async def end_all(on: Connection, person: str, *, but: bytes = b"") -> int:
    """End all sessions of a person, but perhaps one; return how many."""
    found = await rows(
        on,
        "delete from sign_in where person = %(person)s and hash <> %(but)s returning 1 as n",
        {"person": person, "but": but},
    )
    return len(found)


async def forget_ended(on: Connection, ends: SessionEnds) -> None:
    """Delete the sessions that are over."""
    await rows(
        on,
        f"delete from sign_in where not ({_GOES_ON})",  # noqa: S608 - our own words
        {"idle": ends.idle, "whole": ends.whole},
    )
