"""The fulfilment that a shipment has: one that the books know, else one that is there. Pure."""

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.decisions.decided import (
    lapsed,
)
from ml_connector.flows.tracking.order_lines import (
    covers,
)
from ml_connector.flows.tracking.recognition.doubts import (
    deleted,
    fulfilled_by_others,
    named_on_several,
)
from ml_connector.flows.tracking.recognition.known import (
    has_posted_units,
    linked_fulfillment,
)
from ml_connector.flows.tracking.recognition.named_shipments import (
    ShipmentUnits,
)
from ml_connector.flows.tracking.recognition.own_fulfillment import recognise
from ml_connector.flows.tracking.recognition.shipment_task import ShipmentTask
from ml_connector.flows.tracking.sales_orders import (
    FulfillmentFact,
)
from ml_connector.netsuite.statuses import (
    FULFILLMENT_SHIPPED,
)


def its_fulfillment(task: ShipmentTask) -> FulfillmentFact | None:
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


def _linked(task: ShipmentTask, linked: str, own: ShipmentUnits, *, ours: bool) -> FulfillmentFact:
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
        raise named_on_several(own, there, further, known, ours=ours)
    return there


def _has_open(task: ShipmentTask) -> bool:
    try:
        return covers(task.order, task.wanted(task.shipment))
    except (NeedsData, NeedsHuman):
        return True  # what it is says the failure that follows
