"""A retailer's quarter, told to both simulators in a few seconds, billed week by week."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.merchant import fresh_database
from ml_connector.app.connections import apply
from ml_connector.app.installation import setup
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.converge import Converge
from ml_connector.engine.inbox.sweep import sweep
from ml_connector.engine.work.lanes import Lanes
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import AppliedConnection, find
from ml_connector.reads.billing import BillingReads
from ml_connector.reads.reads import Reads
from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.stories.billing_faults import Planted, plant
from ml_connector.sim.stories.retailer import RetailerStory
from ml_connector.sim.world import ACCOUNT_ID, World, world
from waiting import until

DAYS = 91
MISTAKEN = DAYS - 9
"""The day before which mistakes are planted."""


@dataclass(frozen=True)
class Quarter:
    """Both systems after the quarter, and the installation that billed it."""

    world: World
    story: RetailerStory
    settings: Settings
    planted: Sequence[Planted]

    @property
    def before_the_mistakes(self) -> date:
        return self.story.month.events[0].at.date() + timedelta(days=MISTAKEN - 8)

    @asynccontextmanager
    async def installation(self) -> AsyncIterator[tuple[Installation, AppliedConnection]]:
        async with open_installation(self.settings) as opened:
            async with opened.database.transaction() as on:
                applied = await find(on, "acme")
            assert applied is not None
            yield opened, applied


@contextmanager
def told(database_url: str, folder: Path) -> Iterator[Quarter]:
    """Tell the quarter that ends today, with mistakes in its last days, and bill it meanwhile."""
    clock = Clock(start=datetime.now(UTC) - timedelta(days=DAYS + 1), speed=0)
    shipbob = ShipBobSim(clock=clock, per_minute=100_000)
    netsuite = NetSuiteSim(clock=Clock(), account_id=ACCOUNT_ID)
    with world(netsuite=netsuite, shipbob=shipbob) as both:
        story = RetailerStory(netsuite, shipbob, shipments=130, days=DAYS, keep_time=True)
        story.set_up()
        settings = Settings(data_dir=folder / "data", database_url=database_url)
        setup.initialise(settings)
        path = folder / "acme.toml"
        start = (clock.now() - timedelta(days=7)).date()
        head = f"start_date = {start.isoformat()}"
        tables = {
            **story.connection_tables(),
            "limits": "shipbob_per_minute = 100000\nnetsuite_concurrency = 4",
        }
        path.write_text(both.connection_file(None, subsidiary=1, head=head, **tables), "utf-8")
        planted = asyncio.run(_live_through(settings, path, story))
        yield Quarter(both, story, settings, planted)


async def _live_through(settings: Settings, path: Path, story: RetailerStory) -> Sequence[Planted]:
    planted: Sequence[Planted] = ()
    async with open_installation(settings) as installation:
        await apply.apply_connection(
            installation, connection_file.read(path), person="test", ping_first=False
        )
        place = await ConnectionContexts(installation).open("acme")
        sku, other_sku = (one.sku for one in story.month.articles[:2])
        async with _working(installation, _in_the_past(place, installation, story)) as reads:
            for number, step in enumerate(story.steps(), 1):
                if number == MISTAKEN:
                    planted = plant(story.shipbob, sku=sku, other_sku=other_sku)
                await asyncio.to_thread(step.do)
                if number % 6 == 0 or number >= DAYS:
                    await _sync(installation, reads)
            await _sync(installation, reads)
    return planted


def _in_the_past(
    place: ConnectionContext, installation: Installation, story: RetailerStory
) -> ConnectionContext:
    """The workplace, for which it is the day of the story."""
    billing = BillingReads(
        place.shipbob.billing,
        place.netsuite,
        installation.database,
        "acme",
        vendor=place.settings.billing.vendor,
        now=story.shipbob.clock.now,
    )
    return replace(place, reads=Reads(place.shipbob, place.netsuite, billing=billing))


@asynccontextmanager
async def _working(installation: Installation, place: ConnectionContext) -> AsyncIterator[Reads]:
    async def opened(_: str, __: object = None) -> ConnectionContext:
        return place

    converge = Converge(
        installation.database, FLOWS, opened, installation.lanes, worker="worker of the tests"
    )
    lanes = Lanes(installation.server.url, converge)
    async with lanes.open():
        lane = asyncio.create_task(lanes.work("acme", at_once=4, grace_seconds=1))
        try:
            yield place.reads
        finally:
            lane.cancel()
            with suppress(asyncio.CancelledError):
                await lane


async def _sync(installation: Installation, reads: Reads) -> None:
    swept = await sweep(
        installation.database,
        installation.lanes,
        FLOWS["billing"],
        reads=reads,
        connection_name="acme",
        since=datetime.now(UTC) - timedelta(days=DAYS + 30),
    )
    assert swept is not None
    await until(lambda: _is_done(installation))


async def _is_done(installation: Installation) -> bool:
    return not await installation.database.fetch(
        "select 1 from subject where flow = 'billing'"
        " and state in ('received', 'working', 'retrying')"
    )


@pytest.fixture(scope="module")
def quarter(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Quarter]:
    with (
        fresh_database(server_url, template) as url,
        told(url, tmp_path_factory.mktemp("quarter")) as made,
    ):
        yield made
