"""``serve`` as a process of its own, with what it printed and logged."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from acceptance.warm_commands import WarmCommands
from waiting import HANGS_AFTER_SECONDS, wait_until

COMMAND = [sys.executable, "-P", "-m", "ml_connector"]

_commands = WarmCommands()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a command said before it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def command(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Answered:
    """Run one command of ours to its end."""
    status, out, err = _commands.run(arguments, environment, folder)
    return Answered(status=status, out=out, err=err)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Process:
    """A long-running command of ours."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.log = folder / f"{arguments[0]}.log"
        with self.log.open("ab") as output:
            self._began_at = output.tell()
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [*COMMAND, *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def said(self) -> str:
        """What this process and its parts printed and logged since it began."""
        return self.log.read_bytes()[self._began_at :].decode()

    def parts(self) -> dict[str, int]:
        """Return the process ids of its living children, by the command that each runs."""
        found: dict[str, int] = {}
        for pid in children(self.pid):
            words = _arguments(pid)
            if "ml_connector" in words:
                found[words[words.index("ml_connector") + 1]] = pid
        return found

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> int:
        """Ask it to end; return its exit status."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(HANGS_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def children(pid: int) -> list[int]:
    """Return the living children of a process."""
    every = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [one for one in every if _state_and_parent(one)[1] == str(pid) and is_alive(one)]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    return _state_and_parent(pid)[0] not in {"Z", "X", ""}


def _state_and_parent(pid: int) -> tuple[str, str]:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return words[0], words[1]


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"{url}/readyz", timeout=30, trust_env=False).is_success
    return False


def _works(worker: Process) -> bool:
    """Whether a worker has begun, be its log for people or for machines."""
    return any(words in worker.said for words in ("The worker begins", "worker_begins"))


@contextlib.contextmanager
def working(environment: Mapping[str, str], folder: Path) -> Iterator[Process]:
    """Run one more worker for the length of the block, from the moment that it has begun."""
    worker = Process(["worker"], environment, folder)
    try:
        wait_until(lambda: _works(worker) or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.said
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.end()


@contextlib.contextmanager
def serving(
    port: int, environment: Mapping[str, str], folder: Path, *options: str
) -> Iterator[Process]:
    """Serve on this port for the length of the block, from the moment that it is ready."""
    service = Process(["serve", "--port", str(port), *options], environment, folder)
    try:
        wait_until(
            lambda: is_ready(f"http://127.0.0.1:{port}") or service.process.poll() is not None
        )
        assert service.process.poll() is None, service.said
        yield service
    finally:
        if service.process.poll() is None:
            service.end()
