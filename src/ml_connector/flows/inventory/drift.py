"""Finds what explains a difference of stock, or else what probably caused it. Pure.

A difference is what ShipBob has more than NetSuite. Our own ledger explains it first: units
that wait to be posted count in full; units that are on their way, refused or taken back may
have been booked by somebody, so they count only as far as the difference needs them. What
remains is a drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from ml_connector.flows.inventory.facts import Level, Move, OpenItem, StockFacts

Likely = Literal[
    "adjusted_in_netsuite",
    "adjusted_in_shipbob",
    "never_told",
    "moved_between_centers",
    "booked_by_others",
    "sku_missing_in_netsuite",
    "sku_missing_in_shipbob",
    "several_movements",
    "unknown",
]
"""The probable causes of a drift: stable codes that people filter on."""

_NAMED: Final = 3
_BY_HAND: Final = "Nothing is adjusted by itself."


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a difference, and what accounts for it."""

    quantity: Decimal
    says: str


class DriftVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The probable cause of a drift.

    Attributes:
        likely: its code.
        says: the cause, for a person.
        remedy: what to do.
    """

    likely: Likely
    says: str
    remedy: str


class StockDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of which the two systems have different quantities.

    Attributes:
        drift: units that nothing open accounts for; positive where ShipBob has more.
        verdict: None without a drift.
    """

    level: Level
    explained: tuple[Explained, ...] = ()
    drift: Decimal = Decimal(0)
    verdict: DriftVerdict | None = None


def judge(facts: StockFacts) -> tuple[StockDifference, ...]:
    """Return all differences of a location, each with what explains it."""
    moves: dict[str, list[Move]] = defaultdict(list)
    for move in facts.moves:
        moves[move.key].append(move)
    found: list[StockDifference] = []
    for level, explained, rest in balances(facts.levels, facts.open):
        one = StockDifference(level=level, explained=tuple(explained), drift=rest)
        if rest:
            one = _look_into(facts, one, moves[level.key])
        if one.explained or one.drift:
            found.append(one)
    return tuple(found)


def balances(
    levels: Sequence[Level], open_items: Sequence[OpenItem]
) -> list[tuple[Level, list[Explained], Decimal]]:
    """Return each level with the explained parts of its difference, and the units left over.

    A thing that neither system has, but of which something waits, gets a level of zero.
    """
    by_key: dict[str, list[OpenItem]] = defaultdict(list)
    for item in open_items:
        by_key[item.key].append(item)
    known = {level.key for level in levels}
    nowhere = [
        Level(
            sku=items[0].sku, item=key.removeprefix("item ") if key.startswith("item ") else None
        )
        for key, items in by_key.items()
        if key not in known and any(one.standing == "waiting" for one in items)
    ]
    return [(level, *_balance(level, by_key[level.key])) for level in (*levels, *nowhere)]


def _balance(level: Level, items: Sequence[OpenItem]) -> tuple[list[Explained], Decimal]:
    rest = level.shipbob - level.netsuite
    explained: list[Explained] = []
    for item in items:
        if item.standing == "waiting":
            because = f": {item.because}" if item.because else ""
            says = f"{item.what} waits{because}"
            explained.append(Explained(quantity=Decimal(item.quantity), says=says))
            rest -= item.quantity
    for standing, word in (("moving", "is on its way"), ("refused", "is not posted")):
        for item in items:
            if item.standing == standing:
                because = f": {item.because}" if standing == "refused" and item.because else ""
                says = f"{item.what} {word}{because}"
                rest = _take(explained, rest, Decimal(item.quantity), says)
    rest = _take(explained, rest, level.quarantined, "in quarantine in NetSuite")
    between = Decimal(level.transfer).copy_sign(rest)
    return explained, _take(explained, rest, between, "between two of ShipBob's buildings")


