"""Whose fulfilment is it: every parcel on exactly one of its order, or parked; told in both."""

from threading import Thread
from typing import Any

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, numbers, units
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from waiting import wait_until

NUMBER = "1Z999AA10123456784"


class Desk:
    """A merchant's people in NetSuite, and what a look at ShipBob leads to."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.retail = Retail(acme)

    def fulfil(
        self,
        order: Order,
        quantities: dict[str, int],
        *tracked: str,
        location: int = 6,
        **body: Any,
    ) -> str:
        """Fulfil units of an order by hand; return the fulfilment's internal id."""
        packages = [{"packageTrackingNumber": one, "packageWeight": 1} for one in tracked]
        made = self.acme.world.netsuite.transform(
            "salesOrder",
            self.order_id(order),
            "itemFulfillment",
            {
                "memo": "by hand",
                "shipStatus": {"id": "C"},
                "item": {
                    "items": [
                        {
                            "orderLine": number,
                            "itemReceive": line.sku in quantities,
                            "quantity": quantities.get(line.sku, 0),
                            "location": location,
                        }
                        for number, line in enumerate(order.lines, 1)
                    ]
                },
                **({"package": {"items": packages}} if packages else {}),
                **body,
            },
        )
        return str(made)

    def order_id(self, order: Order) -> int:
        [found] = [
            one
            for one in self.acme.world.netsuite.documents("salesOrder")
            if one["tranId"] == order.reference_id
        ]
        return int(found["id"])

    def edit(self, fulfillment_id: str, **body: Any) -> None:
        """Change a fulfilment by hand."""
        self.acme.world.netsuite.edit("itemFulfillment", int(fulfillment_id), body)

    def ship(self, shipment: Shipment, number: str = NUMBER) -> None:
        """Let it leave ShipBob under a number."""
        self.acme.world.shipbob.label(shipment, number, carrier="UPS")
        self.acme.world.shipbob.ship(shipment)

    def held(self, order: Order) -> list[tuple[dict[str, tuple[float, str]], list[str]]]:
        """Return units and tracking numbers of each fulfilment of an order, oldest first."""
        return [(units(one), numbers(one)) for one in self.retail.fulfillments(order)]

    def agree(self, *skus: str) -> bool:
        """Whether both sides have the same stock, and neither report nor drift says otherwise."""
        books = self.acme.books(*skus)
        drift = [row for sku in skus for row in self.drift(sku)]
        return (books.shipbob == books.netsuite, drift, found(close(self.acme))) == (
            True,
            [],
            set(),
        )

    def look(self, *shipments: Shipment) -> None:
        """Let tracking look at these shipments, again where one got in another's way."""

        def looked() -> bool:
            sync(self.acme, "tracking", *(one.id for one in shipments))
            return all(self.retail.state(one) != "retrying" for one in shipments)

        wait_until(looked)

    def drift(self, sku: str) -> list[str]:
        """Compare the stock of all locations; return what is said of this SKU."""
        details = sync(self.acme, "inventory").details
        return [f"{row['location']}: {row}" for row in details if row["sku"] == sku]

    def stop(self, shipment: Shipment) -> tuple[str, str, str]:
        """Return cause, sentence and remedy of a stopped shipment; empty while it is not."""
        [row] = self.acme.rows(
            "select cause, sentence, remedy from subject"
            " where flow = 'tracking' and key = %(key)s",
            key=str(shipment.id),
        )
        return row["cause"] or "", row["sentence"] or "", row["remedy"] or ""


@pytest.fixture
def desk(unserved: Merchant) -> Desk:
    return Desk(unserved)


