"""Drafts: connections that are being set up, step by step, before they are applied."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg.types.json import Json

from ml_connector.storage.database import Connection, one, rows


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is being set up.

    Attributes:
        answers: as a connection file, without secrets.
        person: who changed it last.
    """

    name: str
    answers: dict[str, Any]
    person: str
    begun_at: datetime
    changed_at: datetime


_COLUMNS: Final = ", ".join(Draft.__struct_fields__)


async def every(on: Connection) -> list[Draft]:
    """Return all drafts, the one that was changed last first."""
    found = await rows(
        on,
        f"select {_COLUMNS} from connection_draft order by changed_at desc",  # noqa: S608 - constants
    )
    return [msgspec.convert(row, Draft) for row in found]


async def find(on: Connection, name: str) -> Draft | None:
    """Return a draft; None where there is none of this name."""
    row = await one(
        on,
        f"select {_COLUMNS} from connection_draft where name = %(name)s",  # noqa: S608 - constants
        {"name": name},
    )
    return None if row is None else msgspec.convert(row, Draft)


async def lock(on: Connection, name: str) -> None:
    """Let nobody else change a draft or renew its tokens until this transaction ends."""
    await rows(
        on,
        "select name from connection_draft where name = %(name)s for update",
        {"name": name},
    )


async def save(on: Connection, name: str, answers: Mapping[str, Any], *, person: str) -> None:
    """Keep a draft, in place of an older one of its name."""
    await rows(
        on,
        "insert into connection_draft (name, answers, person)"
        " values (%(name)s, %(answers)s, %(person)s) on conflict (name) do update"
        " set answers = excluded.answers, person = excluded.person,"
        " changed_at = clock_timestamp()",
        {"name": name, "answers": Json(answers), "person": person},
    )


async def discard(on: Connection, name: str) -> None:
    """Forget a draft with its secrets; nothing happens where there is none."""
    await rows(on, "delete from connection_draft where name = %(name)s", {"name": name})
