"""Whose a return is, told through both simulators to the end of the month."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from acceptance.closing import close, found, in_netsuite, sync
from acceptance.merchant import fresh_database, merchant
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk
from ml_connector.sim.shipbob.books.returns import Taken


@pytest.fixture
def desk(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A merchant of this test's own, with two customers and places for what comes back."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("returns"), url) as acme,
    ):
        netsuite = acme.world.netsuite
        netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
        netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
        netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
        netsuite.add_customer("Kim Roe", internal_id=402, subsidiary=1)
        made = Desk(acme)
        made.apply()
        yield made


def drifts(desk: Desk) -> list[dict[str, object]]:
    """Compare the stock of both systems; return where it differs."""
    return [dict(row) for row in sync(desk.acme, "inventory").details if row["drift"]]


def test_a_parcel_back_at_its_sender_leaves_the_customers_authorization_alone(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, order, shipment = desk.sell({tee: 2})
    reference = desk.authorize({tee: 2}, customer=402)
    returned = desk.announce({tee: 2}, reference, shipment=shipment, return_type="ReturnToSender")
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    authorization, receipt = desk.documents(returned)
    sync(desk.acme, "tracking")

    assert authorization["createdFrom"]["id"] == str(order)
    assert receipt["createdFrom"]["id"] == authorization["id"]
    assert [Decimal(line["quantity"]) for line in receipt["item"]["items"]] == [2]
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_an_authorization_of_another_customer_is_asked_about_and_never_received(
    desk: Desk,
) -> None:
    netsuite, tee = desk.acme.world.netsuite, desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    theirs = desk.authorize({tee: 2}, customer=402)
    returned = desk.announce({tee: 2}, theirs, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    stopped = desk.subject(returned)
    red = found(close(desk.acme))
    own = netsuite.add_return_authorization(
        theirs,
        customer=401,
        location=6,
        lines=[{"item": tee, "quantity": 2, "rate": "9.90", "location": 6}],
    )
    sync(desk.acme, "returns", returned.id)
    [receipt] = desk.documents(returned)

    assert (stopped["state"], stopped["cause"]) == ("dead", "return_authorization_not_found")
    assert "another customer" in stopped["sentence"]
    assert red == {("fact_waiting", f"return {returned.id}")}
    assert receipt["createdFrom"]["id"] == str(own)
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_of_units_received_by_hand_in_part_the_rest_is_received(desk: Desk) -> None:
    netsuite, tee = desk.acme.world.netsuite, desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    reference = f"RMA-{desk.acme.sku('PART')}"
    authorization = netsuite.add_return_authorization(
        reference,
        customer=401,
        location=6,
        lines=[{"item": tee, "quantity": 3, "rate": "9.90", "location": 6}],
    )
    netsuite.transform(
        "returnAuthorization",
        authorization,
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "quantity": 1, "location": {"id": "6"}}]}},
    )
    returned = desk.announce({tee: 3}, reference, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 3}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    [receipt] = desk.documents(returned)
    report = close(desk.acme)
    [equation] = [one for one in report.report.equations if one.section == "returns"]

    assert desk.subject(returned)["state"] == "done"
    assert [Decimal(line["quantity"]) for line in receipt["item"]["items"]] == [2]
    assert desk.stock(tee) == {6: 3}
    assert (equation.source, equation.posted) == (Decimal(3), Decimal(2))
    assert drifts(desk) == []
    assert found(report) == set()


def received_by_hand(desk: Desk, authorization: int, units: int, *, location: int = 6) -> int:
    """A person receives from the first line of an authorization; return the receipt's id."""
    line = {"orderLine": 1, "quantity": units, "location": {"id": str(location)}}
    return desk.acme.world.netsuite.transform(
        "returnAuthorization", authorization, "itemReceipt", {"item": {"items": [line]}}
    )


def test_units_counted_as_received_wait_when_that_receipt_is_elsewhere_now(desk: Desk) -> None:
    netsuite, tee = desk.acme.world.netsuite, desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    reference = f"RMA-{desk.acme.sku('MOVED')}"
    authorization = netsuite.add_return_authorization(
        reference,
        customer=401,
        location=6,
        lines=[{"item": tee, "quantity": 3, "rate": "9.90", "location": 6}],
    )
    first = received_by_hand(desk, authorization, 1)
    returned = desk.announce({tee: 3}, reference, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 3}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    counted, green = desk.subject(returned)["state"], found(close(desk.acme))
    in_netsuite(desk.acme, "delete", record_type="itemReceipt", internal_id=first)
    received_by_hand(desk, authorization, 1, location=7)
    sync(desk.acme, "returns", returned.id)
    stopped, report = desk.subject(returned), close(desk.acme)
    [equation] = [one for one in report.report.equations if one.section == "returns"]

    assert (counted, green) == ("done", set())
    assert (stopped["state"], stopped["cause"]) == ("dead", "received_by_others")
    assert [equation.posted, equation.refused, equation.waiting] == [2, 0, 1]
    assert ("fact_waiting", f"return {returned.id}") in found(report)


