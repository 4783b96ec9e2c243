"""What was posted of some items, and how far the sources of it are known and settled."""

from collections.abc import Collection
from datetime import date
from typing import Final

import msgspec

from ml_connector.storage.database import Connection, rows

# A document is dated on its day or later, so nothing posted before a day is dated on it; what
# was posted earlier of the same sources is taken along, to see them whole.
_POSTED: Final = """
with recent as (
    select distinct coalesce(o.subject_id, p.subject_id) as subject_id
    from journal as j join posting as p on p.id = j.posting_id
    left join posting as o on o.id = p.undoes
    where j.connection = %(name)s and j.posted_at >= %(first)s::date - 1
        and j.item = any (%(items)s)
), postings as (
    select p.id, p.remote_id, r.subject_id from recent as r
    join posting as p on p.subject_id = r.subject_id
    union
    select c.id, c.remote_id, r.subject_id from recent as r
    join posting as p on p.subject_id = r.subject_id join posting as c on c.undoes = p.id
)
select coalesce(p.remote_id, '') as document, j.external_id, s.flow, s.key,
    coalesce(s.within, '') as within, j.item, j.location, j.quantity, j.posting_date as day,
    coalesce(j.detail, '') as detail
from postings as p join journal as j on j.posting_id = p.id
join subject as s on s.id = p.subject_id
where j.connection = %(name)s and j.item = any (%(items)s)
    and j.location is not null and j.quantity is not null
order by j.number
"""

_SOURCES: Final = """
select s.flow, s.key, coalesce(s.within, '') as within, s.state = 'done' and s.waits = ''
    and not exists (select 1 from refusal as r where r.subject_id = s.id) as settled
from subject as s
where s.connection = %(name)s and (
    (s.flow in ('receiving', 'returns') and s.flow || ' ' || s.key = any (%(keys)s))
    or (s.flow = 'tracking' and s.within = any (%(orders)s)))
"""

_ORDER: Final = "order "


class PostedStock(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the journal that moved stock.

    Attributes:
        document: NetSuite's internal id of the document; empty where it is not known.
        source: ``receiving 90311``, ``returns 7``, or ``order 5``; ``shipment 9`` where its order
            is not known; empty where it is posted of no fact of ShipBob's.
        day: the date that the document carries.
        detail: what tells the line from others.
    """

    document: str
    external_id: str
    source: str
    item: str
    location: str
    quantity: int
    day: date
    detail: str = ""


class KnownSources(msgspec.Struct, frozen=True, kw_only=True):
    """How far sources are known.

    Attributes:
        told: those that the inbox knows.
        coming: those of them that are not settled, or of which something was refused.
    """

    told: frozenset[str] = frozenset()
    coming: frozenset[str] = frozenset()


async def posted_of_items(
    on: Connection, name: str, items: Collection[str], first: date
) -> list[PostedStock]:
    """Return all that was posted of items by sources of which anything was posted lately.

    Args:
        on: for reading.
        name: of the connection.
        items: NetSuite's internal ids.
        first: since when.
    """
    found = await rows(on, _POSTED, {"name": name, "items": sorted(items), "first": first})
    return [
        PostedStock(
            document=row["document"],
            external_id=row["external_id"],
            source=_source(row["flow"], row["key"], row["within"]),
            item=row["item"],
            location=row["location"],
            quantity=int(row["quantity"]),
            day=row["day"],
            detail=row["detail"],
        )
        for row in found
    ]


async def sources(on: Connection, name: str, named: Collection[str]) -> KnownSources:
    """Return how far sources are known that ShipBob's history names."""
    keys = sorted(one for one in named if not one.startswith(_ORDER))
    orders = sorted(one.removeprefix(_ORDER) for one in named if one.startswith(_ORDER))
    found = await rows(on, _SOURCES, {"name": name, "keys": keys, "orders": orders})
    known = {_source(row["flow"], row["key"], row["within"]): True for row in found}
    coming = {
        _source(row["flow"], row["key"], row["within"]) for row in found if not row["settled"]
    }
    return KnownSources(told=frozenset(known), coming=frozenset(coming))


async def known_tags(on: Connection, name: str, tags: Collection[str]) -> frozenset[str]:
    """Return those of these external ids that a posting of ours has, whatever became of it."""
    found = await rows(
        on,
        "select external_id from posting where connection = %(name)s and system = 'netsuite'"
        " and external_id = any (%(tags)s)",
        {"name": name, "tags": sorted(tags)},
    )
    return frozenset(row["external_id"] for row in found)


def _source(flow: str, key: str, within: str) -> str:
    if flow == "tracking":
        return f"{_ORDER}{within}" if within else f"shipment {key}"
    return f"{flow} {key}" if flow in {"receiving", "returns"} else ""
