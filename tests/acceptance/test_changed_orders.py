"""Orders that change after they were announced, and WROs that people cancel: told in both systems.

Each story ends with a month end and two more pushes, which make nothing new.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from acceptance.closing import close
from acceptance.in_process import decide, sync
from acceptance.merchant import TABLES, Merchant
from acceptance.test_purchase_orders import expected, wros_of
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.people.dock import Item
from waiting import wait_until

UNLIMITED = "shipbob_per_minute = 100000"


def ordered(acme: Merchant, *lines: tuple[str, int, int], due: date | None = None) -> str:
    """Enter a purchase order with these SKUs, quantities and locations; return its number."""
    number = f"PO{4711 + next(acme.numbers)}"
    more = {"expectedReceiptDate": due.isoformat()} if due else {}
    acme.world.netsuite.add_purchase_order(
        number,
        vendor=301,
        lines=[
            {"item": sku, "quantity": quantity, "rate": "4.20", "location": location, **more}
            for sku, quantity, location in lines
        ],
    )
    return number


def key_of(acme: Merchant, number: str) -> str:
    [order] = [
        one for one in acme.world.netsuite.documents("purchaseOrder") if one["tranId"] == number
    ]
    return str(order["id"])


@contextmanager
def moving_no_date(acme: Merchant, number: str) -> Iterator[None]:
    """Whatever is done in the block, NetSuite dates no change of the order by it."""
    books, key = acme.world.netsuite.company.books, int(key_of(acme, number))
    before = books.value('SELECT lastmodifieddate FROM "transaction" WHERE id = ?', (key,))
    yield
    books.update("transaction", {"lastmodifieddate": before}, id=key)


def edit(acme: Merchant, number: str, line: int, **changes: object) -> None:
    """Change a line of an order, without its date."""
    with moving_no_date(acme, number):
        acme.world.netsuite.edit(
            "purchaseOrder",
            int(key_of(acme, number)),
            {"item": {"items": [{"line": line, **changes}]}},
        )


def approve(acme: Merchant, number: str, letter: str) -> None:
    """Put an order to pending approval (A) or pending receipt (B), without its date."""
    with moving_no_date(acme, number):
        acme.world.netsuite.edit(
            "purchaseOrder", int(key_of(acme, number)), {"orderStatus": {"id": letter}}
        )


def receive_by_hand(acme: Merchant, number: str) -> None:
    with moving_no_date(acme, number):
        acme.world.netsuite.transform("purchaseOrder", int(key_of(acme, number)), "itemReceipt")


def push(acme: Merchant, number: str) -> dict[str, Any]:
    """Push all orders; return what stands of one."""
    key = key_of(acme, number)
    sync(acme, "purchase-orders")
    [found] = acme.rows(
        "select state, cause, sentence, waiting_for from subject"
        " where flow = 'purchase-orders' and key = %(key)s",
        key=key,
    )
    return found


def statuses(acme: Merchant, number: str) -> list[tuple[str | None, int, str, int]]:
    """Number, center, status and announced units of an order's WROs."""
    return [
        (wro.purchase_order_number, wro.center_id, wro.status, expected(wro))
        for wro in wros_of(acme, number)
    ]


def stow(acme: Merchant, wro: Wro, units: Mapping[Item, int] | None = None) -> None:
    shipbob = acme.world.shipbob
    if wro.status == "Awaiting":
        shipbob.arrive(wro)
    shipbob.stow(wro, units)


def receive(acme: Merchant, wro: Wro) -> str:
    """Let receiving look at a WRO; return how it stands."""
    [subject] = sync(acme, "receiving", [str(wro.id)])
    return str(subject["cause"] or subject["state"])


def watch(acme: Merchant) -> None:
    """Look for what is awaited, as a worker does."""

    async def once() -> None:
        async with open_installation(acme.settings) as installation:
            await AwaitedWatch(installation, ConnectionContexts(installation)).look()

    asyncio.run(once())


