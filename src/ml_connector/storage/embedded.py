"""PostgreSQL in the data folder, for installations without a server of their own.

A process that uses the server is an owner: it holds a shared lock on a file, which the kernel
releases however the process dies. The last owner to stop stops the server. If all owners were
killed the server goes on, and the next owner joins it, or ``stop_left_over`` stops it.

Decision and alternatives: docs/adr/0002-embedded-postgresql.md.
"""

import fcntl
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

import psycopg

from ml_connector.errors import UserError
from ml_connector.storage import owning_role, postgres_cluster, postmaster
from ml_connector.storage.owning_role import SUPERUSER
from ml_connector.storage.postgres_binaries import PostgresBinaries, find_binaries
from ml_connector.storage.postgres_folder import (
    DATABASE,
    PostgresFolder,
    give,
    open_lock,
    try_lock,
    unusable_folder,
)
from ml_connector.storage.server_account import ServerAccount, able_to_reach, choose_account

_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_CONNECT_SECONDS = 30.0
_UNREACHABLE_SECONDS = 1.0
_STOPPING_SECONDS = 60.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One data folder's server, running or not.

    Attributes:
        place: where everything is.
        binaries: the programs.
        account: who runs them.
        settings: override our settings at the next start.
    """

    place: PostgresFolder
    binaries: PostgresBinaries
    account: ServerAccount
    settings: Mapping[str, str]

    def is_running(self) -> bool:
        """Whether the server is up. It only reads two small files and does not connect."""
        if not self.place.socket_is_private(self.account):
            return False
        server = postmaster.find(self.place.cluster)
        if server is None:
            return self._runs_elsewhere()
        return server.ready and (self.place.socket / postmaster.SOCKET_FILE).exists()

    def bring_up(self, owners: int) -> bool:
        """Start the server or join it, under the mutex; True when it had to be started.

        Args:
            owners: our open lock file, which tells whether other processes use the server.

        Raises:
            UserError: it doesn't start, or runs where we can't reach it.
        """
        place = self.place
        place.make_socket(self.account)  # first, because anybody could listen there
        deadline = time.monotonic() + _STOPPING_SECONDS
        while True:
            server = postmaster.find(place.cluster)
            if server is None:
                if self._runs_elsewhere():
                    return False
                self._launch()
                return True
            if server.ready:
                if self._is_reachable(server, owners):
                    return False
            elif server.status == "stopping":
                if time.monotonic() > deadline:
                    postmaster.stop(place.cluster)
                time.sleep(_POLL_SECONDS)
            else:
                postgres_cluster.wait_until_ready(place, server.pid)

    def shut_down(self) -> None:
        """Stop the server and processes that a killed one left, under the mutex."""
        postmaster.stop(self.place.cluster)
        postmaster.end_left_over(self.place.cluster, force=False)
        self.place.remove_socket(self.account)

    def open_up(self, owners: int) -> None:
        """Bring the server up and make the database, which shows that clients can connect.

        Args:
            owners: our open lock file.

        Raises:
            UserError: the server is up and accepts no client.
        """
        deadline = time.monotonic() + _CONNECT_SECONDS
        while True:
            self.bring_up(owners)
            try:
                self._make_database()
            except psycopg.OperationalError as error:
                # Too many clients, recovery after a crash, or a kill just after we looked.
                if time.monotonic() > deadline:
                    raise UserError(
                        f"The database runs but can't be used: {error}",
                        where=str(self.place.log),
                        next_step="Look at the log, and try again when its cause is gone.",
                    ) from error
                time.sleep(_POLL_SECONDS)
            else:
                return

    def _launch(self) -> None:
        place = self.place
        if not postgres_cluster.check_version(place, self.binaries):
            postgres_cluster.make_cluster(place, self.binaries, self.account)
        give(place.cluster, self.account)
        postgres_cluster.write_configuration(place, self.settings)
        postgres_cluster.launch(place, self.binaries, self.account)

    def _runs_elsewhere(self) -> bool:
        """Whether a server answers whose processes we can't see, such as in another container."""
        return postmaster.answers(self.place.socket)

    def _is_reachable(self, server: postmaster.Postmaster, owners: int) -> bool:
        """Return False when the server is gone, or was stopped because nobody could reach it."""
        deadline = time.monotonic() + _UNREACHABLE_SECONDS
        while not postmaster.answers(self.place.socket):
            if postmaster.find(self.place.cluster) != server:
                return False
            if time.monotonic() > deadline:
                self._stop_unreachable(owners)
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _stop_unreachable(self, owners: int) -> None:
        alone = try_lock(owners, fcntl.LOCK_EX)
        fcntl.flock(owners, fcntl.LOCK_SH)  # trying the exclusive lock has dropped it
        if not alone:
            raise UserError(
                "The database runs for another process, but its socket can't be reached from here",
                where=str(self.place.socket),
                next_step="Let both processes see the same temporary folder (systemd: no"
                " PrivateTmp), or choose an MLC_DATA_DIR with a shorter path.",
            )
        postmaster.stop(self.place.cluster)

    def _make_database(self) -> None:
        if not owning_role.is_ready(self.place.url()):
            owning_role.make(lambda name: self.place.url(name, role=SUPERUSER), DATABASE)


