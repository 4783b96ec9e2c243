"""Trying each way to find a sales order on the last orders of ShipBob. Read only.

The orders are one call, and each field of NetSuite one query for all orders and all rules.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.config.order_match import PRESETS, OrderRule, rules_of
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrderHeader, headers_by
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.reads.sales_orders.keys import ShopOrderKey, key_of
from ml_connector.shipbob.client import ShipBob

MOST_ORDERS: Final = 50
_FEW: Final = 5
_CANCELLED: Final = "Cancelled"

WAYS: Final[tuple[str, ...]] = ("tranid", "otherrefnum", "externalid", *PRESETS)
"""What is tried: the fields that the reference is compared with, and the presets."""

FoundOrders = Mapping[tuple[str, str], Sequence[SalesOrderHeader]]
"""Sales orders by a field and the value that it has."""


class WayTried(msgspec.Struct, frozen=True, kw_only=True):
    """What one way found.

    Attributes:
        way: as ``order_match`` says it.
        one: orders that lead to exactly one sales order.
        several: orders that lead to several.
        none: orders that lead to none.
        not_found: some of the last two, by their reference.
    """

    way: str
    one: int
    several: int
    none: int
    not_found: tuple[str, ...] = ()


class OrdersTried(msgspec.Struct, frozen=True, kw_only=True):
    """The ways to find a sales order, tried.

    Attributes:
        orders: that were tried.
        ways: in the order in which they stand to choose.
        best: the one that finds most; empty where none finds any.
    """

    orders: int
    ways: tuple[WayTried, ...]
    best: str

    def of(self, way: str) -> WayTried | None:
        """Return what one way found."""
        return next((one for one in self.ways if one.way == way), None)


async def try_ways(shipbob: ShipBob, netsuite: NetSuite) -> OrdersTried:
    """Try every way on the last 50 orders of ShipBob's, but those that were cancelled."""
    newest = await shipbob.shipments.newest_orders(MOST_ORDERS)
    keys = [key_of(one) for one in newest if one.status != _CANCELLED]
    return tried(keys, await _look_up(netsuite, sought(keys)))


async def _look_up(netsuite: NetSuite, values: Mapping[str, Sequence[str]]) -> FoundOrders:
    found: dict[tuple[str, str], Sequence[SalesOrderHeader]] = {}
    for field, wanted in values.items():
        headers = await headers_by(netsuite.query, field, wanted)
        found |= {(field, value): rows for value, rows in headers.items()}
    return found


def sought(keys: Sequence[ShopOrderKey]) -> dict[str, list[str]]:
    """Return the values that all ways look for in each field. Pure."""
    values: dict[str, set[str]] = {}
    for rule in (rule for way in WAYS for rule in rules_of(way)):
        for key in keys:
            value = rule.value(key.reference, key.number)
            if value:
                values.setdefault(rule.field, set()).add(value)
    return {field: sorted(wanted) for field, wanted in sorted(values.items())}


def tried(keys: Sequence[ShopOrderKey], found: FoundOrders) -> OrdersTried:
    """Count what each way finds, and which one fits best. Pure.

    Of several that find as many, that is the one that finds the fewest several times over, and
    then the simplest, which stands first.
    """
    ways = tuple(_tried(way, keys, found) for way in WAYS)
    best = max(ways, key=lambda one: (one.one, -one.several))
    return OrdersTried(orders=len(keys), ways=ways, best=best.way if best.one else "")


def _tried(way: str, keys: Sequence[ShopOrderKey], found: FoundOrders) -> WayTried:
    rules = rules_of(way)
    numbers = [_number(rules, key, found) for key in keys]
    missed = [
        key.reference or key.number or "an order without reference"
        for key, number in zip(keys, numbers, strict=True)
        if number != 1
    ]
    return WayTried(
        way=way,
        one=numbers.count(1),
        several=sum(number > 1 for number in numbers),
        none=numbers.count(0),
        not_found=tuple(missed[:_FEW]),
    )


def _number(rules: Sequence[OrderRule], key: ShopOrderKey, found: FoundOrders) -> int:
    """Return how many sales orders the first rule finds that finds any, but cancelled ones."""
    for rule in rules:
        value = rule.value(key.reference, key.number)
        orders = found.get((rule.field, value), ()) if value else ()
        if orders:
            return sum(one.status != SALES_ORDER_CANCELLED for one in orders)
    return 0
