"""The client of ShipBob's API, with one method for each call.

Source: ShipBob reference, section 9; paths are those of its 2026-07 OpenAPI file.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.filters import (
    WROS_A_PAGE,
    inventory_queries,
    sku_queries,
    wro_filters,
    wro_keys,
)
from ml_connector.shipbob.new_payloads import NewProduct, NewWro
from ml_connector.shipbob.paging import NumberedPage, Style
from ml_connector.shipbob.payloads import (
    Box,
    Channel,
    ExternalSyncResult,
    InventoryItem,
    Product,
    Wro,
    encode,
)
from ml_connector.shipbob.resources import receiving
from ml_connector.shipbob.resources.billing import BillingApi
from ml_connector.shipbob.resources.centers import CenterCalls
from ml_connector.shipbob.resources.channels import ChannelCalls, ListedChannels
from ml_connector.shipbob.resources.inventory_history import HistoryCalls
from ml_connector.shipbob.resources.references import ReferenceCalls
from ml_connector.shipbob.resources.returns import Returns
from ml_connector.shipbob.resources.shipment_calls import ShipmentCalls
from ml_connector.shipbob.resources.stock import StockCalls
from ml_connector.shipbob.resources.unidentified import UroCalls
from ml_connector.shipbob.session import Door, Request, ShipBobSession, segment, unexpected
from ml_connector.shipbob.sign_in.access import Access
from ml_connector.shipbob.sign_in.oauth import Sends
from ml_connector.shipbob.webhooks.subscriptions import SubscriptionCalls
from ml_connector.transport.call import Patience, Priority
from ml_connector.words import Cause


class ShipBob:
    """ShipBob's API for one connection.

    Every method raises a ``ConnectorError`` (see ``classify``), and ``UnexpectedAnswer``, which is
    a bug, for an answer that is not as documented. Reads take a priority: live work goes before
    bulk work.

    Args:
        transport: sends the calls.
        connection: name of the connection.
        api_url: ``https://api.shipbob.com``, or another host's.
        version: of the API: ``2026-07``.
        channel_id: the channel to write to; None: the only one that can be written to.
        auth: authorises calls; see ``access``.
        limit_key: the limit that the calls count against.

    Attributes:
        centers: the calls about fulfillment centers.
        shipments: the calls about orders, shipments and tracking.
        billing: invoices and transactions.
        returns: the calls about returns.
        history: the inventory history.
        stock: stock levels by fulfillment center.
        references: the things that charges refer to.
        unidentified: unidentified receiving orders.
        subscriptions: webhook subscriptions.
    """

    def __init__(
        self,
        transport: Sends,
        connection: str,
        *,
        api_url: str,
        version: str,
        channel_id: int | None,
        auth: Access,
        limit_key: str,
        by_scope: Mapping[str, Door] | None = None,
        granted_channel: Callable[[], Awaitable[int | None]] | None = None,
    ) -> None:
        self._session = ShipBobSession(
            transport,
            connection,
            api_url=api_url,
            version=version,
            auth=auth,
            limit_key=limit_key,
            by_scope=by_scope,
        )
        self.centers = CenterCalls(self._session)
        self._channels = ChannelCalls(self._session, channel_id, granted_channel)
        self.shipments = ShipmentCalls(self._session, self.channel_id)
        self.billing = BillingApi(self._session)
        self.returns = Returns(self._session)
        self.history = HistoryCalls(self._session)
        self.stock = StockCalls(self._session)
        self.references = ReferenceCalls(self._session)
        self.unidentified = UroCalls(self._session)
        self.subscriptions = SubscriptionCalls(self._session, self.channel_id)

    # Account.

    async def channels(self, *, priority: Priority = Priority.LIVE) -> list[Channel]:
        """Return all channels of the merchant (section 3.3, GET /channel)."""
        return await self._channels.every(priority)

    async def look_at(self, request: Request) -> None:
        """Check that our token may read something; see ``permission_probes``.

        Raises:
            NeedsHuman: it may not (``permission_missing``).
            Retryable: no usable answer.
        """
        await self._session.send(request)

    async def channel_id(self) -> int:
        """Return the channel to write to; unless it is configured, it is looked up once.

        Raises:
            NeedsHuman: no channel can be written to, or several can.
        """
        return await self._channels.own_id()

    async def listed_channels(self, *, priority: Priority = Priority.LIVE) -> ListedChannels:
        """Return all channels of the merchant, each as far as its row can be read."""
        return await self._channels.listed(priority)

    async def known_channels(self) -> ListedChannels:
        """Return all channels of the merchant as they were when they were first asked for."""
        return await self._channels.known()

    # Receiving.

    async def wro(self, wro_id: int | str, *, priority: Priority = Priority.LIVE) -> Wro:
        """Return a WRO (section 9.4, GET /receiving/{id}).

        Raises:
            NeedsData: record_not_found, waiting for ``wro:<id>``. A WRO that was just made may be
                found only after some seconds; the next event about it wakes the subject.
        """
        return await self._session.one(receiving.get_wro(wro_id, priority), Wro)

    async def wro_boxes(
        self, wro_id: int | str, *, priority: Priority = Priority.LIVE
    ) -> list[Box]:
        """Return the boxes of a WRO (section 9.4, GET /receiving/{id}/boxes).

        Raises:
            NeedsData: as for ``wro``.
        """
        return await self._session.one(receiving.get_boxes(wro_id, priority), list[Box])

    async def wros(
        self,
        *,
        ids: Collection[int | str] | None = None,
        purchase_order_numbers: Collection[str] | None = None,
        statuses: Collection[str] = (),
        inserted_since: datetime | None = None,
        inserted_until: datetime | None = None,
        completed_since: datetime | None = None,
        external_sync: bool | None = None,
        priority: Priority = Priority.LIVE,
    ) -> AsyncIterator[Wro]:
        """Yield the WROs that fit all given filters (sections 7.6 and 9.4, GET /receiving).

        Args:
            ids: None for any; an empty collection yields nothing.
            purchase_order_numbers: likewise. It is not documented whether ShipBob compares
                exactly (SB-022), so only equal ones are yielded, but for blanks around them.
            statuses: empty for any.
            inserted_since: aware.
            inserted_until: aware.
            completed_since: aware.
            external_sync: whether ``set_external_sync`` has marked them; None for any.
            priority: of all its pages.

        Raises:
            NeedsHuman: a purchase order number has a comma. ShipBob's filter can't find it, and
                then a second WRO would be made.
        """
        filters = wro_filters(
            statuses=statuses,
            inserted_since=inserted_since,
            inserted_until=inserted_until,
            completed_since=completed_since,
            external_sync=external_sync,
        )
        numbers = purchase_order_numbers
        exactly = None if numbers is None else {one.strip() for one in numbers}
        for keys in wro_keys(ids, purchase_order_numbers):
            request = receiving.list_wros({**filters, **keys}, priority)
            pages = self._session.every(request, Wro, lambda row: row.id, style=Style.NUMBERED)
            async for wro in pages:
                if exactly is None or (wro.purchase_order_number or "").strip() in exactly:
                    yield wro

    async def wro_page(
        self,
        number: int,
        *,
        inserted_since: datetime | None = None,
        inserted_until: datetime | None = None,
        external_sync: bool | None = None,
        priority: Priority = Priority.LIVE,
    ) -> NumberedPage[Wro]:
        """Return one page of the WROs that fit all given filters, from 1 on; see ``wros``.

        Args:
            number: of the page; one past the end is empty.
            inserted_since: aware; None for any.
            inserted_until: likewise; None for now.
            external_sync: whether they are marked; None for any.
            priority: of the call.
        """
        filters = wro_filters(
            inserted_since=inserted_since,
            inserted_until=inserted_until,
            external_sync=external_sync,
        )
        request = receiving.list_wros({**filters, "Page": str(number)}, priority)
        return await self._session.page(request, Wro, size=WROS_A_PAGE)

    async def create_wro(self, new: NewWro, *, send_by: float | None = None) -> Wro:
        """Create a WRO (section 9.4, POST /receiving). It is sent once.

        ShipBob does not prevent a second one: look the purchase order number up before this and
        before every repetition (section 8).

        Args:
            new: what to create.
            send_by: monotonic time by which it must have begun; see ``Call``.

        Raises:
            NeedsHuman: ShipBob refused it, for example an arrival date in the past.
            Retryable: it may exist now when ``outcome_unknown``.
        """
        request = receiving.create(new, await self.channel_id(), send_by)
        return await self._session.one(request, Wro)

    async def cancel_wro(self, wro_id: int | str, *, send_by: float | None = None) -> Wro:
        """Cancel a WRO (section 9.4, POST /receiving/{id}:cancel), also one that is cancelled.

        Raises:
            NeedsHuman: ShipBob does not cancel it in its present status.
            NeedsData: as for ``wro``.
        """
        request = receiving.cancel(wro_id, await self.channel_id(), send_by)
        try:
            return await self._session.one(request, Wro)
        except NeedsHuman as refused:
            if refused.cause is not Cause.REFUSED_BY_SHIPBOB:
                raise
            # After a lost answer the repetition is refused, although the WRO is cancelled.
            wro = await self.wro(wro_id)
            if wro.status == "Cancelled":
                return wro
            raise

    async def set_external_sync(
        self,
        ids: Sequence[int],
        synced: bool,  # noqa: FBT001 - it reads as ShipBob's own call does
        *,
        send_by: float | None = None,
    ) -> list[ExternalSyncResult]:
        """Mark WROs as booked or not booked (section 9.4, POST /receiving:setExternalSync).

        Returns:
            One result for each id, in order. An id that is missing in ShipBob's answer failed.
        """
        if not ids:
            return []
        channel = await self.channel_id()
        request = receiving.set_external_sync(ids, channel, send_by, synced=synced)
        value = await self._session.plain(request)
        try:
            return receiving.external_sync_results(value, ids)
        except msgspec.ValidationError as error:
            raise unexpected(request, error) from error

    # Products.

    async def products(
        self,
        *,
        skus: Collection[str] | None = None,
        inventory_ids: Collection[int] | None = None,
        priority: Priority = Priority.LIVE,
    ) -> AsyncIterator[Product]:
        """Yield products with their variants (section 9.2, GET /product), each once.

        Args:
            skus: only products with such a variant; None for all, an empty collection for none.
                Compare SKUs yourself: it is not documented how ShipBob compares them (SB-030).
            inventory_ids: only products whose variant has such an inventory item, instead.
            priority: of all its pages.
        """
        seen: set[int] = set()
        queries = sku_queries(skus) if inventory_ids is None else inventory_queries(inventory_ids)
        for query in queries:
            request = Request(
                operation="product.list",
                doing="reading products",
                path="/product",
                scope="products_read",
                query=query,
                priority=priority,
            )
            pages = self._session.every(request, Product, lambda row: row.id, style=Style.CURSOR)
            async for found in pages:
                if found.id not in seen:
                    seen.add(found.id)
                    yield found

    async def create_product(self, new: NewProduct, *, send_by: float | None = None) -> Product:
        """Create a product (section 9.2, POST /product). It is sent once: look its SKU up first.

        Args:
            new: what to create.
            send_by: monotonic time by which it must have begun; see ``Call``.

        Raises:
            AlreadyExists: the SKU is taken.
            NeedsHuman: ShipBob refused it.
            Retryable: it may exist now when ``outcome_unknown``.
        """
        request = Request(
            operation="product.create",
            doing=f"creating product {new.name}",
            method="POST",
            path="/product",
            scope="products_write",
            body=encode(new),
            channel_id=await self.channel_id(),
            patience=Patience.WRITE,
            repeatable=False,
            send_by=send_by,
        )
        return await self._session.one(request, Product)

    async def inventory_item(
        self, inventory_id: int, *, priority: Priority = Priority.LIVE
    ) -> InventoryItem:
        """Return an inventory item (section 9.2, GET /inventory/{id}).

        Raises:
            NeedsData: record_not_found, waiting for ``inventory:<id>``.
        """
        request = Request(
            operation="inventory.get",
            doing=f"reading inventory item {inventory_id}",
            path=f"/inventory/{segment(inventory_id)}",
            scope="inventory_read",
            record=AwaitedKind.INVENTORY.named(inventory_id),
            priority=priority,
        )
        return await self._session.one(request, InventoryItem)
