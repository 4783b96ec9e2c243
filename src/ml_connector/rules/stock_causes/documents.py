"""What documents in NetSuite moved otherwise than we posted, and what others moved there. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from ml_connector.rules.stock_causes.kinds import CauseKind
from ml_connector.rules.stock_causes.rows import (
    BookedLine,
    PostedLine,
    SkuHistory,
    StockCause,
)
from ml_connector.rules.stock_causes.units import by_location, signed
from ml_connector.words import OUR_EXTERNAL_IDS

RECEIPT: Final = "ItemRcpt"
FULFILMENT: Final = "ItemShip"
ADJUSTMENT: Final = "InvAdjst"

_WORDS: Final[Mapping[str, str]] = {
    ADJUSTMENT: "inventory adjustment",
    "InvTrnfr": "inventory transfer",
    RECEIPT: "item receipt",
    FULFILMENT: "item fulfillment",
    "Build": "assembly build",
    "Unbuild": "assembly unbuild",
}
_KINDS: Final[Mapping[str, CauseKind]] = {
    ADJUSTMENT: CauseKind.ADJUSTED_IN_NETSUITE,
    "InvTrnfr": CauseKind.TRANSFERRED_IN_NETSUITE,
    RECEIPT: CauseKind.RECEIVED_BY_OTHERS,
    FULFILMENT: CauseKind.FULFILLED_BY_OTHERS,
    "Build": CauseKind.BUILT_IN_NETSUITE,
    "Unbuild": CauseKind.BUILT_IN_NETSUITE,
}

_Lines = Sequence[BookedLine]


def of_ours(history: SkuHistory) -> Iterator[StockCause]:
    """Yield what documents of ours hold otherwise than the journal says."""
    booked = _by_document(history)
    for key, lines in _posted(history).items():
        if not all(history.holds(line.day) for line in lines):
            continue
        there = booked.get(key, ())
        units = by_location(
            [
                *((line.location, line.quantity) for line in lines),
                *((line.location, -line.quantity) for line in there),
            ]
        )
        if units and not _has_another_day(history, there):
            yield StockCause(
                kinds=(_changed(history, lines, there),),
                units=units,
                says=_says_of_ours(lines, there),
                side="netsuite",
                source=lines[0].source,
                day=lines[0].day,
            )
    yield from _without_a_source(history)


def _has_another_day(history: SkuHistory, lines: _Lines) -> bool:
    """Whether a document was dated out of the days looked at: its stock is where it was."""
    return any(not history.holds(line.day) for line in lines)


def _changed(history: SkuHistory, posted: Sequence[PostedLine], there: _Lines) -> CauseKind:
    was = sum(line.quantity for line in posted)
    now = sum((line.quantity for line in there), Decimal(0))
    if not there:
        stands = posted[0].document in history.standing
        return CauseKind.DOCUMENT_CHANGED if stands else CauseKind.DOCUMENT_DELETED
    if was == now:
        return CauseKind.WRONG_LOCATION
    same_places = {line.location for line in posted} == {line.location for line in there}
    if same_places and any(
        rate != 1 and now in {was * rate, was / rate} for rate in history.rates.values()
    ):
        return CauseKind.UNIT_OF_MEASURE
    return CauseKind.DOCUMENT_CHANGED


def _says_of_ours(posted: Sequence[PostedLine], there: _Lines) -> str:
    first = posted[0]
    was = _placed((line.location, line.quantity) for line in posted)
    if not there:
        now = "nothing of it is in NetSuite any more"
    else:
        now = f"NetSuite has {_placed((line.location, line.quantity) for line in there)}"
    what = _named(there[0]) if there else first.external_id
    return f"{what} of {first.day} ({first.external_id}) was posted with {was}, and {now}"


def _placed(units: Iterable[tuple[str, Decimal | int]]) -> str:
    return ", ".join(
        f"{signed(quantity)} at location {location}"
        for location, quantity in by_location(units).items()
    )


def _without_a_source(history: SkuHistory) -> Iterator[StockCause]:
    """Yield what was posted of no fact of ShipBob's: corrections that people decided on.

    What takes one back is one of them, so they count together.
    """
    lines = [one for one in history.posted if not one.source and history.holds(one.day)]
    for location, quantity in by_location((one.location, one.quantity) for one in lines).items():
        here = [one for one in lines if one.location == location]
        names = ", ".join(dict.fromkeys(one.external_id for one in here))
        yield StockCause(
            kinds=(CauseKind.CORRECTED,),
            units={location: -quantity},
            says=f"{names} ({signed(quantity)})",
            side="netsuite",
            by_others=True,
            day=max(one.day for one in here),
        )


def of_others(history: SkuHistory) -> Iterator[StockCause]:
    """Yield what documents of others moved."""
    ours = _posted(history)
    booked = _by_document(history)
    others = {
        key: lines
        for key, lines in booked.items()
        if key not in ours and all(history.holds(line.day) for line in lines)
    }
    copies = {key for key, lines in others.items() if _is_copy(history, lines, booked)}
    twice = _days_twice(history, [others[key] for key in copies])
    for key, lines in others.items():
        units = by_location((line.location, -line.quantity) for line in lines)
        if units:
            kinds = (CauseKind.ENTERED_TWICE,) if key in copies else _kinds(history, lines)
            if key in copies and lines[0].day in twice:
                kinds = (CauseKind.DAY_IMPORTED_TWICE,)
            placed = _placed((line.location, line.quantity) for line in lines)
            yield StockCause(
                kinds=kinds,
                units=units,
                says=f"{_named(lines[0])} of {lines[0].day} ({placed})",
                side="netsuite",
                by_others=True,
                day=lines[0].day,
            )


def _is_copy(history: SkuHistory, lines: _Lines, booked: Mapping[str, _Lines]) -> bool:
    """Whether a document repeats one of ours: made from the same order, or with its tag.

    One that has an external id like ours of its own is no copy.
    """
    first = lines[0]
    known = {line.external_id for line in history.posted}
    if first.tag:
        return first.tag in known
    return bool(first.order) and any(
        key in booked
        and (booked[key][0].type, booked[key][0].order) == (first.type, first.order)
        and (_same(booked[key], lines) or _same(posted, lines))
        for key, posted in _posted(history).items()
    )


def _same(some: _Lines | Sequence[PostedLine], others: _Lines) -> bool:
    return by_location((one.location, one.quantity) for one in some) == by_location(
        (one.location, one.quantity) for one in others
    )


def _days_twice(history: SkuHistory, copies: Sequence[_Lines]) -> set[date]:
    """Return the days of which all documents of ours were repeated, and more than one."""
    ours = Counter(lines[0].day for lines in _posted(history).values())
    again = Counter(lines[0].day for lines in copies)
    return {day for day, count in again.items() if count > 1 and count == ours[day]}


def _kinds(history: SkuHistory, lines: _Lines) -> tuple[CauseKind, ...]:
    """Return what a document of others, which repeats none of ours, may be."""
    first = lines[0]
    if first.tag.startswith(OUR_EXTERNAL_IDS):
        return (CauseKind.OTHER_CONNECTOR,)
    kind = _KINDS.get(first.type, CauseKind.MOVED_IN_NETSUITE)
    if first.type == FULFILMENT and first.order and _is_unshipped(history, first.order):
        return (CauseKind.WRONG_ORDER,)
    if _may_be_a_copy(history, lines):
        return (kind, CauseKind.ENTERED_TWICE)
    return (kind,)


def _may_be_a_copy(history: SkuHistory, lines: _Lines) -> bool:
    """Whether a document has the units of one of ours, of which it is not known what it was of.

    Either has no order, or ours is not there any more.
    """
    booked = _by_document(history)
    for key, posted in _posted(history).items():
        there = booked.get(key)
        alike = there is None or (not lines[0].order and there[0].type == lines[0].type)
        if alike and _same(posted, lines) and _is_later(lines[0].document, key):
            return True
    return False


def _is_later(document: str, ours: str) -> bool:
    """Whether a document was made after one of ours, by their internal ids."""
    both_known = document.isdigit() and ours.isdigit()
    return not both_known or int(document) > int(ours)


def _is_unshipped(history: SkuHistory, order: str) -> bool:
    """Whether ShipBob has shipped nothing for an order; only where it is known of all it has."""
    moved = {one.source for one in history.moved if one.source.startswith("order ")}
    return moved <= history.orders.keys() and all(
        history.orders[source] != order for source in moved
    )


def _posted(history: SkuHistory) -> dict[str, list[PostedLine]]:
    """Return the lines that were posted of facts of ShipBob's, by the document's internal id."""
    found: dict[str, list[PostedLine]] = defaultdict(list)
    for line in history.posted:
        found[line.document or line.external_id].append(line)
    return found


def _by_document(history: SkuHistory) -> dict[str, list[BookedLine]]:
    found: dict[str, list[BookedLine]] = defaultdict(list)
    for line in history.booked:
        found[line.document].append(line)
    return found


def _named(line: BookedLine) -> str:
    return f"{_WORDS.get(line.type, line.type)} {line.number or line.document}"
