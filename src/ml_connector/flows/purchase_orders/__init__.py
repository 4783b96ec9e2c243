"""Purchase orders: what NetSuite has ordered is announced to ShipBob as WROs.

Transfer orders into a location of ShipBob's are announced in the same way, from their
approval on; those between two locations of ShipBob's are not, since it moves its own stock.

Only open orders (status B, D, E; netsuite.md section 5.7) with lines at locations that are
mapped to a fulfillment center; of each line what is still open and not on its way. One WRO
per fulfillment center, at most 10,000 SKUs each (shipbob.md section 5), with a number by
which it is found again: ``PO123``, then ``PO123-2`` and so on. ShipBob makes nothing unique
about a WRO, so all that carry one of these numbers are among the facts, whoever made them.
What WROs announce or hold that NetSuite has not received yet counts as on its way; how much
NetSuite has received of each WRO is read from the external ids of the receipts themselves.
An order that changes while ShipBob still awaits its WRO has it cancelled and made anew;
later it is shown to a person. An order that is closed or deleted has its WRO cancelled
while that is possible.
"""

from typing import Final

from ml_connector.engine.flow import Flow
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts
from ml_connector.flows.purchase_orders.plan import plan, source_lines
from ml_connector.flows.purchase_orders.read import clock, poll, read, sweep
from ml_connector.flows.purchase_orders.wake import PRODUCT
from ml_connector.rules import wake
from ml_connector.words import ExternalIdPrefix

FLOW: Final = Flow(
    name="purchase-orders",
    source="purchase order",
    topics=frozenset(),
    rules="purchase-orders-4",
    facts=PurchaseOrderFacts,
    read=read,
    plan=plan,
    source_lines=source_lines,
    schedule="purchase_orders",
    sweep=sweep,
    poll=poll,
    clock=clock,
    wakings=(wake.SKU, wake.ITEM, wake.LOCATION, PRODUCT),
    documents=frozenset(
        {ExternalIdPrefix.WRO, ExternalIdPrefix.WRO_CANCELLATION, ExternalIdPrefix.PRODUCT}
    ),
)
