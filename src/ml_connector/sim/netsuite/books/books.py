"""The books: one SQLite database in memory that SuiteQL and the record service both read."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

from ml_connector.sim.netsuite.books import functions
from ml_connector.sim.netsuite.books.failures import Failures
from ml_connector.sim.netsuite.books.tables import ddl
from ml_connector.sim.netsuite.values import instants, numbers

Cell = int | float | str | None
"""A value of the database."""

Row = dict[str, Cell]

FIRST_DOCUMENT = 5001
"""The id of the first transaction, so that a document's id is never mistaken for a line's."""


def _nothing() -> None:
    """Nobody wants to know."""


class TellsTime(Protocol):
    """What the simulator asks of a clock."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""


class Books:
    """Rows in, rows out, and the account's clock. Safe to use from any thread.

    Args:
        clock: says what time it is.
        timezone: the account's time zone; SuiteQL reads every datetime in it (4.2).
        date_format: how a bare date is answered and read by SuiteQL, such as ``MM/DD/YYYY``.
        user_timezone: in which SuiteQL writes times, where that is not the account's.

    Attributes:
        before_write: called when a write begins.
    """

    def __init__(
        self,
        *,
        clock: TellsTime,
        timezone: str,
        date_format: str,
        user_timezone: str | None = None,
    ) -> None:
        self.clock = clock
        self.user_zone = ZoneInfo(user_timezone) if user_timezone else None
        self.zone = ZoneInfo(timezone)
        self.date_format = date_format
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(
            ":memory:", check_same_thread=False, isolation_level=None, cached_statements=512
        )
        self.connection.row_factory = sqlite3.Row
        self._depth = 0
        self.before_write: Callable[[], object] = _nothing
        self.failures = Failures()
        self.register(self.connection)
        for statement in ddl():
            self.connection.execute(statement)

    def register(self, connection: sqlite3.Connection) -> None:
        """Give a connection the functions of queries."""
        functions.register(
            connection,
            now=self.now,
            date_format=self.date_format,
            to_user=self._to_user,
            failures=self.failures,
        )
        connection.execute("PRAGMA case_sensitive_like = ON")

    def _to_user(self, instant: Cell) -> Cell:
        """A time of the account's zone as the user's clock shows it."""
        if self.user_zone is None or not isinstance(instant, str):
            return instant
        moment = instants.to_datetime(instant).replace(tzinfo=self.zone)
        return instants.from_datetime(instants.to_local(moment, self.user_zone))

    def now(self) -> str:
        """The present moment in the account's zone, as the books hold it."""
        return instants.from_datetime(instants.to_local(self.clock.now(), self.zone))

    def today(self) -> str:
        """Midnight of the account's present day."""
        return instants.from_date(instants.to_local(self.clock.now(), self.zone).date())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and alone. Nests; the outermost one commits."""
        with self.lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self.before_write()
                    self.connection.execute("BEGIN")
                yield
                if self._depth == 1:
                    self.connection.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def preview(self) -> Iterator[None]:
        """Everything done inside is undone at the end."""
        with self.transaction():
            self.connection.execute("SAVEPOINT preview")
            try:
                yield
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK TO preview")
                    self.connection.execute("RELEASE preview")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query of our own."""
        with self.lock:
            return [dict(row) for row in self.connection.execute(sql, tuple(parameters))]

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row, if any."""
        with self.lock:
            found = self.connection.execute(sql, tuple(parameters)).fetchone()
            return dict(found) if found is not None else None

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Cell:
        """The first column of the first row, if any."""
        with self.lock:
            found = self.connection.execute(sql, tuple(parameters)).fetchone()
            answer: Cell = found[0] if found is not None else None
            return answer

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement of our own.

        Returns:
            how many rows it changed.
        """
        with self.lock:
            return self.connection.execute(sql, tuple(parameters)).rowcount

    def insert(self, table: str, values: Mapping[str, object]) -> int:
        """Add a row.

        Returns:
            its rowid, which is its id where the table has one.
        """
        cells = {name: cell(value) for name, value in values.items() if value is not None}
        sql = _insert_statement(table, tuple(cells))
        with self.lock:
            cursor = self.connection.execute(sql, list(cells.values()))
            return cursor.lastrowid or 0

    def update(self, table: str, values: Mapping[str, object], **where: object) -> int:
        """Change the rows that equal ``where``.

        Returns:
            how many.
        """
        sql = _update_statement(table, tuple(values), tuple(where))
        both = [*values.values(), *where.values()]
        return self.execute(sql, [cell(value) for value in both])

    def delete(self, table: str, **where: object) -> int:
        """Remove the rows that equal ``where``.

        Returns:
            how many.
        """
        matching = " AND ".join(f'"{name}" = ?' for name in where)
        sql = f'DELETE FROM "{table}" WHERE {matching}'  # noqa: S608 - own names only
        return self.execute(sql, [cell(value) for value in where.values()])

    def has(self, table: str, record_id: int) -> bool:
        """Whether a row with this id exists."""
        sql = f'SELECT 1 FROM "{table}" WHERE id = ?'  # noqa: S608 - own names only
        return self.value(sql, (record_id,)) is not None

    def next_id(self, table: str, *, first: int = 1, column: str = "id") -> int:
        """The next free id."""
        sql = f'SELECT MAX("{column}") FROM "{table}"'  # noqa: S608 - own names only
        highest = self.value(sql)
        return max(first, int(highest or 0) + 1)


@cache
def _insert_statement(table: str, names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    # Table and column names come from tables.py, never from outside.
    return f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608


@cache
def _update_statement(table: str, names: tuple[str, ...], where: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = ?' for name in names)
    matching = " AND ".join(f'"{name}" = ?' for name in where)
    return f'UPDATE "{table}" SET {changes} WHERE {matching}'  # noqa: S608 - own names only


def cell(value: object) -> Cell:
    """A Python value as the database holds it: booleans as T/F, empty texts as NULL."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int | float):
        return value
    if isinstance(value, Decimal):
        return numbers.stored(value)
    raise TypeError(f"{value!r} can't be stored")


def whole(value: object) -> int:
    """A database id as int.

    Raises:
        ValueError: it is NULL or not a number.
    """
    if isinstance(value, int | str | float | Decimal):
        return int(value)
    raise ValueError(f"{value!r} is not an id")
