"""The folder of the embedded PostgreSQL: its paths, locks, log and socket.

::

    <data folder>/postgres/
      cluster/         made by initdb; belongs to the account that runs the server
      socket/          the server's socket; belongs to the same account, mode 0700
      postgresql.conf  written by us at each start
      server.log       of limited length
      owners.lock      held shared by each process that uses the server
      start.lock       held exclusively while a process starts or stops the server
      server.lock      held by all processes of the server itself

When root runs us, everything but ``cluster`` and ``socket`` belongs to root, and no link in here
is followed: so the server's account can't make us write elsewhere.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.storage import owning_role
from ml_connector.storage.postmaster import PORT, SOCKET_FILE
from ml_connector.storage.server_account import ServerAccount

DATABASE = "ml_connector"
LOG_BYTES = 4 * 1024 * 1024
_SOCKET_PATH_BYTES = 100  # sun_path holds 108 bytes on Linux and 104 elsewhere
_MUTEX_SECONDS = 180.0
_POLL_SECONDS = 0.02
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class PostgresFolder:
    """The paths of one data folder's PostgreSQL.

    Attributes:
        data_dir: absolute, without links, so that every process computes the same places.
    """

    data_dir: Path

    @property
    def root(self) -> Path:
        """The folder of the embedded server; only its socket may have to be elsewhere."""
        return self.data_dir / "postgres"

    @property
    def cluster(self) -> Path:
        """The cluster that initdb made."""
        return self.root / "cluster"

    @property
    def configuration(self) -> Path:
        """The server's settings."""
        return self.root / "postgresql.conf"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.root / "server.log"

    @property
    def owners(self) -> Path:
        """The lock file of the processes that use the server."""
        return self.root / "owners.lock"

    @property
    def socket(self) -> Path:
        """The folder of the server's socket.

        The kernel limits the length of a socket's path, and libpq takes a comma in it for a list.
        If the data folder's path can't be used, a folder below ``/tmp`` is used. ``TMPDIR`` is
        not, because it may differ between two owners.
        """
        inside = self.root / "socket"
        path = os.fsencode(inside / SOCKET_FILE)
        if len(path) <= _SOCKET_PATH_BYTES and b"," not in path:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        system = Path("/tmp")  # noqa: S108 - a private folder, its owner checked
        temporary = system if system.is_dir() else Path(tempfile.gettempdir())
        return temporary / f"ml-connector-{digest}"

    def url(self, database: str = DATABASE, *, role: str = owning_role.ROLE) -> str:
        """Return the address of a database over the socket, for libpq and SQLAlchemy."""
        host = quote(str(self.socket), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={PORT}"

    def make_root(self) -> None:
        """Make the data folder and ours in it, if they are not there yet."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.root.mkdir(mode=0o700)
            if os.geteuid() == 0:  # the server's account may pass through, but not list it
                self.root.chmod(0o711)
        if not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.root))

    def make_socket(self, account: ServerAccount) -> None:
        """Make the socket's folder, private to the server's account.

        Raises:
            UserError: another account has made it before.
        """
        try:
            self.socket.mkdir(mode=0o700)
        except FileExistsError:
            is_ours = self.socket.is_relative_to(self.root)
        else:
            is_ours = True
        if is_ours:
            give(self.socket, account)
        if not self.socket_is_private(account):
            raise UserError(
                f"The folder for the database's socket must be private to {account.name},"
                " and isn't: somebody else made it",
                where=str(self.socket),
                next_step="Look at who made it, remove it, and try again.",
            )

    @property
    def server_lock(self) -> Path:
        """The lock file that the server's processes inherit open and locked."""
        return self.root / "server.lock"

    def remove_socket(self, account: ServerAccount) -> None:
        """Remove the folder in the temporary folder after the server has stopped."""
        if not self.socket.is_relative_to(self.root) and self.socket_is_private(account):
            with contextlib.suppress(OSError):  # it is gone or in use
                self.socket.rmdir()

    def socket_is_private(self, account: ServerAccount) -> bool:
        """Whether only the server's account can have made the socket."""
        try:
            found = self.socket.lstat()
        except FileNotFoundError:
            return False
        closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        return closed and found.st_uid == account.uid

    @contextlib.contextmanager
    def mutex(self) -> Iterator[None]:
        """Be the only process that starts or stops the server of this folder.

        Raises:
            UserError: another process has been doing so for minutes.
        """
        lock = open_lock(self.root / "start.lock")
        try:
            deadline = time.monotonic() + _MUTEX_SECONDS
            while not try_lock(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise UserError(
                        "Another process has been starting or stopping the database for"
                        f" {_MUTEX_SECONDS:.0f} seconds",
                        where=str(self.root),
                        next_step="See whether an ml-connector process hangs, end it, try again.",
                    )
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(lock)

    def open_log(self) -> int:
        """Open the log for a server to append to; return the descriptor."""
        return private_files.opened(self.log, os.O_RDWR | os.O_APPEND)

    def log_is_too_long(self) -> bool:
        """Whether ``shorten_log`` should be called."""
        return self.log.exists() and self.log.stat().st_size > LOG_BYTES

    def shorten_log(self) -> None:
        """Keep the newer half of a log that is too long. Call it under the mutex.

        The server goes on at the new end, because it has the file open for appending.
        """
        log = self.open_log()
        try:
            size = os.fstat(log).st_size
            kept = os.pread(log, LOG_BYTES // 2, size - LOG_BYTES // 2)
            os.ftruncate(log, 0)
            os.write(log, kept.partition(b"\n")[2])
        finally:
            os.close(log)


def give(path: Path, account: ServerAccount) -> None:
    """Give a folder of root's, with its contents, to the account; else do nothing.

    A folder that root copied or restored may contain files of root's.
    """
    if not account.switches or path.lstat().st_uid == account.uid:
        return
    os.chown(path, account.uid, account.gid, follow_symlinks=False)
    for _, folders, files, folder in os.fwalk(path):
        for name in (*folders, *files):
            os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)


def open_lock(path: Path) -> int:
    """Open a file to lock it; child processes don't inherit it."""
    return private_files.opened(path, os.O_RDWR)


def try_lock(lock: int, kind: int) -> bool:
    """Take a shared or exclusive flock; return False at once if others prevent it."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def disk_full(where: Path) -> UserError:
    """Return the error for a full disk."""
    return UserError(
        "The disk is full: the database needs about 100 MB to begin with",
        where=str(where),
        next_step="Free some space, or choose an MLC_DATA_DIR on another disk, and try again.",
    )


def unusable_folder(error: OSError, data_dir: Path) -> UserError:
    """Return the error for a data folder that the operating system refuses to use."""
    where = str(error.filename or data_dir)
    another = "Choose another folder with MLC_DATA_DIR"
    if error.errno in _DISK_FULL:
        return disk_full(data_dir)
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        path = Path(where)
        file = next((one for one in (path, *path.parents) if one.exists()), path)
        return UserError("This is a file, not a folder", where=str(file), next_step=f"{another}.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(
            f"The data folder can't be written: {error.strerror}",
            where=where,
            next_step=f"{another}, or give user number {os.geteuid()} the right to write here.",
        )
    return UserError(
        f"The data folder can't be used: {error.strerror or error}",
        where=where,
        next_step=f"{another}.",
    )