def test_what_was_undone_waits_with_a_return_that_was_corrected_since(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    reference = desk.authorize({tee: 3})
    returned = desk.announce({tee: 3}, reference, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    undone = desk.acme.command("journal", "undo", f"mlc-ir-ret-{returned.id}-1", "--yes")
    sync(desk.acme, "returns", returned.id)
    [stays] = [one for one in close(desk.acme).report.equations if one.section == "returns"]
    desk.apply(quarantine_location="")
    returned.lines[0].taken.append(Taken(action="Quarantine", reason="Dirty", quantity=1))
    sync(desk.acme, "returns", returned.id)
    [still] = [one for one in close(desk.acme).report.equations if one.section == "returns"]
    returned.lines[0].taken[0] = Taken(action="Restock", reason="Found", quantity=3)
    sync(desk.acme, "returns", returned.id)
    stopped = desk.subject(returned)
    [waits] = [one for one in close(desk.acme).report.equations if one.section == "returns"]

    assert undone.status == 0, undone.err
    assert [stays.refused, stays.waiting] == [2, 0]
    assert [still.refused, still.waiting] == [2, 1]
    assert (stopped["state"], stopped["cause"]) == ("parked", "location_unmapped")
    assert [waits.refused, waits.waiting] == [0, 4]


def test_what_was_counted_as_received_is_not_asked_about_again(desk: Desk) -> None:
    netsuite, tee = desk.acme.world.netsuite, desk.acme.sku("TEE")
    _, order, shipment = desk.sell({tee: 2})
    authorization = netsuite.transform("salesOrder", order, "returnAuthorization", {})
    received_by_hand(desk, authorization, 1)
    returned = desk.announce({tee: 2}, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    first = desk.subject(returned)["state"]
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    again = desk.subject(returned)

    assert (first, again["state"], again["cause"]) == ("done", "done", None)
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_an_order_without_the_item_is_said_and_not_waited_for(desk: Desk) -> None:
    tee, cap = desk.acme.sku("TEE"), desk.acme.sku("CAP")
    desk.apply(unmatched_return="park")
    number, _, shipment = desk.sell({cap: 1})
    reference = f"RMA-{desk.acme.sku('LATER')}"
    returned = desk.announce({tee: 1}, reference, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 1}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    waiting = desk.subject(returned)
    red = found(close(desk.acme))
    desk.authorize({tee: 1}, number=reference)
    sync(desk.acme, "returns", returned.id)

    assert waiting["state"] == "parked"
    assert f"sales order {number} has no such units" in waiting["sentence"]
    assert f"sales_order:{number}" not in waiting["waiting_for"]
    assert f"return_authorization:{reference}" in waiting["waiting_for"]
    assert red == {("fact_waiting", f"return {returned.id}")}
    assert desk.stock(tee) == {6: 1}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_units_of_which_nothing_is_told_wait_until_it_is(desk: Desk) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    returned = desk.announce({tee: 2}, desk.authorize({tee: 2}), shipment=shipment)
    [line] = returned.lines
    line.untold = True
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    stopped = desk.subject(returned)
    report = close(desk.acme)
    [equation] = [one for one in report.report.equations if one.section == "returns"]
    line.untold = False
    sync(desk.acme, "returns", returned.id)

    assert (stopped["state"], stopped["cause"]) == ("dead", "return_unclear")
    assert f"does not say what was done with 2 x {tee}" in stopped["sentence"]
    assert (equation.source, equation.waiting) == (Decimal(2), Decimal(2))
    assert found(report) == {("fact_waiting", f"return {returned.id}")}
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_a_return_reopened_after_it_was_booked_is_shown_until_it_is_completed(
    desk: Desk,
) -> None:
    tee = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 2})
    returned = desk.announce({tee: 2}, desk.authorize({tee: 2}), shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    desk.acme.world.shipbob.books.returns.correct(returned, "Processing")
    sync(desk.acme, "returns", returned.id)
    stopped = desk.subject(returned)
    red = close(desk.acme)
    desk.acme.world.shipbob.books.returns.correct(returned, "Completed")
    sync(desk.acme, "returns", returned.id)

    assert (stopped["state"], stopped["cause"]) == ("dead", "return_reopened")
    assert "2 units of it are booked" in stopped["sentence"]
    assert f"return {returned.id}" in {one.source for one in red.report.open}
    assert desk.subject(returned)["state"] == "done"
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_an_authorization_of_ours_that_a_person_deletes_is_said_and_not_retried(
    desk: Desk,
) -> None:
    netsuite, tee = desk.acme.world.netsuite, desk.acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 3})
    returned = desk.announce({tee: 3}, shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    for document in reversed(desk.documents(returned)):
        in_netsuite(
            desk.acme,
            "delete",
            record_type=document["recordType"],
            internal_id=int(document["id"]),
        )
    # ShipBob finds the third one.
    returned.lines[0].taken.append(Taken(action="Restock", reason="Found", quantity=1))
    sync(desk.acme, "returns", returned.id)
    stopped = desk.subject(returned)
    red = found(close(desk.acme))
    netsuite.add_return_authorization(
        customer=401,
        location=6,
        externalId=f"mlc-ra-{returned.id}",
        lines=[{"item": tee, "quantity": 1, "rate": "9.90", "location": 6}],
    )
    sync(desk.acme, "returns", returned.id)

    assert (stopped["state"], stopped["cause"]) == ("dead", "return_authorization_not_found")
    assert "was deleted in NetSuite" in stopped["sentence"]
    assert ("fact_waiting", f"return {returned.id}") in red
    assert ("document_deleted", f"mlc-ir-ret-{returned.id}-1") in red
    assert desk.subject(returned)["state"] == "done"
    assert desk.stock(tee) == {6: 1}


def test_a_return_cancelled_after_it_was_booked_is_red_until_its_documents_are_taken_back(
    desk: Desk,
) -> None:
    tee, shipbob = desk.acme.sku("TEE"), desk.acme.world.shipbob
    _, _, shipment = desk.sell({tee: 2})
    returned = desk.announce({tee: 2}, desk.authorize({tee: 2}), shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 2}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    shipbob.books.returns.correct(returned, "Cancelled")
    shipbob.adjust(tee, -2, 228)
    sync(desk.acme, "returns", returned.id)
    stopped, red = desk.subject(returned), close(desk.acme).report
    undone = desk.acme.command("journal", "undo", f"mlc-ir-ret-{returned.id}-1", "--yes")
    sync(desk.acme, "returns", returned.id)

    assert (stopped["state"], stopped["cause"]) == ("dead", "return_reopened")
    assert "2 units of it are booked" in stopped["sentence"]
    assert f"return {returned.id}" in {one.source for one in red.open}
    assert undone.status == 0, undone.err
    assert desk.subject(returned)["state"] == "done"
    assert desk.stock(tee) == {}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()


def test_a_unit_done_otherwise_after_it_was_booked_is_red_and_then_booked_whole(
    desk: Desk,
) -> None:
    tee, shipbob = desk.acme.sku("TEE"), desk.acme.world.shipbob
    _, _, shipment = desk.sell({tee: 3})
    returned = desk.announce({tee: 3}, desk.authorize({tee: 3}), shipment=shipment)
    desk.complete(returned, {tee: {"Restock": 3}})
    sync(desk.acme, "returns", returned.id)
    sync(desk.acme, "tracking")
    # ShipBob threw one away.
    returned.lines[0].taken = [
        Taken(action="Restock", reason="Item in sellable condition", quantity=2),
        Taken(action="Dispose", reason="Damaged", quantity=1),
    ]
    shipbob.adjust(tee, -1, 228)
    sync(desk.acme, "returns", returned.id)
    stopped, red = desk.subject(returned), close(desk.acme).report
    undone = desk.acme.command("journal", "undo", f"mlc-ir-ret-{returned.id}-1", "--yes")
    sync(desk.acme, "returns", returned.id)

    assert (stopped["state"], stopped["cause"]) == ("dead", "quantity_went_down")
    assert f"return {returned.id}" in {one.source for one in red.open}
    assert undone.status == 0, undone.err
    assert desk.subject(returned)["state"] == "done"
    assert desk.stock(tee) == {6: 2}
    assert drifts(desk) == []
    assert found(close(desk.acme)) == set()
