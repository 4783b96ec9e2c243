"""Whether the purchase orders that WROs wait for can be received, or have changed, by now."""

import asyncio
import hashlib
from collections.abc import Collection, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.flows.receiving.facts import ReceivingOrder
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.reads.reads import Reads


async def receivable_orders(reads: Reads, numbers: Collection[str]) -> set[str]:
    """Return the numbers of purchase orders that are neither pending, rejected nor closed."""
    return {
        number
        for number in numbers
        if any(order.status in PURCHASE_ORDER_RECEIVABLE for order in await reads.orders(number))
    }


def changed_order(order: ReceivingOrder, *, books: bool) -> Awaited:
    """Return what to wait for until anything that decides about a WRO changes on its order.

    That is: its status, and what its lines hold, have open and have received, and where.

    Args:
        order: as the run saw it.
        books: the run books something of it, which changes what is open and received: only what
            is ordered counts then.
    """
    lines = (
        (line.line, line.item_id, line.open_quantity, line.received, line.location)
        for line in order.lines
    )
    state = _state("" if books else order.status, lines)
    return AwaitedKind.CHANGED_PURCHASE_ORDER.named(f"{state}:{order.id}")


async def changed_orders(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the names, as ``<state>:<internal id>``, whose order is in another state or gone."""
    wanted = sorted(names)
    found = await asyncio.gather(*(reads.order(name.partition(":")[2]) for name in wanted))
    return {
        name
        for name, order in zip(wanted, found, strict=True)
        if order is None or name.partition(":")[0] not in _states_of(order)
    }


def _states_of(order: PurchaseOrder) -> set[str]:
    lines = [
        (
            line.line,
            line.item,
            int(line.open_quantity),
            line.quantityshiprecv,
            line.location or order.location,
        )
        for line in (*order.lines, *order.unseen)
    ]
    return {_state(order.status, lines), _state("", lines)}


def _state(status: str, lines: Iterable[tuple[int, str, int, Decimal, str | None]]) -> str:
    """Return a short text that differs where orders do; without a status, by what is ordered."""
    said = sorted(
        (line, item, *_counted(is_open, received, apart=bool(status)), location or "")
        for line, item, is_open, received, location in lines
    )
    return hashlib.sha256(msgspec.json.encode((status, said))).hexdigest()[:12]


def _counted(is_open: int, received: Decimal, *, apart: bool) -> tuple[str, ...]:
    counts = (Decimal(is_open), received) if apart else (is_open + received,)
    return tuple(f"{count.normalize():f}" for count in counts)


PURCHASE_ORDER: Final = Waking(kind=AwaitedKind.PURCHASE_ORDER, appeared=receivable_orders)
CHANGED_PURCHASE_ORDER: Final = Waking(
    kind=AwaitedKind.CHANGED_PURCHASE_ORDER, appeared=changed_orders, apart=timedelta(seconds=30)
)
