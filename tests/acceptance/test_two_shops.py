"""Two shops of one merchant with an order of one number: their parcels never meet."""

from collections.abc import Iterator

import pytest

from acceptance.closing import sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units
from ml_connector.sim.shipbob.books.orders import Order

SHOPS = (100777, 100778)


@pytest.fixture
def retail(acme: Merchant) -> Iterator[Retail]:
    channels = acme.world.shipbob.books.access.channels
    before = dict(channels)
    for shop in SHOPS:
        acme.world.shipbob.add_channel(
            f"Shop {shop}", application_name="Shopify", scopes=["orders_read"], channel_id=shop
        )
    yield Retail(acme)
    channels.clear()
    channels.update(before)


def sold(retail: Retail, number: str, shop: int, sku: str, quantity: int) -> Order:
    return retail.merchant.world.shipbob.create_order(
        number, {sku: quantity}, channel=shop, fulfillment_center_id=228
    )


def entered(retail: Retail, number: str, sku: str, quantity: int, **fields: object) -> int:
    made: int = retail.merchant.world.netsuite.add_sales_order(
        number,
        customer=retail.customer,
        location=6,
        lines=[{"item": sku, "quantity": quantity, "rate": "9", "location": 6}],
        **fields,
    )
    return made


def made_from(retail: Retail, sales_order: int) -> list[dict[str, tuple[float, str]]]:
    return [
        units(one)
        for one in retail.merchant.world.netsuite.documents()
        if one["recordType"] == "itemFulfillment" and one["createdFrom"]["id"] == str(sales_order)
    ]


def test_two_shops_with_one_number_never_meet(acme: Merchant, retail: Retail) -> None:
    """Both parcels wait until it is said how each shop's orders are found; then each is right."""
    tee = retail.sku()
    number = f"SO-{next(acme.numbers)}"
    first, second = (sold(retail, number, shop, tee, 2) for shop in SHOPS)
    of_first = entered(retail, number, tee, 2)
    of_second = entered(retail, f"B{number}", tee, 2, otherRefNum=number)
    parcels = [*first.shipments, *second.shipments]
    for parcel in parcels:
        acme.world.shipbob.ship(parcel)
    retail.wait_for(*parcels, state="dead")
    before = made_from(retail, of_first) + made_from(retail, of_second)
    acme.apply(
        policies='order_match = "tranid"\n[policies.order_match_by_channel]\n'
        f'"{SHOPS[0]}" = "tranid"\n"{SHOPS[1]}" = "otherrefnum"'
    )
    retail.wait_for(*parcels)

    assert before == []
    assert made_from(retail, of_first) == [{tee: (2.0, "6")}]
    assert made_from(retail, of_second) == [{tee: (2.0, "6")}]
    assert acme.books(tee).shipbob == acme.books(tee).netsuite
    acme.apply()


def test_a_number_that_one_shop_has_needs_no_table(acme: Merchant, retail: Retail) -> None:
    tee = retail.sku()
    number = f"SO-{next(acme.numbers)}"
    order = sold(retail, number, SHOPS[0], tee, 1)
    sales_order = entered(retail, number, tee, 1)
    acme.world.shipbob.ship(order.shipments[0])
    retail.wait_for(*order.shipments)

    assert made_from(retail, sales_order) == [{tee: (1.0, "6")}]
    assert not order.shipments[0].tracking_uploaded  # the shop's application writes there


def test_a_transfer_order_with_the_number_is_named(acme: Merchant, retail: Retail) -> None:
    tee = retail.sku()
    number = f"SO-{next(acme.numbers)}"
    order = sold(retail, number, SHOPS[0], tee, 1)
    acme.world.netsuite.add_transfer_order(
        number, source=6, target=7, subsidiary=1, lines=[{"item": tee, "quantity": 1}]
    )
    acme.world.shipbob.ship(order.shipments[0])
    retail.wait_for(*order.shipments, state="parked")
    [waits] = acme.rows(
        "select cause, sentence from subject where key = %(key)s", key=str(order.shipments[0].id)
    )

    assert waits["cause"] == "sales_order_not_found"
    assert f"transfer order {number}" in waits["sentence"]


def test_a_shop_that_was_connected_since_is_noticed_by_the_sweep(
    unserved: Merchant,
) -> None:
    shop = 100779
    [before] = unserved.rows("select channels from connection where name = 'acme'")
    channels = unserved.world.shipbob.books.access.channels
    known = dict(channels)
    unserved.world.shipbob.add_channel(
        "New shop", application_name="Shopify", scopes=["orders_read"], channel_id=shop
    )
    sync(unserved, "tracking")
    [after] = unserved.rows("select channels from connection where name = 'acme'")
    channels.clear()
    channels.update(known)

    assert shop not in (before["channels"] or ())
    assert after["channels"] == sorted([*known, shop])
