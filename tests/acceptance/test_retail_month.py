"""The retailer's month, with faults in the books of both sides: the report lists just those."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from acceptance.merchant import fresh_database
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation import setup
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations import month_end
from ml_connector.app.operations.sync import sync_flow
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.month import Month
from ml_connector.sim.clock import Clock
from ml_connector.sim.stories.retailer import RetailerStory
from ml_connector.sim.world import World, world

T = TypeVar("T")
ZONE = ZoneInfo("America/Chicago")
SHIPMENTS, DAYS = 6, 12
WITHOUT_LIMIT = "shipbob_per_minute = 100000"


class Retailer:
    """The story's two systems, and an installation that has followed it."""

    def __init__(self, both: World, story: RetailerStory, settings: Settings) -> None:
        self.both = both
        self.story = story
        self.settings = settings

    def run(self, work: Callable[[Installation], Awaitable[T]]) -> T:
        async def opened() -> T:
            async with open_installation(self.settings) as installation:
                return await work(installation)

        return asyncio.run(opened())

    def follow(self) -> None:
        """Let every flow look at all that there is."""

        async def sync(installation: Installation) -> None:
            async with installation.database.transaction() as on:
                [applied] = await connections.every(on)
            for name in ("receiving", "tracking", "returns", "billing"):
                await sync_flow(installation, applied, FLOWS[name], ids=[], since=None)

        self.run(sync)

    def close(self, out: Path) -> Report:
        month = Month.of(self.both.netsuite.clock.now().astimezone(ZONE).date())

        async def make(installation: Installation) -> month_end.MonthEnd:
            async with installation.database.transaction() as on:
                [applied] = await connections.every(on)
            return await month_end.reconcile(installation, applied, month, out=out, person="me")

        return self.run(make).report

    def ours(self, start: str) -> Iterator[dict[str, Any]]:
        """Yield NetSuite's documents whose external id begins so."""
        for document in self.both.netsuite.documents():
            if str(document.get("externalId") or "").startswith(start):
                yield document


@contextlib.contextmanager
def retailing(
    database_url: str,
    folder: Path,
    *,
    shipments: int,
    days: int,
    port: int | None = None,
    clock: Clock | None = None,
) -> Iterator[Retailer]:
    """A month that is not played yet, and an installation for it.

    Args:
        database_url: of a migrated database of its own.
        folder: for its files.
        shipments: of the month.
        days: of the month.
        port: where a service is told by webhooks; None: nobody is told.
        clock: of both systems; the real time when none is given.
    """
    with world(clock=clock) as both:
        story = RetailerStory(both.netsuite, both.shipbob, shipments=shipments, days=days)
        story.set_up()
        both.shipbob.books.limit.per_minute = 0
        settings = Settings(data_dir=folder / "data", database_url=database_url)
        setup.initialise(settings)
        secret = None
        if port is not None:
            topics = {topic for flow in FLOWS.values() for topic in flow.topics}
            url = f"http://127.0.0.1:{port}/webhooks/shipbob/acme"
            _, secret = both.shipbob.subscribe(url, topics)
        path = folder / "acme.toml"
        first = both.netsuite.clock.now().astimezone(ZONE).date().replace(day=1)
        path.write_text(
            both.connection_file(
                secret,
                subsidiary=1,
                head=f"start_date = {first}",
                **story.connection_tables(),
                limits=WITHOUT_LIMIT,
            ),
            "utf-8",
        )
        made = Retailer(both, story, settings)

        async def apply(installation: Installation) -> None:
            await apply_connection(
                installation, connection_file.read(path), person="me", ping_first=False
            )

        made.run(apply)
        yield made


@pytest.fixture
def retailer(server_url: str, template: str, tmp_path: Path) -> Iterator[Retailer]:
    with (
        fresh_database(server_url, template) as url,
        retailing(url, tmp_path, shipments=SHIPMENTS, days=DAYS) as made,
    ):
        made.story.play_all()
        yield made


def test_the_report_lists_the_faults_and_nothing_else(retailer: Retailer, tmp_path: Path) -> None:
    retailer.follow()
    clean = retailer.close(tmp_path / "clean")

    assert [one.says for one in clean.open] == []
    assert {key.section for key, row in clean.rows if row.journal} >= {
        *("receipts", "adjustments", "fulfilments", "fees"),
    }

    # Somebody works in NetSuite, where nobody should.
    netsuite = retailer.both.netsuite
    [adjusted, *_] = retailer.ours("mlc-ia-")
    [shipped, redated, *_] = retailer.ours("mlc-if-")
    [bill, *_] = retailer.ours("mlc-vb-")
    [receipt, *_] = retailer.ours("mlc-ir-")
    line = adjusted["inventory"]["items"][0]
    _edit(netsuite, adjusted, inventory={"items": [{"line": 1, "adjustQtyBy": 1}]})
    netsuite.edit("itemFulfillment", int(shipped["id"]), {"externalId": "TAKEN-1"})
    other = Month.of(clean_day(redated)).first
    day = other if other != clean_day(redated) else other.replace(day=2)
    netsuite.edit("itemFulfillment", int(redated["id"]), {"tranDate": day.isoformat()})
    expense = bill["expense"]["items"][0]
    netsuite.edit(
        "vendorBill",
        int(bill["id"]),
        {
            "expense": {
                "items": [{"line": expense["line"], "amount": Decimal(str(expense["amount"])) + 1}]
            }
        },
    )
    netsuite.edit("itemReceipt", int(receipt["id"]), {"memo": "only a memo"})
    red = retailer.close(tmp_path / "red")

    assert {(one.kind, one.external_id) for one in red.open} == {
        ("document_changed", adjusted["externalId"]),
        ("external_id_changed", shipped["externalId"]),
        ("date_changed", redated["externalId"]),
        ("amount_changed", bill["externalId"]),
    }

    # They put it back.
    _edit(
        netsuite, adjusted, inventory={"items": [{"line": 1, "adjustQtyBy": line["adjustQtyBy"]}]}
    )
    netsuite.edit("itemFulfillment", int(shipped["id"]), {"externalId": shipped["externalId"]})
    netsuite.edit(
        "itemFulfillment", int(redated["id"]), {"tranDate": clean_day(redated).isoformat()}
    )
    netsuite.edit(
        "vendorBill",
        int(bill["id"]),
        {"expense": {"items": [{"line": expense["line"], "amount": expense["amount"]}]}},
    )
    green = retailer.close(tmp_path / "green")

    assert green.green
    assert green.rows == clean.rows


def clean_day(document: dict[str, Any]) -> Any:
    """Return the date of a document."""
    return datetime.fromisoformat(str(document["tranDate"])).date()


def _edit(netsuite: Any, document: dict[str, Any], **changes: object) -> None:
    netsuite.edit("inventoryAdjustment", int(document["id"]), changes)