def state_of(acme: Merchant, number: str) -> str:
    [found] = acme.rows(
        "select state from subject where flow = 'purchase-orders' and key = %(key)s",
        key=key_of(acme, number),
    )
    return str(found["state"])


def _everything(acme: Merchant) -> tuple[object, ...]:
    wros = acme.world.shipbob.books.receiving.wros.values()
    documents = acme.world.netsuite.documents()
    [runs] = acme.rows(
        "select count(*) as n from run as r join subject as s on s.id = r.subject_id"
        " where s.flow = 'purchase-orders'"
    )
    return [(wro.id, wro.status) for wro in wros], len(documents), runs["n"]


@pytest.fixture(scope="module")
def unhurried(quiet: Merchant) -> Merchant:
    """A merchant whose calls ShipBob does not count: the stories make more than a day's."""
    quiet.world.shipbob.books.limit.per_minute = 0
    quiet.apply(limits=UNLIMITED)
    return quiet


@pytest.fixture
def told(unhurried: Merchant) -> Iterator[Merchant]:
    """The merchant of a story, after which nothing new is made."""
    yield unhurried
    sync(unhurried, "purchase-orders")
    before = _everything(unhurried)
    close(unhurried)
    for _ in range(2):
        sync(unhurried, "purchase-orders")

    assert _everything(unhurried) == before


def test_an_order_raised_without_a_date_is_announced_anew(told: Merchant) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    edit(told, number, 1, quantity=150)
    push(told, number)

    assert statuses(told, number) == [
        (number, 228, "Cancelled", 100),
        (f"{number}-2", 228, "Awaiting", 150),
    ]


def test_a_wro_that_was_changed_before_its_answer_came_is_taken_as_it_is(told: Merchant) -> None:
    shipbob, reads = told.world.shipbob, _reads_before_writing(told)
    number = ordered(told, (told.sku(), 100, 6))
    shipbob.fault("cut_after_commit", method="POST", path="/receiving", times=1)
    shipbob.fault("unavailable", method="GET", path="/receiving", skip=reads)
    lost = push(told, number)
    [wro] = wros_of(told, number)
    with shipbob.books.lock:
        wro.boxes[0].items[0].quantity = 60
    shipbob.clear_faults()
    wait_until(lambda: push(told, number)["state"] != "retrying")
    stopped = push(told, number)
    event = _event(told, number)
    looked = told.command(
        *("events", "decide", str(event), "--as", "accept", "--note", "Agreed", "--dry-run")
    )
    decide(told, event, "accept")
    done = push(told, number)

    assert lost["state"] == "retrying"
    assert (stopped["state"], stopped["cause"]) == ("dead", "posted_document_differs")
    assert looked.status == 0, looked.err
    assert f"taken in as {wro.id}" in looked.out
    assert f"Cancellation of WRO {wro.id}" in looked.out
    assert f"WRO {number}-2 for fulfillment center 228, 100 units" in looked.out
    assert done["state"] == "done"
    assert statuses(told, number) == [
        (number, 228, "Cancelled", 60),
        (f"{number}-2", 228, "Awaiting", 100),
    ]


def _reads_before_writing(acme: Merchant) -> int:
    """Return how often a push of one new order lists WROs before it makes its own."""
    before = len(acme.world.shipbob.calls)
    push(acme, ordered(acme, (acme.sku(), 1, 6)))
    calls = [
        call.method
        for call in acme.world.shipbob.calls[before:]
        if call.path.endswith("/receiving")
    ]
    return calls.index("POST")


def _event(acme: Merchant, number: str) -> int:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'purchase-orders' and s.key = %(key)s",
        key=key_of(acme, number),
    )
    return int(row["id"])