def _look_into(facts: StockFacts, one: StockDifference, moves: Sequence[Move]) -> StockDifference:
    """Say what probably made the rest of a difference, unless it is still on its way to us.

    Movements of others that add up to exactly the difference go before what may be on its way.
    """
    others = [move for move in moves if move.standing in {"other", "untold"}]
    made = next((some for some in _candidates(others) if sum(map(_effect, some)) == one.drift), ())
    explained, rest = list(one.explained), one.drift
    if not made:
        coming = [move for move in moves if move.standing in {"recent", "picked"}]
        units = sum((move.quantity for move in coming), Decimal(0))
        says = f"{_listed(move.what for move in coming)} is not booked yet"
        rest = _take(explained, rest, units, says)
        if abs(rest) in _lately(facts.moved.get(one.level.key, ())):
            rest = _take(explained, rest, rest, "posted a moment ago")
    return msgspec.structs.replace(
        one,
        explained=tuple(explained),
        drift=rest,
        verdict=_verdict(facts, one.level, rest, others, made) if rest else None,
    )


def _lately(moved: Sequence[int]) -> set[int]:
    """Return the units of the last posting, of the last two together, and so on."""
    return {abs(sum(moved[start:])) for start in range(len(moved))}


def _take(explained: list[Explained], rest: Decimal, most: Decimal, says: str) -> Decimal:
    """Explain as much of the rest as ``most`` units can; return what is left."""
    if not rest or not most or (rest > 0) != (most > 0):
        return rest
    part = min(abs(rest), abs(most)).copy_sign(rest)
    explained.append(Explained(quantity=part, says=says))
    return rest - part


def _verdict(
    facts: StockFacts,
    level: Level,
    rest: Decimal,
    others: Sequence[Move],
    made: Sequence[Move],
) -> DriftVerdict:
    """Say what probably made a drift: causes that can be shown go before guesses."""
    units = f"{_units(abs(rest))} x {level.sku}"
    if level.unmatched:
        return _no_item(level)
    moved = _moved(facts, level, rest, units)
    if made and (moved is None or any(one.side == "netsuite" for one in made)):
        return _made_by(made, level.sku, rest)
    return (
        moved
        or _booked_by_others(facts, level)
        or _no_sku(level, units)
        or _unclear(facts, level, others)
    )


def _no_item(level: Level) -> DriftVerdict:
    return DriftVerdict(
        likely="sku_missing_in_netsuite",
        says=f"no active item of NetSuite is this SKU ({level.unmatched})",
        remedy=f'Make the item in NetSuite, or name it under [skus] ("{level.sku}" = "its name").',
    )


def _moved(facts: StockFacts, level: Level, rest: Decimal, units: str) -> DriftVerdict | None:
    here = facts.location
    for one in facts.elsewhere:
        if one.key == level.key and one.rest == -rest:
            source, target = (one.location, here) if rest > 0 else (here, one.location)
            return DriftVerdict(
                likely="moved_between_centers",
                says=f"as many differ the other way round at location {one.location}",
                remedy=f"Book an inventory transfer of {units} from location {source} to"
                f" location {target} in NetSuite, if ShipBob moved them.",
            )
    return None


def _booked_by_others(facts: StockFacts, level: Level) -> DriftVerdict | None:
    waiting = [one.what for one in facts.open if (one.key, one.standing) == (level.key, "waiting")]
    if not waiting:
        return None
    sources = _listed(waiting)
    return DriftVerdict(
        likely="booked_by_others",
        says=f"somebody may have booked {sources} by hand",
        remedy=f"Look for it in NetSuite before what {sources} waits for is there: then it"
        " would be booked a second time.",
    )


def _no_sku(level: Level, units: str) -> DriftVerdict | None:
    if level.inventory_ids:
        return None
    return DriftVerdict(
        likely="sku_missing_in_shipbob",
        says="ShipBob has no such SKU",
        remedy=f"Move {units} to another location in NetSuite, or name ShipBob's SKU under"
        " [skus].",
    )


