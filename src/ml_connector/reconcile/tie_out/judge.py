"""Ties both systems' stock out, place by place. Pure: no clock, no database, no network.

Nothing here asks what our flows believe to have posted. What they say of a fact (that it waits,
that it is refused) is only a name for a difference that was measured in both systems; where its
numbers do not fit exactly, it explains nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import msgspec

from ml_connector.reconcile.tie_out.exact import exact
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import (
    NOTHING,
    Balances,
    OpenItem,
    Place,
    Side,
    TieLine,
    TieOut,
)


def tie_out(balances: Balances, items: Iterable[OpenItem], notes: Sequence[str] = ()) -> TieOut:
    """Tie a month out.

    Args:
        balances: of both systems.
        items: that may explain, of any place.
        notes: what could not be had, for a person.
    """
    by_place: dict[Place, list[OpenItem]] = defaultdict(list)
    for one in items:
        if one.quantity:
            by_place[one.place].append(one)
    lines = [
        line_of(
            place,
            balances.shipbob.get(place, NOTHING),
            balances.netsuite.get(place, NOTHING),
            by_place.get(place, ()),
        )
        for place in {*balances.shipbob, *balances.netsuite, *by_place}
    ]
    return TieOut(
        basis=balances.basis,
        lines=tuple(sorted(lines, key=lambda one: (not one.red, one.place))),
        notes=tuple(notes),
    )


def line_of(place: Place, shipbob: Side, netsuite: Side, items: Sequence[OpenItem]) -> TieLine:
    """Tie one place out."""
    inside = _inside(place, shipbob, netsuite)
    carried = _carried(shipbob, netsuite)
    made = shipbob.moved - netsuite.moved + _sum(inside)
    told = _told(made, [*inside, *items]) if made or items else _Told((), Decimal(0), ())
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

    items: tuple[OpenItem, ...]
    rest: Decimal
    hints: tuple[OpenItem, ...]


def _told(made: Decimal, items: Sequence[OpenItem]) -> _Told:
    """Say what a difference is made of.

    What stands for certain is taken first. What was refused or decided counts unless documents
    of others hold exactly its units. Of the others only those that fit to the unit explain.
    """
    by_standing: dict[str, list[OpenItem]] = defaultdict(list)
    for one in items:
        by_standing[one.kind.rule.standing].append(one)
    refused, fitting = by_standing["booked_or_not"], by_standing["if_it_fits"]
    standing = [*by_standing["in_full"], *refused]
    rest = made - _sum(standing)
    ways = [_Way(rest, standing, fitting)]
    if rest:
        ways += [_way(rest, standing, fitting, some) for some in _booked(rest, refused, fitting)]
    for way in ways:
        if not way.rest:
            return _Told(tuple(way.used), Decimal(0), ())
    for way in reversed(ways):
        found = exact(way.rest, way.left)
        if found is not None:
            return _Told((*way.used, *found), Decimal(0), ())
    least = min(ways, key=lambda way: abs(way.rest))
    return _Told(tuple(least.used), least.rest, tuple(least.left))


class _Way(NamedTuple):
    """One way to read what was refused: what counts, what is left, and what may still fit."""

    rest: Decimal
    used: Sequence[OpenItem]
    left: Sequence[OpenItem]


def _way(
    rest: Decimal,
    standing: Sequence[OpenItem],
    fitting: Sequence[OpenItem],
    booked: Sequence[OpenItem],
) -> _Way:
    """Return the way in which documents of others hold what was refused."""
    marked = [msgspec.structs.replace(one, kind=OpenKind.BOOKED_BY_OTHERS) for one in booked]
    left = [one for one in fitting if one not in booked]
    return _Way(rest - _sum(booked), [*standing, *marked], left)


def _booked(
    rest: Decimal, refused: Sequence[OpenItem], fitting: Sequence[OpenItem]
) -> list[list[OpenItem]]:
    """Return sets of documents of others that hold exactly what was refused, or a part of it.

    Such a document moved in NetSuite what we did not: it takes the refusal's units back.

    Args:
        rest: what is left where nobody has booked what was refused.
        refused: lines.
        fitting: documents of others are among them.
    """
    documents = [one for one in fitting if one.kind is OpenKind.MOVED_BY_OTHERS]
    held: list[tuple[OpenItem, OpenItem]] = []
    for one in refused:
        known = {id(document) for _, document in held}
        found = (
            document
            for document in documents
            if document.quantity == -one.quantity and id(document) not in known
        )
        held += [(one, document) for document in islice(found, 1)]
    some = exact(-rest, [one for one, _ in held]) or ()
    sets = [
        list(exact(-_sum(refused), documents) or ()),
        [document for _, document in held],
        [document for one, document in held if one in some],
    ]
    return [one for one in sets if one]


def _inside(place: Place, shipbob: Side, netsuite: Side) -> list[OpenItem]:
    """Return where a system's own movements do not come to its own stock: no flow is blamed."""
    return [
        OpenItem(
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


def _sum(items: Iterable[OpenItem]) -> Decimal:
    return sum((one.quantity for one in items), Decimal(0))


def totals(lines: Iterable[TieLine]) -> Mapping[str, Decimal]:
    """Return the stock on hand of both sides and what moved, over all places."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for one in lines:
        for name, side in (("shipbob", one.shipbob), ("netsuite", one.netsuite)):
            sums[f"{name}_opening"] += side.opening or 0
            sums[f"{name}_moved"] += side.moved
            sums[f"{name}_closing"] += side.closing or 0
        sums["gap"] += one.gap
        sums["unexplained"] += one.unexplained
    return dict(sums)
