"""What a connection has posted, begun or noted, as others ask."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, Database, one, rows
from ml_connector.words import DecisionKind, DocumentKind


async def keys_of_posted(database: Database, connection_name: str, flow: str) -> list[str]:
    """Return the keys of the subjects of a flow that once led to a document."""
    found = await database.fetch(
        "select s.key from subject as s where s.connection = %(connection)s and s.flow = %(flow)s"
        " and exists (select 1 from posting as p where p.subject_id = s.id"
        "  and p.state in ('done', 'adopted'))",
        {"connection": connection_name, "flow": flow},
    )
    return [row["key"] for row in found]


async def is_wro_made_lately(
    database: Database, connection_name: str, number: str, *, besides: str, seconds: float
) -> bool:
    """Return whether a call to make a WRO under a number began so lately.

    Args:
        database: where.
        connection_name: whose.
        number: the purchase order number of the WRO.
        besides: the external id of the one that does not count.
        seconds: how lately.
    """
    # By the newest rows: what was begun within a minute or two is among them.
    found = await database.fetch(
        "select 1 as made from posting where id > (select max(id) from posting) - 5000"
        " and connection = %(name)s and kind = %(kind)s and external_id <> %(besides)s"
        " and sending_at > now() - make_interval(secs => %(seconds)s)"
        " and document -> 'request' ->> 'number' = %(number)s limit 1",
        {
            "name": connection_name,
            "kind": DocumentKind.WRO,
            "besides": besides,
            "seconds": seconds,
            "number": number,
        },
    )
    return bool(found)


async def states(
    connection: Connection, names: Collection[str], external_ids: Collection[str]
) -> dict[tuple[str, str], str]:
    """Return the states of NetSuite's postings, by connection and external id."""
    found = await rows(
        connection,
        "select connection, external_id, state from posting where system = 'netsuite'"
        " and connection = any (%(names)s) and external_id = any (%(ids)s)",
        {"names": list(names), "ids": list(external_ids)},
    )
    return {(row["connection"], row["external_id"]): row["state"] for row in found}


async def policies_when_posted(
    connection: Connection, connection_name: str, policy: str, external_ids: Collection[str]
) -> dict[str, str | None]:
    """Return what a policy of the connection was when documents were written down.

    Args:
        connection: to the database.
        connection_name: whose.
        policy: its name in the connection's file, such as ``over_receipt``.
        external_ids: of the documents, in NetSuite.

    Returns:
        By external id, of those that the connection's books have; None where the acts of those
        days do not say.
    """
    found = await rows(
        connection,
        "select p.external_id, (select a.details -> 'after' -> 'policies' ->> %(policy)s"
        "  from act as a where a.connection = p.connection and a.what = 'connection.apply'"
        "  and a.at <= p.created_at order by a.id desc limit 1) as value"
        " from posting as p where p.connection = %(name)s and p.system = 'netsuite'"
        " and p.external_id = any (%(ids)s)",
        {"name": connection_name, "policy": policy, "ids": list(external_ids)},
    )
    return {row["external_id"]: row["value"] for row in found}


async def orders_when_posted(
    connection: Connection, connection_name: str, external_ids: Collection[str]
) -> dict[str, Any]:
    """Return the orders that runs saw which wrote documents down, as they were stored.

    Args:
        connection: to the database.
        connection_name: whose.
        external_ids: of the documents, in NetSuite.

    Returns:
        By external id, of those whose run stored orders.
    """
    found = await rows(
        connection,
        "select p.external_id, r.facts -> 'orders' as orders from posting as p"
        " join run as r on r.id = p.run_id where p.connection = %(name)s"
        " and p.system = 'netsuite' and p.external_id = any (%(ids)s)"
        " and r.facts -> 'orders' is not null",
        {"name": connection_name, "ids": list(external_ids)},
    )
    return {row["external_id"]: row["orders"] for row in found}


async def exist(connection: Connection, connection_name: str) -> bool:
    """Return whether a connection has posted anything, or begun to."""
    row = await one(
        connection,
        "select exists (select 1 from posting where connection = %(name)s"
        " and state in ('sending', 'done', 'adopted', 'alarm')) as any",
        {"name": connection_name},
    )
    return bool(row and row["any"])


async def count_open(connection: Connection, connection_name: str) -> int:
    """Return how many documents of a connection are written down and not settled."""
    row = await one(
        connection,
        "select count(*) as n from posting where connection = %(name)s"
        " and state in ('prepared', 'sending')",
        {"name": connection_name},
    )
    return int(row["n"]) if row else 0


async def subjects_noted(connection: Connection, connection_name: str) -> list[SubjectRef]:
    """Return the subjects of which a dry run noted documents."""
    found = await rows(
        connection,
        "select distinct s.connection, s.flow, s.key from subject as s"
        " join posting as p on p.subject_id = s.id"
        " where s.connection = %(name)s and p.state = 'noted'",
        {"name": connection_name},
    )
    return [SubjectRef(row["connection"], row["flow"], row["key"]) for row in found]


async def without_lines(
    connection: Connection, connection_name: str, flow: str, keys: Collection[str]
) -> set[str]:
    """Return those of these subjects of which no run has seen a line, and that are not done."""
    if not keys:
        return set()
    found = await rows(
        connection,
        "select k.key from unnest(%(keys)s::text[]) as k (key)"
        " left join subject as s on s.connection = %(connection)s and s.flow = %(flow)s"
        " and s.key = k.key"
        " where s.id is null or s.state <> 'done'"
        " and not exists (select 1 from source_line as l where l.subject_id = s.id)",
        {"connection": connection_name, "flow": flow, "keys": sorted(keys)},
    )
    return {row["key"] for row in found}


async def orders_by_decision(
    connection: Connection, connection_name: str, flow: str, keys: Iterable[str]
) -> Mapping[str, str]:
    """Return the internal ids of the orders that subjects belong to, as people decided, by key."""
    found = await rows(
        connection,
        "select key, document_id from decision where connection = %(name)s and flow = %(flow)s"
        " and key = any (%(keys)s) and kind = %(kind)s and document_id <> ''"
        " and taken_back_at is null and lapsed_why is null order by id",
        {"name": connection_name, "flow": flow, "keys": list(keys), "kind": DecisionKind.BELONGS},
    )
    return {row["key"]: row["document_id"] for row in found}


async def undone(
    connection: Connection, connection_name: str, external_ids: Collection[str]
) -> Collection[str]:
    """Return which of these documents people took back by a counter-document."""
    found = await rows(
        connection,
        "select p.external_id from posting as p where p.connection = %(name)s"
        " and p.external_id = any (%(ids)s) and exists (select 1 from posting as c"
        "  where c.undoes = p.id and c.state in ('done', 'adopted'))",
        {"name": connection_name, "ids": list(external_ids)},
    )
    return {row["external_id"] for row in found}
