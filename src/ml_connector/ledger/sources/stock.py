"""What the ledger knows of stock that the two systems need not agree on yet."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from ml_connector import moments
from ml_connector.storage.database import Connection, rows

Standing = Literal["waiting", "moving", "refused"]
"""``waiting``: it is posted when what it waits for is there; ``moving``: it is on its way just
now, and may have arrived; ``refused``: it is not posted on purpose, or was taken back."""

_BEHIND_HUB: Final = """
(select (r.facts ->> 'destination_id')::bigint from source_line as k
    join run as r on r.id = k.run_id
    where l.flow = 'receiving' and k.subject_id = l.subject_id and k.name = l.name
    and k.currency = '' and (r.facts ->> 'fulfillment_center_id')::bigint = l.center)
"""

STOCK_CENTER: Final = f"coalesce({_BEHIND_HUB}, l.center)"
"""The center that has the stock of a source's line ``l``, in SQL: earlier versions kept the hub
that a WRO showed; the run that saw the line knows the center behind it."""

_OPEN: Final = f"""
with open_subject as (
    select s.* from subject as s where s.connection = %(name)s and (
        s.state <> 'done' or s.waits <> '' or s.unexplained > 0
        or exists (select 1 from refusal as r where r.subject_id = s.id)
        or exists (select 1 from posting as p join posting as u on u.undoes = p.id
            where p.subject_id = s.id))
)
select s.flow, s.key, l.name, l.sku, {STOCK_CENTER} as center,
    l.quantity - coalesce(p.posted, 0) as missing,
    coalesce(r.quantity, 0) as refused, coalesce(h.handled, 0) as handled,
    case
        when s.state in ('received', 'working', 'retrying') then 'moving'
        when s.state <> 'done' or s.waits <> '' then 'waiting'
        else 'refused'
    end as standing,
    coalesce(nullif(s.waits, ''), s.sentence, '') as because, coalesce(r.reason, '') as reason
from open_subject as s
join source_line as l on l.subject_id = s.id and l.currency = '' and l.center is not null
left join refusal as r on r.subject_id = s.id and r.name = l.name and r.currency = ''
left join lateral (
    select sum(j.quantity) as posted from journal as j join posting as p on p.id = j.posting_id
    left join posting as o on o.id = p.undoes
    where j.posting_id in (
        select id from posting where subject_id = s.id
        union all
        select c.id from posting as c join posting as u on u.id = c.undoes
        where u.subject_id = s.id)
    and j.source_line = l.name and j.amount is null
) as p on true
left join lateral (
    select sum(o.quantity) as handled from handled_line as o
    where o.subject_id = s.id and o.name = l.name
) as h on true
where l.quantity - coalesce(p.posted, 0) <> 0
order by s.flow, s.key, l.name
"""  # noqa: S608 - our own constants

_MOVED: Final = f"""
select item, location, array_agg(quantity order by number) as units from journal
where connection = %(name)s and posted_at > %(since)s and {moments.known("posted_at")}
    and quantity is not null
    and item is not null and location is not null
group by item, location
"""  # noqa: S608 - a text of ours

_STATES: Final = """
select flow, key, within, state = 'done' as settled from subject
where connection = %(name)s and (
    (flow in ('receiving', 'returns') and flow || ' ' || key = any (%(keys)s))
    or (flow = 'tracking' and within = any (%(orders)s)))
"""


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source whose stock ShipBob has moved and NetSuite has not.

    Attributes:
        quantity: signed, as ShipBob's stock has changed. Whole eaches.
        because: why it is not posted.
    """

    flow: str
    key: str
    name: str
    sku: str | None
    center: int
    quantity: int
    standing: Standing
    because: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The sources that ShipBob's history names, as far as the inbox knows them.

    Attributes:
        told: flow and key, with a space between, of all that it was told of.
        settled: those of them that are done.
        shipped: the orders of which a shipment is done.
    """

    told: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    shipped: frozenset[str] = frozenset()


async def open_lines(connection: Connection, name: str) -> list[OpenLine]:
    """Return all lines of a connection that moved stock at ShipBob alone."""
    found: list[OpenLine] = []
    for row in await rows(connection, _OPEN, {"name": name}):
        refused = row["refused"]
        why = row["because"] or row["reason"] or "a person took it back"
        parts: list[tuple[int, Standing, str]] = [
            # What a document of somebody else accounts for is in NetSuite's stock as well.
            (refused - row["handled"], "refused", row["reason"]),
            (row["missing"] - refused, row["standing"], why),
        ]
        found += [
            OpenLine(
                flow=row["flow"],
                key=row["key"],
                name=row["name"],
                sku=row["sku"],
                center=row["center"],
                quantity=int(quantity),
                standing=standing,
                because=because,
            )
            for quantity, standing, because in parts
            if quantity
        ]
    return found


async def moved_since(
    connection: Connection, name: str, since: datetime
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the units that we moved since a moment, in order, by item and location."""
    found = await rows(connection, _MOVED, {"name": name, "since": since})
    return {(row["item"], row["location"]): tuple(row["units"]) for row in found}


async def known(
    connection: Connection, name: str, keys: Collection[str], orders: Collection[str]
) -> Known:
    """Return what the inbox knows of these sources and of these orders' shipments.

    Args:
        connection: for reading.
        name: of the connection.
        keys: flow and key, with a space between, such as ``receiving 90311``.
        orders: ShipBob's order ids.
    """
    found = await rows(
        connection, _STATES, {"name": name, "keys": sorted(keys), "orders": sorted(orders)}
    )
    named = [row for row in found if row["flow"] != "tracking"]
    return Known(
        told=frozenset(f"{row['flow']} {row['key']}" for row in named),
        settled=frozenset(f"{row['flow']} {row['key']}" for row in named if row["settled"]),
        shipped=frozenset(
            row["within"] for row in found if row["flow"] == "tracking" and row["settled"]
        ),
    )


async def ours(connection: Connection, name: str, remote_ids: Sequence[str]) -> frozenset[str]:
    """Return those of NetSuite's records that a posting of ours made or brought up to date."""
    found = await rows(
        connection,
        "select remote_id from posting where connection = %(name)s and system = 'netsuite'"
        " and state in ('done', 'adopted') and remote_id = any (%(ids)s)",
        {"name": name, "ids": list(remote_ids)},
    )
    return frozenset(row["remote_id"] for row in found)
