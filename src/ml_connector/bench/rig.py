"""The throw-away installation that measures run on, with the embedded PostgreSQL.

All its parts are processes of their own, on loopback, and are stopped at the end.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec
import psycopg

from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import database_server
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.installation.throwaway import clear, cleared_if_killed
from ml_connector.bench.child import MODULE, PROGRAM, child, finished
from ml_connector.bench.deliveries import new_secret
from ml_connector.bench.load import Load, Outcome
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.sim.world import new_certificate

CONNECTION: Final = "bench"
PATH: Final = f"/webhooks/shipbob/{CONNECTION}"

_READY_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_NO_LIMIT: Final = 100_000
_IN_FLIGHT: Final = 64


@dataclass(frozen=True, kw_only=True)
class Rig:
    """An installation that is set up, with one connection applied.

    Attributes:
        database_url: of its embedded PostgreSQL, which runs as long as the rig does.
        webhook_secret: signs the connection's webhooks.
    """

    settings: Settings
    folder: Path
    database_url: str
    webhook_secret: Secret

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Run ``serve`` as usual; give its URL."""
        with _served(self.folder, 0, self._settings()) as (_, url):
            yield url

    @contextlib.contextmanager
    def apart(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Run ``serve`` without a worker, and one worker; give the URL and both process ids."""
        with self.without_worker() as (served, url), self.worker() as working:
            yield url, (served, working)

    @contextlib.contextmanager
    def without_worker(self) -> Iterator[tuple[int, str]]:
        """Run ``serve`` without a worker; give its process id and its URL."""
        with _served(self.folder, 0, self._settings(), "--no-worker") as (pid, url):
            yield pid, url

    @contextlib.contextmanager
    def worker(self) -> Iterator[int]:
        """Run a worker; give its process id."""
        log = self.folder / "worker.log"
        with child([*PROGRAM, "worker"], log, more=self._settings()) as process:
            self._wait_for_a_worker()
            yield process.pid

    def _wait_for_a_worker(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                if connection.execute("select 1 from procrastinate_workers limit 1").fetchone():
                    return
                time.sleep(_LOOK_SECONDS)
        raise _did_not_start(self.folder / "worker.log")

    @contextlib.contextmanager
    def answering(self, name: str, *command: str) -> Iterator[str]:
        """Run one web process as ``serve`` does, without its supervisor; give its URL."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="metrics-") as metrics:
            more = {
                **self._settings(),
                "MLC_DATABASE_URL": self.database_url,
                "PROMETHEUS_MULTIPROC_DIR": metrics,
            }
            with _on_socket(command, self.folder / f"{name}.log", more) as url:
                _wait_until_ready(f"{url}/readyz", self.folder / f"{name}.log")
                yield url

    def database_cpu_seconds(self) -> float:
        """Return the processor time of PostgreSQL, with all its connections."""
        server = self.folder / "postgres" / "cluster" / "postmaster.pid"
        return cpu_seconds(int(server.read_text("utf-8").split()[0]))

    def load(self, url: str, **more: Any) -> Load:
        """Return a load for this connection's webhooks."""
        address = urlsplit(url)
        return Load(
            host=str(address.hostname),
            port=address.port or 80,
            secret=self.webhook_secret.reveal(),
            **{"path": PATH, **more},
        )

    def _settings(self) -> dict[str, str]:
        return {"MLC_DATA_DIR": str(self.folder), "MLC_LOG_LEVEL": "warning"}


def send(load: Load) -> Outcome:
    """Send a load from a process of its own.

    Raises:
        UserError: it could not be sent.
    """
    told = finished(
        [*MODULE, "load"], what="The load could not be sent", given=msgspec.json.encode(load)
    )
    return msgspec.json.decode(told, type=Outcome)


@contextlib.contextmanager
def upstream(folder: Path, module: str = "upstream") -> Iterator[str]:
    """Run canned systems of the bench as a process; give their URL."""
    with _on_socket([*MODULE, module], folder / "upstream.log", {}) as url:
        yield url


@contextlib.contextmanager
def served(own: Settings, folder: Path, port: int) -> Iterator[int]:
    """Run ``serve`` as usual at this port; give its process id."""
    more = {"MLC_DATA_DIR": str(own.data_dir), "MLC_LOG_LEVEL": "warning"}
    with _served(folder, port, more) as (pid, _):
        yield pid


@contextlib.contextmanager
def _served(
    folder: Path, port: int, more: Mapping[str, str], *options: str
) -> Iterator[tuple[int, str]]:
    log = folder / "serve.log"
    command = [*PROGRAM, "serve", "--port", str(port), "--json", *options]
    with child(command, log, more=more) as process:
        url = str(_first_document(process, log)["url"])
        _wait_until_ready(f"{url}/readyz", log)
        yield process.pid, url


def descendants(pid: int) -> list[int]:
    """Return the processes that this one has started, and those that they have."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(words[1])
    found: list[int] = []
    family = [pid]
    while family:
        one = family.pop()
        children = [child for child, parent in parents.items() if parent == one]
        found += children
        family += children
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its descendants, also of ended ones."""
    stats: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                ticks = sum(map(int, words[11:15]))  # its own, and those of ended children
                stats[int(entry.name)] = (int(words[1]), ticks / os.sysconf("SC_CLK_TCK"))
    total, family = 0.0, [pid]
    while family:
        one = family.pop()
        total += stats.get(one, (0, 0.0))[1]
        family += [child for child, (parent, _) in stats.items() if parent == one]
    return total


@contextlib.contextmanager
def rig(
    settings: Settings,
    folder: Path,
    systems_url: str,
    *,
    in_flight: int = _IN_FLIGHT,
    per_minute: int = _NO_LIMIT,
) -> Iterator[Rig]:
    """Set an installation up in a folder and remove it afterwards.

    Args:
        settings: those of the person; their database and keys are not used.
        folder: an existing one, for everything.
        systems_url: where NetSuite and ShipBob are.
        in_flight: calls at once to NetSuite.
        per_minute: calls to ShipBob.
    """
    own = settings.of_its_own_in(folder)
    setup.initialise(own)
    secret = new_secret()
    with database_server(own) as server:
        _connect(own, secret, systems_url, in_flight=in_flight, per_minute=per_minute)
        yield Rig(settings=own, folder=folder, database_url=server.url, webhook_secret=secret)


@contextlib.contextmanager
def bench_folder(settings: Settings) -> Iterator[Path]:
    """Give a folder in the data folder; at the end remove it and stop a PostgreSQL in it."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=settings.data_dir))
    with cleared_if_killed(folder, remove=True):
        try:
            yield folder
        finally:
            clear(folder)


def _connect(
    settings: Settings, secret: Secret, systems_url: str, *, in_flight: int, per_minute: int
) -> None:
    private_key, _ = new_certificate(CONNECTION)
    apply(
        settings,
        f'name = "{CONNECTION}"\nmode = "live"\nstart_date = 2026-11-01\n'
        f'[netsuite]\naccount_id = "BENCH"\nbase_url = "{systems_url}"\n'
        f'restlets_url = "{systems_url}"\nclient_id = "bench"\ncertificate_id = "bench"\n'
        f'private_key = """{private_key}"""\n'
        f'[shipbob]\napi_url = "{systems_url}"\nauth_url = "{systems_url}"\n'
        f'channel_id = 1\ntoken = "bench"\nwebhook_secrets = ["{secret.reveal()}"]\n'
        '[locations]\n"228" = "6"\n[accounts]\ninventory_adjustment = "54"\n'
        f"[limits]\nnetsuite_concurrency = {in_flight}\nshipbob_per_minute = {per_minute}\n",
    )


def apply(settings: Settings, *files: str) -> None:
    """Apply connections to an installation, without asking the two systems.

    Args:
        settings: of the installation.
        files: the texts of connection files.
    """

    async def apply_all() -> None:
        async with open_installation(settings) as installation:
            for text in files:
                path = settings.data_dir / "connection.toml"
                path.touch(mode=0o600)
                path.write_text(text, "utf-8")
                await apply_connection(
                    installation, connection_file.read(path), person="bench", ping_first=False
                )

    asyncio.run(apply_all())


@contextlib.contextmanager
def _on_socket(command: Sequence[str], log: Path, more: Mapping[str, str]) -> Iterator[str]:
    """Run a process that serves on a socket of ours; its descriptor is the last argument."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        descriptor = listener.fileno()
        arguments = [*command, str(descriptor)]
        with child(arguments, log, more=more, descriptors=(descriptor,)):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _first_document(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    """Return the JSON document that a command prints when it is ready."""
    told = b""
    while process.stdout is not None and not told.rstrip().endswith(b"}"):
        line = process.stdout.readline()
        if not line:
            raise _did_not_start(log)
        told += line
    return msgspec.json.decode(told, type=dict[str, Any])


def _wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx2.Client(trust_env=False) as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx2.HTTPError):
                if client.get(url, timeout=2).is_success:
                    return
            time.sleep(_LOOK_SECONDS)
    raise _did_not_start(log)


def _did_not_start(log: Path) -> UserError:
    text = log.read_text("utf-8", errors="replace").strip().splitlines()
    return UserError(
        f"A process of the bench did not start: {text[-1] if text else 'it said nothing'}",
        where=log.name,
        next_step="See whether ml-connector demo --exit works on this machine.",
    )
