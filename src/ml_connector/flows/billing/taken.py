"""Bills of others that people took as an invoice's: rows of the journal, by decision. Pure.

The invoice's lines are booked as billed by the bill that is there, and by a row of its own how far
that bill's amount is from theirs. So the journal says what NetSuite has. Nothing is called.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec.structs import replace

from ml_connector.ledger.postings.documents import (
    Document,
    JournalLine,
    Plan,
    Posted,
    TakeAsItIs,
)
from ml_connector.rules.decisions.accepted import ACCEPTED_PART
from ml_connector.words import ACCEPTED, DocumentKind, ExternalIdPrefix

_PREFIXES: Final = {
    DocumentKind.ACCEPTED_BILL: ExternalIdPrefix.ACCEPTED_BILL,
    DocumentKind.ACCEPTED_DIFFERENCE: ExternalIdPrefix.ACCEPTED_DIFFERENCE,
}


class TakenBill(NamedTuple):
    """A bill of others that is taken as an invoice's.

    Attributes:
        record: its internal id.
        total: in the invoice's currency, signed as the invoice's lines.
        lines: of the invoice that it stands for.
    """

    record: str
    total: Decimal
    lines: tuple[JournalLine, ...]


class PlannedInvoice(NamedTuple):
    """What is posted of an invoice, and the bill of others that is taken for the rest."""

    plan: Plan
    taken: TakenBill | None = None


def is_taken(document: Posted) -> bool:
    """Return whether a document is a row by decision, and none of ours in NetSuite."""
    return document.kind in ACCEPTED


def rows(key: str, posted: Sequence[Posted], taken: TakenBill | None) -> tuple[Document, ...]:
    """Return the rows that bring what is booked by decision to what is decided now.

    Args:
        key: of the invoice.
        posted: all documents of it.
        taken: the bill that is taken; None: none is any more, and what is booked is taken back.
    """
    booked = [one for one in posted if is_taken(one)]
    record = taken.record if taken else next((one.remote_id or "" for one in booked), "")
    wanted = {
        DocumentKind.ACCEPTED_BILL: list(taken.lines) if taken else [],
        DocumentKind.ACCEPTED_DIFFERENCE: _difference(taken) if taken else [],
    }
    return tuple(
        Document(
            system="netsuite",
            kind=kind,
            external_id=f"{_PREFIXES[kind]}{key}-{1 + len(before)}",
            title=_title(kind, key, record, taken),
            request=TakeAsItIs(record_id=record),
            lines=lines,
        )
        for kind, there in wanted.items()
        for before in [[one for one in booked if one.kind is kind]]
        if (lines := _apart(there, (line for one in before for line in one.lines)))
    )


def _title(kind: DocumentKind, key: str, record: str, taken: TakenBill | None) -> str:
    what = "Invoice" if kind is DocumentKind.ACCEPTED_BILL else "Difference of invoice"
    done = "taken as billed by" if taken else "not taken any more as billed by"
    return f"Journal rows: {what.lower()} {key} {done} record {record} of others"


def _difference(taken: TakenBill) -> list[JournalLine]:
    """Return the line by which the bill's amount differs; none where it does not."""
    stood_for = sum((line.amount or Decimal(0) for line in taken.lines), Decimal(0))
    if taken.total == stood_for:
        return []
    largest = max(taken.lines, key=lambda line: abs(line.amount or Decimal(0)))
    return [
        replace(
            largest,
            source_line=f"{largest.source_line}{ACCEPTED_PART}",
            amount=taken.total - stood_for,
            detail="accepted",
        )
    ]


def _apart(
    wanted: Iterable[JournalLine], booked: Iterable[JournalLine]
) -> tuple[JournalLine, ...]:
    """Return lines over what is wanted beyond what is booked."""
    amounts: Mapping[JournalLine, Decimal] = _amounts(wanted)
    there = _amounts(booked)
    return tuple(
        replace(line, amount=more)
        for line in dict.fromkeys((*amounts, *there))
        if (more := amounts.get(line, Decimal(0)) - there.get(line, Decimal(0)))
    )


def _amounts(lines: Iterable[JournalLine]) -> dict[JournalLine, Decimal]:
    """Return amounts by all else that the lines say."""
    amounts: dict[JournalLine, Decimal] = defaultdict(Decimal)
    for line in lines:
        amounts[replace(line, amount=None)] += line.amount or Decimal(0)
    return dict(amounts)
