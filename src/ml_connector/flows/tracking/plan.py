"""Deciding what NetSuite and ShipBob lack about a shipment. Pure."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.flows.tracking.decisions.decided import (
    decided_for,
    lapsed,
    left_to_others,
    match,
    separate_fulfillments,
)
from ml_connector.flows.tracking.decisions.handled import (
    all_handled,
    refuse_fewer_than_handled,
    split_handled,
)
from ml_connector.flows.tracking.decisions.undated import undated
from ml_connector.flows.tracking.delivery import delivery_of
from ml_connector.flows.tracking.documents import (
    ShipmentBooking,
    item_fulfillment,
)
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts, moment
from ml_connector.flows.tracking.order_lines import (
    covers,
    take,
)
from ml_connector.flows.tracking.recognition.changes import (
    changed_units,
    not_shipped,
    offsets,
)
from ml_connector.flows.tracking.recognition.doubts import (
    cancelled_after_shipping,
    held_for_cancelled,
)
from ml_connector.flows.tracking.recognition.its_fulfillment import its_fulfillment
from ml_connector.flows.tracking.recognition.known import (
    fulfillments_with_units,
    known_fulfillments,
    linked_fulfillment,
)
from ml_connector.flows.tracking.recognition.shipment_task import ShipmentTask
from ml_connector.flows.tracking.recognition.the_order import the_order
from ml_connector.flows.tracking.recognition.up_to_date import mark, update
from ml_connector.flows.tracking.sales_orders import (
    BY_HAND,
    SalesOrderFact,
    not_open,
)
from ml_connector.flows.tracking.source_lines import (
    fact_date_of,
    left_off,
    source_lines,
)
from ml_connector.flows.tracking.unit_items import check_lots
from ml_connector.flows.tracking.unordered.extras import without_extras
from ml_connector.flows.tracking.unordered.unmatched import (
    adjust,
    adjusted,
    adjusts,
    counting,
    not_fulfilled,
)
from ml_connector.flows.tracking.wake import changed_order, more_fulfillments
from ml_connector.ledger.postings.documents import (
    Plan,
    Posted,
    RefusedUnits,
)
from ml_connector.netsuite.statuses import (
    SALES_ORDER_FULFILLED,
)
from ml_connector.rules.decisions.decided import still_handled
from ml_connector.rules.decisions.not_ours import not_ours_reason
from ml_connector.rules.line_numbers.refusal import refuse_unclear_lines
from ml_connector.rules.locations import unmapped
from ml_connector.rules.posting_dates import local_day, posting_date
from ml_connector.rules.refused import ignored_order, refusal, refused
from ml_connector.rules.start_date import before_start
from ml_connector.rules.unknown_words import unknown_status
from ml_connector.words import Cause, DecisionKind, DocumentKind

_LOOK_AGAIN_SECONDS: Final = 300.0
_BY_HAND_TOO: Final = frozenset(
    {Cause.SALES_ORDER_CLOSED, Cause.FULFILLMENT_NOT_FOUND, Cause.SKU_NOT_ON_ORDER}
)


def plan(facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what NetSuite and ShipBob lack about one shipment.

    Raises:
        NeedsData: the sales order, the fulfilment that is to be updated, a SKU or a location
            is missing. Nothing is planned then, so a shipment is never half fulfilled.
        NeedsHuman: it is not clear which order or how much of it; more has shipped than is
            open; the period is closed; its date is missing; it was cancelled after it was
            fulfilled. One whose status is not known, and of which nothing says that it has
            left, is shown by ``remaining_failure``.
        Retryable: it is labelled, but its tracking number isn't there yet.
    """
    if facts.shipment_id is None:
        ids = tuple(str(shipment.id) for shipment in facts.shipments)
        note = f"Stands for its shipments {', '.join(ids)}" if ids else "Has no shipments yet"
        return Plan(fan_out=ids, parent_key=str(facts.order_id), note=note)
    number = 1 + sum(one.kind == DocumentKind.INVENTORY_ADJUSTMENT for one in posted)
    posted = counting(facts, posted, settings)
    with _woken_by_its_order(facts):
        refuse_fewer_than_handled(facts, posted)
    done = adjusted(facts, posted, settings) or _not_left(facts, posted, settings)
    done = done or undated(facts, posted, settings)
    if done is not None:
        return done
    fact_date = fact_date_of(facts.shipment, settings)
    with _woken_by_its_order(facts):
        left_out = _left_out(facts, fact_date, posted, settings)
        if left_out is not None:
            return left_out
        _refuse_lapsed(facts, posted, settings)
    settings = decided_for(facts, settings)
    rest, handled = split_handled(facts, posted, settings)
    if not handled:
        return _post(facts, fact_date, posted, settings, number=number)
    nothing_left = all_handled(rest, handled, posted, settings)
    if nothing_left is not None:
        return nothing_left
    try:
        decided = _post(rest, fact_date, posted, settings, number=number)
    except (NeedsData, NeedsHuman) as error:
        decided = Plan(remaining_failure=error)
    return msgspec.structs.replace(decided, handled=handled)


