"""One row of each list that sweeps read can't be read: it is shown, all others are booked."""

import asyncio
import re
from decimal import Decimal

import pytest

from acceptance.closing import close
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.returning import Desk
from acceptance.test_deciding import drifts
from acceptance.test_every_stop_wakes import look as look_at_stopped
from acceptance.test_polls import look
from acceptance.test_purchase_orders import order_id
from acceptance.test_transfer_orders import transfer
from acceptance.told import ends_right, furnish
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.faults import Fault
from ml_connector.sim.shipbob.books.billing import Invoice, Transaction
from ml_connector.sim.shipbob.books.receiving import Wro

SHIPBOB = {
    "receiving": (r"/receiving(\?|/)", "status"),
    "tracking": (r"/order(\?|/)", "created_date"),
    "returns": (r"/return(\?|/)", "status"),
    "unidentified": (r"/unidentified-receiving-order(\?|/)", "linked_wro_id"),
}
"""The lists and the single reads of each flow, and a field that a rule uses."""


PATHS = {"charge": r"/transactions", "invoice": r"/invoices(\?|$)"}


def swept(acme: Merchant) -> None:
    """Sweep as a worker does, and do what was found."""
    acme.rows("update turn set taken_at = '-infinity', not_before = '-infinity' returning what")
    look(acme)
    for row in acme.rows("select flow, key from subject where state in ('received', 'retrying')"):
        sync(acme, row["flow"], [row["key"]])


def state(acme: Merchant, flow: str, key: object) -> tuple[str, str | None, str]:
    [row] = acme.rows(
        "select state, cause, coalesce(sentence, '') as sentence from subject"
        " where flow = %(flow)s and key = %(key)s",
        flow=flow,
        key=str(key),
    )
    return row["state"], row["cause"], row["sentence"]


def poison(acme: Merchant, flow: str, row: object) -> None:
    path, field = SHIPBOB[flow]
    acme.world.shipbob.faults.add(
        Fault(kind="spoiled_row", path=path, row=str(row), field=field, method="GET")
    )


@pytest.fixture
def three(unserved: Merchant) -> tuple[Merchant, str, list[Wro]]:
    furnish(unserved)
    unserved.apply()
    tee = unserved.sku("TEE")
    number = unserved.order({tee: 9})
    return unserved, tee, [unserved.deliver({tee: 3}, number=number) for _ in range(3)]


def test_one_wro_that_cannot_be_read_keeps_no_other_from_being_received(
    three: tuple[Merchant, str, list[Wro]],
) -> None:
    acme, tee, wros = three
    poison(acme, "receiving", wros[1].id)
    planned = acme.command("plan", "receiving", "--json").out
    swept(acme)
    states = [state(acme, "receiving", wro.id)[:2] for wro in wros]
    said = state(acme, "receiving", wros[1].id)[2]
    swept(acme)
    told = acme.rows(
        "select e.id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'receiving' and s.key = %(key)s and e.source = 'sweep'",
        key=str(wros[1].id),
    )
    acme.world.shipbob.clear_faults()
    acme.command("events", "replay", "--cause", "event_unreadable")
    sync(acme, "receiving", [str(wros[1].id)])

    assert states == [("done", None), ("dead", "event_unreadable"), ("done", None)]
    assert "`$.status`" in said
    assert "`$.status`" in planned
    assert f"mlc-ir-{wros[2].id}" in planned
    assert len(told) == 1
    ends_right(acme, tee)


def test_one_order_that_cannot_be_read_keeps_no_other_from_being_fulfilled(
    unserved: Merchant,
) -> None:
    desk = Desk(unserved)
    unserved.world.netsuite.add_customer("Nora Park", internal_id=401, subsidiary=1)
    unserved.apply()
    tee = unserved.sku("TEE")
    sold = [desk.sell({tee: 1}, fulfilled=False) for _ in range(3)]
    parcels = [shipment for _, _, shipment in sold]
    orders = {
        shipment.id: order.id
        for order in unserved.world.shipbob.books.orders.by_id.values()
        for shipment in order.shipments
    }
    poison(unserved, "tracking", orders[parcels[1]])
    swept(unserved)
    said = state(unserved, "tracking", f"order-{orders[parcels[1]]}")

    assert [state(unserved, "tracking", parcels[at])[0] for at in (0, 2)] == ["done", "done"]
    assert said[:2] == ("dead", "event_unreadable")
    assert "created_date" in said[2]


