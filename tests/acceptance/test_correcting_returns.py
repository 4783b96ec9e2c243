"""What was done otherwise with booked returns is corrected as a person decided, once."""

import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import fresh_database, merchant
from acceptance.returning import QUARANTINE, Desk
from acceptance.service import Answered, working
from acceptance.test_deciding_months import reduce
from acceptance.test_deciding_returns import decide, drifts, event_of, look
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.returns import Return, Taken
from waiting import wait_until


@pytest.fixture
def desk(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Desk]:
    """A desk where only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("correcting")
    with fresh_database(server_url, template) as url, merchant(folder, url) as acme:
        acme.world.shipbob.announcer.tune(losses=1.0)
        netsuite = acme.world.netsuite
        netsuite.add_location("Quarantine", internal_id=QUARANTINE, subsidiary=1)
        netsuite.add_account("Write-off", internal_id=55, account_type="COGS")
        netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
        made = Desk(acme)
        made.apply()
        yield made


def done_otherwise(
    desk: Desk, before: Mapping[str, int], now: Mapping[str, int]
) -> tuple[str, Return]:
    """A return that is booked with these units by action, and ShipBob then says others."""
    tee, shipbob = desk.acme.sku("TEE"), desk.acme.world.shipbob
    units = sum(before.values())
    _, _, shipment = desk.sell({tee: units})
    found = desk.announce({tee: units}, desk.authorize({tee: units}), shipment=shipment)
    desk.complete(found, {tee: before})
    assert look(desk, found) == ("done", None)
    sync(desk.acme, "tracking")
    found.lines[0].taken = [
        Taken(action=action, reason="Looked at again", quantity=units)
        for action, units in now.items()
    ]
    shipbob.adjust(tee, now.get("Restock", 0) - before.get("Restock", 0), 228)
    assert look(desk, found) == ("dead", "quantity_went_down")
    return tee, found


def correcting(desk: Desk, found: Return, *options: str) -> Answered:
    return desk.acme.command(
        *("events", "decide", event_of(desk, found), "--as", "correct"),
        *("--note", "Asked the warehouse", *options),
    )


def corrected(desk: Desk, found: Return) -> list[str]:
    """The documents that correct a return."""
    return [one for one in desk.external_ids(found) if one.startswith("mlc-ic-")]


def test_units_that_were_quarantined_after_all_are_corrected_once(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 3}, {"Restock": 1, "Quarantine": 2})
    red = close(desk.acme).report
    looked = correcting(desk, found, "--dry-run")
    nothing = corrected(desk, found), desk.acme.rows("select * from decision")
    decide(desk, found, "correct")
    stands = look(desk, found)

    assert not red.green
    assert looked.status == 0, looked.err
    assert f"(mlc-ic-ret-{found.id}-1)" in looked.out
    assert f"\u22122 {tee} at location 6" in looked.out
    assert f"+2 {tee} at location {QUARANTINE}" in looked.out
    assert "The return authorization stays received" in looked.out
    assert nothing == ([], [])
    assert stands == look(desk, found) == ("done", None)
    assert corrected(desk, found) == [f"mlc-ic-ret-{found.id}-1"]
    assert desk.stock(tee) == {6: 1, QUARANTINE: 2}
    assert desk.acme.books(tee).journal == {(tee, 6): 1, (tee, QUARANTINE): 2}
    assert drifts(desk) == []
    assert close(desk.acme).report.green

    again = correcting(desk, found)

    assert again.status == 1
    assert len(corrected(desk, found)) == 1


def test_units_that_were_disposed_of_or_not_after_all_are_corrected(desk: Desk) -> None:
    tee, gone = done_otherwise(desk, {"Restock": 2}, {"Restock": 1, "Dispose": 1})
    cap, kept = done_otherwise(desk, {"Dispose": 2}, {"Restock": 2})
    decide(desk, gone, "correct")
    decide(desk, kept, "correct")

    assert look(desk, gone) == look(desk, kept) == ("done", None)
    assert (desk.stock(tee), desk.stock(cap)) == ({6: 1}, {6: 2})
    accounts = {
        one["account"]["id"]
        for one in [*desk.documents(gone), *desk.documents(kept)]
        if str(one["externalId"]).startswith("mlc-ic-")
    }
    assert accounts == {"55"}
    assert drifts(desk) == []
    assert close(desk.acme).report.green


def test_what_did_not_come_back_and_what_was_disposed_of_are_two_documents(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 3}, {"Restock": 1, "Dispose": 1})
    decide(desk, found, "correct")
    first = look(desk, found), desk.stock(tee)
    decide(desk, found, "correct")

    assert first == (("dead", "quantity_went_down"), {6: 2})
    assert look(desk, found) == ("done", None)
    assert corrected(desk, found) == [f"mlc-ic-ret-{found.id}-{n}" for n in (1, 2)]
    assert desk.stock(tee) == {6: 1}
    assert drifts(desk) == []
    assert close(desk.acme).report.green


def test_a_correction_that_is_taken_back_is_shown_as_undone(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 2}, {"Quarantine": 2})
    decided = decide(desk, found, "correct")
    stands = look(desk, found)
    said = desk.acme.command("events", "undecide", str(decided["id"]))
    undone = desk.acme.command("journal", "undo", f"mlc-ic-ret-{found.id}-1", "--yes")

    assert stands == ("done", None)
    assert f"journal undo mlc-ic-ret-{found.id}-1" in said.out
    assert undone.status == 0, undone.err
    assert desk.stock(tee) == {6: 2}
    assert look(desk, found) == ("done", None)
    shown = [one.says for one in close(desk.acme).report.of(Kind.FACT_REFUSED)]
    assert [says.rpartition(". ")[2] for says in shown if f"return {found.id}" in says] == [
        "Undone by a counter-document"
    ] * 2


def test_a_correction_waits_for_its_period_and_is_never_dated_into_a_closed_one(
    desk: Desk,
) -> None:
    desk.apply(closed_period="park")
    tee, found = done_otherwise(desk, {"Restock": 2}, {"Quarantine": 2})
    day = close(desk.acme).report.month
    desk.acme.world.netsuite.close_period(day)
    refused = correcting(desk, found)

    assert refused.status == 1
    assert "closed" in refused.err
    assert desk.acme.rows("select id from decision") == []
    assert desk.stock(tee) == {6: 2}


def test_of_two_persons_who_correct_at_once_one_does(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 2}, {"Quarantine": 2})
    with ThreadPoolExecutor(2) as persons:
        said = list(persons.map(lambda _: correcting(desk, found), range(2)))

    assert sorted(one.status for one in said) == [0, 1]
    assert len(desk.acme.rows("select id from decision")) == 1
    assert look(desk, found) == ("done", None)
    assert len(corrected(desk, found)) == 1
    assert desk.stock(tee) == {QUARANTINE: 2}
    assert close(desk.acme).report.green


def test_a_worker_killed_after_netsuite_said_yes_corrects_nothing_twice(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 2}, {"Quarantine": 2})
    netsuite = desk.acme.world.netsuite
    fault = netsuite.fault(
        "hang_after_commit", method="POST", path="inventoryadjustment", times=1, seconds=30
    )
    decide(desk, found, "correct")
    with working(desk.acme.environment, desk.acme.folder) as worker:
        wait_until(lambda: bool(corrected(desk, found)))
        os.kill(worker.pid, signal.SIGKILL)
        worker.process.wait()
    unsettled = desk.acme.rows("select state from posting where kind = 'inventoryAdjustment'")
    with working(desk.acme.environment, desk.acme.folder):
        wait_until(lambda: desk.subject(found)["state"] == "done")

    assert fault
    assert unsettled == [{"state": "sending"}]
    assert corrected(desk, found) == [f"mlc-ic-ret-{found.id}-1"]
    assert desk.stock(tee) == {QUARANTINE: 2}
    assert drifts(desk) == []
    assert close(desk.acme).report.green


def test_what_a_person_adjusted_by_hand_is_handled_until_it_is_taken_back(desk: Desk) -> None:
    tee, found = done_otherwise(desk, {"Restock": 3}, {"Restock": 1, "Quarantine": 1})
    netsuite = desk.acme.world.netsuite
    netsuite.add_to_stock(tee, 6, -2, tranId="IA77")
    decided = decide(desk, found, "handled", "--document", "IA77")
    stands, month = look(desk, found), close(desk.acme).report

    assert stands == look(desk, found) == ("done", None)
    assert desk.stock(tee) == {6: 1, QUARANTINE: 1}
    assert corrected(desk, found) == []
    assert drifts(desk) == []
    assert month.green
    assert any("IA77" in one.says for one in month.of(Kind.FACT_HANDLED))

    undone = desk.acme.command("events", "undecide", str(decided["id"]))

    assert undone.status == 0, undone.err
    assert look(desk, found) == ("dead", "quantity_went_down")

    cap, less = done_otherwise(desk, {"Restock": 3}, {"Restock": 1})
    [receipt] = desk.acme.rows(
        "select remote_id from posting where external_id = %(id)s", id=f"mlc-ir-ret-{less.id}-1"
    )
    reduce(desk.acme, int(receipt["remote_id"]), 2)
    decide(desk, less, "handled", "--document", str(receipt["remote_id"]))

    assert look(desk, less) == ("dead", "quantity_went_down")  # one of the two is still booked

    reduce(desk.acme, int(receipt["remote_id"]), 1)

    assert look(desk, less) == ("dead", "quantity_went_down")  # that decision has lapsed

    decide(desk, less, "handled", "--document", str(receipt["remote_id"]))
    ended, month = look(desk, less), close(desk.acme).report

    assert ended == ("done", None)
    assert desk.stock(cap) == {6: 1}
    assert corrected(desk, less) == []
    assert any(f"mlc-ir-ret-{less.id}" in one.says for one in month.of(Kind.DOCUMENT_CORRECTED))
    assert [one for one in month.open if one.source == f"return {less.id}"] == []


def test_what_is_posted_is_taken_as_it_is(desk: Desk) -> None:
    _, found = done_otherwise(desk, {"Restock": 2}, {"Restock": 1})
    decide(desk, found, "accept")
    stands, month = look(desk, found), close(desk.acme).report

    assert stands == ("done", None)
    assert month.green
    assert any("Taken as it is" in one.says for one in month.of(Kind.FACT_REFUSED))
    assert corrected(desk, found) == []
