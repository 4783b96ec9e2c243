"""Whose are the goods that come in? Told through both systems, with the month end after it."""

from collections.abc import Mapping

from acceptance.closing import close
from acceptance.in_process import sync
from acceptance.merchant import Merchant, quantities
from acceptance.test_inventory import sync as compare_stock
from acceptance.test_purchase_orders import order_id, wros_of
from ml_connector.flows import inventory
from ml_connector.sim.shipbob.books.receiving import Wro

OWN_WAREHOUSE = 9


def order_at(acme: Merchant, *lines: tuple[str, int, int]) -> str:
    """Enter a purchase order of (SKU, quantity, location); return its number."""
    number = f"PO{4711 + next(acme.numbers)}"
    acme.world.netsuite.add_purchase_order(
        number,
        vendor=301,
        location=6,
        lines=[
            {"item": sku, "quantity": quantity, "rate": "4.20", "location": location}
            for sku, quantity, location in lines
        ],
    )
    return number


def own_warehouse(acme: Merchant) -> int:
    """A location of the merchant's own, which is no center of ShipBob's."""
    if not acme.world.netsuite.company.books.has("location", OWN_WAREHOUSE):
        acme.world.netsuite.add_location("Own", internal_id=OWN_WAREHOUSE, subsidiary=1)
    return OWN_WAREHOUSE


def received(acme: Merchant, number: str) -> dict[int, int]:
    """Return what NetSuite shows as received of an order, by line."""
    rows = acme.world.netsuite.company.books.rows(
        'SELECT l.id, l.quantityshiprecv FROM transactionline l JOIN "transaction" t'
        " ON t.id = l.\"transaction\" WHERE t.tranid = ? AND l.mainline = 'F'",
        (number,),
    )
    return {int(row["id"] or 0): int(str(row["quantityshiprecv"] or 0)) for row in rows}


def stowed(acme: Merchant, wro: Wro) -> None:
    acme.world.shipbob.stow(acme.world.shipbob.arrive(wro))
    acme.world.shipbob.complete(wro)


def state(acme: Merchant, wro: Wro) -> tuple[str, str | None]:
    """Let receiving look at a WRO; return the state of its subject, and the cause."""
    sync(acme, "receiving", [str(wro.id)])
    row = acme.subject(wro)
    return row["state"], row["cause"]


def differences(acme: Merchant, *skus: str) -> set[str]:
    """Return the SKUs of these that the month end or the comparison of stock shows."""
    told = str(close(acme).report.open) + str(compare_stock(acme, inventory.FLOW).details)
    return {sku for sku in skus if f"'{sku}'" in told}


def units(acme: Merchant, *skus: str) -> Mapping[tuple[str, int], int]:
    books = acme.books(*skus)

    assert books.agree
    return books.netsuite


