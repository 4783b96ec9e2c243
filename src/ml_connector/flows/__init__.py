"""The business rules, one file each, and the table of them."""

from types import MappingProxyType
from typing import Final

from ml_connector.engine.flow import Flows
from ml_connector.flows import (
    billing,
    inventory,
    purchase_orders,
    receiving,
    returns,
    tracking,
    unidentified,
)

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
