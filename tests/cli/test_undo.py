"""``journal undo``: counter-documents, shown first, posted once, accounted for."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant, quantities
from cli.conftest import Command
from ml_connector.sim.shipbob.books.returns import Taken


@pytest.fixture(scope="module")
def booked(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("booked"), url) as made,
    ):
        yield made


@pytest.fixture
def acme(bare: Command, booked: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in booked.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare


def receive(acme: Command, booked: Merchant, *, order: bool) -> tuple[str, str]:
    """Book a WRO of 8 units; return the SKU and the external id of its document."""
    sku = booked.sku("UNDO")
    number = booked.order({sku: 8}) if order else None
    wro = booked.deliver({sku: 8}, number=number)
    answered = acme("sync", "receiving", "--id", str(wro.id), "--json")
    assert answered.status == 0, answered.err
    [document] = booked.documents(wro)
    return sku, str(document["externalId"])


@pytest.mark.parametrize("order", [True, False])
def test_units_go_out_again_by_an_adjustment(
    acme: Command, booked: Merchant, *, order: bool
) -> None:
    sku, external_id = receive(acme, booked, order=order)
    asked = acme("journal", "undo", external_id)

    assert asked.status == 1
    assert f"\N{MINUS SIGN}8 {sku} at location 6" in asked.out
    assert "Nothing was undone" in asked.err
    assert booked.books(sku).netsuite == {(sku, 6): 8}

    answered = acme("journal", "undo", external_id, "--yes", "--json")
    [undone] = json.loads(answered.out)["undone"]

    assert answered.status == 0
    assert undone["by"] == f"mlc-un-{external_id.removeprefix('mlc-')}"
    books = booked.books(sku)
    assert books.netsuite.get((sku, 6), 0) == 0
    assert books.journal == {(sku, 6): 0}
    rows = booked.rows(
        "select flow, quantity from journal where sku = %(sku)s order by id", sku=sku
    )
    assert rows == [
        {"flow": "receiving", "quantity": 8},
        {"flow": "receiving", "quantity": -8},
    ]


def test_what_is_undone_is_refused_by_a_person_and_stays_so(
    acme: Command, booked: Merchant
) -> None:
    sku, external_id = receive(acme, booked, order=False)
    wro_id = external_id.split("-")[2]
    acme("journal", "undo", external_id, "--yes")
    again = acme("journal", "undo", external_id, "--yes")
    synced = acme("sync", "receiving", "--id", wro_id, "--json")
    lines = json.loads(synced.out)["lines"]

    assert again.status == 1
    assert "is undone already, by mlc-un-" in again.err
    assert synced.status == 0
    assert lines["refused"] == {"lines": 1, "quantity": 8, "money": {}}
    assert lines["unexplained"] == {"lines": 0, "quantity": 0, "money": {}}
    assert lines["all"]["quantity"] == 8
    assert booked.books(sku).netsuite.get((sku, 6), 0) == 0
    assert acme("audit", "verify").status == 0
    acts = json.loads(acme("audit", "acts", "--what", "journal.undo", "--json").out)["acts"]
    assert acts[0]["details"]["undone"] == external_id
    shown = json.loads(acme("journal", "show", external_id, "--json").out)["found"]
    assert shown[0]["undone_by"] == [f"mlc-un-{external_id.removeprefix('mlc-')}"]


def billed(booked: Merchant, invoice: int) -> list[tuple[str, Decimal]]:
    """NetSuite's bills of an invoice: their external ids, and what they come to."""
    return sorted(
        (
            str(document["externalId"]),
            sum(
                (Decimal(str(line["amount"])) for line in document["expense"]["items"]),
                Decimal(0),
            ),
        )
        for document in booked.world.netsuite.documents()
        if str(document.get("externalId", "")).startswith(f"mlc-vb-{invoice}")
    )


def test_an_undone_bill_stays_undone_until_its_invoice_changes_and_is_then_billed_whole(
    acme: Command, booked: Merchant
) -> None:
    shipbob = booked.world.shipbob
    shipbob.invoice()  # what other tests have left open
    charge = shipbob.charge("Shipping", Decimal("14.30"), reference_id="210000101")
    [invoice] = shipbob.invoice()
    bill = f"mlc-vb-{invoice.id}"
    acme("sync", "billing", "--id", str(invoice.id), "--json")
    acme("journal", "undo", bill, "--yes")
    again = json.loads(acme("sync", "billing", "--id", str(invoice.id), "--json").out)

    assert again["lines"]["refused"]["money"] == {"USD": "14.30"}
    assert [name for name, _ in billed(booked, invoice.id)] == [bill]

    with shipbob.books.lock:
        charge.amount += 2
        shipbob.books.billing.invoices[invoice.id].amount += 2
    changed = json.loads(acme("sync", "billing", "--id", str(invoice.id), "--json").out)

    assert billed(booked, invoice.id) == [
        (bill, Decimal("14.30")),
        (f"{bill}-2", Decimal("16.30")),
    ]
    assert changed["lines"]["posted"]["money"] == {"USD": "16.30"}
    assert changed["lines"]["refused"] == {"lines": 0, "quantity": 0, "money": {}}
    assert changed["lines"]["unexplained"] == {"lines": 0, "quantity": 0, "money": {}}
    month = json.loads(acme("reconcile", f"{invoice.day:%Y-%m}", "--json").out)
    named = [one for one in month["differences"] if str(invoice.id) in json.dumps(one)]
    assert [one for one in named if one["kind"].startswith("fact_")] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mlc-ir-1-1", 'Nothing was posted as "mlc-ir-1-1"'),
        ("99999", 'Nothing was posted as "99999"'),
    ],
)
def test_what_was_never_posted_can_not_be_undone(acme: Command, name: str, said: str) -> None:
    answered = acme("journal", "undo", name, "--yes")

    assert answered.status == 1
    assert said in answered.err


