"""``events replay``: run the subjects of events again, and record who asked for it.

Nobody is told apart yet: whoever may run the command may replay. Who may is decided here.
"""

from collections.abc import Sequence

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.engine.inbox import reruns
from ml_connector.engine.inbox.reruns import Replayed
from ml_connector.ledger.connections import acts
from ml_connector.ledger.history import EventFilter
from ml_connector.storage.database import Connection


async def replay(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    wanted: EventFilter,
    *,
    connection: str | None,
    person: str,
) -> Replayed:
    """Run the subjects of these events again, and record the act with it.

    Args:
        installation: where.
        on: the transaction.
        names: the connections whose events are looked through.
        wanted: which events.
        connection: the one that was named, for the record; None: all of them.
        person: who asks for it.
    """
    done = await reruns.replay(
        on,
        installation.lanes,
        names,
        wanted,
        topics=installation.flows_by_topic,
        person=person,
    )
    await acts.record(
        on,
        person,
        "events.replay",
        connection=connection,
        details={
            "which": msgspec.to_builtins(wanted, str_keys=True),
            "events": done.events,
            "subjects": done.subjects,
        },
    )
    return done


async def replay_found(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    event_ids: Sequence[int],
    *,
    which: EventFilter,
    person: str,
) -> Replayed:
    """Run again the subjects of events that a filter has found, and record the act with it.

    Nothing counts as answered: who replays many at once has not looked at each.

    Args:
        installation: where.
        on: the transaction.
        names: the connections whose events they are.
        event_ids: of the events.
        which: the filter, for the record.
        person: who asks for it.
    """
    done = await reruns.replay(
        on,
        installation.lanes,
        names,
        EventFilter(ids=tuple(event_ids)),
        topics=installation.flows_by_topic,
    )
    await acts.record(
        on,
        person,
        "events.replay",
        details={
            "which": msgspec.to_builtins(which, str_keys=True),
            "events": done.events,
            "subjects": done.subjects,
        },
    )
    return done
