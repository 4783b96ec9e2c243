"""Records of ours that people made smaller, since less is there than was booked. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.documents import CorrectedRecord, Posted, StockUnits
from ml_connector.rules.decisions.decided import Decided
from ml_connector.words import DocumentKind

Place = tuple[str, str]
"""Item and location."""


def is_ours(one: Decided) -> bool:
    """Return whether a decision names a record of ours, as a person has left it."""
    return one.now is not None and one.now.ours


def reduced(deciding: Iterable[Decided], posted: Sequence[Posted]) -> dict[int, Counter[Place]]:
    """Return by decision that names a record of ours what a person took off it."""
    return {one.id: _taken_off(one.now, posted) for one in deciding if one.now and one.now.ours}


def reduced_records(deciding: Iterable[Decided]) -> tuple[CorrectedRecord, ...]:
    """Return the records of ours that people made smaller, with what they hold as decided."""
    return tuple(
        CorrectedRecord(
            record=one.now.id,
            units=tuple(
                StockUnits(item=unit.item, location=unit.location, quantity=unit.quantity)
                for unit in one.now.units
            ),
        )
        for one in deciding
        if one.now is not None and one.now.ours
    )


def _taken_off(document: NamedDocument, posted: Sequence[Posted]) -> Counter[Place]:
    """Return the units that a document of ours shows fewer of than we posted by it."""
    shown: Mapping[Place, int] = {(one.item, one.location): one.quantity for one in document.units}
    return Counter(
        {
            place: units - shown.get(place, 0)
            for place, units in _booked_by(document, posted).items()
            if units > shown.get(place, 0)
        }
    )


def _booked_by(document: NamedDocument, posted: Sequence[Posted]) -> Counter[Place]:
    booked: Counter[Place] = Counter()
    for one in posted:
        if one.remote_id == document.id and one.kind != DocumentKind.WRO_MARK:
            for line in one.lines:
                booked[line.item or "", line.location or ""] += line.quantity or 0
    return booked