def test_one_return_that_cannot_be_read_keeps_no_other_from_being_booked(
    unserved: Merchant,
) -> None:
    desk = Desk(unserved)
    unserved.world.netsuite.add_customer("Nora Park", internal_id=401, subsidiary=1)
    unserved.world.netsuite.add_location("Quarantine", internal_id=9, subsidiary=1)
    unserved.world.netsuite.add_account("Write-off", internal_id=55, account_type="COGS")
    desk.apply()
    tee = unserved.sku("TEE")
    back = [desk.complete(desk.announce({tee: 1}, desk.authorize({tee: 1}))) for _ in range(3)]
    poison(unserved, "returns", back[1].id)
    swept(unserved)

    assert state(unserved, "returns", back[1].id)[:2] == ("dead", "event_unreadable")
    assert {state(unserved, "returns", back[at].id)[1] for at in (0, 2)} != {"event_unreadable"}


def test_one_purchase_order_that_cannot_be_read_keeps_no_other_from_being_announced(
    unserved: Merchant,
) -> None:
    unserved.apply(schedule='timezone = "America/Chicago"\npurchase_orders = "1s"\nsweep = "1d"')
    tee = unserved.sku("TEE")
    keys = [order_id(unserved, unserved.order({tee: units})) for units in (3, 4, 5)]
    unserved.world.netsuite.faults.add(
        Fault(kind="spoiled_row", path="suiteql", row=keys[1], field="lastmodified")
    )
    swept(unserved)
    states = [state(unserved, "purchase-orders", key)[0] for key in keys]

    assert (states[0], states[2]) == ("done", "done")
    assert re.search("dead|done", states[1])


def test_one_transfer_order_that_cannot_be_read_keeps_no_other_from_being_announced(
    unserved: Merchant,
) -> None:
    unserved.apply(schedule='timezone = "America/Chicago"\npurchase_orders = "1s"\nsweep = "1d"')
    tee = unserved.sku("TEE")
    keys = [transfer(unserved, {tee: units})[0] for units in (3, 4, 5)]
    unserved.world.netsuite.faults.add(
        Fault(kind="spoiled_row", path="suiteql", row=keys[1], field="tranid")
    )
    swept(unserved)
    states = [state(unserved, "purchase-orders", key) for key in keys]
    unserved.world.netsuite.faults.clear()
    sync(unserved, "purchase-orders", [keys[1]])

    assert [one[:2] for one in states] == [
        ("done", None),
        ("dead", "event_unreadable"),
        ("done", None),
    ]
    assert "`$.tranid`" in states[1][2]
    assert state(unserved, "purchase-orders", keys[1])[0] == "done"


def test_one_sales_order_that_cannot_be_read_keeps_no_other_from_being_fulfilled(
    unserved: Merchant,
) -> None:
    desk = Desk(unserved)
    unserved.world.netsuite.add_customer("Nora Park", internal_id=401, subsidiary=1)
    unserved.apply()
    tee = unserved.sku("TEE")
    sold = [desk.sell({tee: 1}, fulfilled=False) for _ in range(3)]
    orders, parcels = [str(order) for _, order, _ in sold], [parcel for _, _, parcel in sold]
    faults = unserved.world.netsuite.faults
    faults.add(Fault(kind="spoiled_row", path="suiteql", row=orders[1], field="status"))
    swept(unserved)
    states = [state(unserved, "tracking", parcel) for parcel in parcels]
    faults.clear()
    sync(unserved, "tracking", [str(parcels[1])])

    assert [one[:2] for one in states] == [
        ("done", None),
        ("dead", "event_unreadable"),
        ("done", None),
    ]
    assert "`$.status`" in states[1][2]
    assert state(unserved, "tracking", parcels[1])[0] == "done"


