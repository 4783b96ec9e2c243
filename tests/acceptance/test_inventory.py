"""Stock that differs is explained by what is open, or named with what probably made it."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.alarms.watch import watch_books
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.sync import Synced, sync_flow
from ml_connector.engine.flow import Flow
from ml_connector.flows import inventory, receiving, tracking
from ml_connector.ledger.connections import connections

Details = Mapping[str, Mapping[str, Any]]


def sync(merchant: Merchant, flow: Flow, *ids: str) -> Synced:
    """Do a flow now, and then what the worker does about alarms."""

    async def sync() -> Synced:
        async with open_installation(merchant.settings) as installation:
            async with installation.database.transaction() as connection:
                applied = await connections.find(connection, "acme")
            assert applied is not None
            synced = await sync_flow(installation, applied, flow, ids=ids, since=None)
            await watch_books(installation)
            return synced

    return asyncio.run(sync())


def look(merchant: Merchant, sku: str) -> Details:
    """Compare the stock of all locations; return where this SKU differs."""
    details = sync(merchant, inventory.FLOW).details
    return {row["location"]: row for row in details if row["sku"] == sku}


def alarms(merchant: Merchant, sku: str) -> int:
    """Return how many open alarms of drift name this SKU."""
    return len(
        merchant.rows(
            "select 1 from alarm where kind = 'drift' and ended_at is null"
            " and strpos(sentence, %(sku)s) > 0",
            sku=sku,
        )
    )


def alarm(merchant: Merchant) -> tuple[str, str]:
    """Return the sentence and the remedy of the open alarm of drift; empty without one."""
    found = merchant.rows(
        "select sentence, remedy from alarm where kind = 'drift' and ended_at is null"
    )
    return (found[0]["sentence"], found[0]["remedy"]) if found else ("", "")


def alarming_locations(merchant: Merchant) -> set[str]:
    """Return the locations that the open alarm of drift is about."""
    named = re.search(r"\(([^)]*)\), first seen", alarm(merchant)[0])
    return set(named[1].split(", ")) if named else set()


def long_ago(merchant: Merchant) -> None:
    """Let everything that moved at ShipBob have moved an hour ago."""
    movements = merchant.world.shipbob.books.stock.movements
    movements[:] = [
        msgspec.structs.replace(one, at=one.at - timedelta(hours=1)) for one in movements
    ]


@pytest.fixture(scope="module")
def untold(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant of whom no webhook ever tells anything."""
    folder = tmp_path_factory.mktemp("untold")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


@pytest.fixture
def acme(untold: Merchant) -> Merchant:
    untold.apply()
    return untold


@pytest.fixture
def tee(acme: Merchant) -> str:
    """A SKU of which both systems have ten for long."""
    sku = acme.sku("TEE")
    wro = acme.deliver({sku: 10}, number=acme.order({sku: 10}))
    sync(acme, receiving.FLOW, str(wro.id))
    long_ago(acme)
    return sku


def test_what_a_person_adjusts_in_netsuite_is_named_until_it_is_taken_back(
    acme: Merchant, tee: str
) -> None:
    before = look(acme, tee)
    taken = acme.world.netsuite.add_to_stock(tee, 6, -3)
    during, told = look(acme, tee), alarms(acme, tee)
    acme.world.netsuite.delete("inventoryAdjustment", taken)
    after, ended = look(acme, tee), alarms(acme, tee)

    assert before == after == {}
    found = during["6"]
    assert (found["shipbob"], found["netsuite"], found["drift"]) == (10, 7, 3)
    assert found["likely"] == "adjusted_in_netsuite"
    assert "inventory adjustment" in found["why"]
    assert "Nothing is adjusted by itself" in found["remedy"]
    assert (told, ended) == (1, 0)


def test_a_lost_webhook_is_named_and_waiting_once_it_is_known(acme: Merchant, tee: str) -> None:
    acme.apply(policies='unmatched_wro = "park"')
    wro = acme.deliver({tee: 4})
    at_once = look(acme, tee)
    long_ago(acme)
    lost = look(acme, tee)
    sync(acme, receiving.FLOW)
    known = look(acme, tee)
    acme.apply(policies='unmatched_wro = "adjust"')
    sync(acme, receiving.FLOW, str(wro.id))
    booked = look(acme, tee)

    assert (at_once["6"]["drift"], at_once["6"]["likely"]) == (0, None)
    assert (lost["6"]["drift"], lost["6"]["likely"]) == (4, "never_told")
    assert lost["6"]["remedy"] == f"Run: ml-connector sync receiving --id {wro.id}."
    assert (known["6"]["drift"], known["6"]["likely"]) == (0, None)
    assert f"receiving {wro.id} waits" in known["6"]["why"]
    assert alarms(acme, tee) == 0
    assert booked == {}


def test_a_shipment_that_waits_for_its_order_explains_what_is_missing(
    acme: Merchant, tee: str
) -> None:
    shipbob = acme.world.shipbob
    order = shipbob.create_order("SO-UNKNOWN", {tee: 2})
    [shipment] = order.shipments
    shipbob.label(shipment)
    picked = look(acme, tee)
    sync(acme, tracking.FLOW, str(shipment.id))
    long_ago(acme)
    waiting = look(acme, tee)

    assert (picked["6"]["shipbob"], picked["6"]["drift"]) == (8, 0)
    assert f"order {order.id}" in picked["6"]["why"]
    assert (waiting["6"]["drift"], waiting["6"]["likely"]) == (0, None)
    assert f"tracking {shipment.id} waits" in waiting["6"]["why"]


