"""Purchase orders are found by polling: all once, then what changed; through the simulator."""

import asyncio
from datetime import timedelta

import pytest

from acceptance.in_process import sync
from acceptance.merchant import TABLES, Merchant
from acceptance.test_purchase_orders import order_id, wros_of
from ml_connector.app.chores.sweeps import sweep_what_is_due
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation

EVERY_SECOND = 'timezone = "America/Chicago"\npurchase_orders = "1s"\nsweep = "1d"'


@pytest.fixture
def polled(unserved: Merchant) -> Merchant:
    """A merchant whose orders are polled whenever ``poll`` is called."""
    unserved.apply(schedule=EVERY_SECOND)
    return unserved


def poll(acme: Merchant, *, full_ago: timedelta = timedelta(0)) -> None:
    """Poll as a worker does, when its turn has come."""
    acme.rows(
        "update turn set taken_at = '-infinity' where what = 'purchase-orders' returning what"
    )
    acme.rows("update poll set full_at = full_at - %(ago)s returning flow", ago=full_ago)
    look(acme)


def look(acme: Merchant) -> None:
    """Sweep whatever is due, as a worker does every few seconds."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            await sweep_what_is_due(installation, ConnectionContexts(installation))

    asyncio.run(once())


def told(acme: Merchant) -> dict[str, int]:
    """How often each order was told of."""
    found = acme.rows(
        "select s.key, count(*) as n from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'purchase-orders' group by 1"
    )
    return {row["key"]: row["n"] for row in found}


def test_an_order_is_told_once_however_often_it_is_polled(polled: Merchant) -> None:
    number = polled.order({polled.sku(): 8})
    for _ in range(3):
        poll(polled)

    assert told(polled) == {order_id(polled, number): 1}


def test_a_new_order_and_an_edited_one_are_news(polled: Merchant) -> None:
    tee = polled.sku()
    first = order_id(polled, polled.order({tee: 8}))
    poll(polled)
    second = order_id(polled, polled.order({tee: 5}))
    polled.world.shipbob.clock.advance(timedelta(seconds=2))
    polled.world.netsuite.edit(
        "purchaseOrder", int(first), {"item": {"items": [{"line": 1, "quantity": 9}]}}
    )
    poll(polled)

    assert told(polled) == {first: 2, second: 1}


def announced(acme: Merchant, units: int) -> tuple[str, str]:
    """An order that was announced and polled since; its number and its id."""
    number = acme.order({acme.sku(): units})
    key = order_id(acme, number)
    sync(acme, "purchase-orders", [key])
    poll(acme)
    acme.world.shipbob.clock.advance(timedelta(minutes=30))
    return number, key


def asked_of_shipbob(acme: Merchant, *, full_ago: timedelta = timedelta(0)) -> int:
    """Poll once more; return the calls to ShipBob that this, and what came of it, took."""
    before = len(acme.world.shipbob.calls)
    poll(acme, full_ago=full_ago)
    open_now = acme.rows("select key from subject where state <> 'done'")
    if open_now:
        sync(acme, "purchase-orders", [row["key"] for row in open_now])
    return len(acme.world.shipbob.calls) - before


def test_an_order_touched_where_it_does_not_matter_asks_shipbob_nothing(
    polled: Merchant,
) -> None:
    _, key = announced(polled, 8)
    before = told(polled)
    polled.world.netsuite.edit("purchaseOrder", int(key), {"memo": "Call before delivery"})

    assert asked_of_shipbob(polled) == 0
    assert told(polled) == before


def test_an_order_of_which_we_booked_a_receipt_asks_shipbob_nothing(polled: Merchant) -> None:
    number, _ = announced(polled, 8)
    shipbob = polled.world.shipbob
    [wro] = wros_of(polled, number)
    shipbob.stow(shipbob.arrive(wro), {wro.boxes[0].items[0].inventory_id: 3})
    sync(polled, "receiving", [str(wro.id)])
    before = told(polled)

    assert asked_of_shipbob(polled) == 0
    assert told(polled) == before


def test_an_order_that_is_over_runs_once_more_and_is_then_left_alone(polled: Merchant) -> None:
    number, key = announced(polled, 8)
    shipbob = polled.world.shipbob
    [wro] = wros_of(polled, number)
    shipbob.complete(shipbob.stow(shipbob.arrive(wro)))
    sync(polled, "receiving", [str(wro.id)])
    before = told(polled)[key]
    day = timedelta(hours=25)
    calls = [asked_of_shipbob(polled, full_ago=day) for _ in range(3)]

    assert told(polled)[key] == before + 2  # of the day's look, and of running it here
    assert calls[1:] == [0, 0]


def test_a_changed_setting_is_looked_at_by_the_next_poll(polled: Merchant) -> None:
    polled.world.netsuite.add_location("ShipBob 30", internal_id=30, subsidiary=1)
    polled.world.shipbob.add_fulfillment_center(30, "Center 30")
    sku = polled.sku()
    key = str(
        polled.world.netsuite.add_purchase_order(
            "PO-30", vendor=301, location=30, lines=[{"item": sku, "quantity": 5}]
        )
    )
    sync(polled, "purchase-orders", [key])
    poll(polled)
    before = told(polled)[key]
    polled.apply(schedule=EVERY_SECOND, locations=f'{TABLES["locations"]}\n"30" = "30"')
    poll(polled)

    assert told(polled)[key] == before + 1


def test_orders_of_before_the_start_date_are_not_looked_for(polled: Merchant) -> None:
    sku = polled.sku()
    old = polled.world.netsuite.clock.now().date() - timedelta(days=60)
    polled.world.netsuite.add_purchase_order(
        "PO-OLD", vendor=301, location=6, tranDate=str(old), lines=[{"item": sku, "quantity": 5}]
    )
    number = polled.order({sku: 8})
    poll(polled)

    assert told(polled) == {order_id(polled, number): 1}


def test_a_change_that_moved_no_date_is_seen_by_the_daily_look(polled: Merchant) -> None:
    key = order_id(polled, polled.order({polled.sku(): 8}))
    books = polled.world.netsuite.company.books
    books.update("transaction", {"status": "A"}, id=int(key))
    poll(polled)
    polled.world.shipbob.clock.advance(timedelta(minutes=20))
    poll(polled)
    books.update("transaction", {"status": "B"}, id=int(key))
    poll(polled)
    before = told(polled)
    poll(polled, full_ago=timedelta(hours=25))

    assert (before, told(polled)) == ({}, {key: 1})


def test_an_order_that_was_deleted_is_news_when_it_had_a_wro(polled: Merchant) -> None:
    tee = polled.sku()
    announced, other = (order_id(polled, polled.order({tee: 8})) for _ in range(2))
    polled.command("sync", "purchase-orders", "--id", announced)
    poll(polled)
    before = told(polled)[announced]
    for key in (announced, other):
        polled.world.netsuite.delete("purchaseOrder", int(key))
    poll(polled)

    assert told(polled) == {announced: before + 1, other: 1}


def test_a_source_that_fails_is_not_asked_again_at_every_look(polled: Merchant) -> None:
    polled.world.netsuite.fault("unavailable", path="suiteql")
    poll(polled)
    asked = len(polled.world.netsuite.calls)
    look(polled)
    looked_again = len(polled.world.netsuite.calls)
    polled.rows("update turn set not_before = now() returning what")
    look(polled)

    assert looked_again == asked
    assert len(polled.world.netsuite.calls) > asked
