"""Whose are the goods that come in? Orders of like numbers, other people, and what they decide."""

from datetime import timedelta

import pytest

from acceptance import told
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import receive, stow, watch
from acceptance.test_deciding import Receipt, decide, standing, undecide
from acceptance.test_goods_that_come_in import receive_by_hand
from acceptance.test_whose_wro import (
    arrive_whole,
    by_hand,
    enter,
    numbered,
    pushed,
    raise_to,
    received_from,
)
from acceptance.told import ends_right, number_of, waits


@pytest.fixture(scope="module")
def furnished(quiet: Merchant) -> Merchant:
    told.furnish(quiet)
    told.apply(quiet)
    return quiet


@pytest.fixture
def acme(furnished: Merchant) -> Merchant:
    return furnished


def test_a_release_that_is_entered_after_our_second_wro_has_its_number(acme: Merchant) -> None:
    sku, blanket = acme.sku("TEE"), number_of(acme, "BLANKET")
    order = enter(acme, blanket, (sku, 20, 6))
    assert pushed(acme, order) == ("done", None)
    acme.world.shipbob.arrive(numbered(acme, blanket))
    raise_to(acme, order, 30)
    assert pushed(acme, order) == ("done", None)
    ours = numbered(acme, f"{blanket}-2")
    stow(acme, ours, {sku: 4})
    assert receive(acme, ours) == "done"
    release = enter(acme, f"{blanket}-2", (sku, 10, 6))
    assert pushed(acme, release) == ("done", None)
    theirs = numbered(acme, f"{blanket}-2-2")
    for wro in (theirs, ours, numbered(acme, blanket)):
        arrive_whole(acme, wro)
        assert receive(acme, wro) == "done"
        assert [pushed(acme, key) for key in (order, release)] == [("done", None)] * 2

    assert {*received_from(acme, ours)} == {order}
    assert received_from(acme, theirs) == [release]
    ends_right(acme, sku)


@pytest.mark.parametrize("suffix", ["-0", "-1", "-001"])
def test_a_number_with_a_suffix_that_we_never_give_waits_for_its_own_order(
    acme: Merchant, suffix: str
) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    like_it = enter(acme, number, (sku, 10, 6))
    wro = by_hand(acme, number + suffix, sku, 4)
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    red = waits(acme, wro)
    own = enter(acme, number + suffix, (sku, 4, 6))
    watch(acme)
    received = receive(acme, wro)

    assert (stopped, red, received) == ("purchase_order_not_found", True, "done")
    assert received_from(acme, wro) == [own]
    assert pushed(acme, like_it) == ("done", None)
    assert numbered(acme, number).boxes[0].items[0].quantity == 10
    ends_right(acme, sku)


def test_more_wros_of_an_order_than_are_looked_for_at_first(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    order = enter(acme, number, (sku, 36, 6))
    made = [by_hand(acme, number, sku, 1)]
    made += [by_hand(acme, f"{number}-{part}", sku, 1) for part in range(2, 35)]
    for wro in made:
        arrive_whole(acme, wro)
    states = {one["state"] for one in sync(acme, "receiving", [str(wro.id) for wro in made])}
    assert pushed(acme, order) == ("done", None)
    last = numbered(acme, f"{number}-35")
    announced = last.boxes[0].items[0].quantity
    arrive_whole(acme, last)

    assert (states, announced) == ({"done"}, 2)
    assert receive(acme, last) == "done"
    assert {order for wro in made for order in received_from(acme, wro)} == {order}
    ends_right(acme, sku)


def test_what_somebody_received_of_another_item_is_not_in_question(acme: Merchant) -> None:
    tee, cap, number = acme.sku("TEE"), acme.sku("CAP"), number_of(acme)
    enter(acme, number, (tee, 10, 6), (cap, 10, 6))
    caps, tees = by_hand(acme, number, cap, 10), by_hand(acme, number, tee, 10)
    receive_by_hand(acme, number, 2, 10)
    for wro in (caps, tees):
        arrive_whole(acme, wro)
    states = [receive(acme, wro) for wro in (tees, caps)]
    red = waits(acme, caps)
    [theirs] = [
        one
        for one in acme.world.netsuite.documents("itemReceipt")
        if one["createdFrom"]["refName"].endswith(number) and not one.get("externalId")
    ]
    decide(acme, caps, "handled", "--document", str(theirs["tranId"]))

    assert (states, red) == (["done", "received_by_others"], True)
    assert standing(acme, caps) == ("done", None)
    assert (len(acme.documents(tees)), len(acme.documents(caps))) == (1, 0)
    ends_right(acme, tee, cap)


def test_what_somebody_received_before_the_wro_was_made_is_another_matter(
    acme: Merchant,
) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 20, 6))
    before = Receipt(acme, number, 5)
    day = (acme.world.netsuite.clock.now().date() - timedelta(days=9)).isoformat()
    acme.world.netsuite.books.update(
        "transaction", {"trandate": day, "createddate": day}, id=before.id
    )
    wro = by_hand(acme, number, sku, 15)
    arrive_whole(acme, wro)

    assert receive(acme, wro) == "done"
    ends_right(acme, sku, others={f"{sku} at 6": 5})


