"""Deciding what NetSuite and ShipBob lack about a shipment. Pure."""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

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
from ml_connector.flows.tracking.delivery import delivery_of, told_before
from ml_connector.flows.tracking.documents import (
    OrderLineUnits,
    ShipmentBooking,
    fulfillment_update,
    item_fulfillment,
    tracking_mark,
)
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts, moment
from ml_connector.flows.tracking.order_lines import (
    WantedUnits,
    covers,
    never_fulfilled,
    take,
    wanted_lines,
)
from ml_connector.flows.tracking.recognition.changes import (
    changed_since,
    changed_since_deleted,
    changed_units,
    not_shipped,
    offsets,
    taken_out,
)
from ml_connector.flows.tracking.recognition.closed_months import News
from ml_connector.flows.tracking.recognition.doubts import (
    cancelled_after_shipping,
    deleted,
    fulfilled_by_others,
    held_for_cancelled,
    named_on_several,
)
from ml_connector.flows.tracking.recognition.known import (
    fulfillments_with_units,
    has_posted_units,
    known_fulfillments,
    linked_fulfillment,
)
from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
    ShipmentUnits,
    is_ours,
)
from ml_connector.flows.tracking.recognition.own_fulfillment import recognise
from ml_connector.flows.tracking.recognition.the_order import the_order
from ml_connector.flows.tracking.sales_orders import (
    BY_HAND,
    FulfillmentFact,
    SalesOrderFact,
    not_open,
)
from ml_connector.flows.tracking.source_lines import (
    done_by_others,
    fact_date_of,
    left_off,
    posted_parcels,
    source_lines,
)
from ml_connector.flows.tracking.unit_items import check_lots, items_of
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
    CorrectedRecord,
    Document,
    Plan,
    Posted,
    RecordClaim,
    RefusedUnits,
    StockUnits,
)
from ml_connector.netsuite.statuses import (
    FULFILLMENT_NOT_SHIPPED,
    FULFILLMENT_SHIPPED,
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
    task = _ShipmentTask(ordered, order, known, tuple(posted), settings, fact_date)
    with _woken_by_its_order(facts):
        decided = _fulfilled(task)
    return msgspec.structs.replace(decided, refused=(*decided.refused, *extras))


def _fulfilled(task: "_ShipmentTask") -> Plan:
    nothing = _nothing_to_fulfil(task)
    if nothing is not None:
        return nothing
    own = _own(task)
    return _create(task) if own is None else _update(task, own)


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


class _ShipmentTask(NamedTuple):
    """A shipment to plan documents for, and what this needs."""

    facts: TrackingFacts
    order: SalesOrderFact
    known: OrderFulfillments
    posted: tuple[Posted, ...]
    settings: ConnectionSettings
    fact_date: date

    @property
    def shipment(self) -> ShipmentFact:
        return self.facts.shipment

    @property
    def location(self) -> str | None:
        return self.settings.locations.get(str(self.shipment.center_id))

    def booking(self, day: date) -> ShipmentBooking:
        return ShipmentBooking(
            shipment=self.shipment,
            delivery=delivery_of(self.shipment, self.settings.schedule.zone),
            location=self.location,
            fact_date=self.fact_date,
            date=day,
            fields=self.settings.tracking,
        )

    def wanted(self, shipment: ShipmentFact) -> list[WantedUnits]:
        others = {
            place
            for one in self.facts.shipments
            if one.id != shipment.id and not one.is_cancelled
            if (place := self.settings.locations.get(str(one.center_id)))
        }
        order = self.order.with_lines_from(self.location, others)
        return wanted_lines(shipment, order, self.facts.names)

    @property
    def never_fulfilled(self) -> dict[str, str]:
        return never_fulfilled(self.shipment, self.order, self.facts.names)

    def day(self) -> date:
        return posting_date(
            self.fact_date,
            self.facts.periods,
            self.settings.policies.closed_period,
            document=f"the fulfilment of shipment {self.shipment.id}",
        )


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


def _own(task: _ShipmentTask) -> FulfillmentFact | None:
    """Return the shipment's fulfilment: ours as it was posted, else one that is there.

    Raises:
        NeedsHuman: one that is there may be the shipment's, and it can't be told.
    """
    known, own = task.known, task.known.of(task.shipment)
    linked = linked_fulfillment(task.posted, task.facts.gone)
    ours = linked is not None and has_posted_units(task.posted, {linked})
    if linked is not None and (ours or linked not in known.separate):
        return _linked(task, linked, own, ours=ours)
    changed = lapsed(task.facts, task.settings)
    if changed is not None:
        raise changed
    found = recognise(
        own,
        known,
        is_open=_has_open(task),
        makes_own=task.settings.policies.fulfillment == "create",
    )
    if found.doubtful:
        raise fulfilled_by_others(own, found.doubtful, known)
    if found.fulfillment is None and has_posted_units(task.posted, task.facts.gone):
        raise deleted(own, task.facts.gone, known)
    return found.fulfillment


def _linked(
    task: _ShipmentTask, linked: str, own: ShipmentUnits, *, ours: bool
) -> FulfillmentFact:
    """Return the fulfilment that the books know as a shipment's.

    Raises:
        NeedsHuman: it does not hold the shipment's units any more, while others made it; or
            another one names the shipment too.
    """
    known = task.known
    # A query may not show yet what we have just made (netsuite.md section 11.6).
    there = next((one for one in task.order.fulfillments if one.id == linked), None)
    if there is None:
        return FulfillmentFact(id=linked, status=FULFILLMENT_SHIPPED)
    holds_it = known.counts_for(there, own)
    if not (ours or holds_it):
        raise fulfilled_by_others(own, [there], known)
    further = known.names_as_well(own, there) if holds_it else ()
    if further:
        raise named_on_several(own, there, further, known)
    return there


def _has_open(task: _ShipmentTask) -> bool:
    try:
        return covers(task.order, task.wanted(task.shipment))
    except (NeedsData, NeedsHuman):
        return True  # what it is says the failure that follows


def _nothing_to_fulfil(task: _ShipmentTask) -> Plan | None:
    """Return the plan for a shipment of gift cards, downloads or services alone; else None."""
    never = task.never_fulfilled
    if task.posted or not never or never.keys() < {one.source_line for one in task.shipment.units}:
        return None
    return refusal(
        source_lines(task.facts, task.settings), "; ".join(dict.fromkeys(never.values()))
    )


def _create(task: _ShipmentTask) -> Plan:
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
    return Plan(documents=(made, *_mark(task, anew=True)), refused=never)


def _refuse_held_for_cancelled(task: _ShipmentTask) -> None:
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


def _update(task: _ShipmentTask, own: FulfillmentFact) -> Plan:
    decided = _told(task, own)
    if is_ours(own) or has_posted_units(task.posted, {own.id}):
        return decided
    return msgspec.structs.replace(decided, rests_on=(own.named,))


def _told(task: _ShipmentTask, own: FulfillmentFact) -> Plan:
    known = posted_parcels(_posted_on(task, own)) | own.compared_numbers
    parcels = [one for one in task.shipment.parcels if one.compared_number not in known]
    ships = _ships(task) if own.status in FULFILLMENT_NOT_SHIPPED else None
    day = task.day() if ships is not None else task.fact_date
    booking = task.booking(day)
    if booking.location is None and own.lines:  # the center isn't mapped
        booking = msgspec.structs.replace(booking, location=own.lines[0].location)
    tell = _tells(task, own, booking)
    refused = _done_by_others(task, own, known)
    corrected = () if ships is not None else _corrected(task, own)
    if not parcels and not tell and ships is None:
        return Plan(
            documents=_mark(task, anew=False),
            refused=refused,
            corrected=corrected,
            note=f"Item fulfilment {own.called} says it all already",
        )
    if ships is None:
        news = News(shipment=task.shipment, own=own, parcels=tuple(parcels), delivered=tell)
        held = news.held_back(task.facts.periods, task.facts.read_at, refused=refused)
        if held is not None:
            return held
    number = 1 + sum(one.kind == DocumentKind.FULFILLMENT_UPDATE for one in task.posted)
    document = fulfillment_update(booking, number, own, parcels, tell_delivery=tell, ships=ships)
    return Plan(
        documents=(document, *_mark(task, anew=bool(parcels))),
        refused=refused,
        corrected=corrected,
        claim=_claim(task, own),
    )


def _tells(task: _ShipmentTask, own: FulfillmentFact, booking: ShipmentBooking) -> bool:
    """Whether the delivery state is news for a fulfilment.

    One that was made again by hand is told anew in any case: so the books know it again.
    """
    before = told_before(_posted_on(task, own))
    if before:
        return booking.delivery.follows(before)
    made_again = bool(task.facts.gone) and not _is_linked(task, own)
    return made_again or not _says(own, booking)


def _claim(task: _ShipmentTask, own: FulfillmentFact) -> RecordClaim | None:
    """Return that a fulfilment of others is taken for this shipment alone, the first time.

    That is so where it holds just its units; one that holds more counts for several.
    """
    shipment = task.known.of(task.shipment)
    if is_ours(own) or _is_linked(task, own) or not task.known.holds(own, {shipment.id}):
        return None
    linked = task.facts.linked
    rivals = [
        str(one.id)
        for one in task.facts.shipments
        if one.id != task.shipment.id
        and not one.is_cancelled
        # one that has another fulfilment since is none
        and linked.get(one.id, own.id) == own.id
    ]
    siblings = tuple(str(one.id) for one in task.facts.shipments)
    return RecordClaim(record=own.id, against=tuple(rivals), siblings=siblings)


def _ships(task: _ShipmentTask) -> list[OrderLineUnits]:
    """Return what leaves the shelf with a fulfilment that was only picked or packed."""
    return [
        OrderLineUnits(
            quantity=one.quantity,
            units=one.units,
            items=items_of(
                one.lines[0],
                one.units,
                task.order,
                task.facts.names,
                as_members=one.as_members,
            ),
        )
        for one in task.wanted(task.shipment)
    ]


def _corrected(task: _ShipmentTask, own: FulfillmentFact) -> tuple[CorrectedRecord, ...]:
    """Return the fulfilment where it holds just the shipment's units, and we posted others."""
    lines = source_lines(task.facts, task.settings)
    goods = [line for line in lines if line.source_line not in task.never_fulfilled]
    before = _in_place_of(task, own)
    is_alike = not before or not changed_units(goods, before)
    if is_alike or not task.known.holds(own, {task.known.of(task.shipment).id}):
        return ()
    units: Counter[tuple[str, str]] = Counter()
    for line in task.booking(task.fact_date).lines(_ships(task)):
        units[line.item or "", line.location or ""] += line.quantity or 0
    return (
        CorrectedRecord(
            record=own.id,
            units=tuple(
                StockUnits(item=item, location=location, quantity=quantity)
                for (item, location), quantity in sorted(units.items())
            ),
        ),
    )


def _in_place_of(task: _ShipmentTask, own: FulfillmentFact) -> list[Posted]:
    """Return what moved units with the fulfilment, or with the one that it was made anew for."""
    moved = [one for one in task.posted if has_posted_units([one], {one.remote_id or ""})]
    return [one for one in moved if one.remote_id == own.id] or moved[-1:]


def _is_linked(task: _ShipmentTask, own: FulfillmentFact) -> bool:
    """Whether the books know a fulfilment as the shipment's."""
    return any(one.system == "netsuite" and one.remote_id == own.id for one in task.posted)


def _posted_on(task: _ShipmentTask, own: FulfillmentFact) -> list[Posted]:
    """Return what is posted of the shipment, but on fulfilments that were deleted since."""
    return [one for one in task.posted if one.system != "netsuite" or one.remote_id == own.id]


def _says(own: FulfillmentFact, booking: ShipmentBooking) -> bool:
    """Whether the memo says already what we would write into it."""
    text = f"ShipBob shipment {booking.shipment.id}: {booking.delivery.text()}"
    return booking.fields.delivery_status is None and text in own.memo


def _done_by_others(
    task: _ShipmentTask, own: FulfillmentFact, known: Collection[str]
) -> tuple[RefusedUnits, ...]:
    lines, never = source_lines(task.facts, task.settings), task.never_fulfilled
    others = [line for line in lines if line.source_line not in never]
    if not has_posted_units(task.posted, {own.id}):
        return (
            *done_by_others(others, task.posted, own, known),
            *changed_since_deleted(own, others, task.posted),
            *left_off(lines, never),
        )
    ours = task.known.of(task.shipment)
    changed = changed_since(
        task.shipment,
        own,
        others,
        task.posted,
        holds_it=task.known.holds(own, {ours.id}),
    )
    told = [line for line in others if line.quantity is None]
    return (
        *changed,
        *taken_out(own, task.posted),
        *done_by_others(told, task.posted, own, known),
        *left_off(lines, never),
    )


def _mark(task: _ShipmentTask, *, anew: bool) -> tuple[Document, ...]:
    """Return the mark at ShipBob, once NetSuite has the tracking that there is."""
    if not (task.settings.policies.mark_tracking and task.facts.takes_marks):
        return ()
    marks = sum(one.kind == DocumentKind.TRACKING_MARK for one in task.posted)
    if task.shipment.uploaded or not task.shipment.parcels or (marks and not anew):
        return ()
    return (tracking_mark(task.shipment.id, 1 + marks),)


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
