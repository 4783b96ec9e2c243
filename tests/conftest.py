"""What all tests share: a PostgreSQL server for the session, a fresh database for each test."""

import functools
import gc
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from databases import drop_database

if TYPE_CHECKING:
    from ml_connector.storage.database import Database

# Where this is set, each process that a test starts compiles all of its libraries anew, which
# takes seconds: for the tests, what was compiled is kept beside the sources as usual.
sys.dont_write_bytecode = False
os.environ["PYTHONDONTWRITEBYTECODE"] = ""

# No property is a matter of time: a busy machine draws and runs an example slowly. What fails
# says how to repeat it. The parent is named, or where CI is set there would be another one, which
# draws the same examples in every run.
settings.register_profile(
    "suite",
    settings.get_profile("default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is decided now into the golden cases; read the diff",
    )


LONGEST = (
    "selftest/test_chaos",
    "bench",
    "web/test_api_by_description",
    "contract",
    "docs/test_tutorial",
    "app",
    "acceptance/test_any",
    "acceptance/test_deciding",
    "acceptance/test_whose",
    "acceptance",
    "browser",
    "selftest",
    "chaos",
    "storage/test_embedded",
    "cli",
    "sim/shipbob/test_third_party_client",
    "vault/test_ninety_days",
    "audit",
    "web",
)
"""Folders and files that take half a minute or more; those that take longest first."""

QUICK_FILES = 6
"""So many of the others are worth a process of their own."""


def pytest_configure(config: pytest.Config) -> None:
    # Else the files with the most tests would begin first, which is not what takes long.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Choose how many processes share the files; 0: one does all, and starts no other.

    A process takes seconds to begin, so it must have something to do. A test often waits for
    processes it has started, so there is room for one more than there are cores.
    """
    asked = [config.invocation_params.dir / one.partition("::")[0] for one in config.args]
    files = {
        file for path in asked for file in (path.rglob("test_*.py") if path.is_dir() else [path])
    }
    long = sum(rank(file) < len(LONGEST) for file in files)
    wanted = long + (len(files) - long) // QUICK_FILES
    ours = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ()
    most = (len(ours) or os.cpu_count() or 1) + 1
    return min(wanted, most) if wanted > 1 else 0


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among ten thousand tests while they are found, nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first, so that no core is left alone with one at the end."""
    items.sort(key=lambda item: rank(item.path))


@functools.cache
def rank(path: Path) -> int:
    """Return when a test file begins: its place in ``LONGEST``."""
    name, here = str(path.resolve()), Path(__file__).parent
    ranks = (n for n, start in enumerate(LONGEST) if name.startswith(f"{here}/{start}"))
    return next(ranks, len(LONGEST))


REFERENCE = Path(__file__).parents[2] / "shared" / "reference"


# A database is three hundred files, made and dropped for each test: where there is memory to
# spare, they never see a disk.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is the server's alone
SPARE_BYTES = 4 << 30
PREFIX = "ml-connector-tests-"
OLD_SECONDS = 1200
"""Longer than any test may take that has such a folder for itself."""


@contextmanager
def folder_for_a_server() -> Iterator[Path]:
    """A folder of its own with a short path, in memory where there is some to spare."""
    is_spare = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > SPARE_BYTES
    with tempfile.TemporaryDirectory(
        prefix=PREFIX, dir=MEMORY if is_spare else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture
def server_path() -> Iterator[Path]:
    """``tmp_path`` for a test that starts a PostgreSQL server of its own."""
    with folder_for_a_server() as folder:
        yield folder


@pytest.fixture(scope="session")
def swept_up() -> None:
    """Clear away what runs that were killed left in memory."""
    from ml_connector.storage import embedded  # noqa: PLC0415 - only where used

    for folder in MEMORY.glob(f"{PREFIX}*"):
        with suppress(OSError):
            is_old = time.time() - folder.stat().st_mtime > OLD_SECONDS
            if is_old and embedded.stop_left_over(folder, wait_seconds=0):
                shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_url(swept_up: None) -> Iterator[str]:  # noqa: ARG001 - for its effect
    """A server to make databases on: MLC_TEST_DATABASE_URL, or an embedded one."""
    given = os.environ.get("MLC_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from ml_connector.storage import embedded, owning_role  # noqa: PLC0415 - only where used

    # The rows of a test need not survive a power cut.
    settings = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_wal_size": "128MB",
    }
    with folder_for_a_server() as folder, embedded.start(folder, settings=settings) as owner:
        # Tests do what no role of ours may: they change rows that triggers keep, and drop
        # databases that the server is just vacuuming.
        for rights in ("set on parameter session_replication_role", "pg_signal_backend"):
            administer(
                psycopg.conninfo.make_conninfo(owner.url, user=owning_role.SUPERUSER),
                sql.SQL("grant {} to {}").format(
                    sql.SQL(rights), sql.Identifier(owning_role.ROLE)
                ),
            )
        yield owner.url


def with_database(url: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(url, dbname=name)


def administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    from ml_connector.storage.migrate import migrate  # noqa: PLC0415 - only where it is used

    name = f"template_{uuid.uuid4().hex[:12]}"
    administer(server_url, sql.SQL("create database {}").format(sql.Identifier(name)))
    migrate(with_database(server_url, name))
    yield name
    drop_database(server_url, name)


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    administer(
        server_url,
        sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    yield with_database(server_url, name)
    drop_database(server_url, name)


@pytest.fixture
async def database(database_url: str) -> "AsyncIterator[Database]":
    """An open pool on a fresh, migrated database."""
    from ml_connector.storage.database import Database  # noqa: PLC0415 - only where it is used

    async with Database(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data that lies beside a developer's checkout."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference data is not beside this checkout")
    return REFERENCE
