"""The result of a comparison. The same three sides give the same report, byte for byte."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import msgspec

from ml_connector.ledger.decisions.differences import DecidedMove
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.money.rows import MoneyTie
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.tie_out.rows import TieOut


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on which two sides differ.

    Attributes:
        id: by which a person decides about it; the same in every report of its month.
        what: SKU, or account of money.
        item: NetSuite's internal id of the item, or of the account; empty where neither is meant.
        where: NetSuite location; empty for money.
        currency: of money; empty for units.
        shipbob, journal, netsuite: the quantity of each side; None where it has none.
        source: the fact it comes from, such as ``wro 90311``.
        external_id: of the document of ours that it is about.
        says: the difference in a sentence, for a person.
        remedy: what to do next.
        cause: the stable cause code of a subject that waits.
        decided: what a person decided about it, with name, day and note; empty while nobody did.
        moves: what the journal gains where a person takes it as it is, if that is of several
            places, days or currencies.
        accepted: whether it is taken as it is, as a person decided.
        unbooked: whether the journal does not have yet what was decided.
    """

    id: str = ""
    kind: Kind
    section: str
    what: str = ""
    item: str = ""
    where: str = ""
    currency: str = ""
    shipbob: Decimal | None = None
    journal: Decimal | None = None
    netsuite: Decimal | None = None
    source: str = ""
    source_line: str = ""
    fact_date: date | None = None
    external_id: str = ""
    documents: tuple[DocumentRef, ...] = ()
    says: str
    remedy: str = ""
    cause: str = ""
    decided: str = ""
    moves: tuple[DecidedMove, ...] = ()
    accepted: bool = False
    unbooked: bool = False

    @property
    def explained(self) -> bool:
        """Whether it is only shown: by its kind, or since a decision about it is booked."""
        return self.kind.explained or (bool(self.decided) and not self.unbooked)

    @property
    def gap(self) -> Decimal:
        """How far apart the sides are: the quantity that NetSuite would have to gain."""
        theirs = self.shipbob if self.shipbob is not None else self.journal
        ours = self.netsuite if self.netsuite is not None else self.journal
        if theirs is None or ours is None:
            return Decimal(0)
        return theirs - ours

    def key(self) -> tuple[object, ...]:
        """Return what differences are ordered by."""
        return (
            self.explained,
            self.section,
            list(Kind).index(self.kind),
            self.what,
            self.where,
            self.currency,
            self.source,
            self.source_line,
            self.external_id,
            self.documents,
            self.says,
        )


class RowKey(msgspec.Struct, frozen=True, order=True):
    """One line of a section: a SKU at a location, or an account in a currency."""

    section: str
    what: str
    where: str = ""
    currency: str = ""


class Row(msgspec.Struct, kw_only=True):
    """The quantities of the three sides on one line of a section, and what lies between them.

    ``shipbob`` - ``open`` - ``refused`` - ``later`` + ``earlier`` + ``decided`` + ``undone`` =
    ``journal``, and ``netsuite`` should be ``journal``.

    Attributes:
        shipbob: facts of the month, and nothing else.
        open: of those, neither posted nor refused.
        refused: of those, not posted on purpose.
        later: of those, posted with a date in another month.
        earlier: facts of other months, posted with a date in this one.
        decided: what people took as it is, by decision.
        undone: documents that people took back, and those that took them back.
        journal: posted with a date in this month.
        netsuite: documents of ours dated in this month, as NetSuite has them.
        others: what others moved there in this month.
    """

    shipbob: Decimal = Decimal(0)
    open: Decimal = Decimal(0)
    refused: Decimal = Decimal(0)
    later: Decimal = Decimal(0)
    earlier: Decimal = Decimal(0)
    decided: Decimal = Decimal(0)
    undone: Decimal = Decimal(0)
    journal: Decimal = Decimal(0)
    netsuite: Decimal = Decimal(0)
    others: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What NetSuite has beyond what was posted there."""
        return self.netsuite - self.journal

    def add(self, other: "Row") -> None:
        """Add another row's numbers to this one's."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class OrderLineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a purchase order with a receipt in the month, in base units.

    ``ordered`` + ``surplus`` = ``ours`` + ``others`` + ``on_its_way`` + ``to_come`` +
    ``closed_short``.

    Attributes:
        order: what people call the order.
        what: SKU.
        where: the location at which the line expects its units; empty for anywhere.
        surplus: received beyond what is ordered.
        ours: received by us so far, in whatever month; ``others`` likewise, by anybody else.
        month_ours: of those, with a date in the month; ``month_others`` likewise.
        on_its_way: on WROs that have not ended, and not stowed.
        to_come: neither received nor closed, nor on its way.
        closed_short: not received of a line that is closed.
        left_out: why it is none of ShipBob's, and so not looked at; empty where it is.
    """

    order: str
    order_id: str
    line: int
    what: str
    item: str
    where: str
    ordered: Decimal
    surplus: Decimal
    ours: Decimal
    others: Decimal
    month_ours: Decimal
    month_others: Decimal
    to_come: Decimal
    closed_short: Decimal
    on_its_way: Decimal = Decimal(0)
    left_out: str = ""


class ShipmentLineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a shipment of the month that is not wholly on a document of ours.

    ``shipped`` = ``ours`` + ``others`` + ``waiting`` + ``refused``.

    Attributes:
        source: such as ``shipment 210000101``.
        what: SKU.
        others: on documents of others, which are among ``documents``.
        says: why it waits, or was refused.
    """

    source: str
    line: str
    day: date
    what: str
    shipped: Decimal
    ours: Decimal
    others: Decimal
    waiting: Decimal
    refused: Decimal
    documents: tuple[DocumentRef, ...] = ()
    says: str = ""


