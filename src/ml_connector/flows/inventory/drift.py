"""Finds what explains a difference of stock, or else what probably caused it. Pure.

A difference is what ShipBob has more than NetSuite. Our own ledger explains it first: units
that wait to be posted count in full; units that are on their way, refused or taken back may
have been booked by somebody, so they count only as far as the difference needs them. What
remains is a drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.flows.inventory.facts import Level, Move, OpenItem, StockFacts
from ml_connector.flows.inventory.named import finding_of, said, verdict_of
from ml_connector.flows.inventory.verdicts import DriftVerdict, listed, units
from ml_connector.rules.stock_causes.rows import StockFinding

_NAMED: Final = 3
_BY_HAND: Final = "Nothing is adjusted by itself."


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a difference, and what accounts for it."""

    quantity: Decimal
    says: str


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
    """Say what made the rest of a difference, unless it is still on its way to us.

    What the histories come to exactly goes before what may be on its way.
    """
    finding = finding_of(facts, one.level, one.drift)
    if finding is None:
        return _look_for_one(facts, one, moves)
    explained, rest = list(one.explained), one.drift
    if not finding.causes:
        rest = _still_coming(facts, one.level, explained, rest, moves)
        finding = finding_of(facts, one.level, rest) or finding
    return msgspec.structs.replace(
        one,
        explained=tuple(explained),
        drift=rest,
        verdict=_found(facts, one.level, rest, finding) if rest else None,
    )


def _found(facts: StockFacts, level: Level, rest: Decimal, finding: StockFinding) -> DriftVerdict:
    """Say what made a drift; where nothing is sure, what may have to do with it."""
    if level.unmatched:
        return _no_item(level)
    if finding.causes:
        return verdict_of(facts, level, rest, finding.causes)
    found = _booked_by_others(facts, level) or _no_sku(level, f"{units(abs(rest))} x {level.sku}")
    if found is not None:
        return found
    if not finding.possible:
        return _unclear(facts, level, ())
    return DriftVerdict(
        likely="several_movements",
        says=f"not told exactly; what may have to do with it: {said(finding.possible)}",
        remedy=f"Look at these, {_counted(level)} {_BY_HAND}",
    )


def _still_coming(
    facts: StockFacts,
    level: Level,
    explained: list[Explained],
    rest: Decimal,
    moves: Sequence[Move],
) -> Decimal:
    """Explain by what we will still be told of, or posted a moment ago; return what is left."""
    coming = [move for move in moves if move.standing in {"recent", "picked"}]
    moved = sum((move.quantity for move in coming), Decimal(0))
    says = f"{listed(move.what for move in coming)} is not booked yet"
    rest = _take(explained, rest, moved, says)
    if abs(rest) in _lately(facts.moved.get(level.key, ())):
        rest = _take(explained, rest, rest, "posted a moment ago")
    return rest


def _look_for_one(
    facts: StockFacts, one: StockDifference, moves: Sequence[Move]
) -> StockDifference:
    """Say what probably made the rest of a difference, where the histories were not compared.

    Movements of others that add up to exactly the difference go before what may be on its way.
    """
    others = [move for move in moves if move.standing in {"other", "untold"}]
    made = next((some for some in _candidates(others) if sum(map(_effect, some)) == one.drift), ())
    explained, rest = list(one.explained), one.drift
    if not made:
        rest = _still_coming(facts, one.level, explained, rest, moves)
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
    some = f"{units(abs(rest))} x {level.sku}"
    if level.unmatched:
        return _no_item(level)
    moved = _moved(facts, level, rest, some)
    if made and (moved is None or any(one.side == "netsuite" for one in made)):
        return _made_by(made, level.sku, rest)
    return (
        moved
        or _booked_by_others(facts, level)
        or _no_sku(level, some)
        or _unclear(facts, level, others)
    )


def _no_item(level: Level) -> DriftVerdict:
    return DriftVerdict(
        likely="sku_missing_in_netsuite",
        says=f"no active item of NetSuite is this SKU ({level.unmatched})",
        remedy=f'Make the item in NetSuite, or name it under [skus] ("{level.sku}" = "its name").',
    )


def _moved(facts: StockFacts, level: Level, rest: Decimal, some: str) -> DriftVerdict | None:
    here = facts.location
    for one in facts.elsewhere:
        if one.key == level.key and one.rest == -rest:
            source, target = (one.location, here) if rest > 0 else (here, one.location)
            return DriftVerdict(
                likely="moved_between_centers",
                says=f"as many differ the other way round at location {one.location}",
                remedy=f"Book an inventory transfer of {some} from location {source} to"
                f" location {target} in NetSuite, if ShipBob moved them.",
            )
    return None


def _booked_by_others(facts: StockFacts, level: Level) -> DriftVerdict | None:
    waiting = [one.what for one in facts.open if (one.key, one.standing) == (level.key, "waiting")]
    if not waiting:
        return None
    sources = listed(waiting)
    return DriftVerdict(
        likely="booked_by_others",
        says=f"somebody may have booked {sources} by hand",
        remedy=f"Look for it in NetSuite before what {sources} waits for is there: then it"
        " would be booked a second time.",
    )


def _no_sku(level: Level, some: str) -> DriftVerdict | None:
    if level.inventory_ids:
        return None
    return DriftVerdict(
        likely="sku_missing_in_shipbob",
        says="ShipBob has no such SKU",
        remedy=f"Move {some} to another location in NetSuite, or name ShipBob's SKU under [skus].",
    )


def _unclear(facts: StockFacts, level: Level, others: Sequence[Move]) -> DriftVerdict:
    counted = _counted(level)
    if others:
        return DriftVerdict(
            likely="several_movements",
            says=f"not told by one movement; there were {listed(map(_told, others))}",
            remedy=f"Look at these, {counted} {_BY_HAND}",
        )
    return DriftVerdict(
        likely="unknown",
        says=f"the movements can't be read: {facts.unread}"
        if facts.unread
        else f"no movement since {facts.looked_back_to} tells why; it may be older",
        remedy=f"Look further back, {counted} {_BY_HAND}",
    )


def _counted(level: Level) -> str:
    return f"have {level.sku} counted at ShipBob, and correct the system that is wrong."


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
    told = listed(map(_told, moves))
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
            f" ShipBob adjust {sku} by {units(-rest, sign=True)}. {_BY_HAND}",
        )
    return DriftVerdict(
        likely="adjusted_in_shipbob",
        says=f"ShipBob's {told}",
        remedy=f"If ShipBob counts right, adjust {sku} by {units(rest, sign=True)} in NetSuite;"
        f" else ask ShipBob to take it back. {_BY_HAND}",
    )


def _effect(move: Move) -> Decimal:
    return move.quantity if move.side == "shipbob" else -move.quantity


def _told(move: Move) -> str:
    return f"{move.what} of {move.day} ({units(move.quantity, sign=True)})"


def sentence(facts: StockFacts, drifts: Sequence[StockDifference]) -> str:
    """Return the sentence about the drifts of a location."""
    named = "; ".join(
        f"{one.level.sku}: ShipBob has {one.level.shipbob}, NetSuite {units(one.level.netsuite)}"
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
