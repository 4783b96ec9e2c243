"""Trying the rules of ``order_match`` on the last orders, for ``ping --deep``. Read only."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ml_connector.app.connections.checks import Check
from ml_connector.config.connection import ConnectionSettings
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.reads.shipments import ShipmentReads
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.shipments import Order

_ORDERS: Final = 50
_FEW: Final = 5
_CANCELLED: Final = "Cancelled"


@dataclass
class _Tried:
    """What the rules found for the orders of a channel.

    Attributes:
        matching: orders that have one sales order.
        unmatched: references of those that have none.
        ambiguous: references of those that have several, or one that another channel may have.
    """

    name: str
    matching: int = 0
    unmatched: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)


async def order_checks(
    client: ShipBob, netsuite: NetSuite, settings: ConnectionSettings
) -> list[Check]:
    """Look the last 50 orders up in NetSuite by the rules; return a check for each channel.

    The orders are one call, all their references together another, and each field of NetSuite a
    few queries for all orders.
    """
    reads = ShipmentReads(client, netsuite, order_rules=settings.policies.order_rules)
    newest = await client.shipments.newest_orders(_ORDERS)
    orders = [one for one in newest if one.status != _CANCELLED]
    tried: dict[int, _Tried] = {}
    looked = await asyncio.gather(*(_numbers(order, reads) for order in orders))
    for order, numbers in zip(orders, looked, strict=True):
        number = order.channel.id if order.channel else 0
        name = order.channel.name if order.channel else "of no channel"
        one = tried.setdefault(number, _Tried(name=name))
        if numbers == 1:
            one.matching += 1
        else:
            (one.ambiguous if numbers else one.unmatched).append(_called(order))
    return [_check(number, one) for number, one in sorted(tried.items())]


async def _numbers(order: Order, reads: ShipmentReads) -> int:
    """Return how many sales orders an order may mean; one that is a rival's too counts twice."""
    name = reads.order_name(order)
    if name is None:
        return 0
    found = await reads.find_orders(name)
    live = sum(one.status != SALES_ORDER_CANCELLED for one in found.orders)
    return live + len(await reads.rival_channels(order, found))


def _called(order: Order) -> str:
    return order.reference_id or order.order_number or str(order.id)


def _check(channel: int, tried: _Tried) -> Check:
    every = tried.matching + len(tried.unmatched) + len(tried.ambiguous)
    said = [f"{tried.matching} of {every} have one sales order"]
    if tried.unmatched:
        said.append(f"{len(tried.unmatched)} none: {_some(tried.unmatched)}")
    if tried.ambiguous:
        said.append(f"{len(tried.ambiguous)} are ambiguous: {_some(tried.ambiguous)}")
    fine = len(said) == 1
    return Check(
        system="shipbob",
        name=f"orders of channel {channel} {tried.name}".rstrip(),
        outcome="ok" if fine else "missing",
        found="; ".join(said),
        remedy=""
        if fine
        else (
            "See under Which sales order in docs/explanation/tracking.md how order_match finds"
            " them, and set it, or [policies.order_match_by_channel]. Orders that NetSuite does"
            " not know wait until they are entered."
        ),
        needed=False,
    )


def _some(references: Iterable[str]) -> str:
    found = list(references)
    return ", ".join(islice(found, _FEW)) + (" ..." if len(found) > _FEW else "")
