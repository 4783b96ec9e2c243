"""What people may decide about stock that differs: to correct NetSuite's. Pure."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable, Offers
from ml_connector.flows.inventory.corrections import corrections
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.ledger.decisions.decisions import NewDecision
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause, DecisionKind

_OFFERS: Final[Offers] = MappingProxyType({Cause.STOCK_DRIFT: (DecisionKind.CORRECT,)})


async def name(new: NewDecision, text: str, reads: Reads) -> None:
    """Name no document: a difference is corrected by one of ours."""
    del new, text, reads


def match(facts: StockFacts) -> str:
    """Return nothing: a location belongs to no order."""
    del facts
    return ""


def lapses(facts: StockFacts, settings: ConnectionSettings) -> dict[int, str]:
    """Return nothing: a correction is about the units that were shown, and never about others."""
    del facts, settings
    return {}


def objection(
    facts: StockFacts,
    handled: Sequence[HandledUnits],
    decision_id: int,
    settings: ConnectionSettings,
) -> str:
    """Return nothing: that nothing would be corrected shows in the plan."""
    del facts, handled, decision_id, settings
    return ""


DECIDABLE: Final = Decidable(
    offers=_OFFERS,
    name=name,
    match=match,
    lapses=lapses,
    objection=objection,
    corrections=corrections,
)
