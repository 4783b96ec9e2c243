"""Plays the condensed story in one world, all in this process, and tells how it ended.

The simulators listen on ports of their own; the installation has a database of its own. Webhooks
are handed to the endpoint as ShipBob would send them. Whatever no webhook tells of, the sweeps
of the schedule find: each flow is swept after each act. At the end everything is converged once
more, which must change nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from ml_connector import private_files
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.clients import shipbob_client
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.operations import month_end
from ml_connector.app.webhooks.sync import sync_webhooks
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.intake import Intake
from ml_connector.engine.inbox.sweep import sweep, tell
from ml_connector.errors import ConnectorError, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import connections
from ml_connector.reconcile.month import Month
from ml_connector.selftest.oracle import Fault, faults
from ml_connector.selftest.story import CondensedStory
from ml_connector.sim.readings import Readings
from ml_connector.sim.shipbob.webhooks.webhooks import Message
from ml_connector.sim.world import World, world
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.ingress import WEBHOOKS, Ingress
from ml_connector.web.refusals import Refusals
from ml_connector.words import Cause

Outcome = Literal["right", "stopped", "alarm", "silent", "bug"]
"""The books are right; or something is stopped and says why; or the month end finds something
where the books are right; or something is wrong and nobody is told, or the month end is green
all the same; or the product failed in a way that nobody foresaw."""

CONNECTION: Final = "acme"
PUBLIC_URL: Final = "http://127.0.0.1:9"
"""Where webhooks would go; they are handed over in this process instead."""

_SETTLE_SECONDS: Final = 20.0
_TRIES: Final = 4
_PATIENCE_SECONDS: Final = 0.5
_AT_ONCE: Final = 3
_POLL_SECONDS: Final = 0.02
_BEHIND_SECONDS: Final = 2.5
"""More than queries and levels lag in any world."""


@dataclass(frozen=True, kw_only=True)
class StoppedFlow:
    """Something that waits, and says why.

    Attributes:
        flow: whose.
        key: of the subject; ``*`` where a whole flow can't look.
        goes_on: it is tried again by itself.
    """

    flow: str
    key: str
    cause: str
    sentence: str
    goes_on: bool = False


@dataclass(frozen=True, kw_only=True)
class Played:
    """How the story ended in a world.

    Attributes:
        stops: what is stopped at the end.
        faults: what is wrong in the books.
        told_nobody: those of them that no stop stands for.
        broke: the traceback's last line, where the product failed outside of a run.
        month: what the month end shows that nobody has explained; None where none was made.
    """

    readings: Readings
    stops: Sequence[StoppedFlow]
    faults: Sequence[Fault]
    told_nobody: Sequence[Fault]
    seconds: float
    broke: str = ""
    month: Sequence[str] | None = None

    @property
    def outcome(self) -> Outcome:
        """How it ended, in a word."""
        if self.broke or any(stop.cause == Cause.BUG for stop in self.stops):
            return "bug"
        is_green = self.month is not None and not self.month
        if self.told_nobody or (self.faults and is_green):
            return "silent"
        if self.faults or any(not stop.goes_on for stop in self.stops):
            return "stopped"
        return "alarm" if self.month else "right"

    @property
    def holds(self) -> bool:
        """Whether the books are right, or it is said why not."""
        return self.outcome in {"right", "stopped"}


def play(settings: Settings, readings: Readings, *, seed: int) -> Played:
    """Play the story in a world.

    Args:
        settings: of an installation whose database is fresh; its data folder may be shared.
        readings: the world.
        seed: of all that the simulators draw.
    """
    began = time.perf_counter()
    stops: Sequence[StoppedFlow] = ()
    found: Sequence[Fault] = ()
    month: Sequence[str] | None = None
    broke = ""
    try:
        with world(readings=readings, seed=seed) as both:
            story = CondensedStory(both)
            story.set_up()
            play = _WorldPlay(settings.model_copy(update={"public_url": PUBLIC_URL}), story)
            stops, month = asyncio.run(play.run())
            found = faults(story)
    except ConnectorError as error:
        stops = [_stop_of("*", error)]
    except UserError as error:
        stops = [StoppedFlow(flow="*", key="*", cause="refused", sentence=str(error))]
    except Exception as error:  # noqa: BLE001 - told as the outcome of this world; others go on
        broke = f"{type(error).__name__}: {error}"
    return Played(
        readings=readings,
        stops=stops,
        faults=found,
        told_nobody=told_nobody(found, stops),
        seconds=time.perf_counter() - began,
        broke=broke,
        month=month,
    )


def told_nobody(found: Sequence[Fault], stops: Sequence[StoppedFlow]) -> list[Fault]:
    """Return the faults that no stop stands for. Pure."""
    stopped = {(stop.flow, stop.key) for stop in stops}
    if ("*", "*") in stopped:
        return []
    return [
        fault
        for fault in found
        if not any(
            (flow, key) in stopped or (flow, "*") in stopped for flow, key in fault.subjects
        )
    ]


@dataclass
class _WorldPlay:
    """The installation in which one story is played."""

    settings: Settings
    story: CondensedStory
    blind: dict[str, StoppedFlow] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.story.world

    async def run(self) -> tuple[list[StoppedFlow], Sequence[str] | None]:
        """Play all acts; return what is stopped in the end, and what the month end shows."""
        async with open_installation(self.settings, pool_size=4) as installation:
            await self._apply(installation)
            async with self._working(installation) as turn:
                for act in self.story.acts():
                    self.world.shipbob.hold_webhooks()
                    await asyncio.to_thread(act)
                    await turn()
                await self._tell_all_again(installation)
                await turn()
            stops = [*self.blind.values(), *await self._stopped(installation)]
            try:
                month = await self._month(installation)
            except ConnectorError as error:
                return [*stops, _stop_of("month-end", error)], None
            return stops, month

    async def _month(self, installation: Installation) -> Sequence[str]:
        """Return what the month end shows that nobody has explained.

        In some worlds a reader is seconds behind: what is not explained is looked at again.
        """
        found = await self._open_differences(installation)
        if found:
            await asyncio.sleep(_BEHIND_SECONDS)
            found = await self._open_differences(installation)
        return found

    async def _open_differences(self, installation: Installation) -> Sequence[str]:
        async with installation.database.transaction() as on:
            [applied] = await connections.every(on)
        today = self.world.netsuite.clock.now().astimezone(applied.schedule.zone).date()
        report = await month_end.compared(installation, applied, Month.of(today))
        return [f"{one.kind}: {one.says}" for one in report.open]

    async def _apply(self, installation: Installation) -> None:
        path = self.settings.data_dir / f"{CONNECTION}.toml"
        start = self.world.netsuite.clock.now().date().replace(day=1)
        with private_files.replacing_text(path) as file:
            one_world = self.world.netsuite.preferences.one_world
            file.write(
                self.world.connection_file(
                    None,
                    subsidiary=1 if one_world else None,
                    head=f"start_date = {start.isoformat()}",
                    **self.story.connection_tables(),
                )
            )
        await apply_connection(
            installation, connection_file.read(path), person="selftest", ping_first=False
        )

    @asynccontextmanager
    async def _working(self, installation: Installation) -> "AsyncIterator[Callable[[], Any]]":
        """Let a lane work; give what lets everybody look, and waits until all is quiet."""
        contexts = ConnectionContexts(installation)
        context = await contexts.open(CONNECTION)
        client, _ = shipbob_client(installation, context.settings, installation.tokens)
        with suppress(ConnectorError):
            await sync_webhooks(installation, client, context.settings)
        lanes = lanes_of(installation, contexts)
        ingress = Ingress(
            Endpoints(installation.database, installation.vault),
            Intake(installation.database, lanes),
            installation.flows_by_topic,
            Refusals(installation.database),
        )
        watch = AwaitedWatch(installation, contexts)

        async def turn() -> None:
            announcer = self.world.shipbob.announcer
            order = "shuffled" if announcer.disorder else "as-made"
            for message in announcer.take(order):
                await self._deliver(ingress, message)
            await self._settle(installation)
            await self._sweep_all(installation, contexts)
            await self._settle(installation)
            await watch.look()
            await self._settle(installation)

        async with lanes.open():
            working = asyncio.create_task(
                lanes.work(
                    CONNECTION,
                    at_once=_AT_ONCE,
                    grace_seconds=1.0,
                    poll_seconds=_POLL_SECONDS,
                )
            )
            try:
                yield turn
            finally:
                while not working.done():
                    working.cancel()
                    await asyncio.wait([working], timeout=2.0)
                await asyncio.gather(working, return_exceptions=True)

    async def _deliver(self, ingress: Ingress, message: Message) -> None:
        """Hand a webhook to the endpoint, as its first attempt would."""
        subscription = self.world.shipbob.books.webhooks.subscriptions.get(message.subscription_id)
        if subscription is None:
            return
        headers = self.world.shipbob.books.sender.headers(message, subscription)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": message.body, "more_body": False}

        async def send(_: Mapping[str, Any]) -> None:
            return

        await ingress(
            {
                "type": "http",
                "method": "POST",
                "path": f"{WEBHOOKS}{CONNECTION}",
                "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            },
            receive,
            send,
        )

    async def _sweep_all(self, installation: Installation, contexts: ConnectionContexts) -> None:
        context = await contexts.open(CONNECTION)
        async with installation.database.transaction() as on:
            applied = await connections.find(on, CONNECTION)
        for flow in FLOWS.values():
            if applied is None or flow.is_off(applied.flows_off):
                continue
            try:
                await sweep(
                    installation.database,
                    installation.lanes,
                    flow,
                    reads=context.reads,
                    connection_name=CONNECTION,
                    since=self.world.netsuite.clock.now() - flow.look_back,
                    settings=context.settings,
                )
                self.blind.pop(flow.name, None)
            except ConnectorError as error:
                self.blind[flow.name] = _stop_of(flow.name, error)

    async def _tell_all_again(self, installation: Installation) -> None:
        """Somebody asks for everything once more."""
        rows = await installation.database.fetch("select flow, key from subject order by id")
        for flow in FLOWS.values():
            seen = [SweepResult(key=row["key"]) for row in rows if row["flow"] == flow.name]
            async with installation.database.transaction() as on:
                await tell(on, installation.lanes, CONNECTION, flow, seen, source="person")

    async def _settle(self, installation: Installation) -> None:
        """Wait until nothing runs; what is tried again is tried at once, some times."""
        gives_up = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < gives_up:
            rows = await installation.database.fetch(
                "select id, job_id, due_at > now() and changed_at"
                " < now() - make_interval(secs => %(patience)s) as later from subject"
                " where state in ('received', 'working')"
                " or state = 'retrying' and attempt <= %(tries)s",
                {"tries": _TRIES, "patience": _PATIENCE_SECONDS},
            )
            if not rows:
                return
            await self._hurry(installation, [row for row in rows if row["later"]])
            await asyncio.sleep(_POLL_SECONDS)

    async def _hurry(self, installation: Installation, rows: Sequence[Mapping[str, Any]]) -> None:
        """Let these retries be due now: nobody waits long for back-offs here.

        Nor for the end of a call that was given up: every call has ended when its run has.
        """
        if not rows:
            return
        ids = [row["id"] for row in rows]
        async with installation.database.transaction() as on:
            now = datetime.now(UTC)
            await on.execute(
                "update subject set due_at = now() where id = any(%s)",
                (ids,),
            )
            await on.execute(
                "update posting set over_at = now()"
                " where over_at > now() and subject_id = any(%s)",
                (ids,),
            )
            await installation.lanes.put_off(on, [(row["job_id"], now) for row in rows])

    async def _stopped(self, installation: Installation) -> list[StoppedFlow]:
        rows = await installation.database.fetch(
            "select flow, key, cause, sentence, state from subject"
            " where state <> 'done' order by id"
        )
        return [
            StoppedFlow(
                flow=row["flow"],
                key=row["key"],
                cause=row["cause"] or "",
                sentence=row["sentence"] or "",
                goes_on=row["state"] == "retrying",
            )
            for row in rows
        ]


def _stop_of(flow: str, error: ConnectorError) -> StoppedFlow:
    return StoppedFlow(flow=flow, key="*", cause=str(error.cause), sentence=str(error))
