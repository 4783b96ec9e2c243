import tracemalloc
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.stories.retail_events import (
    Announced,
    Cancelled,
    Credited,
    Event,
    Expected,
    Inspected,
    Labelled,
    Month,
    PurchaseOrdered,
    Received,
    SentBack,
    Sold,
    Stowed,
)
from ml_connector.sim.stories.retail_plan import (
    RECEIVING_FEE,
    Wish,
    plan_month,
)
from ml_connector.sim.stories.retailer import RetailerStory

NOVEMBER = date(2026, 11, 1)
EVE = datetime(2026, 10, 31, tzinfo=UTC)

Units = dict[tuple[str, int], int]


def small(shipments: int = 60, days: int = 16, seed: int = 3) -> Wish:
    return Wish(first_day=NOVEMBER, days=days, shipments=shipments, styles=2, seed=seed)


def told(shipments: int = 60, days: int = 16, **more: Any) -> RetailerStory:
    clock = Clock(EVE, speed=0)
    story = RetailerStory(
        NetSuiteSim(clock=clock),
        ShipBobSim(clock, per_minute=0),
        shipments=shipments,
        days=days,
        **more,
    )
    story.set_up()
    return story


def of(month: Month, kind: type[Event]) -> list[Any]:
    return [event for event in month.events if isinstance(event, kind)]


def test_a_seed_is_a_month() -> None:
    assert plan_month(small()) == plan_month(small())
    assert plan_month(small()).events != plan_month(small(seed=4)).events


def test_the_assortment_has_hundreds_of_skus_in_sizes_and_colours() -> None:
    month = plan_month(Wish(first_day=NOVEMBER, shipments=300))

    skus = [article.sku for article in month.articles]
    assert len(set(skus)) == len(skus) == 360
    assert {"TEE-BLK-M", "JCK-OLV-XXL"} <= set(skus)
    assert [center.location for center in month.centers] == [6, 7]


def test_everything_that_can_go_differently_does_so_in_a_month() -> None:
    month = plan_month(Wish(first_day=NOVEMBER, shipments=1000))
    expected = month.expected
    ordered = {event.number: event.units for event in of(month, PurchaseOrdered)}
    short = [
        number
        for number, units in expected.receipts.items()
        if units and sum(units.values()) < sum(ordered[number].values())
    ]

    assert short
    assert expected.adjusted
    assert {None} < {event.number for event in of(month, Announced)}
    assert any("-2" in (event.number or "") for event in of(month, Announced))
    assert any(len(event.parts) > 1 for event in of(month, Sold))
    assert any(event.parcels > 1 for event in of(month, Labelled))
    assert of(month, Cancelled)
    assert {action for _, _, action in expected.returned} == {"Restock", "Quarantine", "Dispose"}
    assert {kind for _, kind in expected.invoices} == {
        "Shipping",
        "AdditionalFee",
        "Inbound Fee",
        "Return",
        "Credits",
    }
    assert expected.payments > 0


@settings(max_examples=25)
@given(shipments=st.integers(0, 150), days=st.integers(1, 31), seed=st.integers(0, 99))
def test_nothing_is_sold_that_is_not_on_the_shelf(shipments: int, days: int, seed: int) -> None:
    month = plan_month(small(shipments, days, seed))
    shelf: defaultdict[tuple[str, int], int] = defaultdict(int, month.opening)
    center_of = {event.wro: event.center for event in of(month, Announced)}
    sold = {event.number: event for event in of(month, Sold)}
    order_of = {event.reference: event.number for event in of(month, SentBack)}
    lowest = 0
    for event in month.events:
        if isinstance(event, Stowed):
            for sku, quantity in event.units.items():
                shelf[sku, center_of[event.wro]] += quantity
        if isinstance(event, Labelled):
            order = sold[event.number]
            for sku, quantity in order.parts[event.part].items():
                shelf[sku, order.center] -= quantity
                lowest = min(lowest, shelf[sku, order.center])
        if isinstance(event, Inspected):
            for sku, done in event.done.items():
                shelf[sku, sold[order_of[event.reference]].center] += done.get("Restock", 0)

    assert lowest == 0


@settings(max_examples=25)
@given(shipments=st.integers(0, 150), days=st.integers(1, 31), seed=st.integers(0, 99))
def test_the_expected_books_tie(shipments: int, days: int, seed: int) -> None:
    month = plan_month(small(shipments, days, seed))
    expected = month.expected
    stowed = sum(sum(event.units.values()) for event in of(month, Stowed))
    received = sum(sum(units.values()) for units in expected.receipts.values())
    fulfilled = sum(sum(units.values()) for units in expected.fulfilled.values())
    back = Counter[str]()
    for (_, _, action), quantity in expected.returned.items():
        back[action] += quantity
    kept = back["Restock"] + back["Quarantine"]
    charged = sum(
        (event.shipping + event.picking for event in of(month, Labelled)), Decimal(0)
    ) + sum((event.fee for event in of(month, Inspected)), Decimal(0))
    charged += RECEIVING_FEE * len(of(month, Received))
    charged -= sum((event.amount for event in of(month, Credited)), Decimal(0))

    opening = sum(month.opening.values())
    assert stowed == received + sum(expected.adjusted.values())
    assert sum(expected.shipbob.values()) == opening + stowed - fulfilled + kept
    assert sum(expected.netsuite.values()) == sum(expected.shipbob.values())
    assert expected.billed == charged


