"""The service with a second worker, as a service manager runs them: what ends is begun again.

Only processes are killed that were started here, or by those.
"""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import httpx2
import psycopg
from psycopg.rows import dict_row

from ml_connector import private_files
from ml_connector.app.installation.parent_watch import belonging_to_this
from ml_connector.errors import UserError
from ml_connector.own_python import COMMAND
from ml_connector.selftest.chaos.plan import Victim
from ml_connector.storage import postmaster
from ml_connector.storage.connection_string import conninfo

_READY_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 2.0
_END_SECONDS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How long a kill was felt.

    Attributes:
        victim: who was killed; ``database``.
        seconds: until all parts were there and ready and nothing was in the hands of the dead.
    """

    victim: str
    seconds: float


@dataclass
class _Pending:
    victim: str
    pids: tuple[int, ...]
    killed_at: float = field(default_factory=time.monotonic)


class Rows:
    """Asks a database that may be away.

    Args:
        url: of it.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, query: str, **parameters: object) -> list[dict[str, Any]] | None:
        """Return the rows; None while the database is away."""
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(
                conninfo(self._url, name="ml-connector selftest"),
                autocommit=True,
                row_factory=dict_row,
            ) as connection,
        ):
            return connection.execute(query.encode(), parameters).fetchall()
        return None


class KilledService:
    """``serve`` and one worker more. Use as a context manager.

    Args:
        folder: the data folder; the logs are there too.
        more: variables of the processes besides the data folder.
        rows: asks the installation's database.
        cluster: of the embedded PostgreSQL; None where the database server is another's.

    Attributes:
        port: where webhooks are taken.
        recoveries: of all kills so far.
    """

    def __init__(
        self, folder: Path, more: Mapping[str, str], rows: Rows, cluster: Path | None
    ) -> None:
        self.port = _free_port()
        self.recoveries: list[Recovery] = []
        self._folder = folder
        self._environment = {
            **belonging_to_this(with_settings=False),
            "MLC_DATA_DIR": str(folder),
            "MLC_LOG_LEVEL": "warning",
            **more,
        }
        self._rows = rows
        self._cluster = cluster
        self._pending: list[_Pending] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        deadline = time.monotonic() + _READY_SECONDS
        while not self._is_whole():
            if time.monotonic() > deadline:
                self.end()
                raise UserError("The service does not get ready", where=str(self._folder))
            time.sleep(_LOOK_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End what was started; nothing is begun again."""
        self._ending.set()
        self._keeper.join()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self, victim: Victim, *, pid: int | None = None) -> bool:
        """Kill somebody; False where nobody of that kind was there.

        Args:
            victim: who.
            pid: of the worker, for one in a call.
        """
        pids = self._pids_of(victim, pid)
        if not pids:
            return False
        pending = _Pending(victim=victim, pids=pids)
        with self._lock:
            for one in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            self._pending.append(pending)
        return True

    def end_database(self) -> bool:
        """Kill the embedded PostgreSQL; of another's server, end all our sessions."""
        pending = _Pending(victim="database", pids=())
        if self._cluster is None:
            ended = self._rows(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            if ended is None:
                return False
        else:
            server = postmaster.find(self._cluster)
            if server is None:
                return False
            os.kill(server.pid, signal.SIGKILL)
        with self._lock:
            self._pending.append(pending)
        return True

    def is_recovered(self) -> bool:
        """Whether no kill is felt any more."""
        with self._lock:
            return not self._pending

    def workers(self) -> set[int]:
        """Return the process ids of both workers."""
        return {*self._parts().get("worker", ()), *self._alive("worker")}

    def _pids_of(self, victim: Victim, pid: int | None) -> tuple[int, ...]:
        parts = self._parts()
        if victim == "worker_in_call":
            return (pid,) if pid in self.workers() and pid is not None else ()
        if victim == "other_worker":
            return self._alive("worker")
        if victim == "supervisor":
            return self._alive("serve")
        if victim == "all":
            own = [one for pids in parts.values() for one in pids]
            return (*self._alive("serve"), *own, *self._alive("worker"))
        return tuple(parts.get(victim, ())[:1])

    def _alive(self, name: str) -> tuple[int, ...]:
        process = self._processes.get(name)
        return (process.pid,) if process is not None and process.poll() is None else ()

    def _parts(self) -> dict[str, list[int]]:
        """Return the children of ``serve`` that run a command of ours, by the command."""
        found: dict[str, list[int]] = {}
        for parent in self._alive("serve"):
            for pid in _children(parent):
                words = _arguments(pid)
                if "ml_connector" in words[:-1]:
                    found.setdefault(words[words.index("ml_connector") + 1], []).append(pid)
        return found

    def _keep(self) -> None:
        """Begin again what has ended, and see when a kill is felt no more."""
        while not self._ending.wait(_LOOK_SECONDS):
            with self._lock:
                self._begin_missing()
            with self._lock:
                pending = list(self._pending)
            if not pending or not self._is_whole():
                continue
            dead = [pid for one in pending for pid in one.pids]
            held = self._rows(
                "select 1 from subject where state = 'working'"
                " and split_part(worker, ':', 2) = any(%(dead)s) limit 1",
                dead=[str(pid) for pid in dead],
            )
            if held == []:
                self._recovered(pending)

    def _recovered(self, pending: Sequence[_Pending]) -> None:
        now = time.monotonic()
        with self._lock:
            for one in pending:
                self._pending.remove(one)
                self.recoveries.append(Recovery(victim=one.victim, seconds=now - one.killed_at))

    def _begin_missing(self) -> None:
        for name, options in (
            ("serve", ("--port", str(self.port), "--no-console")),
            ("worker", ()),
        ):
            if not self._alive(name):
                self._processes[name] = self._begin(name, *options)

    def _begin(self, name: str, *options: str) -> "subprocess.Popen[bytes]":
        log = private_files.opened(self._folder / f"{name}.log", os.O_WRONLY | os.O_APPEND)
        with os.fdopen(log, "ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own command
                [*COMMAND, name, *options],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _is_whole(self) -> bool:
        parts = self._parts()
        there = parts.get("web") and parts.get("worker") and self._alive("worker")
        return bool(there) and self._is_ready()

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            url = f"http://127.0.0.1:{self.port}/readyz"
            return httpx2.get(url, timeout=_ANSWER_SECONDS, trust_env=False).is_success
        return False


def wait_until(met: Callable[[], bool], *, seconds: float, every: float = _LOOK_SECONDS) -> bool:
    """Wait until something is so, at most so long; say whether it is."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _children(pid: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                if words[1] == str(pid) and words[0] not in {"Z", "X"}:
                    yield int(entry.name)


def _arguments(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []
