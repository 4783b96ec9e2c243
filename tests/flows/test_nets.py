"""Whatever a plan would book or show is in the net, and the sweeps of a day find all of the net.

Subjects in all states that the two systems document and some that they don't, with and without
dates, numbers and marks, made at any time of the last 110 days, few and many.
"""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from hypothesis import given
from hypothesis import settings as of_examples
from hypothesis import strategies as st
from listing import Lists

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine import rounds
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError
from ml_connector.flows import billing, purchase_orders, receiving, returns, tracking
from ml_connector.flows.purchase_orders.facts import OrderedLine, PurchaseOrderFacts
from ml_connector.flows.receiving import net as of_wros
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.flows.returns import net as of_returns
from ml_connector.flows.returns.facts import Done, ReturnedLine, ReturnFacts
from ml_connector.flows.tracking import net as of_shipments
from ml_connector.flows.tracking.facts import TrackingFacts, shipment_fact
from ml_connector.flows.tracking.sales_orders import (
    FulfilledUnits,
    FulfillmentFact,
    SalesOrderFact,
)
from ml_connector.ledger.decisions.kept import NoDecisions
from ml_connector.ledger.postings.documents import JournalLine, Posted
from ml_connector.ledger.sources.charges import Kept
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import order_polls
from ml_connector.netsuite.statuses import PURCHASE_ORDER_KNOWN
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import FulfillmentCenter, StatusChange, Wro, WroLine
from ml_connector.shipbob.resources.receiving import AT_WORK
from ml_connector.shipbob.resources.returns import ActionTaken, Return, ReturnLine
from ml_connector.shipbob.resources.shipments import (
    Order,
    Place,
    Shipment,
    ShippedItem,
    ShippedProduct,
    Tracking,
)
from ml_connector.words import DocumentKind

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
CENTER = 228
HERE = FulfillmentCenter(id=CENTER)
TERMS = ConnectionSettings.model_validate({**SETTINGS, "start_date": None})

SHIPMENT_STATUSES = (
    *("None", "Processing", "LabeledCreated", "Completed", "Exception", "OnHold", "Cancelled"),
    *("CleanSweeped", "ImportReview", "Delivered", "Pondering", ""),
)
WRO_STATUSES = (
    *("Awaiting", "AwaitingArrival", "PartiallyArrived", "Arrived", "Processing", "Completed"),
    *("Cancelled", "Incomplete", "ArrivedAtHub", "InternalTransfer", "Weighed", ""),
)
RETURN_STATUSES = (
    *("AwaitingArrival", "Arrived", "Processing", "Completed", "Cancelled", "Rejected"),
    *("Pending Approval", "In Transit", "Archived", ""),
)

NUMBERS = ((None, None), ("1Z9", None), (None, "PRO 7"))
"""Tracking numbers and PRO numbers."""
STOWED = (0, 4, 10)
DONE = (None, (), ("Restock", 2), ("Incinerate", 2), ("Dispose", None))

# What was made today is in tomorrow's round.
ages = st.timedeltas(timedelta(hours=13), rounds.SPAN - timedelta(days=2))
sometimes = st.booleans()


def maybe(at: st.SearchStrategy[timedelta]) -> st.SearchStrategy[datetime | None]:
    return st.none() | at.map(lambda age: NOW - age)


def acts(flow: Flow, facts: Any, posted: Sequence[Posted]) -> bool:
    """Return whether the plan books anything, or shows anything to anybody."""
    try:
        decided = flow.plan(facts, posted, TERMS)
    except ConnectorError:
        return True
    return bool(decided.documents or decided.remaining_failure or decided.waiting)


def found_in_a_day(flow: Flow, shipbob: Lists, known: Collection[str]) -> set[str]:
    """Return what the sweeps of a day find, one every 15 minutes."""

    async def swept() -> set[str]:
        reads = Reads(cast("ShipBob", shipbob), cast("NetSuite", object()))
        assert flow.sweep_part is not None
        moments = [NOW + timedelta(minutes=15) * number for number in range(24 * 4 + 1)]
        return {
            seen.key
            for between in itertools.pairwise(moments)
            async for seen in flow.sweep_part(reads, between[1] - flow.look_back, known, between)
        }

    return asyncio.run(swept())


def found_at_month_end(flow: Flow, shipbob: Lists, known: Collection[str]) -> set[str]:
    async def swept() -> set[str]:
        reads = Reads(cast("ShipBob", shipbob), cast("NetSuite", object()))
        found = flow.widest_sweep(reads, NOW - rounds.SPAN, known)
        return {seen.key async for seen in found}

    return asyncio.run(swept())


