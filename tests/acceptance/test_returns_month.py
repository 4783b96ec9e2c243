"""The end of a month with returns of every kind: it agrees, and what people then do is named."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from acceptance.closing import close, found, in_netsuite, sync
from acceptance.merchant import fresh_database, merchant
from acceptance.returning import QUARANTINE, WRITE_OFF, Desk, Done
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.sim.shipbob.books.returns import Return


@pytest.fixture(scope="module")
def desk(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """A merchant of this file's own, with a customer and places for what comes back."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("returns"), url) as acme,
    ):
        netsuite = acme.world.netsuite
        netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
        netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
        netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
        made = Desk(acme)
        made.apply()
        yield made


def come_back(desk: Desk, done: dict[str, int], units: int, *, authorized: bool = True) -> Return:
    """Sell, and let all of it come back; either authorised by hand or by its shipment."""
    sku = desk.acme.sku("TEE")
    _, _, shipment = desk.sell({sku: units})
    if authorized:
        announced = desk.announce({sku: units}, desk.authorize({sku: units}))
    else:
        announced = desk.announce({sku: units}, shipment=shipment)
    actions: Done = {sku: done}
    return desk.complete(announced, actions)


def test_returns_agree_at_month_end_and_every_fault_in_them_is_named(desk: Desk) -> None:
    restocked = come_back(desk, {"Restock": 4}, 4)
    quarantined = come_back(desk, {"Quarantine": 3}, 3)
    disposed = come_back(desk, {"Dispose": 5}, 5)
    mixed = come_back(desk, {"Restock": 1, "Quarantine": 2, "Dispose": 3}, 6)
    come_back(desk, {"Restock": 2, "Dispose": 1}, 3, authorized=False)
    desk.complete(desk.announce({desk.acme.sku("CAP"): 2}))
    for flow in ("tracking", "returns"):
        sync(desk.acme, flow)
    clean = close(desk.acme)

    assert found(clean) == set()
    [equation] = [one for one in clean.report.equations if one.section == "returns"]
    assert equation.source == equation.posted == Decimal(4 + 3 + 5 + 6 + 3 + 2)
    assert _in_netsuite(clean) == {"6": 4 + 1 + 2 + 2, "9": 3 + 2}

    # People are at work in NetSuite; one return waits for its item, of one nothing tells us.
    receipt = _edit(desk, restocked, "ir", quantity=3)
    misplaced = _edit(desk, quarantined, "ir", location=6)
    deleted = _document(desk, disposed, "wo")
    kind, number = deleted["recordType"], int(deleted["id"])
    in_netsuite(desk.acme, "delete", record_type=kind, internal_id=number)
    kept = _edit(desk, mixed, "wo", adjustQtyBy=-1)
    waiting = desk.complete(desk.announce({desk.acme.sku("GONE", in_netsuite=False): 1}))
    sync(desk.acme, "returns", waiting.id)
    unheard = desk.complete(desk.announce({desk.acme.sku("NEW"): 7}))
    red = close(desk.acme)

    assert found(red) == {
        ("document_changed", receipt),
        ("location_changed", misplaced),
        ("document_deleted", str(deleted["externalId"])),
        ("document_changed", kept),
        ("fact_waiting", f"return {waiting.id}"),
        ("fact_never_told", f"return {unheard.id}"),
    }
    assert {one.section for one in red.report.open} == {"returns"}
    assert all(one.remedy for one in red.report.open)


def _in_netsuite(report: MonthEnd) -> dict[str, Decimal]:
    """Return what returns moved in NetSuite by location; the journal says the same."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for key, row in report.report.rows:
        if key.section == "returns":
            moved[key.where] += row.netsuite

            assert row.netsuite == row.journal
    return dict(moved)


def _document(desk: Desk, one: Return, code: str) -> dict[str, Any]:
    """Return the first receipt (``ir``) or write-off (``wo``) of a return."""
    return next(
        document
        for document in desk.documents(one)
        if document["externalId"].startswith(f"mlc-{code}-")
    )


def _edit(desk: Desk, one: Return, code: str, **changes: object) -> str:
    """Change the first line of a document, as a person does; return its external id."""
    document = _document(desk, one, code)
    kind = str(document["recordType"])
    sublist = "item" if kind == "itemReceipt" else "inventory"
    line = document[sublist]["items"][0]["line"]
    in_netsuite(
        desk.acme,
        "edit",
        record_type=kind,
        internal_id=int(document["id"]),
        body={sublist: {"items": [{"line": line, **changes}]}},
    )
    return str(document["externalId"])
