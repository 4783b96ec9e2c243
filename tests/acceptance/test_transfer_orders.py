"""Transfer orders into a location of ShipBob's: announced, and received by a person."""

from collections.abc import Mapping

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_purchase_orders import expected, order_id, wros_of
from ml_connector.errors import UserError
from ml_connector.sim.shipbob.books.receiving import Wro

WAREHOUSE = 3


def transfer(
    acme: Merchant,
    units: Mapping[str, int],
    *,
    source: int = WAREHOUSE,
    target: int = 6,
    number: str | None = None,
) -> tuple[str, str]:
    """Approve a transfer order; return its id and its number."""
    netsuite = acme.world.netsuite
    if netsuite.books.value("SELECT id FROM location WHERE id = ?", (WAREHOUSE,)) is None:
        netsuite.add_location("Warehouse", internal_id=WAREHOUSE, subsidiary=1)
    for sku, quantity in units.items():
        netsuite.add_to_stock(sku, source, quantity, cost=2)
    number = number or f"TO{next(acme.numbers)}"
    order = netsuite.add_transfer_order(
        number,
        source=source,
        target=target,
        subsidiary=1,
        lines=[{"item": sku, "quantity": quantity} for sku, quantity in units.items()],
    )
    return str(order), number


def ship(acme: Merchant, order: str) -> None:
    acme.world.netsuite.transform(
        "transferOrder", int(order), "itemFulfillment", {"shipStatus": {"id": "C"}}
    )


def arrive(acme: Merchant, wro: Wro) -> None:
    shipbob = acme.world.shipbob
    shipbob.complete(shipbob.stow(shipbob.arrive(wro)))


def test_a_transfer_order_is_announced_once_with_its_number(quiet: Merchant) -> None:
    tee, cap = quiet.sku("TEE"), quiet.sku("CAP")
    order, number = transfer(quiet, {tee: 30, cap: 12})
    [first] = [one for one in sync(quiet, "purchase-orders") if one["key"] == order]
    ship(quiet, order)
    [second] = sync(quiet, "purchase-orders", [order])
    [wro] = wros_of(quiet, number)

    assert (first["state"], second["state"], second["documents"]) == ("done", "done", [])
    assert [one["external_id"] for one in first["documents"]] == [f"mlc-wro-{order}-1"]
    assert (wro.purchase_order_number, wro.center_id) == (number, 228)
    assert expected(wro) == 42


def test_what_arrives_of_a_transfer_order_is_shown_and_received_by_a_person(
    quiet: Merchant,
) -> None:
    tee = quiet.sku("TEE")
    order, number = transfer(quiet, {tee: 8})
    sync(quiet, "purchase-orders", [order])
    [wro] = wros_of(quiet, number)
    ship(quiet, order)
    arrive(quiet, wro)
    [shown] = sync(quiet, "receiving", [str(wro.id)])
    untouched = quiet.documents(wro)
    quiet.world.netsuite.transform("transferOrder", int(order), "itemReceipt", {})
    [again] = sync(quiet, "purchase-orders", [order])

    assert (shown["state"], shown["cause"]) == ("dead", "transfer_order")
    assert number in shown["sentence"]
    assert "by hand" in shown["remedy"]
    assert untouched == []
    assert quiet.books(tee)[:2] == ({(tee, 6): 8}, {(tee, 6): 8})
    assert (again["state"], len(wros_of(quiet, number))) == ("done", 1)


