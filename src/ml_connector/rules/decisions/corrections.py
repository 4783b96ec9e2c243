"""What ``correct`` takes back of what is booked, by a counter-document. Pure.

A decision to correct names its counter-document by the external id that this will have, and what
it changes. So it is carried out once: when that document exists, or when something else would
have to be taken back by now, it says nothing any more, and a person decides anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.ledger.decisions.decisions import CorrectedUnits
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted
from ml_connector.rules.booked import standing
from ml_connector.rules.decisions.decided import Decided, of_kind
from ml_connector.words import DecisionKind

CORRECTED: Final = "corrected"
"""What tells the journal's line of a counter-document from the line that it takes back."""


def wants_correction(decisions: Iterable[Decided]) -> bool:
    """Return whether a person decided at any time to correct what is booked of a subject."""
    return bool(of_kind(decisions, DecisionKind.CORRECT))


def is_decided(
    decisions: Iterable[Decided],
    external_id: str,
    lines: Iterable[JournalLine],
    *,
    names: str = "",
) -> bool:
    """Return whether a person decided on just this counter-document.

    Also where the decision is only looked at: it names no document yet.

    Args:
        decisions: about the subject.
        external_id: that the document would have.
        lines: what it would change.
        names: what a person names it by before it is made, such as a SKU; empty for nothing.
    """
    units = corrected_units(lines)
    return any(
        one.value == external_id and one.corrects == units if one.corrects else one.value == names
        for one in of_kind(decisions, DecisionKind.CORRECT)
    )


def corrected_units(lines: Iterable[JournalLine]) -> tuple[CorrectedUnits, ...]:
    """Return what a counter-document changes, as a decision keeps it."""
    return tuple(
        CorrectedUnits(
            source_line=line.source_line,
            item=line.item or "",
            location=line.location or "",
            quantity=line.quantity or 0,
        )
        for line in lines
    )


def lines_back(posted: Sequence[Posted], fewer: Mapping[str, int]) -> tuple[JournalLine, ...]:
    """Return journal lines that take units out of what is booked: as booked, the latest first.

    Args:
        posted: all documents of the subject, oldest first.
        fewer: units to take out, without a sign, by line of the source.

    Returns:
        A line for each source line, item, location and lot; together they may take out less than
        is wanted, where less is booked. Their dates are those of the booked lines.
    """
    booked: Counter[tuple[str, str | None, str | None, str | None]] = Counter()
    named: dict[tuple[str, str | None, str | None, str | None], JournalLine] = {}
    for document in standing(posted):
        for line in document.lines:
            key = (line.source_line, line.item, line.location, line.lot)
            booked[key] += line.quantity or 0
            if (line.quantity or 0) > 0:
                named[key] = named.pop(key, line)  # the one that was booked last comes last
    rest = Counter(fewer)
    taken: list[JournalLine] = []
    for key, line in reversed(named.items()):
        units = min(rest[line.source_line], booked[key])
        if units > 0:
            rest[line.source_line] -= units
            taken.append(msgspec.structs.replace(line, quantity=-units, detail=CORRECTED))
    return tuple(sorted(taken, key=lambda line: (line.source_line, line.location or "")))


def as_posted(document: Document) -> Posted:
    """Return a document as it will be once it is posted."""
    return Posted(
        system=document.system,
        kind=document.kind,
        external_id=document.external_id,
        remote_id=None,
        lines=document.lines,
    )
