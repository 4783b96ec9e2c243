"""A month that was closed long ago is proved from what is stored: ShipBob has forgotten it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from acceptance.closing import close, contents, found, in_netsuite, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.reconcile.month import Month
from ml_connector.sim.clock import Clock

# In the middle of a month, a month and a half before which ShipBob's lists are not read.
LONG_AGO = (datetime.now(UTC) - timedelta(days=120)).replace(day=15)
MONTH = Month.of(LONG_AGO.astimezone(ZoneInfo("America/Chicago")).date())


@pytest.fixture
def then(server_url: str, template: str, tmp_path: Path) -> Iterator[Merchant]:
    """A merchant four months ago."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path, url, clock=Clock(LONG_AGO)) as made,
    ):
        yield made


def test_a_past_month_is_proved_without_shipbob(then: Merchant, tmp_path: Path) -> None:
    tee, cap = then.sku("TEE"), then.sku("CAP")
    ordered = then.deliver({tee: 40}, number=then.order({tee: 100}))
    surplus = then.deliver({cap: 7})
    parked = then.deliver({then.sku("MISSING", in_netsuite=False): 6})
    then.world.shipbob.clock.advance(timedelta(days=110))
    sync(then, "receiving", ordered.id, surplus.id, parked.id)
    before = close(then, tmp_path / "before", MONTH)
    for server in (then.world.api_server, then.world.auth_server):
        server.stop()
    after = close(then, tmp_path / "after", MONTH)

    assert not after.asked_shipbob
    assert found(after) == {("fact_waiting", f"wro {parked.id}")}
    [equation] = after.report.equations
    sums = [int(one) for one in (equation.source, equation.posted, equation.waiting)]
    assert sums == [53, 47, 6]
    assert contents(after) == contents(before)

    [document] = then.documents(surplus)
    in_netsuite(
        then,
        "delete",
        record_type="inventoryAdjustment",
        internal_id=int(document["id"]),
    )
    red = close(then, tmp_path / "red", MONTH)

    assert found(red) == {
        ("fact_waiting", f"wro {parked.id}"),
        ("document_deleted", str(document["externalId"])),
    }
