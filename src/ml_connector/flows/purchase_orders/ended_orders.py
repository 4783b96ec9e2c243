"""What becomes of the WROs of an order that expects nothing any more. Pure."""

from collections.abc import Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.documents import cancellation
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.wros import cancelled_by_us, made_wros, order_changed
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVED, PURCHASE_ORDER_UNAPPROVED
from ml_connector.shipbob.resources.receiving import AWAITED, ENDED
from ml_connector.words import Cause


def plan_deleted(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> Plan:
    """Cancel the WROs of a deleted order; ShipBob refuses where it has begun with one.

    Nothing can have been received from an order that NetSuite let somebody delete.

    Raises:
        NeedsHuman: it has WROs, and may only be hidden from the role.
    """
    cancelled = cancelled_by_us(posted)
    left = [document for document in made_wros(posted) if document.remote_id not in cancelled]
    if not facts.hidden:
        return Plan(
            documents=tuple(
                cancellation(int(document.remote_id or 0), document.external_id)
                for document in left
            ),
            note="The order was deleted in NetSuite",
        )
    if left:
        raise NeedsHuman(
            f"NetSuite shows order {facts.order_id} no more, and does not say that it was deleted;"
            f" its WRO {left[0].remote_id} stands at ShipBob",
            cause=Cause.PERMISSION_MISSING,
            remedy=(
                "Let the role see the order again (Purchase Order or Transfer Order, View, and its"
                " subsidiary), then apply the connection again; or cancel the WRO at ShipBob."
            ),
        )
    return Plan(note=f"NetSuite shows no order {facts.order_id}")


def plan_not_open(facts: PurchaseOrderFacts, ours: Sequence[WroFact]) -> Plan:
    """Cancel what ShipBob still awaits of an order that was rejected or closed.

    The WROs of an order that is not approved, or received in full, stay as they are. With WROs
    that ShipBob has begun with, the plan leaves a failure that a person must see to.

    Args:
        facts: of the order.
        ours: its WROs that we made and that stand.
    """
    if facts.status in PURCHASE_ORDER_UNAPPROVED | PURCHASE_ORDER_RECEIVED:
        return Plan(note=f"Order {facts.number} is not open for receiving ({facts.status})")
    begun = [wro for wro in ours if wro.status not in AWAITED | ENDED]
    return Plan(
        documents=tuple(cancellation(wro.id, wro.number) for wro in ours if wro.status in AWAITED),
        remaining_failure=(
            order_changed(facts, begun, "was closed or deleted") if begun else None
        ),
    )
