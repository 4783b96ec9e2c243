"""Running PostgreSQL's programs: making a cluster, writing its settings, launching a server.

Everything here runs under the folder's mutex.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ml_connector.errors import UserError
from ml_connector.storage import postmaster
from ml_connector.storage.owning_role import SUPERUSER
from ml_connector.storage.postgres_binaries import OTHER_DATABASE, PostgresBinaries
from ml_connector.storage.postgres_folder import (
    PostgresFolder,
    disk_full,
    give,
    open_lock,
    try_lock,
)
from ml_connector.storage.server_account import ServerAccount

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "max_wal_size": "512MB",
        "huge_pages": "off",
        # Parallel plans live in /dev/shm, of which a container has 64 MB.
        "max_parallel_workers_per_gather": "0",
        "max_parallel_maintenance_workers": "0",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        # Messages of the server itself, without every failed statement and its values.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        "log_line_prefix": "%m [%p] ",
    }
)
_OURS = ("listen_addresses", "unix_socket_directories", "unix_socket_permissions", "port")
_START_SECONDS = 120.0
_STALE_SECONDS = 15.0
_POLL_SECONDS = 0.01
_LOG_LINES = 8
_SPARE_BYTES = 1024 * 1024
_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")


def configuration(socket_folder: Path, settings: Mapping[str, str]) -> str:
    """The text of ``postgresql.conf``. Pure.

    Args:
        socket_folder: the only place the server listens at.
        settings: override the defaults; names of the PostgreSQL manual, values as text.

    Raises:
        ValueError: a name is no setting, or one of those that keep the socket private.
    """
    for name in settings:
        if name in _OURS or not re.fullmatch(r"[a-z][a-z0-9_.]*", name):
            raise ValueError(f"not a setting to override: {name}")
    folder = str(socket_folder).replace('"', '""')
    everything = {
        **DEFAULTS,
        **settings,
        "listen_addresses": "",
        "port": str(postmaster.PORT),
        "unix_socket_directories": f'"{folder}"',
        "unix_socket_permissions": "0700",
    }
    lines = (f"{name} = {_quoted(value)}" for name, value in everything.items())
    return "\n".join(["# Written at each start; changes are lost.", *lines, ""])


def check_version(place: PostgresFolder, binaries: PostgresBinaries) -> bool:
    """Whether the cluster exists.

    Raises:
        UserError: another major version made it, or the folder holds something else.
    """
    try:
        made_by = (place.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        if place.cluster.is_dir() and any(place.cluster.iterdir()):
            raise UserError(
                "This folder should hold the database, but holds other files",
                where=str(place.cluster),
                next_step="Move the folder away, or restore the backup it came from.",
            ) from None
        return False
    if made_by != binaries.major:
        raise UserError(
            f"PostgreSQL {made_by} made this database, and PostgreSQL {binaries.version},"
            " which is installed, can't open it",
            where=str(place.cluster),
            next_step=f"Install the ml-connector release that brought PostgreSQL {made_by} and"
            " make a backup with it, then restore that backup into a new data folder."
            f" Or serve this folder with a PostgreSQL {made_by} of your own and set"
            " MLC_DATABASE_URL to its address.",
        )
    return True


def make_cluster(
    place: PostgresFolder, binaries: PostgresBinaries, account: ServerAccount
) -> None:
    """Make the cluster, completely or not at all: it gets its name after initdb has ended.

    initdb syncs to the disk (``--no-sync`` is not used), which takes 0.1 s. The server does not
    sync these files again, so otherwise a power cut in the first minutes could lose the catalogs.

    Raises:
        UserError: initdb failed.
    """
    unfinished = place.root / "cluster.new"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    give(unfinished, account)
    done = account.run(
        [
            binaries.initdb,
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=reject",
        ]
    )
    if done.returncode:
        raise _initdb_failure(place, account, done.stderr)
    unfinished.rename(place.cluster)
    _sync(place.root)


def write_configuration(place: PostgresFolder, settings: Mapping[str, str]) -> None:
    """Write ``postgresql.conf`` for the next start, unless it says the same already."""
    text = configuration(place.socket, settings)
    wanted = text.encode("utf-8", "surrogateescape")
    if place.configuration.is_file() and place.configuration.read_bytes() == wanted:
        return
    new = place.configuration.with_suffix(".new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o644), "wb") as file:
        os.fchmod(file.fileno(), 0o644)  # the server's account must read it, whatever our umask
        file.write(wanted)
    new.replace(place.configuration)


def launch(place: PostgresFolder, binaries: PostgresBinaries, account: ServerAccount) -> None:
    """Start a server and wait until it accepts connections; none may run yet.

    Its processes inherit a locked file. The lock tells whether any of them lives, also one of a
    server that was killed, and one in another container with the same folder.

    Raises:
        UserError: it does not start (it quotes the log), or another server is still there.
    """
    lock = open_lock(place.server_lock)
    try:
        _wait_for_the_dead(place, lock)
        postmaster.remove_stale_files(place.cluster, place.socket)
        said = _launch_once(place, binaries, account, lock)
    finally:
        os.close(lock)
    if said is not None:
        raise _start_failure(place, said)


def wait_until_ready(place: PostgresFolder, pid: int) -> bool:
    """Wait for a server that is starting; return False when it ended instead.

    Raises:
        UserError: it is alive and has not started for minutes.
    """
    deadline = time.monotonic() + _START_SECONDS
    while postmaster.is_alive(pid):
        server = postmaster.find(place.cluster)
        if server is not None and server.pid == pid and server.ready:
            return True
        if time.monotonic() > deadline:
            raise UserError(
                f"The database has not started after {_START_SECONDS:.0f} seconds; it may still"
                " be replaying its log after a crash",
                where=str(place.log),
                next_step="Wait a few minutes and try again; the log shows what it does.",
            )
        time.sleep(_POLL_SECONDS)
    return False


def _log_end(place: PostgresFolder, since: int = 0) -> str:
    """Return the last lines of the server's log, from a position on."""
    log = place.open_log()
    try:
        size = os.fstat(log).st_size
        text = os.pread(log, 8192, max(since, size - 8192)).decode("utf-8", "replace")
    finally:
        os.close(log)
    return "\n".join(text.splitlines()[-_LOG_LINES:])


