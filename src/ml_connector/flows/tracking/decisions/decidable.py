"""What a person may decide about a shipment that stopped, and what a decision can't mean."""

from collections.abc import AsyncIterator, Mapping, Sequence
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
    Decided,
    document_name,
    free_units,
    moved_units,
)
from ml_connector.rules.decisions.naming import named_document, named_sales_order
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
        Cause.SHIPMENT_CHANGED: (_HANDLED,),
        Cause.CANCELLED_AFTER_SHIPPING: (_SEPARATE,),
        Cause.UNIT_DIFFERS: (_HANDLED,),
        Cause.LOT_TRACKED: (_HANDLED,),
        Cause.ACCOUNT_UNMAPPED: (_HANDLED, _BELONGS),
        Cause.SUBSIDIARY_UNCLEAR: (_HANDLED, _BELONGS),
        Cause.PERIOD_CLOSED: (_HANDLED,),
        Cause.LINE_NUMBERS_UNCLEAR: (_HANDLED,),
        Cause.REFUSED_BY_NETSUITE: (_HANDLED, _BELONGS),
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
    for one in facts.decisions:
        if one.id == decision_id and one.then is not None:
            if one.kind == _HANDLED:
                return _handles_nothing(facts, handled, one, one.then, settings)
            if one.kind == _SEPARATE:
                return _separates_nothing(facts, one.then)
    return ""


def _separates_nothing(facts: TrackingFacts, document: NamedDocument) -> str:
    listed = {one.id for order in facts.sales_orders for one in order.fulfillments}
    if document.id in listed:
        return ""
    return f"{document_name(document)} is none of the order of shipment {facts.shipment_id}"


def _handles_nothing(
    facts: TrackingFacts,
    handled: Sequence[HandledUnits],
    one: Decided,
    document: NamedDocument,
    settings: ConnectionSettings,
) -> str:
    named = document_name(document)
    other = _other_subsidiary(facts, document, settings)
    if other or any(units.decision == one.id for units in handled):
        return other
    location = settings.locations.get(str(facts.shipment.center_id))
    items = set(items_of_units(facts, settings).values())
    shown = [
        place
        for place in moved_units(document, leaving=True)
        if place[0] in items and place[1] == location
    ]
    if not shown:
        there = location or f"of center {facts.shipment.center_id}, which is not mapped"
        return f"{named} holds nothing of shipment {facts.shipment_id} at location {there}"
    free = free_units(one, leaving=True)
    if not any(free[place] for place in shown):
        return f"Other decisions have taken all that {named} holds of its items"
    return f"Nothing of shipment {facts.shipment_id} that {named} holds is open"


def _other_subsidiary(
    facts: TrackingFacts, document: NamedDocument, settings: ConnectionSettings
) -> str:
    """Return that a document is not of the subsidiary that ours would carry; empty if it is.

    A subsidiary that is not known excludes nothing: other accounts have only one.
    """
    known = {order.subsidiary for order in facts.sales_orders if order.subsidiary is not None}
    ours = known.pop() if len(known) == 1 else settings.netsuite.subsidiary
    if ours is None or document.subsidiary in {None, ours}:
        return ""
    return (
        f"{document_name(document)} is of subsidiary {document.subsidiary}, and what shipment"
        f" {facts.shipment_id} leads to would be of subsidiary {ours}"
    )


DECIDABLE: Final = Decidable(
    offers=_OFFERS,
    name=name,
    match=match,
    lapses=lapses,
    objection=objection,
    adjusts=MappingProxyType({Cause.SALES_ORDER_NOT_FOUND: "unmatched_shipment"}),
    ignore_rule=ignore_rule,
)
