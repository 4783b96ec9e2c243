"""Oracle's aggregates for SQLite: exact sums, averages, ordered lists."""

from decimal import Decimal

from ml_connector.sim.netsuite.values import numbers

Cell = int | float | str | None


class Sum:
    """SUM with Decimal, so that cents stay cents."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: Cell) -> None:
        """Take one row."""
        if value is not None:
            self.total = (self.total or numbers.ZERO) + numbers.exact(value)

    def finalize(self) -> Cell:
        """The result."""
        return None if self.total is None else numbers.stored(self.total)


class Average(Sum):
    """AVG with Decimal."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def step(self, value: Cell) -> None:
        """Take one row."""
        if value is not None:
            self.count += 1
        super().step(value)

    def finalize(self) -> Cell:
        """The result."""
        return None if self.total is None else float(self.total / self.count)


class ListAgg:
    """LISTAGG ... WITHIN GROUP: values with their sort keys, joined in order.

    Arguments: value, separator, distinct (0 or 1), then pairs of sort key and direction.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[list[tuple[Cell, bool]], str]] = []
        self.separator = ""
        self.distinct = False

    def step(self, value: Cell, separator: Cell, distinct: Cell, *order: Cell) -> None:
        """Take one row."""
        self.separator = as_text(separator)
        self.distinct = bool(distinct)
        if value is not None:
            keys = [(order[at], bool(order[at + 1])) for at in range(0, len(order) - 1, 2)]
            self.rows.append((keys, as_text(value)))

    def finalize(self) -> Cell:
        """The result."""
        width = len(self.rows[0][0]) if self.rows else 0
        for at in reversed(range(width)):
            self.rows.sort(
                key=lambda row: sort_key(row[0][at][0]),
                reverse=self.rows[0][0][at][1],
            )
        values = [value for _, value in self.rows]
        if self.distinct:
            values = list(dict.fromkeys(values))
        return self.separator.join(values) or None


def sort_key(value: Cell) -> tuple[int, float, str]:
    """Numbers, then texts, then NULL."""
    if value is None:
        return (2, 0.0, "")
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, value)


def as_text(value: Cell) -> str:
    """A value as text; NULL is empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else numbers.plain(value)
