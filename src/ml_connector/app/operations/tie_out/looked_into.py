"""What orders and returns say about movements of stock that do not tie out."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.reads.stock.histories import source_of
from ml_connector.reconcile.sides.stock import (
    ShipBobStock,
    Window,
    movements_of,
    sku_of,
)
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.open_items import moved_alone
from ml_connector.reconcile.tie_out.rows import TieItem, TiePlace
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.shipbob.resources.shipments import Order

LOOKS_BACK: Final = timedelta(days=45)
"""How long before the month an order may have been picked that left in it."""

Key = TypeVar("Key")
Read = TypeVar("Read")


async def looked_into(
    context: ConnectionContext, window: Window, stock: ShipBobStock, places: Collection[TiePlace]
) -> list[TieItem]:
    """Return what orders and returns say about movements at places that do not tie out.

    When ShipBob takes units off is not documented (shipbob.md section 9.3, assumption: SB-031): an
    order may be picked in one month and leave in the next, a return restocked before it is
    completed.
    """
    skus = {place.what for place in places}
    ids = sorted(one for one, sku in stock.skus.items() if sku in skus)
    found = [
        (place, one)
        async for location, one in movements_of(
            context.shipbob,
            context.settings.locations,
            ids,
            since=window.begins - LOOKS_BACK,
            until=min(window.ends, datetime.now(UTC) + timedelta(seconds=1)),
        )
        if (place := TiePlace(sku_of(one, stock.skus), location)) in places
    ]
    now = [(place, one) for place, one in found if one.event_datetime in window]
    before = [(place, one) for place, one in found if one.event_datetime < window.begins]
    return [
        *await _of_orders(context, window, now, before),
        *await _of_returns(context, window, now, before),
    ]


_Found = Sequence[tuple[TiePlace, StockMovement]]


async def _of_orders(
    context: ConnectionContext, window: Window, now: _Found, before: _Found
) -> list[TieItem]:
    numbers = {
        one.shipbob_order_id for _, one in (*now, *before) if one.shipbob_order_id is not None
    }
    orders = await _orders(context, numbers)
    left = {key for key, order in orders.items() if _left(order, window)}
    waiting = {key for key, order in orders.items() if _is_waiting(order, window)} - left
    return [
        *_movements(
            now,
            OpenKind.PICKED_NOT_SHIPPED,
            {str(key) for key in waiting},
            lambda one: str(one.shipbob_order_id or ""),
            window,
        ),
        *_movements(
            before,
            OpenKind.PICKED_EARLIER,
            {str(key) for key in left},
            lambda one: str(one.shipbob_order_id or ""),
            window,
            sign=-1,
        ),
    ]


def _left(order: Order, window: Window) -> bool:
    """Whether any shipment of an order left ShipBob within the window."""
    days = (shipment.actual_fulfillment_date for shipment in order.shipments)
    return any(day is not None and day in window for day in days)


def _is_waiting(order: Order, window: Window) -> bool:
    """Whether any shipment of an order had not left when the window was over."""
    days = (shipment.actual_fulfillment_date for shipment in order.shipments)
    return any(day is None or window.day(day) >= window.after for day in days)


async def _of_returns(
    context: ConnectionContext, window: Window, now: _Found, before: _Found
) -> list[TieItem]:
    def key_of(one: StockMovement) -> str:
        source = source_of(one) or ""
        return source.removeprefix("returns ") if source.startswith("returns ") else ""

    keys = {key for _, one in (*now, *before) if (key := key_of(one))}
    completed = await _completed(context, keys)
    in_month = {key for key, at in completed.items() if at is not None and at in window}
    later = {key for key, at in completed.items() if at is None or window.day(at) >= window.after}
    return [
        *_movements(now, OpenKind.RESTOCKED_EARLY, later, key_of, window),
        *_movements(before, OpenKind.RESTOCKED_EARLIER, in_month, key_of, window, sign=-1),
    ]


def _movements(
    found: _Found,
    kind: OpenKind,
    keys: Collection[str],
    key_of: Callable[[StockMovement], str],
    window: Window,
    *,
    sign: int = 1,
) -> list[TieItem]:
    return [
        msgspec.structs.replace(
            moved_alone(one, place, window.day(one.event_datetime)),
            kind=kind,
            quantity=Decimal(one.change * sign),
        )
        for place, one in found
        if one.change and key_of(one) in keys
    ]


async def _orders(context: ConnectionContext, numbers: Iterable[int]) -> Mapping[int, Order]:
    """Return orders by id; those that ShipBob does not show any more are left out."""
    wanted = sorted(numbers)
    found = await asyncio.gather(
        *map(context.reads.shipments.order, wanted), return_exceptions=True
    )
    return dict(_there(wanted, found))


async def _completed(
    context: ConnectionContext, keys: Iterable[str]
) -> Mapping[str, datetime | None]:
    """Return when returns were completed; None where they are not."""
    wanted = sorted(keys)
    found = await asyncio.gather(
        *(context.reads.returns.get(int(key)) for key in wanted), return_exceptions=True
    )
    return {key: one.completed_at for key, one in _there(wanted, found)}


def _there(
    wanted: Sequence[Key], found: Sequence[Read | BaseException]
) -> Iterator[tuple[Key, Read]]:
    """Yield what was found; what the other system does not show any more is left out."""
    for key, one in zip(wanted, found, strict=True):
        if isinstance(one, BaseException):
            if not isinstance(one, NeedsData | NeedsHuman):
                raise one
            continue
        yield key, one
