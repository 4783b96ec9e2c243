"""What people decided about a WRO: handled, separate, belongs, adjust, not ours.

What takes reads asks; everything else is pure.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decided_sweep import decided_subjects
from ml_connector.engine.decisions import Decidable, Offers, offers_of
from ml_connector.engine.flow import SweepResult
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.flows.receiving.hubs import ordered_at
from ml_connector.flows.receiving.stowed import name_of, source_lines, stowed_units
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import HandledUnits, Plan, Posted, RefusedUnits
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.booked import TAKEN_BACK, left_taken_back, settled_units
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.decided import (
    Decided,
    UnitsToHandle,
    document_name,
    handled_units,
    of_kind,
)
from ml_connector.rules.decisions.named import named_documents, order_by_decision
from ml_connector.rules.decisions.naming import named_document, named_purchase_order
from ml_connector.rules.decisions.not_ours import ignore_rule as not_ours_rule
from ml_connector.rules.decisions.not_ours import not_ours
from ml_connector.rules.decisions.objections import (
    UnitsToAccountFor,
    handles_nothing,
    objection_to,
)
from ml_connector.rules.facts import ItemFact
from ml_connector.words import OUR_EXTERNAL_IDS, Cause, DecisionKind

_HANDLED: Final = DecisionKind.HANDLED
_SEPARATE: Final = DecisionKind.SEPARATE
_BELONGS: Final = DecisionKind.BELONGS

_OFFERS: Final[Offers] = offers_of(
    {
        Cause.RECEIVED_BY_OTHERS: (_HANDLED, _SEPARATE, _BELONGS),
        Cause.PURCHASE_ORDER_NOT_FOUND: (_BELONGS, _HANDLED, DecisionKind.ADJUST),
        Cause.PURCHASE_ORDER_AMBIGUOUS: (_BELONGS, _HANDLED),
        Cause.PURCHASE_ORDER_CLOSED: (_HANDLED, _BELONGS),
        Cause.TRANSFER_ORDER: (_HANDLED, _BELONGS),
        Cause.OVER_RECEIPT: (_HANDLED, _BELONGS, DecisionKind.ADJUST),
        Cause.SUBSIDIARY_UNCLEAR: (_HANDLED, _BELONGS),
        Cause.UNIT_DIFFERS: (_HANDLED,),
        Cause.LOT_TRACKED: (_HANDLED,),
        Cause.ACCOUNT_UNMAPPED: (_HANDLED, _BELONGS),
        Cause.PERIOD_CLOSED: (_HANDLED,),
        Cause.DATE_MISSING: (_HANDLED,),
        Cause.LINE_NUMBERS_UNCLEAR: (_HANDLED,),
        Cause.REFUSED_BY_NETSUITE: (_HANDLED, _BELONGS),
        Cause.QUANTITY_WENT_DOWN: (DecisionKind.CORRECT, _HANDLED),
        Cause.STATUS_UNKNOWN: (DecisionKind.ACCEPT,),
        Cause.ITEM_WITHOUT_STOCK: (_HANDLED,),
    }
)

_TYPES: Final[Mapping[DecisionKind, tuple[str, ...]]] = MappingProxyType(
    {_HANDLED: ("ItemRcpt", "InvAdjst"), _SEPARATE: ("ItemRcpt",)}
)
"""The types of the documents that each decision may name."""


async def name(new: NewDecision, text: str, reads: Reads) -> NamedDocument | None:
    """Look up the document or the order that a person names.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    if new.kind is _BELONGS:
        return await named_purchase_order(text, reads)
    own = new.kind is _HANDLED and new.cause == Cause.QUANTITY_WENT_DOWN
    return await named_document(text, reads, _TYPES[new.kind], ours_too=own)


def match(facts: ReceivingFacts) -> str:
    """Return the number of an order that the WRO carries; empty where it carries none."""
    return facts.purchase_order_number or ""


def lapses(facts: ReceivingFacts, settings: ConnectionSettings) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, match(facts), source_lines(facts, settings))


def always_refused(
    facts: ReceivingFacts, settings: ConnectionSettings
) -> tuple[RefusedUnits, ...]:
    """Return what of a WRO is not booked even where nothing can be planned: what a person decided.

    What a policy refused may be booked by now, and waits.
    """
    del settings
    return decided.still_handled(facts.decisions, match(facts))


def settled(facts: ReceivingFacts, posted: Sequence[Posted]) -> Counter[str]:
    """Return the units that need no document of ours any more, by line of the WRO.

    Those that are booked; and those that a person took back, while as many are stowed.
    """
    return settled_units(posted, _to_be_booked(facts))


def taken_back(facts: ReceivingFacts, posted: Sequence[Posted]) -> tuple[RefusedUnits, ...]:
    """Return the units that a person took back, while as many are stowed as then."""
    return tuple(
        RefusedUnits(source_line=line, reason=TAKEN_BACK, quantity=units)
        for line, units in left_taken_back(posted, _to_be_booked(facts)).items()
    )


