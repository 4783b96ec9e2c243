"""Queries that see a write some time after it (11.6): the books as they were before it."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ml_connector.sim.netsuite.books.books import Books


@dataclass
class _Before:
    """The books before one write, and until when queries still see them so."""

    until: datetime
    image: bytes
    register: Callable[[sqlite3.Connection], object]

    @cached_property
    def connection(self) -> sqlite3.Connection:
        found = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        found.deserialize(self.image)
        self.register(found)
        return found


class LateWrites:
    """Keeps the books as they were before each write, as long as queries don't see it.

    Args:
        books: where documents are written; they tell when a write begins.
        lag: how long a write is not seen.
    """

    def __init__(self, books: Books, lag: timedelta) -> None:
        self._books = books
        self._lag = lag
        self._kept: list[_Before] = []
        books.before_write = self._keep

    def _keep(self) -> None:
        books = self._books
        until = books.clock.now() + self._lag
        image = books.connection.serialize()
        self._forget()
        self._kept.append(_Before(until, image, books.register))

    def _forget(self) -> None:
        now = self._books.clock.now()
        self._kept = [one for one in self._kept if one.until > now]

    def connection(self) -> sqlite3.Connection:
        """The books as a query sees them now."""
        self._forget()
        return self._kept[0].connection if self._kept else self._books.connection