def posted(kind: DocumentKind, external_id: str, line: str, quantity: int) -> Posted:
    return Posted(
        system="netsuite",
        kind=kind,
        external_id=external_id,
        remote_id="9001",
        lines=(
            JournalLine(
                source="source",
                source_line=line,
                fact_date=DAY,
                posting_date=DAY,
                quantity=quantity,
            ),
        ),
    )


# Shipments


def a_shipment(
    status: str,
    numbers: tuple[str | None, str | None] = (None, None),
    labelled: datetime | None = None,
    delivered: datetime | None = None,
    **more: Any,
) -> Order:
    """An order with one shipment."""
    shipment = Shipment(
        order_id=more["id"],
        reference_id="SO-1",
        status=status,
        actual_fulfillment_date=labelled,
        delivery_date=delivered,
        location=Place(id=CENTER),
        tracking=Tracking(tracking_number=numbers[0], pro_number=numbers[1])
        if any(numbers)
        else None,
        products=(
            ShippedProduct(id=1, sku="TEE", inventory_items=(ShippedItem(id=501, quantity=2),)),
        ),
        **more,
    )
    made = shipment.created_date
    return Order(id=shipment.id, reference_id="SO-1", created_date=made, shipments=(shipment,))


@st.composite
def shipments(draw: st.DrawFn) -> tuple[Order, bool]:
    """An order with one shipment, and whether its fulfilment is posted."""
    order = a_shipment(
        draw(st.sampled_from(SHIPMENT_STATUSES)),
        draw(st.sampled_from(NUMBERS)),
        draw(maybe(ages)),
        draw(maybe(ages)),
        id=draw(st.integers(1, 10**9)),
        created_date=NOW - draw(ages),
        last_update_at=draw(maybe(ages)),
        last_tracking_update_at=draw(maybe(ages)),
        is_tracking_uploaded=draw(sometimes),
    )
    return order, draw(sometimes)


def tracking_facts(order: Order, *, by_hand: bool) -> TrackingFacts:
    """The facts that ``read`` makes of it, with or without a fulfilment by hand that names it."""
    own = order.shipments[0]
    named = FulfillmentFact(
        id="9001",
        status="C",
        external_id=f"mlc-if-{own.id}",
        lines=(FulfilledUnits(item="501", quantity=2, location="6"),),
    )
    sold = SalesOrderFact(id="7", number="SO-1", status="B", fulfillments=(named,))
    return TrackingFacts(
        order_id=order.id,
        shipment_id=own.id,
        reference=order.reference_id,
        shipments=(shipment_fact(own),),
        sales_orders=(sold,) if by_hand else (),
    )


def test_every_shipment_that_would_be_booked_or_shown_is_caught() -> None:
    """Whatever its status, numbers and dates, posted or not, fulfilled by hand or not."""
    dates = (None, NOW)
    states = itertools.product(SHIPMENT_STATUSES, NUMBERS, dates, dates)
    made = posted(DocumentKind.ITEM_FULFILLMENT, "mlc-if-1", "inventory 501", -2)
    missed = [
        (state, is_posted, by_hand)
        for state in states
        for is_posted, by_hand in itertools.product((False, True), repeat=2)
        for order in [a_shipment(*state, id=1, created_date=NOW, last_update_at=NOW)]
        if acts(tracking.FLOW, tracking_facts(order, by_hand=by_hand), [made] * is_posted)
        and not of_shipments.catches(shipment_fact(order.shipments[0]), posted=is_posted)
    ]

    assert missed == []


@of_examples(max_examples=30)
@given(st.lists(shipments(), max_size=12), st.sampled_from([1, 1000]))
def test_all_shipments_that_are_caught_are_found(
    drawn: list[tuple[Order, bool]], page: int
) -> None:
    known = {str(order.id) for order, is_posted in drawn if is_posted}
    lists = Lists(orders=[order for order, _ in drawn], page=page)
    caught = {
        str(order.id)
        for order, is_posted in drawn
        if of_shipments.catches(shipment_fact(order.shipments[0]), posted=is_posted)
    }

    assert caught <= found_in_a_day(tracking.FLOW, lists, known)
    assert caught <= found_at_month_end(tracking.FLOW, lists, known)


# WROs


def a_wro(status: str, stowed: int, number: str | None, **more: Any) -> Wro:
    return Wro(
        status=status,
        purchase_order_number=number,
        fulfillment_center=HERE,
        inventory_quantities=(
            WroLine(inventory_id=501, sku="TEE", expected_quantity=10, stowed_quantity=stowed),
        ),
        **more,
    )


