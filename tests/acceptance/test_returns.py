"""What comes back to ShipBob is booked in NetSuite as it was done: real processes, real HTTP."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from acceptance.merchant import Merchant
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk
from ml_connector.sim.faults import Fault, FaultKind
from waiting import wait_until


@pytest.fixture(scope="module")
def furnished(installed: Merchant) -> Merchant:
    """The merchant with a customer, a place for quarantine and an account for waste."""
    netsuite = installed.world.netsuite
    netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
    netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
    netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
    return installed


@pytest.fixture
def desk(acme: Merchant, furnished: Merchant) -> Iterator[Desk]:
    desk = Desk(acme)
    desk.apply()
    yield desk
    furnished.apply()


def test_every_action_of_every_sku_ties_in_stock_ledger_and_journal(desk: Desk) -> None:
    tee, cap = desk.acme.sku("TEE"), desk.acme.sku("CAP")
    desk.sell({tee: 6, cap: 2})
    reference = desk.authorize({tee: 6, cap: 2})
    found = desk.announce({tee: 6, cap: 2}, reference)
    desk.wait_for(found)
    written_off = desk.acme.world.netsuite.balances().get(WRITE_OFF, Decimal(0))
    desk.complete(
        found,
        {tee: {"Restock": 3, "Dispose": 2, "Quarantine": 1}, cap: {"Restock": 1, "Quarantine": 1}},
    )
    desk.wait_for(found)

    assert desk.external_ids(found) == [
        f"mlc-ir-ret-{found.id}-1",
        f"mlc-ir-ret-{found.id}-2",
        f"mlc-wo-ret-{found.id}-1",
    ]
    assert desk.stock(tee) == {6: 3, QUARANTINE: 1}
    assert desk.stock(cap) == {6: 1, QUARANTINE: 1}
    assert desk.journal(found) == {
        (tee, "6", "restock"): 3,
        (tee, "6", "dispose"): 2,
        (tee, "6", "write-off"): -2,
        (tee, "9", "quarantine"): 1,
        (cap, "6", "restock"): 1,
        (cap, "9", "quarantine"): 1,
    }
    balance = desk.acme.world.netsuite.balances()[WRITE_OFF]
    assert balance - written_off == 2 * Decimal("4.20")


def test_nothing_is_booked_before_it_is_completed(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.sell({tee: 1})
    found = desk.announce({tee: 1}, desk.authorize({tee: 1}))
    desk.acme.world.shipbob.arrive_return(found)
    desk.acme.world.shipbob.move_return(found, "Processing")
    desk.wait_for(found)

    assert desk.documents(found) == []
    assert desk.stock(tee) == {}


def test_a_parcel_returned_to_its_sender_is_authorised_from_the_sales_order(desk: Desk) -> None:
    tee, cap = desk.acme.sku("TEE"), desk.acme.sku("CAP")
    _, order, shipment = desk.sell({tee: 3, cap: 2})
    found = desk.announce({tee: 2}, shipment=shipment, return_type="ReturnToSender")
    desk.complete(found, {tee: {"Restock": 1, "Dispose": 1}})
    desk.wait_for(found)
    authorization, receipt, _ = desk.documents(found)

    assert desk.external_ids(found) == [
        f"mlc-ra-{found.id}",
        f"mlc-ir-ret-{found.id}-1",
        f"mlc-wo-ret-{found.id}-1",
    ]
    assert authorization["createdFrom"]["id"] == str(order)
    assert [Decimal(line["quantity"]) for line in authorization["item"]["items"]] == [2]
    assert receipt["createdFrom"]["id"] == authorization["id"]
    assert desk.stock(tee) == {6: 1}
    assert desk.stock(cap) == {}


def test_a_second_return_of_an_order_takes_what_is_left(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    first = desk.announce({tee: 1}, shipment=shipment)
    desk.complete(first, {tee: {"Restock": 1}})
    desk.wait_for(first)
    second = desk.announce({tee: 2}, shipment=shipment)
    desk.complete(second, {tee: {"Restock": 2}})
    desk.wait_for(second)

    assert [len(desk.documents(one)) for one in (first, second)] == [2, 2]
    assert desk.stock(tee) == {6: 3}


def test_units_that_nothing_covers_are_adjusted_and_waste_is_written_off(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.acme.world.netsuite.add_to_stock(tee, 6, 5, cost="4.20")
    found = desk.announce({tee: 3})
    desk.complete(found, {tee: {"Restock": 1, "Quarantine": 1, "Dispose": 1}})
    desk.wait_for(found)

    assert desk.stock(tee) == {6: 6, QUARANTINE: 1}
    assert [one["recordType"] for one in desk.documents(found)] == ["inventoryAdjustment"] * 3


def test_more_units_than_authorised_are_received_as_far_as_it_goes(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.sell({tee: 5})
    found = desk.announce({tee: 2}, desk.authorize({tee: 2}))
    desk.complete(found, {tee: {"Restock": 3}})
    desk.wait_for(found)

    assert desk.external_ids(found) == [f"mlc-ir-ret-{found.id}-1", f"mlc-ia-ret-{found.id}-1"]
    assert desk.stock(tee) == {6: 3}


def test_a_return_that_a_person_received_already_is_not_received_again(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.sell({tee: 2})
    reference = desk.authorize({tee: 2})
    [authorization] = [
        one
        for one in desk.acme.world.netsuite.documents("returnAuthorization")
        if one["tranId"] == reference
    ]
    desk.acme.world.netsuite.transform(
        "returnAuthorization", int(authorization["id"]), "itemReceipt"
    )
    found = desk.announce({tee: 2}, reference)
    desk.complete(found, {tee: {"Restock": 2}})
    desk.wait_for(found)

    assert desk.documents(found) == []
    assert desk.stock(tee) == {6: 2}


def test_a_disposed_lot_comes_in_and_goes_out_by_its_record(desk: Desk) -> None:
    lot = f"LOT-{next(desk.acme.numbers)}"
    desk.acme.world.shipbob.add_product(lot, lot=True)
    desk.acme.world.netsuite.add_item(lot, lot=True, cost="4.20")
    found = desk.announce({lot: 3}, desk.authorize({lot: 3}))
    [line] = found.lines
    line.lot_number = "L-7"
    desk.complete(found, {lot: {"Restock": 2, "Dispose": 1}})
    desk.wait_for(found)

    assert desk.external_ids(found) == [f"mlc-ir-ret-{found.id}-1", f"mlc-wo-ret-{found.id}-1"]
    assert desk.stock(lot) == {6: 2}


# Waiting


def test_a_missing_write_off_account_parks_and_goes_on_when_it_is_applied(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.apply(account=None)
    found = desk.announce({tee: 2}, desk.authorize({tee: 2}))
    desk.complete(found, {tee: {"Restock": 1, "Dispose": 1}})
    desk.wait_for(found, "parked")
    waiting = desk.subject(found)
    nothing = desk.documents(found)
    desk.apply()
    desk.wait_for(found)

    assert (waiting["cause"], waiting["waiting_for"]) == (
        "account_unmapped",
        ["account:write_off"],
    )
    assert nothing == []
    assert desk.stock(tee) == {6: 1}


def test_a_missing_quarantine_location_parks_and_goes_on_when_it_is_applied(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.apply(quarantine_location="")
    found = desk.announce({tee: 1}, desk.authorize({tee: 1}))
    desk.complete(found, {tee: {"Quarantine": 1}})
    desk.wait_for(found, "parked")
    waiting = desk.subject(found)
    desk.apply()
    desk.wait_for(found)

    assert waiting["waiting_for"] == ["policy:quarantine_location"]
    assert "quarantine_location" in waiting["remedy"]
    assert desk.stock(tee) == {QUARANTINE: 1}


def test_by_policy_a_return_waits_until_its_authorization_is_entered(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.apply(unmatched_return="park")
    found = desk.announce({tee: 2}, "RMA-LATE")
    desk.complete(found, {tee: {"Restock": 2}})
    desk.wait_for(found, "parked")
    waiting = desk.subject(found)
    desk.authorize({tee: 2}, number="RMA-LATE")
    desk.wait_for(found)

    assert waiting["cause"] == "return_authorization_not_found"
    assert desk.external_ids(found) == [f"mlc-ir-ret-{found.id}-1"]
    assert desk.stock(tee) == {6: 2}


def test_a_return_waits_until_its_order_is_fulfilled(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.apply(fulfillment="update")
    _, order, shipment = desk.sell({tee: 2}, fulfilled=False)
    found = desk.announce({tee: 2}, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 2}})
    desk.wait_for(found, "parked")
    cause = desk.subject(found)["cause"]
    desk.fulfil(order)
    desk.wait_for(found)

    assert cause == "sales_order_not_fulfilled"
    assert desk.stock(tee) == {6: 2}


# Whatever goes wrong


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("cut_after_commit", "!transform/returnauthorization"),
        ("error_after_commit", "!transform/returnauthorization"),
        ("gateway_timeout", "!transform/itemreceipt"),
        ("cut_after_commit", "inventoryadjustment"),
    ],
)
def test_a_return_is_booked_once_whatever_netsuite_answers(
    desk: Desk, kind: FaultKind, path: str
) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    fault = desk.acme.world.netsuite.fault(kind, method="POST", path=f"{path}", times=1)
    found = desk.announce({tee: 2}, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 1, "Dispose": 1}})
    desk.wait_for(found)
    struck = {one["number"]: one["struck"] for one in desk.acme.world.netsuite.faults.listing()}

    assert struck[fault] == 1
    assert desk.external_ids(found) == [
        f"mlc-ra-{found.id}",
        f"mlc-ir-ret-{found.id}-1",
        f"mlc-wo-ret-{found.id}-1",
    ]
    assert desk.stock(tee) == {6: 1}


@pytest.mark.parametrize("kind", ["bad_gateway", "cut_before_commit"])
def test_shipbob_answering_badly_delays_and_loses_nothing(desk: Desk, kind: FaultKind) -> None:
    tee = desk.acme.sku("TEE")
    desk.acme.world.shipbob.add_fault(Fault(kind=kind, path="return", times=2))
    found = desk.announce({tee: 1}, desk.authorize({tee: 1}))
    desk.complete(found, {tee: {"Restock": 1}})
    desk.wait_for(found)

    assert desk.stock(tee) == {6: 1}


def test_webhooks_doubled_and_in_the_wrong_order_book_once(desk: Desk) -> None:
    shipbob, tee = desk.acme.world.shipbob, desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    shipbob.announcer.hold()
    found = desk.announce({tee: 3}, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 1, "Quarantine": 1, "Dispose": 1}})
    shipbob.announcer.release("reversed")
    desk.wait_for(found)
    for message in {one.webhook_id for one in shipbob.deliveries[-4:]}:
        shipbob.redeliver(message)
    desk.wait_for(found)

    assert len(desk.external_ids(found)) == 4
    assert desk.stock(tee) == {6: 1, QUARANTINE: 1}


def test_what_no_webhook_told_us_is_found_by_a_sync(desk: Desk) -> None:
    shipbob, tee = desk.acme.world.shipbob, desk.acme.sku("TEE")
    reference = desk.authorize({tee: 1})
    shipbob.announcer.tune(losses=1.0)
    found = desk.announce({tee: 1}, reference)
    desk.complete(found, {tee: {"Restock": 1}})
    shipbob.announcer.tune(losses=0.0)
    unknown = desk.subject(found)
    planned = desk.acme.command("plan", "returns", "--id", str(found.id), "--json")
    before = desk.stock(tee)
    synced = desk.acme.command("sync", "returns", "--since", "1h", "--json")

    assert unknown == {}
    assert [one["external_id"] for one in planned.json["plans"][0]["documents"]] == [
        f"mlc-ir-ret-{found.id}-1"
    ]
    assert before == {}
    assert synced.status == 0, synced.out
    assert str(found.id) in {one["key"] for one in synced.json["subjects"]}
    assert desk.stock(tee) == {6: 1}


def test_lost_books_find_what_they_had_booked(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    desk.sell({tee: 3})
    found = desk.announce({tee: 3}, desk.authorize({tee: 5}))
    desk.complete(found, {tee: {"Restock": 2, "Dispose": 1}})
    desk.wait_for(found)
    [subject] = desk.acme.rows(
        "select id from subject where flow = 'returns' and key = %(key)s", key=str(found.id)
    )
    desk.acme.rows(
        "update posting set state = 'prepared', remote_id = null, settled_at = null"
        " where subject_id = %(id)s returning id",
        id=subject["id"],
    )
    desk.acme.world.shipbob.books.returns.edited(found)
    wait_until(
        lambda: (
            {
                row["state"]
                for row in desk.acme.rows(
                    "select state from posting where subject_id = %(id)s", id=subject["id"]
                )
            }
            == {"adopted"}
        )
    )

    assert len(desk.documents(found)) == 2
    assert desk.stock(tee) == {6: 2}
