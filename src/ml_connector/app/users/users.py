"""Who may sign in: added, removed, given another role or password. Each is an act."""

import re
from datetime import datetime
from typing import Final

import msgspec

from ml_connector.app.users.passwords import Comparing, check_password
from ml_connector.app.users.sign_in import ENDS
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.ledger.people import sessions, users
from ml_connector.ledger.people.users import User
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database
from ml_connector.words import Role

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


class NoSuchUser(UserError):
    """Nobody of that name may sign in."""


def check_new(name: str, password: Secret, *, where: str = "the password") -> None:
    """See that somebody of this name may have this password, before it is hashed.

    Raises:
        UserError: the name or the password can't be used.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            "That name can't be used",
            where=name[:64],
            next_step="Use up to 64 small letters, digits and . _ @ + -, a letter or digit first.",
        )
    check_password(password, where=where, name=name)


async def add(
    on: Connection, name: str, role: Role, hashed: str, *, by: str, given: bool = True
) -> User:
    """Let somebody sign in.

    Args:
        on: the transaction.
        name: was checked by ``check_new``.
        role: what they may do.
        hashed: what is kept of their password.
        by: who does it.
        given: somebody else chose the password: it holds until its person has changed it.

    Raises:
        UserError: there is somebody of that name.
    """
    if not await users.add(on, name, role, hashed, given=given):
        raise UserError(
            f'There is a user "{name}" already',
            next_step="Choose another name, or give that one another role or password.",
        )
    await acts.record(
        on, by, "user.add", details={"before": None, "after": {"name": name, "role": role}}
    )
    return await known(on, name)


async def remove(on: Connection, name: str, *, by: str) -> User:
    """Let somebody not sign in any more; their sessions end.

    Raises:
        NoSuchUser: there is nobody of that name.
        UserError: nobody would be left who may add others.
    """
    gone = await known(on, name)
    await _leave_an_administrator(on, gone)
    await users.remove(on, name)
    await acts.record(
        on,
        by,
        "user.remove",
        details={"before": {"name": name, "role": gone.role}, "after": None},
    )
    return gone


async def set_role(on: Connection, name: str, role: Role, *, by: str) -> User:
    """Give somebody another role, which holds from their next click on.

    Raises:
        NoSuchUser: there is nobody of that name.
        UserError: nobody would be left who may add others.
    """
    before = await known(on, name)
    if role is not Role.ADMIN:
        await _leave_an_administrator(on, before)
    await users.set_role(on, name, role)
    await acts.record(
        on,
        by,
        "user.role",
        details={
            "before": {"name": name, "role": before.role},
            "after": {"name": name, "role": role},
        },
    )
    return await known(on, name)


async def set_password(
    on: Connection, name: str, hashed: str, *, by: str, but_session: bytes = b""
) -> int:
    """Give somebody another password; their sessions end. Return how many did.

    Args:
        on: the transaction.
        name: whose.
        hashed: what is kept of it.
        by: who does it.
        but_session: goes on: the one in which a person changed their own. Without it somebody
            else chose the password, which holds until its person has changed it.

    Raises:
        NoSuchUser: there is nobody of that name.
    """
    await known(on, name)
    await users.set_password(on, name, hashed, given=not but_session)
    ended = await sessions.end_all(on, name, but=but_session)
    await acts.record(
        on,
        by,
        "user.password",
        details={"before": {"name": name}, "after": {"name": name, "sessions_ended": ended}},
    )
    return ended


async def check_present(
    database: Database, comparing: Comparing, name: str, password: Secret
) -> None:
    """See that somebody who wants another password knows the present one.

    Raises:
        UserError: it did not match.
    """
    async with database.single() as on:
        kept = await users.password_hash(on, name)
    if not await comparing.fits(kept, password):
        raise UserError("The present password did not match", next_step="Type it again.")


async def end_sessions(on: Connection, name: str, *, by: str) -> int:
    """Sign somebody out everywhere; return how many sessions ended.

    Raises:
        NoSuchUser: there is nobody of that name.
    """
    await known(on, name)
    ended = await sessions.end_all(on, name)
    await acts.record(
        on, by, "user.sign-out", details={"before": {"sessions": ended}, "after": {"name": name}}
    )
    return ended


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is signed in.

    Attributes:
        id: names it; nobody can sign in with it.
        browser: as it called itself.
    """

    id: str
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str


async def open_sessions(on: Connection, name: str) -> list[OpenSession]:
    """Return the sessions of a person that go on, the last used first.

    Raises:
        NoSuchUser: there is nobody of that name.
    """
    await known(on, name)
    return [
        OpenSession(
            id=one.hash.hex(),
            began_at=one.began_at,
            seen_at=one.seen_at,
            address=one.address,
            browser=one.browser,
        )
        for one in await sessions.of(on, name, ENDS)
    ]


async def end_session(on: Connection, name: str, session: str, *, by: str) -> int:
    """End one session of a person; return how many ended: none where it was over.

    Args:
        on: the transaction.
        name: whose it is.
        session: its id.
        by: who wishes it.

    Raises:
        NoSuchUser: there is nobody of that name.
    """
    await known(on, name)
    of_theirs = {one.hash.hex(): one.hash for one in await sessions.of(on, name, ENDS)}
    if session not in of_theirs or await sessions.end(on, of_theirs[session]) is None:
        return 0
    details = {"before": {"sessions": 1}, "after": {"name": name}}
    await acts.record(on, by, "sign-out" if by == name else "user.sign-out", details=details)
    return 1


async def known(on: Connection, name: str) -> User:
    """Return somebody who may sign in.

    Raises:
        NoSuchUser: there is nobody of that name.
    """
    found = await users.find(on, name)
    if found is None:
        raise NoSuchUser(
            f'There is no user "{name[:64]}"', next_step="See them with: ml-connector user list"
        )
    return found


async def _leave_an_administrator(on: Connection, user: User) -> None:
    if user.role is Role.ADMIN and await users.hold_administrators(on) <= 1:
        raise UserError(
            f'"{user.name}" is the only administrator',
            next_step="Give somebody else the role admin first.",
        )
