"""Backup and restore of the whole database, with PostgreSQL's own programs.

``pg_dump`` reads the database as it was at one moment, however long it takes and whatever is
written meanwhile. docs/adr/0011-backup-with-pg-dump.md says why we use it.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.storage.connection_string import environment, is_encrypted
from ml_connector.storage.postgres_binaries import client_programs
from ml_connector.storage.schema import MIGRATIONS, connect

_CREATED: Final = re.compile(r"create (?:table|view)(?: if not exists)? (\w+)", re.IGNORECASE)
_LIBRARIES: Final = ("procrastinate_", "alembic_version")
_ATTEMPTS: Final = 3
_SECONDS: Final = 3600
_MAGIC: Final = b"PGDMP"

_OURS: Final = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and application_name like 'ml-connector%'
"""

_TABLES: Final = """
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""


def dump(url: str, file: Path) -> int:
    """Write the database into a file that only its owner can read; return its size in bytes.

    An older file of this name is replaced when the new one is complete.

    Raises:
        UserError: it can't be made; it quotes PostgreSQL.
    """
    try:
        with private_files.replacing(file) as opened:
            _run(
                ["pg_dump", "--format=custom", "--no-owner", "--no-privileges"],
                url,
                what="The backup failed",
                where=str(file),
                into=opened.fileno(),
            )
            return os.fstat(opened.fileno()).st_size
    except OSError as error:
        raise UserError(
            f"The backup can't be written: {error.strerror}",
            where=str(file),
            next_step="Choose a folder that exists and can be written to.",
        ) from error


def load(url: str, file: Path, *, after: Sequence[str] = ()) -> None:
    """Replace the database by a file's contents, completely or not at all.

    Other users of the database are disconnected, and connect again.

    Args:
        url: of the owner of the tables.
        file: what ``dump`` has written.
        after: statements to run in the same transaction, since a backup has no privileges.

    Raises:
        UserError: the file is no backup, the database has tables of others, or PostgreSQL
            refuses; it quotes PostgreSQL.
    """
    listed = _contents(url, file)
    _only_ours(url, file)
    has_schema = re.search(r"\bSCHEMA - public\b", listed) is not None
    before = "drop schema if exists public cascade;" + (
        "" if has_schema else "create schema public;"
    )
    with tempfile.TemporaryDirectory(prefix="mlc-restore-") as folder:
        # The script is complete before it runs, so that a damaged file changes nothing.
        script = Path(folder) / "restore.sql"
        _run(
            ["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(file)],
            url,
            what="The backup is damaged, and nothing was changed",
            where=str(file),
        )
        for attempt in range(_ATTEMPTS):
            _disconnect_others(url)
            try:
                _replay(url, script, before, after, where=str(file))
                break
            except UserError as error:
                if attempt == _ATTEMPTS - 1 or "deadlock" not in str(error):
                    raise
    # Their prepared statements refer to tables that are gone.
    _disconnect_others(url)


def _contents(url: str, file: Path) -> str:
    try:
        with file.open("rb") as opened:
            magic = opened.read(len(_MAGIC))
    except OSError as error:
        raise UserError(
            f"The backup can't be read: {error.strerror}",
            where=str(file),
            next_step="Check the path.",
        ) from error
    if magic != _MAGIC:
        raise UserError(
            "This is not a backup made by ml-connector backup",
            where=str(file),
            next_step="Give the file that ml-connector backup has written.",
        )
    return _run(
        ["pg_restore", "--list", str(file)], url, what="The backup is damaged", where=str(file)
    )


def _only_ours(url: str, file: Path) -> None:
    """Refuse when the database has tables that are not ours, before anything is dropped."""
    ours = {
        name
        for path in sorted((MIGRATIONS / "versions").iterdir())
        if path.suffix in {".py", ".sql"}
        for name in _CREATED.findall(path.read_text("utf-8"))
    }
    with connect(url) as connection:
        there = [str(row[0]) for row in connection.execute(_TABLES).fetchall()]
    strange = [
        name
        for name in there
        if name not in ours
        and not name.startswith(_LIBRARIES)
        and not any(name.startswith(f"{one}_") for one in ours)
    ]
    if strange:
        raise UserError(
            f"The database holds tables of something else: {', '.join(sorted(strange)[:5])}",
            where=str(file),
            next_step="Restore into a database of its own (MLC_DATABASE_URL): everything in it"
            " is replaced.",
        )


def _disconnect_others(url: str) -> None:
    with connect(url) as connection:
        connection.execute(_OURS)


def _replay(url: str, script: Path, before: str, after: Sequence[str], *, where: str) -> None:
    """Run a script in one transaction, with statements of ours before and after it."""
    _run(
        [
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command={before}",
            f"--file={script}",
            # The script leaves an empty search path behind.
            *(f"--command=set search_path = public; {statement}" for statement in after),
        ],
        url,
        what="The backup could not be restored, and nothing was changed",
        where=where,
    )


def _run(
    arguments: list[str], url: str, *, what: str, where: str, into: int = subprocess.PIPE
) -> str:
    program, *rest = arguments
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [client_programs(encrypted=is_encrypted(url)) / program, *rest],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        stdout=into,
        stderr=subprocess.PIPE,
        check=False,
        timeout=_SECONDS,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        told = next((line for line in said if "error" in line.lower()), said[0] if said else "")
        raise UserError(
            f"{what}: {told.partition('error:')[2].strip() or told}",
            where=where,
            next_step="Correct what PostgreSQL names and run it again. A server that is newer"
            " than the programs of the wheel needs its own pg_dump and pg_restore.",
        )
    return (done.stdout or b"").decode("utf-8", "replace")


def _environment(url: str) -> dict[str, str]:
    """Return the address of the database as environment: everybody can see arguments."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ") if key in os.environ}
    return {**kept, **environment(url, name="mlc backup")}