def test_a_counter_document_is_not_undone(acme: Command, booked: Merchant) -> None:
    _, external_id = receive(acme, booked, order=False)
    acme("journal", "undo", external_id, "--yes")
    answered = acme("journal", "undo", f"mlc-un-{external_id.removeprefix('mlc-')}", "--yes")

    assert answered.status == 1
    assert "is a counter-document itself" in answered.err


def units_of(booked: Merchant, external_ids: str) -> list[tuple[str, int]]:
    """Documents of ours whose external ids begin so, with their units."""
    return sorted(
        (str(document["externalId"]), sum(int(units) for units in quantities(document)))
        for document in booked.world.netsuite.documents()
        if str(document.get("externalId", "")).startswith(external_ids)
    )


def test_an_undone_receipt_stays_undone_until_more_is_stowed_and_is_then_booked_whole(
    acme: Command, booked: Merchant
) -> None:
    tee, cap = booked.sku("TEE"), booked.sku("CAP")
    wro = booked.announce({tee: 8, cap: 3})
    booked.world.shipbob.stow(wro, {tee: 6, cap: 3})
    acme("sync", "receiving", "--id", str(wro.id), "--json")
    acme("journal", "undo", f"mlc-ia-{wro.id}-1", "--yes")
    again = json.loads(acme("sync", "receiving", "--id", str(wro.id), "--json").out)
    left = units_of(booked, f"mlc-ia-{wro.id}")
    booked.world.shipbob.stow(wro, {tee: 2})
    changed = json.loads(acme("sync", "receiving", "--id", str(wro.id), "--json").out)

    assert again["lines"]["refused"]["quantity"] == 9
    assert left == [(f"mlc-ia-{wro.id}-1", 9)]
    assert units_of(booked, f"mlc-ia-{wro.id}") == [
        (f"mlc-ia-{wro.id}-1", 9),
        (f"mlc-ia-{wro.id}-2", 8),
    ]
    assert (changed["lines"]["posted"]["quantity"], changed["lines"]["refused"]["quantity"]) == (
        8,
        3,
    )
    assert changed["lines"]["unexplained"]["quantity"] == 0
    assert booked.books(tee).netsuite == booked.books(tee).journal == {(tee, 6): 8}
    assert booked.books(cap).netsuite.get((cap, 6), 0) == 0


def test_an_undone_return_stays_undone_until_it_is_corrected_and_is_then_booked_whole(
    acme: Command, booked: Merchant
) -> None:
    shipbob, tee = booked.world.shipbob, booked.sku("TEE")
    found = shipbob.create_return(f"BOX-{tee}", {tee: 3}, fulfillment_center_id=228)
    shipbob.arrive_return(found)
    shipbob.complete_return(found, {tee: {"Restock": 2}})
    acme("sync", "returns", "--id", str(found.id), "--json")
    acme("journal", "undo", f"mlc-ia-ret-{found.id}-1", "--yes")
    again = json.loads(acme("sync", "returns", "--id", str(found.id), "--json").out)
    left = units_of(booked, f"mlc-ia-ret-{found.id}")
    found.lines[0].taken.append(Taken(action="Restock", reason="Found", quantity=1))
    changed = json.loads(acme("sync", "returns", "--id", str(found.id), "--json").out)

    assert again["lines"]["refused"]["quantity"] == 2
    assert left == [(f"mlc-ia-ret-{found.id}-1", 2)]
    assert units_of(booked, f"mlc-ia-ret-{found.id}") == [
        (f"mlc-ia-ret-{found.id}-1", 2),
        (f"mlc-ia-ret-{found.id}-2", 3),
    ]
    assert changed["lines"]["posted"]["quantity"] == 3
    assert changed["lines"]["unexplained"]["quantity"] == 0
    assert booked.books(tee).netsuite == {(tee, 6): 3}