def test_a_number_that_a_person_typed_as_it_is_printed_is_the_parcels(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    shipment, _ = order.shipments
    by_hand = desk.fulfil(order, {tee: 2}, " 1z 999 aa1 01-2345-6784 ")
    desk.ship(shipment)
    desk.look(shipment)

    [made] = desk.retail.fulfillments(order)
    assert made["id"] == by_hand
    assert numbers(made) == [" 1z 999 aa1 01-2345-6784 "]
    assert units(made) == {tee: (2.0, "6")}
    assert desk.retail.state(shipment) == "done"
    assert desk.agree(tee)


def test_two_shipments_under_one_number_are_both_posted(desk: Desk) -> None:
    tee, cap = desk.retail.sku(), desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2}, {cap: 1})
    for shipment in order.shipments:
        desk.ship(shipment)
    desk.look(*order.shipments)
    desk.look(*reversed(order.shipments))

    assert [desk.retail.state(one) for one in order.shipments] == ["done"] * 3
    assert sorted(one["externalId"] for one in desk.retail.fulfillments(order)) == sorted(
        f"mlc-if-{one.id}" for one in order.shipments
    )
    assert all(tracked == [NUMBER] for _, tracked in desk.held(order))
    assert desk.agree(tee, cap)


def test_the_fulfilment_of_what_was_sent_in_place_of_a_cancelled_parcel_stays(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [cancelled] = order.shipments
    desk.acme.world.shipbob.label(cancelled, NUMBER)
    desk.look(cancelled)
    desk.acme.world.shipbob.recall(cancelled)
    again = desk.acme.world.shipbob.reship(cancelled)
    desk.ship(again)
    desk.look(again, cancelled)
    cause, sentence, remedy = desk.stop(cancelled)
    waits, _, delete = desk.stop(again)
    [first] = desk.retail.fulfillments(order)

    assert (cause, waits) == ("cancelled_after_shipping", "fulfilled_by_others")
    assert f"delete {first['tranId']}" in remedy
    assert f"Shipment {again.id} goes under the same tracking number" in remedy
    assert str(cancelled.id) in sentence
    assert "Delete the fulfilment of one that has not" in delete

    desk.acme.world.netsuite.delete("itemFulfillment", int(first["id"]))
    desk.look(again, cancelled)
    [second] = desk.retail.fulfillments(order)

    assert second["externalId"] == f"mlc-if-{again.id}"
    assert [desk.retail.state(one) for one in (cancelled, again)] == ["done", "done"]
    [shown] = close(desk.acme).report.of(Kind.DOCUMENT_NOT_NEEDED)
    assert shown.external_id == first["externalId"]
    assert desk.agree(tee)


def test_a_parcel_cancelled_before_it_was_booked_leaves_the_others_fulfilment_alone(
    desk: Desk,
) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [cancelled] = order.shipments
    desk.acme.world.shipbob.label(cancelled, NUMBER)
    desk.acme.world.shipbob.recall(cancelled)
    again = desk.acme.world.shipbob.reship(cancelled)
    desk.ship(again)
    desk.look(again, cancelled)

    assert [desk.retail.state(one) for one in (cancelled, again)] == ["done", "done"]
    assert len(desk.held(order)) == 1
    assert desk.agree(tee)


def test_what_may_be_another_parcel_waits_until_a_person_names_it(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    first, second = order.shipments
    desk.acme.world.shipbob.cancel_shipment(second)  # who knows what the open units are for
    by_hand = desk.fulfil(order, {tee: 2})
    desk.ship(first)
    desk.look(first)
    stopped = desk.stop(first)
    desk.edit(by_hand, package={"items": [{"packageTrackingNumber": "1z999aa1 0123456784"}]})
    desk.look(first)

    assert stopped[0] == "fulfilled_by_others"
    assert f"2 x {tee} at location 6, shipped, no tracking number" in stopped[1]
    assert f"put tracking number {NUMBER} on it" in stopped[2]
    assert desk.retail.state(first) == "done"
    assert desk.held(order) == [({tee: (2.0, "6")}, ["1z999aa1 0123456784"])]
    assert desk.agree(tee)


def test_units_that_left_another_location_are_not_the_shipments(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    wrong = desk.fulfil(order, {tee: 2}, location=7)
    desk.ship(shipment)
    desk.look(shipment)
    stopped, drift = desk.stop(shipment), desk.drift(tee)
    desk.edit(wrong, item={"items": [{"line": 1, "location": 6}]})
    desk.look(shipment)

    assert stopped[0] == "fulfilled_by_others"
    assert f"2 x {tee} from location 6" in stopped[1]
    assert f"2 x {tee} at location 7" in stopped[1]
    assert drift != []
    assert desk.retail.state(shipment) == "done"
    assert desk.agree(tee)


def test_what_is_fulfilled_by_hand_as_the_remedy_says_goes_on(desk: Desk) -> None:
    tee, other = desk.retail.sku(), desk.retail.sku()
    order = desk.retail.sell({tee: 2}, in_netsuite=False)
    [shipment] = order.shipments
    desk.acme.world.netsuite.add_sales_order(
        order.reference_id,
        customer=desk.retail.customer,
        location=6,
        lines=[{"item": other, "quantity": 2, "rate": "9", "location": 6}],
    )
    desk.ship(shipment)
    desk.look(shipment)
    stopped = desk.stop(shipment)
    desk.acme.world.netsuite.transform(
        "salesOrder",
        desk.order_id(order),
        "itemFulfillment",
        {
            "shipStatus": {"id": "C"},
            "package": {"items": [{"packageTrackingNumber": NUMBER, "packageWeight": 1}]},
        },
    )
    desk.look(shipment)

    assert stopped[0] == "sku_not_on_order"
    assert "by hand in NetSuite, with the tracking number on it" in stopped[2]
    assert desk.retail.state(shipment) == "done"
    assert len(desk.retail.fulfillments(order)) == 1


def test_only_a_pick_of_just_these_units_is_shipped(desk: Desk) -> None:
    desk.acme.world.netsuite.preferences.pick_pack_ship = True
    tee, cap = desk.retail.sku(), desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {cap: 1})
    first, second = order.shipments
    whole = desk.fulfil(order, {tee: 2, cap: 1}, shipStatus={"id": "A"})
    desk.ship(first)
    desk.look(first)
    stopped = desk.stop(first)
    [waiting] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(whole))
    desk.fulfil(order, {tee: 2}, shipStatus={"id": "A"})
    desk.fulfil(order, {cap: 1}, shipStatus={"id": "B"})
    desk.ship(second, "1Z999AA10123456785")
    desk.look(second, first)

    assert stopped[0] == "fulfilled_by_others"
    assert f"2 x {tee}, 1 x {cap} at location 6, only picked" in stopped[1]
    assert waiting["shipStatus"]["id"] == "A"
    assert desk.held(order) == [
        ({tee: (2.0, "6")}, [NUMBER]),
        ({cap: (1.0, "6")}, ["1Z999AA10123456785"]),
    ]
    assert [one["shipStatus"]["id"] for one in desk.retail.fulfillments(order)] == ["C", "C"]
    assert desk.acme.books(tee, cap).journal == {(tee, 6): -2, (cap, 6): -1}
    assert desk.agree(tee, cap)


def test_a_fulfilment_that_was_deleted_is_found_again_or_waits_for_a_person(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)
    [first] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(first["id"]))
    desk.acme.world.shipbob.track(shipment)
    desk.look(shipment)
    stopped, drift = desk.stop(shipment), desk.drift(tee)
    desk.acme.world.shipbob.deliver(shipment)
    desk.look(shipment)
    still = desk.stop(shipment)
    by_hand = desk.fulfil(order, {tee: 2})
    desk.look(shipment)

    [made] = desk.retail.fulfillments(order)
    assert stopped[0] == still[0] == "fulfillment_not_found"
    assert f"put tracking number {NUMBER} on it" in stopped[2]
    assert drift != []
    assert made["id"] == by_hand
    assert numbers(made) == [NUMBER]
    assert "Delivered" in made["memo"]
    assert desk.retail.state(shipment) == "done"
    assert desk.drift(tee) == []
    [shown] = close(desk.acme).report.of(Kind.DOCUMENT_REENTERED)
    assert shown.says.endswith(f"stands as {by_hand} now, with the same lines")
    assert desk.agree(tee)

    desk.edit(by_hand, externalId=f"mlc-if-{shipment.id}")
    assert desk.agree(tee)


