"""What is booked too much is corrected as a person decided: once, and both sides agree."""

from collections.abc import Iterator

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from acceptance.test_deciding import (
    booked,
    decide,
    drifts,
    event_of,
    run,
    standing,
    undecide,
)
from acceptance.test_inventory import long_ago
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("correcting")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def fewer_than_booked(acme: Merchant) -> tuple[str, Wro]:
    """A WRO of which 100 are booked, and ShipBob then says 90."""
    tee = acme.sku("TEE")
    number = acme.order({tee: 100})
    wro = acme.announce({tee: 100}, number=number)
    acme.world.shipbob.stow(wro, {tee: 100})
    run(acme, wro)
    acme.world.shipbob.stow(wro, {tee: -10})
    run(acme, wro)
    assert standing(acme, wro) == ("dead", "quantity_went_down")
    return tee, wro


def test_what_was_booked_too_much_is_taken_out_once(acme: Merchant) -> None:
    tee, wro = fewer_than_booked(acme)
    stopped = close(acme).report
    looked = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", "correct"),
        *("--note", "Counted again", "--dry-run"),
    )
    nothing = booked(acme, wro)
    decided = decide(acme, wro, "correct")

    assert not stopped.green
    assert looked.status == 0, looked.err
    assert f"(mlc-ia-{wro.id}-1)" in looked.out
    assert f"\u221210 {tee} at location 6" in looked.out
    assert "The purchase order stays received" in looked.out
    assert nothing == [("itemReceipt", 100)]
    assert standing(acme, wro) == ("done", None)
    assert sorted(booked(acme, wro)) == [("inventoryAdjustment", -10), ("itemReceipt", 100)]
    assert acme.books(tee) == ({(tee, 6): 90},) * 3
    assert drifts(acme) == []
    assert close(acme).report.green

    run(acme, wro)
    again = acme.command(
        *("events", "decide", event_of(acme, wro), "--as", "correct", "--note", "Once more")
    )

    assert again.status == 1
    assert "has not stopped" in again.err
    assert sorted(booked(acme, wro)) == [("inventoryAdjustment", -10), ("itemReceipt", 100)]
    [act] = acme.rows("select details from act where what = 'events.decide'")
    assert act["details"]["after"]["decided"] == f"correct mlc-ia-{wro.id}-1"

    said = undecide(acme, wro, decided)

    assert f"journal undo mlc-ia-{wro.id}-1" in said
    assert standing(acme, wro) == ("done", None)


def test_what_is_stowed_after_a_correction_is_booked_and_fewer_stops_again(
    acme: Merchant,
) -> None:
    tee, wro = fewer_than_booked(acme)
    decide(acme, wro, "correct")
    acme.world.shipbob.stow(wro, {tee: 10})
    run(acme, wro)
    more = standing(acme, wro), acme.books(tee)
    acme.world.shipbob.stow(wro, {tee: -10})
    run(acme, wro)
    fewer = standing(acme, wro)
    decide(acme, wro, "correct")

    assert more == (("done", None), ({(tee, 6): 100},) * 3)
    assert fewer == ("dead", "quantity_went_down")
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee) == ({(tee, 6): 90},) * 3
    assert close(acme).report.green


def test_a_correction_waits_for_a_period_and_is_decided_once(acme: Merchant) -> None:
    acme.apply(policies='closed_period = "park"')
    tee, wro = fewer_than_booked(acme)
    acme.world.netsuite.close_period("2026-11")
    event = event_of(acme, wro)
    refused = acme.command("events", "decide", event, "--as", "correct", "--note", "Counted")

    assert refused.status == 1
    assert "closed" in refused.err
    assert acme.rows("select id from decision") == []
    assert standing(acme, wro) == ("dead", "quantity_went_down")
    assert acme.books(tee).netsuite == {(tee, 6): 100}


def drifting(acme: Merchant) -> str:
    """A SKU of which ShipBob has ten, and a person took three out in NetSuite."""
    tee = acme.sku("TEE")
    wro = acme.deliver({tee: 10}, number=acme.order({tee: 10}))
    run(acme, wro)
    acme.world.netsuite.add_to_stock(tee, 6, -3)
    [found] = drifts(acme)
    assert (found["sku"], found["drift"]) == (tee, 3)
    return tee


def decide_drift(acme: Merchant, tee: str, *options: str) -> Answered:
    return acme.command(
        *("drift", "decide", "6", tee, "--as", "correct", "--note", "Counted", *options)
    )


def test_stock_is_brought_to_shipbobs_count_once(acme: Merchant) -> None:
    tee = drifting(acme)
    looked = decide_drift(acme, tee, "--dry-run")
    nothing = acme.rows("select * from decision")
    decided = decide_drift(acme, tee, "--json")
    sync(acme, "inventory")
    states = acme.rows("select state from subject where flow = 'inventory'")
    again = decide_drift(acme, tee)

    [item] = {
        row["item"] for row in acme.rows("select item from journal where sku = %(s)s", s=tee)
    }
    assert looked.status == 0, looked.err
    assert f"(mlc-ia-inv-6-{item}-1)" in looked.out
    assert f"+3 {tee} at location 6" in looked.out
    assert nothing == []
    assert decided.status == 0, decided.err
    assert states == [{"state": "done"}, {"state": "done"}]
    assert drifts(acme) == []
    assert acme.books(tee).netsuite == acme.books(tee).shipbob == {(tee, 6): 10}
    posted = acme.rows("select external_id from posting where kind = 'inventoryAdjustment'")
    assert posted == [{"external_id": f"mlc-ia-inv-6-{item}-1"}]
    assert again.status == 1
    assert "has not stopped" in again.err
    assert close(acme).report.green

    said = acme.command("events", "undecide", str(decided.json["id"]))
    undone = acme.command("journal", "undo", f"mlc-ia-inv-6-{item}-1", "--yes")
    [back] = drifts(acme)

    assert f"journal undo mlc-ia-inv-6-{item}-1" in said.out
    assert undone.status == 0, undone.err
    assert (back["sku"], back["drift"]) == (tee, 3)


def test_what_was_never_told_is_booked_instead_of_corrected(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    acme.deliver({tee: 10}, number=acme.order({tee: 10}))
    long_ago(acme)
    [found] = drifts(acme)
    refused = decide_drift(acme, tee)
    nobody = decide_drift(acme, "NO-SUCH")

    assert found["likely"] == "never_told"
    assert (refused.status, nobody.status) == (1, 1)
    assert "nothing told us of it" in refused.err
    assert "sync receiving" in refused.err
    assert "NO-SUCH" in nobody.err
    assert acme.rows("select * from decision") == []
