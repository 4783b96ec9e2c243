"""The eleven months that were green while both systems held different stock, told once more.

Each is told twice, with goods of its own: as a right flow books it, which is no difference, and as
it went wrong, which is red just there.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from acceptance import wrong
from acceptance.closing import close
from acceptance.merchant import Merchant
from acceptance.retail import Part
from acceptance.shop import Shop, elsewhere
from ml_connector.flows import FLOWS
from ml_connector.ledger.postings.bills import Reference
from ml_connector.sim.shipbob.books.orders import Shipment

Found = set[tuple[str, str, str]]


class Telling(Shop):
    """A shop in which each month is told right, or as it went wrong."""

    goes_wrong = False

    def __init__(self, acme: Merchant) -> None:
        super().__init__(acme)
        self.euro = str(acme.world.netsuite.add_currency("EUR", "1.10"))

    def rule(self, **rule: Any) -> dict[str, Any]:
        """Return the rule that is switched wrong; none where the month is told right."""
        return rule if self.goes_wrong else {}


Case = Callable[[Telling], Found]
"""Plays a month; returns what is to be found of it where it goes wrong."""

CASES: dict[str, Case] = {}


def case(made: Case) -> Case:
    CASES[made.__name__] = made
    return made


def unexplained(*places: tuple[str, str]) -> Found:
    return {("stock_unexplained", what, where) for what, where in places}


def parcels(shop: Shop, *units: int, number: str | None = None) -> tuple[str, list[Shipment]]:
    """An order of one SKU leaves in so many parcels; under one number, if one is given."""
    sku = shop.retail.sku()
    parts: list[Part] = [{sku: one} for one in units]
    order = shop.retail.sell(*parts)
    for shipment in order.shipments:
        shop.acme.world.shipbob.label(shipment, number)
        shop.acme.world.shipbob.ship(shipment)
    return sku, list(order.shipments)


@case
def a_kit_split_over_two_shipments(shop: Telling) -> Found:
    twice = wrong.counted(lambda units: units * 2)
    parts = shop.kit(**shop.rule(plan=twice))
    return unexplained(*((sku, "6") for sku in parts))


@case
def two_shipments_under_one_number(shop: Telling) -> Found:
    sku, [first, second] = parcels(shop, 3, 2, number=f"1Z{next(shop.acme.numbers)}")
    shop.run("tracking", first.id)
    shop.run("tracking", second.id, **shop.rule(plan=wrong.dropped))
    return unexplained((sku, "6"))


@case
def a_shipment_without_number_of_which_nothing_told(shop: Telling) -> Found:
    sku = shop.retail.sku()
    [shipment] = shop.retail.sell({sku: 5}).shipments
    shop.acme.world.shipbob.label(shipment, tracking=False)
    shop.acme.world.shipbob.ship(shipment)
    if not shop.goes_wrong:
        shop.run("tracking", shipment.id)
    return {("fact_never_told", sku, ""), ("fact_never_told", f"shipment {shipment.id}", "")}


@case
def a_receipt_by_hand_with_room_left(shop: Telling) -> Found:
    sku = shop.wro(ordered=True, units=40, more=60)
    wrong.converge(shop.acme, [shop.runs.pop()])
    if shop.goes_wrong:
        [order] = [
            one
            for one in shop.acme.world.netsuite.documents()
            if one["recordType"] == "purchaseOrder"
            and one["item"]["items"][0]["item"]["refName"] == sku
        ]
        shop.acme.world.netsuite.transform(
            "purchaseOrder",
            int(order["id"]),
            "itemReceipt",
            {"item": {"items": [{"orderLine": 1, "quantity": 40, "location": 6}]}},
        )
    return {("document_doubled", sku, "6")}


@case
def the_first_of_two_lines(shop: Telling) -> Found:
    sku = shop.acme.sku("TEE")
    made = shop.acme.deliver({sku: 8}, number=shop.two_lines(sku))
    shop.run("receiving", made.id, **shop.rule(settings=elsewhere))
    return unexplained((sku, "6"), (sku, "7"))


@case
def a_wro_remade_under_the_number_of_another_order(shop: Telling) -> Found:
    sku = shop.acme.sku("TEE")
    number = shop.acme.order({sku: 30})
    shop.acme.world.netsuite.add_purchase_order(
        f"{number}-2",
        vendor=301,
        location=7,
        lines=[{"item": sku, "quantity": 30, "rate": "4.20", "location": 7}],
    )

    def of_the_other(seen: Any) -> Any:
        lines = tuple(msgspec.structs.replace(one, location="7") for one in seen.orders[0].lines)
        order = msgspec.structs.replace(seen.orders[0], lines=lines)
        return msgspec.structs.replace(seen, orders=(order,), fulfillment_center_id=10)

    made = shop.acme.deliver({sku: 30}, number=number)
    shop.run("receiving", made.id, **shop.rule(facts=of_the_other))
    return unexplained((sku, "6"), (sku, "7"))


@case
def one_lot_in_two_boxes(shop: Telling) -> Found:
    def of_one_box(seen: Any) -> Any:
        lines = [msgspec.structs.replace(one, stowed=one.stowed // 2) for one in seen.lines]
        return msgspec.structs.replace(seen, lines=tuple(lines))

    sku = shop.acme.sku("SERUM")
    made = shop.acme.world.shipbob.create_wro(
        boxes=[{sku: 12}, {sku: 12}], lot="L1", fulfillment_center_id=228
    )
    shop.acme.world.shipbob.arrive(made)
    shop.acme.world.shipbob.stow(made)
    shop.acme.world.shipbob.complete(made)
    shop.run("receiving", made.id, **shop.rule(facts=of_one_box))
    return unexplained((sku, "6"))


@case
def a_wro_older_than_the_sweep_looks_back(shop: Telling) -> Found:
    sku = shop.acme.sku("TEE")
    made = shop.acme.deliver({sku: 100})
    made.inserted -= FLOWS["receiving"].look_back + timedelta(days=30)
    if not shop.goes_wrong:
        shop.run("receiving", made.id)
    return {("fact_never_told", sku, "")}


@case
def a_picked_order_shipped_in_full(shop: Telling) -> Found:
    sku, [shipment] = parcels(shop, 7)
    order = next(
        one
        for one in shop.acme.world.netsuite.documents()
        if one["recordType"] == "salesOrder" and one["item"]["items"][0]["item"]["refName"] == sku
    )
    shop.acme.world.netsuite.transform(
        "salesOrder", int(order["id"]), "itemFulfillment", {"shipStatus": {"id": "A"}}
    )
    shop.run("tracking", shipment.id, **shop.rule(plan=wrong.dropped))
    return unexplained((sku, "6"))


@case
def an_authorization_taken_by_a_return_to_sender(shop: Telling) -> Found:
    sku = shop.back({"Restock": 2}, **shop.rule(plan=wrong.dropped))
    return unexplained((sku, "6"))


@case
def a_bill_in_the_wrong_currency(shop: Telling) -> Found:
    euros = wrong.billed(lambda line: line, currency=Reference(shop.euro))
    made = shop.invoice(**shop.rule(plan=euros))
    return {("currency_changed", f"invoice {made}", "")}


def test_each_is_red_where_it_went_wrong_and_only_there(quiet: Merchant) -> None:
    shop = Telling(quiet)
    shop.desk.set_up()
    for play in CASES.values():
        play(shop)
    ends = wrong.converge(quiet, shop.runs)
    right = close(quiet).report
    shop.runs.clear()
    shop.goes_wrong = True
    expected = {name: play(shop) for name, play in CASES.items()}
    wrong.converge(quiet, shop.runs)
    report = close(quiet).report
    left = {(str(one.kind), one.what or one.source, one.where) for one in report.open}

    assert len(CASES) == 11
    assert (set(ends), [one.says for one in right.open]) == ({"done"}, [])
    assert left == set().union(*expected.values())
