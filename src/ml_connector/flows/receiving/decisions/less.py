"""Units that are booked and not stowed, and that a person took out again in NetSuite. Pure.

After ``quantity_went_down`` a person may make our receipt smaller, or adjust the stock by hand,
and then say so (``handled``): the document that is named accounts for what it took out. Lines
that are kept by lot are no exception: the person has named the lots.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from ml_connector.flows.receiving.decided import match, settled, takes_out
from ml_connector.flows.receiving.decisions.corrections import short_units
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.documents import (
    CorrectedRecord,
    HandledUnits,
    Posted,
    StockUnits,
)
from ml_connector.rules.decisions.corrections import lines_back
from ml_connector.rules.decisions.decided import UnitsToHandle, handled_units, lapsed
from ml_connector.words import DocumentKind

_Place = tuple[str, str]


def less_units(facts: ReceivingFacts, posted: Sequence[Posted]) -> list[HandledUnits]:
    """Return the units that documents took out again, as people decided; negative.

    Also those that were counted before and are stowed again by now: what the document took out is
    then booked anew.

    Raises:
        NeedsHuman: a document shows other units than when it was decided.
    """
    deciding = [one for one in facts.decisions if takes_out(one)]
    if not deciding:
        return []
    changed = lapsed(f"WRO {facts.wro_id}", deciding, match(facts))
    if changed is not None:
        raise changed
    short = Counter(short_units(facts, settled(facts, posted)))
    for one in deciding:
        for counted in one.counted:
            short[counted.source_line] = max(short[counted.source_line], -counted.quantity)
    wanted = [
        UnitsToHandle(line.source_line, line.item or "", line.location or "", line.quantity or 0)
        for line in lines_back(posted, short)
    ]
    reduced = {one.id: _taken_off(one.now, posted) for one in deciding if one.now and one.now.ours}
    return handled_units(deciding, wanted, reduced=reduced)


def _taken_off(document: NamedDocument, posted: Sequence[Posted]) -> Counter[_Place]:
    """Return the units that a document of ours shows fewer of than we posted by it."""
    shown: Mapping[_Place, int] = {
        (one.item, one.location): one.quantity for one in document.units
    }
    return Counter(
        {
            place: units - shown.get(place, 0)
            for place, units in _booked_by(document, posted).items()
            if units > shown.get(place, 0)
        }
    )


def _booked_by(document: NamedDocument, posted: Sequence[Posted]) -> Counter[_Place]:
    booked: Counter[_Place] = Counter()
    for one in posted:
        if one.remote_id == document.id and one.kind != DocumentKind.WRO_MARK:
            for line in one.lines:
                booked[line.item or "", line.location or ""] += line.quantity or 0
    return booked


def reduced_records(facts: ReceivingFacts) -> tuple[CorrectedRecord, ...]:
    """Return the records of ours that people made smaller, with what they hold as decided."""
    return tuple(
        CorrectedRecord(
            record=one.now.id,
            units=tuple(
                StockUnits(item=unit.item, location=unit.location, quantity=unit.quantity)
                for unit in one.now.units
            ),
        )
        for one in facts.decisions
        if takes_out(one) and one.now is not None and one.now.ours
    )
