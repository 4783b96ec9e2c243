"""Ties both systems' stock out, place by place. Pure: no clock, no database, no network.

Nothing here asks what our flows believe to have posted. What they say of a fact (that it waits,
that it is refused) is only a name for a difference that was measured in both systems; where its
numbers do not fit exactly, it explains nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from ml_connector.reconcile.tie_out.exact import exact
from ml_connector.reconcile.tie_out.halves import halves, with_movements
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import (
    NOTHING,
    Balances,
    Side,
    TieItem,
    TieLine,
    TieOut,
    TiePlace,
)


def tie_out(balances: Balances, items: Iterable[TieItem], notes: Sequence[str] = ()) -> TieOut:
    """Tie a month out.

    Args:
        balances: of both systems.
        items: that may explain, of any place.
        notes: what could not be had, for a person.
    """
    found: dict[TiePlace, list[TieItem]] = defaultdict(list)
    for one in items:
        if one.quantity:
            found[one.place].append(one)
    by_place = {place: with_movements(some) for place, some in found.items()}
    lines = {
        place: line_of(
            place,
            balances.shipbob.get(place, NOTHING),
            balances.netsuite.get(place, NOTHING),
            by_place.get(place, ()),
        )
        for place in {*balances.shipbob, *balances.netsuite, *by_place}
    }
    _drop_halves(lines, by_place)
    return TieOut(
        basis=balances.basis,
        lines=tuple(sorted(lines.values(), key=lambda one: (not one.red, one.place))),
        notes=tuple(notes),
        named=balances.named,
    )


def _drop_halves(
    lines: dict[TiePlace, TieLine], by_place: Mapping[TiePlace, Sequence[TieItem]]
) -> None:
    """Tie places anew without items that explain at one of their two places only."""
    left = dict(by_place)
    while dropped := halves(lines, left):
        for place, items in left.items():
            kept = [one for one in items if one.pair not in dropped]
            if len(kept) < len(items):
                left[place], line = kept, lines[place]
                lines[place] = line_of(place, line.shipbob, line.netsuite, kept)


def line_of(place: TiePlace, shipbob: Side, netsuite: Side, items: Sequence[TieItem]) -> TieLine:
    """Tie one place out."""
    inside = _inside(place, shipbob, netsuite)
    carried = _carried(shipbob, netsuite)
    made = shipbob.moved - netsuite.moved + _sum(inside)
    told = _told(made, [*inside, *items]) if made or inside or items else _Told((), Decimal(0), ())
    return TieLine(
        place=place,
        shipbob=shipbob,
        netsuite=netsuite,
        gap=carried + made,
        carried=carried,
        items=told.items,
        unexplained=told.rest,
        hints=told.hints,
    )


class _Told(NamedTuple):
    """What a difference is made of, what is left of it, and what did not fit."""

    items: tuple[TieItem, ...]
    rest: Decimal
    hints: tuple[TieItem, ...]


def _told(made: Decimal, items: Sequence[TieItem]) -> _Told:
    """Say what a difference is made of.

    What stands for certain is taken first. What was refused, decided or waits counts unless other
    documents hold its units, or neither system has moved them. Of the others only those that fit
    to the unit explain.
    """
    by_standing: dict[str, list[TieItem]] = defaultdict(list)
    for one in items:
        by_standing["in_full" if one.certain else one.kind.rule.standing].append(one)
    refused, fitting = by_standing["booked_or_not"], by_standing["if_it_fits"]
    standing = [*by_standing["in_full"], *refused]
    rest = made - _sum(standing)
    ways = [_Way(rest, standing, fitting)]
    if rest:
        ways += [_way(rest, standing, fitting, some) for some in _booked(rest, refused, fitting)]
        ways += [
            _Way(rest + _sum(some), [one for one in standing if one not in some], fitting)
            for some in _nowhere(refused)
        ]
    for way in ways:
        if not way.rest:
            return _Told(tuple(way.used), Decimal(0), ())
    if not made and not by_standing["in_full"]:
        return _Told((), Decimal(0), ())  # both systems have moved as much, whatever it was for
    for way in reversed(ways):
        found = exact(way.rest, way.left)
        if found is not None:
            return _Told((*way.used, *_in_part(found, way.used)), Decimal(0), ())
    least = min(ways, key=lambda way: abs(way.rest))
    hints = (*least.left, *by_standing["never"])
    return _Told(tuple(least.used), least.rest, hints)


def _nowhere(refused: Sequence[TieItem]) -> list[list[TieItem]]:
    """Return what may have moved in neither system: what is open for one reason, all of it.

    Such as parcels that ShipBob has cancelled: the fact says so many units, and none has moved.
    """
    by_reason: dict[tuple[OpenKind, str], list[TieItem]] = defaultdict(list)
    for one in refused:
        by_reason[one.kind, one.reason].append(one)
    return list(by_reason.values())


def _in_part(found: Sequence[TieItem], standing: Sequence[TieItem]) -> Sequence[TieItem]:
    """Mark documents that hold a part of what waits, was decided, or a document of ours lacks.

    Somebody has booked it by hand: it is at ShipBob as well. What is open of it keeps the month
    open where it is told. What other documents hold of it already can't be held once more.
    """
    units = -_sum(found)
    lacking = [one for one in standing if one.kind.rule.in_part]
    most = _sum(one for one in lacking if (one.quantity > 0) == (units > 0))
    most += _sum(one for one in standing if one.kind is OpenKind.BOOKED_BY_OTHERS)
    is_more = most * units <= 0 or abs(units) > abs(most)
    if is_more or any(one.kind not in _BESIDE_OURS for one in found):
        return found
    return _marked(found)


def _marked(booked: Iterable[TieItem]) -> list[TieItem]:
    return [msgspec.structs.replace(one, kind=OpenKind.BOOKED_BY_OTHERS) for one in booked]


_BESIDE_OURS: Final = frozenset({OpenKind.MOVED_BY_OTHERS, OpenKind.CORRECTED})
"""Documents in NetSuite that no fact of ShipBob's has led to."""


