"""How it is seen that what a return waits for has appeared."""

from collections.abc import Collection
from typing import Final

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.netsuite.statuses import RETURN_RECEIVABLE
from ml_connector.reads.reads import Reads


async def receivable_authorizations(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the references of return authorizations that can be received from."""
    appeared: set[str] = set()
    for name in names:
        found = await reads.returns.authorizations(name)
        if any(one.status in RETURN_RECEIVABLE for one in found):
            appeared.add(name)
    return appeared


def more_fulfilled_units(order_key: str | None, fulfilled: int) -> Awaited:
    """Return what to wait for until an order has more units fulfilled than it has now."""
    return AwaitedKind.FULFILLED_UNITS.named(f"{order_key}>{fulfilled}")


async def further_fulfilled_orders(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the names, as ``<order>><units>``, whose order has more fulfilled than that."""
    appeared: set[str] = set()
    for name in names:
        key, _, units = name.rpartition(">")
        orders = await reads.shipments.sales_orders(key)
        fulfilled = (line.fulfilled_quantity for order in orders for line in order.lines)
        if sum(fulfilled) > int(units):
            appeared.add(name)
    return appeared


RETURN_AUTHORIZATION: Final = Waking(
    kind=AwaitedKind.RETURN_AUTHORIZATION, appeared=receivable_authorizations
)
FULFILLED_UNITS: Final = Waking(
    kind=AwaitedKind.FULFILLED_UNITS, appeared=further_fulfilled_orders
)
