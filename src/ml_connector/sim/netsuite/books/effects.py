"""What a document does to the books: stock, ledger, links, and the rows queries see."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.values.numbers import ZERO, money

GOOD: Final = 1
"""The inventory status of units for which none is named (13.4)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the general ledger, in base currency. Debits are positive."""

    line: int
    account: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Move:
    """Stock that comes (positive) or goes, in base units, and what it is worth."""

    line: int
    item: int
    location: int
    quantity: Decimal
    worth: Decimal
    number: int | None = None
    bin: int | None = None
    status: int = GOOD


@dataclass(frozen=True, slots=True)
class Link:
    """A later document's line hangs on an earlier one's. Quantity in base units, positive."""

    previous: int
    previous_line: int
    previous_type: str
    line: int
    kind: str
    quantity: Decimal
    amount: Decimal = ZERO


@dataclass(slots=True)
class LineRow:
    """The columns of one row of ``transactionline`` that the document's type decides."""

    item: int | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal = ZERO
    foreign: Decimal = ZERO
    location: int | None = None
    created_from: int | None = None
    stock: bool = False
    cogs: bool | None = None
    side: str | None = None


@dataclass(slots=True)
class Effects:
    """Everything one document does.

    Attributes:
        status: the status letter; ``None`` where the type has none.
        rows: by line id; lines the REST record doesn't show come with ``side``.
        total: of the header, in the document's currency.
        posting: whether it touches the ledger.
    """

    status: str | None = None
    rows: dict[int, LineRow] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    total: Decimal = ZERO
    posting: bool = False
    created_from: int | None = None

    def post(self, line: int, account: int, amount: Decimal) -> None:
        """Add a ledger entry; zero amounts leave no trace."""
        rounded = money(amount)
        if rounded:
            self.entries.append(Entry(line, account, rounded))


def is_balanced(entries: Iterable[Entry]) -> bool:
    """Whether debits equal credits."""
    return sum((entry.amount for entry in entries), ZERO) == ZERO
