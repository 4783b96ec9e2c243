"""Less is stowed than is booked, and a person took it out in NetSuite: that handles it."""

from collections.abc import Iterator

import pytest

from acceptance.closing import close
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.test_correcting import fewer_than_booked
from acceptance.test_deciding import booked, decide, drifts, event_of, run, standing, undecide
from acceptance.test_deciding_months import reduce
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("less")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def receipt_of(acme: Merchant, wro: Wro) -> int:
    [row] = acme.rows(
        "select remote_id from posting where external_id = %(id)s", id=f"mlc-ir-{wro.id}-1"
    )
    return int(row["remote_id"])


def test_an_adjustment_by_hand_handles_what_was_booked_too_much(acme: Merchant) -> None:
    tee, wro = fewer_than_booked(acme)
    adjusted = acme.world.netsuite.add_to_stock(tee, 6, -10)
    more = acme.world.netsuite.add_to_stock(tee, 7, 10)
    acme.world.shipbob.adjust(tee, 10, 10)
    words = ("events", "decide", event_of(acme, wro), "--as", "handled", "--note", "Counted")
    nothing = acme.command(*words, "--document", str(more))
    looked = acme.command(*words, "--document", str(adjusted), "--dry-run")
    handled = decide(acme, wro, "handled", "--document", str(adjusted))
    report = close(acme).report

    assert nothing.status == 1
    assert "took nothing out of what is booked" in nothing.err
    assert looked.status == 0, looked.err
    assert handled["plan"]["handled"][0]["quantity"] == -10
    assert standing(acme, wro) == ("done", None)
    assert booked(acme, wro) == [("itemReceipt", 100)]
    assert acme.books(tee).netsuite[tee, 6] == acme.books(tee).shipbob[tee, 6] == 90
    assert [one for one in drifts(acme) if one["location"] == "6"] == []
    assert report.green, report.open
    assert len(report.of(Kind.FACT_HANDLED)) == 1

    run(acme, wro)

    assert standing(acme, wro) == ("done", None)

    undecide(acme, wro, handled)

    assert standing(acme, wro) == ("dead", "quantity_went_down")
    assert acme.rows("select * from handled_line") == []


def test_our_receipt_that_a_person_reduced_handles_it(acme: Merchant) -> None:
    tee, wro = fewer_than_booked(acme)
    receipt = receipt_of(acme, wro)
    words = ("events", "decide", event_of(acme, wro), "--as", "handled", "--note", "Counted")
    too_early = acme.command(*words, "--document", str(receipt))
    reduce(acme, receipt, 90)
    run(acme, wro)
    stopped = standing(acme, wro)
    decide(acme, wro, "handled", "--document", str(receipt))
    report = close(acme).report

    assert too_early.status == 1
    assert "took nothing out" in too_early.err
    assert stopped == ("dead", "quantity_went_down")
    assert standing(acme, wro) == ("done", None)
    assert acme.books(tee).netsuite == acme.books(tee).shipbob == {(tee, 6): 90}
    assert drifts(acme) == []
    assert report.green, report.open
    assert len(report.of(Kind.DOCUMENT_CORRECTED)) == 1

    reduce(acme, receipt, 80)
    run(acme, wro)

    assert standing(acme, wro) == ("dead", "quantity_went_down")
    assert not close(acme).report.green


def test_what_is_stowed_again_is_booked_again(acme: Merchant) -> None:
    tee, wro = fewer_than_booked(acme)
    adjusted = acme.world.netsuite.add_to_stock(tee, 6, -10)
    decide(acme, wro, "handled", "--document", str(adjusted))
    acme.world.shipbob.stow(wro, {tee: 4})
    run(acme, wro)
    more = standing(acme, wro), acme.books(tee).netsuite, acme.books(tee).shipbob
    acme.world.shipbob.stow(wro, {tee: -4})
    run(acme, wro)

    assert more == (("done", None), {(tee, 6): 94}, {(tee, 6): 94})
    assert standing(acme, wro) == ("dead", "quantity_went_down")


def test_units_of_a_lot_are_handled_too(acme: Merchant) -> None:
    lot = acme.sku("LOT", in_netsuite=False)
    acme.world.netsuite.add_item(lot, cost="4.20", lot=True)
    wro = acme.announce({lot: 20}, number=acme.order({lot: 20}))
    wro.boxes[0].items[0].lot_number = "L1"
    acme.world.shipbob.stow(wro, {lot: 20})
    run(acme, wro)
    done = standing(acme, wro)
    acme.world.shipbob.stow(wro, {lot: -5})
    run(acme, wro)
    stopped = standing(acme, wro)
    adjusted = acme.world.netsuite.add_to_stock(lot, 6, -5, lot="L1")
    decide(acme, wro, "handled", "--document", str(adjusted))

    assert done == ("done", None)
    assert stopped == ("dead", "quantity_went_down")
    assert standing(acme, wro) == ("done", None)
    assert close(acme).report.green
