"""A run: a month of events is played while processes and the database are killed."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.installation import setup
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.database_server import database_server
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.installation.throwaway import clear, cleared_if_killed
from ml_connector.app.operations import month_end
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.sweep import sweep, tell
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger import totals
from ml_connector.ledger.connections import connections
from ml_connector.reconcile.month import Month
from ml_connector.selftest.chaos.happening import CONNECTION, Happening, happening
from ml_connector.selftest.chaos.judging import external_ids_twice, judge, must_be, there_is
from ml_connector.selftest.chaos.own_database import own_database
from ml_connector.selftest.chaos.plan import ChaosPlan, chaos_plan
from ml_connector.selftest.chaos.service import KilledService, Recovery, Rows, wait_until
from ml_connector.selftest.chaos.strikes import RECOVERY_SECONDS, Strikes

FOLDER_PREFIX: Final = "chaos-"

_OPEN: Final = 40
"""So many subjects may be open before the next event waits a while."""
_ROOM_SECONDS: Final = 20.0
_LOOK_EVERY: Final = 5
_DOCK_SECONDS: Final = 90.0
_SETTLE_SECONDS: Final = 900.0
_SWEPT: Final = ("receiving", "tracking", "returns", "billing", "unidentified")
_NOT_DONE: Final = (
    "select flow, key, state::text as state, coalesce(sentence, '') as sentence from subject"
    " where connection = %(name)s and state <> 'done' order by flow, key"
)


@dataclass(frozen=True, kw_only=True)
class ChaosResult:
    """How a run ended.

    Attributes:
        events: that were played.
        kills: of processes.
        restarts: of the database.
        replaced: kills that struck somebody else than was planned, and whom.
        lost, doubled: what is missing in the books of both systems, and what is too much.
        stuck: what is not done at the end.
        differences: what journal, month end and stock comparison say besides.
        recoveries: after each kill.
        not_played: what this machine can't play, and why.
    """

    seed: int
    events: int
    kills: int
    restarts: int
    replaced: Sequence[str]
    seconds: float
    lost: Sequence[str]
    doubled: Sequence[str]
    stuck: Sequence[str]
    differences: Sequence[str]
    recoveries: Sequence[Recovery]
    not_played: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether nothing is lost, doubled or stuck, and all books agree."""
        return not (self.lost or self.doubled or self.stuck or self.differences)

    def longest(self, *, database: bool) -> float:
        """Return the longest recovery in seconds, of the database's ends or of the others."""
        return max(
            (one.seconds for one in self.recoveries if (one.victim == "database") is database),
            default=0.0,
        )


Told = Callable[[int, int, str], None]
"""Is told how many events are played, of how many, and what happens."""