@st.composite
def wros(draw: st.DrawFn) -> tuple[Wro, bool]:
    """A WRO, and whether some of it is posted."""
    status, completed = draw(st.sampled_from(WRO_STATUSES)), draw(maybe(ages))
    wro = a_wro(
        status,
        draw(st.sampled_from(STOWED)),
        None,
        id=draw(st.integers(1, 10**9)),
        insert_date=NOW - draw(ages),
        last_updated_date=draw(maybe(ages)),
        status_history=(StatusChange(status="Completed", timestamp=completed),)
        if status == "Completed"
        else (),
        external_sync_timestamp=draw(maybe(ages)),
    )
    return wro, draw(sometimes)


def receiving_facts(wro: Wro) -> ReceivingFacts:
    return ReceivingFacts(
        wro_id=wro.id,
        status=wro.status,
        purchase_order_number=wro.purchase_order_number,
        fulfillment_center_id=CENTER,
        fulfillment_center_name="",
        stowed_at=wro.last_updated_date,
        lines=tuple(
            StowedLine(
                inventory_id=line.inventory_id,
                sku=line.sku,
                expected=line.expected_quantity,
                stowed=line.stowed_quantity,
            )
            for line in wro.inventory_quantities
        ),
        items={},
        orders=(),
        periods=(),
        synced=wro.external_sync_timestamp is not None,
    )


def test_every_wro_that_would_be_booked_or_shown_is_caught() -> None:
    """Whatever its status and mark, ordered or not, posted in part or not."""
    states = itertools.product(WRO_STATUSES, STOWED, (None, "PO-1"))
    made = posted(DocumentKind.ITEM_RECEIPT, "mlc-ir-1-1", "inventory 501", 4)
    missed = [
        (state, mark, is_posted)
        for state in states
        for mark, is_posted in itertools.product((None, NOW), (False, True))
        for wro in [a_wro(*state, id=1, last_updated_date=NOW, external_sync_timestamp=mark)]
        if acts(receiving.FLOW, receiving_facts(wro), [made] * is_posted)
        and not of_wros.catches(wro, posted=is_posted)
    ]

    assert missed == []


@of_examples(max_examples=30)
@given(st.lists(wros(), max_size=12), st.sampled_from([1, 1000]))
def test_all_wros_that_are_caught_are_found(drawn: list[tuple[Wro, bool]], page: int) -> None:
    known = {str(wro.id) for wro, is_posted in drawn if is_posted}
    lists = Lists(wros=[wro for wro, _ in drawn], page=page)
    caught = {str(wro.id) for wro, is_posted in drawn if of_wros.catches(wro, posted=is_posted)}

    assert caught <= found_in_a_day(receiving.FLOW, lists, known)
    assert caught <= found_at_month_end(receiving.FLOW, lists, known)


@given(st.sampled_from([1, 1000]), st.integers(1, 700), st.sampled_from(WRO_STATUSES))
@of_examples(max_examples=30)
def test_a_wro_that_is_not_over_is_found_however_old_it_is(
    page: int, days: int, status: str
) -> None:
    made = NOW - timedelta(days=days)
    wro = Wro(
        id=1,
        status=status,
        insert_date=made,
        last_updated_date=made,
        fulfillment_center=HERE,
    )
    others = [
        Wro(
            id=2 + n, status="Awaiting", insert_date=NOW, fulfillment_center=wro.fulfillment_center
        )
        for n in range(6)
    ]
    at_work = status in AT_WORK

    assert not at_work or "1" in found_in_a_day(
        receiving.FLOW, Lists(wros=[wro, *others], page=page), ()
    )


# Returns


WhatWasDone = tuple[str, int | None] | tuple[()] | None


def a_return(status: str, done: WhatWasDone, **more: Any) -> Return:
    taken = (ActionTaken(action=done[0], quantity_processed=done[1]),) if done else done
    return Return(
        reference_id="RMA-1",
        status=status,
        fulfillment_center=HERE,
        inventory=(ReturnLine(id=501, sku="TEE", quantity=2, action_taken=taken),),
        **more,
    )


@st.composite
def returned(draw: st.DrawFn) -> tuple[Return, bool]:
    """A return, and whether it is posted."""
    found = a_return(
        draw(st.sampled_from(RETURN_STATUSES)),
        draw(st.sampled_from(DONE)),
        id=draw(st.integers(1, 10**9)),
        return_type=draw(st.sampled_from(["Regular", "ReturnToSender", "Lost", None])),
        insert_date=NOW - draw(ages),
        completed_date=draw(maybe(ages)),
    )
    return found, draw(sometimes)


