"""The stock of both systems by SKU and location, as the last comparisons saw it.

No system is asked: a comparison is a run of the inventory flow, and what it saw is kept.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from ml_connector.app.views.paging import Listed
from ml_connector.errors import ConnectorError
from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.ledger.figures import snapshots
from ml_connector.storage.database import Connection, Database

HISTORY_OF: Final = 60
"""So many comparisons a history shows at most."""


_FACTS: Final = msgspec.json.Decoder(StockFacts)


class StockPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A location, as it was compared last.

    Attributes:
        centers: names of the fulfillment centers that are mapped to it.
        taken_at: when; None where no comparison can be read.
        skus, different, unexplained: how many SKUs it has, how many differ, and of how many
            units something is left that nothing open accounts for.
        units_unexplained: the units that are left, without their signs.
        state: of its subject.
        unread: why movements could not be read; empty when they were.
    """

    location: str
    subject: int
    centers: tuple[str, ...]
    taken_at: datetime | None
    skus: int
    different: int
    unexplained: int
    units_unexplained: Decimal
    shipbob_units: Decimal
    netsuite_units: Decimal
    state: str
    sentence: str | None
    remedy: str | None
    unread: str


class StockPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a difference, and what accounts for it."""

    quantity: Decimal
    says: str


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU at a location. Whole eaches at ShipBob.

    Attributes:
        difference: what ShipBob has more than NetSuite.
        explained: by what is open in our own ledger.
        drift: units that nothing open accounts for.
        likely, says, remedy: the probable cause of a drift; empty without one.
        can_correct: whether a person may decide to correct NetSuite's stock.
    """

    location: str
    sku: str
    item: str | None
    shipbob: Decimal
    netsuite: Decimal
    difference: Decimal
    explained: tuple[StockPart, ...] = ()
    drift: Decimal = Decimal(0)
    likely: str = ""
    says: str = ""
    remedy: str = ""
    can_correct: bool = False


class StockPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What one comparison saw of a SKU at a location."""

    at: datetime
    shipbob: Decimal
    netsuite: Decimal


class StockPage(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of a connection: all its locations, and a part of the SKUs of one or all."""

    places: tuple[StockPlace, ...]
    stock: Listed[StockRow]


class _ComparedPlace(NamedTuple):
    """What a run saw and how it is shown: the rows in the order of the list."""

    run_id: int
    place: StockPlace
    rows: tuple[StockRow, ...]


# What a run has seen never changes: it is worked out once in each process.
_COMPARED: Final[WeakKeyDictionary[Database, dict[int, _ComparedPlace]]] = WeakKeyDictionary()


async def stock_page(
    database: Database,
    name: str,
    *,
    limit: int,
    location: str | None = None,
    after: str | None = None,
    sku: str | None = None,
    only_different: bool = False,
) -> StockPage:
    """Return the stock of a connection as it was compared last.

    Args:
        database: for reading.
        name: of the connection.
        limit: how many SKUs.
        location: only of this one.
        after: where the list goes on, as ``Listed.after`` says it.
        sku: a part of the SKU.
        only_different: only what both systems have different quantities of.
    """
    found = await _latest(database, name)
    rows = [
        one
        for compared in found
        if location in {None, compared.place.location}
        for one in compared.rows
        if _is_wanted(one, sku, only_different=only_different)
    ]
    if len(found) > 1:
        rows.sort(key=_key)
    if after is not None:
        rows = rows[bisect_right(rows, _parsed(after), key=_key) :]
    return StockPage(
        places=tuple(compared.place for compared in found),
        stock=Listed(
            rows=tuple(rows[:limit]),
            after=_after(rows[limit - 1]) if len(rows) > limit else None,
        ),
    )


async def stock_history(
    on: Connection, name: str, location: str, sku: str, *, since: datetime
) -> tuple[StockPoint, ...]:
    """Return what comparisons saw of a SKU at a location, the oldest first."""
    found = await snapshots.history(on, name, location, sku, since=since, most=HISTORY_OF)
    return tuple(
        StockPoint(
            at=row["at"],
            shipbob=Decimal(row["shipbob"] or 0),
            netsuite=Decimal(row["netsuite"] or 0),
        )
        for row in found
    )