def test_a_mark_before_each_answer_is_passed_over(three: tuple[Merchant, str, list[Wro]]) -> None:
    acme, _, wros = three
    for system in (acme.world.shipbob, acme.world.netsuite):
        system.faults.add(Fault(kind="byte_order_mark"))
    swept(acme)
    report = close(acme).report

    assert [state(acme, "receiving", wro.id)[0] for wro in wros] == ["done"] * 3
    assert report.green


def test_a_month_is_proved_though_one_wro_cannot_be_read(
    three: tuple[Merchant, str, list[Wro]],
) -> None:
    acme, tee, wros = three
    poison(acme, "receiving", wros[1].id)
    untold = close(acme).report
    swept(acme)
    told = close(acme).report
    acme.world.shipbob.clear_faults()
    sync(acme, "receiving", [str(wros[1].id)])

    unread = f"wro {wros[1].id}, what can't be read"
    assert [one.says.partition(":")[0] for one in untold.open if unread in one.says] == [unread]
    # What its units are is not known here; that they are at ShipBob alone, both systems say.
    assert [one.kind for one in told.open] == [Kind.FACT_WAITING, Kind.STOCK_UNEXPLAINED]
    assert told.open[1].what == tee
    assert unread in told.open[0].says
    assert "`$.status`" in told.open[0].says
    assert not told.green
    ends_right(acme, tee)


def test_a_month_is_proved_though_a_row_of_netsuite_cannot_be_read(
    three: tuple[Merchant, str, list[Wro]],
) -> None:
    acme, tee, wros = three
    sync(acme, "receiving", [str(wro.id) for wro in wros])
    [receipt] = acme.rows(
        "select remote_id as id from posting where external_id = %(one)s",
        one=f"mlc-ir-{wros[1].id}-1",
    )
    faults = acme.world.netsuite.faults
    faults.add(Fault(kind="spoiled_row", path="suiteql", row=receipt["id"], field="quantity"))
    spoiled = close(acme).report
    close(acme)
    told = acme.rows("select e.id from event as e where e.topic like 'difference %%'")
    subject = f"row-{receipt['id']}"
    sync(acme, "month-end", [subject])
    stopped = state(acme, "month-end", subject)
    faults.clear()
    sync(acme, "month-end", [subject])
    faults.add(Fault(kind="spoiled_row", path="suiteql", row="", field="ordertype"))
    elsewhere = close(acme).report
    faults.clear()

    assert [(one.kind, one.external_id) for one in spoiled.open] == [
        (Kind.ROW_UNREADABLE, f"mlc-ir-{wros[1].id}-1")
    ]
    assert spoiled.open[0].says.startswith(f"NetSuite's row id {receipt['id']} can't be read:")
    assert "`$.quantity`" in spoiled.open[0].says
    assert {one.kind for one in elsewhere.open} == {Kind.ROW_UNREADABLE}
    assert len(told) == 1
    assert stopped[:2] == ("dead", "event_unreadable")
    assert "`$.quantity`" in stopped[2]
    assert state(acme, "month-end", subject)[0] == "done"
    ends_right(acme, tee)


def test_goods_on_the_dock_that_cannot_be_read_hide_no_others(unserved: Merchant) -> None:
    unserved.apply()
    tee = unserved.sku("TEE")
    found = [unserved.world.shipbob.add_uro({tee: units}) for units in (3, 4, 5)]
    poison(unserved, "unidentified", found[1].id)
    swept(unserved)
    causes = [state(unserved, "unidentified", one.id)[1] for one in found]

    assert causes == ["unidentified_stock", "event_unreadable", "unidentified_stock"]
    assert "`$.linked_wro_id`" in state(unserved, "unidentified", found[1].id)[2]


@pytest.mark.parametrize("row", ["charge", "invoice"])
def test_one_charge_or_invoice_that_cannot_be_read_keeps_no_other_from_being_billed(
    unserved: Merchant, row: str
) -> None:
    unserved.apply()
    shipbob = unserved.world.shipbob
    invoices: list[Invoice] = []
    charges: list[Transaction] = []
    for amount in ("6.13", "7.20", "8.00"):
        charges.append(shipbob.charge("Shipping", Decimal(amount)))
        invoices += shipbob.invoice()
    spoiled = charges[1].id if row == "charge" else invoices[1].id
    shipbob.faults.add(
        Fault(kind="spoiled_row", path=PATHS[row], row=str(spoiled), field="amount")
    )
    swept(unserved)
    states = [state(unserved, "billing", one.id) for one in invoices]
    shipbob.clear_faults()
    sync(unserved, "billing", [str(invoices[1].id)])

    assert [one[0] for one in states] == ["done", "dead", "done"]
    assert states[1][1] == "event_unreadable"
    assert "`$.amount`" in states[1][2]
    assert state(unserved, "billing", invoices[1].id)[0] == "done"


