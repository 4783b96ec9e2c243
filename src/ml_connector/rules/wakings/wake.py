"""Whether things that several flows wait for have appeared by now."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.reads.reads import Reads


async def active_skus(reads: Reads, skus: Collection[str]) -> set[str]:
    """Return the item names that exactly one active item has."""
    matching = await reads.items(skus)
    return {
        name
        for name, matches in matching.items()
        if sum(not item.isinactive for item in matches) == 1
    }


async def active_items(reads: Reads, items: Collection[str]) -> set[str]:
    """Return the internal ids of items that are active."""
    there = await reads.items_by_id(items)
    return {item for item, found in there.items() if not found.isinactive}


async def unambiguous_numbers(reads: Reads, numbers: Collection[str]) -> set[str]:
    """Return the numbers that just one purchase order has, and no transfer order."""
    found: set[str] = set()
    for number in numbers:
        orders = await reads.orders(number)
        if len(orders) == 1 and not orders[0].namesakes:
            found.add(number)
    return found


async def _open_months(reads: Reads, months: Collection[str], *, for_bills: bool) -> set[str]:
    return {month for month in months if await _is_open(reads, month, for_bills=for_bills)}


async def _is_open(reads: Reads, month: str, *, for_bills: bool) -> bool:
    day = datetime.strptime(f"{month}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
    reads.forget_periods()
    own = [one for one in await reads.periods(day) if one.startdate <= day <= one.enddate]
    return bool(own) and all(
        period.open_for_bills if for_bills else period.open_for_stock for period in own
    )


async def months_open_for_stock(reads: Reads, months: Collection[str]) -> set[str]:
    """Return the months, as ``2026-10``, whose period takes stock documents."""
    return await _open_months(reads, months, for_bills=False)


async def months_open_for_bills(reads: Reads, months: Collection[str]) -> set[str]:
    """Return the months, as ``2026-10``, whose period takes vendor bills."""
    return await _open_months(reads, months, for_bills=True)


SKU: Final = Waking(kind=AwaitedKind.SKU, appeared=active_skus, by_applying=True)
ITEM: Final = Waking(kind=AwaitedKind.ITEM, appeared=active_items, by_applying=True)
PERIOD: Final = Waking(kind=AwaitedKind.PERIOD, appeared=months_open_for_stock)
BILL_PERIOD: Final = Waking(kind=AwaitedKind.BILL_PERIOD, appeared=months_open_for_bills)
ORDER_NUMBER: Final = Waking(
    kind=AwaitedKind.ORDER_NUMBER, appeared=unambiguous_numbers, by_applying=True
)
LOCATION: Final = Waking(kind=AwaitedKind.LOCATION, by_applying=True)
ACCOUNT: Final = Waking(kind=AwaitedKind.ACCOUNT, by_applying=True)

EVERY_FLOW: Final = (
    Waking(kind=AwaitedKind.POLICY, by_applying=True),
    Waking(kind=AwaitedKind.CREDENTIALS, by_applying=True, by_signing_in=True),
    Waking(kind=AwaitedKind.PERMISSION, by_applying=True, by_signing_in=True),
)
"""Things that a subject of any flow may wait for."""