def test_two_fulfilments_that_were_deleted_in_a_row_are_not_made_a_third_time(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)
    [ours] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(ours["id"]))
    by_hand = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.look(shipment)
    assert desk.retail.state(shipment) == "done"
    desk.acme.world.netsuite.delete("itemFulfillment", int(by_hand))
    desk.acme.world.shipbob.deliver(shipment)
    desk.look(shipment)

    assert desk.stop(shipment)[0] == "fulfillment_not_found"
    assert desk.retail.fulfillments(order) == []
    assert found(close(desk.acme)) != set()

    again = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.look(shipment)

    [made] = desk.retail.fulfillments(order)
    assert (desk.retail.state(shipment), made["id"]) == ("done", again)
    assert desk.agree(tee)


def test_a_fulfilment_of_others_that_was_deleted_is_made_anew(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    by_hand = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.ship(shipment)
    desk.look(shipment)
    desk.acme.world.netsuite.delete("itemFulfillment", int(by_hand))
    desk.acme.world.shipbob.deliver(shipment)
    desk.look(shipment)

    [made] = desk.retail.fulfillments(order)
    assert made["externalId"] == f"mlc-if-{shipment.id}"
    assert desk.held(order) == [({tee: (2.0, "6")}, [NUMBER])]
    assert desk.agree(tee)


def test_a_fulfilment_that_a_person_says_is_of_another_parcel_is_not_asked_about(
    desk: Desk,
) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    first, second = order.shipments
    desk.acme.world.shipbob.cancel_shipment(second)
    by_hand = desk.fulfil(order, {tee: 2})
    desk.ship(first)
    desk.look(first)
    stopped, number = desk.stop(first), desk.retail.fulfillments(order)[0]["tranId"]
    [event] = desk.acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'tracking' and s.key = %(key)s",
        key=str(first.id),
    )
    said = desk.acme.command(
        *("events", "decide", str(event["id"]), "--as", "separate", "--document", number),
        *("--note", "Sent from the shop"),
    )
    desk.look(first)

    assert stopped[0] == "fulfilled_by_others"
    assert "decide that it is separate" in stopped[2]
    assert said.status == 0, said.err
    assert desk.retail.state(first) == "done"
    assert {one["id"] for one in desk.retail.fulfillments(order)} > {by_hand}
    assert sorted(desk.held(order), key=str) == [
        ({tee: (2.0, "6")}, [NUMBER]),
        ({tee: (2.0, "6")}, []),
    ]
    assert {kind for kind, _ in found(close(desk.acme))} == {"stock_moved_by_others"}


