"""Finding subjects by any number: of an order, a parcel, a SKU, a document, a webhook.

Each question goes by an index, so that all of them together are quick in a database of any size.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from ml_connector.ledger.search.numbers import LONGEST, written
from ml_connector.storage.database import Connection, rows

_DIGITS: Final = 18
"""So many digits fit a number of the database."""


class Hit(NamedTuple):
    """A subject that was found.

    Attributes:
        by: what the number is to it: subject, order, tracking, sku, document, shipment, wro,
            webhook, external_id, internal_id or journal.
        number: the number that it was found by, which may go on where only its beginning was
            given.
    """

    connection: str
    flow: str
    key: str
    subject_id: int
    state: str
    by: str
    number: str


async def subjects_by(
    connection: Connection,
    names: Sequence[str],
    text: str,
    *,
    flows: Collection[str],
    most: int,
) -> list[Hit]:
    """Return the subjects that a number means, the nearest first.

    Args:
        connection: for reading.
        names: of the connections to look in.
        text: as a person types it.
        flows: all that there are.
        most: how many of each sort, at most.
    """
    number = written(text)
    if not number or len(number) > LONGEST:
        return []
    parameters = {
        "names": list(names),
        "flows": sorted(flows),
        "text": " ".join(text.split()),
        "number": number,
        "id": int(number) if _is_id(number) else None,
        "most": most,
    }
    found = await rows(connection, _EXACTLY, parameters)
    if not found:
        found = await rows(connection, _BEGINS, parameters)
    hits: dict[int, Hit] = {}
    for row in found:
        hits.setdefault(row["subject_id"], Hit(**row))
    return list(hits.values())


def _is_id(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) <= _DIGITS


_SUBJECT: Final = (
    "s.connection, s.flow, s.key, s.id as subject_id,"
    " case when s.state = 'done' and s.converged < s.marked then 'received' else s.state end"
    " as state"
)

_OF_POSTING: Final = f"""
select {_SUBJECT}, f.by, f.number from (
    (select connection, subject_id, 'external_id' as by, external_id as number, id from posting
     where connection = any (%(names)s) and system = any ('{{netsuite,shipbob}}')
     and external_id = any (array[%(text)s, %(number)s]) limit %(most)s)
    union all
    (select connection, subject_id, 'internal_id', remote_id, id from posting
     where remote_id = %(number)s and connection = any (%(names)s)
     order by id desc limit %(most)s)
    union all
    (select p.connection, p.subject_id, 'journal', j.number::text, p.id
     from (select connection, posting_id, number from journal
           where connection = any (%(names)s) and number = %(id)s::bigint limit %(most)s) as j
     join posting as p on p.id = j.posting_id)
) as f join subject as s on s.id = f.subject_id
"""  # noqa: S608 - our own constant

_EXACTLY: Final = f"""
select connection, flow, key, subject_id, state, by, number from (
    select {_SUBJECT}, 'subject' as by, s.key as number, 0 as rank from subject as s
    where s.connection = any (%(names)s) and s.flow = any (%(flows)s)
    and s.key = any (array[%(text)s, %(number)s])
    union all
    (select {_SUBJECT}, n.kind, n.number, 1 from (
        select subject_id, kind, number from subject_number
        where connection = any (%(names)s) and number = %(number)s
        order by connection, number, subject_id desc limit %(most)s
     ) as n join subject as s on s.id = n.subject_id)
    union all
    (select {_SUBJECT}, 'webhook', d.delivery_id, 2 from delivery as d
     join event as e on e.id = d.event_id join subject as s on s.id = e.subject_id
     where d.connection = any (%(names)s) and d.delivery_id = %(text)s limit %(most)s)
    union all
    select connection, flow, key, subject_id, state, by, number, 3 from ({_OF_POSTING}) as p
) as found order by rank, subject_id desc
"""  # noqa: S608 - our own constant

_BEGINS: Final = f"""
select {_SUBJECT}, n.kind as by, n.number from (
    select subject_id, kind, number from subject_number
    where connection = any (%(names)s) and number >= %(number)s
    and number < %(number)s || chr(1114109)
    order by connection, number, subject_id limit %(most)s
) as n join subject as s on s.id = n.subject_id order by n.number, s.id desc
"""  # noqa: S608 - our own constant


async def event_of_delivery(
    connection: Connection, names: Sequence[str], delivery_id: str
) -> list[dict[str, Any]]:
    """Return the events of a webhook id that are of no subject; mostly none or one."""
    return await rows(
        connection,
        "select e.id, e.connection, e.topic, e.status, e.received_at from delivery as d"
        " join event as e on e.id = d.event_id"
        " where d.connection = any (%(names)s) and d.delivery_id = %(id)s"
        " and e.subject_id is null",
        {"names": list(names), "id": delivery_id},
    )