def always_refused(facts: TrackingFacts, settings: ConnectionSettings) -> tuple[RefusedUnits, ...]:
    """Return what is not posted even where nothing can be planned: what a person decided.

    What was on a fulfilment of others may be on it no more, and waits.
    """
    del settings
    return still_handled(facts.decisions, match(facts))


def _left_out(
    facts: TrackingFacts, fact_date: date, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a shipment that is not the books' business; None for all others."""
    reason = before_start(fact_date, settings, not_done="not posted")
    if not (reason or posted):
        reason = _ignored(facts, settings)
    if reason:
        return refusal(source_lines(facts, settings), reason)
    return left_to_others(facts, posted, settings)


def _ignored(facts: TrackingFacts, settings: ConnectionSettings) -> str:
    return ignored_order(
        settings.ignore,
        channel=facts.channel,
        numbers=(facts.reference, facts.order_number),
        tags=facts.tags,
    )


def _refuse_lapsed(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> None:
    """Stop where a decision does not hold any more; one on its order only decides a new one."""
    linked = linked_fulfillment(posted, facts.gone) is not None
    kinds = {DecisionKind.HANDLED, DecisionKind.ADJUST}
    changed = lapsed(facts, settings, kinds=kinds if linked else {*kinds, DecisionKind.BELONGS})
    if changed is not None:
        raise changed


def _post(
    facts: TrackingFacts,
    fact_date: date,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    *,
    number: int,
) -> Plan:
    """Plan what is posted of a shipment that has left; raises as ``plan`` does.

    Args:
        facts: of the shipment.
        fact_date: the day on which it left.
        posted: the documents that count.
        settings: of the connection.
        number: of the next adjustment, counted from 1 within the shipment.
    """
    shipment = facts.shipment
    if shipment.status == "LabeledCreated" and not shipment.parcels and not posted:
        raise Retryable(
            f"Shipment {shipment.id} has a label, but no tracking number yet",
            cause=Cause.TRACKING_MISSING,
            remedy="Nothing: it is looked at again.",
            retry_after_seconds=_LOOK_AGAIN_SECONDS,
        )
    unmatched = None if posted else _without_order(facts, fact_date, settings, number)
    if unmatched is not None:
        return unmatched
    order = _order(facts, posted, settings)
    ordered, extras = without_extras(facts, order, settings)
    known = known_fulfillments(ordered, order, posted, settings)
    task = ShipmentTask(ordered, order, known, tuple(posted), settings, fact_date)
    with _woken_by_its_order(facts):
        decided = _fulfilled(task)
    return msgspec.structs.replace(decided, refused=(*decided.refused, *extras))


def _fulfilled(task: ShipmentTask) -> Plan:
    nothing = _nothing_to_fulfil(task)
    if nothing is not None:
        return nothing
    own = its_fulfillment(task)
    return _create(task) if own is None else update(task, own)


def _not_left(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a shipment that was cancelled or has not shipped; else None."""
    if facts.shipment.is_cancelled:
        with _woken_by_its_order(facts):
            return _cancelled(facts, posted, settings)
    if facts.shipment.has_shipped:
        return None
    with _woken_by_its_order(facts):
        decided = not_shipped(facts, posted)
    if facts.shipment.is_status_known or _is_left_out(facts, posted, settings):
        return decided
    return msgspec.structs.replace(
        decided, remaining_failure=_status_unknown(facts.shipment), note=""
    )


def _is_left_out(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> bool:
    """Whether nothing is posted of a shipment whatever its status."""
    day = local_day(moment(facts.shipment), settings)
    if posted:
        return False
    left_out = before_start(day, settings) or _ignored(facts, settings)
    return bool(left_out or not_ours_reason(facts.decisions))


def _status_unknown(shipment: ShipmentFact) -> NeedsHuman:
    return unknown_status(
        f"Shipment {shipment.id}",
        shipment.status,
        where="at ShipBob",
        unclear="whether it has left, and it shows no number and no date of a parcel",
        remedy=(
            "Look at the shipment's page at ShipBob. If it has not left, nothing: it goes on by"
            " itself at its next change. If it has, ask ShipBob for its tracking number or its"
            " date, and report the status."
        ),
        waiting_for=[AwaitedKind.SHIPMENT.named(shipment.id)],
    )


@contextlib.contextmanager
def _woken_by_its_order(facts: TrackingFacts) -> Iterator[None]:
    """Let a shipment that stops at its order wait for any change of it.

    A person who does in NetSuite what the remedy says need not tell us as well. Some stops wait
    for something else; these say that the order may be fulfilled by hand, too.
    """
    try:
        yield
    except (NeedsData, NeedsHuman) as error:
        if facts.sales_orders and (not error.waiting_for or error.cause in _BY_HAND_TOO):
            changed = changed_order(facts.sales_orders, facts.awaited_order)
            error.waiting_for = (*error.waiting_for, changed)
        raise


def _without_order(
    facts: TrackingFacts, fact_date: date, settings: ConnectionSettings, number: int
) -> Plan | None:
    """Return what the policy does with a shipment that NetSuite has no order for; else None."""
    if not adjusts(facts, settings):
        return not_fulfilled(facts, settings)
    shipment = facts.shipment
    location = settings.locations.get(str(shipment.center_id))
    if location is None:
        raise _unmapped(shipment)
    day = posting_date(
        fact_date,
        facts.periods,
        settings.policies.closed_period,
        document=f"the inventory adjustment of shipment {shipment.id}",
    )
    booking = ShipmentBooking(
        shipment=shipment,
        delivery=delivery_of(shipment, settings.schedule.zone),
        location=location,
        fact_date=fact_date,
        date=day,
        fields=settings.tracking,
    )
    return adjust(facts, booking, settings, number=number)


def _order(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> SalesOrderFact:
    """Return the shipment's sales order.

    If it is not found any more although its fulfilment is posted, an empty order stands in, so
    that the fulfilment is still brought up to date.
    """
    try:
        return the_order(facts, settings)
    except (NeedsData, NeedsHuman):
        if not any(document.system == "netsuite" for document in posted):
            raise
        return SalesOrderFact(id="", number=facts.reference or "", status="")


def _nothing_to_fulfil(task: ShipmentTask) -> Plan | None:
    """Return the plan for a shipment of gift cards, downloads or services alone; else None."""
    never = task.never_fulfilled
    if task.posted or not never or never.keys() < {one.source_line for one in task.shipment.units}:
        return None
    return refusal(
        source_lines(task.facts, task.settings), "; ".join(dict.fromkeys(never.values()))
    )


def _create(task: ShipmentTask) -> Plan:
    shipment, order = task.shipment, task.order
    if task.settings.policies.fulfillment == "update":
        raise NeedsData(
            f"Sales order {order.number} has no item fulfilment for shipment {shipment.id} yet,"
            ' and the policy fulfillment = "update" makes none',
            cause=Cause.FULFILLMENT_NOT_FOUND,
            waiting_for=[more_fulfillments(len(order.fulfillments), task.facts.awaited_order)],
            remedy=(
                "Fulfil the order in NetSuite with exactly the units of this shipment; what"
                " waits goes on by itself."
            ),
        )
    wanted = task.wanted(shipment)
    if not covers(order, wanted):
        _refuse_held_for_cancelled(task)
    if not order.is_open and (order.status not in SALES_ORDER_FULFILLED or covers(order, wanted)):
        raise not_open(order, task.facts.awaited_order, shipment.id)
    taken = take(wanted, order, shipment.id, task.facts.names)
    if not taken:
        raise NeedsHuman(
            f"ShipBob names no units in shipment {shipment.id}, although it has shipped",
            cause=Cause.SKU_MISSING_IN_SHIPBOB,
            remedy=f"Find out from ShipBob what is in it; or {BY_HAND}",
        )
    if task.location is None:
        raise _unmapped(shipment)
    check_lots(taken, order, task.facts.lots, shipment.id)
    refuse_unclear_lines(order.line_numbers, "salesOrder", order.id, order.number)
    made = item_fulfillment(task.booking(task.day()), order, taken, task.facts.lots)
    never = left_off(source_lines(task.facts, task.settings), task.never_fulfilled)
    return Plan(documents=(made, *mark(task, anew=True)), refused=never)


def _refuse_held_for_cancelled(task: ShipmentTask) -> None:
    """Stop where fulfilments of cancelled shipments hold what this one takes."""
    known, own = task.known, task.known.of(task.shipment)
    cancelled = {str(one.id) for one in task.facts.shipments if one.is_cancelled}
    held = [
        (one, sibling)
        for one in known.every
        for sibling in sorted(known.marked(one) & cancelled)
        if known.units_in(one).keys() & own.units.keys()
    ]
    if held:
        raise held_for_cancelled(own, held, known)


def _cancelled(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan:
    made = fulfillments_with_units(posted)
    others = separate_fulfillments(facts) - made
    for order in facts.sales_orders:
        known = known_fulfillments(facts, order, posted, settings)
        own = known.of(facts.shipment)
        for fulfillment in known.every:
            if fulfillment.id in others:
                continue
            if fulfillment.id in made or known.says_left(fulfillment, own):
                raise cancelled_after_shipping(own, fulfillment, known)
    lines = source_lines(facts, settings)
    if made:
        note = "Cancelled after its label; its item fulfilment is gone from NetSuite"
        # ShipBob may not show any more that it had a label.
        return Plan(
            note=note, gone=facts.gone, refused=offsets(changed_units(lines, posted), note)
        )
    return Plan(
        note="Cancelled: nothing has shipped", refused=refused(lines, "Cancelled at ShipBob")
    )


def _unmapped(shipment: ShipmentFact) -> NeedsData | NeedsHuman:
    if shipment.center_id is None:
        return NeedsHuman(
            f"ShipBob names no fulfillment center for shipment {shipment.id}",
            cause=Cause.LOCATION_UNMAPPED,
            remedy=f"Find out which location it left; {BY_HAND}",
        )
    return unmapped(shipment.center_id, shipment.center_name)
