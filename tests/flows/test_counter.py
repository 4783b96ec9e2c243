"""What takes back a document is its mirror, or is refused with a reason."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workshop import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.flows.reversal import Undoable, counter
from ml_connector.ledger.postings.bills import Bill, ExpenseLine, Expenses, Reference
from ml_connector.ledger.postings.documents import (
    CreateBill,
    CreateRecord,
    Document,
    JournalLine,
    Request,
)
from ml_connector.words import DocumentKind

DAY = date(2026, 11, 20)
TODAY = date(2026, 11, 25)
ACME = ConnectionSettings.model_validate({**SETTINGS, "accounts": {"inventory_adjustment": "54"}})


def line(
    quantity: int | None = None, amount: str | None = None, lot: str | None = None
) -> JournalLine:
    return JournalLine(
        source="wro 1",
        source_line="inventory 7",
        fact_date=DAY,
        posting_date=DAY,
        sku="TEE",
        item="11",
        location="6",
        lot=lot,
        quantity=quantity,
        amount=Decimal(amount) if amount else None,
        currency="USD" if amount else None,
        account="62" if amount else None,
    )


def posted(kind: str, *lines: JournalLine, request: Request | None = None) -> Undoable:
    return Undoable(
        document=Document(
            system="netsuite",
            kind=DocumentKind(kind),
            external_id="mlc-xx-1-1",
            title="it",
            request=request or CreateRecord(record_type=kind, body={"account": {"id": "77"}}),
            lines=lines,
        ),
        remote_id="5002",
    )


@given(st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=5))
def test_units_come_to_nothing_together_with_what_is_taken_back(units: list[int]) -> None:
    original = posted("inventoryAdjustment", *(line(quantity=one) for one in units))
    back = counter(original, ACME, day=TODAY)

    assert isinstance(back.request, CreateRecord)
    assert back.request.record_type == "inventoryAdjustment"
    assert back.request.body["account"] == {"id": "77"}
    items = back.request.body["inventory"]["items"]
    assert [one["adjustQtyBy"] for one in items] == [-one for one in units]
    assert sum(one.quantity or 0 for one in (*original.document.lines, *back.lines)) == 0
    assert {one.posting_date for one in back.lines} == {TODAY}
    assert {one.fact_date for one in back.lines} == {DAY}


@pytest.mark.parametrize(
    ("kind", "other"), [("vendorBill", "vendorCredit"), ("vendorCredit", "vendorBill")]
)
@pytest.mark.parametrize("amount", ["1200", "12.10", "1.005"])
def test_money_goes_back_by_the_other_kind(kind: str, other: str, amount: str) -> None:
    body = Bill(
        external_id="mlc-vb-1",
        entity=Reference("302"),
        tran_id="1",
        tran_date=DAY,
        memo="invoice",
        expense=Expenses(
            (ExpenseLine(line=1, account=Reference("62"), amount=Decimal(amount), memo="Pick"),)
        ),
    )
    request = CreateBill(
        record_type="vendorBill" if kind == "vendorBill" else "vendorCredit", body=body
    )
    original = posted(kind, line(amount=amount), request=request)
    back = counter(original, ACME, day=TODAY)

    assert isinstance(back.request, CreateBill)
    assert (back.kind, back.request.record_type) == (other, other)
    assert back.request.body.expense == body.expense
    assert back.request.body.tran_id == "1-undo"
    assert back.external_id == back.request.body.external_id == "mlc-un-xx-1-1"
    assert back.lines[0].amount == -Decimal(amount)


@pytest.mark.parametrize(
    ("original", "why"),
    [
        (posted("itemFulfillment", line(quantity=-1)), "The goods have left"),
        (posted("fulfillmentUpdate", line(quantity=-1)), "The goods have left"),
        (posted("fulfillmentUpdate", line()), "It moves nothing"),
        (posted("itemFulfillment", line(quantity=-1)), "delete it in NetSuite"),
        (posted("fulfillmentUpdate"), "Correct them on that fulfilment"),
        (posted("inventoryTransfer", line(quantity=1)), "transfer the other way by hand"),
        (posted("itemReceipt", line(quantity=1, lot="L1")), "tracked by lot"),
        (posted("itemReceipt", line(quantity=5, lot="L1")), "-5 x TEE of lot L1 at location 6"),
        (posted("itemReceipt", line(quantity=5, lot="L1")), '"takes back mlc-xx-1-1"'),
        (posted("wroMark"), "neither stock nor money"),
        (posted("itemReceipt"), "no units"),
        (posted("vendorBill", line(amount="1")), "not made as a bill"),
    ],
)
def test_what_has_no_counter_document_says_why(original: Undoable, why: str) -> None:
    with pytest.raises(UserError, match="can't be undone by a document") as refused:
        counter(original, ACME, day=TODAY)

    assert why in refused.value.next_step


def test_a_long_external_id_stays_unique_and_short() -> None:
    ids = set()
    for end in "ab":
        one = posted("inventoryAdjustment", line(quantity=1))
        document = Document(
            system="netsuite",
            kind=DocumentKind.INVENTORY_ADJUSTMENT,
            external_id=f"mlc-{'x' * 59}{end}",
            title="it",
            request=one.document.request,
            lines=one.document.lines,
        )
        ids.add(counter(Undoable(document=document, remote_id="1"), ACME, day=TODAY).external_id)

    assert len(ids) == 2
    assert all(len(one) == 64 for one in ids)


@pytest.mark.parametrize(
    ("kind", "body", "locations", "expected"),
    [
        ("inventoryAdjustment", {"subsidiary": {"id": "2"}}, {"6": ("3",)}, {"id": "2"}),
        ("inventoryAdjustment", {}, {"6": ("3",)}, {"id": "3"}),
        ("itemReceipt", {}, {"6": ("3",)}, {"id": "3"}),
        ("itemReceipt", {}, {}, {"id": "1"}),
    ],
)
def test_what_takes_back_units_is_of_their_subsidiary(
    kind: str,
    body: dict[str, object],
    locations: dict[str, tuple[str, ...]],
    expected: dict[str, str],
) -> None:
    terms = ACME.model_copy(
        update={"netsuite": ACME.netsuite.model_copy(update={"subsidiary": "1"})}
    )
    original = dataclasses.replace(
        posted(kind, line(quantity=5), request=CreateRecord(record_type=kind, body=body)),
        location_subsidiaries=locations,
    )
    back = counter(original, terms, day=TODAY)

    assert isinstance(back.request, CreateRecord)
    assert back.request.body["subsidiary"] == expected


def test_units_at_a_location_of_several_subsidiaries_are_not_taken_back() -> None:
    original = dataclasses.replace(
        posted("itemReceipt", line(quantity=5)), location_subsidiaries={"6": ("2", "3")}
    )

    with pytest.raises(UserError) as caught:
        counter(original, ACME, day=TODAY)
    assert "belongs to several (2, 3)" in caught.value.next_step
