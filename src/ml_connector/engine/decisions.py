"""What a flow says of decisions: which it offers, what they name, and whether they hold."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import Document, HandledUnits, Posted
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause, DecisionKind

Offers = Mapping[Cause, tuple[DecisionKind, ...]]
"""Which decisions a person has where a subject stopped with a cause."""


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
        lapses: by decision about the subject, why it does not hold any more; empty where it
            holds. Pure.
        objection: why a decision decides nothing, by the facts with it in them, what the plan
            then counts as handled, its id, and the settings; empty where it does. Pure.
        corrections: the counter-documents that are decided on and don't exist yet, by the facts,
            what is posted, and the settings. Pure. Raises as ``plan`` does.
    """

    offers: Offers
    name: Callable[[NewDecision, str, Reads], Awaitable[NamedDocument | None]]
    match: Callable[[Any], str]
    lapses: Callable[[Any], Mapping[int, str]]
    objection: Callable[[Any, Sequence[HandledUnits], int, ConnectionSettings], str]
    corrections: Callable[[Any, Sequence[Posted], ConnectionSettings], Sequence[Document]] = (
        _nothing_to_correct
    )
