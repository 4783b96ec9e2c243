"""Shipments whose order NetSuite does not have: adjusted out of stock, or not posted. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.decisions.decided import (
    is_adjusted_by_decision,
    separate_fulfillments,
)
from ml_connector.flows.tracking.documents import AdjustedUnits, ShipmentBooking, adjustment
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts, UnmatchedUnits
from ml_connector.flows.tracking.recognition.changes import changed_units, listed_changes, offsets
from ml_connector.flows.tracking.recognition.moved import moved, moved_from
from ml_connector.flows.tracking.recognition.named_shipments import certainly_names
from ml_connector.flows.tracking.recognition.the_order import (
    is_unmatched,
    is_without_order,
    without_order,
)
from ml_connector.flows.tracking.source_lines import source_lines
from ml_connector.flows.tracking.wake import changed_order
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.rules.adjustments import (
    Subsidiaries,
    adjustment_subsidiary,
    refuse_item_without_stock,
)
from ml_connector.rules.booked import standing
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.items import Matched, MatchFacts, match, sku_of
from ml_connector.rules.refused import refusal, refused
from ml_connector.words import Cause, DecisionKind, DocumentKind

_BY_HAND: Final = (
    "Enter the sales order, and it is fulfilled by itself; or adjust the stock by hand in"
    " NetSuite."
)


def not_fulfilled(facts: TrackingFacts, settings: ConnectionSettings) -> Plan | None:
    """Return the plan that refuses a shipment without an order, where the policy says so."""
    if settings.policies.unmatched_shipment != "ignore" or not is_unmatched(facts, settings):
        return None
    reason = f'{without_order(facts, settings)}, and unmatched_shipment = "ignore"'
    return refusal(source_lines(facts, settings), reason)


def adjusts(facts: TrackingFacts, settings: ConnectionSettings) -> bool:
    """Whether stock is adjusted for a shipment, as the policy says for one without an order."""
    if settings.policies.unmatched_shipment != "adjust" or facts.unmatched is None:
        return False
    if is_adjusted_by_decision(facts):
        return is_without_order(facts)
    return is_unmatched(facts, settings)


def adjust(
    facts: TrackingFacts, booking: ShipmentBooking, settings: ConnectionSettings, *, number: int
) -> Plan:
    """Take the units of a shipment without an order out of stock, at its location.

    Args:
        facts: of the shipment.
        booking: with the location that it left.
        settings: of the connection.
        number: of the adjustment, counted from 1 within the shipment.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: no account is set, or an item can't be adjusted. Each goes on also when the
            order appears.
    """
    try:
        return _adjust(facts, booking, settings, number)
    except (NeedsData, NeedsHuman) as error:
        awaited = AwaitedKind.SALES_ORDER.named(facts.awaited_order)
        error.waiting_for = (*error.waiting_for, awaited)
        raise


def _adjust(
    facts: TrackingFacts, booking: ShipmentBooking, settings: ConnectionSettings, number: int
) -> Plan:
    shipment, known = facts.shipment, facts.unmatched
    subject = f"Shipment {shipment.id}"
    account = settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"{subject} needs an inventory adjustment (no sales order), but no account is set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    if known is None or not shipment.units or booking.location is None:
        raise NeedsHuman(
            f"ShipBob names no units in shipment {shipment.id}, although it has shipped",
            cause=Cause.SKU_MISSING_IN_SHIPBOB,
            remedy=f"Find out from ShipBob what is in it. It then goes on by itself. {_BY_HAND}",
        )
    matched = matched_items(facts, settings)
    parts = parts_of(shipment, known, matched.items)
    for part in parts:
        _refuse_what_can_not_be_adjusted(part, known, subject)
    document = adjustment(
        booking,
        parts,
        account=account,
        subsidiary=adjustment_subsidiary(
            booking.location,
            Subsidiaries(known.location_subsidiaries, setting=settings.netsuite.subsidiary),
            subject,
        ),
        order=facts.reference or facts.order_number or "",
        number=number,
    )
    lines = source_lines(facts, settings)
    told = [line for line in lines if line.quantity is None]
    reason = f"{without_order(facts, settings)}; an inventory adjustment has no packages"
    return Plan(documents=(document,), refused=refused(told, reason), bindings=matched.bindings)


def counting(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Sequence[Posted]:
    """Return the documents of a shipment that count for what is decided next.

    An adjustment that a person took back counts no more as soon as there is something else to
    decide: a sales order is there by now, ShipBob says other units, or a person decided. Until
    then it stays taken back.
    """
    undone = [one for one in posted if one.undone]
    if not undone:
        return posted
    latest = undone[-1]
    is_ordered = any(one.status != SALES_ORDER_CANCELLED for one in facts.sales_orders)
    changed = changed_units(source_lines(facts, settings), [latest], latest.remote_id or "")
    decided = any(one.kind is not DecisionKind.ADJUST for one in facts.decisions)
    stays = not (is_ordered or changed or decided)
    return posted if stays else standing(posted)


def adjusted(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a shipment that was adjusted out of stock: nothing; else None.

    It is never fulfilled as well, whatever order appears later, while the adjustment stands.

    Raises:
        NeedsHuman: the units did not leave, others did, or somebody fulfilled them as well.
    """
    made = [one for one in posted if one.kind == DocumentKind.INVENTORY_ADJUSTMENT]
    if not made:
        return None
    document = next((one for one in reversed(made) if not one.undone), made[-1])
    lines = source_lines(facts, settings)
    told = [line for line in lines if line.quantity is None]
    changes = changed_units(lines, [document], document.remote_id or "")
    note = f"Its units went out of stock by inventory adjustment {_called(document)}"
    if document.undone:
        note += ", which a person took back: it is not posted again by itself"
        return Plan(note=note, refused=(*refused(told, note), *offsets(changes, note)))
    _refuse_not_left(facts.shipment, document)
    happened = _happened(facts, document, changes, settings)
    if happened:
        raise NeedsHuman(
            f"ShipBob has changed shipment {facts.shipment_id} since inventory adjustment"
            f" {_called(document)} was posted: {happened}",
            cause=Cause.SHIPMENT_CHANGED,
            remedy=(
                "Find out from ShipBob what has left. If what was posted has, ask ShipBob to"
                f" correct the shipment. Else {_take_back(document)}, and adjust the stock by hand"
                " in NetSuite. It then goes on by itself."
            ),
        )
    orders = [one for one in facts.sales_orders if one.status != SALES_ORDER_CANCELLED]
    _refuse_fulfilled_too(facts, document)
    if orders:
        note += (
            f"; sales order {', '.join(one.number for one in orders)}, which is there by now, is"
            " not fulfilled as well"
        )
    return Plan(note=note, refused=refused(told, note))