def test_a_wro_that_a_person_cancelled_is_announced_again_at_his_word_only(
    told: Merchant,
) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    [wro] = wros_of(told, number)
    told.world.shipbob.cancel(wro)
    shown, again = push(told, number), push(told, number)
    sync(told, "purchase-orders", [key_of(told, number)])
    told.apply(limits=UNLIMITED)
    told.command("events", "replay", "--cause", "wro_cancelled")
    sync(told, "purchase-orders")
    untouched = statuses(told, number)
    [event] = told.rows(
        "select min(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'purchase-orders' and s.key = %(key)s",
        key=key_of(told, number),
    )
    told.command("events", "replay", "--id", str(event["id"]))
    announced = push(told, number)
    acts = told.command("audit", "acts", "--what", "subject.answer", "--json").json["acts"]

    assert (shown["state"], shown["cause"]) == ("dead", "wro_cancelled")
    assert shown == again
    assert untouched == [(number, 228, "Cancelled", 100)]
    assert announced["state"] == "done"
    assert statuses(told, number)[1:] == [(f"{number}-2", 228, "Awaiting", 100)]
    assert [one["details"]["waiting_for"] for one in acts] == [[f"cancelled_wro:{wro.id}"]]


def test_a_location_that_is_mapped_later_is_announced_then(told: Merchant) -> None:
    told.world.netsuite.add_location("ShipBob 30", internal_id=30, subsidiary=1)
    told.world.shipbob.add_fulfillment_center(30, "Center 30")
    number = ordered(told, (told.sku(), 40, 30))
    before = push(told, number), statuses(told, number)
    told.apply(limits=UNLIMITED, locations=f'{TABLES["locations"]}\n"30" = "30"')
    push(told, number)

    assert (before[0]["state"], before[1]) == ("done", [])
    assert statuses(told, number) == [(number, 30, "Awaiting", 40)]


def test_an_order_received_by_hand_and_then_raised_is_announced(told: Merchant) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    [wro] = wros_of(told, number)
    stow(told, wro)
    told.world.shipbob.complete(wro)
    receive_by_hand(told, number)
    stopped = receive(told, wro)
    edit(told, number, 1, quantity=150)
    push(told, number)

    assert stopped == "received_by_others"
    assert statuses(told, number)[1:] == [(f"{number}-2", 228, "Awaiting", 50)]


def test_an_order_raised_after_its_surplus_was_adjusted_is_announced_in_full(
    told: Merchant,
) -> None:
    sku = told.sku()
    number = ordered(told, (sku, 100, 6))
    push(told, number)
    [wro] = wros_of(told, number)
    stow(told, wro, {sku: 110})
    between = push(told, number)
    told.world.shipbob.complete(wro)
    booked = receive(told, wro)
    edit(told, number, 1, quantity=150)
    push(told, number)

    assert between["state"] == "done"
    assert booked == "done"
    assert told.books(sku) == ({(sku, 6): 110},) * 3
    assert statuses(told, number)[1:] == [(f"{number}-2", 228, "Awaiting", 50)]


def test_lines_closed_at_one_center_have_their_wro_cancelled(told: Merchant) -> None:
    number = ordered(told, (told.sku("TEE"), 100, 6), (told.sku("CAP"), 40, 7))
    push(told, number)
    edit(told, number, 2, isClosed=True)
    push(told, number)

    assert statuses(told, number) == [
        (number, 10, "Cancelled", 40),
        (f"{number}-2", 228, "Awaiting", 100),
    ]


def test_lines_closed_when_their_wro_has_arrived_are_shown_until_it_ends(told: Merchant) -> None:
    number = ordered(told, (told.sku("TEE"), 100, 6), (told.sku("CAP"), 40, 7))
    push(told, number)
    [cap, _] = wros_of(told, number)
    told.world.shipbob.arrive(cap)
    edit(told, number, 2, isClosed=True)
    shown = push(told, number)
    told.world.shipbob.complete(cap)
    watch(told)
    woken = state_of(told, number)

    assert (shown["state"], shown["cause"]) == ("dead", "purchase_order_changed")
    assert cap.status == "Completed"
    assert woken == "received"
    assert push(told, number)["state"] == "done"