def test_a_receipt_whose_links_name_no_line_counts_by_its_item(acme: Merchant) -> None:
    tee, cap, number = acme.sku("TEE"), acme.sku("CAP"), number_of(acme)
    enter(acme, number, (cap, 5, 6), (tee, 30, 6), (tee, 30, 7))
    wro = by_hand(acme, number, tee, 10)
    receipts = []
    for line, units in ((2, 10), (3, 4)):
        receive_by_hand(acme, number, line, units)
        receipts.append(str(acme.world.netsuite.documents("itemReceipt")[-1]["id"]))
    for receipt in receipts:
        acme.world.netsuite.books.delete("_link", nextdoc=int(receipt))
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    red = waits(acme, wro)
    decide(acme, wro, "handled", "--document", receipts[0])

    assert (stopped, red) == ("received_by_others", True)
    assert standing(acme, wro) == ("done", None)
    ends_right(acme, tee, cap, others={f"{tee} at 7": 4})


def test_a_decision_lapses_when_the_wro_is_given_another_number(acme: Merchant) -> None:
    sku, number, other = acme.sku("TEE"), number_of(acme), number_of(acme)
    first, second = enter(acme, number, (sku, 8, 6)), enter(acme, other, (sku, 8, 6))
    wro = by_hand(acme, number_of(acme), sku, 8)
    acme.world.shipbob.arrive(wro)
    stow(acme, wro, {sku: 3})
    stopped = receive(acme, wro)
    decided = decide(acme, wro, "belongs", "--value", number)
    kept = standing(acme, wro)
    wro.purchase_order_number = other
    arrive_whole(acme, wro)
    lapsed = receive(acme, wro)
    red = waits(acme, wro)
    undecide(acme, wro, decided)

    assert (stopped, kept) == ("purchase_order_not_found", ("done", None))
    assert (lapsed, red) == ("purchase_order_not_found", True)
    assert standing(acme, wro) == ("done", None)
    assert {*received_from(acme, wro)} == {first}  # what was received before says whose it is
    assert [pushed(acme, key) for key in (first, second)] == [("done", None)] * 2
    assert numbered(acme, f"{other}-2").status == "Awaiting"
    ends_right(acme, sku)


def test_a_receipt_that_is_another_matter_stays_beside_ours(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 50, 6))
    wro = by_hand(acme, number, sku, 20)
    theirs = Receipt(acme, number, 6)
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    red = waits(acme, wro)
    decide(acme, wro, "separate", "--document", theirs.number)

    assert (stopped, red) == ("received_by_others", True)
    assert standing(acme, wro) == ("done", None)
    ends_right(acme, sku, others={f"{sku} at 6": 6})


def test_a_wro_that_was_received_from_an_order_stays_on_its_way_to_it_without_its_number(
    acme: Merchant,
) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    order = enter(acme, number, (sku, 30, 6))
    wro = by_hand(acme, number, sku, 30)
    stow(acme, wro, {sku: 10})
    assert (receive(acme, wro), pushed(acme, order)) == ("done", ("done", None))
    wro.purchase_order_number = number_of(acme)
    assert pushed(acme, order) == ("done", None)
    announced = [
        one.id
        for one in acme.world.shipbob.books.receiving.wros.values()
        if (one.purchase_order_number or "").startswith(number)
    ]
    arrive_whole(acme, wro)

    assert announced == []
    assert receive(acme, wro) == "done"
    assert {*received_from(acme, wro)} == {order}
    assert pushed(acme, order) == ("done", None)
    ends_right(acme, sku)
