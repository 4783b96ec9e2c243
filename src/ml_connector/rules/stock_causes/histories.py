"""Turns what was read of some items into the history of each of them. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ml_connector.ledger.sources.stock_posted import PostedStock
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import StockLine
from ml_connector.reads.stock.histories import ItemHistories, MovementAt, source_name, tag_of
from ml_connector.reads.stock.stock import MOVING
from ml_connector.rules.stock_causes.documents import FULFILMENT, RECEIPT
from ml_connector.rules.stock_causes.rows import (
    BookedLine,
    PostedLine,
    ShipBobMove,
    SkuHistory,
)

PICKED: Final = timedelta(days=3)
"""How long after picking a label is printed at the latest; an older order has been missed."""

_ON_ITS_WAY: Final = "sent on by the hub"
"""The detail of lines that were posted elsewhere than where ShipBob stowed the units."""


class Thing(NamedTuple):
    """One thing that both systems count.

    Attributes:
        key: by which its level is known.
        item: NetSuite's internal id.
        rates: eaches in one of each other unit that it can be counted in.
    """

    key: str
    sku: str
    item: str
    inventory_ids: Collection[int]
    rates: Mapping[str, Decimal]


class Times(NamedTuple):
    """When it was read, and how the merchant counts days."""

    taken_at: datetime
    zone: ZoneInfo


def history_of(
    thing: Thing,
    read: ItemHistories,
    *,
    locations: Collection[str],
    open_sources: Collection[str],
    times: Times,
) -> SkuHistory:
    """Return the history of one thing.

    Args:
        thing: which.
        read: of it, among others.
        locations: those that fulfillment centers are mapped to: only there is it compared.
        open_sources: of which our ledger explains something.
        times: of the reading.
    """
    moved = [one for one in read.shipbob if one.movement.inventory_id in thing.inventory_ids]
    posted = [one for one in read.posted if one.item == thing.item]
    coming = {
        *read.sources.coming,
        *open_sources,
        *_away(posted, locations),
        *_recent(moved, posted, times.taken_at),
    }
    lines = _lines(thing, read, locations)
    return SkuHistory(
        key=thing.key,
        sku=thing.sku,
        first=read.first,
        booked=tuple(map(_booked, lines)),
        posted=tuple(map(_posted, posted)),
        moved=tuple(_moved(one, times.zone) for one in moved if one.movement.change),
        standing=read.standing,
        told=read.sources.told,
        coming=frozenset(coming),
        orders=_orders(read, lines),
        rates=dict(thing.rates),
        in_kits=thing.item in read.in_kits,
    )


def _lines(thing: Thing, read: ItemHistories, locations: Collection[str]) -> list[StockLine]:
    ours = {one.document for one in read.posted}
    return [
        line
        for line in read.netsuite
        if line.item == thing.item
        and line.location in locations
        and moves(line)
        and not _is_in_flight(line, read, ours)
    ]


def _away(posted: Collection[PostedStock], locations: Collection[str]) -> Collection[str]:
    """Return sources that were posted elsewhere than where ShipBob has them, on purpose."""
    return {
        one.source for one in posted if one.location not in locations or one.detail == _ON_ITS_WAY
    }


def _posted(one: PostedStock) -> PostedLine:
    return PostedLine(
        document=one.document,
        external_id=one.external_id,
        source=one.source,
        location=one.location,
        quantity=one.quantity,
        day=one.day,
    )


def moves(line: StockLine) -> bool:
    """Whether a line moves stock at a location.

    On a receipt a negative line, and on a fulfilment a positive one, is an offsetting entry
    (netsuite.md section 5.2).
    """
    offsets = (line.type == RECEIPT and line.quantity < 0) or (
        line.type == FULFILMENT and line.quantity > 0
    )
    posts = line.posting is not Flag.F and line.isinventoryaffecting is not Flag.F
    return bool(line.quantity and line.location and posts) and not (
        offsets or line.voided is Flag.T
    )


def _is_in_flight(line: StockLine, read: ItemHistories, ours: Collection[str]) -> bool:
    """Whether a document is just being posted: NetSuite has it, and the journal not yet."""
    return line.id not in ours and (line.externalid or "") in read.known_tags


def _booked(line: StockLine) -> BookedLine:
    return BookedLine(
        document=line.id,
        type=line.type,
        number=line.tranid or line.id,
        location=line.location or "",
        quantity=line.quantity,
        day=line.trandate,
        order=line.createdfrom or "",
        tag=tag_of(line),
    )


def _moved(one: MovementAt, zone: ZoneInfo) -> ShipBobMove:
    movement = one.movement
    return ShipBobMove(
        location=one.location,
        quantity=movement.change,
        day=movement.event_datetime.astimezone(zone).date(),
        category=movement.event_category,
        source=source_name(movement),
        reason=movement.reason,
    )


def _recent(
    moved: Collection[MovementAt], posted: Collection[PostedStock], taken_at: datetime
) -> Collection[str]:
    """Return sources that moved so lately that we may still be told of them.

    An order of which ShipBob has taken no more than was posted is told of already.
    """
    units: dict[str, int] = defaultdict(int)
    latest: dict[str, datetime] = {}
    for one in moved:
        name, at = source_name(one.movement), one.movement.event_datetime
        units[name] += one.movement.change
        latest[name] = max(latest.get(name, at), at)
    sent: dict[str, int] = defaultdict(int)
    for line in posted:
        sent[line.source] += line.quantity
    return {
        name
        for name, at in latest.items()
        if name and taken_at - at < (PICKED if units[name] < sent[name] else MOVING)
    }


def _orders(read: ItemHistories, lines: Collection[StockLine]) -> dict[str, str]:
    """Return NetSuite's order of each of ShipBob's that was posted on one."""
    made_from = {line.id: line.createdfrom for line in lines if line.createdfrom}
    return {
        one.source: order
        for one in read.posted
        if one.source.startswith("order ") and (order := made_from.get(one.document))
    }
