"""``serve``: a small supervisor, with each part of the service as a process of its own.

The supervisor owns the embedded PostgreSQL (if one is used) and the listening socket. So while
a part that died starts again, connections queue instead of being refused.
"""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import structlog

from ml_connector.app.installation.database_server import check_schema, database_server
from ml_connector.app.installation.parent_watch import belonging_to_this
from ml_connector.app.installation.setup import check_master_key, master_key_ring
from ml_connector.app.processes.metrics_folder import metrics_folder
from ml_connector.config.log_counts import LogCounts, flush_counts
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.own_python import COMMAND

_log = structlog.get_logger("serve")

_LOOK_SECONDS: Final = 0.2
_STOP_SECONDS: Final = 8.5
_STEADY_SECONDS: Final = 10.0
_LOOPBACK: Final = "127.0.0.1"


@dataclass
class ChildProcess:
    """A child process that is started again when it dies."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)

    def tend(self, may_start: Callable[[], bool]) -> None:
        """Start the part, or start it again after a pause when it has died.

        Args:
            may_start: asked before each start; when it may not, it is asked again later.
        """
        now = time.monotonic()
        if self.process is None:
            if now >= self.due and may_start():
                self._start(now)
        elif (status := self.process.poll()) is not None:
            steady = now - self.began > _STEADY_SECONDS
            self.failures = 0 if steady else self.failures + 1
            pause = min(5.0, 0.1 * 2**self.failures)
            _log.warning("part_died", part=self.name, status=status, back_in_seconds=pause)
            self.process, self.due = None, now + pause

    def _start(self, now: float) -> None:
        self.began = now
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, *self.arguments],
            env=self.environment,
            pass_fds=self.descriptors,
            stdin=subprocess.DEVNULL,
            # ctrl-C in the terminal is for the supervisor, which ends the parts in order.
            start_new_session=True,
        )


@dataclass(frozen=True, kw_only=True)
class ConsoleDoor:
    """Where the console is served; both None: at the door of the webhooks."""

    host: str | None = None
    port: int | None = None

    @property
    def is_its_own(self) -> bool:
        """Whether console and API have a door, and a process, of their own."""
        return self.host is not None or self.port is not None

    def refuse_other_door(self, host: str, port: int) -> None:
        """Refuse a door of its own that would be the webhooks' door.

        Raises:
            UserError: it would.
        """
        if port and self.port == port and (self.host or _LOOPBACK) == host:
            raise UserError(
                "The console's own door would be the door of the webhooks",
                where=f"--console-port {port}",
                next_step=(
                    "Leave --console-port out: console and webhooks then share one door. Or"
                    " choose another port for it (0: any free one)."
                ),
                usage=True,
            )


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    with_worker: bool,
    console: ConsoleDoor | None,
    announce: Callable[[str, str | None], object],
) -> None:
    """Run until SIGTERM or SIGINT; then take no more work, finish or release runs, and end.

    Args:
        settings: of the installation.
        host: address to listen on.
        port: to listen on.
        with_worker: run a worker as well.
        console: where the console is served; None: nowhere.
        announce: told the address, and that of the console, if there is one.

    Raises:
        UserError: the address can't be listened on or is meant twice, the installation is not
            set up, or there is no usable master key and no part of the service runs any more.
    """
    if console is not None:
        console.refuse_other_door(host, port)
    master_key_ring(settings)
    stopping = _Stopping()
    with (
        stopping.caught(),
        _listening(host, port) as listener,
        _console_listening(console, listener) as console_listener,
        database_server(settings) as server,
        metrics_folder(settings.data_dir) as metrics,
    ):
        check_schema(server.owner_url)
        check_master_key(settings, server.url)
        environment = {
            **belonging_to_this(),
            # The settings may come from a file that the parts would not find.
            **settings.environment(),
            "MLC_DATABASE_URL": server.url,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }
        if console_listener is None:
            serves = "webhooks" if console is None else "all"
            parts = [_web("web", listener, serves, environment)]
        else:
            parts = [
                _web("web", listener, "webhooks", environment),
                _web("console", console_listener, "console", environment),
            ]
        if with_worker:
            parts.append(ChildProcess("worker", ["worker"], environment))
        may_start = _KeyWatch(settings, parts).may_start
        try:
            for part in parts:
                part.tend(may_start)
            announce(_url(listener), _url(console_listener or listener) if console else None)
            while not stopping.wanted:
                for part in parts:
                    part.tend(may_start)
                flush_counts()
                if server.ensure_running():
                    _log.warning("postgresql_came_back")
                stopping.wait(_LOOK_SECONDS)
        finally:
            _stop(parts)


def _web(
    name: str, listener: socket.socket, serves: str, environment: dict[str, str]
) -> ChildProcess:
    """Return a web process that answers at an open door."""
    descriptor = listener.fileno()
    arguments = ["web", "--fd", str(descriptor), "--serves", serves]
    return ChildProcess(name, arguments, environment, (descriptor,))


class _KeyWatch:
    """Looks after the master key before a part is started: without it the part would only die.

    A part that runs goes on with the keys that it has read.
    """

    def __init__(self, settings: Settings, parts: Sequence[ChildProcess]) -> None:
        self._settings = settings
        self._parts = parts
        self._counts = LogCounts(_log)

    def may_start(self) -> bool:
        """Return whether the master key can be used now.

        Raises:
            UserError: it can't, and no part runs.
        """
        try:
            master_key_ring(self._settings)
        except UserError as error:
            if not any(part.process is not None for part in self._parts):
                raise
            self._counts.note(
                "part_waits", "key", reason=str(error), where=error.where, next=error.next_step
            )
            return False
        return True


class _Stopping:
    """Whether a signal asked to end."""

    def __init__(self) -> None:
        self.wanted = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
        for one in before:
            signal.signal(one, self._ask)
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def wait(self, seconds: float) -> None:
        if not self.wanted:
            time.sleep(seconds)  # a signal meanwhile ends the caller's loop at its next turn

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.wanted = True


def _stop(parts: list[ChildProcess]) -> None:
    running = [part.process for part in parts if part.process is not None]
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _log.warning("part_killed", pid=process.pid)
            process.kill()
            process.wait()


@contextlib.contextmanager
def _console_listening(
    console: ConsoleDoor | None, beside: socket.socket
) -> Iterator[socket.socket | None]:
    """Open the console's own door; give None where it has none."""
    if console is None or not console.is_its_own:
        yield None
        return
    port = beside.getsockname()[1] + 1 if console.port is None else console.port
    with _listening(console.host or _LOOPBACK, port, option="--console-port") as listener:
        yield listener


@contextlib.contextmanager
def _listening(host: str, port: int, *, option: str = "--port") -> Iterator[socket.socket]:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UserError(
            f"Can't listen there: {error.strerror or error}",
            where=f"{host} port {port}",
            next_step=f"Stop what uses it, or choose another with {option} (0: any free one).",
        ) from error
    with listener:
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
