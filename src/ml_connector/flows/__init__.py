"""The business rules, one package each, and the table of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Flows, Waking
from ml_connector.flows import (
    billing,
    inventory,
    month_end,
    purchase_orders,
    receiving,
    returns,
    tracking,
    unidentified,
)
from ml_connector.rules.wakings.wake import EVERY_FLOW

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
            month_end.FLOW,
        )
    }
)

WAKINGS: Final[Mapping[AwaitedKind, Waking]] = MappingProxyType(
    {kind: Waking(kind=kind) for kind in AwaitedKind}
    | {waking.kind: waking for waking in EVERY_FLOW}
    | {waking.kind: waking for flow in FLOWS.values() for waking in flow.wakings}
)
"""How subjects are woken that wait for each kind of thing."""
