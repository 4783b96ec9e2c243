"""Everything that one of the systems did alone, or that was posted otherwise than it happened.

Movements at ShipBob and lines of our journal meet in their source: a WRO, an order, a return. Our
documents are held against the journal by their internal id. What has no other side is evidence.
How ShipBob names a source is not documented ("WRO id etc.", shipbob.md section 9.3; SB-032):
movements that name none are paired with what was posted by their units.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from ml_connector.rules.stock_causes.documents import of_others, of_ours
from ml_connector.rules.stock_causes.kinds import CauseKind
from ml_connector.rules.stock_causes.rows import (
    PostedLine,
    ShipBobMove,
    SkuHistory,
    StockCause,
    StockEvidence,
)
from ml_connector.rules.stock_causes.units import by_location, signed

_OF_SOURCES: Final = frozenset(
    {"OrderPicked", "ReceivingStow", "InventoryReceived", "InventoryRestocked"}
)
"""Categories of movements that belong to an order, a WRO or a return, named or not."""

_KITTED: Final = frozenset({"KittingStow", "AttributeUpdated"})
_FACILITY: Final = "InventoryFacilityUpdated"
_NAMED: Final = 3
_SHIPMENT: Final = "shipment "
"""How a source begins whose order is not known: which movements are its own is not clear."""
_COUNTED: Final = ("count",)
_WRITTEN_OFF: Final = ("damage", "lost", "expire", "dispos", "write-off", "write off", "destroy")


def evidence(history: SkuHistory) -> StockEvidence:
    """Return what happened to a SKU in one of the systems alone.

    Args:
        history: of one SKU.
    """
    named: dict[str, list[ShipBobMove]] = defaultdict(list)
    for one in history.moved:
        named[one.source].append(one)
    alone = [one for one in named.pop("", []) if one.category not in _OF_SOURCES]
    loose = [one for one in history.moved if not one.source and one.category in _OF_SOURCES]
    posted = _by_source(history.posted)
    unmoved = [line for source, lines in posted.items() if source not in named for line in lines]
    found = (
        *of_ours(history),
        *of_others(history),
        *_alone(alone),
        *_of_sources(history, named, posted),
    )
    unclear = {one.location for one in _unpaired(loose, unmoved)}
    unclear |= {line.location for line in history.posted if line.source.startswith(_SHIPMENT)}
    return StockEvidence(key=history.key, causes=found, unclear=tuple(sorted(unclear)))


def _by_source(lines: Iterable[PostedLine]) -> dict[str, list[PostedLine]]:
    found: dict[str, list[PostedLine]] = defaultdict(list)
    for line in lines:
        if line.source:
            found[line.source].append(line)
    return found


def _unpaired(loose: Sequence[ShipBobMove], posted: Iterable[PostedLine]) -> list[ShipBobMove]:
    """Return movements without a name for which nothing of the same units was posted."""
    there = Counter((line.location, line.quantity) for line in posted)
    left: list[ShipBobMove] = []
    for one in loose:
        if there[one.location, one.quantity]:
            there[one.location, one.quantity] -= 1
        else:
            left.append(one)
    return left


def _alone(moves: Sequence[ShipBobMove]) -> Iterator[StockCause]:
    """Yield what ShipBob moved that belongs to no WRO, order or return."""
    taken: set[int] = set()
    for out, into in _between(moves):
        taken |= {id(out), id(into)}
        yield StockCause(
            kinds=(CauseKind.MOVED_BETWEEN_CENTERS,),
            units={out.location: Decimal(out.quantity), into.location: Decimal(into.quantity)},
            says=(
                f"ShipBob moved {into.quantity} of {into.day} from location {out.location} to"
                f" location {into.location}"
            ),
            side="shipbob",
            day=into.day,
        )
    for one in moves:
        if id(one) not in taken:
            yield StockCause(
                kinds=(_kind_alone(one),),
                units={one.location: Decimal(one.quantity)},
                says=f"ShipBob's {told(one)}",
                side="shipbob",
                day=one.day,
            )


def _between(moves: Sequence[ShipBobMove]) -> list[tuple[ShipBobMove, ShipBobMove]]:
    """Return what went out of one center and as many into another on the same day.

    Where more than one would fit, none is called a pair.
    """
    facility = [one for one in moves if one.category == _FACILITY]
    pairs = [
        (out, into)
        for out in facility
        for into in facility
        if out.quantity < 0
        and out.quantity == -into.quantity
        and out.day == into.day
        and out.location != into.location
    ]
    seen = Counter(id(one) for pair in pairs for one in pair)
    return [pair for pair in pairs if all(seen[id(one)] == 1 for one in pair)]


def _kind_alone(move: ShipBobMove) -> CauseKind:
    reason = move.reason.casefold()
    if move.category in _KITTED:
        return CauseKind.KITTED_AT_SHIPBOB
    if any(word in reason for word in _COUNTED):
        return CauseKind.COUNTED_AT_SHIPBOB
    if move.quantity < 0 and any(word in reason for word in _WRITTEN_OFF):
        return CauseKind.WRITTEN_OFF_AT_SHIPBOB
    return CauseKind.ADJUSTED_IN_SHIPBOB


def _of_sources(
    history: SkuHistory,
    named: Mapping[str, Sequence[ShipBobMove]],
    posted: Mapping[str, Sequence[PostedLine]],
) -> Iterator[StockCause]:
    """Yield what ShipBob moved for a source otherwise than it was posted."""
    for source, moves in named.items():
        lines = posted.get(source, ())
        if source in history.coming or any(line.day < history.first for line in lines):
            continue
        units = by_location(
            [
                *((one.location, one.quantity) for one in moves),
                *((line.location, -line.quantity) for line in lines),
            ]
        )
        if units:
            yield StockCause(
                kinds=(_kind_of_source(history, source, moves, lines),),
                units=units,
                says=_says(history, source, moves, lines),
                side="shipbob",
                source=source,
                day=max(one.day for one in moves),
            )


def _kind_of_source(
    history: SkuHistory,
    source: str,
    moves: Sequence[ShipBobMove],
    lines: Sequence[PostedLine],
) -> CauseKind:
    moved, sent = sum(one.quantity for one in moves), sum(line.quantity for line in lines)
    flow = source.split(" ", 1)[0]
    if not lines:
        return CauseKind.NOT_POSTED if source in history.told else CauseKind.NEVER_TOLD
    if moved == sent:
        return CauseKind.POSTED_ELSEWHERE
    if flow == "order":
        return _kind_of_order(history, moves, moved, sent)
    again = {"receiving": CauseKind.STOWED_AGAIN, "returns": CauseKind.RESTOCKED_TWICE}.get(flow)
    if again is not None and moved > sent > 0 and sent in _sums(one.quantity for one in moves):
        return again
    return _otherwise(history, moved, sent)


def _kind_of_order(
    history: SkuHistory, moves: Sequence[ShipBobMove], moved: int, sent: int
) -> CauseKind:
    is_out = any(one.quantity < 0 for one in moves)
    is_back = any(one.quantity > 0 for one in moves)
    if sent < moved <= 0 and is_out and is_back:
        return CauseKind.CANCELLED_AFTER_LABEL
    if history.in_kits and moved < 0 and sent == 2 * moved:
        return CauseKind.KIT_EXPLODED_TWICE
    if moved < sent < 0 and sent in _sums(one.quantity for one in moves):
        return CauseKind.PICKED_AGAIN
    return _otherwise(history, moved, sent)


def _otherwise(history: SkuHistory, moved: int, sent: int) -> CauseKind:
    """Say how another number was posted than ShipBob moved: in another unit, or just so."""
    if any(
        rate != 1 and (moved * rate == sent or moved == sent * rate)
        for rate in history.rates.values()
    ):
        return CauseKind.POSTED_IN_OTHER_UNIT
    return CauseKind.POSTED_OTHERWISE


def _sums(units: Iterable[int]) -> Collection[int]:
    """Return what the first movement comes to, the first two, and so on, but for all of them."""
    every = list(units)
    sums = [0, *(sum(every[: at + 1]) for at in range(len(every)))]
    return {sum_ for _, sum_ in pairwise(sums)} - {sums[-1]} | {*every}


def told(move: ShipBobMove) -> str:
    """Return a movement of ShipBob's in words."""
    about = ", ".join(word for word in (move.source, move.reason) if word)
    return (
        f"{move.category or 'movement'}{f' ({about})' if about else ''} of {move.day}"
        f" ({signed(move.quantity)})"
    )


def _says(
    history: SkuHistory,
    source: str,
    moves: Sequence[ShipBobMove],
    lines: Sequence[PostedLine],
) -> str:
    more = f" and {len(moves) - _NAMED} more" if len(moves) > _NAMED else ""
    moved = ", ".join(told(one) for one in moves[:_NAMED]) + more
    if not lines:
        why = "nothing was posted of it" if source in history.told else "nothing told us of it"
        return f"ShipBob's {moved}: {why}"
    documents = ", ".join(dict.fromkeys(line.external_id for line in lines))
    sent = signed(sum(line.quantity for line in lines))
    return f"ShipBob's {moved}; posted of {source} was {sent} ({documents})"
