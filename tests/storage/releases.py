"""PostgreSQL servers of several releases, as far as this machine has them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ml_connector.storage.postgres_binaries import find_binaries
from ml_connector.storage.server_account import able_to_reach, choose_account

_WHEEL = find_binaries().folder.parents[1]
_PLACES = {
    "15": Path("/usr/lib/postgresql/15/bin"),
    "16": _WHEEL / "pginstall" / "bin",
    "17": Path("/usr/lib/postgresql/17/bin"),
    "18": _WHEEL / "pginstall18" / "bin",
}
RELEASES = [
    pytest.param(
        folder,
        id=release,
        marks=pytest.mark.skipif(
            not (folder / "postgres").exists(), reason=f"no PostgreSQL {release} is here"
        ),
    )
    for release, folder in _PLACES.items()
]


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """A fresh server of a release for the length of the block; the URL of its superuser."""
    folder = Path(tempfile.mkdtemp(prefix="mlc-pg-"))
    account = choose_account(folder / "cluster")
    if account.switches:
        shutil.chown(folder, account.uid, account.gid)
    account = able_to_reach(account, programs / "postgres", folder)
    cluster = folder / "cluster"
    pg_ctl: list[str | Path] = [programs / "pg_ctl", f"--pgdata={cluster}"]
    initdb: list[str | Path] = [programs / "initdb", "--no-sync", "--username=postgres"]
    listening = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        for command in (
            [*initdb, f"--pgdata={cluster}", "--encoding=UTF8", "--locale=C"],
            [*pg_ctl, "start", "--wait", f"--log={folder / 'log'}", f"--options={listening}"],
        ):
            done = account.run(command)
            assert done.returncode == 0, done.stderr
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        account.run([*pg_ctl, "stop", "--mode=immediate"])
        shutil.rmtree(folder)
