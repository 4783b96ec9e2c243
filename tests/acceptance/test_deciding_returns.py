"""What a person decides about a return that stopped: both systems and month end afterwards."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import fresh_database, merchant
from acceptance.returning import Desk
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.returns import Return

OURS, THEIRS = 401, 402


@pytest.fixture
def desk(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Desk]:
    """A desk where only syncs do anything, with two customers."""
    folder = tmp_path_factory.mktemp("deciding")
    with fresh_database(server_url, template) as url, merchant(folder, url) as acme:
        acme.world.shipbob.announcer.tune(losses=1.0)
        for customer in (OURS, THEIRS):
            acme.world.netsuite.add_customer(f"C{customer}", internal_id=customer, subsidiary=1)
        made = Desk(acme)
        made.apply(account=None, quarantine_location="")
        yield made


def event_of(desk: Desk, found: Return) -> str:
    [row] = desk.acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'returns' and s.key = %(key)s",
        key=str(found.id),
    )
    return str(row["id"])


def decide(desk: Desk, found: Return, *names: str) -> Mapping[str, Any]:
    """Decide about a return; return what the command said."""
    said = desk.acme.command(
        *("events", "decide", event_of(desk, found), "--as", *names),
        *("--note", "Asked the desk", "--json"),
    )
    assert said.status == 0, said.err or said.out
    return dict(json.loads(said.out))


def look(desk: Desk, found: Return) -> tuple[str, str | None]:
    sync(desk.acme, "returns", found.id)
    subject = desk.subject(found)
    return subject["state"], subject["cause"]


def received_by_hand(desk: Desk, number: str, units: int, *, location: int = 6) -> str:
    """A person receives from an authorization; return the receipt's number."""
    netsuite = desk.acme.world.netsuite
    [authorization] = [
        one for one in netsuite.documents("returnAuthorization") if one["tranId"] == number
    ]
    line = {"orderLine": 1, "quantity": units, "location": {"id": str(location)}}
    made = netsuite.transform(
        "returnAuthorization", int(authorization["id"]), "itemReceipt", {"item": {"items": [line]}}
    )
    [receipt] = [one for one in netsuite.documents("itemReceipt") if int(one["id"]) == made]
    return str(receipt["tranId"])


def with_anothers_reference(desk: Desk, tee: str) -> Return:
    """A return of two units under the authorization of another customer; it stops."""
    _, _, shipment = desk.sell({tee: 2})
    found = desk.announce({tee: 2}, desk.authorize({tee: 2}, customer=THEIRS), shipment=shipment)
    desk.complete(found, {tee: {"Restock": 2}})
    assert look(desk, found) == ("dead", "return_authorization_not_found")
    sync(desk.acme, "tracking")
    return found


def drifts(desk: Desk) -> list[dict[str, object]]:
    return [dict(row) for row in sync(desk.acme, "inventory").details if row["drift"]]


