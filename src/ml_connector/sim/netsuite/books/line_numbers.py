"""How an account numbers the lines of orders, in queries and over REST.

That both use the same numbers is one integrator's word (reference 5.2, 15 question 9). So an
account can be set up in any way: ``Preferences.line_numbers``. Documents keep the query's id of
a line; its number over REST is made here, where bodies are read and records are shown.
"""

from collections.abc import Callable
from math import isqrt
from typing import Final, cast, get_args

from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import Company, LineNumbering
from ml_connector.sim.netsuite.books.documents import Document

_NUMBERED: Final = frozenset({"purchaseOrder", "salesOrder", "returnAuthorization"})
"""Transfer orders have a numbering of their own (7.4)."""

Numbers = Callable[[int], int]
"""Returns the number over REST of a line, by its id in queries."""


def as_numbering(text: str) -> LineNumbering:
    """Return the numbering of this name.

    Raises:
        ValueError: there is none.
    """
    for known in get_args(LineNumbering):
        if known == text.strip():
            return cast("LineNumbering", known)
    raise ValueError(f"lines can't be numbered {text!r}: {', '.join(get_args(LineNumbering))}")


def next_id(company: Company, record_type: str, highest: int, step: int) -> int:
    """The id of a new line, above every id in use; with gaps, as lines deleted leave them."""
    if record_type in _NUMBERED and company.preferences.line_numbers in ("gaps", "sequence"):
        return (isqrt(highest) + 1) ** 2  # 1, 4, 9
    return highest + step


def own(company: Company, document: Document) -> Numbers:
    """The numbers of a document's own lines."""
    return _numbers(company, document.kind.name, document.id)


def of_source(company: Company, document: Document) -> Numbers:
    """The numbers of the lines of the order that a document was made from: ``orderLine``."""
    source = document.ref("createdfrom")
    record_type = company.books.value('SELECT _record FROM "transaction" WHERE id = ?', (source,))
    return _numbers(company, str(record_type), source or 0)


def _numbers(company: Company, record_type: str, document_id: int) -> Numbers:
    numbering = company.preferences.line_numbers
    if record_type not in _NUMBERED or numbering in ("equal", "gaps"):
        return lambda line: line
    if numbering == "shifted":
        return lambda line: line + 1
    rows = company.books.rows(
        'SELECT id, linesequencenumber AS place FROM transactionline WHERE "transaction" = ?',
        (document_id,),
    )
    places = {whole(row["id"]): whole(row["place"]) for row in rows}
    return lambda line: places.get(line, line)
