"""What is booked too much is corrected as a person decided: once, and both sides agree."""

from collections.abc import Iterator

import pytest

from acceptance.closing import close
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.test_deciding import (
    booked,
    decide,
    drifts,
    event_of,
    run,
    standing,
    undecide,
)
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
    assert f"-10 {tee} at location 6" in looked.out
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
