"""Assignments: whose it is to see to a subject that is stopped."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from ml_connector.storage.database import Connection, rows


class Assignment(NamedTuple):
    """Who sees to a subject.

    Attributes:
        person: to whom it was given.
        given_by: who gave it.
    """

    subject_id: int
    person: str
    note: str
    given_by: str
    given_at: datetime


async def assign(
    connection: Connection, subject_ids: Collection[int], *, to: str, note: str, by: str
) -> None:
    """Give subjects to a person, whoever had them before; an empty name: to nobody."""
    wanted = sorted(set(subject_ids))
    if not to:
        await rows(
            connection,
            "delete from assignment where subject_id = any (%(ids)s)",
            {"ids": wanted},
        )
        return
    await rows(
        connection,
        "insert into assignment as a (subject_id, person, note, given_by)"
        " select id, %(to)s, %(note)s, %(by)s from unnest(%(ids)s::bigint[]) as id order by id"
        " on conflict (subject_id) do update set person = excluded.person, note = excluded.note,"
        " given_by = excluded.given_by, given_at = now()",
        {"ids": wanted, "to": to, "note": note, "by": by},
    )


async def of_subjects(connection: Connection, subject_ids: Sequence[int]) -> dict[int, Assignment]:
    """Return who sees to these subjects, by subject; none for one that nobody was given."""
    found = await rows(
        connection,
        "select subject_id, person, note, given_by, given_at from assignment"
        " where subject_id = any (%(ids)s)",
        {"ids": list(subject_ids)},
    )
    return {row["subject_id"]: Assignment(**row) for row in found}