def _wait_for_the_dead(place: PostgresFolder, lock: int) -> None:
    deadline = time.monotonic() + _STALE_SECONDS
    postmaster.end_left_over(place.cluster, force=False)
    while not try_lock(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise UserError(
                "Another PostgreSQL server is at work on this folder, perhaps in another"
                " container, and can't be reached from here",
                where=str(place.cluster),
                next_step="Stop it, or give each of the two a data folder of its own.",
            )
        time.sleep(_POLL_SECONDS)
        postmaster.end_left_over(place.cluster, force=True)


def _launch_once(
    place: PostgresFolder, binaries: PostgresBinaries, account: ServerAccount, lock: int
) -> str | None:
    """Launch the server once; return None when it runs, else its output.

    A shell starts it in the background and ends, so the server is not our child and outlives us.
    Its output goes to the log only, so no pipe of ours stays open.
    """
    log = place.open_log()
    try:
        before = os.fstat(log).st_size
        done = account.run(
            [
                *("/bin/sh", "-c", '"$@" >&2 & echo "$!"', "sh"),
                *(binaries.postgres, "-D", place.cluster),
                *("-c", f"config_file={place.configuration}"),
            ],
            stderr=log,
            keep_open=[lock],
        )
    finally:
        os.close(log)
    number = done.stdout.strip()
    if number.isdecimal() and wait_until_ready(place, int(number)):
        return None
    return _log_end(place, before)


def _start_failure(place: PostgresFolder, said: str) -> UserError:
    if _is_disk_full(place, said):
        return disk_full(place.root)
    return UserError(
        f"The database does not start. Its log ends with:\n{said or '(nothing)'}",
        where=str(place.log),
        next_step=f"Remove the cause that the log names and try again. {OTHER_DATABASE}",
    )


def _initdb_failure(place: PostgresFolder, account: ServerAccount, said: str) -> UserError:
    if _is_disk_full(place, said):
        return disk_full(place.root)
    if "could not look up effective user ID" in said:
        return UserError(
            f"The user {account.name} is not in the system's list of users,"
            " and PostgreSQL wants that to make a database",
            where=str(place.root),
            next_step=f"Run the command as a user of /etc/passwd. {OTHER_DATABASE}",
        )
    end = "\n".join(said.splitlines()[-_LOG_LINES:])
    return UserError(
        f"The database can't be made. PostgreSQL says:\n{end}",
        where=str(place.root),
        next_step=f"Remove the cause and try again. {OTHER_DATABASE}",
    )


def _is_disk_full(place: PostgresFolder, said: str) -> bool:
    disk = os.statvfs(place.root)
    # On a full disk the log can't be written either.
    return bool(_DISK_FULL.search(said)) or disk.f_bavail * disk.f_frsize < _SPARE_BYTES


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