async def _latest(database: Database, name: str) -> list[_ComparedPlace]:
    kept = _COMPARED.setdefault(database, {})
    async with database.transaction() as on:
        latest = await snapshots.latest(on, name)
        missing = [
            (row, await snapshots.facts(on, row["run_id"], row["started_at"]))
            for row in latest
            if row["run_id"] is not None and _is_new(kept.get(row["id"]), row["run_id"])
        ]
    for row, facts in missing:
        # Beside the loop, which has webhooks to answer: there may be tens of thousands of SKUs.
        kept[row["id"]] = await asyncio.to_thread(_compared, row, facts)
    return [_as_it_stands(row, kept.get(row["id"])) for row in latest]


def _is_new(kept: _ComparedPlace | None, run_id: int) -> bool:
    return kept is None or kept.run_id != run_id


def _compared(row: Mapping[str, Any], kept: bytes | None) -> _ComparedPlace:
    facts = _facts(kept)
    judged = _differences(facts) if facts else {}
    shown = sorted(_rows(facts, judged), key=_key) if facts else ()
    return _ComparedPlace(row["run_id"], _place(row, facts, judged), tuple(shown))


def _as_it_stands(row: Mapping[str, Any], kept: _ComparedPlace | None) -> _ComparedPlace:
    """Return a comparison with what its subject says now."""
    if kept is None:
        return _ComparedPlace(0, _place(row, None, {}), ())
    now = {"state": row["state"], "sentence": row["sentence"], "remedy": row["remedy"]}
    return kept._replace(place=replace(kept.place, **now))


def _facts(kept: bytes | None) -> StockFacts | None:
    if kept is None:
        return None
    try:
        return _FACTS.decode(kept)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


def _differences(facts: StockFacts) -> Mapping[str, drift.StockDifference]:
    try:
        return {one.level.sku: one for one in drift.judge(facts)}
    except ConnectorError:
        return {}


def _rows(facts: StockFacts, judged: Mapping[str, drift.StockDifference]) -> Iterator[StockRow]:
    seen: set[str] = set()
    for level in facts.levels:
        seen.add(level.sku)
        yield _row(facts.location, level, judged.get(level.sku))
    for one in judged.values():
        if one.level.sku not in seen:  # what neither system has, and something waits for
            yield _row(facts.location, one.level, one)


def _row(location: str, level: Any, found: drift.StockDifference | None) -> StockRow:
    verdict = found.verdict if found else None
    return StockRow(
        location=location,
        sku=level.sku,
        item=level.item,
        shipbob=Decimal(level.shipbob),
        netsuite=level.netsuite,
        difference=level.shipbob - level.netsuite,
        explained=tuple(
            StockPart(quantity=part.quantity, says=part.says)
            for part in (found.explained if found else ())
        ),
        drift=found.drift if found else Decimal(0),
        likely=verdict.likely if verdict else "",
        says=verdict.says if verdict else "",
        remedy=verdict.remedy if verdict else "",
        can_correct=bool(found and found.drift),
    )


def _place(
    row: Mapping[str, Any],
    facts: StockFacts | None,
    judged: Mapping[str, drift.StockDifference],
) -> StockPlace:
    drifts: Sequence[Decimal] = [one.drift for one in judged.values() if one.drift]
    levels = facts.levels if facts else ()
    return StockPlace(
        location=row["location"],
        subject=row["id"],
        centers=facts.centers if facts else (),
        taken_at=facts.taken_at if facts else None,
        skus=len(levels),
        different=len(judged),
        unexplained=len(drifts),
        units_unexplained=sum(map(abs, drifts), Decimal(0)),
        shipbob_units=sum((Decimal(one.shipbob) for one in levels), Decimal(0)),
        netsuite_units=sum((one.netsuite for one in levels), Decimal(0)),
        state=row["state"],
        sentence=row["sentence"],
        remedy=row["remedy"],
        unread=facts.unread if facts else "",
    )


def _is_wanted(one: StockRow, sku: str | None, *, only_different: bool) -> bool:
    if sku is not None and sku.casefold() not in one.sku.casefold():
        return False
    return bool(one.difference or one.drift or one.explained) or not only_different


def _key(one: StockRow) -> tuple[bool, str, str]:
    """What nothing explains comes first, then by SKU and location."""
    return (not one.drift, one.sku, one.location)


def _after(one: StockRow) -> str:
    first, sku, location = _key(one)
    return f"{int(first)} {location} {sku}"


def _parsed(after: str) -> tuple[bool, str, str]:
    first, _, rest = after.partition(" ")
    location, _, sku = rest.partition(" ")
    return (first != "0", sku, location)