class SectionEquation(msgspec.Struct, frozen=True, kw_only=True):
    """Line conservation of one section: source = posted + waiting + refused, else unexplained.

    Each is a count of source lines and the sum over them, by currency (empty: units).
    """

    section: str
    currency: str = ""
    lines: int = 0
    source: Decimal = Decimal(0)
    posted_lines: int = 0
    posted: Decimal = Decimal(0)
    waiting_lines: int = 0
    waiting: Decimal = Decimal(0)
    refused_lines: int = 0
    refused: Decimal = Decimal(0)
    unexplained_lines: int = 0
    unexplained: Decimal = Decimal(0)

    def plus(self, other: "SectionEquation") -> "SectionEquation":
        """Return the equation of both, in the section and currency of this one."""
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in self.__struct_fields__
            if name not in {"section", "currency"}
        }
        return SectionEquation(section=self.section, currency=self.currency, **sums)


class ReportedHead(msgspec.Struct, frozen=True, kw_only=True):
    """The journal chain's last row when the report was made."""

    number: int = 0
    hash: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The month end of one connection.

    Attributes:
        sections: its parts.
        month: such as ``2026-11``.
        zone: the merchant's time zone; all dates are local ones.
        rows: by key, ordered.
        differences: the open ones first.
        order_lines: of purchase orders, those that were received on in the month.
        shipment_lines: those that are not wholly on documents of ours.
        provisional: whether the month has not ended yet.
        tie_out: both systems' stock, side by side; None where it was not looked at.
        not_tied: why it was not.
        money: both systems' money, side by side; None where it was not looked at.
        money_not_tied: why it was not.
    """

    sections: Sections
    connection: str
    month: str
    zone: str
    head: ReportedHead
    rows: tuple[tuple[RowKey, Row], ...]
    equations: tuple[SectionEquation, ...]
    differences: tuple[Difference, ...]
    journal_rows: int = 0
    documents: int = 0
    order_lines: tuple[OrderLineRow, ...] = ()
    shipment_lines: tuple[ShipmentLineRow, ...] = ()
    provisional: bool = False
    tie_out: TieOut | None = None
    not_tied: str = ""
    money: MoneyTie | None = None
    money_not_tied: str = ""

    @property
    def open(self) -> tuple[Difference, ...]:
        """The differences that somebody has to do something about."""
        return tuple(one for one in self.differences if not one.explained)

    @property
    def explained(self) -> tuple[Difference, ...]:
        """The differences that are shown with their reason."""
        return tuple(one for one in self.differences if one.explained)

    @property
    def accepted(self) -> tuple[Difference, ...]:
        """Those of them that are taken as they are, as people decided."""
        return tuple(one for one in self.explained if one.accepted)

    @property
    def green(self) -> bool:
        """Whether nothing is left to explain."""
        return not self.open

    def of(self, *kinds: Kind) -> tuple[Difference, ...]:
        """Return the differences of these kinds."""
        return tuple(one for one in self.differences if one.kind in kinds)


def ordered(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return the differences in the order of the report."""
    return tuple(sorted(differences, key=Difference.key))


def identified(month: str, differences: Iterable[Difference]) -> list[Difference]:
    """Return the differences with their ids: made of what they are about, not of the figures.

    Args:
        month: such as ``2026-11``: its differences begin with it.
        differences: in the order of the report, which tells those apart that are alike.
    """
    seen: Counter[str] = Counter()
    found: list[Difference] = []
    for one in differences:
        about = _about(one)
        seen[about] += 1
        digest = hashlib.sha256(f"{about} {seen[about]}".encode()).hexdigest()[:8]
        found.append(msgspec.structs.replace(one, id=f"{month}-{digest}"))
    return found


def _about(one: Difference) -> str:
    """Return what tells a difference from others: of documents of others, also which they are."""
    others = [ref.id for ref in one.documents] if one.kind in _OF_OTHERS else []
    item = "" if one.kind is Kind.DOCUMENT_UNKNOWN else one.item  # known by its SKU at first
    named = (one.kind, one.section, one.what, item, one.where, one.currency)
    return "\0".join((*named, one.source, one.source_line, one.external_id, *others))


_OF_OTHERS = frozenset(
    {
        Kind.DOCUMENT_DOUBLED,
        Kind.DOCUMENT_UNKNOWN,
        Kind.HANDLED_CHANGED,
        Kind.ROW_UNREADABLE,
        Kind.MOVED_BY_OTHERS,
        Kind.FEES_NOT_CHARGED,
        Kind.FEES_OTHER_SUBSIDIARY,
        Kind.FEES_OTHER_PERIOD,
    }
)