def run(settings: Settings, *, events: int, kills: int, seed: int, told: Told) -> ChaosResult:
    """Play a month of so many events with so many kills; return how it ended.

    Args:
        settings: say where the data folder is, and which PostgreSQL; without one, an embedded
            one runs. A folder and a database of its own are used, and removed.
        events: at least so many.
        kills: of processes.
        seed: of all that is drawn.
        told: is told how far it is.

    Raises:
        UserError: something could not be started.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=settings.data_dir))
    with cleared_if_killed(folder, remove=True):
        try:
            with own_database(settings, folder) as own:
                return _run(own, events, kills, seed, told)
        finally:
            clear(folder)


def _run(own: Settings, events: int, kills: int, seed: int, told: Told) -> ChaosResult:
    began = time.monotonic()
    setup.initialise(own)
    embedded = own.database_url is None
    with database_server(own) as server:
        rows = Rows(server.owner_url)
        more = {} if embedded else {"MLC_DATABASE_URL": server.url}
        cluster = own.data_dir / "postgres" / "cluster" if embedded else None
        service = KilledService(own.data_dir, more, rows, cluster)
        plan = chaos_plan(events, kills, seed=seed)
        with happening(plan, seed=seed) as happens:
            asyncio.run(_connect(own, happens, service.port))
            with service:
                strikes = Strikes(happens.both.netsuite, service, rows, plan.kills, seed=seed)
                play = _Play(happens, service, rows, own, strikes, told)
                play.play()
                stuck, differences = asyncio.run(play.settle())
            verdict = judge(
                must_be(happens.both, happens.story, happens.pushed),
                there_is(happens.both, happens.pushed),
            )
            return ChaosResult(
                seed=seed,
                events=plan.events,
                kills=strikes.kills,
                restarts=strikes.restarts,
                replaced=tuple(strikes.replaced),
                seconds=time.monotonic() - began,
                lost=verdict.lost,
                doubled=(*verdict.doubled, *external_ids_twice(happens.both, happens.behind)),
                stuck=stuck,
                differences=differences,
                recoveries=tuple(service.recoveries),
                not_played=_not_played(embedded=embedded),
            )


def _not_played(*, embedded: bool) -> tuple[str, ...]:
    said = ["A full disk: only root can make a small file system to fill."]
    if not embedded:
        said.append(
            "A restart of the database server, which is not ours: all sessions were ended instead."
        )
    return tuple(said)


async def _connect(own: Settings, happens: Happening, port: int) -> None:
    async with open_installation(own) as installation:
        await happens.connect(installation, port)


@dataclass
class _Play:
    """A run on its way.

    Attributes:
        strikes: at the service.
        played: events so far.
    """

    happens: Happening
    service: KilledService
    rows: Rows
    own: Settings
    strikes: Strikes
    told: Told
    played: int = 0

    @property
    def plan(self) -> ChaosPlan:
        return self.happens.plan

    def play(self) -> None:
        """Play all events and kills."""
        happens, plan = self.happens, self.plan
        happens.fill_backlog()
        happens.trouble()
        for number in range(len(happens.story.month.events)):
            self.strikes.before(number)
            for _ in range(plan.pushes.count(number)):
                self._push(happens.order())
            for _ in range(plan.docks.count(number)):
                self._dock(seconds=0.0)
            self._leave_room(number)
            happens.play(number)
            self.played += 1
            self._tell("")
        self.strikes.after_all()
        self._tell("waiting for the last recovery")
        wait_until(self.service.is_recovered, seconds=RECOVERY_SECONDS)
        happens.calm()
        while happens.waits_for_dock() is not None and self._dock(seconds=_DOCK_SECONDS):
            pass

    def _tell(self, note: str) -> None:
        self.told(self.played, self.plan.events, note)

    def _leave_room(self, number: int) -> None:
        """Wait a while when much is open, so that the month lasts as long as its work."""
        if number % _LOOK_EVERY:
            return

        def has_room() -> bool:
            found = self.rows(
                "select count(*)::int as n from subject where connection = %(name)s"
                " and state in ('received', 'working')",
                name=CONNECTION,
            )
            return found is not None and found[0]["n"] < _OPEN

        wait_until(has_room, seconds=_ROOM_SECONDS)

    def _push(self, order: int) -> None:
        """Tell the service of a purchase order, as its look in the morning does."""

        async def push() -> None:
            async with (
                open_installation(self.own, pool_size=2) as installation,
                installation.database.transaction() as on,
            ):
                flow = FLOWS["purchase-orders"]
                seen = [SweepResult(key=str(order))]
                await tell(on, installation.lanes, CONNECTION, flow, seen, source="person")

        for _ in range(3):
            with contextlib.suppress(UserError, ConnectorError, OSError):
                asyncio.run(push())
                return
            wait_until(self.service.is_recovered, seconds=RECOVERY_SECONDS)

    def _dock(self, *, seconds: float) -> bool:
        """Let the goods of the next pushed order come in, if it is announced by then."""
        happens = self.happens
        number = happens.waits_for_dock()
        if number is None:
            return False
        if not wait_until(lambda: happens.announced(number) is not None, seconds=seconds):
            return False
        wro = happens.announced(number)
        if wro is not None:
            happens.dock(number, wro)
            self.played += 2
        return wro is not None

    # At the end

    async def settle(self) -> tuple[list[str], list[str]]:
        """Wait until all is done that can be; say what is stuck, and what differs."""
        async with open_installation(self.own, pool_size=4) as installation:
            contexts = ConnectionContexts(installation)
            deadline = time.monotonic() + _SETTLE_SECONDS
            for _ in range(2):
                await self._sweep_all(installation, contexts)
                await AwaitedWatch(installation, contexts).look()
                await self._quiet(deadline)
            stuck = [
                f"{one['flow']} {one['key']} {one['state']}: {one['sentence']}"
                for one in self.rows(_NOT_DONE, name=CONNECTION) or ()
            ]
            number = self.happens.waits_for_dock()
            stuck += [f"purchase order {number} is not announced"] if number else []
            return stuck, await self._differences(installation, contexts, deadline)

    async def _quiet(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            found = self.rows(_NOT_DONE, name=CONNECTION)
            if found is not None and all(one["state"] in {"parked", "dead"} for one in found):
                return
            first = found[0] if found else {"flow": "", "sentence": ""}
            self._tell(f"{len(found or ())} open: {first['flow']}: {first['sentence']}")
            await asyncio.sleep(1.0)

    async def _sweep_all(
        self,
        installation: Installation,
        contexts: ConnectionContexts,
        flows: Sequence[str] = _SWEPT,
    ) -> None:
        """Look everything through, as the schedule does."""
        context = await contexts.open(CONNECTION)
        for name in flows:
            flow = FLOWS[name]
            self._tell(f"looking {flow.name} through")
            await sweep(
                installation.database,
                installation.lanes,
                flow,
                reads=context.reads,
                connection_name=CONNECTION,
                since=self.happens.both.shipbob.clock.now() - flow.look_back - timedelta(hours=1),
                settings=context.settings,
            )

    async def _differences(
        self, installation: Installation, contexts: ConnectionContexts, deadline: float
    ) -> list[str]:
        """Say what journal, stock comparison and month ends have to explain.

        A month end takes what is dated until now: what ShipBob's clock has dated ahead of ours
        must be past first.
        """
        ahead = self.happens.both.shipbob.clock.now() - datetime.now(UTC)
        self._tell("waiting until ShipBob's clock is past")
        await asyncio.sleep(max(0.0, ahead.total_seconds()))
        await self._sweep_all(installation, contexts, ["inventory"])
        await self._quiet(deadline)
        drifts = self.rows(
            "select key, coalesce(sentence, '') as sentence from subject"
            " where connection = %(name)s and flow = 'inventory' and state <> 'done'",
            name=CONNECTION,
        )
        said = [f"stock of location {one['key']}: {one['sentence']}" for one in drifts or ()]
        async with installation.database.transaction() as on:
            applied = await connections.find(on, CONNECTION)
            months = await totals.months(on)
        said += self._journal_differs()
        if applied is None:
            return [*said, "The connection is gone."]
        for first in months:
            month = Month(first)
            self._tell(f"month end of {month}")
            done = await month_end.reconcile(
                installation, applied, month, out=None, person="selftest"
            )
            said += [f"month end of {month}: {one.says}" for one in done.report.open]
            if not done.report.green and not done.report.open:
                said.append(f"month end of {month}: not green")
        return said

    def _journal_differs(self) -> list[str]:
        """Compare NetSuite's stock with what was there before and what the journal has booked."""
        found = self.rows(
            "select sku, location, sum(quantity)::bigint as units from journal"
            " where connection = %(name)s and sku is not null group by 1, 2",
            name=CONNECTION,
        )
        must: dict[tuple[str, str], int] = {
            (sku, str(place)): units
            for (sku, place), units in self.happens.story.opening().items()
        }
        for one in found or ():
            key = (one["sku"], one["location"])
            must[key] = must.get(key, 0) + int(one["units"])
        return journal_differs(
            must,
            {
                (sku, str(place)): int(units)
                for (sku, place), units in self.happens.both.netsuite.stock().items()
            },
        )


def journal_differs(
    must: Mapping[tuple[str, str], int], there: Mapping[tuple[str, str], int]
) -> list[str]:
    """Name the SKUs whose stock is not what the journal says. Pure."""
    return [
        f"{sku} at location {place}: {there.get((sku, place), 0)} in NetSuite,"
        f" {must.get((sku, place), 0)} by the journal"
        for sku, place in sorted(must.keys() | there.keys())
        if must.get((sku, place), 0) != there.get((sku, place), 0)
    ]