def return_facts(found: Return) -> ReturnFacts:
    return ReturnFacts(
        return_id=found.id,
        status=found.plain_status,
        return_type=found.return_type,
        reference=found.reference_id,
        center_id=CENTER,
        completed_at=found.completed_at,
        lines=tuple(
            ReturnedLine(
                inventory_id=line.id,
                sku=line.sku,
                announced=line.quantity,
                done=tuple(
                    Done(action=one.action or "", quantity=one.quantity_processed)
                    for one in line.action_taken or ()
                ),
                untold=line.action_taken is None,
            )
            for line in found.inventory
        ),
    )


def test_every_return_that_would_be_booked_or_shown_is_caught() -> None:
    """Whatever its status, its date and what was done, posted or not."""
    made = posted(DocumentKind.ITEM_RECEIPT, "mlc-ir-ret-1-1", "inventory 501 restock", 2)
    missed = [
        (status, done, at, is_posted)
        for status, done in itertools.product(RETURN_STATUSES, DONE)
        for at, is_posted in itertools.product((None, NOW), (False, True))
        for found in [a_return(status, done, id=1, completed_date=at)]
        if acts(returns.FLOW, return_facts(found), [made] * is_posted)
        and not of_returns.catches(found, posted=is_posted)
    ]

    assert missed == []


@of_examples(max_examples=30)
@given(st.lists(returned(), max_size=12))
def test_all_returns_that_are_caught_are_found(drawn: list[tuple[Return, bool]]) -> None:
    known = {str(found.id) for found, is_posted in drawn if is_posted}
    lists = Lists(returned=[found for found, _ in drawn])
    caught = {
        str(found.id) for found, is_posted in drawn if of_returns.catches(found, posted=is_posted)
    }

    assert caught <= found_in_a_day(returns.FLOW, lists, known)
    assert caught <= found_at_month_end(returns.FLOW, lists, known)


# Invoices


def invoice(number: int, kind: str, amount: str) -> Kept:
    total = Decimal(amount)
    return Kept(id=number, type=kind, day=DAY, amount=total, lines=1, total=total)


def test_every_invoice_is_found_whatever_its_type_and_amount() -> None:
    kept = [
        invoice(1, "Shipping", "6.13"),
        invoice(2, "Payment", "0"),
        invoice(3, "SomethingNew", "-5"),
    ]

    class Bills:
        async def pull(self, since: datetime) -> None:
            assert since < NOW - timedelta(days=100)

        async def invoices(self, since: datetime) -> list[Kept]:
            assert since < NOW - timedelta(days=100)
            return kept

    class OnlyBills:
        billing = Bills()
        decisions = NoDecisions()

    async def swept() -> list[tuple[str, str]]:
        reads = cast("Reads", OnlyBills())
        found = billing.FLOW.sweep(reads, NOW - billing.FLOW.look_back, ())
        return [(one.key, one.version) async for one in found]

    assert asyncio.run(swept()) == [("1", "6.13:1:6.13"), ("2", "0:1:0"), ("3", "-5:1:-5")]


# Purchase orders


LETTERS = "ABCDEFGHIJZ"


@given(st.sampled_from(LETTERS), st.integers(0, 10))
def test_an_order_that_would_be_announced_or_shown_is_listed(status: str, units: int) -> None:
    """Or it once had a WRO of ours: then it is found by that."""
    facts = PurchaseOrderFacts(
        order_id="4711",
        number="PO4711",
        status=status,
        lines=(
            OrderedLine(
                line=1,
                item_name="TEE",
                item_type="InvtPart",
                open_quantity=units,
                location="6",
            ),
        ),
        variants={},
        wros=(),
        centers=(228, 10),
        read_at=NOW,
    )

    assert status in listed_letters() or not acts(purchase_orders.FLOW, facts, ())


def listed_letters() -> set[str]:
    """The letters that the question for open purchase orders does not leave out."""
    asked: list[str] = []

    class Account:
        async def pages(self, text: str, *_: Any, **__: Any) -> AsyncIterator[list[Any]]:
            asked.append(text)
            yield []

    async def ask() -> None:
        async for _ in order_polls.open_orders(cast("Any", Account()), ordered_since=None):
            pass

    asyncio.run(ask())
    left_out = set(re.findall("'([A-Z])'", asked[0].partition("NOT IN")[2].partition(")")[0]))

    assert left_out <= PURCHASE_ORDER_KNOWN
    return set(LETTERS) - left_out
