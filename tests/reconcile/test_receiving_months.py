"""Where the flow puts a fact at the edge of a month, month end looks for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows import FLOWS
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.reconcile.month import Month

SETTINGS: dict[str, Any] = {
    "name": "acme",
    "netsuite": {"account_id": "TSTDRV1234567", "client_id": "c", "certificate_id": "k"},
    "shipbob": {},
    "schedule": {"timezone": "America/Chicago"},
}


@pytest.mark.parametrize(
    ("stowed_at", "month"),
    [
        (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), "2026-10"),
        (datetime(2026, 11, 1, 5, 1, tzinfo=UTC), "2026-11"),
        (datetime(2026, 12, 1, 5, 59, tzinfo=UTC), "2026-11"),
        (datetime(2026, 4, 1, 4, 59, tzinfo=UTC), "2026-03"),
        (datetime(2026, 4, 1, 5, 1, tzinfo=UTC), "2026-04"),
    ],
)
def test_stock_that_is_stowed_near_midnight_is_of_the_merchants_month(
    stowed_at: datetime, month: str
) -> None:
    facts = ReceivingFacts(
        wro_id=90311,
        status="Completed",
        purchase_order_number=None,
        fulfillment_center_id=228,
        fulfillment_center_name="Moreno Valley",
        stowed_at=stowed_at,
        lines=(StowedLine(inventory_id=7, sku="TEE", expected=1, stowed=1),),
        items={},
        orders=(),
        periods=(),
        synced=False,
    )
    [line] = FLOWS["receiving"].source_lines(facts, ConnectionSettings.model_validate(SETTINGS))

    assert line.fact_date is not None
    assert str(Month.of(line.fact_date)) == month
