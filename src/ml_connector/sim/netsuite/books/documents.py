"""Transactions in memory: a header, its lines, and how both are kept in the books."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.sim.netsuite.books.books import FIRST_DOCUMENT, Books, Row, whole
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES, RecordType

Value = object
"""A property's value: int for references, Decimal or int for numbers, instants for dates, text,
bool, a list of dicts for an inventory detail."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)

IN_TABLE: Final = frozenset({"item", "expense", "inventory"})
"""The sublists whose lines are rows of transactionline."""


def pack(value: object) -> str:
    """Properties as text for the books."""
    return _ENCODER.encode(value).decode()


def unpack(text: object) -> dict[str, Value]:
    """The reverse of ``pack``; numbers come back exactly."""
    found = _DECODER.decode(str(text)) if text else {}
    return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Line:
    """One line of a sublist.

    Attributes:
        id: REST's ``line``, SuiteQL's ``transactionline.id``; 0 until saved.
        sublist: lower case.
        values: properties by lower-case name.
        key: the line unique key; 0 until saved.
    """

    id: int
    sublist: str
    values: dict[str, Value] = field(default_factory=dict)
    key: int = 0

    def number(self, name: str) -> Decimal:
        """A numeric property; zero when it is missing."""
        return exact(self.values.get(name))

    def ref(self, name: str) -> int | None:
        """A reference; ``None`` when it is missing."""
        value = self.values.get(name)
        return None if value is None else whole(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A checkbox."""
        value = self.values.get(name)
        return default if value is None else value is True


@dataclass(slots=True)
class Document:
    """One transaction.

    Attributes:
        kind: its record type.
        id: internal id; 0 until saved.
        values: header properties by lower-case name.
        lines: of all sublists, in the order of the form.
        row: its row of ``transaction`` as last read; empty until saved.
    """

    kind: RecordType
    id: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    row: Row = field(default_factory=dict)

    def of(self, sublist: str) -> list[Line]:
        """The lines of one sublist."""
        return [line for line in self.lines if line.sublist == sublist]

    def ref(self, name: str) -> int | None:
        """A reference of the header; ``None`` when it is missing."""
        value = self.values.get(name)
        return None if value is None else whole(value)

    def number(self, name: str) -> Decimal:
        """A number of the header; zero when it is missing."""
        return exact(self.values.get(name))

    def text(self, name: str) -> str | None:
        """A text of the header."""
        value = self.values.get(name)
        return None if value is None else str(value)

    @property
    def date(self) -> str:
        """The transaction date, an instant."""
        return str(self.values["trandate"])


def load(books: Books, document_id: int) -> Document | None:
    """Read a transaction; ``None`` when there is none with this id."""
    row = books.row('SELECT * FROM "transaction" WHERE id = ?', (document_id,))
    return None if row is None else from_row(books, row)


def from_row(books: Books, row: Row) -> Document:
    """Read a transaction whose row is at hand."""
    values = unpack(row["_values"])
    others = values.pop("$lines", [])
    document = Document(
        RECORD_TYPES[str(row["_record"]).lower()], whole(row["id"]), values, [], row
    )
    rows = books.rows(
        'SELECT id, uniquekey, _sublist, _values FROM transactionline WHERE "transaction" = ? '
        "AND _sublist IS NOT NULL ORDER BY linesequencenumber, id",
        (document.id,),
    )
    for line in rows:
        document.lines.append(
            Line(
                whole(line["id"]),
                str(line["_sublist"]),
                unpack(line["_values"]),
                whole(line["uniquekey"]),
            )
        )
    if isinstance(others, list):
        document.lines += [
            Line(whole(other["id"]), str(other["sublist"]), other["values"]) for other in others
        ]
    return document


def find_by_external_id(books: Books, kind: RecordType, external_id: str) -> int | None:
    """The id of a record of this type; ``None`` when there is none (compares exactly)."""
    condition = "_record = ?" if kind.table == "transaction" else f"{kind.only} AND ? <> ''"
    found = books.value(
        # Table and condition come from record_types.py.
        f'SELECT id FROM "{kind.table}" WHERE externalid = ? AND {condition}',  # noqa: S608
        (external_id, kind.name),
    )
    return None if found is None else whole(found)


def next_document_id(books: Books) -> int:
    """An id that no document has or had."""
    deleted = books.value("SELECT MAX(recordid) FROM deletedrecord")
    highest = books.value('SELECT MAX(id) FROM "transaction"')
    return max(FIRST_DOCUMENT, whole(deleted or 0) + 1, whole(highest or 0) + 1)


def each_document(books: Books, kind: RecordType | None = None) -> Iterator[Document]:
    """All transactions, or those of one type, by id."""
    condition, parameters = ("WHERE _record = ?", [kind.name]) if kind else ("", [])
    sql = f'SELECT * FROM "transaction" {condition} ORDER BY id'  # noqa: S608 - own text only
    for row in books.rows(sql, parameters):
        yield from_row(books, row)