def test_playing_the_month_leads_shipbob_to_the_expected_books() -> None:
    story = told(300, 30)
    story.play_all()

    shipbob, expected = story.shipbob, story.expected
    invoices: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in shipbob.books.billing.invoices.values():
        if invoice.type != "Payment":
            invoices[invoice.type] += invoice.amount
    by_type: dict[str, Decimal] = defaultdict(Decimal)
    for (_, kind), amount in expected.invoices.items():
        by_type[kind] += amount
    assert shipbob.stock() == expected.shipbob
    assert invoices == by_type
    assert {each.status for each in shipbob.books.orders.shipments.values()} == {
        "Completed",
        "Cancelled",
    }


def test_a_story_that_keeps_the_time_dates_everything_as_planned() -> None:
    story = told(keep_time=True)
    story.play_all()

    books = story.shipbob.books
    first = next(event for event in story.month.events if isinstance(event, Sold))
    order = books.orders.by_reference[100102, first.number]
    days = {(each.day, each.type): each.amount for each in books.billing.invoices.values()}
    assert order.created == first.at
    assert {key: days[key] for key in story.expected.invoices} == story.expected.invoices


def test_the_days_one_by_one_lead_to_the_same_books_as_all_at_once() -> None:
    at_once, by_day = told(), told()
    at_once.play_all()
    says = []
    for step in by_day.steps():
        step.do()
        says.append(step.says)

    assert by_day.shipbob.stock() == at_once.shipbob.stock()
    assert len(says) == len(set(says))
    assert says[0].startswith("Sunday 01 November: 1 purchase orders")


def test_a_month_can_be_played_at_any_speed() -> None:
    story = told(20, 6)
    story.play_at(5_000_000)

    assert story.shipbob.stock() == story.expected.shipbob
    assert story.shipbob.clock.now() >= story.month.events[-1].at


def test_at_first_both_sides_agree_and_then_netsuite_falls_behind() -> None:
    story = told()
    before = [line for line in story.differences() if not line.agrees]
    story.play_all()

    assert before == []
    assert any(not line.agrees for line in story.differences())


def test_booking_the_expected_documents_leads_netsuite_to_the_expected_books() -> None:
    story = told(40, 12)
    story.play_all()
    book(story.netsuite, story.expected, story.month)

    stock = {key: int(quantity) for key, quantity in story.netsuite.stock().items()}
    assert stock == story.expected.netsuite
    assert [line for line in story.differences() if not line.agrees] == []


def book(netsuite: NetSuiteSim, expected: Expected, month: Month) -> None:
    """What an ideal bookkeeper enters: nothing but the documents that the story expects."""
    purchases = {each["tranId"]: each for each in netsuite.documents("purchaseOrder")}
    sales = {each["tranId"]: each for each in netsuite.documents("salesOrder")}
    for number, units in expected.receipts.items():
        if units:
            transform(netsuite, purchases[number], "itemReceipt", units)
    for (number, _), units in expected.fulfilled.items():
        transform(netsuite, sales[number], "itemFulfillment", units)
    for (sku, location), quantity in expected.adjusted.items():
        netsuite.add_to_stock(sku, location, quantity)
    for (sku, location, action), quantity in expected.returned.items():
        if action != "Dispose":
            where = month.quarantine if action == "Quarantine" else location
            netsuite.add_to_stock(sku, where, quantity)


def transform(
    netsuite: NetSuiteSim, source: dict[str, Any], target: str, units: dict[str, int]
) -> None:
    lines = [
        {
            "orderLine": line["line"],
            "itemReceive": bool(units.get(line["item"]["refName"])),
            "quantity": units.get(line["item"]["refName"], 0),
            "location": line["location"]["id"],
        }
        for line in source["item"]["items"]
    ]
    body: dict[str, object] = {"item": {"items": lines}}
    if target == "itemFulfillment":
        body["shipStatus"] = "C"
    netsuite.transform(source["recordType"], int(source["id"]), target, body)


def test_ten_thousand_shipments_fit_in_300_megabytes() -> None:
    tracemalloc.start()
    month = plan_month(Wish(first_day=NOVEMBER, shipments=10_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(of(month, Sold)) == 10_000
    assert peak < 300_000_000


@pytest.mark.parametrize(
    "wish",
    [
        Wish(first_day=NOVEMBER, days=0),
        Wish(first_day=NOVEMBER, shipments=-1),
        Wish(first_day=NOVEMBER, styles=99),
    ],
)
def test_a_month_that_cannot_be_is_refused(wish: Wish) -> None:
    with pytest.raises(ValueError, match="No month can be planned"):
        plan_month(wish)
