"""Pushes: many new purchase orders at once become WROs, under ShipBob's real limit."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
from psycopg.rows import dict_row

from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import database_server
from ml_connector.bench.child import MODULE, child, next_line, say
from ml_connector.bench.figures import Figure, Measured, percentile
from ml_connector.bench.push_books import OURS_PER_MINUTE, Counted
from ml_connector.bench.rig import apply, descendants, served
from ml_connector.config.settings import Settings
from ml_connector.engine.work.pushes import CALLS_A_SUBJECT
from ml_connector.words import DocumentKind

MOST_SECONDS_TO_SERVE: Final = 5.0
_MOST_OTHER_CALLS: Final = 0.2
"""Calls to ShipBob for each order besides, of the webhooks about its WRO."""

_LOOK_SECONDS: Final = 0.5
_DOCK_EVERY_SECONDS: Final = 3.0
_PATIENCE: Final = 4.0
_LEAST_SECONDS: Final = 180.0
_NOTHING_MORE_SECONDS: Final = 90.0


class Push(NamedTuple):
    """One push to measure.

    Attributes:
        speed: seconds of ShipBob's clock in one of ours.
        kill_every_seconds: the service is killed so often and started again; None: never.
    """

    orders: int
    speed: float
    kill_every_seconds: float | None = None

    @property
    def at_best_seconds(self) -> float:
        """How long the calls take under our share of ShipBob's limit."""
        return self.orders * CALLS_A_SUBJECT * 60 / (OURS_PER_MINUTE * self.speed)


def pushes(settings: Settings, folder: Path, *, measured: tuple[Push, ...]) -> Measured:
    """Measure how pushes converge, what they cost, and how long webhooks wait meanwhile.

    The service itself finds the orders, as it does every morning. The floor is the time that the
    calls of the cost table take under the connection's share of ShipBob's limit.

    Args:
        settings: not those of the measured installations, which are made in the folder.
        folder: an existing one, for everything.
        measured: the pushes, one after the other.

    Raises:
        UserError: a process did not start.
    """
    figures: list[Figure] = []
    wrong: list[str] = []
    for number, push in enumerate(measured):
        place = folder / str(number)
        place.mkdir(mode=0o700)
        _measure(settings.of_its_own_in(place), place, push, figures, wrong)
    return Measured(
        name="pushes",
        about="new orders at once become WROs, webhooks go between",
        figures=tuple(figures),
        wrong=tuple(wrong),
    )


def _measure(
    own: Settings, folder: Path, push: Push, figures: list[Figure], wrong: list[str]
) -> None:
    setup.initialise(own)
    port = _free_port()
    books = [*MODULE, "push_books", str(push.orders), str(port), str(push.speed)]
    with database_server(own) as server, child(books, folder / "books.log") as systems:
        apply(own, msgspec.json.decode(_line(systems), type=str))
        service = _Service(own, folder, port)
        with contextlib.ExitStack() as stack:
            stack.callback(service.end)
            run = _Run(server.url, systems, service, push)
            run.to_its_end()
    name = f"{push.orders:,} orders" + (", killed" if push.kill_every_seconds else "")
    figures += _figures(name, run, push)
    wrong += [f"{name}: {sentence}" for sentence in _wrong(run, push)]


class Down(NamedTuple):
    """From when to when the service was down: from a kill until it was ready again."""

    begin: datetime
    end: datetime


class Wait(NamedTuple):
    """From when to when a webhook waited: from its arrival until NetSuite had its document."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it waited in all."""
        return (self.end - self.begin).total_seconds()

    def seconds_beside(self, downs: Sequence[Down]) -> float:
        """Return how long it waited while the service was up. Pure."""
        return self.seconds - sum(
            max(0.0, (min(self.end, down.end) - max(self.begin, down.begin)).total_seconds())
            for down in downs
        )


