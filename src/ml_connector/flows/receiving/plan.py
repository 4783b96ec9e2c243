"""Receiving: what ShipBob has stowed of a WRO becomes stock in NetSuite.

The truth is the cumulative *stowed* quantity per WRO, inventory id and lot (shipbob.md
section 9.4); only its increase over what is posted already is booked. A WRO with the
number of a purchase order is received from that order, every open line named explicitly
with its location (netsuite.md section 7.3); what the order does not expect any more goes
by the policy ``over_receipt``. A WRO without a number is an inventory adjustment, or waits
for a person, by the policy ``unmatched_wro``. When all of a completed WRO is booked,
ShipBob is told so (``setExternalSync``). A quantity that went down is shown to a person.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, Section, SweepResult
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.receiving.booking import Task, from_order, without_order
from ml_connector.flows.receiving.documents import Booking, Increase, source_line, wro_mark
from ml_connector.flows.receiving.read import (
    ReceivingOrder,
    StowedLine,
    by_lot,
    is_transfer,
    read_orders,
)
from ml_connector.flows.receiving.wake import PURCHASE_ORDER
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.postings.documents import Document, Plan, Posted, SourceLine
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.reads.reads import Reads
from ml_connector.rules import wake
from ml_connector.rules.booked import booked_units, refuse_fewer_units
from ml_connector.rules.facts import ItemFact, PeriodFact, stock_periods
from ml_connector.rules.items import MatchFacts, match, read_items
from ml_connector.rules.locations import location_of
from ml_connector.rules.posting_dates import posting_date
from ml_connector.rules.refused import refusal
from ml_connector.rules.start_date import before_start
from ml_connector.shipbob.payloads import Wro
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

_NOTHING_YET: Final = frozenset({"Awaiting", "AwaitingArrival", "Cancelled"})
_ENDED: Final = frozenset({"Completed", "Cancelled", "Incomplete"})


class ReceivingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one WRO sees.

    Attributes:
        stowed_at: when ShipBob last changed it; the moment of completion once completed.
        items: NetSuite's items by the item name that was asked for.
        bindings: what its SKUs were matched to before, by ShipBob's inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        orders: the purchase orders with the WRO's number; one, when all is well.
        is_transfer: the number is that of a transfer order.
        unit_rates: base units in one of each unit that its items are kept in, where readable.
        periods: posting periods from the one of ``stowed_at`` on; empty when unreadable.
    """

    wro_id: int
    status: str
    purchase_order_number: str | None
    fulfillment_center_id: int
    fulfillment_center_name: str
    stowed_at: datetime
    lines: tuple[StowedLine, ...]
    items: dict[str, tuple[ItemFact, ...]]
    orders: tuple[ReceivingOrder, ...]
    periods: tuple[PeriodFact, ...]
    synced: bool
    bindings: dict[int, Binding] = {}
    bound: dict[str, ItemFact] = {}
    unit_rates: dict[str, Decimal] = {}
    is_transfer: bool = False


async def read(key: str, reads: Reads) -> ReceivingFacts:
    """Gather a WRO, the items of its SKUs, its purchase order and the posting periods."""
    wro = await reads.wro(int(key))
    lines = [
        StowedLine(
            inventory_id=line.inventory_id,
            sku=(line.sku or await reads.sku(line.inventory_id) or "").strip() or None,
            expected=line.expected_quantity,
            stowed=line.stowed_quantity,
        )
        for line in wro.inventory_quantities
    ]
    stowed = [line for line in lines if line.stowed]
    matches = await read_items({line.inventory_id: line.sku for line in stowed if line.sku}, reads)
    items = [*chain.from_iterable(matches.named.values()), *matches.bound.values()]
    if any(item.lot_tracked for item in items):
        lines = by_lot(lines, await reads.boxes(wro.id))
    number = (wro.purchase_order_number or "").strip() or None
    stowed_at = _stowed_at(wro)
    orders = await read_orders(wro.id, number, stowed, items, reads) if number and stowed else ()
    return ReceivingFacts(
        wro_id=wro.id,
        status=wro.status,
        purchase_order_number=number,
        fulfillment_center_id=wro.fulfillment_center.id,
        fulfillment_center_name=wro.fulfillment_center.name,
        stowed_at=stowed_at,
        lines=tuple(lines),
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        unit_rates=await reads.units.rates({item.stock_unit for item in items if item.stock_unit}),
        orders=orders,
        is_transfer=bool(number and stowed and not orders and await is_transfer(number, reads)),
        periods=await stock_periods(stowed_at, reads) if stowed else (),
        synced=wro.external_sync_timestamp is not None,
    )


