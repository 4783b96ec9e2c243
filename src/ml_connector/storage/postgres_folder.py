"""The folder of the embedded PostgreSQL: what lies where, its locks, its log, its socket.

::

    <data folder>/postgres/
      cluster/         what initdb made; belongs to the account that runs the server
      socket/          the server's socket; belongs to the same account, mode 0700
      postgresql.conf  written by us at each start
      server.log       bounded
      owners.lock      held shared by each process that uses the server
      start.lock       held exclusively while somebody starts or stops the server
      server.lock      held by all processes of the server itself

Root keeps everything but ``cluster`` and ``socket``, and never follows a link in here: the
server's account can't make us write elsewhere.
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
    """The places of one data folder's PostgreSQL.

    Attributes:
        data_dir: absolute, without links, so that every process computes the same places.
    """

    data_dir: Path

    @property
    def root(self) -> Path:
        """Everything of the embedded server lies below it, but for a socket moved away."""
        return self.data_dir / "postgres"

    @property
    def cluster(self) -> Path:
        """What initdb made."""
        return self.root / "cluster"

    @property
    def configuration(self) -> Path:
        """The server's settings."""
        return self.root / "postgresql.conf"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.root / "server.log"

    @property
    def owners(self) -> Path:
        """The lock file of the processes that use the server."""
        return self.root / "owners.lock"

    @property
    def socket(self) -> Path:
        """The folder of the server's socket.

        A socket's path is short by law of the kernel, and libpq reads a comma in it as a list:
        where the data folder's path doesn't serve, a folder below the system's temporary one
        does. That is ``/tmp`` for everybody, since ``TMPDIR`` may differ between two owners.
        """
        inside = self.root / "socket"
        path = os.fsencode(inside / SOCKET_FILE)
        if len(path) <= _SOCKET_PATH_BYTES and b"," not in path:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        system = Path("/tmp")  # noqa: S108 - a private folder, its owner checked
        temporary = system if system.is_dir() else Path(tempfile.gettempdir())
        return temporary / f"ml-connector-{digest}"

    def url(self, database: str = DATABASE, *, role: str = DATABASE) -> str:
        """The address of a database over the socket, for libpq and SQLAlchemy alike."""
        host = quote(str(self.socket), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={PORT}"

    def make_root(self) -> None:
        """Make the data folder and ours in it, if they are not there yet."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.root.mkdir(mode=0o700)
            if os.geteuid() == 0:  # the server's account passes through, and sees no names
                self.root.chmod(0o711)
        if not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.root))

    def make_socket(self, account: ServerAccount) -> None:
        """Make the socket's folder, private to the server's account.

        Raises:
            UserError: somebody else made it first.
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
        """Leave nothing in the system's temporary folder when the server has stopped."""
        if not self.socket.is_relative_to(self.root) and self.socket_is_private(account):
            with contextlib.suppress(OSError):  # gone, or in use: it is made or found again
                self.socket.rmdir()

    def socket_is_private(self, account: ServerAccount) -> bool:
        """Whether only the server's account can be behind the socket."""
        try:
            found = self.socket.lstat()
        except FileNotFoundError:
            return False
        closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        return closed and found.st_uid == account.uid

    @contextlib.contextmanager
    def mutex(self) -> Iterator[None]:
        """Be the only one who starts or stops the server of this folder.

        Raises:
            UserError: somebody else has been at it for minutes.
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
        """The log, open for a server to append to it."""
        return private_files.opened(self.log, os.O_RDWR | os.O_APPEND)

    def log_is_too_long(self) -> bool:
        """Whether it is time to call ``shorten_log``."""
        return self.log.exists() and self.log.stat().st_size > LOG_BYTES

    def shorten_log(self) -> None:
        """Keep the newer half of a log that is too long. Call it under the mutex.

        The server goes on writing at the new end, because it has the file open to append.
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
    """Make root's folder and what is in it the account's; an ordinary user's is his already.

    Folders that root copied or restored come with root's files in them.
    """
    if not account.switches or path.lstat().st_uid == account.uid:
        return
    os.chown(path, account.uid, account.gid, follow_symlinks=False)
    for _, folders, files, folder in os.fwalk(path):
        for name in (*folders, *files):
            os.chown(name, account.uid, account.gid, dir_fd=folder, follow_symlinks=False)


def open_lock(path: Path) -> int:
    """Open a file to lock it; children don't inherit it."""
    return private_files.opened(path, os.O_RDWR)


def try_lock(lock: int, kind: int) -> bool:
    """Take a shared or exclusive flock, or answer False at once if others prevent it."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def disk_full(where: Path) -> UserError:
    """The error for a disk without space."""
    return UserError(
        "The disk is full: the database needs about 100 MB to begin with",
        where=str(where),
        next_step="Free some space, or choose an MLC_DATA_DIR on another disk, and try again.",
    )


def unusable_folder(error: OSError, data_dir: Path) -> UserError:
    """What the operating system's refusal means for the data folder, in words."""
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
