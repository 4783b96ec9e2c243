"""Whether a WRO with one of an order's numbers is of that order, or of another one."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from ml_connector.reads.order_wros import bare, further_of, part_of
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.payloads import Wro


class OtherOrder(NamedTuple):
    """Of which other order a WRO is, or may be; empty where it is of the order itself."""

    of_other: str = ""
    may_be_of: str = ""


async def owner_of(wro: Wro, order_id: str, number: str, reads: Reads) -> OtherOrder:
    """Return whose a WRO is that has one of an order's numbers.

    Our own books come first: a WRO is of the order that we announced with it, or have received
    of it. Else an order with the WRO's very number comes before one whose further WRO it may be.

    Args:
        wro: with one of the order's numbers, or made by us for the order.
        order_id: of the order.
        number: of the order; empty where it is not to be seen any more.
        reads: of the connection.
    """
    link = await reads.announcements.order_of(wro.id)
    if link is not None:
        return OtherOrder(of_other="" if link.order_id == order_id else link.order_id)
    part = part_of(number, wro.purchase_order_number)
    if part > 1:
        return await _further(wro, order_id, part, reads)
    if part == 1:
        return await _itself(wro, number, reads)
    return OtherOrder()


async def _further(wro: Wro, order_id: str, part: int, reads: Reads) -> OtherOrder:
    """Return whose a WRO is that has the number of the order's further WRO."""
    number = bare(wro.purchase_order_number)
    if not await _has_order(number, reads):
        return OtherOrder()
    given = part in await reads.announcements.parts(order_id)
    if given or await reads.announcements.may_lack(wro.insert_date):
        return OtherOrder(may_be_of=number)
    return OtherOrder(of_other=number)


async def _itself(wro: Wro, number: str, reads: Reads) -> OtherOrder:
    """Return whose a WRO is that has the order's very number, which may be a further WRO's too."""
    further = further_of(number)
    if further is None:
        return OtherOrder()
    others = await reads.orders(further[0])
    parts = await asyncio.gather(*(reads.announcements.parts(one.id) for one in others))
    unsure = others and await reads.announcements.may_lack(wro.insert_date)
    if unsure or any(further[1] in some for some in parts):
        return OtherOrder(may_be_of=further[0])
    return OtherOrder()


async def _has_order(number: str, reads: Reads) -> bool:
    found: Sequence[Sequence[object]] = await asyncio.gather(
        reads.orders(number), reads.transfers.named(number)
    )
    return any(found)
