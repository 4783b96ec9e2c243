"""Whether an account shows the lines of purchase orders negative is seen on each order."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import FulfilledLines, StockLine
from ml_connector.netsuite.queries.purchase_orders import OrderLine
from ml_connector.netsuite.queries.units import as_ordered


def line(quantity: int, received: int = 0) -> OrderLine:
    return OrderLine(
        transaction="1",
        line=1,
        item="7",
        quantity=Decimal(quantity),
        quantityshiprecv=Decimal(received),
        isclosed=Flag.F,
    )


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ([(60, 10), (40, 0)], [50, 40]),
        ([(-60, 10), (-40, 0)], [50, 40]),
        ([(-60, -10), (0, 0)], [50, 0]),
        ([(60, 0), (-5, 0)], [60, 0]),
        ([], []),
    ],
)
def test_what_is_open_does_not_depend_on_the_sign(
    shown: list[tuple[int, int]], read: list[int]
) -> None:
    lines = as_ordered([line(*one) for one in shown])

    assert [one.open_quantity for one in lines] == read


def fulfilled(document: str, *quantities: int, kind: str = "ItemShip") -> list[StockLine]:
    return [
        StockLine(
            id=document,
            type=kind,
            line=number,
            item="7",
            itemid="TEE",
            trandate=date(2026, 11, 20),
            quantity=Decimal(quantity),
        )
        for number, quantity in enumerate(quantities, 1)
    ]


@pytest.mark.parametrize(
    ("pages", "read"),
    [
        ([fulfilled("1", -2, -3)], [-2, -3]),
        ([fulfilled("1", 2, 3)], [-2, -3]),
        ([fulfilled("1", -2, 2)], [-2, 2]),  # the second is the entry against the first
        ([fulfilled("1", -2), fulfilled("1", 2)], [-2, 2]),
        ([fulfilled("1", -2), fulfilled("2", 2)], [-2, -2]),
        ([fulfilled("1", 5, -1, kind="InvAdjst")], [5, -1]),
        ([[*fulfilled("1", 2), *fulfilled("2", 4, kind="ItemRcpt")]], [-2, 4]),
        ([[]], []),
    ],
)
def test_a_fulfilment_takes_units_out_whichever_sign_its_lines_show(
    pages: list[list[StockLine]], read: list[int]
) -> None:
    lines = FulfilledLines()

    assert [one.quantity for page in pages for one in lines.signed(page)] == read
