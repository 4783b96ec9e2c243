"""What a flow says of decisions: which it offers, what they name, and whether they hold."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import Document, HandledUnits, Posted
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause, DecisionKind

Offers = Mapping[Cause, tuple[DecisionKind, ...]]
"""Which decisions a person has where a subject stopped with a cause."""

_NOT_OURS_EITHER: Final = (
    Cause.SKU_MISSING_IN_NETSUITE,
    Cause.SKU_MISSING_IN_SHIPBOB,
    Cause.SKU_AMBIGUOUS,
    Cause.SKU_INACTIVE,
    Cause.LOCATION_UNMAPPED,
)


def offers_of(own: Offers) -> Offers:
    """Return what a flow offers, and ``not-ours`` wherever what it lacks may be on purpose.

    Args:
        own: what it offers beside that.
    """
    causes = (*own, *(one for one in _NOT_OURS_EITHER if one not in own))
    return MappingProxyType({one: (*own.get(one, ()), DecisionKind.NOT_OURS) for one in causes})


def _no_rule(_facts: object) -> str:
    return ""


def _nothing_to_correct(*_: object) -> Sequence[Document]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Decidable:
    """What people may decide about the stopped subjects of a flow.

    Attributes:
        offers: which decisions, by the cause of the stop.
        name: looks up what a decision names, by the number that a person gave for it. Raises
            UserError, and one of the foreseen failures where a system can't be read.
        match: what the source itself says of the order it belongs to, by the facts. Pure.
        lapses: by decision about the subject, why it does not hold any more, by the facts and
            the settings; empty where it holds. Pure.
        objection: why a decision decides nothing, by the facts with it in them, what the plan
            then counts as handled, its id, and the settings; empty where it does. Pure.
        corrections: the counter-documents that are decided on and don't exist yet, by the facts,
            what is posted, and the settings. Pure. Raises as ``plan`` does.
        adjusts: by cause, the policy that ``adjust`` decides for the subject alone.
        ignore_rule: the rule under ``[ignore]`` that has all like a subject ignored, by its
            facts; empty where there is none. Pure.
    """

    offers: Offers
    name: Callable[[NewDecision, str, Reads], Awaitable[NamedDocument | None]]
    match: Callable[[Any], str]
    lapses: Callable[[Any, ConnectionSettings], Mapping[int, str]]
    objection: Callable[[Any, Sequence[HandledUnits], int, ConnectionSettings], str]
    corrections: Callable[[Any, Sequence[Posted], ConnectionSettings], Sequence[Document]] = (
        _nothing_to_correct
    )
    adjusts: Mapping[Cause, str] = field(default_factory=dict)
    ignore_rule: Callable[[Any], str] = _no_rule
