"""An item fulfilment of ours is made from the sales order that its shipment is of."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pytest

from ml_connector.flows import FLOWS
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.fulfilled_orders import RightOrder, fulfillments_of, judge
from ml_connector.reconcile.sections import Sections

OWN, OTHER = (
    RightOrder(ids=frozenset({"7001"}), says="SO-1"),
    RightOrder(ids=frozenset({"7002"}), says="SO-2"),
)


def line(external_id: str | None = "mlc-if-501", **more: Any) -> Movement:
    usual: dict[str, Any] = {
        "id": "8001",
        "line": 1,
        "type": "ItemShip",
        "date": date(2026, 11, 5),
        "number": "IF-1",
        "created_from": "7001",
        "order_type": "SalesOrd",
        "item": "31",
    }
    return Movement(external_id=external_id, **{**usual, **more})


@pytest.mark.parametrize(
    ("right", "undone", "found"),
    [
        ({501: OWN}, (), []),
        ({501: OTHER}, (), ["shipment 501"]),
        ({501: OTHER}, ("mlc-if-501",), []),
        ({}, (), []),
    ],
)
def test_one_of_another_order_is_found(
    right: Mapping[int, RightOrder], undone: Collection[str], found: list[str]
) -> None:
    made = fulfillments_of([line(), line()])

    differences = list(judge(made.values(), right, Sections.of(FLOWS), undone=undone))

    assert [one.source for one in differences] == found
    assert all("SO-2" in one.says and "7001" in one.says for one in differences)


@pytest.mark.parametrize(
    "not_ours",
    [
        line(None),
        line("mlc-ia-shp-501-1"),
        line(type="ItemRcpt"),
        line(voided=True),
        line(posted=False),
        line(created_from=None),
    ],
)
def test_only_fulfilments_of_ours_that_count_are_looked_at(not_ours: Movement) -> None:
    assert fulfillments_of([not_ours]) == {}


def test_a_further_fulfilment_of_a_shipment_is_of_the_same() -> None:
    assert fulfillments_of([line("mlc-if-501-2")])["8001"].shipment == 501
