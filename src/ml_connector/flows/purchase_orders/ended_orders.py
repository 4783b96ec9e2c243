"""What becomes of the WROs of an order that expects nothing any more. Pure."""

from collections.abc import Sequence

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.documents import cancellation
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.wro_receipts import cartons_may_come
from ml_connector.flows.purchase_orders.wros import (
    cancelled_by_us,
    made_wros,
    not_approved,
    order_changed,
    received_in_full,
)
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVED, PURCHASE_ORDER_UNAPPROVED
from ml_connector.shipbob.resources.receiving import AWAITED
from ml_connector.words import Cause


def plan_deleted(facts: PurchaseOrderFacts, posted: Sequence[Posted]) -> Plan:
    """Cancel the WROs of a deleted order that ShipBob still awaits.

    Nothing can have been received from an order that NetSuite let somebody delete. A WRO of
    which ShipBob says nothing is cancelled too: ShipBob refuses where it has begun with one.

    Raises:
        NeedsHuman: it has WROs, and may only be hidden from the role.
    """
    left = _left(facts, posted)
    if facts.hidden:
        return _plan_hidden(facts, [made for made, _ in left])
    begun = [wro for _, wro in left if wro is not None and wro.status not in AWAITED]
    return Plan(
        documents=tuple(
            cancellation(int(made.remote_id or 0), wro.number if wro else made.external_id)
            for made, wro in left
            if wro not in begun
        ),
        remaining_failure=_gone(facts, begun),
        note="The order was deleted in NetSuite",
    )


def _left(
    facts: PurchaseOrderFacts, posted: Sequence[Posted]
) -> list[tuple[Posted, WroFact | None]]:
    """Return our WROs that are not over, each with what ShipBob says of it."""
    cancelled = cancelled_by_us(posted)
    known = {str(wro.id): wro for wro in facts.wros}
    ours = [
        (made, known.get(made.remote_id or ""))
        for made in made_wros(posted)
        if made.remote_id not in cancelled
    ]
    return [(made, wro) for made, wro in ours if wro is None or wro.is_under_way]


def _plan_hidden(facts: PurchaseOrderFacts, left: Sequence[Posted]) -> Plan:
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


def plan_not_open(
    facts: PurchaseOrderFacts, ours: Sequence[WroFact], settings: ConnectionSettings
) -> Plan:
    """Cancel what ShipBob still awaits of an order that was rejected or closed.

    Cartons of an order that is pending approval again, or that people have received, may be on
    the road: its WROs stay, and are shown, as are those that ShipBob has begun with.

    Args:
        facts: of the order.
        ours: its WROs that we made and that stand.
        settings: of the connection.
    """
    under_way = [wro for wro in ours if wro.is_under_way]
    if not under_way:
        return Plan(note=_why_nothing(facts))
    if facts.status in PURCHASE_ORDER_UNAPPROVED:
        return Plan(remaining_failure=not_approved(facts, under_way))
    if facts.status in PURCHASE_ORDER_RECEIVED:
        going = [wro for wro in under_way if _may_go(wro, facts, settings)]
        shown = [wro for wro in under_way if wro not in going]
        return _cancelling(going, received_in_full(facts, shown) if shown else None)
    awaited = [wro for wro in under_way if wro.status in AWAITED]
    begun = [wro for wro in under_way if wro not in awaited]
    return _cancelling(awaited, _gone(facts, begun))


def _gone(facts: PurchaseOrderFacts, begun: Sequence[WroFact]) -> NeedsHuman | None:
    return order_changed(facts, begun, "was closed or deleted") if begun else None


def _may_go(wro: WroFact, facts: PurchaseOrderFacts, settings: ConnectionSettings) -> bool:
    return wro.status in AWAITED and not cartons_may_come(wro, facts, settings)


def _cancelling(wros: Sequence[WroFact], failure: NeedsHuman | None) -> Plan:
    return Plan(
        documents=tuple(cancellation(wro.id, wro.number) for wro in wros),
        remaining_failure=failure,
    )


def _why_nothing(facts: PurchaseOrderFacts) -> str:
    if facts.status not in PURCHASE_ORDER_UNAPPROVED | PURCHASE_ORDER_RECEIVED:
        return ""
    return f"Order {facts.number} is not open for receiving ({facts.status})"
