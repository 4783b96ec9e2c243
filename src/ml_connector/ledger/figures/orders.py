"""What receiving has posted of purchase orders, and what it last saw of their WROs."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ml_connector.ledger.search.numbers import written
from ml_connector.storage.database import Connection, rows
from ml_connector.words import DocumentKind

_ANNOUNCING: Final = "purchase-orders"
_RECEIVING: Final = "receiving"


class OrderAsked(NamedTuple):
    """An order of which the progress is asked.

    Attributes:
        id: NetSuite's internal id.
        number: empty where no run saw it.
        wros: those that its own last run saw.
    """

    id: str
    number: str
    wros: Sequence[int]


# An order's WROs are those that it was announced with, those that its own run saw, and those of
# which receiving has seen the order, by whatever number.
_WROS: Final = """
with wanted as (
    select * from unnest(%(ids)s::text[], %(numbers)s::text[]) as w(id, number)
), named as (
    select w.id, p.remote_id as wro from wanted as w
    join subject as o on o.connection = %(name)s and o.flow = %(announcing)s and o.key = w.id
    join posting as p on p.subject_id = o.id
    where p.kind = %(wro)s and p.state in ('done', 'adopted') and p.remote_id is not null
    union
    select s.order_id, s.wro from unnest(%(of)s::text[], %(seen)s::text[]) as s(order_id, wro)
    union
    select w.id, s.key from wanted as w
    join subject_number as n on n.connection = %(name)s and n.kind = 'order'
        and n.number in (w.id, w.number)
    join subject as s on s.id = n.subject_id and s.flow = %(receiving)s
)
"""

_RECEIPTS: Final = f"""{_WROS}
select n.id as order_id, n.wro, p.run_id, p.settled_at, p.document
from named as n
join subject as s on s.connection = %(name)s and s.flow = %(receiving)s and s.key = n.wro
join posting as p on p.subject_id = s.id
where p.kind = %(receipt)s and p.state in ('done', 'adopted')
    and p.document -> 'request' ->> 'from_id' = n.id
order by p.id
"""  # noqa: S608 - our own texts

_LOOKS: Final = f"""{_WROS}
select n.id as order_id, n.wro, r.id as run_id, r.started_at, json_build_object(
    'status', r.facts -> 'status', 'lines', r.facts -> 'lines', 'orders', r.facts -> 'orders',
    'fulfillment_center_id', r.facts -> 'fulfillment_center_id',
    'purchase_order_number', r.facts -> 'purchase_order_number') as facts
from named as n
join subject as s on s.connection = %(name)s and s.flow = %(receiving)s and s.key = n.wro
join lateral (select id, started_at, facts from run where subject_id = s.id
    and facts is not null order by id desc limit 1) as r on true
order by length(n.wro), n.wro
"""  # noqa: S608 - our own texts


async def receipts(
    on: Connection, name: str, orders: Sequence[OrderAsked]
) -> list[dict[str, Any]]:
    """Return the item receipts that receiving has posted from orders, in order.

    Also those that a counter-document took back: NetSuite's order has received them all the same.
    """
    return await rows(on, _RECEIPTS, _asked(name, orders))


async def looks(on: Connection, name: str, orders: Sequence[OrderAsked]) -> list[dict[str, Any]]:
    """Return what receiving's last run saw of each WRO that may be of one of these orders."""
    return await rows(on, _LOOKS, _asked(name, orders))


def _asked(name: str, orders: Sequence[OrderAsked]) -> dict[str, Any]:
    return {
        "name": name,
        "announcing": _ANNOUNCING,
        "receiving": _RECEIVING,
        "wro": DocumentKind.WRO,
        "receipt": DocumentKind.ITEM_RECEIPT,
        "ids": [one.id for one in orders],
        "numbers": [written(one.number) for one in orders],
        "of": [one.id for one in orders for _ in one.wros],
        "seen": [str(wro) for one in orders for wro in one.wros],
    }
