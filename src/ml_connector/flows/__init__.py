"""The business rules, one file each, and the table of them."""

from types import MappingProxyType
from typing import Final

from ml_connector.engine.flow import Flows
from ml_connector.flows.billing import plan as billing
from ml_connector.flows.inventory import plan as inventory
from ml_connector.flows.purchase_orders import plan as purchase_orders
from ml_connector.flows.receiving import plan as receiving
from ml_connector.flows.returns import plan as returns
from ml_connector.flows.tracking import plan as tracking
from ml_connector.flows.unidentified import plan as unidentified

FLOWS: Final[Flows] = MappingProxyType(
    {
        flow.name: flow
        for flow in (
            receiving.FLOW,
            purchase_orders.FLOW,
            tracking.FLOW,
            returns.FLOW,
            billing.FLOW,
            unidentified.FLOW,
            inventory.FLOW,
        )
    }
)
