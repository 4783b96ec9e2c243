"""Units that are booked elsewhere than where they lie: an item at each of the two places. Pure.

They are missing at one place and too many at the other. What fits at one of them alone is another
thing with as many units, unless ShipBob itself moved just so many there: then they are under way.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import TieItem, TieLine, TiePlace


def with_movements(items: Sequence[TieItem]) -> list[TieItem]:
    """Return the items of a place, those of pairs together with ShipBob's own movement of them.

    Only where just one movement has their units; it is no reason of its own then.
    """
    paired = [one for one in items if one.pair]
    if not paired:
        return list(items)
    taken: list[TieItem] = []
    whole: list[TieItem] = []
    for one in paired:
        alike = [
            movement
            for movement in items
            if movement.kind is OpenKind.MOVED_AT_SHIPBOB and movement.quantity == one.quantity
        ]
        several = sum(other.quantity == one.quantity for other in paired) > 1
        if len(alike) == 1 and not several:
            taken += alike
            whole.append(replace(one, documents=alike[0].documents, pair=""))
        else:
            whole.append(one)
    left = [one for one in items if not one.pair and not any(one is some for some in taken)]
    return [*left, *whole]


def halves(
    lines: Mapping[TiePlace, TieLine], by_place: Mapping[TiePlace, Sequence[TieItem]]
) -> set[str]:
    """Return the pairs that explain at some of their places, and not at all of them."""
    places: dict[str, set[TiePlace]] = defaultdict(set)
    explaining: dict[str, set[TiePlace]] = defaultdict(set)
    for place, items in by_place.items():
        for one in items:
            if one.pair:
                places[one.pair].add(place)
    for place in {place for some in places.values() for place in some}:
        for one in lines[place].items:
            if one.pair:
                explaining[one.pair].add(place)
    return {pair for pair, some in explaining.items() if some != places[pair]}
