"""What is booked by decisions, held against what was decided and what documents show. Pure.

A document of ours is compared with NetSuite's whoever decided on it. What only the journal has, or
only the list of what documents of others account for, nobody else looks at: so the rows of every
decision in force must be those of its plan, those that its counter-document was to change, those
of the bill that is taken, or none where it says that nothing is ours.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.ledger.decisions.decisions import CorrectedUnits
from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.document_pairs import FoundDocument
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.words import ACCEPTED, DecisionKind


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Units or money that a decision books, or was to book.

    Attributes:
        value: units, or money where there is a currency; signed.
        day: of posting; None of units that a document of others accounts for.
    """

    source_line: str
    value: Decimal
    day: date | None = None
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    account: str | None = None
    currency: str | None = None

    @property
    def place(self) -> "RowPlace":
        """Where it is."""
        if self.currency:
            return RowPlace(self.account or "", "", self.currency)
        return RowPlace(self.item or "", self.location or "", "")


class RowPlace(NamedTuple):
    """An item at a location, or an account in a currency."""

    what: str
    location: str
    currency: str


class DecidedPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a subject of which somebody decided.

    Attributes:
        since: whether a run posted it that had seen the decision.
        undoes: whether it takes another one back.
        planned: the rows that the plan gave it.
        booked: those that the journal has of it.
    """

    external_id: str
    kind: str
    remote_id: str = ""
    since: bool = True
    undoes: bool = False
    planned: tuple[DecisionRow, ...] = ()
    booked: tuple[DecisionRow, ...] = ()


class DecisionRows(msgspec.Struct, frozen=True, kw_only=True):
    """A decision in force, with what is booked of its subject.

    Attributes:
        said: the decision as a person writes it, such as ``handled IR123``.
        value: that it names, of ``correct`` the external id of its counter-document.
        source: its subject, such as ``wro 90311``.
        corrects: what that counter-document was to change.
        lines: names of the lines that it is about; empty: all.
        handled: what the last plan says that the document accounts for; None where that is not
            known.
        shows: what the document moves in all, at those places, without a sign.
        kept: what is kept of it.
        kept_of_document: the same by all decisions that name the document.
    """

    decision: int
    kind: DecisionKind
    said: str
    flow: str
    source: str
    value: str = ""
    corrects: tuple[CorrectedUnits, ...] = ()
    lines: tuple[str, ...] = ()
    postings: tuple[DecidedPosting, ...] = ()
    handled: tuple[DecisionRow, ...] | None = None
    shows: tuple[DecisionRow, ...] = ()
    kept: tuple[DecisionRow, ...] = ()
    kept_of_document: tuple[DecisionRow, ...] = ()

    @property
    def named(self) -> str:
        """The decision for a person."""
        return f'decision {self.decision}, "{self.said}", about {self.source}'


_Sums = dict[RowPlace, Decimal]


def judge(
    month: Month,
    decisions: Iterable[DecisionRows],
    found: Iterable[FoundDocument],
    sections: Sections,
    *,
    told: Collection[Difference] = (),
) -> Iterator[Difference]:
    """Yield a difference for each place where a decision's rows are not what was decided.

    Args:
        month: which month.
        decisions: in force, of sources with rows in the month.
        found: documents in NetSuite, among them the bills of others that are taken.
        sections: of the report.
        told: the differences of documents that the report has: they are named once.
    """
    known = {(one.external_id, one.item, one.where) for one in told if not one.kind.explained}
    bills = {one.head.id: one for one in found}
    for one in decisions:
        for posting in one.postings:
            for differs in _of_posting(month, one, posting, sections):
                if (differs.external_id, differs.item, differs.where) not in known:
                    yield differs
        yield from _of_bills(month, one, bills, sections)
        yield from _of_handled(one, sections)


def with_their_decisions(
    found: Iterable[Difference], decisions: Iterable[DecisionRows]
) -> list[Difference]:
    """Return differences of our documents, those that were decided on with their decision."""
    by_document: dict[str, list[str]] = defaultdict(list)
    for one in decisions:
        for posting in one.postings:
            if posting.since and posting.external_id:
                by_document[posting.external_id].append(one.named)
    return [
        msgspec.structs.replace(
            one, remedy=f"{one.remedy} It was posted after {named[-1]}.".strip()
        )
        if (named := by_document.get(one.external_id)) and not one.kind.explained
        else one
        for one in found
    ]


def _of_posting(
    month: Month, one: DecisionRows, posting: DecidedPosting, sections: Sections
) -> Iterator[Difference]:
    """Yield where the journal's rows of a document are not what the decision and its plan say."""
    if not posting.since:
        return
    wanted = _wanted(one, posting)
    if not any(row.day in month for row in (*posting.planned, *posting.booked) if row.day):
        return
    there, due = _summed(posting.booked), _summed(wanted)
    for place in dict.fromkeys((*due, *there)):
        if there.get(place, 0) != due.get(place, 0):
            yield _differs(one, posting, place, (due, there), sections)


