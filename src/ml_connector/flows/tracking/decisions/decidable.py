"""What a person may decide about a shipment that stopped, and what a decision can't mean."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decided_sweep import decided_subjects
from ml_connector.engine.decisions import Decidable, Offers, offers_of
from ml_connector.engine.flow import SweepResult
from ml_connector.flows.tracking.decisions.decided import ignore_rule, lapses, match
from ml_connector.flows.tracking.decisions.handled import items_of_units
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import (
    document_name,
)
from ml_connector.rules.decisions.named import named_documents
from ml_connector.rules.decisions.naming import named_document, named_sales_order
from ml_connector.rules.decisions.objections import (
    UnitsToAccountFor,
    handles_nothing,
    objection_to,
)
from ml_connector.words import Cause, DecisionKind

_HANDLED: Final = DecisionKind.HANDLED
_SEPARATE: Final = DecisionKind.SEPARATE
_BELONGS: Final = DecisionKind.BELONGS

_OFFERS: Final[Offers] = offers_of(
    {
        Cause.FULFILLED_BY_OTHERS: (_SEPARATE, _HANDLED, _BELONGS),
        Cause.FULFILLMENT_NOT_FOUND: (_HANDLED, _BELONGS),
        Cause.SALES_ORDER_NOT_FOUND: (_BELONGS, _HANDLED, DecisionKind.ADJUST),
        Cause.SALES_ORDER_AMBIGUOUS: (_BELONGS, _HANDLED),
        Cause.SALES_ORDER_CLOSED: (_HANDLED, _BELONGS),
        Cause.OVER_FULFILLMENT: (_HANDLED, _BELONGS),
        Cause.SKU_NOT_ON_ORDER: (_HANDLED, _BELONGS),
        Cause.KIT_UNCLEAR: (_HANDLED,),
        Cause.SHIPMENT_CHANGED: (_HANDLED, DecisionKind.ACCEPT),
        Cause.CANCELLED_AFTER_SHIPPING: (_SEPARATE, DecisionKind.ACCEPT),
        Cause.UNIT_DIFFERS: (_HANDLED,),
        Cause.LOT_TRACKED: (_HANDLED,),
        Cause.ACCOUNT_UNMAPPED: (_HANDLED, _BELONGS),
        Cause.SUBSIDIARY_UNCLEAR: (_HANDLED, _BELONGS),
        Cause.PERIOD_CLOSED: (_HANDLED, DecisionKind.ACCEPT),
        Cause.LINE_NUMBERS_UNCLEAR: (_HANDLED,),
        Cause.REFUSED_BY_NETSUITE: (_HANDLED, _BELONGS),
        Cause.DATE_MISSING: (_HANDLED,),
        Cause.ITEM_WITHOUT_STOCK: (_HANDLED,),
        Cause.STATUS_UNKNOWN: (DecisionKind.ACCEPT,),
    }
)

_TYPES: Final[Mapping[DecisionKind, tuple[str, ...]]] = MappingProxyType(
    {
        _HANDLED: ("ItemShip", "InvAdjst", "CashSale", "CustInvc"),
        _SEPARATE: ("ItemShip",),
    }
)
"""The types of the documents that each decision may name."""


async def name(new: NewDecision, text: str, reads: Reads) -> NamedDocument | None:
    """Look up the document or the sales order that a person names.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    if new.kind is _BELONGS:
        return await named_sales_order(text, reads)
    return await named_document(text, reads, _TYPES[new.kind])


async def swept(reads: Reads) -> AsyncIterator[SweepResult]:
    """Yield the shipments about which decisions name documents, in the state of those."""
    async for one in decided_subjects("tracking", reads):
        yield one


def objection(
    facts: TrackingFacts,
    handled: Sequence[HandledUnits],
    decision_id: int,
    settings: ConnectionSettings,
) -> str:
    """Return why a decision decides nothing about a shipment; empty where it does.

    Args:
        facts: with the decision in them.
        handled: what the plan counts as handled.
        decision_id: of the decision.
        settings: of the connection.
    """
    return objection_to(
        facts.decisions,
        decision_id,
        handles=lambda one, document: handles_nothing(
            one, document, handled, _wanted(facts, settings)
        ),
        separates=partial(_separates_nothing, facts),
    )


def _separates_nothing(facts: TrackingFacts, document: NamedDocument) -> str:
    listed = {one.id for order in facts.sales_orders for one in order.fulfillments}
    if document.id in listed:
        return ""
    return f"{document_name(document)} is none of the order of shipment {facts.shipment_id}"


def _wanted(facts: TrackingFacts, settings: ConnectionSettings) -> UnitsToAccountFor:
    location = settings.locations.get(str(facts.shipment.center_id))
    return UnitsToAccountFor(
        what=f"shipment {facts.shipment_id}",
        items=set(items_of_units(facts, settings).values()),
        places=() if location is None else (location,),
        there=location or f"of center {facts.shipment.center_id}, which is not mapped",
        leaving=(True,),
        subsidiaries=_subsidiaries(facts, settings),
    )


def _subsidiaries(facts: TrackingFacts, settings: ConnectionSettings) -> Collection[str]:
    """Return the subsidiary of which a document by hand must be, as ours would be.

    One that is not known excludes nothing: other accounts have only one.
    """
    known = {order.subsidiary for order in facts.sales_orders if order.subsidiary is not None}
    return known if len(known) == 1 else {*filter(None, [settings.netsuite.subsidiary])}


def in_question(facts: TrackingFacts) -> frozenset[str]:
    """Return the fulfilments of its orders, and what decisions about a shipment name."""
    listed = (one.id for order in facts.sales_orders for one in order.fulfillments)
    return frozenset((*listed, *named_documents(facts.decisions)))


DECIDABLE: Final = Decidable(
    offers=_OFFERS,
    name=name,
    match=match,
    lapses=lapses,
    objection=objection,
    adjusts=MappingProxyType({Cause.SALES_ORDER_NOT_FOUND: "unmatched_shipment"}),
    ignore_rule=ignore_rule,
    in_question=in_question,
    separates_copies=True,
)