def _to_be_booked(facts: ReceivingFacts) -> Counter[str]:
    """Return the units that are stowed and that no document of others accounts for, by line."""
    told = Counter(stowed_units(facts.lines))
    told.subtract(decided.counted_units(facts.decisions, match(facts)))
    return told


def accounted_units(facts: ReceivingFacts, booked: Mapping[str, int]) -> Counter[str]:
    """Return the units that are booked or handled by others' documents, by line of the WRO.

    Not what documents took out again of what is booked (``less_units``).
    """
    added = [one for one in facts.decisions if not takes_out(one)]
    return Counter(booked) + decided.counted_units(added, match(facts))


def takes_out(one: Decided) -> bool:
    """Return whether a decision names what took units out again that were booked too much."""
    return one.kind == _HANDLED and one.cause == Cause.QUANTITY_WENT_DOWN


def lapsed(facts: ReceivingFacts, settings: ConnectionSettings) -> NeedsHuman | None:
    """Return the failure of a WRO with a decision that does not hold; None where all hold."""
    lines = source_lines(facts, settings)
    return decided.lapsed(f"WRO {facts.wro_id}", facts.decisions, match(facts), lines)


def left_to_others(
    facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a WRO that is not ours, as a person decided; None where nobody did.

    Raises:
        NeedsHuman: that decision does not hold any more.
    """
    lines = source_lines(facts, settings)
    return not_ours(f"WRO {facts.wro_id}", facts.decisions, match(facts), lines, posted)


def ignore_rule(facts: ReceivingFacts) -> str:
    """Return the rule that has all WROs ignored whose number begins like this one's."""
    return not_ours_rule("wro_prefixes", facts.purchase_order_number)


# Reading


def decided_order(decisions: Sequence[Decided]) -> str | None:
    """Return the internal id of the order that a WRO belongs to by decision; None without one."""
    return order_by_decision(decisions)


async def read_decided_order(
    decisions: Sequence[Decided], reads: Reads
) -> Sequence[PurchaseOrder] | None:
    """Return the order that a WRO belongs to by decision; None where nobody decided that."""
    order_id = decided_order(decisions)
    if order_id is None:
        return None
    order = await reads.order(order_id)
    return [order] if order else []


async def without_what_others_took(
    wro_id: int, lines: Sequence[ReceiptLine], reads: Reads
) -> list[ReceiptLine]:
    """Return the lines of receipts, less the units that decisions about other WROs took of them.

    Those units are accounted for: they can't be the units of this WRO as well.
    """
    theirs = {
        line.id for line in lines if not (line.externalid or "").startswith(OUR_EXTERNAL_IDS)
    }
    found = (
        await reads.decisions.taken(theirs, besides=("receiving", str(wro_id))) if theirs else {}
    )
    if not found:
        return list(lines)
    left: dict[str, Counter[tuple[str, str | None]]] = defaultdict(Counter)
    for document_id, units in found.items():
        for one in units:
            left[document_id][one.item, one.location] += one.quantity
    rest: list[ReceiptLine] = []
    for line in lines:
        place = (line.item, line.location)
        less = min(int(line.quantity), left[line.id][place])
        left[line.id][place] -= less
        if line.quantity > less:
            rest.append(msgspec.structs.replace(line, quantity=line.quantity - less))
    return rest


async def swept(reads: Reads) -> AsyncIterator[SweepResult]:
    """Yield the WROs about which decisions name documents, in the state that those are in."""
    async for one in decided_subjects("receiving", reads):
        yield one


# Planning


def split_handled(
    facts: ReceivingFacts,
    raised: Sequence[tuple[StowedLine, int]],
    items: Mapping[int, ItemFact],
    settings: ConnectionSettings,
) -> tuple[list[HandledUnits], list[tuple[StowedLine, int]]]:
    """Return the units that documents of others account for, and what is left to be booked.

    Args:
        facts: of the WRO.
        raised: its lines with more stowed than booked, and how much more.
        items: NetSuite's, by ShipBob's inventory id.
        settings: of the connection.
    """
    found: list[HandledUnits] = []
    left = list(raised)
    for place in _places(facts, settings):
        here = handled_units(
            [one for one in facts.decisions if not takes_out(one)],
            [
                UnitsToHandle(name_of(line), items[line.inventory_id].id, place, quantity)
                for line, quantity in left
            ],
        )
        gone: Counter[str] = Counter()
        for units in here:
            gone[units.source_line] += units.quantity
        rest = [(line, quantity - gone[name_of(line)]) for line, quantity in left]
        left = [(line, quantity) for line, quantity in rest if quantity]
        found += here
    return found, left


def handled_elsewhere(
    facts: ReceivingFacts,
    left: Sequence[tuple[StowedLine, int]],
    items: Mapping[int, ItemFact],
    settings: ConnectionSettings,
) -> NeedsHuman | None:
    """Return the failure of a WRO that is at another place than what handled it; None for none.

    Its center has changed since, or is mapped to another location: to be booked there as well,
    the units would be in stock twice. Arguments as of ``split_handled``.
    """
    wanted = {items[line.inventory_id].id for line, _ in left}
    places = _places(facts, settings)
    for one in of_kind(facts.decisions, _HANDLED):
        seen = None if takes_out(one) else one.now
        if seen is None or not any(unit.item in wanted for unit in seen.units):
            continue
        if all(unit.location not in places for unit in seen.units):
            return NeedsHuman(
                f'WRO {facts.wro_id}: decision {one.id}, "{one.says}", names units at another'
                f" location than {' or '.join(places)}, where the WRO is now",
                cause=one.cause,
                remedy=(
                    f"Correct the location on {document_name(seen)} in NetSuite"
                    " and decide again; or correct that of the center under [locations] and"
                    " apply the connection again. Or delete the document and take the decision"
                    f" back with events undecide {one.id}: all that is stowed is then booked."
                ),
            )
    return None


def _places(facts: ReceivingFacts, settings: ConnectionSettings) -> list[str]:
    """Return the locations at which others may have booked units of a WRO, its own first.

    Behind a hub both places are the WRO's. One that a hub has sent on shows that hub no more:
    what was received there before, at whichever mapped location, is the same units still.
    """
    own = [settings.locations.get(str(facts.fulfillment_center_id)), ordered_at(facts, settings)]
    others = sorted(settings.locations.values()) if facts.sent_on else []
    return list(dict.fromkeys(place for place in (*own, *others) if place is not None))


# Proposing


def objection(
    facts: ReceivingFacts,
    handled: Sequence[HandledUnits],
    decision_id: int,
    settings: ConnectionSettings,
) -> str:
    """Return why a decision decides nothing about a WRO; empty where it does.

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
            if takes_out(one)
            else handles_nothing(one, document, handled, _wanted(facts, settings))
        ),
        separates=partial(_separates_nothing, facts),
    )


def _takes_nothing_out(
    facts: ReceivingFacts,
    one: Decided,
    document: NamedDocument,
    handled: Sequence[HandledUnits],
) -> str:
    if any(units.decision == one.id for units in handled):
        return ""
    return f"{document_name(document)} took nothing out of what is booked of WRO {facts.wro_id}"


def _wanted(facts: ReceivingFacts, settings: ConnectionSettings) -> UnitsToAccountFor:
    places = _places(facts, settings)
    return UnitsToAccountFor(
        what=f"WRO {facts.wro_id}",
        items={item.id for found in facts.items.values() for item in found} | {*facts.bound},
        places=places,
        there=" or ".join(places) or f"of center {facts.fulfillment_center_id}",
        leaving=(False,),
        subsidiaries=_subsidiaries(facts, settings),
    )


def _subsidiaries(facts: ReceivingFacts, settings: ConnectionSettings) -> Collection[str]:
    """Return the subsidiaries of which a document by hand may be, as ours would be.

    One that is not known excludes nothing: other accounts have only one. Where the
    order is of another one than the location, ours would be of neither, and a person's document
    may be of either.
    """
    chosen = settings.netsuite.subsidiary
    ordered = {order.subsidiary for order in facts.orders if order.subsidiary is not None}
    if len(ordered) > 1 and chosen in ordered:
        ordered = {chosen}
    location = settings.locations.get(str(facts.fulfillment_center_id), "")
    own = {*facts.location_subsidiaries.get(location, ())}
    return (ordered & own) or (ordered | own) or {*filter(None, [chosen])}


def _separates_nothing(facts: ReceivingFacts, document: NamedDocument) -> str:
    receipts = [receipt for order in facts.orders for receipt in order.receipts]
    if any(one.document == document.id for one in receipts):
        return ""
    return f"{document_name(document)} is no receipt that may hold the units of WRO {facts.wro_id}"


def in_question(facts: ReceivingFacts) -> frozenset[str]:
    """Return the receipts of its orders, and what decisions about a WRO name."""
    receipts = (receipt.document for order in facts.orders for receipt in order.receipts)
    return frozenset((*receipts, *named_documents(facts.decisions)))


DECIDABLE: Final = Decidable(
    offers=_OFFERS,
    name=name,
    match=match,
    lapses=lapses,
    objection=objection,
    adjusts=MappingProxyType(
        {Cause.PURCHASE_ORDER_NOT_FOUND: "unmatched_wro", Cause.OVER_RECEIPT: "over_receipt"}
    ),
    ignore_rule=ignore_rule,
    in_question=in_question,
    names_ours=frozenset({Cause.QUANTITY_WENT_DOWN}),
    separates_copies=True,
)