def test_lines_moved_to_another_location_are_announced_there(told: Merchant) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    edit(told, number, 1, location={"id": "7"})
    push(told, number)

    assert statuses(told, number) == [
        (number, 228, "Cancelled", 100),
        (f"{number}-2", 10, "Awaiting", 100),
    ]


def test_an_order_pending_approval_again_keeps_its_wro_and_goes_on_when_approved(
    told: Merchant,
) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    approve(told, number, "A")
    shown = push(told, number)
    approve(told, number, "B")
    watch(told)
    woken = state_of(told, number)

    assert (shown["state"], shown["cause"]) == ("dead", "purchase_order_changed")
    assert woken == "received"
    assert push(told, number)["state"] == "done"
    assert statuses(told, number) == [(number, 228, "Awaiting", 100)]


def test_an_order_received_in_full_by_hand_keeps_its_wro_until_a_person_cancels_it(
    told: Merchant,
) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    [wro] = wros_of(told, number)
    receive_by_hand(told, number)
    shown = push(told, number)
    kept = wro.status
    told.world.shipbob.cancel(wro)
    watch(told)
    woken = state_of(told, number)

    assert (shown["state"], shown["cause"]) == ("dead", "purchase_order_changed")
    assert kept == "Awaiting"
    assert woken == "received"
    assert push(told, number)["state"] == "done"
    assert len(wros_of(told, number)) == 1


def test_an_order_closed_while_awaited_has_its_wro_cancelled(told: Merchant) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    push(told, number)
    edit(told, number, 1, isClosed=True)

    assert push(told, number)["state"] == "done"
    assert statuses(told, number) == [(number, 228, "Cancelled", 100)]


def test_an_order_deleted_when_its_wro_has_arrived_is_shown(told: Merchant) -> None:
    number = ordered(told, (told.sku(), 100, 6))
    key = key_of(told, number)
    push(told, number)
    [wro] = wros_of(told, number)
    told.world.shipbob.arrive(wro)
    told.world.netsuite.delete("purchaseOrder", int(key))
    sync(told, "purchase-orders")
    [shown] = told.rows("select state, cause from subject where key = %(key)s", key=key)

    assert (shown["state"], shown["cause"]) == ("dead", "purchase_order_changed")
    assert wro.status == "Arrived"


def test_a_line_removed_while_its_wro_is_worked_on_is_shown(told: Merchant) -> None:
    tee, cap = told.sku("TEE"), told.sku("CAP")
    number = ordered(told, (tee, 100, 6), (cap, 40, 6))
    push(told, number)
    [wro] = wros_of(told, number)
    stow(told, wro, {cap: 10})
    order = int(key_of(told, number))
    with moving_no_date(told, number):
        told.world.netsuite.company.books.execute(
            'DELETE FROM transactionline WHERE "transaction" = ? AND id = 2', (order,)
        )
    shown = push(told, number)

    assert (shown["state"], shown["cause"]) == ("dead", "purchase_order_changed")
    assert wro.status == "Processing"


def test_what_a_short_wro_left_is_announced_for_the_orders_own_day_and_said(
    told: Merchant,
) -> None:
    due = (datetime.now(UTC) + timedelta(days=20)).date()
    sku = told.sku()
    number = ordered(told, (sku, 100, 6), due=due)
    push(told, number)
    [wro] = wros_of(told, number)
    stow(told, wro, {sku: 80})
    told.world.shipbob.complete(wro)
    receive(told, wro)
    push(told, number)
    [run] = told.rows(
        "select r.decision ->> 'note' as note from run as r join subject as s on s.id ="
        " r.subject_id where s.key = %(key)s and r.decision ->> 'note' <> '' order by r.id desc"
        " limit 1",
        key=key_of(told, number),
    )
    [_, rest] = wros_of(told, number)

    assert (rest.purchase_order_number, expected(rest)) == (f"{number}-2", 20)
    assert rest.expected_arrival.date() == due
    assert "ended with fewer units than it announced" in run["note"]
    assert str(due) in run["note"]
