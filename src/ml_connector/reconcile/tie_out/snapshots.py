"""Ties a month out from stored comparisons of stock, where ShipBob no longer tells. Pure.

The last comparison before the month began and the last one before it ended saw both systems at
the same moments. What moved in between is known as a sum only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieItem, TieOut, TiePlace

NONE_KEPT: Final = (
    "Stock is not tied out: the month is too long ago to ask ShipBob's history, and no comparison"
    " of stock from its first and last days is kept."
)


class KeptOpen(NamedTuple):
    """Units that were open when stock was compared, and why: what ShipBob had more of."""

    sku: str
    quantity: Decimal
    says: str


class KeptStock(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison saw at one location.

    Attributes:
        taken_at: when.
        shipbob, netsuite: on hand, by SKU.
        open: what accounted for a difference.
    """

    taken_at: datetime
    shipbob: Mapping[str, Decimal]
    netsuite: Mapping[str, Decimal]
    open: tuple[KeptOpen, ...] = ()


Kept = Mapping[str, KeptStock]
"""What comparisons saw, by location."""


def tied(before: Kept, after: Kept, locations: Collection[str], zone: ZoneInfo) -> TieOut | str:
    """Tie a month out from what was seen before it began and before it ended.

    Args:
        before: what was seen before it began, by location; those that were not compared are
            left out.
        after: what was seen before it ended.
        locations: that are mapped.
        zone: the merchant's.

    Returns:
        A sentence where no location was compared both times.
    """
    both = sorted(set(locations) & before.keys() & after.keys())
    if not both:
        return NONE_KEPT
    sides: dict[str, dict[TiePlace, Side]] = {"shipbob": {}, "netsuite": {}}
    for location in both:
        first, last = before[location], after[location]
        skus = {*first.shipbob, *first.netsuite, *last.shipbob, *last.netsuite}
        for sku in sorted(skus):
            place = TiePlace(sku, location)
            sides["shipbob"][place] = _side(first.shipbob, last.shipbob, sku)
            sides["netsuite"][place] = _side(first.netsuite, last.netsuite, sku)
    items = [item for location in both for item in _open(location, before, after)]
    return tie_out(
        Balances(basis="snapshots", shipbob=sides["shipbob"], netsuite=sides["netsuite"]),
        items,
        tuple(_notes(before, after, locations, zone)),
    )


def _side(first: Mapping[str, Decimal], last: Mapping[str, Decimal], sku: str) -> Side:
    opening, closing = first.get(sku, Decimal(0)), last.get(sku, Decimal(0))
    return Side(opening=opening, moved=closing - opening, closing=closing)


def _open(location: str, before: Kept, after: Kept) -> Iterator[TieItem]:
    """Yield what was open at the end, and, taken back, what was open at the beginning."""
    for kind, kept, sign in (
        (OpenKind.WAITING, after[location], 1),
        (OpenKind.POSTED_FROM_EARLIER, before[location], -1),
    ):
        for one in kept.open:
            yield TieItem(
                kind=kind,
                place=TiePlace(one.sku, location),
                quantity=one.quantity * sign,
                says=one.says,
                certain=True,
            )


def _notes(before: Kept, after: Kept, locations: Collection[str], zone: ZoneInfo) -> Iterator[str]:
    seen: dict[tuple[str, str], list[str]] = defaultdict(list)
    for location in sorted(locations):
        if location in before and location in after:
            times = (before[location].taken_at, after[location].taken_at)
            first, last = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in times)
            seen[first, last].append(location)
        else:
            yield (
                f"Location {location} is not tied out: its stock was not compared at the"
                " beginning and the end of the month."
            )
    for (first, last), some in sorted(seen.items()):
        yield (
            "The month is too long ago to ask ShipBob's history. The stock of"
            f" {'location' if len(some) == 1 else 'locations'} {', '.join(some)} is that of the"
            f" comparisons of {first} and {last}: what moved in between is known as a sum only."
        )