def _stowed_at(wro: Wro) -> datetime:
    """Return the moment of completion, or of the last change before it."""
    for change in wro.status_history:
        if change.status == "Completed" and change.timestamp is not None:
            return change.timestamp
    return wro.last_updated_date or wro.insert_date or datetime.fromtimestamp(0, UTC)


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
    if settings.policies.receipts == "completed" and facts.status not in _ENDED:
        waiting = "Waits for the WRO to be completed, as the policy receipts says"
        return Plan(note=waiting, waiting=waiting)
    raised = _raised(facts, booked_units(posted))
    mark = _mark(facts, posted)
    if not raised:
        return Plan(documents=mark, note="Nothing was stowed beyond what is booked")
    location = location_of(facts.fulfillment_center_id, facts.fulfillment_center_name, settings)
    matched = match(
        {line.inventory_id: _sku(line) for line, _ in raised},
        MatchFacts(facts.items, facts.bindings, facts.bound),
        settings.skus,
    )
    increases = [
        _increase(facts, line, quantity, matched.items[line.inventory_id])
        for line, quantity in raised
    ]
    booking = Booking(
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
    task = Task(
        booking=booking,
        increases=tuple(increases),
        posted=tuple(posted),
        settings=settings,
        mark=mark,
        ended=facts.status in _ENDED,
        unit_rates=facts.unit_rates,
    )
    decided = (
        without_order(task)
        if facts.purchase_order_number is None
        else from_order(_order(facts), task)
    )
    return msgspec.structs.replace(decided, bindings=matched.bindings)


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
    if facts.status != "Completed" or told:
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
    if line.sku is None:
        raise NeedsHuman(
            f"ShipBob's inventory item {line.inventory_id} has no SKU",
            cause=Cause.SKU_MISSING_IN_SHIPBOB,
            remedy="Give the product a SKU at ShipBob, then replay.",
        )
    return line.sku.strip()


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


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the WROs with something arrived that are not marked as booked yet."""
    async for wro in reads.open_wros(since):
        if wro.status not in _NOTHING_YET:
            changed = wro.last_updated_date
            version = changed.isoformat() if changed else ""
            yield SweepResult(key=str(wro.id), version=version, changed_at=changed)


FLOW: Final = Flow(
    name="receiving",
    source="wro",
    topics=frozenset(
        {
            "wro.created",
            "wro.updated",
            "wro.completed",
            "wro.box.arrived",
            "wro.box.scanned",
            "wro.box.stowed",
        }
    ),
    rules="receiving-2",
    facts=ReceivingFacts,
    read=read,
    plan=plan,
    source_lines=source_lines,
    schedule="sweep",
    sweep=sweep,
    wakings=(wake.SKU, wake.ITEM, wake.LOCATION, wake.ACCOUNT, wake.PERIOD, PURCHASE_ORDER),
    documents=frozenset(
        {ExternalIdPrefix.RECEIPT, ExternalIdPrefix.ADJUSTMENT, ExternalIdPrefix.WRO_MARK}
    ),
    sections=(
        Section(
            key="receipts",
            title="Receipts",
            facts="Receiving",
            kinds=frozenset({DocumentKind.ITEM_RECEIPT}),
            types=frozenset({"ItemRcpt"}),
            from_returns=False,
        ),
        Section(
            key="adjustments",
            title="Adjustments",
            kinds=frozenset({DocumentKind.INVENTORY_ADJUSTMENT}),
            types=frozenset({"InvAdjst"}),
            open_facts=False,
        ),
    ),
)
