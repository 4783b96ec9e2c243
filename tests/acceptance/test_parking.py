"""What can't be booked yet waits with a reason, and goes on by itself when the reason is gone."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from acceptance.merchant import Merchant
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import wait_until


def waits_with(acme: Merchant, wro: Wro) -> tuple[str, list[str]]:
    subject = acme.subject(wro)
    return subject["cause"], subject["waiting_for"]


def test_an_unknown_sku_parks_and_goes_on_when_the_item_appears(acme: Merchant) -> None:
    sku = acme.sku("NEW", in_netsuite=False)
    wro = acme.deliver({sku: 5})
    acme.wait_for(wro, "parked")
    waited = waits_with(acme, wro)
    acme.world.netsuite.add_item(sku)
    acme.wait_for(wro)

    assert waited == ("sku_missing_in_netsuite", [f"sku:{sku}"])
    assert acme.books(sku) == ({(sku, 6): 5},) * 3


def test_one_unknown_sku_holds_its_wro_whole_and_no_other(acme: Merchant) -> None:
    unknown, known = acme.sku("NEW", in_netsuite=False), acme.sku("OLD")
    held = acme.deliver({unknown: 5, known: 2})
    other = acme.deliver({known: 7})
    acme.wait_for(held, "parked")
    acme.wait_for(other)

    assert acme.documents(held) == []
    assert acme.books(known).netsuite == {(known, 6): 7}

    acme.world.netsuite.add_item(unknown)
    acme.wait_for(held)

    assert acme.books(unknown, known).agree


def test_a_dead_event_goes_on_by_a_replay(acme: Merchant) -> None:
    shipbob, cap = acme.world.shipbob, acme.sku("CAP")
    wro = acme.announce({cap: 10})
    shipbob.stow(wro, {cap: 8})
    acme.wait_for(wro)
    shipbob.stow(wro, {cap: -3})
    acme.wait_for(wro, "dead")
    cause = "quantity_went_down"
    listed = acme.command("events", "list", "--cause", cause, "--json")
    shipbob.announcer.tune(losses=1.0)
    shipbob.stow(wro, {cap: 5})
    shipbob.announcer.tune(losses=0.0)
    replayed = acme.command("events", "replay", "--cause", cause, "--json")
    acme.wait_for(wro)

    assert {event["subject"] for event in listed.json["events"]} == {str(wro.id)}
    assert (replayed.status, replayed.json["subjects"]) == (0, 1)
    assert acme.books(cap) == ({(cap, 6): 10},) * 3


def test_what_stopped_by_a_policy_goes_on_when_the_policy_changes(acme: Merchant) -> None:
    cap = acme.sku("CAP")
    acme.apply(policies='unmatched_wro = "park"')
    wro = acme.deliver({cap: 4})
    acme.wait_for(wro, "dead")
    waited = waits_with(acme, wro)
    acme.apply()
    acme.wait_for(wro)

    assert waited == ("purchase_order_not_found", ["policy:unmatched_wro"])
    assert acme.books(cap) == ({(cap, 6): 4},) * 3


def test_a_missing_purchase_order_parks_and_goes_on_when_it_is_entered(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    wro = acme.deliver({tee: 8}, number="PO-LATE")
    acme.wait_for(wro, "parked")
    waited = waits_with(acme, wro)
    acme.order({tee: 8}, number="PO-LATE")
    acme.wait_for(wro)

    assert waited == ("purchase_order_not_found", ["purchase_order:PO-LATE"])
    assert [one["recordType"] for one in acme.documents(wro)] == ["itemReceipt"]
    assert acme.books(tee).agree


def test_an_unmapped_location_parks_and_goes_on_when_the_mapping_is_applied(
    acme: Merchant,
) -> None:
    tee = acme.sku("TEE")
    acme.apply(locations='"228" = "6"')
    wro = acme.deliver({tee: 9}, center=10)
    acme.wait_for(wro, "parked")
    waited = waits_with(acme, wro)
    applied = acme.apply()
    acme.wait_for(wro)

    assert waited == ("location_unmapped", ["location:10"])
    assert applied.woken == 1
    assert acme.books(tee) == ({(tee, 7): 9},) * 3


def test_a_missing_account_stops_and_goes_on_when_it_is_applied(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    acme.apply(accounts="")
    wro = acme.deliver({tee: 9})
    acme.wait_for(wro, "dead")
    waited = waits_with(acme, wro)
    acme.apply()
    acme.wait_for(wro)

    assert waited == ("account_unmapped", ["account:inventory_adjustment"])
    assert acme.books(tee).agree


@pytest.fixture
def today(acme: Merchant) -> date:
    return acme.world.netsuite.clock.now().astimezone(ZoneInfo("America/Chicago")).date()


def first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def test_a_closed_period_is_passed_over_to_the_next_open_day(acme: Merchant, today: date) -> None:
    tee, month = acme.sku("TEE"), f"{today:%Y-%m}"
    acme.world.netsuite.close_period(month)
    acme.apply()  # periods are read anew
    try:
        wro = acme.deliver({tee: 6}, number=acme.order({tee: 6}))
        acme.wait_for(wro)
    finally:
        acme.world.netsuite.reopen_period(month)
        acme.apply()
    [document] = acme.documents(wro)

    assert document["tranDate"] == first_of_next_month(today).isoformat()
    assert today.isoformat() in document["memo"]
    assert acme.books(tee).agree


def test_a_period_that_closes_after_it_was_read_is_passed_over_too(
    acme: Merchant, today: date
) -> None:
    tee, month = acme.sku("TEE"), f"{today:%Y-%m}"
    number = acme.order({tee: 9})
    acme.wait_for(acme.deliver({tee: 3}, number=number))
    acme.world.netsuite.close_period(month)
    try:
        wro = acme.deliver({tee: 6}, number=number)
        acme.wait_for(wro)
    finally:
        acme.world.netsuite.reopen_period(month)
        acme.apply()

    assert [one["tranDate"] for one in acme.documents(wro)] == [
        first_of_next_month(today).isoformat()
    ]
    assert acme.books(tee).agree


def test_a_closed_period_parks_by_policy_until_it_is_open_again(
    acme: Merchant, today: date
) -> None:
    tee, month = acme.sku("TEE"), f"{today:%Y-%m}"
    acme.world.netsuite.close_period(month)
    acme.apply(policies='closed_period = "park"')
    try:
        wro = acme.deliver({tee: 6}, number=acme.order({tee: 6}))
        acme.wait_for(wro, "dead")
        waited = waits_with(acme, wro)
    finally:
        acme.world.netsuite.reopen_period(month)
    acme.wait_for(wro)
    acme.apply()

    assert waited == ("period_closed", [f"period:{month}", "policy:closed_period"])
    assert [one["tranDate"] for one in acme.documents(wro)] == [today.isoformat()]


def test_a_dry_run_writes_to_neither_system_and_live_mode_catches_up(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    acme.apply(mode="dry-run")
    number = acme.order({tee: 11})
    before = len(acme.world.netsuite.calls), len(acme.world.shipbob.calls)
    wro = acme.deliver({tee: 11}, number=number)
    acme.wait_for(wro)
    to_netsuite = acme.world.netsuite.calls[before[0] :]
    to_shipbob = acme.world.shipbob.calls[before[1] :]
    noted = acme.rows(
        "select state, kind from posting where external_id like %(id)s", id=f"%-{wro.id}-%"
    )
    acme.apply()
    acme.command("events", "replay", "--flow", "receiving", "--since", "1h")
    wait_until(lambda: acme.books(tee).agree)

    assert {one["method"] for one in to_netsuite if "/suiteql" not in one["path"]} <= {"GET"}
    assert {one.method for one in to_shipbob} <= {"GET"}
    assert {"state": "noted", "kind": "itemReceipt"} in noted
    assert acme.books(tee) == ({(tee, 6): 11},) * 3