def _wanted(one: DecisionRows, posting: DecidedPosting) -> Sequence[DecisionRow]:
    if one.kind is DecisionKind.CORRECT and one.corrects and posting.external_id == one.value:
        return [
            DecisionRow(
                source_line=units.source_line,
                item=units.item,
                location=units.location,
                value=Decimal(units.quantity),
            )
            for units in one.corrects
        ]
    if one.kind is DecisionKind.NOT_OURS and not posting.undoes:
        return [row for row in posting.planned if one.lines and row.source_line not in one.lines]
    return posting.planned


def _of_bills(
    month: Month,
    one: DecisionRows,
    bills: Mapping[str, FoundDocument],
    sections: Sections,
) -> Iterator[Difference]:
    """Yield where the journal does not have the money of a bill that was taken as it is."""
    taken: dict[str, list[DecidedPosting]] = defaultdict(list)
    for posting in one.postings:
        if posting.kind in ACCEPTED and posting.remote_id:
            taken[posting.remote_id].append(posting)
    for record, postings in taken.items():
        bill = bills.get(record)
        rows = [row for posting in postings for row in posting.booked]
        currencies = {row.currency or "" for row in rows}
        if bill is None or bill.head.date not in month or len(currencies) != 1:
            continue
        there = sum((row.value for row in rows), Decimal(0))
        due = sum(bill.places.values(), Decimal(0)) if bill.counts else Decimal(0)
        if there != due:
            [currency] = currencies
            place = RowPlace("", "", currency)
            sums = ({place: due}, {place: there})
            yield _differs(one, postings[-1], place, sums, sections)


def _differs(
    one: DecisionRows,
    posting: DecidedPosting,
    place: RowPlace,
    sums: tuple[_Sums, _Sums],
    sections: Sections,
) -> Difference:
    due, there = (side.get(place, Decimal(0)) for side in sums)
    rows = [row for row in posting.booked if row.place == place or not place.what]
    sku = next((row.sku for row in (*rows, *posting.planned) if row.sku), "")
    what = place.what if place.currency else sku or place.what
    said = with_unit(due, place.currency, what)
    return Difference(
        kind=Kind.DECISION_ROWS_DIFFER,
        section=sections.of_facts(one.flow).key,
        what=what,
        item=place.what,
        where=place.location,
        currency=place.currency,
        journal=there,
        netsuite=due,
        source=one.source,
        external_id=posting.external_id,
        says=(
            f"{_sentence(one.named)} says {said}{_at(place)} in {posting.external_id}; the"
            f" journal has {shown(there, place.currency)}{_listed(rows)}"
        ),
        remedy=_remedy(one),
    )


def _of_handled(one: DecisionRows, sections: Sections) -> Iterator[Difference]:
    """Yield what is kept as accounted for by a document, and is not what the plan says of it."""
    if one.kind is not DecisionKind.HANDLED or one.handled is None:
        return
    due, there = _summed(one.handled), _summed(one.kept)
    places = dict.fromkeys((*due, *there))
    wrong = [place for place in places if due.get(place) != there.get(place)]
    says = [
        f"the plan says {with_unit(due.get(place, Decimal(0)), '', place.what)}{_at(place)}, and"
        f" kept is {shown(there.get(place, Decimal(0)))}"
        for place in wrong
    ]
    says += _beyond(one) if not wrong else []
    if says:
        yield Difference(
            kind=Kind.HANDLED_CHANGED,
            section=sections.of_facts(one.flow).key,
            item=wrong[0].what if wrong else "",
            where=wrong[0].location if wrong else "",
            source=one.source,
            says=f"{_sentence(one.named)}: {'; '.join(says)}{_listed(one.kept)}",
            remedy=_remedy(one),
        )


def _beyond(one: DecisionRows) -> list[str]:
    """Return what decisions take of a document together beyond what it shows."""
    shows = {row.place: row.value for row in one.shows}
    return [
        f"{with_unit(abs(value), '', place.what)}{_at(place)} are taken of a document that shows"
        f" {shown(shows[place])}"
        for place, value in _summed(one.kept_of_document).items()
        if place in shows and abs(value) > shows[place]
    ]


def _summed(rows: Iterable[DecisionRow]) -> _Sums:
    sums: _Sums = defaultdict(Decimal)
    for row in rows:
        sums[row.place] += row.value
    return {place: value for place, value in sums.items() if value}


def _at(place: RowPlace) -> str:
    return f" at location {place.location}" if place.location else ""


def _listed(rows: Sequence[DecisionRow]) -> str:
    """Return which rows there are, for a person."""
    named = [f"{row.source_line}: {shown(row.value, row.currency or '')}" for row in rows]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f" (rows: {'; '.join(named[:_MOST_NAMED])}{more})" if named else " (no row)"


_MOST_NAMED: Final = 5


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _remedy(one: DecisionRows) -> str:
    return (
        f"Run: ml-connector sync {one.flow} --id {one.source.rpartition(' ')[2]}. If it stays,"
        f" take the decision back with: ml-connector events undecide {one.decision}; decide"
        " again, and report it as a fault of this software."
    )