def test_what_was_fulfilled_by_hand_is_recognised_on_an_order_that_is_closed(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.acme.world.netsuite.edit(
        "salesOrder",
        desk.order_id(order),
        {"item": {"items": [{"line": 1, "quantity": 1}]}},
    )
    desk.ship(shipment)
    desk.look(shipment)
    stopped = desk.stop(shipment)
    desk.acme.world.netsuite.edit(
        "salesOrder",
        desk.order_id(order),
        {"item": {"items": [{"line": 1, "quantity": 3}]}},
    )
    by_hand = desk.fulfil(order, {tee: 2})
    desk.acme.world.netsuite.edit(
        "salesOrder",
        desk.order_id(order),
        {"item": {"items": [{"line": 1, "isClosed": True}]}},
    )
    desk.look(shipment)

    [made] = desk.retail.fulfillments(order)
    assert stopped[0] == "over_fulfillment"
    assert made["id"] == by_hand
    assert numbers(made) == [NUMBER]
    assert desk.retail.state(shipment) == "done"
    assert desk.agree(tee)


def test_of_two_alike_at_the_same_moment_one_takes_what_a_person_fulfilled(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    first, second = order.shipments
    desk.fulfil(order, {tee: 2})
    desk.acme.world.netsuite.fault(
        "latency", method="PATCH", path="itemfulfillment", times=1, seconds=6
    )
    desk.ship(second, "1Z999AA10123456785")
    writing = Thread(target=sync, args=(desk.acme, "tracking", second.id))
    writing.start()
    wait_until(lambda: desk.acme.rows("select id from posting where state = 'sending'"))
    desk.ship(first)
    sync(desk.acme, "tracking", first.id)
    writing.join()
    desk.look(second)
    desk.look(first)

    assert sorted(tracked for _, tracked in desk.held(order)) == [
        [NUMBER],
        ["1Z999AA10123456785"],
    ]
    assert [held for held, _ in desk.held(order)] == [{tee: (2.0, "6")}] * 2
    assert desk.agree(tee)


def test_the_fulfilment_of_an_alike_shipment_is_never_called_a_copy(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    first, second = order.shipments
    desk.ship(first)
    by_hand = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.look(first)
    desk.ship(second, "1Z999AA10123456785")
    desk.look(second)

    assert next(one["id"] for one in desk.retail.fulfillments(order)) == by_hand
    assert desk.held(order) == [
        ({tee: (2.0, "6")}, [NUMBER]),
        ({tee: (2.0, "6")}, ["1Z999AA10123456785"]),
    ]
    assert desk.agree(tee)


def test_what_was_on_a_fulfilment_that_is_gone_waits_at_the_month_end(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    by_hand = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.ship(shipment)
    desk.look(shipment)
    desk.acme.world.netsuite.delete("itemFulfillment", int(by_hand))
    line = {"line": 1, "isClosed": True}
    desk.acme.world.netsuite.edit("salesOrder", desk.order_id(order), {"item": {"items": [line]}})
    desk.look(shipment)
    cause, shown, drift = desk.stop(shipment)[0], found(close(desk.acme)), desk.drift(tee)
    desk.acme.world.netsuite.edit(
        "salesOrder", desk.order_id(order), {"item": {"items": [{**line, "isClosed": False}]}}
    )
    desk.look(shipment)

    assert cause == "sales_order_closed"
    assert ("fact_waiting", f"shipment {shipment.id}") in shown
    assert drift != []
    assert desk.held(order) == [({tee: (2.0, "6")}, [NUMBER])]
    assert desk.agree(tee)


def test_a_fulfilment_that_was_deleted_and_picked_again_counts_once(desk: Desk) -> None:
    desk.acme.world.netsuite.preferences.pick_pack_ship = True
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)
    [first] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(first["id"]))
    desk.fulfil(order, {tee: 2}, NUMBER, shipStatus={"id": "A"})
    desk.look(shipment)
    state = desk.retail.state(shipment)
    desk.acme.world.shipbob.deliver(shipment)
    desk.look(shipment)
    [made] = desk.retail.fulfillments(order)

    assert (state, desk.retail.state(shipment)) == ("done", "done")
    assert made["shipStatus"]["id"] == "C"
    assert desk.held(order) == [({tee: (2.0, "6")}, [NUMBER])]
    assert desk.acme.books(tee).shipbob == desk.acme.books(tee).netsuite
    assert desk.drift(tee) == []
    assert ("fact_went_down", f"shipment {shipment.id}") not in found(close(desk.acme))


@pytest.mark.parametrize("is_labelled_still", [True, False])
def test_a_pick_that_we_shipped_is_deleted_once_its_parcel_is_cancelled(
    desk: Desk, *, is_labelled_still: bool
) -> None:
    desk.acme.world.netsuite.preferences.pick_pack_ship = True
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.acme.world.shipbob.label(shipment, NUMBER, carrier="UPS")
    picked = desk.fulfil(order, {tee: 2}, shipStatus={"id": "A"})
    desk.look(shipment)
    held = desk.held(order)
    if is_labelled_still:
        desk.acme.world.shipbob.recall(shipment)
    else:
        desk.acme.world.shipbob.pull_back(shipment)
        desk.look(shipment)
        desk.acme.world.shipbob.cancel_shipment(shipment)
    desk.look(shipment)
    cause, _, remedy = desk.stop(shipment)
    desk.acme.world.netsuite.delete("itemFulfillment", int(picked))
    desk.look(shipment)

    assert held == [({tee: (2.0, "6")}, [NUMBER])]
    assert cause == "cancelled_after_shipping"
    assert "delete IF" in remedy
    assert desk.retail.state(shipment) == "done"
    assert desk.held(order) == []
    assert desk.agree(tee)


def test_a_pick_that_we_shipped_is_known_again_when_it_is_made_anew(desk: Desk) -> None:
    desk.acme.world.netsuite.preferences.pick_pack_ship = True
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [shipment] = order.shipments
    desk.ship(shipment)
    picked = desk.fulfil(order, {tee: 2}, shipStatus={"id": "A"})
    desk.look(shipment)
    [first] = desk.retail.fulfillments(order)
    desk.acme.world.netsuite.delete("itemFulfillment", int(picked))
    desk.fulfil(order, {tee: 2}, NUMBER, tranDate=first["tranDate"])
    desk.look(shipment)

    assert desk.retail.state(shipment) == "done"
    assert desk.held(order) == [({tee: (2.0, "6")}, [NUMBER])]
    assert desk.agree(tee)


def test_what_a_person_fulfilled_for_a_cancelled_parcel_is_the_reshipped_ones(
    desk: Desk,
) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2})
    [cancelled] = order.shipments
    by_hand = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.acme.world.shipbob.label(cancelled, NUMBER)
    desk.look(cancelled)
    desk.acme.world.shipbob.recall(cancelled)
    again = desk.acme.world.shipbob.reship(cancelled)
    desk.ship(again)
    desk.look(again, cancelled)

    assert [desk.retail.state(one) for one in (cancelled, again)] == ["done", "done"]
    assert [one["id"] for one in desk.retail.fulfillments(order)] == [by_hand]
    assert desk.agree(tee)


