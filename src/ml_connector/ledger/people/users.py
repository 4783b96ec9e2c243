"""The people who may sign in."""

from datetime import datetime
from typing import Final

import msgspec

from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Role

_COLUMNS: Final = (
    "name, role, created_at, password_given,"
    " (select max(seen_at) from sign_in where sign_in.person = person.name) as seen_at"
)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may sign in.

    Attributes:
        seen_at: when one of their sessions was last used; None while they have none.
        password_given: somebody else chose their password, which they have not changed yet.
    """

    name: str
    role: Role
    created_at: datetime
    seen_at: datetime | None
    password_given: bool


async def every(on: Connection) -> list[User]:
    """Return all people, by name."""
    return [
        msgspec.convert(row, User)
        for row in await rows(on, f"select {_COLUMNS} from person order by name")  # noqa: S608 - our own columns
    ]


async def find(on: Connection, name: str) -> User | None:
    """Return a person, or None."""
    row = await one(
        on,
        f"select {_COLUMNS} from person where name = %(name)s",  # noqa: S608 - our own columns
        {"name": name},
    )
    return msgspec.convert(row, User) if row else None


async def password_hash(on: Connection, name: str) -> str | None:
    """Return what is kept of a person's password; None where there is no such person."""
    row = await one(on, "select password_hash from person where name = %(name)s", {"name": name})
    return str(row["password_hash"]) if row else None


async def add(on: Connection, name: str, role: Role, hashed: str, *, given: bool) -> bool:
    """Add a person; return False where there is one of that name.

    Args:
        on: the transaction.
        name: of the person.
        role: what they may do.
        hashed: what is kept of their password.
        given: somebody else chose that password.
    """
    return bool(
        await rows(
            on,
            "insert into person (name, role, password_hash, password_given)"
            " values (%(name)s, %(role)s, %(hash)s, %(given)s)"
            " on conflict do nothing returning name",
            {"name": name, "role": role, "hash": hashed, "given": given},
        )
    )


async def remove(on: Connection, name: str) -> None:
    """Remove a person, and with them all their sessions."""
    await rows(on, "delete from person where name = %(name)s", {"name": name})


async def set_role(on: Connection, name: str, role: Role) -> None:
    """Give a person another role."""
    await rows(
        on,
        "update person set role = %(role)s where name = %(name)s",
        {"name": name, "role": role},
    )


async def set_password(on: Connection, name: str, hashed: str, *, given: bool) -> None:
    """Keep another password of a person; ``given``: somebody else chose it."""
    await rows(
        on,
        "update person set password_hash = %(hash)s, password_given = %(given)s"
        " where name = %(name)s",
        {"name": name, "hash": hashed, "given": given},
    )


async def hold_administrators(on: Connection) -> int:
    """Return how many administrators there are, and let nobody change that meanwhile."""
    found = await rows(on, "select name from person where role = 'admin' order by name for update")
    return len(found)
