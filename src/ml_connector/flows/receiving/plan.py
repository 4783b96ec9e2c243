"""What to book of a WRO beyond what is posted. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.receiving.booking import Task
from ml_connector.flows.receiving.documents import Booking, Increase, wro_mark
from ml_connector.flows.receiving.facts import ReceivingFacts, ReceivingOrder, StowedLine
from ml_connector.flows.receiving.over_receipt import from_order
from ml_connector.flows.receiving.unmatched_wro import without_order
from ml_connector.ledger.postings.documents import Document, Plan, Posted, SourceLine
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.rules.booked import booked_units, refuse_fewer_units
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.items import match, sku_of
from ml_connector.rules.locations import location_of
from ml_connector.rules.posting_dates import posting_date
from ml_connector.rules.refused import refusal
from ml_connector.rules.start_date import before_start
from ml_connector.rules.wro_lines import source_line
from ml_connector.shipbob.resources.receiving import COMPLETED, ENDED
from ml_connector.words import Cause, DocumentKind


def plan(facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what to book of a WRO beyond what is posted.

    Raises:
        NeedsData: the fulfillment center is not mapped, a SKU is no item in NetSuite yet,
            or the purchase order is not there. Nothing is planned then, so a WRO is never
            half booked.
        NeedsHuman: a quantity went down, a SKU is ambiguous, the order is closed, the
            period is closed, an account is missing; the remedy says what to do.
    """
    fact_date = _fact_date(facts, settings)
    too_old = before_start(fact_date, settings)
    if too_old:
        return refusal(source_lines(facts, settings), too_old)
    if settings.policies.receipts == "completed" and facts.status not in ENDED:
        waiting = "Waits for the WRO to be completed, as the policy receipts says"
        return Plan(note=waiting, waiting=waiting)
    raised = _raised(facts, booked_units(posted))
    if not raised:
        note = "Nothing was stowed beyond what is booked"
        return Plan(documents=_mark(facts, posted), note=note)
    location = location_of(facts.fulfillment_center_id, facts.fulfillment_center_name, settings)
    matched = match(
        {line.inventory_id: _sku(line) for line, _ in raised}, facts.matches, settings.skus
    )
    increases = [
        _increase(facts, line, quantity, matched.items[line.inventory_id])
        for line, quantity in raised
    ]
    task = Task(
        booking=_booking(facts, location, settings),
        increases=tuple(increases),
        posted=tuple(posted),
        settings=settings,
        mark=_mark(facts, posted),
        ended=facts.status in ENDED,
        unit_rates=facts.unit_rates,
    )
    decided = (
        without_order(task)
        if facts.purchase_order_number is None
        else from_order(_order(facts), task)
    )
    return msgspec.structs.replace(decided, bindings=matched.bindings)


def _booking(facts: ReceivingFacts, location: str, settings: ConnectionSettings) -> Booking:
    fact_date = _fact_date(facts, settings)
    return Booking(
        wro_id=facts.wro_id,
        number=1,
        location=location,
        fact_date=fact_date,
        date=posting_date(
            fact_date,
            facts.periods,
            settings.policies.closed_period,
            document=f"the receipt of WRO {facts.wro_id}",
        ),
    )


def _raised(facts: ReceivingFacts, booked: Mapping[str, int]) -> list[tuple[StowedLine, int]]:
    """Return the lines with more stowed than booked, and how much more.

    Raises:
        NeedsHuman: less is stowed than was booked.
    """
    stowed: dict[str, int] = defaultdict(int)
    raised: list[tuple[StowedLine, int]] = []
    for line in facts.lines:
        name = source_line(line.inventory_id, line.lot)
        stowed[name] += line.stowed
        if line.stowed > booked.get(name, 0):
            raised.append((line, line.stowed - booked.get(name, 0)))
    refuse_fewer_units(
        f"WRO {facts.wro_id}",
        booked,
        stowed,
        done=" were stowed",
        remedy_ends="receipt in NetSuite; nothing is taken out by itself.",
    )
    return raised


def _mark(facts: ReceivingFacts, posted: Sequence[Posted]) -> tuple[Document, ...]:
    told = facts.synced or any(document.kind == DocumentKind.WRO_MARK for document in posted)
    if facts.status != COMPLETED or told:
        return ()
    return (wro_mark(facts.wro_id),)


def _order(facts: ReceivingFacts) -> ReceivingOrder:
    number = facts.purchase_order_number
    if facts.is_transfer:
        raise NeedsHuman(
            f"WRO {facts.wro_id} carries the number of transfer order {number}, which NetSuite's"
            " REST service is not known to receive reliably",
            cause=Cause.TRANSFER_ORDER,
            remedy=(
                "Receive the transfer order by hand in NetSuite, with the units that are stowed;"
                " nothing is booked for this WRO."
            ),
        )
    if not facts.orders:
        raise NeedsData(
            f"NetSuite has no purchase order {number}, the number on WRO {facts.wro_id}",
            cause=Cause.PURCHASE_ORDER_NOT_FOUND,
            waiting_for=[AwaitedKind.PURCHASE_ORDER.named(number)],
            remedy=(
                "Enter the purchase order with this number, or correct the number on the WRO at"
                " ShipBob and replay."
            ),
        )
    if len(facts.orders) > 1:
        raise NeedsHuman(
            f"NetSuite has {len(facts.orders)} purchase orders with the number {number}",
            cause=Cause.PURCHASE_ORDER_NOT_FOUND,
            remedy="Make their numbers differ, then replay.",
        )
    order = facts.orders[0]
    if order.status not in PURCHASE_ORDER_RECEIVABLE:
        raise NeedsHuman(
            f"Purchase order {order.number} can't be received: its status is {order.status}"
            " (A pending approval, C rejected, H closed)",
            cause=Cause.PURCHASE_ORDER_CLOSED,
            remedy="Approve or reopen the order in NetSuite, then replay.",
            waiting_for=[AwaitedKind.PURCHASE_ORDER.named(number)],
        )
    return order


def _increase(facts: ReceivingFacts, line: StowedLine, quantity: int, item: ItemFact) -> Increase:
    if item.serialized or (item.lot_tracked and line.lot is None):
        raise NeedsHuman(
            f"WRO {facts.wro_id}: {line.sku} is tracked by lot or serial number in NetSuite, but"
            " ShipBob names none for these units",
            cause=Cause.LOT_TRACKED,
            remedy="Make the item lot-tracked at ShipBob as well, or receive it by hand.",
        )
    return Increase(
        inventory_id=line.inventory_id,
        sku=_sku(line),
        item=item,
        lot=line.lot if item.lot_tracked else None,
        lot_date=line.lot_date if item.lot_tracked else None,
        quantity=quantity,
    )


def _sku(line: StowedLine) -> str:
    return sku_of(line.inventory_id, line.sku).strip()


def source_lines(facts: ReceivingFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return what is stowed, one entry for each inventory id and lot."""
    fact_date = _fact_date(facts, settings)
    lines: dict[str, SourceLine] = {}
    for line in facts.lines:
        if line.stowed:
            name = source_line(line.inventory_id, line.lot)
            before = lines[name].quantity or 0 if name in lines else 0
            lines[name] = SourceLine(
                source_line=name,
                fact_date=fact_date,
                sku=line.sku,
                quantity=before + line.stowed,
                center=facts.fulfillment_center_id,
            )
    return tuple(lines.values())


def _fact_date(facts: ReceivingFacts, settings: ConnectionSettings) -> date:
    return facts.stowed_at.astimezone(settings.schedule.zone).date()
