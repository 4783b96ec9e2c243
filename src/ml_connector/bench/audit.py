"""The journal's proof, its walks back and its sums, from 10,000 to 1,000,000 rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from ml_connector.bench.figures import Figure, Measured, percentile
from ml_connector.bench.long_journal import LAST_MONTH, fill
from ml_connector.ledger.conservation import sums
from ml_connector.ledger.journal import chain, trail
from ml_connector.storage import embedded
from ml_connector.storage.database import Database, rows
from ml_connector.storage.migrate import migrate

SIZES: Final = (10_000, 100_000, 1_000_000)
QUICK_SIZES: Final = (2_000, 20_000)
MOST_SECONDS: Final = 60.0
MOST_MILLISECONDS: Final = 300.0
MOST_GROWTH: Final = 1.5
_SHOWN: Final = 40
_MICRO: Final = 1e6


def audit(folder: Path, *, quick: bool) -> Measured:
    """Measure ``audit verify``, ``journal show`` and ``journal balance``.

    The floor of the proof is the database copying the same rows out. Rows are put in with
    their postings and source lines, four to a document, over twelve months; all sizes lie
    in one database.

    Args:
        folder: for the database.
        quick: shorter journals.
    """
    with embedded.start(folder) as owner:
        migrate(owner.url)
        measured = asyncio.run(_measured(owner.url, QUICK_SIZES if quick else SIZES))
    return Measured(
        name="audit",
        about="proof, walks back and sums of a journal",
        figures=tuple(_figures(measured)),
        wrong=tuple(measured.wrong),
    )


@dataclass(kw_only=True)
class _Measurements:
    """What was measured of journals of several lengths; all times in seconds.

    Attributes:
        verified: the time of ``audit verify``, by number of rows.
        copied: the floor: copying the rows of the largest one out.
        shown: the times of ``journal show``, one for each posting looked for.
        summed: the time of ``journal balance`` over all lines.
        summed_month: the time of ``journal balance`` over the lines of a month.
        month_lines: how many lines that month has.
        wrong: what the journals should have come to and did not.
    """

    verified: dict[int, float] = field(default_factory=dict)
    copied: float = 0.0
    shown: Sequence[float] = ()
    summed: float = 0.0
    summed_month: float = 0.0
    month_lines: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def largest(self) -> int:
        return max(self.verified)

    @property
    def microseconds_a_row(self) -> dict[int, float]:
        return {size: seconds / size * _MICRO for size, seconds in self.verified.items()}


async def _measured(url: str, sizes: tuple[int, ...]) -> _Measurements:
    measured = _Measurements()
    async with Database(url, size=2, name="bench") as database:
        for size in sizes:
            await _verified(database, size, measured)
        largest = measured.largest
        name = f"bench-{largest}"
        measured.copied, _ = await _timed(partial(_copied, database, name))
        measured.shown = await _shown(database, name, largest)
        measured.summed, equation = await _timed(partial(_summed, database, name))
        if not equation.holds or equation.posted.lines != largest:
            measured.wrong.append(f"{name}: {equation.unexplained.lines} lines unexplained")
        month = partial(_summed, database, name, *LAST_MONTH)
        measured.summed_month, of_month = await _timed(month)
        measured.month_lines = of_month.posted.lines
        if not of_month.holds or not 0 < measured.month_lines < largest / 10:
            measured.wrong.append(f"{name}: {measured.month_lines} lines in a month")
    return measured


async def _verified(database: Database, size: int, measured: _Measurements) -> None:
    """Fill a journal of a length, and measure ``audit verify`` on it."""
    name = f"bench-{size}"
    async with database.transaction() as connection:
        await fill(connection, name, size)
    async with database.pool.connection() as connection:
        await connection.set_autocommit(True)
        await connection.execute("vacuum analyze")
        await connection.set_autocommit(False)
    seconds, [verdict] = await _timed(partial(chain.verify, database, [name]))
    measured.verified[size] = seconds
    if verdict.broken or verdict.rows != size:
        measured.wrong.append(f"{name}: {verdict.rows} rows, broken {verdict.broken[:1]}")


def _figures(measured: _Measurements) -> Iterator[Figure]:
    largest, per_row = measured.largest, measured.microseconds_a_row
    verified = measured.verified[largest]
    yield Figure(
        name=f"audit verify, {largest:,} rows", value=verified, unit="s", at_most=MOST_SECONDS
    )
    yield Figure(name="floor: the rows copied out", value=measured.copied, unit="s")
    yield Figure(name="ratio to the floor", value=verified / measured.copied, unit="x")
    for size, value in per_row.items():
        yield Figure(name=f"a row of {size:,}", value=value, unit="us")
    yield Figure(
        name="cost of a row, largest to smallest",
        value=per_row[largest] / per_row[min(per_row)],
        unit="x",
        at_most=MOST_GROWTH,
    )
    yield Figure(
        name=f"journal show, p95, {largest:,} rows",
        value=percentile(measured.shown, 0.95) * 1000,
        unit="ms",
        at_most=MOST_MILLISECONDS,
    )
    lines = measured.month_lines
    yield Figure(name=f"journal balance, {largest:,} lines", value=measured.summed, unit="s")
    yield Figure(
        name=f"journal balance, {lines:,} of a month", value=measured.summed_month, unit="s"
    )
    yield Figure(
        name="cost of a line, of a month to of all",
        value=(measured.summed_month / lines) / (measured.summed / largest),
        unit="x",
    )


async def _timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = await work()
    return time.perf_counter() - began, result


async def _copied(database: Database, name: str) -> int:
    size = 0
    async with database.transaction() as connection, connection.cursor() as cursor:
        statement = "copy (select * from journal where connection = %s order by number) to stdout"
        async with cursor.copy(statement, [name]) as copy:
            async for block in copy:
                size += len(block)
    return size


async def _shown(database: Database, name: str, size: int) -> list[float]:
    """Return the seconds of walks back by number, external id and document."""
    seconds: list[float] = []
    for at in range(_SHOWN):
        number = 1 + at * 7919 % size
        async with database.transaction() as connection:
            [row] = await rows(
                connection,
                "select target, external_id from journal where connection = %(name)s"
                " and number = %(number)s",
                {"name": name, "number": number},
            )
        wanted = (str(number), row["external_id"], row["target"])[at % 3]

        async def walk(wanted: str = wanted) -> None:
            async with database.transaction() as connection:
                [posting_id, *_] = await trail.find(connection, [name], wanted)
                await trail.walk(connection, posting_id)

        took, _ = await _timed(walk)
        seconds.append(took)
    return seconds


async def _summed(
    database: Database, name: str, start: date | None = None, end: date | None = None
) -> Any:
    async with database.transaction() as connection:
        return await sums.equation(connection, [name], start=start, end=end)
