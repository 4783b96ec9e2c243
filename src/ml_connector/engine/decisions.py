"""What a flow says of decisions: which it offers, what they name, and whether they hold."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
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

_BOOKED_TOO_MUCH: Final = frozenset(
    {
        Cause.QUANTITY_WENT_DOWN,
        Cause.SHIPMENT_CHANGED,
        Cause.CANCELLED_AFTER_SHIPPING,
        Cause.RETURN_REOPENED,
    }
)


def offers_of(own: Offers) -> Offers:
    """Return what a flow offers, and ``not-ours`` wherever what it lacks may be on purpose.

    Not where more is booked than the source says: that is wrong whosever it is.

    Args:
        own: what it offers beside that.
    """
    causes = (*own, *(one for one in _NOT_OURS_EITHER if one not in own))
    not_ours = (DecisionKind.NOT_OURS,)
    return MappingProxyType(
        {
            one: (*own.get(one, ()), *(() if one in _BOOKED_TOO_MUCH else not_ours))
            for one in causes
        }
    )


def no_rule(_facts: object) -> str:
    """Return that no rule under ``[ignore]`` has subjects like this one ignored."""
    return ""


def _no_documents(_facts: object) -> Collection[str]:
    return ()


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
        names_ours: the causes after which ``handled`` may name a document of ours that a person
            has changed.
        ignore_rule: the rule under ``[ignore]`` that has all like a subject ignored, by its
            facts; empty where there is none. Pure.
        in_question: internal ids of the documents of others that may hold units of a subject, by
            its facts: those that it saw, and those that decisions about it name. Pure.
        separates_copies: whether a document of others that looks like a copy of ours can be said
            to be another matter, also where the subject is done.
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
    ignore_rule: Callable[[Any], str] = no_rule
    in_question: Callable[[Any], Collection[str]] = _no_documents
    names_ours: frozenset[Cause] = frozenset()
    separates_copies: bool = False


def only_not_ours(causes: Iterable[Cause], *, ignore_rule: Callable[[Any], str]) -> Decidable:
    """Return what may be decided about subjects that can only be said not to be ours.

    Args:
        causes: for which they stop.
        ignore_rule: as of ``Decidable``.
    """
    return Decidable(
        offers=dict.fromkeys(causes, (DecisionKind.NOT_OURS,)),
        name=_no_document,
        match=no_rule,
        lapses=_holds,
        objection=_no_objection,
        ignore_rule=ignore_rule,
    )


async def _no_document(_new: NewDecision, _text: str, _reads: Reads) -> None:
    return None


def _holds(_facts: object, _settings: ConnectionSettings) -> Mapping[int, str]:
    return {}


def _no_objection(*_: object) -> str:
    return ""
