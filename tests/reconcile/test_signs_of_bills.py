"""What is owed is the same whichever sign queries give a bill's lines (netsuite.md 16.5)."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector.netsuite.queries.month import MoneyLine
from ml_connector.reconcile.sides.netsuite import of_bills


def lines(kind: str, *amounts: str) -> list[MoneyLine]:
    return [
        MoneyLine(
            id="8001",
            type=kind,
            line=number,
            trandate=date(2026, 11, 30),
            foreignamount=Decimal(amount),
        )
        for number, amount in enumerate(amounts, 1)
    ]


@pytest.mark.parametrize(
    ("kind", "shown", "owed"),
    [
        ("VendBill", ("12.00", "-2.00"), ["12.00", "-2.00"]),
        ("VendBill", ("-12.00", "2.00"), ["12.00", "-2.00"]),
        ("VendCred", ("-12.00", "2.00"), ["-12.00", "2.00"]),
        ("VendCred", ("12.00", "-2.00"), ["-12.00", "2.00"]),
    ],
)
def test_lines_are_signed_by_what_the_document_is(
    kind: str, shown: tuple[str, ...], owed: list[str]
) -> None:
    assert [str(one.amount) for one in of_bills(lines(kind, *shown))] == owed