STOCK = {
    "shipbob": ("/inventory-level/locations", "locations"),
    "netsuite": ("suiteql", "quantityonhand"),
    "item": ("suiteql", "itemtype"),
}


@pytest.mark.parametrize("system", sorted(STOCK))
def test_stock_that_cannot_be_read_is_not_compared_and_all_else_is(
    unserved: Merchant, system: str
) -> None:
    unserved.apply()
    skus = [unserved.sku("SKU") for _ in range(3)]
    for sku in skus:
        wro = unserved.deliver({sku: 5}, number=unserved.order({sku: 5}))
        sync(unserved, "receiving", [str(wro.id)])
    path, field = STOCK[system]
    variant = unserved.world.shipbob.books.products.find(skus[0])
    item = unserved.world.netsuite.books.value("SELECT id FROM item WHERE itemid = ?", (skus[0],))
    row = {"shipbob": str(variant.inventory_id), "item": str(item)}.get(system, "")
    side = unserved.world.shipbob if system == "shipbob" else unserved.world.netsuite
    side.faults.add(Fault(kind="spoiled_row", path=path, row=row, field=field))
    sync(unserved, "inventory")
    unread = state(unserved, "inventory", 6)
    unserved.world.netsuite.add_to_stock(skus[2], 6, -1)
    differing = drifts(unserved)
    both = state(unserved, "inventory", 6)
    unserved.world.shipbob.clear_faults()
    unserved.world.netsuite.faults.clear()

    assert unread[:2] == ("dead", "event_unreadable")
    assert f"`$.{field}`" in unread[2]
    assert [(row["sku"], row["drift"]) for row in differing] == [(skus[2], 1)]
    assert both[1] == "stock_drift"
    assert "Not compared, since it can't be read" in both[2]
    assert [row["sku"] for row in drifts(unserved)] == [skus[2]]


def test_one_item_that_cannot_be_read_keeps_no_other_from_being_received(
    unserved: Merchant,
) -> None:
    unserved.apply()
    skus = [unserved.sku("SKU") for _ in range(3)]
    wros = [unserved.deliver({sku: 5}, number=unserved.order({sku: 5})) for sku in skus]
    books = unserved.world.netsuite.books
    item = books.value("SELECT id FROM item WHERE itemid = ?", (skus[1],))
    unserved.world.netsuite.faults.add(
        Fault(kind="spoiled_row", path="suiteql", row=str(item), field="itemtype")
    )
    swept(unserved)
    states = [state(unserved, "receiving", wro.id) for wro in wros]

    assert [one[:2] for one in states] == [
        ("done", None),
        ("dead", "event_unreadable"),
        ("done", None),
    ]
    assert "`$.itemtype`" in states[1][2]


def test_a_location_that_cannot_be_read_keeps_nothing_of_another_one(
    unserved: Merchant,
) -> None:
    unserved.apply()
    tee = unserved.sku("TEE")
    here, there = (unserved.deliver({tee: 5}, center=center) for center in (228, 10))
    faults = unserved.world.netsuite.faults
    faults.add(Fault(kind="spoiled_row", path="suiteql", row="7", field="subsidiary"))
    swept(unserved)
    states = [state(unserved, "receiving", wro.id) for wro in (here, there)]
    faults.clear()
    asyncio.run(look_at_stopped(unserved, times=2))

    assert states[0][:2] == ("done", None)
    assert states[1][:2] == ("dead", "event_unreadable")
    assert "location 7, " in states[1][2]
    assert "`$.subsidiary`" in states[1][2]
    assert state(unserved, "receiving", there.id)[0] == "done"
