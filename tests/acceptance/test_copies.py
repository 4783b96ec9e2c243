"""Documents beside ours that look like copies: deleted, or another matter as a person decides."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.returning import Desk as ReturnDesk
from acceptance.test_bills_after_posting import BILLING, Office
from acceptance.test_whose_fulfilment import Desk as ParcelDesk
from ml_connector.reconcile.compare.kinds import Kind


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("copies")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        made.apply(billing=BILLING)
        yield made


class Copied(NamedTuple):
    """A source whose document somebody entered once more.

    Attributes:
        copy: the type and the internal id of what they entered.
        word: what the report calls the source.
    """

    flow: str
    key: int
    copy: tuple[str, int]
    word: str


def document(acme: Merchant, kind: str, internal_id: int) -> dict[str, str]:
    [found] = [one for one in acme.world.netsuite.documents(kind) if int(one["id"]) == internal_id]
    return found


def ours(acme: Merchant, kind: str) -> dict[str, str]:
    """Our one document of a kind."""
    [found] = [
        one
        for one in acme.world.netsuite.documents(kind)
        if str(one.get("externalId", "")).startswith("mlc-")
    ]
    return found


def a_fulfilment(acme: Merchant) -> Copied:
    """Two of four units leave; a person fulfils as many for the shop's counter."""
    desk = ParcelDesk(acme)
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    first, second = order.shipments
    acme.world.shipbob.cancel_shipment(second)
    desk.ship(first)
    desk.look(first)
    day = ours(acme, "itemFulfillment")["tranDate"]
    made = desk.fulfil(order, {tee: 2}, tranDate=day)
    return Copied("tracking", first.id, ("itemFulfillment", int(made)), "shipment")


def a_receipt(acme: Merchant) -> Copied:
    """A WRO of half an order, and a person receives the other half elsewhere."""
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    wro = acme.deliver({tee: 10}, number=number)
    sync(acme, "receiving", wro.id)
    netsuite = acme.world.netsuite
    [order] = [one for one in netsuite.documents("purchaseOrder") if one["tranId"] == number]
    body = {
        "tranDate": ours(acme, "itemReceipt")["tranDate"],
        "item": {"items": [{"orderLine": 1, "itemReceive": True, "quantity": 10}]},
    }
    made = netsuite.transform("purchaseOrder", int(order["id"]), "itemReceipt", body)
    return Copied("receiving", wro.id, ("itemReceipt", made), "wro")


def a_return(acme: Merchant) -> Copied:
    """Two of four units come back to ShipBob, and two are brought to the shop."""
    desk, netsuite = ReturnDesk(acme), acme.world.netsuite
    netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
    tee = acme.sku("TEE")
    _, _, shipment = desk.sell({tee: 4})
    number = desk.authorize({tee: 4})
    found = desk.announce({tee: 2}, number, shipment=shipment)
    desk.complete(found, {tee: {"Restock": 2}})
    sync(acme, "returns", found.id)
    sync(acme, "tracking")
    [authorization] = [
        one for one in netsuite.documents("returnAuthorization") if one["tranId"] == number
    ]
    body = {
        "tranDate": ours(acme, "itemReceipt")["tranDate"],
        "item": {"items": [{"orderLine": 1, "quantity": 2, "location": {"id": "6"}}]},
    }
    made = netsuite.transform("returnAuthorization", int(authorization["id"]), "itemReceipt", body)
    return Copied("returns", found.id, ("itemReceipt", made), "return")


def a_bill(acme: Merchant) -> Copied:
    """An invoice is billed, and a person enters another bill with its number."""
    office = Office(acme)
    invoice = office.invoice("10.00")
    office.bill(invoice)
    return Copied("billing", invoice.id, ("vendorBill", office.enter(invoice, "10.00")), "invoice")


def state(acme: Merchant, made: Copied) -> str:
    sync(acme, made.flow, made.key)
    [row] = acme.rows(
        "select state from subject where flow = %(flow)s and key = %(key)s",
        flow=made.flow,
        key=str(made.key),
    )
    return str(row["state"])


def doubled(acme: Merchant, made: Copied) -> list[str]:
    """What the month end says of copies of its document, with the remedy."""
    return [
        f"{one.says} {one.remedy}"
        for one in close(acme).report.open
        if one.kind == Kind.DOCUMENT_DOUBLED and one.source == f"{made.word} {made.key}"
    ]


@pytest.mark.parametrize("copied", [a_fulfilment, a_receipt, a_return, a_bill])
def test_a_copy_is_red_until_a_person_says_that_it_is_another_matter(
    acme: Merchant, copied: Callable[[Merchant], Copied]
) -> None:
    made = copied(acme)
    before, red = state(acme, made), doubled(acme, made)
    number = document(acme, *made.copy)["tranId"]
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = %(flow)s and s.key = %(key)s",
        flow=made.flow,
        key=str(made.key),
    )
    named = ("--as", "separate", "--document", number, "--note", "The counter's")
    looked = acme.command("events", "decide", str(row["id"]), *named, "--dry-run")
    still = doubled(acme, made)
    decided = acme.command("events", "decide", str(row["id"]), *named, "--json")
    shown = acme.command("events", "show", str(row["id"]))

    assert before == "done"
    assert red == still
    assert f"events decide ID --as separate --document {number}" in red[0]
    assert looked.status == 0, looked.err
    assert decided.status == 0, decided.err
    assert state(acme, made) == "done"
    assert f"separate {number}" in shown.out

    report = close(acme).report
    said = [one.says for one in report.of(Kind.MOVED_BY_OTHERS)]

    # A bill moves no stock; the others' units are in NetSuite alone, and are named as such.
    beside = set() if copied is a_bill else {"stock_moved_by_others"}
    assert {one.kind for one in report.open} == beside
    assert any(
        f"not ours, and is another matter than {made.word} {made.key} (decision"
        f" {decided.json['id']})" in one
        for one in said
    )

    undone = acme.command("events", "undecide", str(decided.json["id"]))

    assert undone.status == 0, undone.err
    assert state(acme, made) == "done"
    assert doubled(acme, made) == red


def test_a_copy_that_is_changed_afterwards_is_asked_about_again(acme: Merchant) -> None:
    made = a_bill(acme)
    sync(acme, made.flow, made.key)
    number = document(acme, *made.copy)["tranId"]
    [row] = acme.rows("select max(id) as id from event where flow = 'billing'")
    decided = acme.command(
        *("events", "decide", str(row["id"]), "--as", "separate", "--document", number),
        *("--note", "Another month's"),
    )
    green = close(acme).report.green
    lines = {"items": [{"line": 1, "amount": "12.00"}]}
    acme.world.netsuite.edit(*made.copy, {"expense": lines})
    stands = state(acme, made)

    assert decided.status == 0, decided.err
    assert green
    assert stands == "done"
    assert doubled(acme, made)