class _Service:
    """The service, which may be killed and started again at the same address."""

    def __init__(self, own: Settings, folder: Path, port: int) -> None:
        self._own = own
        self._folder = folder
        self._port = port
        self._running: contextlib.ExitStack | None = None
        self._pid = 0
        self._killed_at: datetime | None = None
        self.kills = 0
        self.downs: list[Down] = []

    def start(self) -> None:
        stack = contextlib.ExitStack()
        self._pid = stack.enter_context(served(self._own, self._folder, self._port))
        self._running = stack
        if self._killed_at is not None:
            self.downs.append(Down(self._killed_at, datetime.now(UTC)))

    def kill(self) -> None:
        """Kill all its processes at once, so that none can put anything right."""
        self._killed_at = datetime.now(UTC)
        for pid in (self._pid, *descendants(self._pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills += 1
        self.end()

    def end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.close()


class _Run:
    """One push on its way, with what was seen of it."""

    def __init__(
        self,
        database_url: str,
        systems: "subprocess.Popen[bytes]",
        service: _Service,
        push: Push,
    ) -> None:
        self._database_url = database_url
        self._systems = systems
        self._service = service
        self._push = push
        self._docked: list[int] = []
        self.seconds = 0.0
        self.converged = False
        self.failed: list[dict[str, Any]] = []
        self.waits: list[Wait] = []
        self.downs: Sequence[Down] = ()
        self.counted: Counted | None = None
        self.kills = 0

    def to_its_end(self) -> None:
        """Start the service, let webhooks come, and wait until everything is done."""
        self._service.start()
        began = time.monotonic()
        most = max(_LEAST_SECONDS, _PATIENCE * self._push.at_best_seconds)
        docked = killed = began
        while not self.converged and (now := time.monotonic()) - began < most:
            if now - docked >= _DOCK_EVERY_SECONDS:
                self._docked.append(int(self._ask(b"dock", int)))
                docked = now
            every = self._push.kill_every_seconds
            if every is not None and now - killed >= every:
                self._service.kill()
                self._service.start()
                killed = time.monotonic()
            time.sleep(_LOOK_SECONDS)
            self.converged = self._announced() >= self._push.orders
        self.seconds = time.monotonic() - began
        self._wait_for_the_rest()
        self.counted = self._ask(b"count", Counted)
        self.failed = self._rows(_FAILED)
        self.waits = [
            Wait(row["received_at"], row["settled_at"])
            for row in self._rows(_WAITS, keys=list(map(str, self._docked)))
        ]
        self.kills = self._service.kills
        self.downs = self._service.downs

    @property
    def unserved(self) -> int:
        """WROs of which a webhook told and nothing was booked."""
        return len(self._docked) - len(self.waits)

    def _announced(self) -> int:
        [row] = self._rows(
            "select count(*)::int as n from posting where kind = %(kind)s"
            " and state in ('done', 'adopted')",
            kind=DocumentKind.WRO,
        )
        return int(row["n"])

    def _wait_for_the_rest(self) -> None:
        until = time.monotonic() + _NOTHING_MORE_SECONDS
        while time.monotonic() < until:
            if not self._rows("select 1 from subject where state <> 'done' limit 1"):
                return
            time.sleep(_LOOK_SECONDS)

    def _ask(self, line: bytes, kind: type[Any]) -> Any:
        say(self._systems, line)
        return msgspec.json.decode(_line(self._systems), type=kind)

    def _rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        with psycopg.connect(
            self._database_url, autocommit=True, row_factory=dict_row
        ) as connection:
            return connection.execute(query.encode(), parameters).fetchall()


_FAILED: Final = """
    select outcome, cause, count(*)::int as runs, min(sentence) as sentence from run as r
    where (outcome is null or outcome not in ('done', 'released'))
        and not (outcome = 'retrying' and cause = 'outcome_unknown'
                 and exists (select from run as killed where killed.subject_id = r.subject_id
                             and killed.id < r.id and killed.outcome is null))
    group by 1, 2
"""
# Where a run was killed in the middle of its call, the next one has to wait for what came of it.

_WAITS: Final = """
    select min(p.settled_at) as settled_at, min(e.received_at) as received_at
    from subject as s join event as e on e.subject_id = s.id and e.source = 'webhook'
    join posting as p on p.subject_id = s.id and p.system = 'netsuite' and p.settled_at is not null
    where s.flow = 'receiving' and s.key = any (%(keys)s) group by s.id
"""


def _figures(name: str, run: _Run, push: Push) -> Iterator[Figure]:
    counted = run.counted
    yield Figure(name=f"{name}: in all", value=run.seconds, unit="s")
    yield Figure(name=f"{name}: floor: its calls", value=push.at_best_seconds, unit="s")
    if counted is None:
        return
    each = max(1, push.orders)
    calm = push.kill_every_seconds is None
    yield Figure(
        name=f"{name}: calls each",
        value=counted.push_calls / each,
        unit="",
        at_most=CALLS_A_SUBJECT if calm else None,
    )
    yield Figure(name=f"{name}: other calls each", value=counted.other_calls / each, unit="")
    yield Figure(name=f"{name}: NetSuite calls each", value=counted.netsuite_calls / each, unit="")
    yield Figure(name=f"{name}: kills", value=run.kills, unit="")
    down = sum((one.end - one.begin).total_seconds() for one in run.downs)
    yield Figure(name=f"{name}: time down", value=down, unit="s")
    if run.waits:
        yield from _webhooks(name, run)


def _webhooks(name: str, run: _Run) -> Iterator[Figure]:
    waits = [one.seconds for one in run.waits]
    yield Figure(name=f"{name}: a webhook, longest", value=percentile(waits, 1.0), unit="s")
    yield Figure(
        name=f"{name}: the same while the service is up",
        value=percentile([one.seconds_beside(run.downs) for one in run.waits], 1.0),
        unit="s",
        at_most=MOST_SECONDS_TO_SERVE,
    )
    yield Figure(name=f"{name}: a webhook, half", value=percentile(waits, 0.5), unit="s")


def _wrong(run: _Run, push: Push) -> Iterator[str]:
    counted = run.counted
    if counted is None or counted.announced != push.orders:
        yield f"{counted.announced if counted else 0} orders became just one WRO"
    if counted is not None and counted.several:
        yield f"more than one WRO: {', '.join(counted.several[:5])}"
    if run.unserved:
        yield f"{run.unserved} webhooks led to nothing"
    if counted is not None and counted.refused:
        yield f"ShipBob refused {counted.refused} calls for its limit"
    for row in run.failed:
        if push.kill_every_seconds is None or row["outcome"] not in {None, "superseded"}:
            yield f"{row['runs']} runs ended {row['outcome']}: {row['cause']}: {row['sentence']}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    return next_line(process, "The systems with the orders did not start")
