"""What a report costs grows with the month and no faster: counted in rows, not in seconds."""

from itertools import pairwise
from pathlib import Path

import msgspec
import psycopg
import pytest
from psycopg import sql

from ml_connector.bench.child import MODULE, finished
from ml_connector.bench.closing import FAULTS, Closed, Task
from waiting import wait_until

SIZES = (1_000, 4_000, 32_000)

MOST_GROWTH = 2.0
"""PostgreSQL may join large tables otherwise than small ones, at up to half as much again. Were
the rows read once for each row, the larger step would cost seven times the smaller one."""

_ALONE = """
select not exists (select from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend'
        and pid <> pg_backend_pid())
"""


@pytest.fixture
def only_read_by_us(database_url: str) -> str:
    """A database whose tables the server doesn't look through by itself."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "select relname from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind = 'r'"
        ).fetchall()
        for (name,) in tables:
            connection.execute(
                sql.SQL("alter table {} set (autovacuum_enabled = off)").format(
                    sql.Identifier(name)
                )
            )
    return database_url


def rows_read(url: str) -> int:
    """Return how many rows the server has read in this database for processes that ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        # A client that is gone has been counted when the server's process for it is gone too.
        wait_until(lambda: connection.execute(_ALONE).fetchone() == (True,))
        row = connection.execute(
            "select tup_returned + tup_fetched from pg_stat_database"
            " where datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def read_to_close(url: str, folder: Path, rows: int) -> int:
    """Close a month of so many journal rows; return how many rows were read for it."""
    before = rows_read(url)
    task = Task(database_url=url, name=f"month-of-{rows}", rows=rows, folder=str(folder))
    told = finished([*MODULE, "closing"], what="The month", given=msgspec.json.encode(task))

    assert set(msgspec.json.decode(told, type=Closed).kinds) == set(FAULTS)
    return rows_read(url) - before


def test_no_row_is_read_more_often_in_a_larger_month(only_read_by_us: str, tmp_path: Path) -> None:
    read = [read_to_close(only_read_by_us, tmp_path / str(rows), rows) for rows in SIZES]
    # For each row that a larger month has more: what every month costs is in neither.
    first, second = (
        (more - less) / (larger - smaller)
        for (smaller, less), (larger, more) in pairwise(zip(SIZES, read, strict=True))
    )

    assert 0 < second <= MOST_GROWTH * first
