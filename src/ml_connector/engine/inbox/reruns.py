"""Replay: a person starts the subjects of events again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.engine.flow import Flow
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger import history
from ml_connector.ledger.connections import acts
from ml_connector.ledger.history import EventFilter
from ml_connector.ledger.inbox import inbox, subjects, waits
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a replay came to.

    Attributes:
        ids: the events that were found.
        left_out: events of topics that no flow handles.
    """

    ids: frozenset[int]
    events: int
    subjects: int
    left_out: int


async def replay(
    connection: Connection,
    lanes: Lanes,
    names: Sequence[str],
    wanted: EventFilter,
    *,
    topics: Mapping[str, Flow],
    person: str | None = None,
) -> Replayed:
    """Run the subjects of these events again.

    An event that was ignored when it came finds its subject now, if a flow handles its
    topic by now. Who names an event by its id has looked at it: what its subject stopped for is
    recorded as answered, for plans that ask a person (``acts.answers``).

    Args:
        connection: inside a transaction.
        lanes: where the jobs go.
        names: the connections.
        wanted: which events.
        topics: which flow a topic concerns.
        person: who asks for it; None where no person does, so that nothing is answered.
    """
    found = await history.events(connection, names, wanted, limit=None)
    refs: set[SubjectRef] = set()
    replayed = 0
    for row in found:
        if row["subject_id"] is not None:
            ref: SubjectRef | None = SubjectRef(row["connection"], row["flow"], row["subject"])
        else:
            ref = await _assign(connection, row["id"], topics)
        if ref is not None:
            refs.add(ref)
            replayed += 1
    if wanted.ids and person is not None:
        await _record_answers(connection, refs, person)
    await run_again(connection, lanes, refs, source="replay", topic="events replay")
    return Replayed(
        ids=frozenset(row["id"] for row in found),
        events=replayed,
        subjects=len(refs),
        left_out=len(found) - replayed,
    )


async def _record_answers(
    connection: Connection, refs: Collection[SubjectRef], person: str
) -> None:
    """Record that a person has started stopped subjects again, and what they waited for."""
    stopped = await waits.stopped_for(connection, refs)
    for ref, things in sorted(stopped.items()):
        await record_answer(connection, ref, things, person=person)


async def record_answer(
    connection: Connection,
    ref: SubjectRef,
    things: Sequence[str],
    *,
    person: str,
    decision: int | None = None,
) -> None:
    """Record that a person has started a stopped subject again.

    Args:
        connection: inside the transaction that does it.
        ref: the subject.
        things: that it waited for.
        person: who asks for it.
        decision: by which that was said, if by one.
    """
    details = {"flow": ref.flow, "subject": ref.key, "waiting_for": list(things)}
    await acts.record(
        connection,
        person,
        acts.ANSWER,
        connection=ref.connection,
        details=details if decision is None else {**details, "decision": decision},
    )


async def _assign(
    connection: Connection, event_id: int, topics: Mapping[str, Flow]
) -> SubjectRef | None:
    event = await inbox.stored(connection, event_id)
    flow = topics.get(event.topic) if event else None
    key = flow.key_of(event.topic, event.body) if event and flow else None
    if event is None or flow is None or key is None:
        return None
    ref = SubjectRef(event.connection, flow.name, key)
    [marked] = await subjects.mark(connection, [ref])
    await inbox.assign(connection, event_id, flow.name, marked)
    return ref
