"""Signing in and out: passwords compared, tries counted, sessions begun and ended."""

import hashlib
import secrets
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import msgspec

from ml_connector.app.users.passwords import MOST_CHARACTERS, Comparing
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.ledger.people import sessions, sign_in_attempts, users
from ml_connector.ledger.people.sessions import SessionEnds, SignInSession
from ml_connector.ledger.people.sign_in_attempts import Tried, TryLimit
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database

ENDS: Final = SessionEnds(idle=timedelta(hours=2), whole=timedelta(hours=12))
"""A working day, and no longer than a long lunch unused."""

_BOTH: Final = TryLimit(of="both", times=5, window=timedelta(minutes=5))
_ADDRESS: Final = TryLimit(of="address", times=30, window=timedelta(minutes=5))
_NAME: Final = TryLimit(of="name", times=100, window=timedelta(hours=1))
"""From many addresses together. It is high: who knows a name could else keep its person out."""

_FORGET_AFTER: Final = timedelta(hours=2)
_LONGEST_NAME: Final = 64
_LONGEST_BROWSER: Final = 300
_IPV6_PREFIX: Final = 64


class SignInRefused(UserError):
    """Name and password don't fit together.

    Attributes:
        left: tries that are left before a pause.
    """

    def __init__(self, left: int) -> None:
        tries = "try" if left == 1 else "tries"
        minutes = int(_BOTH.window.total_seconds() // 60)
        super().__init__(
            "That did not match",
            next_step=f"{left} {tries} left, then a pause of {minutes} minutes."
            if left
            else f"Try again in {minutes} minutes.",
        )
        self.left = left


class SignInPaused(UserError):
    """There were too many tries.

    Attributes:
        seconds: until there may be another one.
    """

    def __init__(self, tried: Tried) -> None:
        self.seconds = max(1, round((tried.until - tried.now).total_seconds()))
        minutes = max(1, round(self.seconds / 60))
        shown = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__("Too many tries", next_step=f"Try again in {shown}.")


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """From where somebody comes.

    Attributes:
        address: of the browser.
        browser: as it calls itself.
    """

    address: str
    browser: str


async def sign_in(
    database: Database, comparing: Comparing, name: str, password: Secret, came: Came
) -> Secret:
    """Begin a session; return what the browser holds of it: always a new one.

    Raises:
        SignInRefused: name and password don't fit together.
        SignInPaused: there were too many tries from there, or for that name.
    """
    name = name.strip().lower()[:_LONGEST_NAME]
    group = _group(came.address)
    async with database.transaction() as on:
        counted = await sign_in_attempts.count(
            on, [(_BOTH, f"{group} {name}"), (_ADDRESS, group), (_NAME, name)]
        )
        kept = await users.password_hash(on, name)
    over = [tried for limit, tried in counted if tried.times > limit.times]
    if over:
        await _note_pause(database, name, came, counted)
        raise SignInPaused(max(over, key=lambda tried: tried.until))
    fits = await comparing.fits(kept, Secret(password.reveal()[: MOST_CHARACTERS + 1]))
    if not fits:
        left = min(limit.times - tried.times for limit, tried in counted)
        raise SignInRefused(left)
    async with database.transaction() as on:
        return await _begin(on, name, came, group)


async def _begin(on: Connection, name: str, came: Came, group: str) -> Secret:
    held = Secret(secrets.token_urlsafe(32))
    await sign_in_attempts.forget(on, _BOTH.of, f"{group} {name}")
    await sign_in_attempts.forget_old(on, _FORGET_AFTER)
    await sessions.forget_ended(on, ENDS)
    await sessions.begin(
        on,
        session_hash(held),
        person=name,
        csrf=secrets.token_bytes(32),
        address=came.address,
        browser=came.browser[:_LONGEST_BROWSER],
    )
    await acts.record(
        on, name, "sign-in", details={"before": None, "after": {"address": came.address}}
    )
    return held


async def _note_pause(
    database: Database, name: str, came: Came, counted: list[tuple[TryLimit, Tried]]
) -> None:
    """Note as an act that a pause began: once, with the first try too many."""
    began = [limit for limit, tried in counted if tried.times == limit.times + 1]
    if began:
        async with database.transaction() as on:
            await acts.record(
                on,
                f"somebody as {name!r}",
                "sign-in.paused",
                details={
                    "before": {"tries": began[0].times},
                    "after": {"address": came.address, "of": began[0].of},
                },
            )


async def session(database: Database, held: Secret) -> SignInSession | None:
    """Return the session that a browser shows, if it goes on, and note that it was used."""
    if not held or len(held.reveal()) > _LONGEST_BROWSER:
        return None
    async with database.single() as on:
        return await sessions.use(on, session_hash(held), ENDS)


async def sign_out(on: Connection, hashed: bytes) -> None:
    """End a session."""
    person = await sessions.end(on, hashed)
    if person is not None:
        await acts.record(on, person, "sign-out", details={"before": {"sessions": 1}, "after": {}})


def session_hash(held: Secret) -> bytes:
    """Return what is kept of what a browser holds."""
    return hashlib.sha256(held.reveal().encode()).digest()


def over_at(one: SignInSession) -> datetime:
    """Return when a session is over if it is not used any more."""
    return min(one.seen_at + ENDS.idle, one.began_at + ENDS.whole)


def _group(address: str) -> str:
    """Return what the tries of an address are counted under: whoever has one has a /64."""
    try:
        peer = ip_address(address)
    except ValueError:
        return address[:_LONGEST_NAME]
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is None:
        return str(ip_network((peer, _IPV6_PREFIX), strict=False))
    return str(getattr(peer, "ipv4_mapped", None) or peer)
