"""What waits behind a hub is open where ShipBob has it, also of rows that name the hub."""

from datetime import date
from typing import Any

import pytest

from ml_connector.flows import FLOWS
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.flows.receiving.stowed import source_lines
from ml_connector.ledger.sources import stock
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.stored import stored
from ml_connector.storage.database import Database
from reconcile.tie_out.test_refusals import settings
from views.shop import Shop

NOVEMBER = Month(date(2026, 11, 1))
BEHIND: dict[str, Any] = {"fulfillment_center_id": 300, "destination_id": 301}


async def kept(database: Database, center: int, facts: dict[str, Any]) -> set[str]:
    """At which centers eight stowed units wait, of a row that a run kept: drift and month end."""
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject(
        "receiving", "90311", state="parked", cause="purchase_order_not_found", facts=facts
    )
    async with database.transaction() as on:
        await on.execute(
            "insert into source_line (subject_id, name, currency, connection, flow, fact_date,"
            " sku, quantity, center, run_id) select %(id)s, 'inventory 1', '', 'acme',"
            " 'receiving', '2026-11-20', 'TEE', 8, %(center)s, id from run"
            " where subject_id = %(id)s",
            {"id": subject, "center": center},
        )
        [compared] = await stock.open_lines(on, "acme")
    async with stored.opened(database.url, "acme", NOVEMBER, FLOWS) as books:
        await books.freeze()
        [tied] = await books.open_stock()
    assert (compared.quantity, tied.rest) == (8, 8)
    return {str(compared.center), str(tied.center)}


@pytest.mark.parametrize(
    ("center", "facts", "at"),
    [
        pytest.param(300, BEHIND, "301", id="an earlier version kept the hub"),
        pytest.param(301, BEHIND, "301", id="kept as it is now"),
        pytest.param(
            300, {"fulfillment_center_id": 300, "destination_id": None}, "300", id="no hub"
        ),
        pytest.param(302, BEHIND, "302", id="elsewhere than the run that is known of it saw"),
    ],
)
async def test_waiting_units_are_open_at_the_center_that_has_them(
    database: Database, center: int, facts: dict[str, Any], at: str
) -> None:
    assert await kept(database, center, facts) == {at}


def test_a_line_of_a_wro_is_of_the_center_behind_its_hub() -> None:
    facts = ReceivingFacts(
        wro_id=90311,
        status="Processing",
        purchase_order_number=None,
        fulfillment_center_name="Hub (PA)",
        stowed_at=None,
        lines=(StowedLine(inventory_id=1, sku="TEE", expected=8, stowed=8),),
        items={},
        orders=(),
        periods=(),
        synced=False,
        **BEHIND,
    )

    assert [one.center for one in source_lines(facts, settings())] == [301]
