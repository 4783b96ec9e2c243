"""A bill is the same whichever sign queries give its total (netsuite.md section 16.5)."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from ml_connector.netsuite.queries.bills import ReferencedBill
from ml_connector.rules.decisions.bills import bill_document
from ml_connector.rules.decisions.decided import document_change


def listed(total: str) -> ReferencedBill:
    return ReferencedBill(
        id="8001", type="VendBill", tranid="SB-3344", foreigntotal=Decimal(total)
    )


@pytest.mark.parametrize("total", ["261.00", "-261.00"])
def test_a_named_bill_has_its_amount_without_a_sign(total: str) -> None:
    assert bill_document(listed(total)).total == Decimal("261.00")


def test_a_bill_that_an_older_decision_named_with_a_sign_is_unchanged() -> None:
    now = bill_document(listed("-261.00"))
    then = replace(now, total=Decimal("-261.00"))

    assert document_change(then, now) == ""


def test_a_bill_over_another_amount_is_changed() -> None:
    now = bill_document(listed("-260.00"))
    then = replace(now, total=Decimal("-261.00"))

    assert "its total is 260.00, and was -261.00" in document_change(then, now)
