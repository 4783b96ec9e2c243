"""What stopped subjects wait for."""

from collections.abc import Collection
from datetime import datetime

from ml_connector.awaited import Awaited
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, rows


async def waiting(connection: Connection, connection_name: str) -> dict[Awaited, datetime]:
    """Return what subjects of a connection wait for, with the time the newest began to.

    A kind of thing that only another build knows is left out.
    """
    found = await rows(
        connection,
        "select thing, max(least(changed_at, now())) as since"
        " from subject, unnest(waiting_for) as thing"
        " where connection = %(connection)s and state in ('parked', 'dead') group by thing",
        {"connection": connection_name},
    )
    return {
        thing: row["since"] for row in found if (thing := Awaited(row["thing"])).is_of_this_build
    }


async def waiting_for(
    connection: Connection, connection_name: str, things: Collection[Awaited]
) -> list[SubjectRef]:
    """Return the stopped subjects that wait for one of these things."""
    found = await rows(
        connection,
        "select connection, flow, key from subject where connection = %(connection)s"
        " and waiting_for && %(things)s and state in ('parked', 'dead') order by id",
        {"connection": connection_name, "things": [str(thing) for thing in things]},
    )
    return [SubjectRef(row["connection"], row["flow"], row["key"]) for row in found]


async def stopped_for(
    connection: Connection, refs: Collection[SubjectRef]
) -> dict[SubjectRef, list[str]]:
    """Return what subjects stopped for, also where they have been started again meanwhile.

    None for a subject that has converged, or that waits for nothing that can be named.
    """
    wanted = sorted(refs)
    found = await rows(
        connection,
        "select s.connection, s.flow, s.key, s.waiting_for from subject as s"
        " join unnest(%(connections)s::text[], %(flows)s::text[], %(keys)s::text[])"
        "  as w (connection, flow, key) using (connection, flow, key)"
        " where s.waiting_for <> '{}'",
        {
            "connections": [ref.connection for ref in wanted],
            "flows": [ref.flow for ref in wanted],
            "keys": [ref.key for ref in wanted],
        },
    )
    return {
        SubjectRef(row["connection"], row["flow"], row["key"]): row["waiting_for"] for row in found
    }