class _Way(NamedTuple):
    """One way to read what was refused: what counts, what is left, and what may still fit."""

    rest: Decimal
    used: Sequence[TieItem]
    left: Sequence[TieItem]


def _way(
    rest: Decimal,
    standing: Sequence[TieItem],
    fitting: Sequence[TieItem],
    booked: Sequence[TieItem],
) -> _Way:
    """Return the way in which documents of others hold what was refused."""
    left = [one for one in fitting if one not in booked]
    return _Way(rest - _sum(booked), [*standing, *_marked(booked)], left)


def _booked(
    rest: Decimal, refused: Sequence[TieItem], fitting: Sequence[TieItem]
) -> list[list[TieItem]]:
    """Return sets of documents of others that hold exactly what was refused, or a part of it.

    Such a document moved in NetSuite what we did not: it takes the refusal's units back.

    Args:
        rest: what is left where nobody has booked what was refused.
        refused: lines.
        fitting: documents of others are among them.
    """
    documents = [one for one in fitting if one.kind in _BESIDE_OURS]
    held = _one_by_one(refused, documents)
    some = exact(-rest, [one for one, _ in held]) or ()
    sets = [
        list(exact(-_sum(refused), documents) or ()),
        _together(refused, documents),
        [document for _, document in held],
        [document for one, document in held if one in some],
    ]
    return [one for one in sets if one]


def _one_by_one(
    refused: Sequence[TieItem], documents: Sequence[TieItem]
) -> list[tuple[TieItem, TieItem]]:
    """Return what was refused with a document that holds just that, each document once."""
    held: list[tuple[TieItem, TieItem]] = []
    for one in refused:
        known = {id(document) for _, document in held}
        found = (
            document
            for document in documents
            if document.quantity == -one.quantity and id(document) not in known
        )
        held += [(one, document) for document in islice(found, 1)]
    return held


def _together(refused: Iterable[TieItem], documents: Sequence[TieItem]) -> list[TieItem]:
    """Return documents that hold exactly what was refused of some kinds, all of a kind at once."""
    by_kind: dict[OpenKind, list[TieItem]] = defaultdict(list)
    for one in refused:
        by_kind[one.kind].append(one)
    found: list[TieItem] = []
    for some in by_kind.values():
        left = [one for one in documents if not any(one is taken for taken in found)]
        found += exact(-_sum(some), left) or ()
    return found


def _inside(place: TiePlace, shipbob: Side, netsuite: Side) -> list[TieItem]:
    """Return where a system's own movements do not come to its own stock: no flow is blamed."""
    return [
        TieItem(
            kind=kind,
            place=place,
            quantity=quantity,
            says=(
                f"{system} opened with {side.opening}, moved {side.moved}, and closes with"
                f" {side.closing}"
            ),
        )
        for kind, system, side, quantity in (
            (OpenKind.INSIDE_SHIPBOB, "ShipBob", shipbob, shipbob.inside),
            (OpenKind.INSIDE_NETSUITE, "NetSuite", netsuite, -netsuite.inside),
        )
        if quantity
    ]


def _carried(shipbob: Side, netsuite: Side) -> Decimal:
    if shipbob.opening is None or netsuite.opening is None:
        return Decimal(0)
    return shipbob.opening - netsuite.opening


def _sum(items: Iterable[TieItem]) -> Decimal:
    return sum((one.quantity for one in items), Decimal(0))


def totals(lines: Iterable[TieLine]) -> Mapping[str, Decimal]:
    """Return the stock on hand of both sides and what moved, over all places."""
    sums: dict[str, Decimal] = dict.fromkeys(_SUMMED, Decimal(0))
    for one in lines:
        for name, value in figures(one).items():
            sums[name] += value
    return sums


def figures(line: TieLine) -> Mapping[str, Decimal]:
    """Return the numbers of a place, as every output shows them."""
    sides = {"shipbob": line.shipbob, "netsuite": line.netsuite}
    return {
        **{
            f"{name}_{part}": value
            for name, side in sides.items()
            for part, value in (
                ("opening", side.opened),
                ("moved", side.moved),
                ("closing", side.closed),
            )
        },
        "gap": line.gap,
        "carried": line.carried,
        "explained": line.told,
        "unexplained": line.unexplained,
    }


_SUMMED: Final = (
    *("shipbob_opening", "shipbob_moved", "shipbob_closing"),
    *("netsuite_opening", "netsuite_moved", "netsuite_closing"),
    *("gap", "carried", "explained", "unexplained"),
)
