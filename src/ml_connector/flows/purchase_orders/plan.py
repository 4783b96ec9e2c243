"""Which WROs and products should exist at ShipBob for an order. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.flows.purchase_orders.documents import (
    arrival,
    cancellation,
    product,
    wro_announcement,
)
from ml_connector.flows.purchase_orders.facts import OVER, PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.open_units import (
    STOCKED,
    OpenUnits,
    centers_by_location,
    open_units,
)
from ml_connector.flows.purchase_orders.products import unknown
from ml_connector.ledger.postings.documents import Document, Plan, Posted, SourceLine
from ml_connector.netsuite.statuses import (
    PURCHASE_ORDER_OPEN,
    PURCHASE_ORDER_RECEIVED,
    PURCHASE_ORDER_UNAPPROVED,
)
from ml_connector.rules.locations import unmapped_place
from ml_connector.rules.start_date import is_before_start
from ml_connector.words import Cause, DocumentKind

_AWAITED: Final = frozenset({"Awaiting", "AwaitingArrival"})
_MOST_SKUS: Final = 10_000

_LISTED_AFTER_SECONDS: Final = 5.0


def plan(
    facts: PurchaseOrderFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    """Decide which WROs should exist for an order beyond those that do.

    Raises:
        NeedsData: ShipBob does not know a SKU, or a WRO is at an unmapped center.
        NeedsHuman: a fraction of a unit or a lot-tracked product is ordered, a location has
            several fulfillment centers, a transfer order has the number of a purchase order,
            the role sees the order no more, or the order was reduced when its stock was on
            its way already.
        Retryable: a WRO that was just made is not listed yet.
    """
    none_of_ours = _none_of_ours(facts, settings)
    if none_of_ours:
        return Plan(note=none_of_ours)
    ours = _ours(facts, posted)
    wros = _standing(facts, posted)
    if not facts.number:
        return _gone(facts, posted)
    if facts.status not in PURCHASE_ORDER_OPEN:
        return _no_more(facts, [wro for wro in wros if wro.id in ours])
    new_products = _new_products(facts, settings)
    if new_products:
        return Plan(
            documents=new_products,
            remaining_failure=Retryable(
                f"Products of {facts.number} were just made at ShipBob",
                cause=Cause.SKU_MISSING_IN_SHIPBOB,
                retry_after_seconds=_LISTED_AFTER_SECONDS,
            ),
        )
    documents: list[Document] = []
    number = _next_number(facts)
    wanted = open_units(facts, settings)
    for center, units in sorted(wanted.by_center.items()):
        there = [
            wro for wro in wros if _location(facts, wro, settings) == _place(center, settings)
        ]
        awaited = [wro for wro in there if wro.status in _AWAITED and wro.id in ours]
        rest = _missing(facts, units, there, spared=awaited)
        if _announced(awaited) == {one.inventory_id: one.quantity for one in rest}:
            continue
        documents += [cancellation(wro.id, wro.number) for wro in awaited]
        for part in _parts(rest):
            documents.append(
                wro_announcement(
                    order_id=facts.order_id,
                    order_number=facts.number,
                    part_number=number,
                    center=center,
                    items=[(one.inventory_id, one.quantity) for one in part],
                    arrival=arrival(
                        [one.expected for one in part], facts.read_at, settings.schedule.zone
                    ),
                )
            )
            number += 1
    note = ""
    if not wanted.by_center:
        note = f"{facts.number} has no open line at a location of ShipBob"
    elif not documents:
        note = f"All that {facts.number} still expects is on its way"
    return Plan(documents=tuple(documents), note=note, bindings=wanted.bindings)


def _none_of_ours(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> str:
    """Return why an order is not to be announced at all; empty where it is.

    Raises:
        NeedsHuman: a transfer order has the number of a purchase order.
    """
    here = set(settings.locations.values())
    if is_before_start(facts.ordered_on, settings):
        begins = settings.start_date
        return f"{facts.number} was ordered before the start date {begins}: not announced"
    if facts.unreadable:
        return (
            f"{facts.number} is a transfer order, which the role may not read: not announced."
            ' Give it "Transfer Order" (View) if it should be'
        )
    if facts.moved_from in here:
        return (
            f"{facts.number} moves stock between two locations of ShipBob, which sees to its own"
            " moves: not announced"
        )
    if facts.shares_number and any(line.location in here for line in facts.lines):
        raise NeedsHuman(
            f"{facts.number} is the number of a transfer order and of a purchase order, so"
            " nobody could tell whose goods arrive",
            cause=Cause.TRANSFER_ORDER,
            remedy="Give one of the two another number in NetSuite, then replay.",
        )
    return ""


def _new_products(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> tuple[Document, ...]:
    """Return the products to make for open lines whose SKU ShipBob has never heard of.

    Only by the policy ``missing_product``; a SKU that is there and inactive is a person's.
    """
    if settings.policies.missing_product != "create":
        return ()
    centers = centers_by_location(facts, settings)
    wanted = {
        line.ordered_item
        for line in facts.lines
        if line.open_quantity and line.location in centers and line.item_type in STOCKED
    }
    return tuple(
        product(facts.order_id, sku, item.names[0])
        for sku, item in sorted(unknown(wanted, facts.products, settings.skus).items())
    )


def _ours(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> frozenset[int]:
    """Return the ids of the WROs that we made.

    Raises:
        Retryable: one of them is not listed: a WRO just made may take seconds to show
            (shipbob.md section 8).
    """
    made = [
        document for document in posted if document.kind == DocumentKind.WRO and document.remote_id
    ]
    listed = {wro.id for wro in facts.wros}
    hidden = [document for document in made if int(document.remote_id or 0) not in listed]
    if hidden and facts.number:
        raise Retryable(
            f"{hidden[0].external_id} was made as WRO {hidden[0].remote_id}, but ShipBob does not"
            " list it yet",
            cause=Cause.RECORD_NOT_FOUND,
            retry_after_seconds=_LISTED_AFTER_SECONDS,
        )
    return frozenset(int(document.remote_id or 0) for document in made)


def _standing(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> list[WroFact]:
    """Return the WROs that were not cancelled, by ShipBob's word or by ours."""
    taken_back = {
        document.remote_id for document in posted if document.kind == DocumentKind.WRO_CANCELLATION
    }
    return [
        wro for wro in facts.wros if wro.status != "Cancelled" and str(wro.id) not in taken_back
    ]


