"""``demo``: both simulators, the service as it is, and a story told with real HTTP."""

import asyncio
import contextlib
import dataclasses
import fcntl
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml_connector import private_files
from ml_connector.app.connections.apply import Applied, apply_connection
from ml_connector.app.errands import errands
from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import database_server
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.installation.throwaway import clear, cleared_if_killed
from ml_connector.app.operations import month_end
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.app.operations.sync import sync_flow
from ml_connector.app.sandbox.place import Sandbox
from ml_connector.app.sandbox.telling import Says, Telling
from ml_connector.app.views.books.months import KIND as MONTH_END
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.demo.service import serving
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger import totals
from ml_connector.ledger.connections import connections
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.journal import journal
from ml_connector.reconcile.month import Month
from ml_connector.secret import Secret
from ml_connector.sim.readings import Readings
from ml_connector.sim.shipbob.values.vocabulary import TOPICS
from ml_connector.sim.stories import STORIES, Difference, Step, Story
from ml_connector.sim.world import World, world
from ml_connector.storage.database import Database
from ml_connector.storage.postgres_folder import open_lock, try_lock

CONNECTION: Final = "acme"
PASSWORD: Final = "demo-password"  # noqa: S105 - of a throw-away installation on loopback
_SETTLE_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.1
_FEW_DOCUMENTS: Final = 4
_PAUSE_SECONDS: Final = 1.0
_SWEEP: Final = "30s"


@dataclass(frozen=True, kw_only=True)
class StoryProof:
    """The end of a story.

    Attributes:
        stock: both systems, place by place.
        opening: units that were in stock before the story began, by SKU and location.
        journal: units that the journal says were booked, by SKU and location.
        open_events: events that are not done.
        months: the month-end report of each month in which something was posted.
    """

    stock: Sequence[Difference]
    opening: Mapping[tuple[str, str], int]
    journal: Mapping[tuple[str, str], int]
    events: int
    open_events: int
    documents: int
    months: Sequence[MonthEnd] = ()

    def booked(self, line: Difference) -> int:
        """Return what must be there by the journal, on top of what was there before."""
        place = (line.sku, str(line.location))
        return self.opening.get(place, 0) + self.journal.get(place, 0)

    def agrees(self, line: Difference) -> bool:
        """Whether ShipBob, NetSuite and the journal say the same of a SKU at a place."""
        return line.agrees and self.booked(line) == line.shipbob

    @property
    def holds(self) -> bool:
        """Whether ShipBob, NetSuite and the journal agree, and every month end is green."""
        return (
            self.open_events == 0
            and all(map(self.agrees, self.stock))
            and all(month.report.green for month in self.months)
        )