def test_what_shipbob_counts_anew_or_moves_is_named(acme: Merchant, tee: str) -> None:
    shipbob = acme.world.shipbob
    shipbob.adjust(tee, -1, 228, reference="cycle count")
    counted = look(acme, tee)
    acme.world.netsuite.add_to_stock(tee, 6, -1)
    long_ago(acme)
    shipbob.adjust(tee, -4, 228, category="InventoryFacilityUpdated")
    shipbob.adjust(tee, 4, 10, category="InventoryFacilityUpdated")
    moved = look(acme, tee)

    assert counted["6"]["likely"] == "counted_at_shipbob"
    assert "cycle count" in counted["6"]["why"]
    assert (moved["6"]["drift"], moved["7"]["drift"]) == (-4, 4)
    assert {row["likely"] for row in moved.values()} == {"moved_between_centers"}


def test_who_tampers_with_a_receipt_is_told_by_what_was_done(acme: Merchant) -> None:
    netsuite, tee = acme.world.netsuite, acme.sku("TEE")
    number = acme.order({tee: 40})
    wro = acme.announce({tee: 13}, number=number)
    acme.world.shipbob.stow(wro, {tee: 10})
    sync(acme, receiving.FLOW, str(wro.id))
    long_ago(acme)
    [ours] = acme.documents(wro)
    line = {"orderLine": 1, "itemReceive": True, "quantity": 10, "location": {"id": "6"}}
    again = netsuite.transform(
        "purchaseOrder", int(ours["createdFrom"]["id"]), "itemReceipt", {"item": {"items": [line]}}
    )
    doubled = look(acme, tee)
    netsuite.delete("itemReceipt", again)
    acme.world.shipbob.stow(wro, {tee: 3})
    long_ago(acme)
    stowed = look(acme, tee)
    netsuite.delete("itemReceipt", int(ours["id"]))
    both = look(acme, tee)

    assert (doubled["6"]["drift"], doubled["6"]["likely"]) == (-10, "entered_twice")
    assert (stowed["6"]["drift"], stowed["6"]["likely"]) == (3, "stowed_again")
    assert (both["6"]["drift"], both["6"]["likely"]) == (13, "several_causes")
    assert "deleted" in both["6"]["why"]
    assert f"receiving {wro.id}" in both["6"]["why"]


def test_the_alarm_says_of_each_location_what_differs(unserved: Merchant) -> None:
    tee, cap = unserved.sku("TEE"), unserved.sku("CAP")
    unserved.world.netsuite.add_to_stock(tee, 6, 3)
    unserved.world.netsuite.add_to_stock(cap, 7, 2)
    for location in ("6", "7"):
        sync(unserved, inventory.FLOW, location)  # one after the other: that is how they are named
    both, remedy = alarm(unserved)
    unserved.world.netsuite.add_to_stock(tee, 6, -3)
    look(unserved, tee)
    one, _ = alarm(unserved)

    assert both.startswith("Stock differs at 2 locations (6, 7), first seen at ")
    assert f"1 SKU at location 6: {tee}: ShipBob has 0, NetSuite 3" in both
    assert f"1 SKU at location 7: {cap}: ShipBob has 0, NetSuite 2" in both
    assert remedy.startswith("At location 6: ")
    assert remedy.endswith("ml-connector plan inventory")
    assert one.startswith("Stock differs at 1 location (7), first seen at ")
    assert tee not in one


def test_a_location_that_is_not_mapped_any_more_is_no_alarm(acme: Merchant, tee: str) -> None:
    acme.world.netsuite.add_to_stock(tee, 7, 1)
    look(acme, tee)
    before = alarming_locations(acme)
    acme.apply(locations='"228" = "6"')
    look(acme, tee)

    assert "7" in before
    assert "7" not in alarming_locations(acme)


def test_the_commands_show_what_differs_and_write_nothing(acme: Merchant, tee: str) -> None:
    acme.world.netsuite.add_to_stock(tee, 6, 2)
    documents = len(acme.world.netsuite.documents())
    planned = acme.command("plan", "inventory", "--json")
    synced = acme.command("sync", "inventory")
    [listed] = acme.rows("select state, cause from subject where flow = 'inventory' and key = '6'")

    first, second = planned.json["plans"]
    [row] = [one for one in first["details"] if one["sku"] == tee]
    assert (row["location"], row["drift"], row["likely"]) == ("6", -2, "adjusted_in_netsuite")
    assert [one["documents"] for one in (first, second)] == [[], []]
    assert tee in first["afterwards"]
    assert (planned.status, synced.status) == (0, 1)
    assert tee in synced.out
    assert row["remedy"].split(".")[0] in " ".join(synced.out.split())
    assert listed == {"state": "dead", "cause": "stock_drift"}
    assert len(acme.world.netsuite.documents()) == documents