class Owner:
    """A process's share in the embedded server. Use as a context manager, or call ``stop``.

    The methods may be called from any thread; they block for as long as PostgreSQL takes.

    Attributes:
        url: of the database, for the role that owns it (``storage.owning_role``).
        running_url: for the role that our processes have (``storage.running_role``).
        report_url: for the role that a month end has.
    """

    def __init__(self, server: EmbeddedPostgres, owners: int) -> None:
        self._server = server
        self._owners = owners
        self._pid = os.getpid()
        self._stopping = threading.Lock()
        self._stopped = False
        self.url = server.place.url()
        self.running_url = server.place.url(role=owning_role.RUNNING)
        self.report_url = server.place.url(role=owning_role.REPORT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ensure_running(self) -> bool:
        """Start the server again if it is gone. Cheap when it isn't: call it often.

        It also shortens the log when that is too long. A server that is being killed at this
        moment may still look alive: call this again when connecting fails.

        Returns:
            True when it had to be started; earlier connections are dead then.

        Raises:
            UserError: it doesn't come up.
            RuntimeError: this is no owner any more.
        """
        if self._stopped:
            raise RuntimeError("this owner of the embedded PostgreSQL has stopped")
        place = self._server.place
        if self._server.is_running() and not place.log_is_too_long():
            return False
        try:
            with place.mutex():
                _shorten_log(self._server)
                return self._server.bring_up(self._owners)
        except OSError as error:
            raise unusable_folder(error, place.data_dir) from error

    def stop(self) -> None:
        """Give up the share; the last owner stops the server. Any further call does nothing.

        In a fork of the owner's process it only closes the fork's copy of the lock.
        """
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
            if os.getpid() != self._pid or not self._server.place.root.is_dir():
                os.close(self._owners)  # a server without its folder ends by itself
                return
            with self._server.place.mutex():
                _give_up(self._server, self._owners)


def start(data_dir: Path, *, settings: Mapping[str, str] = _NO_SETTINGS) -> Owner:
    """Start the PostgreSQL server of this data folder, or join the one that runs.

    The folder, the cluster and the database ``ml_connector`` are made when missing.

    Args:
        data_dir: made if missing.
        settings: override our settings of the server (for tests: ``fsync`` and the like);
            without effect on a server that runs already.

    Raises:
        UserError: the folder, the disk, the version, the platform or the server prevents it.
    """
    binaries = find_binaries()
    try:
        place = PostgresFolder(data_dir=data_dir.expanduser().resolve())
        account = choose_account(place.cluster)
        place.make_root()
        account = able_to_reach(account, binaries.postgres, place.root)
        server = EmbeddedPostgres(place, binaries, account, settings)
        with place.mutex():
            return _join(server)
    except OSError as error:
        raise unusable_folder(error, data_dir) from error


def stop_left_over(data_dir: Path, *, wait_seconds: float) -> bool:
    """Stop the server of a data folder that nobody owns any more, if there is one.

    Args:
        data_dir: may be missing.
        wait_seconds: how long to wait for owners that are about to end.

    Returns:
        Whether it is stopped; False when an owner still uses it.

    Raises:
        UserError: it can't be stopped, or the folder can't be used.
    """
    place = PostgresFolder(data_dir=data_dir.expanduser().resolve())
    deadline = time.monotonic() + wait_seconds
    while place.owners.exists():
        try:
            with place.mutex():
                if _stop_unless_owned(place):
                    return True
        except FileNotFoundError:
            break  # another process removes the folder at the same time
        except OSError as error:
            raise unusable_folder(error, data_dir) from error
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _stop_unless_owned(place: PostgresFolder) -> bool:
    # Opened again under each mutex, because a folder that was made again has another file.
    owners = open_lock(place.owners)
    try:
        if not try_lock(owners, fcntl.LOCK_EX):
            return False
        account = choose_account(place.cluster)
        EmbeddedPostgres(place, find_binaries(), account, _NO_SETTINGS).shut_down()
    finally:
        os.close(owners)
    return True


def _join(server: EmbeddedPostgres) -> Owner:
    postgres_cluster.check_version(server.place, server.binaries)
    owners = open_lock(server.place.owners)
    fcntl.flock(owners, fcntl.LOCK_SH)
    try:
        _shorten_log(server)
        server.open_up(owners)
    except BaseException:
        _give_up(server, owners)
        raise
    return Owner(server, owners)


def _shorten_log(server: EmbeddedPostgres) -> None:
    if server.place.log_is_too_long():
        server.place.shorten_log()


def _give_up(server: EmbeddedPostgres, owners: int) -> None:
    try:
        if try_lock(owners, fcntl.LOCK_EX):
            server.shut_down()
    finally:
        os.close(owners)