def _unclear(facts: StockFacts, level: Level, others: Sequence[Move]) -> DriftVerdict:
    counted = f"have {level.sku} counted at ShipBob, and correct the system that is wrong."
    if others:
        return DriftVerdict(
            likely="several_movements",
            says=f"not told by one movement; there were {_listed(map(_told, others))}",
            remedy=f"Look at these, {counted} {_BY_HAND}",
        )
    return DriftVerdict(
        likely="unknown",
        says=f"the movements can't be read: {facts.unread}"
        if facts.unread
        else f"no movement since {facts.looked_back_to} tells why; it may be older",
        remedy=f"Look further back, {counted} {_BY_HAND}",
    )


def _candidates(moves: Sequence[Move]) -> Iterable[Sequence[Move]]:
    """Yield movements that may have made a difference: each alone, then all of one kind."""
    latest = sorted(moves, key=lambda one: (one.standing != "untold", -one.day.toordinal()))
    for one in latest:
        yield (one,)
    for some in (
        [one for one in moves if one.standing == "untold"],
        [one for one in moves if one.side == "netsuite"],
        [one for one in moves if one.side == "shipbob"],
    ):
        if len(some) > 1:
            yield some


def _made_by(moves: Sequence[Move], sku: str, rest: Decimal) -> DriftVerdict:
    told = _listed(map(_told, moves))
    if all(one.standing == "untold" for one in moves):
        sources = sorted({one.source for one in moves if one.source})
        commands = [
            f"ml-connector sync {flow} --id {key}" for flow, key in map(str.split, sources)
        ]
        return DriftVerdict(
            likely="never_told",
            says=f"ShipBob's {told}: nothing told us of it",
            remedy=f"Run: {' and: '.join(commands) or 'ml-connector sync tracking'}.",
        )
    if moves[0].side == "netsuite":
        return DriftVerdict(
            likely="adjusted_in_netsuite",
            says=f"{told} in NetSuite, which is not ours",
            remedy=f"If ShipBob counts right, take it back in NetSuite; if NetSuite does, have"
            f" ShipBob adjust {sku} by {_units(-rest, sign=True)}. {_BY_HAND}",
        )
    return DriftVerdict(
        likely="adjusted_in_shipbob",
        says=f"ShipBob's {told}",
        remedy=f"If ShipBob counts right, adjust {sku} by {_units(rest, sign=True)} in NetSuite;"
        f" else ask ShipBob to take it back. {_BY_HAND}",
    )


def _effect(move: Move) -> Decimal:
    return move.quantity if move.side == "shipbob" else -move.quantity


def _told(move: Move) -> str:
    return f"{move.what} of {move.day} ({_units(move.quantity, sign=True)})"


def _units(quantity: Decimal, *, sign: bool = False) -> str:
    return f"{quantity.normalize():{'+' if sign else ''}f}"


def _listed(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def sentence(facts: StockFacts, drifts: Sequence[StockDifference]) -> str:
    """Return the sentence about the drifts of a location."""
    named = "; ".join(
        f"{one.level.sku}: ShipBob has {one.level.shipbob}, NetSuite {_units(one.level.netsuite)}"
        f" ({one.verdict.says if one.verdict else ''})"
        for one in drifts[:_NAMED]
    )
    more = f"; and {len(drifts) - _NAMED} more" if len(drifts) > _NAMED else ""
    count = f"{len(drifts)} SKU{'s' if len(drifts) > 1 else ''}"
    where = f"the difference of {count} at location {facts.location}"
    return f"Nothing open explains {where}: {named}{more}"


def remedy(facts: StockFacts, drifts: Sequence[StockDifference]) -> str:
    """Return what to do about the drifts of a location."""
    first = next((one.verdict.remedy for one in drifts if one.verdict), "")
    everything = f"All of them: ml-connector plan inventory --id {facts.location}"
    return f"{first} {everything}" if len(drifts) > 1 else first
