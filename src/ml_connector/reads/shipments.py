"""Reads about shipments, shared by the subjects in flight: orders, parcels, sales orders.

ShipBob gives shipments one at a time, but orders with all their shipments many at a time
(shipbob.md sections 6 and 9.5). So a shipment is read through its order, where the order is
known from what the inbox was told; else by its own address, which names the order.
"""

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import datetime
from typing import Final, TypeVar

from ml_connector.awaited import AwaitedKind
from ml_connector.config.order_match import OrderRules, rules_of
from ml_connector.errors import NeedsData
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import items
from ml_connector.netsuite.queries.items import KitMember
from ml_connector.netsuite.queries.sales_orders.orders import (
    Lot,
    OtherSale,
    SalesOrder,
    SalesOrderHeader,
    headers_by,
    lots_by_number,
    other_sales_by,
    sales_orders_by,
)
from ml_connector.netsuite.records.fulfillments import ReadFulfillment
from ml_connector.reads.sales_orders.channels import ChannelReads, KeepChannels, keep_nothing
from ml_connector.reads.sales_orders.keys import key_of
from ml_connector.reads.sales_orders.search import MatchedOrders, OrderSearch
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.gathering import SHIPMENTS_APART_SECONDS, SHIPMENTS_BURST
from ml_connector.shipbob.resources.shipments import MOST_TRACKED, Order, ParcelTracking, Shipment
from ml_connector.transport.batch import Batch
from ml_connector.transport.call import Priority
from ml_connector.words import Cause

_KITS_FRESH_SECONDS: Final = 3600.0
_CANCELLED: Final = "Cancelled"
FEW_PAGES: Final = 4
"""A list of orders of at most so many pages is read whole by each sweep."""

_MOST_BESIDE: Final = 1000
"""Orders of which it is kept for a moment what a list told."""

T = TypeVar("T")

OrdersOf = Callable[[Sequence[int]], Awaitable[Mapping[int, int]]]
"""Returns the order of each of these shipments, as far as the inbox was told of it."""


async def _told_nothing(_: Sequence[int]) -> Mapping[int, int]:
    return {}


