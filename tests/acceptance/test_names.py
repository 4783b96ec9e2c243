"""SKUs that a person reads as the same: named in the remedy, and never matched by themselves."""

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_purchase_orders import order_id, wros_of


def test_an_item_that_differs_only_by_case_is_named_and_not_taken(quiet: Merchant) -> None:
    sku = f"Tee-{next(quiet.numbers)}"
    quiet.world.shipbob.add_product(sku)
    quiet.world.netsuite.add_item(sku.upper(), cost="4.20")
    wro = quiet.deliver({sku: 5})
    [told] = sync(quiet, "receiving", [str(wro.id)])
    waits = quiet.documents(wro)
    quiet.apply(skus=f'"{sku}" = "{sku.upper()}"')
    [mapped] = sync(quiet, "receiving", [str(wro.id)])

    assert (told["state"], told["cause"]) == ("parked", "sku_missing_in_netsuite")
    assert f'NetSuite has "{sku.upper()}"' in told["remedy"]
    assert "only by case" in told["remedy"]
    assert waits == []
    assert mapped["state"] == "done"


def test_two_children_of_one_name_are_not_announced_as_one_product(quiet: Merchant) -> None:
    sku = f"M-{next(quiet.numbers)}"
    quiet.world.shipbob.add_product(sku)
    items = [quiet.world.netsuite.add_item(sku, cost="4.20") for _ in range(2)]
    numbers = []
    for item in items:
        number = f"PO{4711 + next(quiet.numbers)}"
        line = {"item": item, "quantity": 4, "rate": "4.20", "location": 6}
        quiet.world.netsuite.add_purchase_order(number, vendor=301, location=6, lines=[line])
        numbers.append(number)
    told = [
        sync(quiet, "purchase-orders", [order_id(quiet, number)])[0]["cause"] for number in numbers
    ]

    assert told == [None, "sku_ambiguous"]
    assert [len(wros_of(quiet, number)) for number in numbers] == [1, 0]


def test_a_product_that_differs_only_by_blanks_is_named_and_none_is_made(quiet: Merchant) -> None:
    sku = f"CAP {next(quiet.numbers)}"
    quiet.world.shipbob.add_product(sku.replace(" ", ""))
    quiet.world.netsuite.add_item(sku, cost="4.20")
    number = quiet.order({sku: 4})
    [told] = sync(quiet, "purchase-orders", [order_id(quiet, number)])

    assert (told["state"], told["cause"]) == ("parked", "sku_missing_in_shipbob")
    assert f'ShipBob has "{sku.replace(" ", "")}"' in told["remedy"]
    assert "only by blanks" in told["remedy"]