def test_each_wro_is_received_on_the_line_of_its_own_location(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    number = order_at(quiet, (tee, 60, 7), (tee, 40, 6), (tee, 30, own_warehouse(quiet)))
    sync(quiet, "purchase-orders", [order_id(quiet, number)])
    wros = {wro.center_id: wro for wro in wros_of(quiet, number)}
    stowed(quiet, wros[228])
    first = state(quiet, wros[228]), received(quiet, number)
    sync(quiet, "purchase-orders", [order_id(quiet, number)])
    standing = {wro.id: wro.status for wro in wros_of(quiet, number)}
    stowed(quiet, wros[10])
    second = state(quiet, wros[10]), received(quiet, number)

    assert first == (("done", None), {1: 0, 2: 40, 3: 0})
    assert standing == {wros[228].id: "Completed", wros[10].id: "Awaiting"}
    assert second == (("done", None), {1: 60, 2: 40, 3: 0})
    assert units(quiet, tee) == {(tee, 6): 40, (tee, 7): 60}
    assert differences(quiet, tee) == set()


def test_units_beyond_their_own_location_are_surplus_there(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    number = order_at(quiet, (tee, 60, 7), (tee, 40, 6))
    wro = quiet.deliver({tee: 50}, number=number)

    assert state(quiet, wro) == ("done", None)
    assert received(quiet, number) == {1: 0, 2: 40}
    assert [quantities(one) for one in quiet.documents(wro)] == [[10], [40]]
    assert units(quiet, tee) == {(tee, 6): 50}
    assert differences(quiet, tee) == set()


def receive_by_hand(acme: Merchant, number: str, line: int, quantity: int) -> None:
    """A person receives units of one line of an order, and nothing else of it."""
    others = [one for one in received(acme, number) if one != line]
    acme.world.netsuite.transform(
        "purchaseOrder",
        int(order_id(acme, number)),
        "itemReceipt",
        {
            "item": {
                "items": [
                    {"orderLine": line, "quantity": quantity},
                    *({"orderLine": one, "itemReceive": False} for one in others),
                ]
            }
        },
    )


def test_a_person_who_received_here_is_asked_also_while_there_is_room(quiet: Merchant) -> None:
    tee = quiet.sku("TEE")
    number = order_at(quiet, (tee, 100, 6), (tee, 100, 7))
    sync(quiet, "purchase-orders", [order_id(quiet, number)])
    wros = {wro.center_id: wro for wro in wros_of(quiet, number)}
    receive_by_hand(quiet, number, 1, 60)
    quiet.world.shipbob.stow(quiet.world.shipbob.arrive(wros[228]), {tee: 40})
    here = state(quiet, wros[228])
    stowed(quiet, wros[10])
    elsewhere = state(quiet, wros[10])

    assert here == ("dead", "received_by_others")
    assert elsewhere == ("done", None)
    assert received(quiet, number) == {1: 60, 2: 100}
    assert quiet.books(tee).netsuite == {(tee, 6): 60, (tee, 7): 100}
    assert differences(quiet, tee) != set()


def test_nothing_is_received_that_did_not_come(quiet: Merchant) -> None:
    tee, cap, hidden = quiet.sku("TEE"), quiet.sku("CAP"), quiet.sku("HID")
    fee, freight = f"FEE-{tee}", f"FREIGHT-{tee}"
    quiet.world.netsuite.add_item(fee, kind="Service")
    quiet.world.netsuite.add_item(freight, kind="OthCharge", fulfillable=True)
    number = f"PO{4711 + next(quiet.numbers)}"
    quiet.world.netsuite.add_purchase_order(
        number,
        vendor=301,
        location=6,
        lines=[
            {"item": sku, "quantity": quantity, "rate": "4.20", "location": 6}
            for sku, quantity in (
                (tee, 60),
                (cap, "0.5"),
                (hidden, 7),
                (fee, 1),
                (freight, 1),
            )
        ],
    )
    quiet.world.netsuite.hide_item(hidden)
    wro = quiet.deliver({tee: 60}, number=number)

    assert state(quiet, wro) == ("done", None)
    assert received(quiet, number) == {1: 60, 2: 0, 3: 0, 4: 0, 5: 0}
    assert units(quiet, tee, cap, hidden) == {(tee, 6): 60}
    assert differences(quiet, tee, cap, hidden) == set()


def test_surplus_of_a_line_received_in_full_is_a_persons_matter(unserved: Merchant) -> None:
    unserved.apply(policies='over_receipt = "receive"')
    tee, cap = unserved.sku("TEE"), unserved.sku("CAP")
    number = unserved.order({tee: 10, cap: 10})
    first = unserved.deliver({tee: 10}, number=number)
    second = unserved.deliver({tee: 2, cap: 4}, number=number)
    booked = state(unserved, first), state(unserved, second)
    waits = close(unserved).report
    unserved.world.netsuite.edit(
        "purchaseOrder",
        int(order_id(unserved, number)),
        {"item": {"items": [{"line": 1, "quantity": 12}]}},
    )
    sync(unserved, "receiving", [str(second.id)])

    assert booked == (("done", None), ("dead", "over_receipt"))
    assert not waits.green
    assert received(unserved, number) == {1: 12, 2: 4}
    assert unserved.books(tee, cap).agree
    assert close(unserved).report.green
    assert differences(unserved, tee, cap) == set()


def test_an_adjustment_is_of_its_locations_subsidiary(unserved: Merchant) -> None:
    netsuite, shipbob, tee = unserved.world.netsuite, unserved.world.shipbob, unserved.sku("TEE")
    netsuite.add_subsidiary("Acme Europe", internal_id=2)
    netsuite.add_location("ShipBob 20", internal_id=8, subsidiary=2)
    shipbob.add_fulfillment_center(20, "Center 20")
    unserved.apply(locations='"228" = "6"\n"20" = "8"')
    alone = unserved.deliver({tee: 5}, center=20)
    astray = unserved.deliver({tee: 7}, number=unserved.order({tee: 7}), center=20)

    assert state(unserved, alone) == ("done", None)
    assert [one["subsidiary"]["id"] for one in unserved.documents(alone)] == ["2"]
    assert state(unserved, astray) == ("dead", "subsidiary_unclear")
    assert netsuite.stock() == {(tee, 8): 5}
