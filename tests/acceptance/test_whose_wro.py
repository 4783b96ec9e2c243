"""Which order a WRO is of, and which line: told in both systems, to the end of the month."""

import pytest

from acceptance.closing import close
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import (
    UNLIMITED,
    key_of,
    ordered,
    push,
    receive,
    statuses,
    stow,
    watch,
)
from acceptance.test_deciding import drifts, event_of
from acceptance.test_purchase_orders import wros_of
from acceptance.test_transfer_orders import transfer
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import wait_until

WAREHOUSE = 3
"""A location of the merchant's own."""


@pytest.fixture
def acme(unserved: Merchant) -> Merchant:
    """A merchant of the test's own, whose calls ShipBob does not count."""
    unserved.world.shipbob.books.limit.per_minute = 0
    unserved.world.netsuite.add_location("Warehouse", internal_id=WAREHOUSE, subsidiary=1)
    unserved.apply(limits=UNLIMITED)
    return unserved


def enter(
    acme: Merchant, number: str, *lines: tuple[str, int, int], subsidiary: int | None = None
) -> str:
    """Enter a purchase order of this number; return its internal id."""
    return str(
        acme.world.netsuite.add_purchase_order(
            number,
            vendor=301 if subsidiary is None else 300 + subsidiary,
            lines=[
                {"item": sku, "quantity": quantity, "rate": "4.20", "location": location}
                for sku, quantity, location in lines
            ],
            **({} if subsidiary is None else {"subsidiary": subsidiary}),
        )
    )


def raise_to(acme: Merchant, key: str, quantity: int) -> None:
    acme.world.netsuite.edit(
        "purchaseOrder", int(key), {"item": {"items": [{"line": 1, "quantity": quantity}]}}
    )


def pushed(acme: Merchant, key: str) -> tuple[str, str | None]:
    """Push an order, again while it changes meanwhile; return how it stands, and why."""
    stands: list[tuple[str, str | None]] = []

    def push_once() -> bool:
        [found] = sync(acme, "purchase-orders", [key])
        stands.append((found["state"], found["cause"]))
        return bool(found["state"] != "retrying")

    wait_until(push_once)
    return stands[-1]


def numbered(acme: Merchant, number: str) -> Wro:
    """Return the WRO of just this number."""
    [found] = [
        wro
        for wro in acme.world.shipbob.books.receiving.wros.values()
        if wro.purchase_order_number == number
    ]
    return found


def by_hand(acme: Merchant, number: str, sku: str, units: int) -> Wro:
    """Let a person make a WRO at ShipBob for location 6."""
    return acme.world.shipbob.create_wro(
        {sku: units}, purchase_order_number=number, fulfillment_center_id=228
    )


def received_from(acme: Merchant, wro: Wro) -> list[str]:
    """Return the internal ids of the orders that a WRO was received from."""
    return [str(one["createdFrom"]["id"]) for one in acme.documents(wro)]


def received_by_line(acme: Merchant, number: str) -> dict[int, int]:
    """Return the units that NetSuite shows as received on an order, by its lines in turn."""
    rows = acme.world.netsuite.books.rows(
        'SELECT quantityshiprecv AS units FROM transactionline WHERE "transaction" = ?'
        " AND mainline = 'F' ORDER BY id",
        (int(key_of(acme, number)),),
    )
    return {line: int(str(row["units"])) for line, row in enumerate(rows, 1)}


def arrive_whole(acme: Merchant, wro: Wro) -> None:
    stow(acme, wro)
    acme.world.shipbob.complete(wro)


