"""Reading which order a WRO is of: by our own books, else by its number."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ml_connector.flows.receiving.decided import decided_order, read_decided_order
from ml_connector.flows.receiving.facts import ExpectedUnits, OtherReading, WroOwner
from ml_connector.ledger.postings.announcements import OrderLink
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder
from ml_connector.netsuite.statuses import TRANSFER_ORDER_OPEN
from ml_connector.reads.order_wros import bare, further_of
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import Decided


class FoundOrders(NamedTuple):
    """What a WRO may be of.

    Attributes:
        orders: the purchase order it is of by our books, alone; else all with its number; else
            all whose second or later WRO may have that number.
        owner: what else is known of that.
        is_transfer: it is of a transfer order, as far as is known.
    """

    orders: Sequence[PurchaseOrder] = ()
    owner: WroOwner = WroOwner()
    is_transfer: bool = False


class WroSays(NamedTuple):
    """What a WRO itself, and our own books, say of its order.

    Attributes:
        number: that it carries.
        made_at: when it was made, by whomever.
        link: what our books say.
    """

    number: str | None
    made_at: datetime | None
    link: OrderLink | None


async def find_orders(wro: WroSays, decisions: Sequence[Decided], reads: Reads) -> FoundOrders:
    """Find the orders that a WRO may be of: a person's decision first, then our own books."""
    decided = await read_decided_order(decisions, reads)
    if decided is not None:
        return FoundOrders(decided, WroOwner(order_id=decided_order(decisions)))
    if wro.link is not None:
        return await _linked(wro.link, reads)
    return await _numbered(bare(wro.number), wro.made_at, reads)


async def nothing_found() -> FoundOrders:
    """Return that a WRO of which nothing is stowed is of no order yet."""
    return FoundOrders()


async def _linked(link: OrderLink, reads: Reads) -> FoundOrders:
    """Return the order of a link, whatever its number is now; never another one."""
    owner = WroOwner(order_id=link.order_id, received=link.how == "received")
    order = await reads.order(link.order_id)
    if order is not None:
        return FoundOrders([order], owner)
    transfer = await reads.transfers.order(link.order_id)
    if transfer is not None:
        return FoundOrders(
            owner=WroOwner(order_id=link.order_id, number=transfer.tranid), is_transfer=True
        )
    deleted = await reads.purchase_orders.is_deleted(link.order_id)
    gone = WroOwner(
        order_id=link.order_id, received=owner.received, gone="deleted" if deleted else "hidden"
    )
    return FoundOrders(owner=gone)


async def _numbered(number: str, made_at: datetime | None, reads: Reads) -> FoundOrders:
    """Return the orders with a number, and those of which it may be a further WRO's."""
    if not number:
        return FoundOrders()
    further = further_of(number)
    exact, others = await asyncio.gather(  # at once: one call
        reads.orders(number), reads.orders(further[0]) if further else _none()
    )
    part = further[1] if further else 0
    given = [one.id for one in others if part in await reads.announcements.parts(one.id)]
    owner = WroOwner(
        numbered_for=tuple(given),
        others=tuple(map(_reading, others)) if exact else (),
        transfers=_open_transfers(exact or others),
        may_be_ours=bool(exact and others) and await reads.announcements.may_lack(made_at),
    )
    if exact or others:
        return FoundOrders(exact or others, owner)
    numbers = [number, further[0]] if further else [number]
    is_transfer = any([bool(await reads.transfers.named(one)) for one in numbers])
    return FoundOrders(owner=owner, is_transfer=is_transfer)


async def _none() -> Sequence[PurchaseOrder]:
    return ()


def _open_transfers(orders: Sequence[PurchaseOrder]) -> tuple[str, ...]:
    """Return the ids of transfer orders with the number of an order, that may bring goods."""
    return tuple(
        sorted(
            {
                one.id
                for order in orders
                for one in order.namesakes
                if one.is_transfer and one.status in TRANSFER_ORDER_OPEN
            }
        )
    )


def _reading(order: PurchaseOrder) -> OtherReading:
    return OtherReading(
        id=order.id,
        number=order.tranid,
        subsidiary=order.subsidiary,
        open_units=tuple(
            ExpectedUnits(
                item_id=line.item,
                location=line.location or order.location,
                quantity=int(line.open_quantity),
            )
            for line in order.lines
            if line.open_quantity >= 1
        ),
    )
