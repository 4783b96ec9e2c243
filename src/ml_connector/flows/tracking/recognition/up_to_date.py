"""What a shipment's item fulfilment lacks, whoever made it. Pure."""

from collections import Counter
from collections.abc import Collection

import msgspec

from ml_connector.flows.tracking.delivery import SOURCE_LINE, told_before
from ml_connector.flows.tracking.documents import (
    OrderLineUnits,
    ShipmentBooking,
    fulfillment_update,
    tracking_mark,
)
from ml_connector.flows.tracking.recognition.changes import (
    changed_since,
    changed_since_deleted,
    changed_units,
    taken_out,
)
from ml_connector.flows.tracking.recognition.closed_months import News
from ml_connector.flows.tracking.recognition.known import (
    has_posted_units,
)
from ml_connector.flows.tracking.recognition.moved import moved, moved_from
from ml_connector.flows.tracking.recognition.named_shipments import (
    is_from,
    is_ours,
)
from ml_connector.flows.tracking.recognition.shipment_task import ShipmentTask
from ml_connector.flows.tracking.sales_orders import (
    FulfillmentFact,
)
from ml_connector.flows.tracking.source_lines import (
    done_by_others,
    left_off,
    on_others,
    posted_parcels,
    source_lines,
)
from ml_connector.flows.tracking.unit_items import items_of
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
)
from ml_connector.rules.refused import refused as as_refused
from ml_connector.words import DocumentKind


def update(task: ShipmentTask, own: FulfillmentFact) -> Plan:
    """Return the plan that brings a shipment's fulfilment up to date; raises as ``plan`` does."""
    decided = _told(task, own)
    if is_ours(own) or has_posted_units(task.posted, {own.id}):
        return decided
    return msgspec.structs.replace(decided, rests_on=(own.named,))


def _told(task: ShipmentTask, own: FulfillmentFact) -> Plan:
    known = posted_parcels(_posted_on(task, own)) | own.compared_numbers
    parcels = [one for one in task.shipment.parcels if one.compared_number not in known]
    ships = _ships(task) if own.status in FULFILLMENT_NOT_SHIPPED else None
    day = task.day() if ships is not None else task.fact_date
    booking = task.booking(day)
    if booking.location is None and own.lines:  # the center isn't mapped
        booking = msgspec.structs.replace(booking, location=own.lines[0].location)
    tell = _tells(task, own, booking)
    refused = (
        *_done_by_others(task, own, known),
        *(() if tell else _said_by_others(task, own)),
    )
    corrected = () if ships is not None else _corrected(task, own)
    if not parcels and not tell and ships is None:
        return Plan(
            documents=mark(task, anew=False),
            refused=refused,
            corrected=corrected,
            note=f"Item fulfilment {own.called} says it all already",
        )
    if ships is None:
        news = News(shipment=task.shipment, own=own, parcels=tuple(parcels), delivered=tell)
        held = news.held_back(
            task.facts.periods,
            task.facts.read_at,
            refused=refused,
            decisions=task.facts.decisions,
        )
        if held is not None:
            return held
    number = 1 + sum(one.kind == DocumentKind.FULFILLMENT_UPDATE for one in task.posted)
    document = fulfillment_update(booking, number, own, parcels, tell_delivery=tell, ships=ships)
    return Plan(
        documents=(document, *mark(task, anew=bool(parcels))),
        refused=refused,
        corrected=corrected,
        claim=_claim(task, own),
    )


def _tells(task: ShipmentTask, own: FulfillmentFact, booking: ShipmentBooking) -> bool:
    """Whether the delivery state is news for a fulfilment.

    One that was made again by hand is told anew in any case: so the books know it again.
    """
    before = told_before(_posted_on(task, own))
    if before:
        return booking.delivery.follows(before)
    made_again = bool(task.facts.gone) and not _is_linked(task, own)
    return made_again or not _says(own, booking)


def _claim(task: ShipmentTask, own: FulfillmentFact) -> RecordClaim | None:
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


def _ships(task: ShipmentTask) -> list[OrderLineUnits]:
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


def _corrected(task: ShipmentTask, own: FulfillmentFact) -> tuple[CorrectedRecord, ...]:
    """Return the fulfilment where it holds just the shipment's units, and we posted others."""
    lines = source_lines(task.facts, task.settings)
    goods = [line for line in lines if line.source_line not in task.never_fulfilled]
    before = _in_place_of(task, own)
    ours = task.known.of(task.shipment)
    there = {line.location for one in before for line in one.lines if line.quantity is not None}
    is_alike = not before or not (changed_units(goods, before) or there - {ours.location})
    if is_alike or not task.known.holds(own, {ours.id}):
        return ()
    units: Counter[tuple[str, str]] = Counter()
    booking = msgspec.structs.replace(task.booking(task.fact_date), location=ours.location)
    for line in booking.lines(_ships(task)):
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


def _in_place_of(task: ShipmentTask, own: FulfillmentFact) -> list[Posted]:
    """Return what moved units with the fulfilment, or with the one that it was made anew for."""
    moved = [one for one in task.posted if has_posted_units([one], {one.remote_id or ""})]
    return [one for one in moved if one.remote_id == own.id] or moved[-1:]


def _is_linked(task: ShipmentTask, own: FulfillmentFact) -> bool:
    """Whether the books know a fulfilment as the shipment's."""
    return any(one.system == "netsuite" and one.remote_id == own.id for one in task.posted)


def _posted_on(task: ShipmentTask, own: FulfillmentFact) -> list[Posted]:
    """Return what is posted of the shipment, but on fulfilments that were deleted since."""
    return [one for one in task.posted if one.system != "netsuite" or one.remote_id == own.id]


def _says(own: FulfillmentFact, booking: ShipmentBooking) -> bool:
    """Whether the memo says already what we would write into it."""
    text = f"ShipBob shipment {booking.shipment.id}: {booking.delivery.text()}"
    return booking.fields.delivery_status is None and text in own.memo


def _said_by_others(task: ShipmentTask, own: FulfillmentFact) -> tuple[RefusedUnits, ...]:
    """Return the delivery state as refused, where the fulfilment tells it and we never did.

    Such is our own fulfilment, with our memo, in an account that keeps no external id.
    """
    if told_before(task.posted) is not None:
        return ()
    lines = source_lines(task.facts, task.settings)
    return as_refused([one for one in lines if one.source_line == SOURCE_LINE], on_others(own))


def _done_by_others(
    task: ShipmentTask, own: FulfillmentFact, known: Collection[str]
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
        moved=_moved(task, own),
    )
    told = [line for line in others if line.quantity is None]
    return (
        *changed,
        *taken_out(own, task.posted),
        *done_by_others(told, task.posted, own, known),
        *left_off(lines, never),
    )


def _moved(task: ShipmentTask, own: FulfillmentFact) -> str:
    """Return, in words, that a shipment leaves from elsewhere than its fulfilment says."""
    ours = task.known.of(task.shipment)
    was = moved_from(task.facts, own.id)
    return "" if was is None or is_from(own, ours) else moved(task.shipment, was, ours.location)


def mark(task: ShipmentTask, *, anew: bool) -> tuple[Document, ...]:
    """Return the mark at ShipBob, once NetSuite has the tracking that there is."""
    if not (task.settings.policies.mark_tracking and task.facts.takes_marks):
        return ()
    marks = sum(one.kind == DocumentKind.TRACKING_MARK for one in task.posted)
    if task.shipment.uploaded or not task.shipment.parcels or (marks and not anew):
        return ()
    return (tracking_mark(task.shipment.id, 1 + marks),)
