"""Decides what of a difference is booked: what people decided, less what is booked of it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.month_end.documents import (
    accepted,
    accepted_lines,
    correction,
    move_lines,
    whole_name,
)
from ml_connector.flows.month_end.facts import DifferenceFacts, StandingDifference
from ml_connector.ledger.conservation.equation import PART_OF_A_LINE
from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.ledger.postings.documents import (
    Document,
    HandledUnits,
    JournalLine,
    Plan,
    Posted,
    SourceLine,
)
from ml_connector.rules.decisions.decided import document_name, moved_units
from ml_connector.words import DecisionKind, DocumentKind


def plan(facts: DifferenceFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Book what people decided about a difference, and take back what nobody decides any more.

    A counter-document is posted once for each decision; it stays when that is taken back.

    Raises:
        NeedsHuman: a counter-document can't be made: no account, an item that is kept by lot, or
            a closed period.
    """
    documents = (
        *_accepted(facts, posted),
        *(
            document
            for one in facts.decisions
            for document in _corrections(facts, one, posted, settings)
        ),
    )
    said = ", ".join(
        f"{one.kind} (decision {one.id})" if one.id else f"{one.kind}, not decided yet"
        for one in facts.decisions
    )
    return Plan(
        documents=documents,
        note=said or "Nothing is decided about it",
        handled=tuple(units for one in facts.decisions for units in _handled(one)),
    )


def source_lines(facts: DifferenceFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return our documents that the difference is about, of no units: all else follows from them.

    A difference is no fact of ShipBob's.
    """
    del settings
    days = {whole_name(one.difference): one.difference for one in facts.decisions}
    lines = {
        name: SourceLine(
            source_line=name,
            fact_date=one.day,
            quantity=None if _currency_of(one) else 0,
            amount=Decimal(0) if _currency_of(one) else None,
            currency=_currency_of(one),
        )
        for name, one in days.items()
    }
    for line in facts.booked:
        name = line.source_line.rpartition(PART_OF_A_LINE)[0]
        lines.setdefault(
            name,
            SourceLine(
                source_line=name,
                fact_date=line.fact_date,
                quantity=None if line.currency else 0,
                amount=Decimal(0) if line.currency else None,
                currency=line.currency,
            ),
        )
    return tuple(lines.values())


def _currency_of(about: DecidedDifference) -> str | None:
    return next((one.currency for one in about.moves), about.currency)


def _handled(one: StandingDifference) -> tuple[HandledUnits, ...]:
    """Return the units that a document of others accounts for, so that they count once."""
    about, document = one.difference, one.document
    if one.kind is not DecisionKind.HANDLED or document is None or about.moves:
        return ()  # a bill has no units
    units = -int(about.taken)  # of ours that are missing
    shown = moved_units(document, leaving=units < 0)
    return (
        HandledUnits(
            source_line=f"{whole_name(about)}{PART_OF_A_LINE}handled",
            item=about.item or "",
            location=about.location or "",
            quantity=units,
            decision=one.id,
            document=document.id,
            shown=shown[about.item or "", about.location or ""],
            reason=f"Handled by {document_name(document)}",
        ),
    )


def _accepted(facts: DifferenceFacts, posted: Sequence[Posted]) -> tuple[Document, ...]:
    """Return the row that brings what is booked as taken to what is decided; none where it is."""
    before = [one for one in posted if one.kind is DocumentKind.ACCEPTED_DIFFERENCE]
    moved = [one.difference for one in facts.decisions if one.difference.moves]
    if moved or any(len(one.lines) > 1 for one in before):
        return _accepted_lines(facts.key, moved, before)
    booked = sum((_moved(one) for one in before), Decimal(0))
    wanted = sum((one.difference.taken for one in facts.decisions), Decimal(0))
    if booked == wanted:
        return ()
    named = [one.difference for one in facts.decisions if one.difference.taken]
    number = len(before) + 1
    like = before[-1] if before else None
    return (accepted(facts.key, number, wanted - booked, named[-1] if named else None, like),)


def _accepted_lines(
    key: str, moved: Sequence[DecidedDifference], before: Sequence[Posted]
) -> tuple[Document, ...]:
    """Return the rows that bring what is booked to what is decided, by place, day and currency."""
    wanted = _summed(line for one in moved for line in move_lines(key, one))
    booked = _summed(line for one in before for line in one.lines)
    lines = [
        _with_value(line, more)
        for line in dict.fromkeys((*wanted, *booked))
        if (more := wanted.get(line, Decimal(0)) - booked.get(line, Decimal(0)))
    ]
    if not lines:
        return ()
    record = moved[-1].record if moved else before[-1].remote_id or ""
    return (accepted_lines(key, len(before) + 1, lines, record, taken=bool(moved)),)


def _summed(lines: Iterable[JournalLine]) -> dict[JournalLine, Decimal]:
    """Return units or money by all else that the lines say."""
    sums: dict[JournalLine, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[replace(line, quantity=None, amount=None)] += _value(line)
    return dict(sums)


def _with_value(line: JournalLine, value: Decimal) -> JournalLine:
    if line.currency is not None:
        return replace(line, amount=value)
    return replace(line, quantity=int(value))


def _value(line: JournalLine) -> Decimal:
    return Decimal(line.quantity) if line.quantity is not None else line.amount or Decimal(0)


def _moved(document: Posted) -> Decimal:
    """Return the units or the money of an accepted difference."""
    return sum(map(_value, document.lines), Decimal(0))


def _corrections(
    facts: DifferenceFacts,
    one: StandingDifference,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> tuple[Document, ...]:
    before = [each for each in posted if each.kind is DocumentKind.INVENTORY_ADJUSTMENT]
    if one.kind is not DecisionKind.CORRECT or any(
        each.external_id == one.value for each in before
    ):
        return ()
    standing = [each for each in before if not each.undone]
    left = one.difference.counter - int(sum((_moved(each) for each in standing), Decimal(0)))
    return (correction(facts, one, len(before) + 1, left, settings),) if left else ()
