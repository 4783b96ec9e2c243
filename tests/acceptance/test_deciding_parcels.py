"""What a person decides about a shipment that stopped: both systems, month end and stock after."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import fresh_database, merchant
from acceptance.retail import units
from acceptance.service import Answered
from acceptance.test_whose_fulfilment import NUMBER, Desk
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.orders import Order, Shipment


@pytest.fixture
def desk(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Desk]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("parcels")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield Desk(made)


def event_of(desk: Desk, shipment: Shipment) -> str:
    [row] = desk.acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'tracking' and s.key = %(key)s",
        key=str(shipment.id),
    )
    return str(row["id"])


def command(desk: Desk, shipment: Shipment, kind: str, *names: str) -> Answered:
    return desk.acme.command(
        *("events", "decide", event_of(desk, shipment), "--as", kind, *names),
        *("--note", "Asked the shop", "--json"),
    )


def decide(desk: Desk, shipment: Shipment, kind: str, *names: str) -> Mapping[str, Any]:
    """Decide about a shipment and let it run; return what the command said."""
    said = command(desk, shipment, kind, *names)
    assert said.status == 0, said.err or said.out
    desk.look(shipment)
    return dict(said.json)


def number_of(desk: Desk, fulfillment_id: str) -> str:
    [found] = [
        one
        for one in desk.acme.world.netsuite.documents("itemFulfillment")
        if str(one["id"]) == fulfillment_id
    ]
    return str(found["tranId"])


def standing(desk: Desk, shipment: Shipment) -> tuple[str, str]:
    return desk.retail.state(shipment), desk.stop(shipment)[0]


def stock_agrees(desk: Desk, sku: str) -> bool:
    books = desk.acme.books(sku)
    return books.shipbob == books.netsuite and desk.drift(sku) == []


def sold_under_another_number(desk: Desk, sku: str, quantity: int) -> tuple[Order, Order]:
    """An order that NetSuite lacks, and one of the same goods that ShipBob never ships."""
    lost = desk.retail.sell({sku: quantity}, in_netsuite=False)
    other = desk.retail.sell({sku: quantity})
    desk.acme.world.shipbob.cancel_shipment(other.shipments[0])
    return lost, other


def test_what_a_person_fulfilled_is_handled_and_only_the_rest_is_ours(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 5})
    [shipment] = order.shipments
    by_hand = desk.fulfil(order, {tee: 2})
    number = number_of(desk, by_hand)
    desk.ship(shipment)
    desk.look(shipment)
    stopped, before = standing(desk, shipment), close(desk.acme).report
    looked = command(desk, shipment, "handled", "--document", number, "--dry-run")
    unchanged = standing(desk, shipment)
    handled = decide(desk, shipment, "handled", "--document", number)

    assert stopped == unchanged == ("dead", "over_fulfillment")
    assert not before.green
    assert looked.json["recorded"] is False
    assert [one["quantity"] for one in handled["plan"]["handled"]] == [-2]
    assert standing(desk, shipment) == ("done", "")
    assert [units(one)[tee][0] for one in desk.retail.fulfillments(order)] == [2, 3]
    assert stock_agrees(desk, tee)

    report = close(desk.acme).report
    [shown] = report.of(Kind.FACT_HANDLED)

    assert report.green
    assert f"2 x {tee} is not ours to post. Handled by item fulfilment {number}" in shown.says

    said = desk.acme.command("events", "undecide", str(handled["id"]))
    desk.look(shipment)

    assert said.status == 0, said.err
    assert standing(desk, shipment) == ("dead", "shipment_changed")
    assert desk.acme.rows("select * from handled_line") == []
    assert not close(desk.acme).report.green


def test_a_fulfilment_from_another_order_handles_until_it_is_deleted(desk: Desk) -> None:
    tee = desk.retail.sku()
    lost, other = sold_under_another_number(desk, tee, 3)
    [shipment] = lost.shipments
    desk.ship(shipment)
    desk.look(shipment)
    stopped = standing(desk, shipment)
    by_hand = desk.fulfil(other, {tee: 3})
    number = number_of(desk, by_hand)
    decide(desk, shipment, "handled", "--document", number)

    assert stopped == ("parked", "sales_order_not_found")
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green

    sync(desk.acme, "tracking")  # looks at the document once more
    desk.acme.world.netsuite.delete("itemFulfillment", int(by_hand))
    sync(desk.acme, "tracking")

    assert standing(desk, shipment) == ("dead", "sales_order_not_found")
    assert "is not in NetSuite any more" in desk.stop(shipment)[1]
    assert not close(desk.acme).report.green


def test_a_document_handles_two_shipments_with_what_it_holds(desk: Desk) -> None:
    tee = desk.retail.sku()
    lost = desk.retail.sell({tee: 2}, {tee: 2}, in_netsuite=False)
    other = desk.retail.sell({tee: 3})
    desk.acme.world.shipbob.cancel_shipment(other.shipments[0])
    number = number_of(desk, desk.fulfil(other, {tee: 3}))
    for shipment, tracked in zip(
        lost.shipments, (NUMBER, NUMBER.replace("1Z", "2Z")), strict=True
    ):
        desk.ship(shipment, tracked)
        desk.look(shipment)
        decide(desk, shipment, "handled", "--document", number)
    first, second = lost.shipments
    late = command(desk, second, "handled", "--document", number)
    report = close(desk.acme).report

    assert standing(desk, first) == ("done", "")
    assert standing(desk, second) == ("parked", "sales_order_not_found")
    assert late.status != 0
    taken = desk.acme.rows("select quantity::int as units from handled_line order by quantity")
    assert [row["units"] for row in taken] == [-2, -1]
    assert {one.kind for one in report.open} == {Kind.FACT_WAITING}
    assert sum(f"1 x {tee} waits" in one.says for one in report.open) == 1


def test_a_shipment_belongs_to_the_order_that_a_person_names(desk: Desk) -> None:
    tee = desk.retail.sku()
    lost, other = sold_under_another_number(desk, tee, 3)
    [shipment] = lost.shipments
    desk.ship(shipment)
    desk.look(shipment)
    stopped = standing(desk, shipment)
    decide(desk, shipment, "belongs", "--value", other.reference_id)
    [made] = desk.retail.fulfillments(other)

    assert stopped == ("parked", "sales_order_not_found")
    assert standing(desk, shipment) == ("done", "")
    assert made["externalId"] == f"mlc-if-{shipment.id}"
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green


def test_a_document_that_can_not_be_meant_is_refused(desk: Desk) -> None:
    tee, cap = desk.retail.sku(), desk.retail.sku()
    lost, other = sold_under_another_number(desk, tee, 3)
    [shipment] = lost.shipments
    desk.ship(shipment)
    desk.look(shipment)
    elsewhere = desk.retail.sell({cap: 1})
    desk.acme.world.shipbob.cancel_shipment(elsewhere.shipments[0])
    picked = number_of(desk, desk.fulfil(other, {tee: 3}, shipStatus={"id": "A"}))
    of_caps = number_of(desk, desk.fulfil(elsewhere, {cap: 1}))
    said = {
        number: command(desk, shipment, "handled", "--document", number)
        for number in (picked, of_caps, "IF-NONE")
    }

    assert all(one.status != 0 for one in said.values())
    assert "is voided, or not posted" in said[picked].out
    assert f"holds nothing of shipment {shipment.id}" in said[of_caps].out
    assert "NetSuite has no item fulfilment" in said["IF-NONE"].out
    assert desk.acme.rows("select * from decision") == []


def test_what_was_deleted_and_adjusted_by_hand_is_handled(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)
    [ours] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(ours["id"]))
    desk.acme.world.shipbob.deliver(shipment)
    desk.look(shipment)
    stopped = standing(desk, shipment)
    desk.acme.world.netsuite.add_to_stock(tee, 6, -2, tranId="IA77")
    decide(desk, shipment, "handled", "--document", "IA77")
    report = close(desk.acme).report

    assert stopped == ("dead", "fulfillment_not_found")
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert report.open == ()
    assert len(report.of(Kind.DOCUMENT_NOT_NEEDED)) == len(report.of(Kind.FACT_HANDLED)) == 1


@pytest.mark.parametrize("sale", ["cashSale", "invoice"])
def test_a_sale_without_an_order_handles_what_it_took_out_of_stock(desk: Desk, sale: str) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 3}, in_netsuite=False)
    [shipment] = order.shipments
    netsuite = desk.acme.world.netsuite
    item = netsuite.books.value("SELECT id FROM item WHERE itemid = ?", (tee,))
    line = {"item": {"id": str(item)}, "quantity": 3, "rate": 9}
    netsuite.create(
        sale,
        {
            "tranId": order.reference_id,
            "entity": {"id": str(desk.retail.customer)},
            "location": {"id": "6"},
            "item": {"items": [{**line, "location": {"id": "6"}}]},
        },
    )
    desk.ship(shipment)
    desk.look(shipment)
    stopped, sentence, remedy = desk.stop(shipment)
    decide(desk, shipment, "handled", "--document", order.reference_id)

    assert stopped == "sales_order_not_found"
    assert order.reference_id in sentence
    assert "handled" in remedy
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green


def test_a_fulfilment_from_a_transfer_order_handles_its_shipment(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 3}, in_netsuite=False)
    [shipment] = order.shipments
    netsuite = desk.acme.world.netsuite
    transfer = netsuite.add_transfer_order(
        order.reference_id, source=6, target=7, subsidiary=1, lines=[{"item": tee, "quantity": 3}]
    )
    desk.ship(shipment)
    desk.look(shipment)
    stopped, sentence, remedy = desk.stop(shipment)
    made = netsuite.transform(
        "transferOrder", transfer, "itemFulfillment", {"shipStatus": {"id": "C"}}
    )
    decide(desk, shipment, "handled", "--document", number_of(desk, str(made)))

    assert stopped == "sales_order_not_found"
    assert f"transfer order {order.reference_id}" in sentence
    assert "handled" in remedy
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green


def test_what_was_handled_stops_when_shipbob_holds_or_cancels_it(desk: Desk) -> None:
    tee = desk.retail.sku()
    lost, other = sold_under_another_number(desk, tee, 3)
    [shipment] = lost.shipments
    shipbob = desk.acme.world.shipbob
    shipbob.label(shipment, NUMBER, carrier="UPS")
    desk.look(shipment)
    by_hand = desk.fulfil(other, {tee: 3})
    decide(desk, shipment, "handled", "--document", number_of(desk, by_hand))
    handled = standing(desk, shipment)
    shipbob.pull_back(shipment)
    desk.look(shipment)
    held = standing(desk, shipment)
    shipbob.cancel_shipment(shipment)
    desk.look(shipment)
    cancelled, drift = standing(desk, shipment), desk.drift(tee)
    sync(desk.acme, "tracking")  # looks at the document once more
    desk.acme.world.netsuite.delete("itemFulfillment", int(by_hand))
    sync(desk.acme, "tracking")

    assert handled == ("done", "")
    assert held == ("dead", "shipment_changed")
    assert cancelled == ("dead", "cancelled_after_shipping")
    assert drift != []
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green