def _place(center: int, settings: ConnectionSettings) -> str | None:
    return settings.locations.get(str(center))


def _location(facts: PurchaseOrderFacts, wro: WroFact, settings: ConnectionSettings) -> str:
    """Return the location that a WRO leads to: that of its center, or of the hub before it.

    Raises:
        NeedsData: neither is mapped, so that it can't be told what the WRO covers.
    """
    center = wro.fulfillment_center_id
    location = _place(center, settings)
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


def _gone(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> Plan:
    """Cancel the WROs of a deleted order; ShipBob refuses where it has begun with one.

    Nothing can have been received from an order that NetSuite let somebody delete.

    Raises:
        NeedsHuman: it has WROs, and may only be hidden from the role.
    """
    taken_back = {
        document.remote_id for document in posted if document.kind == DocumentKind.WRO_CANCELLATION
    }
    left = [
        document
        for document in posted
        if document.kind == DocumentKind.WRO
        and document.remote_id
        and document.remote_id not in taken_back
    ]
    if not facts.hidden:
        return Plan(
            documents=tuple(
                cancellation(int(document.remote_id or 0), document.external_id)
                for document in left
            ),
            note="The order was deleted in NetSuite",
        )
    if left:
        raise NeedsHuman(
            f"NetSuite shows order {facts.order_id} no more, and does not say that it was deleted;"
            f" its WRO {left[0].remote_id} stands at ShipBob",
            cause=Cause.PERMISSION_MISSING,
            remedy=(
                "Let the role see the order again (Purchase Order or Transfer Order, View, and its"
                " subsidiary), then apply the connection again; or cancel the WRO at ShipBob."
            ),
        )
    return Plan(note=f"NetSuite shows no order {facts.order_id}")


def _no_more(facts: PurchaseOrderFacts, ours: Sequence[WroFact]) -> Plan:
    """Take back what ShipBob still awaits of an order that expects nothing any more.

    Raises:
        NeedsHuman: the order was closed or deleted when its stock was on its way already.
    """
    live = [wro for wro in ours if wro.status not in OVER]
    if facts.status in PURCHASE_ORDER_UNAPPROVED | PURCHASE_ORDER_RECEIVED:
        return Plan(note=f"Order {facts.number} is not open for receiving ({facts.status})")
    started = [wro for wro in live if wro.status not in _AWAITED]
    return Plan(
        documents=tuple(
            cancellation(wro.id, wro.number) for wro in live if wro.status in _AWAITED
        ),
        remaining_failure=_changed(facts, started, "was closed or deleted") if started else None,
    )


def _missing(
    facts: PurchaseOrderFacts,
    units: Sequence[OpenUnits],
    wros: Sequence[WroFact],
    *,
    spared: Sequence[WroFact],
) -> list[OpenUnits]:
    """Return what is open and on no WRO but the awaited ones, which can be made anew.

    Raises:
        NeedsHuman: more is on its way than the order still expects.
    """
    rest: list[OpenUnits] = []
    too_many: list[WroFact] = []
    for one in units:
        others = [wro for wro in wros if wro not in spared]
        coming = sum(wro.on_its_way(one.inventory_id) for wro in others)
        if coming > one.quantity:
            too_many += [
                wro
                for wro in others
                if wro.status not in OVER and wro.on_its_way(one.inventory_id)
            ]
        elif coming < one.quantity:
            rest.append(one._replace(quantity=one.quantity - coming))
    if too_many:
        raise _changed(facts, too_many, "expects less than is on its way")
    return rest


def _changed(facts: PurchaseOrderFacts, wros: Sequence[WroFact], how: str) -> NeedsHuman:
    numbers = ", ".join(sorted({f"{wro.number} ({wro.id})" for wro in wros}))
    return NeedsHuman(
        f"Order {facts.number or facts.order_id} {how}, and ShipBob has begun with WRO {numbers}",
        cause=Cause.PURCHASE_ORDER_CHANGED,
        remedy="Settle with ShipBob what becomes of the goods; nothing is changed by itself.",
    )


def _announced(wros: Sequence[WroFact]) -> dict[int, int]:
    units: dict[int, int] = defaultdict(int)
    for wro in wros:
        for inventory_id, quantity in wro.expected.items():
            units[inventory_id] += quantity
    return dict(units)


def _parts(units: Sequence[OpenUnits]) -> list[Sequence[OpenUnits]]:
    return [units[start : start + _MOST_SKUS] for start in range(0, len(units), _MOST_SKUS)]


def _next_number(facts: PurchaseOrderFacts) -> int:
    """Return 1 for ``PO123`` when no WRO has any of the order's numbers, else the next."""
    taken = [0]
    for wro in facts.wros:
        suffix = re.fullmatch(re.escape(facts.number) + r"(?:-(\d+))?", wro.number)
        if suffix:
            taken.append(int(suffix[1] or 1))
    return max(taken) + 1


def source_lines(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return none: announcing moves no stock. What arrives is receiving's to account for."""
    del facts, settings
    return ()
