"""The documents of both sides, put together from their lines, and what identifies them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.ledger.postings.documents import StockUnits
from ml_connector.reconcile.compare.sides import JournalRow, Movement
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.transaction_types import TYPES, kind_name, name_of
from ml_connector.words import OUR_EXTERNAL_IDS

# Quantities are positive on receipts and negative on fulfilments (netsuite.md section 5.2);
# a line of the other sign is the offsetting entry.
_SIGN: Final = {"ItemRcpt": 1, "ItemShip": -1}

Place = tuple[str, str]
"""Item and location of stock; account of money, and an empty text."""


class PostedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as the journal says that it was posted.

    Attributes:
        section: key of the part of the report that it is shown in.
    """

    section: str
    kind: str
    remote_id: str
    external_id: str
    date: date
    entries: tuple[JournalRow, ...]

    @property
    def type(self) -> str:
        """NetSuite's transaction type; empty where it moves neither stock nor money."""
        return TYPES.get(self.kind, "")

    @property
    def places(self) -> dict[Place, Decimal]:
        """The units it moved, by item and location, or the money, by account."""
        moved: dict[Place, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            if entry.quantity is not None:
                moved[entry.item or "", entry.location or ""] += entry.quantity
            elif entry.amount is not None:
                moved[entry.account or "", ""] += entry.amount
        return {place: value for place, value in moved.items() if value}

    @property
    def currency(self) -> str:
        """Of its money; empty for a document of stock."""
        return next((one.measured.currency for one in self.entries if one.measured.currency), "")

    @property
    def ref(self) -> DocumentRef:
        """How a difference names it when it can't be found any more."""
        return DocumentRef(
            type=kind_name(self.kind),
            id=self.remote_id,
            external_id=self.external_id,
            date=self.date.isoformat(),
        )


class FoundDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as NetSuite has it.

    Attributes:
        section: key of the part of the report that it is shown in where it is not ours.
    """

    section: str
    head: Movement
    lines: tuple[Movement, ...]

    @property
    def ours(self) -> bool:
        """Whether its external id is one of ours."""
        return (self.head.external_id or "").startswith(OUR_EXTERNAL_IDS)

    @property
    def counts(self) -> bool:
        """Whether it moves anything."""
        return self.head.posted and not self.head.voided

    @property
    def places(self) -> dict[Place, Decimal]:
        """The units it moves, by item and location, or the money, by account."""
        moved: dict[Place, Decimal] = defaultdict(Decimal)
        for line in moving(self.lines):
            if line.item is not None:
                moved[line.item, line.location or ""] += line.value
            else:
                moved[line.account or "", ""] += line.value
        return {place: value for place, value in moved.items() if value}

    @property
    def currency(self) -> str:
        """Of its money; empty for a document of stock, and where it is not known."""
        return next((line.currency for line in self.lines if line.currency), "")

    @property
    def ref(self) -> DocumentRef:
        """How a difference names it."""
        return DocumentRef(
            type=name_of(self.head.type),
            id=self.head.id,
            number=self.head.number or "",
            external_id=self.head.external_id or "",
            date=self.head.date.isoformat(),
        )

    @property
    def has_kit(self) -> bool:
        """Whether a kit is on it: then not every account lists the members' lines."""
        return any(line.kit for line in self.lines)

    def tagged(self, external_id: str) -> bool:
        """Return whether its memo carries our tag of this document (netsuite.md section 11.8)."""
        return f"[{external_id}]" in (self.head.memo or "")


def places_of(units: Iterable[StockUnits]) -> dict[Place, Decimal]:
    """Return units by item and location."""
    moved: dict[Place, Decimal] = defaultdict(Decimal)
    for one in units:
        moved[one.item, one.location] += one.quantity
    return {place: value for place, value in moved.items() if value}


def moving(lines: Iterable[Movement]) -> Sequence[Movement]:
    """Return the lines that move something, without kits and without offsetting entries.

    A kit has no stock of its own; its members have.
    """
    return [
        line
        for line in lines
        if line.value
        and not line.kit
        and (
            line.item is None
            or line.type not in _SIGN
            or (line.value > 0) == (_SIGN[line.type] > 0)
        )
    ]


def posted_documents(entries: Iterable[JournalRow], sections: Sections) -> list[PostedDocument]:
    """Put journal rows together to documents, by external id.

    A document that only tells something, such as a tracking number, moves nothing and is
    left out.
    """
    by_id: dict[str, list[JournalRow]] = defaultdict(list)
    for entry in entries:
        if entry.kind in TYPES and (entry.quantity is not None or entry.amount is not None):
            by_id[entry.external_id].append(entry)
    return [
        PostedDocument(
            section=sections.of_entry(lines[0].flow, lines[0].kind).key,
            kind=lines[0].kind,
            remote_id=lines[0].remote_id,
            external_id=external_id,
            date=lines[0].posting_date,
            entries=tuple(lines),
        )
        for external_id, lines in sorted(by_id.items())
    ]


def found_documents(movements: Iterable[Movement], sections: Sections) -> list[FoundDocument]:
    """Put NetSuite's lines together to documents, by internal id."""
    by_id: dict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        by_id[movement.id].append(movement)
    return [
        FoundDocument(
            section=sections.of_movement(lines[0].type, lines[0].order_type).key,
            head=lines[0],
            lines=tuple(sorted(lines, key=lambda line: line.line)),
        )
        for _, lines in sorted(by_id.items())
    ]


def named(posted: PostedDocument) -> str:
    """Return how a document of ours is called, by its external id."""
    return f"{posted.ref.type} {posted.external_id}"


def numbered(found: FoundDocument) -> str:
    """Return how a document in NetSuite is called, by its number."""
    number = f"{found.head.number} " if found.head.number else ""
    return f"{found.ref.type} {number}(id {found.head.id})"


def at(place: Place) -> str:
    """Return where units are; empty where no location is told."""
    return f" at location {place[1]}" if place[1] else ""
