"""Adjusted, not ours, mapped: what a person decides about a shipment, a return or an order."""

from collections.abc import Iterator

import pytest

from acceptance import test_deciding_parcels as parcels
from acceptance import test_deciding_returns as returns
from acceptance import test_whose_fulfilment
from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.returning import Desk as ReturnDesk
from acceptance.test_deciding_parcels import standing, stock_agrees
from acceptance.test_deciding_returns import look
from ml_connector.reconcile.compare.kinds import Kind

PARKS = 'unmatched_return = "park"'


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("sold")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


@pytest.fixture
def desk(acme: Merchant) -> test_whose_fulfilment.Desk:
    return test_whose_fulfilment.Desk(acme)


@pytest.fixture
def back(acme: Merchant) -> ReturnDesk:
    acme.world.netsuite.add_customer("C401", internal_id=returns.OURS, subsidiary=1)
    made = ReturnDesk(acme)
    made.apply(account="54", unmatched_return="park")
    return made


def test_a_shipment_without_an_order_is_adjusted(desk: test_whose_fulfilment.Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 3}, in_netsuite=False)
    [shipment] = order.shipments
    desk.ship(shipment)
    desk.look(shipment)
    stopped = standing(desk, shipment)
    seen = parcels.command(desk, shipment, "adjust", "--dry-run")
    decided = parcels.decide(desk, shipment, "adjust")

    assert stopped == ("parked", "sales_order_not_found")
    assert [one["title"] for one in seen.json["plan"]["documents"]] == [
        f"Inventory adjustment for shipment {shipment.id}, no sales order"
    ]
    assert decided["decision"]["value"] == "unmatched_shipment"
    assert standing(desk, shipment) == ("done", "")
    assert desk.retail.fulfillments(order) == []
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green

    undone = desk.acme.command("journal", "undo", f"mlc-ia-shp-{shipment.id}-1", "--yes")
    desk.look(shipment)

    assert undone.status == 0, undone.err
    assert standing(desk, shipment) == ("done", "")
    assert not stock_agrees(desk, tee)


def test_a_shipment_that_is_not_ours_is_refused_until_that_is_taken_back(
    desk: test_whose_fulfilment.Desk,
) -> None:
    tee = desk.retail.sku()
    [shipment] = desk.retail.sell({tee: 3}, in_netsuite=False).shipments
    desk.ship(shipment)
    desk.look(shipment)
    decided = parcels.decide(desk, shipment, "not-ours")
    report = close(desk.acme).report
    shown = {one.says.rpartition(". ")[2] for one in report.of(Kind.FACT_REFUSED)}

    assert decided["rule"] == 'order_prefixes = ["SO-"]'
    assert standing(desk, shipment) == ("done", "")
    assert report.green
    assert shown == {"Not ours, as a person decided: Asked the shop"}

    back = desk.acme.command("events", "undecide", str(decided["id"]))
    desk.look(shipment)

    assert back.status == 0, back.err
    assert standing(desk, shipment) == ("parked", "sales_order_not_found")
    assert not close(desk.acme).report.green


def test_a_channel_is_mapped_and_its_shipment_is_fulfilled(
    desk: test_whose_fulfilment.Desk,
) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 3}, in_netsuite=False)
    [shipment] = order.shipments
    sales_order = desk.retail.enter(order)
    desk.acme.world.netsuite.edit(
        "salesOrder", sales_order, {"tranId": "SO-OTHER", "otherRefNum": order.reference_id}
    )
    desk.ship(shipment)
    desk.look(shipment)
    stopped = standing(desk, shipment)
    formless = parcels.command(desk, shipment, "map", "--value", "store=otherrefnum")
    unknown = parcels.command(desk, shipment, "map", "--value", "100102=a b")
    decided = parcels.decide(desk, shipment, "map", "--value", "100102=otherrefnum")

    assert stopped == ("parked", "sales_order_not_found")
    assert formless.status == unknown.status == 1
    assert "100102=shopify" in formless.out
    assert "can't be used" in unknown.out
    assert decided["decision"]["about"]["setting"]["table"] == "policies.order_match_by_channel"
    assert standing(desk, shipment) == ("done", "")
    assert stock_agrees(desk, tee)
    assert close(desk.acme).report.green