def test_what_a_person_received_for_a_return_is_handled_until_it_is_taken_back(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    found = with_anothers_reference(desk, tee)
    receipt = received_by_hand(desk, desk.authorize({tee: 2}, customer=OURS), 2)
    seen = decide(desk, found, "handled", "--document", receipt, "--dry-run")
    kept = desk.acme.rows("select * from decision")
    handled = decide(desk, found, "handled", "--document", receipt)

    assert [one["quantity"] for one in seen["plan"]["handled"]] == [2]
    assert kept == []
    assert look(desk, found) == ("done", None)
    assert desk.documents(found) == []
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []

    report = close(desk.acme).report
    [shown] = report.of(Kind.FACT_HANDLED)
    [equation] = [one for one in report.equations if one.section == "returns"]

    assert report.green
    assert f"2 x {tee} is not ours to post. Handled by item receipt {receipt}" in shown.says
    assert [equation.source, equation.posted, equation.refused] == [2, 0, 2]

    undone = desk.acme.command("events", "undecide", str(handled["id"]))

    assert undone.status == 0, undone.err
    assert look(desk, found) == ("dead", "return_authorization_not_found")
    assert not close(desk.acme).report.green


def test_a_return_belongs_to_the_authorization_that_a_person_names(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    found = with_anothers_reference(desk, tee)
    number = desk.authorize({tee: 2}, customer=OURS)
    seen = decide(desk, found, "belongs", "--value", number, "--dry-run")
    decide(desk, found, "belongs", "--value", number)

    assert f"Item receipt from {number}" in json.dumps(seen)
    assert look(desk, found) == ("done", None)
    assert desk.external_ids(found) == [f"mlc-ir-ret-{found.id}-1"]
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert close(desk.acme).report.green


def test_a_return_belongs_to_the_sales_order_that_a_person_names(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    found = with_anothers_reference(desk, tee)
    number, order, _ = desk.sell({tee: 2})
    decide(desk, found, "belongs", "--value", number)
    stands = look(desk, found)
    sync(desk.acme, "tracking")
    authorization, receipt = desk.documents(found)

    assert stands == ("done", None)
    assert authorization["createdFrom"]["id"] == str(order)
    assert receipt["createdFrom"]["id"] == authorization["id"]
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert close(desk.acme).report.green


def test_a_receipt_of_another_matter_is_separate_and_the_return_is_booked(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 4})
    number = desk.authorize({tee: 2}, customer=OURS)
    receipt = received_by_hand(desk, number, 2, location=7)
    found = desk.announce({tee: 2}, number, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 2}})
    stopped = look(desk, found)
    sync(desk.acme, "tracking")
    decide(desk, found, "separate", "--document", receipt)

    assert stopped == ("dead", "received_by_others")
    assert look(desk, found) == ("done", None)
    assert desk.external_ids(found) == [f"mlc-ia-ret-{found.id}-1"]
    assert desk.stock(tee) == {6: 2, 7: 2}
    [other] = close(desk.acme).report.open
    assert (other.kind, other.what, other.where) == ("stock_moved_by_others", tee, "7")


def test_units_of_which_shipbob_says_nothing_are_handled_by_a_persons_receipt(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    number = desk.authorize({tee: 2}, customer=OURS)
    found = desk.announce({tee: 2}, number, shipment=shipment)
    found.lines[0].untold = True
    desk.complete(found, {tee: {"Restock": 2}})
    stopped = look(desk, found)
    sync(desk.acme, "tracking")
    decide(desk, found, "handled", "--document", received_by_hand(desk, number, 2))
    settled, month = look(desk, found), close(desk.acme).report
    found.lines[0].untold = False

    assert stopped == ("dead", "return_unclear")
    assert settled == look(desk, found) == ("done", None)
    assert desk.documents(found) == []
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert month.green
    assert close(desk.acme).report.green


def undated(found: Return) -> None:
    """ShipBob dates no step of a return but that it was announced."""
    found.history = [step for step in found.history if step[0] == "AwaitingArrival"]


def nowhere(found: Return) -> None:
    """ShipBob does not say at which center a return is."""
    found.nowhere = True


@pytest.mark.parametrize("forget", [undated, nowhere])
def test_a_return_without_a_date_or_a_center_is_handled_by_a_persons_receipt(
    desk: Desk, forget: Callable[[Return], None]
) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    number = desk.authorize({tee: 2}, customer=OURS)
    found = desk.announce({tee: 2}, number, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 2}})
    forget(found)
    stopped = look(desk, found)
    sync(desk.acme, "tracking")
    red = close(desk.acme).report
    receipt = received_by_hand(desk, number, 1)
    seen = decide(desk, found, "handled", "--document", receipt, "--dry-run")
    first = decide(desk, found, "handled", "--document", receipt)
    in_part = look(desk, found)
    rest = received_by_hand(desk, number, 1)
    decide(desk, found, "handled", "--document", rest)

    assert stopped == in_part == ("dead", "return_unclear")
    assert not red.green
    assert [one["quantity"] for one in seen["plan"]["handled"]] == [1]
    assert look(desk, found) == ("done", None)
    assert desk.documents(found) == []
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []

    report = close(desk.acme).report
    shown = " ".join(one.says for one in report.of(Kind.FACT_HANDLED))

    assert report.green
    assert f"Handled by item receipt {receipt}" in shown
    assert rest in shown

    undone = desk.acme.command("events", "undecide", str(first["id"]))

    assert undone.status == 0, undone.err
    assert look(desk, found) == ("dead", "return_unclear")
    assert not close(desk.acme).report.green