def test_one_item_on_two_lines_for_two_centers_and_a_third_for_the_own_warehouse(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    number = ordered(acme, (sku, 10, 6), (sku, 5, 7), (sku, 8, WAREHOUSE))
    push(acme, number)
    announced = statuses(acme, number)
    second, first = wros_of(acme, number)
    for wro in (second, first):
        stow(acme, wro)
        acme.world.shipbob.complete(wro)
        receive(acme, wro)
        pushed = push(acme, number)
        assert pushed["state"] == "done"
    report = close(acme).report

    assert announced == [(number, 10, "Awaiting", 5), (f"{number}-2", 228, "Awaiting", 10)]
    assert statuses(acme, number) == [
        (number, 10, "Completed", 5),
        (f"{number}-2", 228, "Completed", 10),
    ]
    assert received_by_line(acme, number) == {1: 10, 2: 5, 3: 0}
    assert acme.books(sku) == ({(sku, 6): 10, (sku, 7): 5},) * 3
    assert report.green
    assert drifts(acme) == []


def test_our_second_wro_beside_an_order_that_has_its_number(acme: Merchant) -> None:
    sku = acme.sku("TEE")
    first = enter(acme, "PO9", (sku, 10, 6))
    assert pushed(acme, first) == ("done", None)
    acme.world.shipbob.arrive(numbered(acme, "PO9"))
    raise_to(acme, first, 15)
    assert pushed(acme, first) == ("done", None)
    ours = numbered(acme, "PO9-2")
    second = enter(acme, "PO9-2", (sku, 5, 6))
    assert pushed(acme, second) == ("done", None)
    others = numbered(acme, "PO9-2-2")
    for wro in (ours, others, numbered(acme, "PO9")):
        arrive_whole(acme, wro)
        assert receive(acme, wro) == "done"
        assert [pushed(acme, key) for key in (first, second)] == [("done", None)] * 2
    report = close(acme).report

    assert received_from(acme, ours) == [first]
    assert received_from(acme, others) == [second]
    assert len(acme.world.shipbob.books.receiving.wros) == 3
    assert acme.books(sku) == ({(sku, 6): 20},) * 3
    assert report.green
    assert drifts(acme) == []


def test_a_wro_that_a_person_made_for_an_order_numbered_like_our_second(acme: Merchant) -> None:
    sku = acme.sku("TEE")
    first = enter(acme, "PO9", (sku, 10, 6))
    assert pushed(acme, first) == ("done", None)
    acme.world.shipbob.arrive(numbered(acme, "PO9"))
    second = enter(acme, "PO9-2", (sku, 7, 6))
    theirs = by_hand(acme, "PO9-2", sku, 7)
    raise_to(acme, first, 15)
    assert [pushed(acme, key) for key in (first, second)] == [("done", None)] * 2
    ours = numbered(acme, "PO9-3")
    for wro in (theirs, ours, numbered(acme, "PO9")):
        arrive_whole(acme, wro)
        assert receive(acme, wro) == "done"
        assert [pushed(acme, key) for key in (first, second)] == [("done", None)] * 2
    report = close(acme).report

    assert received_from(acme, theirs) == [second]
    assert received_from(acme, ours) == [first]
    assert len(acme.world.shipbob.books.receiving.wros) == 3
    assert acme.books(sku) == ({(sku, 6): 22},) * 3
    assert report.green
    assert drifts(acme) == []


def test_a_closed_order_leaves_the_wro_of_its_namesake_alone(acme: Merchant) -> None:
    sku = acme.sku("TEE")
    first, second = enter(acme, "PO9", (sku, 10, 6)), enter(acme, "PO9-2", (sku, 7, 6))
    for key in (second, first):
        assert pushed(acme, key) == ("done", None)
    acme.world.netsuite.edit(
        "purchaseOrder", int(first), {"item": {"items": [{"line": 1, "isClosed": True}]}}
    )
    assert pushed(acme, first) == ("done", None)

    assert numbered(acme, "PO9").status == "Cancelled"
    assert numbered(acme, "PO9-2").status == "Awaiting"


def in_canada(acme: Merchant) -> int:
    """Open a second subsidiary, whose goods lie at location 7; return its id."""
    netsuite = acme.world.netsuite
    netsuite.add_subsidiary("Acme Canada", internal_id=5)
    netsuite.add_vendor("Toronto Mills", internal_id=305, subsidiary=5)
    netsuite.books.update("location", {"subsidiary": 5}, id=7)
    return 5


def test_two_orders_of_one_number_in_two_subsidiaries(acme: Merchant) -> None:
    sku, canada = acme.sku("TEE"), in_canada(acme)
    ours = enter(acme, "PO9", (sku, 12, 6), subsidiary=1)
    theirs = enter(acme, "PO9", (sku, 4, 7), subsidiary=canada)
    states = [pushed(acme, key) for key in (ours, theirs)]
    wro = numbered(acme, "PO9")
    acme.world.shipbob.arrive(wro)
    raise_to(acme, ours, 14)
    second = by_hand(acme, "PO9", sku, 2)
    for one in (wro, second):
        arrive_whole(acme, one)
        assert receive(acme, one) == "done"
    report = close(acme).report

    assert states == [("done", None), ("dead", "purchase_order_ambiguous")]
    assert [received_from(acme, one) for one in (wro, second)] == [[ours], [ours]]
    assert acme.books(sku) == ({(sku, 6): 14},) * 3
    assert report.green
    assert drifts(acme) == []


def test_two_orders_of_one_number_between_which_nothing_chooses(acme: Merchant) -> None:
    netsuite, sku, canada = acme.world.netsuite, acme.sku("TEE"), in_canada(acme)
    keys = [enter(acme, "PO9", (sku, 4, 7), subsidiary=canada) for _ in range(2)]
    states = [pushed(acme, key) for key in keys]
    wro = acme.world.shipbob.create_wro(
        {sku: 4}, purchase_order_number="PO9", fulfillment_center_id=10
    )
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    waits = close(acme).report
    netsuite.edit("purchaseOrder", int(keys[1]), {"tranId": "PO9-CA"})
    watch(acme)
    received = receive(acme, wro)
    after = [pushed(acme, key) for key in keys]
    report = close(acme).report

    assert states == [("dead", "purchase_order_ambiguous")] * 2
    assert stopped == "purchase_order_ambiguous"
    assert not waits.green
    assert after == [("done", None)] * 2
    assert received == "done"
    assert received_from(acme, wro) == [keys[0]]
    assert acme.books(sku) == ({(sku, 7): 4},) * 3
    assert report.green
    assert drifts(acme) == []


def test_the_order_of_an_announced_wro_is_deleted_and_another_one_takes_its_number(
    acme: Merchant,
) -> None:
    netsuite, sku = acme.world.netsuite, acme.sku("TEE")
    gone = enter(acme, "PO9", (sku, 10, 6))
    pushed(acme, gone)
    wro = numbered(acme, "PO9")
    acme.world.shipbob.arrive(wro)
    netsuite.delete("purchaseOrder", int(gone))
    enter(acme, "PO9", (sku, 10, 6))
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)

    assert stopped == "purchase_order_not_found"
    assert acme.documents(wro) == []
    assert "deleted" in acme.subject(wro)["sentence"]
    assert not close(acme).report.green


