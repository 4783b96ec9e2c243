"""Which order and which item a parcel is of, by what is known of both; told in both systems."""

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import units
from acceptance.test_whose_fulfilment import Desk
from ml_connector.sim.shipbob.books.orders import Order


@pytest.fixture
def desk(unserved: Merchant) -> Desk:
    return Desk(unserved)


def entered(desk: Desk, number: str, sku: str, quantity: int) -> int:
    made: int = desk.acme.world.netsuite.add_sales_order(
        number,
        customer=desk.retail.customer,
        location=6,
        lines=[{"item": sku, "quantity": quantity, "rate": "9", "location": 6}],
    )
    return made


def of(desk: Desk, sales_order: int) -> list[dict[str, tuple[float, str]]]:
    return [
        units(one)
        for one in desk.acme.world.netsuite.documents("itemFulfillment")
        if one["createdFrom"]["id"] == str(sales_order)
    ]


def test_by_shipbobs_guide_an_unlucky_number_is_no_others_order(desk: Desk) -> None:
    """The reference is the internal id of one order, and the number of another one."""
    desk.acme.apply(policies='order_match = "shipbob-guide"')
    tee = desk.retail.sku()
    right = entered(desk, "SO-9001", tee, 2)
    unlucky = entered(desk, str(right), tee, 2)
    order: Order = desk.acme.world.shipbob.create_order(
        str(right), {tee: 2}, order_number="SO-9001", fulfillment_center_id=228
    )
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)

    assert desk.retail.state(shipment) == "done"
    assert (of(desk, right), of(desk, unlucky)) == ([{tee: (2.0, "6")}], [])
    assert desk.agree(tee)


@pytest.mark.parametrize(
    ("preset", "field", "value"),
    [
        ("shopify", "externalId", "5511223344"),  # the shop's id
        ("amazon", "otherRefNum", "5511223344"),
        ("amazon", "externalId", "5511223344"),
    ],
)
def test_by_a_shops_preset_its_order_is_found_and_no_others(
    desk: Desk, preset: str, field: str, value: str
) -> None:
    """Another order has the shop's id as its number, which no rule of the preset looks at."""
    desk.acme.apply(policies=f'order_match = "{preset}"')
    tee = desk.retail.sku()
    right = entered(desk, "SO-9001", tee, 2)
    desk.acme.world.netsuite.edit("salesOrder", right, {field: value})
    unlucky = entered(desk, "5511223344", tee, 2)
    order: Order = desk.acme.world.shipbob.create_order(
        "5511223344", {tee: 2}, order_number="#1001", fulfillment_center_id=228
    )
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)

    assert desk.retail.state(shipment) == "done"
    assert (of(desk, right), of(desk, unlucky)) == ([{tee: (2.0, "6")}], [])
    assert desk.agree(tee)


@pytest.mark.parametrize("sale", ["cashSale", "invoice"])
def test_a_sale_without_an_order_is_named_and_left_to_a_person(desk: Desk, sale: str) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, in_netsuite=False)
    [shipment] = order.shipments
    item = desk.acme.world.netsuite.books.value("SELECT id FROM _item WHERE itemid = ?", (tee,))
    desk.acme.world.netsuite.create(
        sale,
        {
            "tranId": order.reference_id,
            "entity": desk.retail.customer,
            "location": 6,
            "item": {"items": [{"item": item, "quantity": 2, "rate": "9", "location": 6}]},
        },
    )
    desk.ship(shipment)
    desk.look(shipment)
    cause, sentence, remedy = desk.stop(shipment)

    assert cause == "sales_order_not_found"
    assert f"{'cash sale' if sale == 'cashSale' else 'invoice'} {order.reference_id}" in sentence
    assert "if it took the units out of stock" in remedy
    assert f"shipment {shipment.id}" in {source for _, source in found(close(desk.acme))}


def test_a_renamed_item_and_a_new_one_of_its_name_are_two_here_as_well(desk: Desk) -> None:
    """Receiving has matched ShipBob's inventory item; the item has another name since."""
    netsuite = desk.acme.world.netsuite
    tee = desk.retail.sku()
    wro = desk.acme.deliver({tee: 5}, number=desk.acme.order({tee: 5}))
    sync(desk.acme, "receiving", wro.id)
    item = netsuite.books.value("SELECT id FROM _item WHERE itemid = ?", (tee,))
    renamed = f"{tee}-ORGANIC"
    netsuite.books.update("_item", {"itemid": renamed, "fullname": renamed}, id=item)
    netsuite.add_item(tee, cost="4.20")
    right = desk.retail.sell({tee: 2}, in_netsuite=False)
    wrong = desk.retail.sell({tee: 1}, in_netsuite=False)
    entered(desk, right.reference_id, renamed, 2)
    entered(desk, wrong.reference_id, tee, 1)
    for order, number in ((right, "1Z1"), (wrong, "1Z2")):
        desk.ship(order.shipments[0], number)
    desk.look(right.shipments[0], wrong.shipments[0])
    cause, sentence, _ = desk.stop(wrong.shipments[0])

    assert [units(one) for one in desk.retail.fulfillments(right)] == [{renamed: (2.0, "6")}]
    assert desk.retail.fulfillments(wrong) == []
    assert cause == "sku_not_on_order"
    assert f"was matched to item {item}" in sentence
    waits = f"shipment {wrong.shipments[0].id}"
    assert waits in {source for _, source in found(close(desk.acme))}
