"""What a person may decide about a return that stopped, and what a decision can't mean."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable, Offers, offers_of
from ml_connector.flows.returns.decisions.corrections import corrections
from ml_connector.flows.returns.decisions.decided import ignore_rule, lapses, match, places_by_hand
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import Decided, document_name
from ml_connector.rules.decisions.named import named_documents
from ml_connector.rules.decisions.naming import named_document, named_return_order
from ml_connector.rules.decisions.objections import (
    UnitsToAccountFor,
    handles_nothing,
    objection_to,
)
from ml_connector.words import Cause, DecisionKind

_HANDLED: Final = DecisionKind.HANDLED
_SEPARATE: Final = DecisionKind.SEPARATE
_BELONGS: Final = DecisionKind.BELONGS
_UNMATCHED: Final = "unmatched_return"

_OFFERS: Final[Offers] = offers_of(
    {
        Cause.RECEIVED_BY_OTHERS: (_HANDLED, _SEPARATE, _BELONGS),
        Cause.RETURN_AUTHORIZATION_NOT_FOUND: (_BELONGS, _HANDLED, DecisionKind.ADJUST),
        Cause.RETURN_AUTHORIZATION_NOT_OPEN: (_HANDLED, _BELONGS),
        Cause.RETURN_UNCLEAR: (_HANDLED,),
        Cause.SALES_ORDER_AMBIGUOUS: (_BELONGS, _HANDLED),
        Cause.SALES_ORDER_NOT_FULFILLED: (_HANDLED, _BELONGS),
        Cause.OVER_RECEIPT: (_HANDLED, _BELONGS, DecisionKind.ADJUST),
        Cause.SUBSIDIARY_UNCLEAR: (_HANDLED, _BELONGS),
        Cause.UNIT_DIFFERS: (_HANDLED, _BELONGS),
        Cause.LOT_TRACKED: (_HANDLED,),
        Cause.ACCOUNT_UNMAPPED: (_HANDLED, _BELONGS),
        Cause.PERIOD_CLOSED: (_HANDLED,),
        Cause.LINE_NUMBERS_UNCLEAR: (_HANDLED, _BELONGS),
        Cause.REFUSED_BY_NETSUITE: (_HANDLED, _BELONGS),
        Cause.ITEM_WITHOUT_STOCK: (_HANDLED,),
        Cause.STATUS_UNKNOWN: (DecisionKind.ACCEPT,),
        Cause.RETURN_REOPENED: (DecisionKind.ACCEPT,),
        Cause.QUANTITY_WENT_DOWN: (DecisionKind.CORRECT, _HANDLED, DecisionKind.ACCEPT),
    }
)

_TYPES: Final[Mapping[DecisionKind, tuple[str, ...]]] = MappingProxyType(
    {_HANDLED: ("ItemRcpt", "InvAdjst"), _SEPARATE: ("ItemRcpt",)}
)
"""The types of the documents that each decision may name."""


async def name(new: NewDecision, text: str, reads: Reads) -> NamedDocument | None:
    """Look up the document, the authorization or the sales order that a person names.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    if new.kind is _BELONGS:
        return await named_return_order(text, reads)
    own = new.kind is _HANDLED and new.cause == Cause.QUANTITY_WENT_DOWN
    return await named_document(text, reads, _TYPES[new.kind], ours_too=own)


def objection(
    facts: ReturnFacts,
    handled: Sequence[HandledUnits],
    decision_id: int,
    settings: ConnectionSettings,
) -> str:
    """Return why a decision decides nothing about a return; empty where it does.

    Args:
        facts: with the decision in them.
        handled: what the plan counts as handled.
        decision_id: of the decision.
        settings: of the connection.
    """
    return objection_to(
        facts.decisions,
        decision_id,
        handles=lambda one, document: (
            _takes_nothing_out(facts, one, document, handled)
            if document.ours
            else handles_nothing(one, document, handled, _wanted(facts, settings))
        ),
        separates=partial(_separates_nothing, facts),
    )


def _takes_nothing_out(
    facts: ReturnFacts, one: Decided, document: NamedDocument, handled: Sequence[HandledUnits]
) -> str:
    if any(units.decision == one.id for units in handled):
        return ""
    return (
        f"{document_name(document)} took nothing out of what is booked of return {facts.return_id}"
    )


def _wanted(facts: ReturnFacts, settings: ConnectionSettings) -> UnitsToAccountFor:
    places = places_by_hand(facts, settings)
    return UnitsToAccountFor(
        what=f"return {facts.return_id}",
        items={item.id for found in facts.items.values() for item in found} | {*facts.bound},
        places=places,
        there=" or ".join(sorted(places)) or f"of center {facts.center_id}",
        leaving=(False, True),
        subsidiaries=_subsidiaries(facts, settings),
    )


def _subsidiaries(facts: ReturnFacts, settings: ConnectionSettings) -> Collection[str]:
    """Return the subsidiary of which a document by hand must be, as ours would be.

    One that is not known excludes nothing: other accounts have only one.
    """
    subsidiaries = [
        *(one.subsidiary for one in facts.named),
        *(one.subsidiary for one in facts.sales),
    ]
    known = {one for one in subsidiaries if one is not None}
    location = settings.locations.get(str(facts.center_id), "")
    own = {*facts.location_subsidiaries.get(location, ())}
    ours = next((one for one in (known, own) if len(one) == 1), set())
    return ours or {*filter(None, [settings.netsuite.subsidiary])}


def _separates_nothing(facts: ReturnFacts, document: NamedDocument) -> str:
    if document.id in _receipts(facts):
        return ""
    return (
        f"{document_name(document)} is no receipt that may hold the units of return"
        f" {facts.return_id}"
    )


def in_question(facts: ReturnFacts) -> frozenset[str]:
    """Return the receipts of its authorizations, and what decisions about a return name."""
    return frozenset((*_receipts(facts), *named_documents(facts.decisions)))


def _receipts(facts: ReturnFacts) -> set[str]:
    made = (one for sale in facts.sales for one in sale.authorizations)
    return {receipt.id for one in (*facts.named, *made) for receipt in one.receipts}


DECIDABLE: Final = Decidable(
    offers=_OFFERS,
    name=name,
    match=match,
    lapses=lapses,
    objection=objection,
    corrections=corrections,
    adjusts=MappingProxyType(
        {
            Cause.RETURN_AUTHORIZATION_NOT_FOUND: _UNMATCHED,
            Cause.OVER_RECEIPT: _UNMATCHED,
        }
    ),
    ignore_rule=ignore_rule,
    in_question=in_question,
    names_ours=frozenset({Cause.QUANTITY_WENT_DOWN}),
    separates_copies=True,
)