def _happened(
    facts: TrackingFacts,
    document: Posted,
    changes: Mapping[str, int],
    settings: ConnectionSettings,
) -> str:
    """Return, in words, what ShipBob has changed since a shipment was adjusted, if anything."""
    says: list[str] = []
    was = moved_from(facts, document.remote_id)
    if was is not None:
        place = settings.locations.get(str(facts.shipment.center_id))
        says.append(f"it was moved {moved(facts.shipment, was, place)}")
    if changes:
        says.append(f"it holds {listed_changes(facts.shipment, changes, [document])} now")
    return "; ".join(says)


def _refuse_not_left(shipment: ShipmentFact, document: Posted) -> None:
    if shipment.has_shipped:
        return
    cause = Cause.CANCELLED_AFTER_SHIPPING if shipment.is_cancelled else Cause.SHIPMENT_CHANGED
    raise NeedsHuman(
        f"Shipment {shipment.id} is {shipment.status} at ShipBob now, but inventory adjustment"
        f" {_called(document)} took its units out of stock",
        cause=cause,
        remedy=(
            f"If it does not leave, {_take_back(document)}. It then goes on by itself. If ShipBob"
            " still ships it, nothing."
        ),
    )


def _refuse_fulfilled_too(facts: TrackingFacts, document: Posted) -> None:
    """Stop where an item fulfilment of an order that appeared later has the same units."""
    others = separate_fulfillments(facts)
    for order in facts.sales_orders:
        for one in order.fulfillments:
            named = certainly_names(one, facts.shipment, facts.shipments)
            if named and one.id not in others:
                raise NeedsHuman(
                    f"The units of shipment {facts.shipment_id} are out of stock twice: by"
                    f" inventory adjustment {_called(document)}, and by item fulfilment"
                    f" {one.called} of {order.number}",
                    cause=Cause.FULFILLED_BY_OTHERS,
                    remedy=(
                        f"If the fulfilment is right, {_take_back(document)}. Otherwise delete the"
                        " fulfilment in NetSuite. It then goes on by itself."
                    ),
                    waiting_for=[changed_order(facts.sales_orders, facts.awaited_order)],
                )


def _take_back(document: Posted) -> str:
    return f"take the adjustment back with ml-connector journal undo {document.external_id}"


def _called(document: Posted) -> str:
    return f"{document.remote_id} ({document.external_id})"


def matched_items(facts: TrackingFacts, settings: ConnectionSettings) -> Matched:
    """Return the items of the units of a shipment without an order, by inventory id.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: an inventory item has no SKU, or a SKU matches several items.
    """
    known = facts.unmatched or UnmatchedUnits(skus={})
    wanted = {
        unit.inventory_id: sku_of(unit.inventory_id, known.skus.get(unit.inventory_id)).strip()
        for unit in facts.shipment.units
    }
    matches = MatchFacts(known.items, known.bindings, known.bound, known.near_items)
    return match(wanted, matches, settings.skus)


def parts_of(
    shipment: ShipmentFact, known: UnmatchedUnits, items: dict[int, ItemFact]
) -> list[AdjustedUnits]:
    """Return the units that leave, each source line once."""
    parts: dict[str, AdjustedUnits] = {}
    for unit in shipment.units:
        before = parts.get(unit.source_line)
        parts[unit.source_line] = AdjustedUnits(
            source_line=unit.source_line,
            sku=(known.skus.get(unit.inventory_id) or "").strip(),
            item=items[unit.inventory_id],
            quantity=unit.quantity + (before.quantity if before else 0),
        )
    return list(parts.values())


def _refuse_what_can_not_be_adjusted(
    part: AdjustedUnits, known: UnmatchedUnits, subject: str
) -> None:
    item = part.item
    refuse_item_without_stock(item, part.sku, subject)
    if item.lot_tracked or item.serialized:
        raise NeedsHuman(
            f"{subject} has no sales order, and {part.sku} is tracked by lot or serial number in"
            " NetSuite: which of them left is not adjusted by itself",
            cause=Cause.LOT_TRACKED,
            remedy=_BY_HAND,
        )
    rate = known.unit_rates.get(item.stock_unit or "", Decimal(1))
    if rate != 1:
        raise NeedsHuman(
            f"{subject} needs an inventory adjustment (no sales order), but {item.name} is kept in"
            f" a unit of {rate:f} base units, and ShipBob counts eaches",
            cause=Cause.UNIT_DIFFERS,
            remedy=_BY_HAND,
        )