class ShipmentReads:
    """Reads orders, parcels and sales orders, for one connection.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
        order_rules: how a sales order is found (netsuite.md section 8.9).
        channels: all that ShipBob lists for the account; None: it is asked when it matters.
        keep_channels: keeps all that ShipBob lists, where that has changed.
        orders_of: the orders of shipments, as far as the inbox was told of them.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        netsuite: NetSuite,
        *,
        order_rules: OrderRules | None = None,
        channels: Collection[int] | None = None,
        keep_channels: KeepChannels = keep_nothing,
        orders_of: OrdersOf = _told_nothing,
    ) -> None:
        self._shipbob = shipbob
        self._netsuite = netsuite
        self.channels = ChannelReads(shipbob, channels, keep_channels)
        self._channels_beside: dict[int, frozenset[int]] = {}
        self._swept: dict[int, str] = {}
        self._search = self._search_by(order_rules or OrderRules(rules_of("tranid")))
        self._orders_of = orders_of
        self._by_shipment: Batch[int, Order] = Batch(
            self._fetch_by_shipment,
            most=250,
            apart_seconds=SHIPMENTS_APART_SECONDS,
            burst=SHIPMENTS_BURST,
        )
        self._orders: Batch[int, Order] = Batch(
            self._fetch_orders,
            most=250,
            apart_seconds=SHIPMENTS_APART_SECONDS,
            burst=SHIPMENTS_BURST,
        )
        self._parcels: Batch[int, tuple[ParcelTracking, ...]] = Batch(
            self._fetch_parcels,
            most=MOST_TRACKED,
            apart_seconds=SHIPMENTS_APART_SECONDS,
            burst=SHIPMENTS_BURST,
        )
        self._sales_orders: Batch[tuple[str, str], tuple[SalesOrder, ...]] = Batch(
            self._fetch_sales_orders,
            most=500,
            apart_seconds=SHIPMENTS_APART_SECONDS,
            burst=SHIPMENTS_BURST,
        )
        self._order_headers: Batch[tuple[str, str], tuple[SalesOrderHeader, ...]] = Batch(
            self._fetch_order_headers, most=500
        )
        self._of_reference: Batch[str, frozenset[int]] = Batch(
            self._fetch_channels_of,
            most=100,
            apart_seconds=SHIPMENTS_APART_SECONDS,
            burst=SHIPMENTS_BURST,
        )
        self._other_sales: Batch[tuple[str, str], tuple[OtherSale, ...]] = Batch(
            self._fetch_other_sales, most=500
        )
        self._lots: Batch[str, tuple[Lot, ...]] = Batch(self._fetch_lots, most=500)
        self._kits: Batch[str, tuple[KitMember, ...]] = Batch(self._fetch_kits, most=500)
        self._kept_kits: dict[str, tuple[float, tuple[KitMember, ...]]] = {}

    def _search_by(self, rules: OrderRules) -> OrderSearch:
        return OrderSearch(rules, self._orders_with, self._channels_of, self.channels.listed)

    async def order_with(self, shipment_id: int) -> Order:
        """Return the order that a shipment belongs to, with all its shipments, as it is now.

        Raises:
            NeedsData: ShipBob has no such shipment, or names no order for it.
        """
        found = await self._by_shipment.get(shipment_id)
        if found is not None:
            return self._see(found)
        # A list may lag behind, or the order was never told: ask the shipment's own address.
        shipment = await self._shipbob.shipments.shipment(shipment_id)
        if shipment.order_id is None:
            raise NeedsData(
                f"ShipBob names no order for shipment {shipment_id}",
                cause=Cause.RECORD_NOT_FOUND,
                waiting_for=[AwaitedKind.SHIPMENT.named(shipment_id)],
                remedy="Nothing, if it was only just made. Otherwise ask ShipBob.",
            )
        order = await self._order_of(shipment, shipment.order_id)
        others = tuple(one for one in order.shipments if one.id != shipment_id)
        self._see(order)
        return Order(
            id=order.id,
            reference_id=order.reference_id or shipment.reference_id,
            order_number=order.order_number,
            status=order.status,
            type=order.type,
            channel=order.channel,
            created_date=order.created_date,
            products=order.products,
            shipments=tuple(sorted((*others, shipment), key=lambda one: one.id)),
        )

    async def _order_of(self, shipment: Shipment, order_id: int) -> Order:
        """Return the order of a shipment.

        Unless there is one channel only, it is looked for by its reference: the same call then
        tells which channels have an order of this reference.
        """
        if shipment.reference_id and not self.channels.is_one:
            found = await self._order_beside_others(order_id, shipment.reference_id)
            if found is not None:
                return found
        return await self._shipbob.shipments.order(order_id)

    async def _order_beside_others(self, order_id: int, reference: str) -> Order | None:
        """Return an order by its reference, and note which channels have one of it."""
        same = [one async for one in self._shipbob.shipments.orders(references=[reference])]
        own = next((one for one in same if one.id == order_id), None)
        if own is not None:
            _make_room(self._channels_beside)
            self._channels_beside[order_id] = _channels_of_orders(same)
        return own

    async def order(self, order_id: int) -> Order:
        """Return an order with all its shipments, as it is now.

        Raises:
            NeedsData: ShipBob has no such order.
        """
        found = await self._orders.get(order_id)
        return found if found is not None else await self._shipbob.shipments.order(order_id)

    async def parcels(self, shipment_id: int) -> tuple[ParcelTracking, ...]:
        """Return the parcels of a shipment, as their carrier sees them; none before the label."""
        return await self._parcels.get(shipment_id) or ()

    def order_name(self, order: Order, *, belongs: str | None = None) -> str | None:
        """Return the name under which an order's sales order is looked for and awaited, if any.

        Args:
            order: at ShipBob.
            belongs: internal id of its sales order, where a person decided that.
        """
        return self._search.name(key_of(order)._replace(belongs=belongs))

    async def find_orders(self, name: str) -> MatchedOrders:
        """Return the sales orders that the rules find for an order, with their fulfilments."""
        return await self._search.found(name)

    async def sales_orders(self, name: str) -> tuple[SalesOrder, ...]:
        """Return the sales orders that the rules find for an order, with their fulfilments."""
        return (await self.find_orders(name)).orders

    async def rival_channels(self, order: Order, found: MatchedOrders) -> tuple[int, ...]:
        """Return other channels at ShipBob whose order would lead to the same sales order."""
        known = self._channels_beside.pop(order.id, None)
        return await self._search.rivals(key_of(order), found.rule, having=known)

    async def takes_marks(self, order: Order) -> bool:
        """Whether we may mark an order's shipments; see ``ChannelReads.takes_marks``."""
        return await self.channels.takes_marks(order)

    async def other_sales(self, name: str) -> tuple[OtherSale, ...]:
        """Return what else in NetSuite has what an order's sales order is looked for by."""
        answers = await asyncio.gather(*map(self._other_sales.get, self._search.sought(name)))
        return tuple(one for found in answers for one in found or ())

    async def order_headers(self, name: str) -> tuple[SalesOrderHeader, ...]:
        """Return whose the sales orders are that the rules find for an order."""
        for field, value in self._search.sought(name):
            if found := await self._order_headers.get((field, value)):
                return found
        return ()

    async def is_gone(self, fulfillment_id: str) -> bool:
        """Whether an item fulfilment is not in NetSuite any more.

        Only the record itself says so: a query may not show yet what was just made (netsuite.md
        section 11.6), or not find its order.
        """
        found = await self._netsuite.get(
            "itemFulfillment", record_id=fulfillment_id, shape=ReadFulfillment
        )
        return found is None

    async def lots(self, numbers: Collection[str]) -> dict[str, tuple[Lot, ...]]:
        """Return NetSuite's lots and serial numbers by text; none for an unknown one."""
        ordered = sorted(numbers)
        found = await asyncio.gather(*map(self._lots.get, ordered))  # at once: one call
        return {number: lots or () for number, lots in zip(ordered, found, strict=True)}

    async def kit_members(self, kit_ids: Collection[str]) -> dict[str, tuple[KitMember, ...]]:
        """Return what NetSuite says one of each kit is made of; none where it can't be read.

        Kits seldom change: what was read is kept for an hour.
        """
        now = time.monotonic()
        missing = [one for one in sorted(kit_ids) if self._kept_kits.get(one, (-1.0,))[0] < now]
        found = await asyncio.gather(*map(self._kits.get, missing))  # at once: one call
        for one, members in zip(missing, found, strict=True):
            self._kept_kits[one] = (now + _KITS_FRESH_SECONDS, members or ())
        return {one: self._kept_kits[one][1] for one in sorted(kit_ids) if self._kept_kits[one][1]}

    async def orders_to_take_over(self, since: datetime) -> AsyncIterator[Order]:
        """Yield orders made since a moment with tracking that nobody has marked, as bulk work."""
        found = self._shipbob.shipments.orders(
            created_since=since,
            has_tracking=True,
            tracking_uploaded=False,
            priority=Priority.BULK,
        )
        async for order in found:
            yield self._sweep(order)

    async def orders_on_their_way(self, since: datetime) -> AsyncIterator[Order]:
        """Yield orders whose tracking has changed since a moment, as bulk work."""
        found = self._shipbob.shipments.orders(
            tracking_updated_since=since, priority=Priority.BULK
        )
        async for order in found:
            yield self._sweep(order)

    async def orders_changed(
        self, since: datetime, *, made_until: datetime | None = None
    ) -> AsyncIterator[Order]:
        """Yield orders that changed since a moment, of those made until one, as bulk work."""
        found = self._shipbob.shipments.orders(
            updated_since=since, created_until=made_until, priority=Priority.BULK
        )
        async for order in found:
            yield self._sweep(order)

    async def orders_made(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[Order]:
        """Yield all orders made between two moments, whatever became of them, as bulk work."""
        found = self._shipbob.shipments.orders(
            created_since=since, created_until=until, priority=Priority.BULK
        )
        async for order in found:
            yield self._sweep(order)

    async def few_orders_made(self, since: datetime) -> list[Order] | None:
        """Return all orders made since a moment, if they are few; else None, after one call."""
        page = await self._shipbob.shipments.order_page(
            1, created_since=since, priority=Priority.BULK
        )
        if page.pages is None or page.pages > FEW_PAGES:
            return None
        found = {order.id: order for order in page.rows}
        for number in range(2, page.pages + 1):
            page = await self._shipbob.shipments.order_page(
                number, created_since=since, priority=Priority.BULK
            )
            found |= {order.id: order for order in page.rows}
        return [self._sweep(order) for order in found.values()]

    async def _fetch_by_shipment(self, shipment_ids: Sequence[int]) -> Mapping[int, Order]:
        wanted = set(shipment_ids)
        orders = await self._fetch_orders(
            sorted(set((await self._orders_of(shipment_ids)).values()))
        )
        return {
            shipment.id: order
            for order in orders.values()
            for shipment in order.shipments
            if shipment.id in wanted
        }

    async def _fetch_orders(self, order_ids: Sequence[int]) -> Mapping[int, Order]:
        wanted = set(order_ids)
        if len(wanted) == 1:
            reference = self._swept.pop(order_ids[0], None)
            if reference and (own := await self._order_beside_others(order_ids[0], reference)):
                return {own.id: own}
            try:
                return {order_ids[0]: await self._shipbob.shipments.order(order_ids[0])}
            except NeedsData:  # raised when it is asked for by its own address
                return {}
        found = self._shipbob.shipments.orders(ids=order_ids)
        return {order.id: order async for order in found if order.id in wanted}

    async def _fetch_parcels(
        self, shipment_ids: Sequence[int]
    ) -> Mapping[int, tuple[ParcelTracking, ...]]:
        found: dict[int, tuple[ParcelTracking, ...]] = {}
        for parcel in await self._shipbob.shipments.tracked(shipment_ids):
            found[parcel.shipment_id] = (*found.get(parcel.shipment_id, ()), parcel)
        return found

    async def sales_order(self, order_id: str) -> SalesOrder | None:
        """Return a sales order by its internal id, with its fulfilments; None for no such one."""
        return next(iter(await self._orders_with("id", order_id)), None)

    async def sales_orders_with(self, field: str, value: str) -> Sequence[SalesOrder]:
        """Return the sales orders of which a field has a value, with their fulfilments."""
        return await self._orders_with(field, value)

    async def _orders_with(self, field: str, value: str) -> Sequence[SalesOrder]:
        return await self._sales_orders.get((field, value)) or ()

    async def _fetch_sales_orders(
        self, keys: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[SalesOrder, ...]]:
        """Ask once for each field."""
        fields = _by_field(keys)
        answers = await asyncio.gather(
            *(
                sales_orders_by(self._netsuite.query, field, values)
                for field, values in fields.items()
            )
        )
        return {
            (field, value): orders
            for field, found in zip(fields, answers, strict=True)
            for value, orders in found.items()
        }

    async def _channels_of(self, reference: str) -> Collection[int]:
        return await self._of_reference.get(reference) or frozenset()

    async def _fetch_channels_of(self, references: Sequence[str]) -> Mapping[str, frozenset[int]]:
        found: dict[str, list[Order]] = {}
        async for order in self._shipbob.shipments.orders(references=references):
            found.setdefault(order.reference_id or "", []).append(order)
        return {reference: _channels_of_orders(orders) for reference, orders in found.items()}

    def _sweep(self, order: Order) -> Order:
        """Note the reference of an order that a list told of, for its next read alone."""
        if order.reference_id and not self.channels.is_one:
            _make_room(self._swept)
            self._swept[order.id] = order.reference_id
        return self._see(order)

    def _see(self, order: Order) -> Order:
        self.channels.see(order)
        return order

    async def _fetch_order_headers(
        self, keys: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[SalesOrderHeader, ...]]:
        answers = {
            field: await headers_by(self._netsuite.query, field, values)
            for field, values in _by_field(keys).items()
        }
        return {
            (field, value): headers
            for field, found in answers.items()
            for value, headers in found.items()
        }

    async def _fetch_other_sales(
        self, keys: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], tuple[OtherSale, ...]]:
        answers = {
            field: await other_sales_by(self._netsuite.query, field, values)
            for field, values in _by_field(keys).items()
        }
        return {
            (field, value): sales
            for field, found in answers.items()
            for value, sales in found.items()
        }

    async def _fetch_lots(self, numbers: Sequence[str]) -> Mapping[str, tuple[Lot, ...]]:
        found: dict[str, tuple[Lot, ...]] = {}
        for lot in await lots_by_number(self._netsuite.query, numbers):
            found[lot.inventorynumber] = (*found.get(lot.inventorynumber, ()), lot)
        return found

    async def _fetch_kits(self, kit_ids: Sequence[str]) -> Mapping[str, tuple[KitMember, ...]]:
        try:
            return await items.kit_members(self._netsuite.query, kit_ids)
        except UnknownIdentifier:  # not every role sees them (netsuite.md section 16.15)
            return {}


def _by_field(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for field, value in keys:
        values.setdefault(field, []).append(value)
    return values


def _make_room(kept: dict[int, T]) -> None:
    if len(kept) >= _MOST_BESIDE:
        kept.clear()


def _channels_of_orders(orders: Iterable[Order]) -> frozenset[int]:
    return frozenset(
        one.channel.id for one in orders if one.channel is not None and one.status != _CANCELLED
    )