def run(
    settings: Settings,
    *,
    story: str,
    readings: Readings,
    port: int,
    says: Says,
    proved: Callable[[StoryProof], None],
    stay: bool,
) -> StoryProof:
    """Tell a story and prove its end.

    Args:
        settings: say where the data folder is; the demo has a folder of its own in it.
        story: one of ``STORIES``.
        readings: of what the references leave open, as the simulators play it.
        port: of the service; 0 for any free one.
        says: prints.
        proved: prints the proof.
        stay: afterwards keep everything running until ctrl-C.

    Raises:
        UserError: no such story, another demo has the folder, or something could not be started.
    """
    if story not in STORIES:
        raise UserError(
            f'There is no story "{story}"',
            where="--story",
            next_step=f"Known: {', '.join(STORIES)}.",
            usage=True,
        )
    folder = settings.data_dir / "demo"
    with _alone(folder), cleared_if_killed(folder, remove=False):
        if not clear(folder):
            raise UserError(
                "Something still uses what an earlier demo left there",
                where=str(folder),
                next_step="End it, or choose another folder with MLC_DATA_DIR.",
            )
        own = settings.of_its_own_in(folder)
        for line in readings.sentences():
            says("note", f"In this world: {line}")
        says("note", f"Setting up a fresh installation in {folder}")
        setup.initialise(own)
        setup.add_administrator(own, Secret(PASSWORD))
        with (
            world(readings=readings) as both,
            serving(own, port, _sandbox(both, folder).environment()) as url,
            database_server(own) as server,
        ):
            told = STORIES[story](both.netsuite, both.shipbob)
            told.set_up()
            _connect(own, both, _tables(told, stay=stay), url, folder)
            says("note", f"NetSuite {both.netsuite_server.url}  ShipBob {both.api_server.url}")
            says("note", f"ml-connector {url}")
            if stay:
                says("note", f"Sign in there as admin, {PASSWORD}, and watch the story.")
            pause = _PAUSE_SECONDS if stay else 0.0
            telling = Telling(_sandbox(both, folder), says, pause_seconds=pause)
            proof = asyncio.run(_tell(own, server.url, both, told, telling))
            telling.is_over()
            proof = dataclasses.replace(proof, months=asyncio.run(_month_ends(own)))
            proved(proof)
            months = [str(one.report.month) for one in proof.months]
            if stay:
                asyncio.run(_ask_for_months(own, months))
            telling.is_proved(holds=proof.holds, months=months)
            if stay:
                _print_stay(says, url, folder)
                with contextlib.suppress(KeyboardInterrupt):
                    signal.pause()
        return proof


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other demos away from the folder, until this process ends in whatever way."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = open_lock(folder.with_suffix(".lock"))
    try:
        if not try_lock(lock, fcntl.LOCK_EX):
            raise UserError(
                "A demo is running there already",
                where=str(folder),
                next_step="End it with ctrl-C, or choose another folder with MLC_DATA_DIR.",
            )
        yield
    finally:
        os.close(lock)


async def _tell(
    settings: Settings, url: str, both: World, told: Story, telling: Telling
) -> StoryProof:
    async with Database(url, size=2, name="ml-connector demo") as database:
        seen = 0
        for step in told.steps():
            telling.begins_step(step.says)
            await asyncio.to_thread(step.do)
            await asyncio.to_thread(both.shipbob.wait_for_webhooks)
            seen = await _settled(database, step, seen, telling)
            await asyncio.sleep(telling.pause_seconds)
        await _bill(settings, telling.says)
        await _settled(database, Step(says="", do=int), seen, telling)
        return await _prove(database, told)


async def _bill(settings: Settings, says: Says) -> None:
    """Do the hourly look at invoices now, where the story's connection bills."""
    billing = FLOWS["billing"]
    async with open_installation(settings) as installation:
        async with installation.database.transaction() as connection:
            [applied] = await connections.every(connection)
        if billing.is_off(applied.flows_off):
            return
        says("step", "Then the hourly look at what ShipBob has invoiced, done now")
        await sync_flow(installation, applied, billing, ids=(), since=None)


async def _settled(database: Database, step: Step, seen: int, telling: Telling) -> int:
    """Wait until everything is done that can be; say what was booked; return the last row."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        open_subjects = await outcomes.not_done(database)
        # While a subject is being run, it still says what came of the run before.
        if all(
            one["cause"] in step.waits and one["state"] not in {"received", "working"}
            for one in open_subjects
        ):
            break
        unexpected = any(
            one["state"] == "dead" and one["cause"] not in step.waits for one in open_subjects
        )
        if unexpected or time.monotonic() > deadline:
            for one in open_subjects:
                telling.says(
                    "problem", f"{one['flow']} {one['key']} {one['state']}: {one['sentence']}"
                )
            raise UserError(
                "The story does not go on: something above did not settle",
                where="demo",
                next_step="Look into it with the events commands; see the folder named above.",
            )
        await asyncio.sleep(_POLL_SECONDS)
    booked = await journal.after(database, seen)
    for line in _said(booked):
        telling.says("booked", line)
    seen = max((row["id"] for row in booked), default=seen)
    telling.waits([f"{one['state']}: {one['sentence']}" for one in open_subjects])
    return seen


def _said(booked: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what was booked: each line with stock or money, or counts where there are many."""
    documents = {row["target"] for row in booked}
    if len(documents) > _FEW_DOCUMENTS:
        kinds = Counter(document.split(" ")[0] for document in documents)
        return [f"{count} x {kind}" for kind, count in sorted(kinds.items())]
    return [
        f"{row['target']}: {row['quantity']:+d} {row['sku']} at location {row['location']}"
        f" ({row['external_id']})"
        if row["quantity"] is not None
        else f"{row['target']}: {row['amount']:f} {row['currency']} {row['detail']}"
        f" ({row['external_id']})"
        for row in booked
        if row["quantity"] is not None or row["amount"] is not None
    ]