def test_the_second_of_two_on_one_fulfilment_is_not_fulfilled_again(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 1})
    first, second = order.shipments
    number = desk.order_id(order)
    desk.fulfil(order, {tee: 3})
    desk.ship(first)
    desk.look(first)
    one_more = {"item": {"items": [{"line": 1, "quantity": 4}]}}
    desk.acme.world.netsuite.edit("salesOrder", number, one_more)
    desk.ship(second, "1Z999AA10123456785")
    desk.look(second)

    assert desk.retail.state(first) == "done"
    assert desk.retail.state(second) == "done"
    assert desk.held(order) == [({tee: (3.0, "6")}, [NUMBER, "1Z999AA10123456785"])]
    assert desk.agree(tee)


def test_a_parcel_that_a_person_fulfils_once_more_is_shown(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    shipment, other = order.shipments
    desk.acme.world.shipbob.cancel_shipment(other)
    desk.ship(shipment)
    desk.look(shipment)
    again = desk.fulfil(order, {tee: 2}, NUMBER)
    desk.acme.world.shipbob.track(shipment, "Delivered")
    desk.look(shipment)
    cause, sentence, remedy = desk.stop(shipment)
    shown = found(close(desk.acme))
    desk.acme.world.netsuite.delete("itemFulfillment", int(again))
    desk.look(shipment)

    assert cause == "fulfilled_by_others"
    assert "names it too" in sentence
    assert "Delete what is too many" in remedy
    assert ("fact_waiting", f"shipment {shipment.id}") in shown
    assert desk.retail.state(shipment) == "done"
    assert desk.held(order) == [({tee: (2.0, "6")}, [NUMBER])]
    assert desk.agree(tee)
