"""Month ends of journals of several lengths: seconds, memory, and how the cost per row grows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import psycopg

from ml_connector.bench.child import MODULE, finished
from ml_connector.bench.closing import FAULTS, Closed, Task
from ml_connector.bench.figures import Figure, Measured, of_rounds
from ml_connector.storage import embedded, owning_role
from ml_connector.storage.migrate import migrate

SIZES: Final = (10_000, 100_000, 1_000_000)
QUICK_SIZES: Final = (3_000, 30_000)
MOST_SECONDS: Final = 20.0
MOST_MEGABYTES: Final = 512.0
MOST_GROWTH: Final = 1.5
ROWS_OF_A_SKU: Final = 100
ROUNDS: Final = 3
"""Each report is made this often, and the median counts: the machine does other things too."""

_MICRO: Final = 1e6


def month_end(folder: Path, *, quick: bool) -> Measured:
    """Measure the report of a month whose journal has 10,000 up to 1,000,000 rows.

    The time is from when NetSuite's lines are in the database until the three files are written;
    the median of three rounds. In the largest month the stock of 10,000 SKUs at five locations is
    tied out. There are four faults in each month, and nothing else may be found. The floor is the
    database copying the same rows to a file. The database makes the rows; the time that the two
    systems take to send their lines is not measured.

    Args:
        folder: for the database and the files.
        quick: smaller months.

    Raises:
        UserError: a measured process ended early.
    """
    closed: dict[int, Closed] = {}
    with embedded.start(folder) as owner:
        migrate(owner.url)
        _let_rows_be_put_in(owner.url)
        for rows in QUICK_SIZES if quick else SIZES:
            closed[rows] = _closed(owner.url, rows, folder, rounds=1 if quick else ROUNDS)
    return Measured(
        name="month-end",
        about="report of a month, three ways and tied out, with four faults in it",
        figures=tuple(_figures(closed)),
        wrong=tuple(
            f"{rows:,} rows: found {one.kinds}, not the faults"
            for rows, one in closed.items()
            if set(one.kinds) != set(FAULTS)
        ),
    )


def _figures(closed: Mapping[int, Closed]) -> Iterator[Figure]:
    largest = max(closed)
    seconds = {rows: median(one.report_seconds) for rows, one in closed.items()}
    per_row = {rows: spent / rows * _MICRO for rows, spent in seconds.items()}
    of_largest = closed[largest]
    yield of_rounds(
        f"report of {largest:,} rows", of_largest.report_seconds, "s", at_most=MOST_SECONDS
    )
    yield Figure(
        name="memory of its process",
        value=of_largest.megabytes,
        unit="MB",
        at_most=MOST_MEGABYTES,
    )
    yield Figure(name="floor: the rows copied to a file", value=of_largest.floor_seconds, unit="s")
    yield Figure(
        name="ratio to the floor", value=seconds[largest] / of_largest.floor_seconds, unit="x"
    )
    yield Figure(
        name="NetSuite's lines put beside the books", value=of_largest.read_seconds, unit="s"
    )
    for rows, value in per_row.items():
        yield Figure(name=f"a row of {rows:,}", value=value, unit="us")
    yield Figure(
        name="cost of a row, largest to smallest",
        value=per_row[largest] / per_row[min(closed)],
        unit="x",
        at_most=MOST_GROWTH,
    )


def _let_rows_be_put_in(url: str) -> None:
    """Let the owner of the measured database leave the chain of a million rows unchecked."""
    with psycopg.connect(url, user=owning_role.SUPERUSER) as connection:
        connection.execute("grant set on parameter session_replication_role to mlc_owner")


def _closed(url: str, rows: int, folder: Path, *, rounds: int) -> Closed:
    out = folder / str(rows)
    task = Task(
        database_url=url,
        name=f"bench-{rows}",
        rows=rows,
        folder=str(out),
        rounds=rounds,
        skus=rows // ROWS_OF_A_SKU,
    )
    told = finished(
        [*MODULE, "closing"], what="The month could not be closed", given=msgspec.json.encode(task)
    )
    return msgspec.json.decode(told, type=Closed)