def test_a_return_that_nothing_covers_is_adjusted(back: ReturnDesk) -> None:
    tee = back.acme.sku("TEE")
    found = back.announce({tee: 2}, "NOBODYS-9")
    back.complete(found, {tee: {"Restock": 2}})
    stopped = look(back, found)
    seen = returns.decide(back, found, "adjust", "--dry-run")
    decided = returns.decide(back, found, "adjust")

    assert stopped == ("parked", "return_authorization_not_found")
    assert [one["kind"] for one in seen["plan"]["documents"]] == ["inventoryAdjustment"]
    assert decided["decision"]["value"] == "unmatched_return"
    assert look(back, found) == ("done", None)
    assert back.external_ids(found) == [f"mlc-ia-ret-{found.id}-1"]
    assert back.stock(tee) == {6: 2}
    assert returns.drifts(back) == []
    assert close(back.acme).report.green


def test_a_return_that_is_not_ours_is_refused_until_that_is_taken_back(back: ReturnDesk) -> None:
    tee = back.acme.sku("TEE")
    found = back.announce({tee: 2}, "SAMPLE-9")
    back.complete(found, {tee: {"Restock": 2}})
    look(back, found)
    decided = returns.decide(back, found, "not-ours")
    done = look(back, found)
    report = close(back.acme).report
    [shown] = report.of(Kind.FACT_REFUSED)

    assert decided["rule"] == 'return_prefixes = ["SAMPLE-"]'
    assert done == ("done", None)
    assert back.documents(found) == []
    assert report.green
    assert "Not ours, as a person decided: Asked the desk" in shown.says

    back.acme.command("events", "undecide", str(decided["id"]))

    assert look(back, found) == ("parked", "return_authorization_not_found")
    assert not close(back.acme).report.green


def test_an_order_that_is_not_ours_is_not_announced(acme: Merchant) -> None:
    sku = "LACKS-1"
    acme.world.netsuite.add_item(sku, cost="4.20")
    number = acme.order({sku: 5}, number="GIFT-1")
    sync(acme, "purchase-orders")
    [stopped] = acme.rows("select id, key, state, cause from subject where key <> ''")
    [event] = acme.rows("select max(id) as id from event where subject_id = %(id)s", **stopped)
    words = ("events", "decide", str(event["id"]), "--as", "not-ours", "--note", "A gift")
    said = acme.command(*words)
    sync(acme, "purchase-orders")

    assert (stopped["state"], stopped["cause"]) == ("parked", "sku_missing_in_shipbob")
    assert said.status == 0, said.err
    assert 'wro_prefixes = ["GIFT-"] under [ignore]' in said.out
    [subject] = acme.rows("select state from subject where key = %(key)s", key=stopped["key"])
    assert subject["state"] == "done"
    assert number == "GIFT-1"
    assert acme.rows("select id from posting") == []


def test_unidentified_goods_that_are_not_ours_are_shown_no_more(acme: Merchant) -> None:
    acme.world.shipbob.add_uro({acme.sku("TEE"): 5}, comment="no label")
    acme.command("sync", "unidentified")
    [event] = acme.rows("select max(id) as id from event")
    words = (
        "events",
        "decide",
        str(event["id"]),
        "--as",
        "not-ours",
        "--note",
        "Theirs",
        "--json",
    )
    said = acme.command(*words)
    acme.command("sync", "unidentified")
    done = acme.rows("select state, cause from subject")
    acme.command("events", "undecide", str(said.json["id"]))
    acme.command("sync", "unidentified")

    assert said.status == 0, said.err
    assert said.json["rule"] == ""
    assert done == [{"state": "done", "cause": None}]
    assert acme.rows("select state, cause from subject") == [
        {"state": "dead", "cause": "unidentified_stock"}
    ]
