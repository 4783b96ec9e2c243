"""Why a function of a query failed: SQLite itself only says that one did."""

from collections.abc import Callable

from ml_connector.sim.netsuite.books.aggregates import Cell
from ml_connector.sim.netsuite.values.formats import FormatError


class FunctionError(ValueError):
    """A function was called with something it can't take."""


class Failures:
    """Remembers the sentence of the last failure, for the one who ran the query.

    One query runs at a time, under the lock of the books.
    """

    def __init__(self) -> None:
        self._last = ""

    def guarded(self, function: Callable[..., Cell]) -> Callable[..., Cell]:
        """The same function, whose failure is remembered."""

        def call(*arguments: Cell) -> Cell:
            try:
                return function(*arguments)
            except (FunctionError, FormatError) as error:
                self._last = str(error)
                raise

        return call

    def take(self) -> str:
        """The sentence of the failure that ended a query, once; empty where nothing is known."""
        last, self._last = self._last, ""
        return last
