"""The running server of a cluster, seen from outside: its pid file and its processes.

A pid file alone is not enough: it remains after a kill -9, and after a restart of a container its
number may belong to any process. So a server counts as running only while that process is a
``postgres`` whose working folder is this cluster, and only such processes get signals. Without
``/proc`` only the number is checked, as PostgreSQL's own tools do.

The lines of ``postmaster.pid``: pid, data folder, start time, port, socket folder, address,
shared memory key, status (PostgreSQL 18, ``src/include/utils/pidfile.h``).
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ml_connector.errors import UserError

PID_FILE = "postmaster.pid"
PORT = 5432
SOCKET_FILE = f".s.PGSQL.{PORT}"
_PROCESSES = Path("/proc")
_STATUS_LINE = 7
_FAST_SECONDS = 30.0
_IMMEDIATE_SECONDS = 10.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Postmaster:
    """A server process that is alive.

    Attributes:
        pid: of the postmaster, the parent of all its processes.
        status: ``ready``, ``starting``, ``stopping``; empty at the very beginning.
    """

    pid: int
    status: str

    @property
    def ready(self) -> bool:
        """Whether it accepts connections."""
        return self.status == "ready"


def find(cluster: Path) -> Postmaster | None:
    """Return the running server of this cluster, or None; a stale pid file counts as none."""
    try:
        lines = (cluster / PID_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    number = lines[0].strip() if lines else ""
    if not number.isdecimal() or not _works_in(cluster, int(number)):
        return None
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""
    return Postmaster(pid=int(number), status=status)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a dead one that was not reaped yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def answers(socket_folder: Path) -> bool:
    """Whether a process listens on the server's socket in this folder."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)  # noqa: FBT003 - the library's own signature
        try:
            client.connect(str(socket_folder / SOCKET_FILE))
        except BlockingIOError:  # its queue is full, so it is there and busy
            return True
        except OSError:
            return False
    return True


def stop(cluster: Path) -> None:
    """Stop the server of this cluster and wait for it: first fast, then immediately.

    The fast way aborts transactions and writes a checkpoint. The immediate way writes nothing,
    and the next start replays the log. No committed row is lost either way.

    Raises:
        UserError: neither stopped it.
    """
    for signal_number, seconds in (
        (signal.SIGINT, _FAST_SECONDS),
        (signal.SIGQUIT, _IMMEDIATE_SECONDS),
    ):
        server = find(cluster)
        if server is None:
            return
        _send(server.pid, signal_number)
        if _wait_for_end(server.pid, seconds):
            return
    raise UserError(
        "The database does not stop",
        where=str(cluster),
        next_step="See what its processes wait for (a disk that does not answer?), try again.",
    )


def end_left_over(cluster: Path, *, force: bool) -> None:
    """End the other processes of a server that was killed, and wait a second for them.

    Call it only while holding the folder's mutex and after ``find`` returned None. Such a process
    may be in a long statement and not have noticed. It holds the shared memory, and a second
    server beside it would damage the cluster.

    Args:
        cluster: the cluster's folder.
        force: kill them, because they did not end when they were asked before.
    """
    number = signal.SIGKILL if force else signal.SIGQUIT
    left_over = list(_processes_in(cluster))
    for pid in left_over:
        _send(pid, number)
    for pid in left_over:
        _wait_for_end(pid, 1.0)


def remove_stale_files(cluster: Path, socket_folder: Path) -> None:
    """Remove the pid and socket files of a server whose processes are all dead.

    PostgreSQL would trust these files if their number belongs to another process now.
    """
    for stale in (
        cluster / PID_FILE,
        socket_folder / SOCKET_FILE,
        socket_folder / f"{SOCKET_FILE}.lock",
    ):
        stale.unlink(missing_ok=True)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, number)


def _wait_for_end(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _processes_in(cluster: Path) -> Iterator[int]:
    if not _PROCESSES.is_dir():
        return
    for entry in _PROCESSES.iterdir():
        if entry.name.isdecimal() and _works_in(cluster, int(entry.name)):
            yield int(entry.name)


def _works_in(cluster: Path, pid: int) -> bool:
    """Whether the process is a live ``postgres`` whose working folder is this cluster.

    Both are checked, because a shell's working folder may be the cluster as well.
    """
    if not (_PROCESSES / "self").exists():
        return is_alive(pid)
    process = _PROCESSES / str(pid)
    try:
        program = (process / "exe").readlink().name
        here = (process / "cwd").stat()
        there = cluster.stat()
    except OSError:  # it is gone, a zombie, or of another user, so not ours
        return False
    same_folder = (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
    # The kernel adds a mark if an upgrade of the wheel has replaced the program.
    return same_folder and program.removesuffix(" (deleted)") == "postgres"


def _state(pid: int) -> str:
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]
