"""The WROs of an order: which are ours, where they lead and what they still bring. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.open_units import OpenUnits
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.locations import unmapped_place
from ml_connector.shipbob.resources.receiving import CANCELLED, ENDED
from ml_connector.words import Cause, DocumentKind

LISTED_AFTER_SECONDS: Final = 5.0
"""After how long to look again for what was just made at ShipBob."""


class OrderWros(NamedTuple):
    """The WROs with one of an order's numbers that were not cancelled.

    Attributes:
        standing: whoever made them.
        ours: ids of those that we made, cancelled ones included.
    """

    standing: tuple[WroFact, ...]
    ours: frozenset[int]

    @property
    def standing_ours(self) -> list[WroFact]:
        """The standing ones that we made."""
        return [wro for wro in self.standing if wro.id in self.ours]


def wros_of(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> OrderWros:
    """Return an order's WROs that were not cancelled, as ShipBob or our books say.

    Raises:
        Retryable: one that we made is not listed: a WRO just made may take seconds to show
            (shipbob.md section 8).
    """
    made = {document.remote_id: document for document in made_wros(posted)}
    listed = {str(wro.id) for wro in facts.wros}
    hidden = [document for remote_id, document in made.items() if remote_id not in listed]
    if hidden and facts.number:
        raise Retryable(
            f"{hidden[0].external_id} was made as WRO {hidden[0].remote_id}, but ShipBob does not"
            " list it yet",
            cause=Cause.RECORD_NOT_FOUND,
            retry_after_seconds=LISTED_AFTER_SECONDS,
        )
    cancelled = cancelled_by_us(posted)
    return OrderWros(
        standing=tuple(
            wro for wro in facts.wros if wro.status != CANCELLED and str(wro.id) not in cancelled
        ),
        ours=frozenset(int(remote_id) for remote_id in made if remote_id),
    )


def made_wros(posted: Sequence[Posted]) -> list[Posted]:
    """Return the WROs that we made, cancelled ones included."""
    return [
        document for document in posted if document.kind == DocumentKind.WRO and document.remote_id
    ]


def cancelled_by_us(posted: Sequence[Posted]) -> set[str | None]:
    """Return ShipBob's ids of the WROs that we cancelled."""
    return {
        document.remote_id for document in posted if document.kind == DocumentKind.WRO_CANCELLATION
    }


def location_of_wro(facts: PurchaseOrderFacts, wro: WroFact, settings: ConnectionSettings) -> str:
    """Return the location that a WRO leads to: that of its center, or of the hub before it.

    Raises:
        NeedsData: neither is mapped, so that it can't be told what the WRO covers.
    """
    center = wro.fulfillment_center_id
    location = settings.locations.get(str(center))
    if location is None:
        raise unmapped_place(
            center,
            place=(
                f"WRO {wro.number} ({wro.id}) of {facts.number} is at fulfillment center {center},"
                " which"
            ),
            remedy_ends=(
                ": hubs as well as the centers behind them; then apply the connection again."
            ),
        )
    return location


def not_on_its_way(
    facts: PurchaseOrderFacts, units: Sequence[OpenUnits], wros: Sequence[WroFact]
) -> list[OpenUnits]:
    """Return what is open at a location and on none of the WROs that lead there.

    Args:
        facts: of the order.
        units: what is open.
        wros: without those that are cancelled and made anew.

    Raises:
        NeedsHuman: more is on its way than the order still expects.
    """
    rest: list[OpenUnits] = []
    too_many: list[WroFact] = []
    for one in units:
        coming = sum(wro.on_its_way(one.inventory_id) for wro in wros)
        if coming > one.quantity:
            too_many += [
                wro for wro in wros if wro.status not in ENDED and wro.on_its_way(one.inventory_id)
            ]
        elif coming < one.quantity:
            rest.append(one._replace(quantity=one.quantity - coming))
    if too_many:
        raise order_changed(facts, too_many, "expects less than is on its way")
    return rest


def announced(wros: Sequence[WroFact]) -> dict[int, int]:
    """Return the units that WROs announce, by inventory id."""
    units: dict[int, int] = defaultdict(int)
    for wro in wros:
        for inventory_id, quantity in wro.expected.items():
            units[inventory_id] += quantity
    return dict(units)


def order_changed(facts: PurchaseOrderFacts, wros: Sequence[WroFact], how: str) -> NeedsHuman:
    """Return the failure of an order that changed when ShipBob had begun with its WROs."""
    numbers = ", ".join(sorted({f"{wro.number} ({wro.id})" for wro in wros}))
    return NeedsHuman(
        f"Order {facts.number or facts.order_id} {how}, and ShipBob has begun with WRO {numbers}",
        cause=Cause.PURCHASE_ORDER_CHANGED,
        remedy="Settle with ShipBob what becomes of the goods; nothing is changed by itself.",
    )


def next_number(facts: PurchaseOrderFacts) -> int:
    """Return 1 for ``PO123`` when no WRO has any of the order's numbers, else the next."""
    taken = [0]
    for wro in facts.wros:
        suffix = re.fullmatch(re.escape(facts.number) + r"(?:-(\d+))?", wro.number)
        if suffix:
            taken.append(int(suffix[1] or 1))
    return max(taken) + 1