def test_a_wro_of_a_transfer_order_is_never_received_from_a_purchase_order_of_its_number(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    order, number = transfer(acme, {sku: 8})
    pushed(acme, order)
    wro = numbered(acme, number)
    enter(acme, number, (sku, 8, 6))
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)

    assert stopped == "transfer_order"
    assert acme.documents(wro) == []


def test_an_order_whose_number_ends_in_a_blank_is_announced_once_and_received(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    key = enter(acme, "PO9 ", (sku, 10, 6))
    assert [pushed(acme, key) for _ in range(2)] == [("done", None)] * 2
    raise_to(acme, key, 12)
    assert pushed(acme, key) == ("done", None)
    wro = numbered(acme, "PO9-2")
    arrive_whole(acme, wro)
    received = receive(acme, wro)

    assert numbered(acme, "PO9").status == "Cancelled"
    assert (received, pushed(acme, key)) == ("done", ("done", None))
    assert received_from(acme, wro) == [key]
    assert len(acme.world.shipbob.books.receiving.wros) == 2
    assert acme.books(sku) == ({(sku, 6): 12},) * 3
    assert close(acme).report.green
    assert drifts(acme) == []


def test_a_wro_of_which_the_books_may_lack_whose_it_is_waits_until_a_person_says(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    first, second = enter(acme, "PO9", (sku, 7, 6)), enter(acme, "PO9-2", (sku, 7, 6))
    # The WRO is older than the books: they can't tell whether an earlier installation made it.
    acme.rows("update connection set created_at = now() + interval '1 hour' returning name")
    wro = by_hand(acme, "PO9-2", sku, 7)
    pushes = [pushed(acme, key) for key in (first, second)]
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    untouched, waits = acme.documents(wro), close(acme).report
    decided = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", "belongs", "--value", "PO9"),
        *("--note", "Their second delivery"),
    )
    received = receive(acme, wro)
    after = [pushed(acme, key) for key in (first, second)]
    arrive_whole(acme, numbered(acme, "PO9-2-2"))
    receive(acme, numbered(acme, "PO9-2-2"))

    assert pushes == [("dead", "purchase_order_ambiguous")] * 2
    assert stopped == "purchase_order_ambiguous"
    assert untouched == []
    assert not waits.green
    assert decided.status == 0, decided.err
    assert received == "done"
    assert received_from(acme, wro) == [first]
    assert after == [("done", None)] * 2
    assert acme.books(sku) == ({(sku, 6): 14},) * 3
    assert close(acme).report.green
    assert drifts(acme) == []


def test_what_a_person_says_belongs_to_an_order_is_on_its_way_to_it_at_once(
    acme: Merchant,
) -> None:
    acme.apply(policies='unmatched_wro = "park"', limits=UNLIMITED)
    sku = acme.sku("TEE")
    order = enter(acme, "PO9", (sku, 30, 6))
    wro = acme.world.shipbob.create_wro({sku: 20}, fulfillment_center_id=228)
    acme.world.shipbob.arrive(wro)
    stow(acme, wro, {sku: 5})
    assert pushed(acme, order) == ("done", None)
    before = numbered(acme, "PO9")
    stopped = receive(acme, wro)
    decided = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", "belongs", "--value", "PO9"),
        *("--note", "The first pallets", "--json"),
    )
    assert decided.status == 0, decided.err
    [due] = acme.rows("select state from subject where key = %(key)s", key=order)
    assert pushed(acme, order) == ("done", None)
    at_once = [
        (one.purchase_order_number, sum(item.quantity for box in one.boxes for item in box.items))
        for one in acme.world.shipbob.books.receiving.wros.values()
        if one.status == "Awaiting"
    ]
    for one in (wro, numbered(acme, "PO9-2")):
        arrive_whole(acme, one)
        assert receive(acme, one) == "done"
        assert pushed(acme, order) == ("done", None)

    assert (stopped, due["state"]) == ("purchase_order_not_found", "received")
    assert before.status == "Cancelled"
    assert at_once == [("PO9-2", 10)]
    assert received_from(acme, wro) == [order] * len(acme.documents(wro))
    assert acme.books(sku) == ({(sku, 6): 30},) * 3
    assert close(acme).report.green
    assert drifts(acme) == []
