"""Purchase orders: what NetSuite has ordered is announced to ShipBob as WROs.

Transfer orders into a location of ShipBob's are announced in the same way, from their
approval on; those between two locations of ShipBob's are not, since it moves its own stock.

Only open orders are announced (status B, D, E; netsuite.md section 5.7), and of them the
lines at locations that are mapped to a fulfillment center: of each line the units that are
still open and not on their way. There is one WRO per fulfillment center, with at most 10,000
SKUs (shipbob.md section 5) and a number by which it is found again: ``PO123``, then
``PO123-2`` and so on. Nothing about a WRO is unique at ShipBob, so all WROs with one of these
numbers are among the facts, whoever made them. Units that a WRO announces or holds and that
NetSuite has not received yet are on their way; the external ids of NetSuite's item receipts
tell how many units of each WRO it has received. When an order changes while ShipBob still
awaits its WRO, the WRO is cancelled and made anew; later the change is shown to a person.
When an order is closed or deleted, its WRO is cancelled while that is possible.
"""

from dataclasses import replace
from typing import Final

from ml_connector.engine.decisions import only_not_ours
from ml_connector.engine.flow import Flow
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts
from ml_connector.flows.purchase_orders.look import look
from ml_connector.flows.purchase_orders.net import clock, poll, sweep
from ml_connector.flows.purchase_orders.plan import plan, source_lines
from ml_connector.flows.purchase_orders.read import either_order, read
from ml_connector.flows.purchase_orders.wake import APPROVED_ORDER, ENDED_WRO, PRODUCT
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.rules.decisions.not_ours import ignore_rule
from ml_connector.rules.missing import missing
from ml_connector.rules.wakings import wake
from ml_connector.transport.spoiled import by_id
from ml_connector.words import Cause, DecisionKind, ExternalIdPrefix

_NOT_OURS: Final = only_not_ours(
    (
        Cause.SKU_MISSING_IN_SHIPBOB,
        Cause.SKU_AMBIGUOUS,
        Cause.SKU_INACTIVE,
        Cause.LOCATION_UNMAPPED,
        Cause.PURCHASE_ORDER_AMBIGUOUS,
        Cause.TRANSFER_ORDER,
        Cause.UNIT_DIFFERS,
        Cause.LOT_TRACKED,
        Cause.WRO_CANCELLED,
        Cause.REFUSED_BY_SHIPBOB,
    ),
    ignore_rule=lambda facts: ignore_rule("wro_prefixes", facts.number),
)

_DECIDABLE: Final = replace(
    _NOT_OURS,
    offers={
        **_NOT_OURS.offers,
        Cause.PURCHASE_ORDER_CHANGED: (DecisionKind.ACCEPT,),
        Cause.STATUS_UNKNOWN: (DecisionKind.ACCEPT,),
        Cause.ITEM_TYPE_UNKNOWN: (DecisionKind.ACCEPT,),
    },
)

FLOW: Final = Flow(
    name="purchase-orders",
    source="purchase order",
    topics=frozenset(),
    rules="purchase-orders-8",
    facts=PurchaseOrderFacts,
    read=read,
    plan=as_it_is(
        plan,
        source_lines,
        (Cause.STATUS_UNKNOWN, Cause.PURCHASE_ORDER_CHANGED, Cause.ITEM_TYPE_UNKNOWN),
    ),
    source_lines=source_lines,
    schedule="purchase_orders",
    missing=lambda key, reads: missing(
        either_order(key, reads),
        f"NetSuite has no order {key} to announce",
    ),
    sweep=sweep,
    spoils=by_id("ChangedOrder"),
    poll=poll,
    look=look,
    clock=clock,
    pushes=True,
    decidable=_DECIDABLE,
    wakings=(
        wake.SKU,
        wake.ITEM,
        wake.LOCATION,
        wake.ORDER_NUMBER,
        PRODUCT,
        APPROVED_ORDER,
        ENDED_WRO,
    ),
    documents=frozenset(
        {ExternalIdPrefix.WRO, ExternalIdPrefix.WRO_CANCELLATION, ExternalIdPrefix.PRODUCT}
    ),
)