def test_a_part_that_a_person_has_received_is_not_announced_again(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    order, number = transfer(quiet, {tee: 10})
    sync(quiet, "purchase-orders", [order])
    [wro] = wros_of(quiet, number)
    ship(quiet, order)
    shipbob = quiet.world.shipbob
    shipbob.stow(shipbob.arrive(wro), {tee: 4})
    quiet.world.netsuite.transform(
        "transferOrder",
        int(order),
        "itemReceipt",
        {"item": {"items": [{"orderLine": 2, "itemReceive": True, "quantity": 4}]}},
    )
    [halfway] = sync(quiet, "purchase-orders", [order])

    assert (halfway["state"], halfway["documents"], len(wros_of(quiet, number))) == ("done", [], 1)


def test_a_transfer_order_that_is_closed_has_its_wro_cancelled(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    order, number = transfer(quiet, {tee: 5})
    sync(quiet, "purchase-orders", [order])
    quiet.world.netsuite.edit(
        "transferOrder", int(order), {"item": {"items": [{"line": 1, "isClosed": True}]}}
    )
    sync(quiet, "purchase-orders", [order])
    [wro] = wros_of(quiet, number)

    assert wro.status == "Cancelled"


def test_stock_that_moves_within_shipbob_is_not_announced(quiet: Merchant) -> None:
    order, number = transfer(quiet, {quiet.sku("TEE"): 5}, source=6, target=7)
    [told] = sync(quiet, "purchase-orders", [order])

    assert (told["state"], told["documents"], wros_of(quiet, number)) == ("done", [], [])


def test_two_orders_with_one_number_are_shown(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    number = quiet.order({tee: 5})
    order, _ = transfer(quiet, {tee: 5}, number=number)
    [told] = sync(quiet, "purchase-orders", [order])

    assert (told["state"], told["cause"], wros_of(quiet, number)) == ("dead", "transfer_order", [])


def test_orders_that_a_role_may_not_see_any_more_keep_their_wros(unserved: Merchant) -> None:
    moved, moved_number = transfer(unserved, {unserved.sku("TEE"): 5})
    number = unserved.order({unserved.sku("TEE"): 5})
    sync(unserved, "purchase-orders")
    unserved.world.netsuite.withdraw_permission("TRAN_TRNFRORD", "TRAN_PURCHORD")
    told = sync(unserved, "purchase-orders", [moved, order_id(unserved, number)])
    [moved_wro], [wro] = wros_of(unserved, moved_number), wros_of(unserved, number)

    assert {(one["state"], one["cause"]) for one in told} == {("dead", "permission_missing")}
    assert all("does not say that it was deleted" in one["sentence"] for one in told)
    assert (moved_wro.status, wro.status) == ("Awaiting", "Awaiting")


def test_an_order_that_the_role_never_saw_is_none_of_ours(unserved: Merchant) -> None:
    unserved.world.netsuite.withdraw_permission("TRAN_TRNFRORD")
    order, number = transfer(unserved, {unserved.sku("TEE"): 5})
    with pytest.raises(UserError, match=f"NetSuite has no order {order} to announce"):
        sync(unserved, "purchase-orders", [order])
    sync(unserved, "purchase-orders")

    assert wros_of(unserved, number) == []
    assert unserved.rows("select * from subject where key = %(key)s", key=order) == []


def test_an_order_that_is_deleted_has_its_wro_cancelled_though_nothing_lists_it(
    unserved: Merchant,
) -> None:
    number = unserved.order({unserved.sku("TEE"): 5})
    key = order_id(unserved, number)
    sync(unserved, "purchase-orders")
    unserved.world.netsuite.delete("purchaseOrder", int(key))
    unserved.world.netsuite.books.execute("DELETE FROM deletedrecord")
    [told] = sync(unserved, "purchase-orders", [key])
    [wro] = wros_of(unserved, number)

    assert (told["state"], wro.status) == ("done", "Cancelled")


def test_a_deletion_is_seen_by_a_role_that_knows_no_transfer_orders(unserved: Merchant) -> None:
    unserved.world.netsuite.withdraw_permission("TRAN_TRNFRORD")
    number = unserved.order({unserved.sku("TEE"): 5})
    key = order_id(unserved, number)
    sync(unserved, "purchase-orders")
    unserved.world.netsuite.delete("purchaseOrder", int(key))
    [told] = sync(unserved, "purchase-orders", [key])
    [wro] = wros_of(unserved, number)

    assert (told["state"], wro.status) == ("done", "Cancelled")
