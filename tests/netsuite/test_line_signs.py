"""Whether an account shows the lines of purchase orders negative is seen on each order."""

from decimal import Decimal

import pytest

from ml_connector.netsuite.dialect import Flag
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