async def _prove(database: Database, told: Story) -> StoryProof:
    async with database.transaction() as connection:
        booked = await totals.units(connection)
        events = await totals.events(connection)
        documents = await totals.documents(connection, "netsuite")
    return StoryProof(
        stock=told.differences(),
        opening={(sku, str(place)): units for (sku, place), units in told.opening().items()},
        journal=booked,
        events=events.webhooks,
        open_events=events.unfinished,
        documents=documents,
    )


async def _month_ends(settings: Settings) -> list[MonthEnd]:
    """Make the report of each month that the journal has, as the command does."""
    async with open_installation(settings) as installation:
        async with installation.database.transaction() as connection:
            [applied] = await connections.every(connection)
            months = await totals.months(connection)
        return [
            await month_end.reconcile(installation, applied, Month(first), out=None, person="demo")
            for first in months
        ]


async def _ask_for_months(settings: Settings, months: Sequence[str]) -> None:
    """Let a worker make the reports as well, as the console does: its pages then show them."""
    async with open_installation(settings) as installation:
        for month in months:
            await errands.ask(
                installation.database,
                installation.lanes,
                MONTH_END,
                CONNECTION,
                {"month": month},
                person="demo",
            )


def _sandbox(both: World, folder: Path) -> Sandbox:
    return Sandbox(
        netsuite=both.netsuite_server.url,
        shipbob=both.api_server.url,
        story=str(folder / "story.json"),
    )


def _tables(told: Story, *, stay: bool) -> dict[str, str]:
    """Return the tables of the connection; with visitors it sweeps often."""
    tables = told.connection_tables()
    schedule = tables.get("schedule", "")
    return {**tables, "schedule": f'{schedule}\nsweep = "{_SWEEP}"'} if stay else tables


def _connect(
    settings: Settings, both: World, tables: Mapping[str, str], url: str, folder: Path
) -> None:
    """Subscribe to ShipBob's webhooks and apply the connection, as a person would."""
    _, secret = both.shipbob.subscribe(f"{url}/webhooks/shipbob/{CONNECTION}", TOPICS)
    start = both.netsuite.clock.now().date().replace(day=1)
    path = folder / f"{CONNECTION}.toml"
    with private_files.replacing_text(path) as file:
        file.write(
            both.connection_file(
                secret,
                subsidiary=1,
                head=f"start_date = {start.isoformat()}",
                **tables,
            )
        )

    async def apply() -> Applied:
        async with open_installation(settings) as installation:
            return await apply_connection(
                installation, connection_file.read(path), person="demo", ping_first=True
            )

    applied = asyncio.run(apply())
    if not applied.saved:
        failed = "; ".join(one.found for one in applied.checks if one.outcome != "ok")
        raise UserError(f"The simulators can't be reached: {failed}", where="demo")


def _print_stay(says: Says, url: str, folder: Path) -> None:
    says(
        "note", f"Everything keeps running; ctrl-C ends it. Sign in at {url} as admin, {PASSWORD}."
    )
    says(
        "note",
        f"Look around from another terminal: MLC_DATA_DIR={folder} ml-connector events list",
    )
