"""Giving what is stopped to a person: who sees to it, with a note. Each is an act."""

from collections.abc import Sequence
from typing import Final

from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.errors import UserError
from ml_connector.ledger import story
from ml_connector.ledger.connections import acts
from ml_connector.ledger.decisions import assignments
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.people import users
from ml_connector.storage.database import Connection

LONGEST_NOTE: Final = 1000


async def assign(
    on: Connection,
    names: Sequence[str],
    subject_ids: Sequence[int],
    *,
    to: str,
    note: str,
    person: str,
) -> int:
    """Give stopped subjects to a person, and record the act; return how many there are.

    Args:
        on: inside a transaction.
        names: the connections that the one who gives sees.
        subject_ids: which; those of other connections are left alone.
        to: a user's name; empty: nobody sees to them any more.
        note: for that person.
        person: who gives them.

    Raises:
        UserError: there is no such user, or the note is too long.
    """
    if to and await users.find(on, to) is None:
        raise UserError(
            f'There is no user "{to}"',
            where="to",
            next_step="See the names with: ml-connector user list.",
        )
    if len(note) > LONGEST_NOTE:
        raise UserError(
            f"The note has {len(note)} characters",
            where="note",
            next_step=f"Write at most {LONGEST_NOTE}.",
        )
    found = await story.existing(on, names, subject_ids)
    before = await assignments.of_subjects(on, [one["id"] for one in found])
    await assignments.assign(on, [one["id"] for one in found], to=to, note=note, by=person)
    for one in found:
        had = before.get(one["id"])
        await acts.record(
            on,
            person,
            "events.assign",
            connection=one["connection"],
            details={
                "flow": one["flow"],
                "subject": one["key"],
                "note": note,
                "before": {"assigned_to": had.person if had else None},
                "after": {"assigned_to": to or None},
            },
        )
    return len(found)


async def assign_event(
    on: Connection,
    names: Sequence[str],
    event_id: int,
    *,
    to: str,
    note: str,
    person: str,
) -> str:
    """Give what an event is about to a person; return what people call that.

    Arguments as for ``assign``.

    Raises:
        UserError: there is no such event, or no such user; or the note is too long.
    """
    standing = await outcomes.of_event(on, event_id)
    if standing is None or standing.ref.connection not in names:
        raise UserError(
            f"There is no event {event_id} about anything that could be given to somebody",
            where="events assign",
            next_step="See ml-connector events list.",
        )
    await assign(on, names, [standing.id], to=to, note=note, person=person)
    return named(standing.ref)
