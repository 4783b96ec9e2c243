"""Numbers in the sentences of commands: how many of what, sums and signed amounts. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ml_connector.cli.table_layout import in_cell
from ml_connector.ledger.conservation.equation import Equation, sentences

_NUMBER: Final = re.compile(r"(?<![\w.,-])-?\d+(\.\d+)?(?![\w,-])")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things in words: ``1 purchase order``, ``1,200 rows``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def signed(number: Decimal | int) -> str:
    """Return a change with its sign, a true minus, and commas: as in ``+2,024.06``."""
    plus = "+" if number >= 0 else ""
    return plus + in_cell(Decimal(number))


def accounted(equation: Equation) -> Iterator[str]:
    """Yield the equation of source lines as text for a person."""
    for sentence in sentences(equation):
        measure, _, terms = sentence.partition(": ")
        yield f"{measure}: {_NUMBER.sub(lambda found: in_cell(Decimal(found[0])), terms)}"
