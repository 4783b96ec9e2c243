"""Numbers in the sentences of commands."""

from decimal import Decimal

import pytest

from ml_connector.cli.counts import accounted, counted, signed
from ml_connector.ledger.conservation.equation import Equation, Sums


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 purchase orders"), (1, "1 purchase order"), (1_200, "1,200 purchase orders")],
)
def test_one_thing_is_one_and_several_are_several(number: int, said: str) -> None:
    assert counted(number, "purchase order") == said


def test_a_plural_that_is_no_s_is_given() -> None:
    assert [counted(one, "event is", "events are") for one in (1, 2)] == [
        "1 event is",
        "2 events are",
    ]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (60, "+60"),
        (0, "+0"),
        (-3, "\N{MINUS SIGN}3"),
        (Decimal("-2024.06"), "\N{MINUS SIGN}2,024.06"),
    ],
)
def test_a_change_has_a_sign_and_a_true_minus(number: Decimal | int, said: str) -> None:
    assert signed(number) == said


def test_the_equation_has_commas_and_a_true_minus() -> None:
    credit = {"USD": Decimal("-2024.06")}
    equation = Equation(
        all=Sums(lines=1, quantity=1_200, money=credit),
        posted=Sums(lines=1, quantity=1_200, money=credit),
    )

    assert list(accounted(equation)) == [
        "lines: 1 = 1 posted + 0 waiting + 0 refused",
        "units: 1,200 = 1,200 posted + 0 waiting + 0 refused",
        "USD: \N{MINUS SIGN}2,024.06 = \N{MINUS SIGN}2,024.06 posted + 0 waiting + 0 refused",
    ]
