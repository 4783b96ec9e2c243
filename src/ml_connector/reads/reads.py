"""Reads of one connection, shared by the subjects in flight.

What several runs ask for while a call is under way goes out as one call (``Batch``); what
seldom changes is kept for a moment and read again on a miss.
"""

import asyncio
import copy
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from ml_connector.config.connection import Policies
from ml_connector.errors import NeedsData, Unreadable
from ml_connector.ledger.connections.item_bindings import Bindings, NoBindings
from ml_connector.ledger.connections.line_proofs import LineProofs, NoLineProofs
from ml_connector.ledger.decisions.kept import Decisions, NoDecisions
from ml_connector.ledger.month_seals import NoSealedMonths, SealedMonths
from ml_connector.ledger.postings.announcements import Announcements, NoAnnouncements
from ml_connector.ledger.postings.own_records import NoOwnRecords, OwnRecords
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import purchase_orders, setup
from ml_connector.netsuite.queries.items import Item, items_by_id, items_by_sku
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.netsuite.queries.setup import Period, with_sealed
from ml_connector.reads.billing import BillingReads
from ml_connector.reads.documents import DocumentReads
from ml_connector.reads.free_numbers import FreeNumbers
from ml_connector.reads.locations import LocationReads
from ml_connector.reads.order_lines import OrderLineReads
from ml_connector.reads.order_wros import OrderWroReads
from ml_connector.reads.purchase_orders import OrderReads
from ml_connector.reads.returns import ReturnReads
from ml_connector.reads.shipments import ShipmentReads
from ml_connector.reads.stock.stock import StockReads
from ml_connector.reads.transfer_orders import TransferReads
from ml_connector.reads.units import UnitReads
from ml_connector.reads.wros import OpenWros, WroEnds
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.gathering import CROWD_APART_SECONDS
from ml_connector.shipbob.payloads import Box, FulfillmentCenter, Variant, Wro
from ml_connector.shipbob.resources.unidentified import UroCalls
from ml_connector.transport.batch import Batch, each
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable
from ml_connector.words import Cause

_FRESH_SECONDS: Final = 60.0
# Days before the one that is asked for: a fact that old is still dated by its own period.
_PERIODS_BACK: Final = timedelta(days=400)


class Reads:
    """Everything a flow may read, for one connection.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
        policies: of the connection: what a flow reads may hang on them.
        skus: ShipBob SKU to NetSuite item name, where they differ.
        bindings: which items are the same, as earlier runs matched them.
        announcements: which WROs announce an order, and what became of them.
        line_proofs: the orders whose line numbers were proved before.
        decisions: what people decided about subjects.
        own_records: which records subjects have made or changed, as far as our books know.
        shipments: reads of orders, shipments and sales orders.
        billing: invoices, kept charges, vendor bills; see ``billing``.
        stock: what lies where; see ``stock``.
        ordered_since: the connection's start date; earlier orders are not looked for.
        free_numbers: kept for those who make WROs.
        centers_in_use: the fulfillment centers that the connection maps to locations.
        locations: which subsidiaries those locations belong to.
        sealed_months: which months the connection has closed: their days take no document.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        netsuite: NetSuite,
        *,
        policies: Policies | None = None,
        skus: Mapping[str, str] | None = None,
        bindings: Bindings | None = None,
        announcements: Announcements | None = None,
        line_proofs: LineProofs | None = None,
        decisions: Decisions | None = None,
        own_records: OwnRecords | None = None,
        shipments: ShipmentReads | None = None,
        billing: BillingReads | None = None,
        stock: StockReads | None = None,
        ordered_since: date | None = None,
        free_numbers: FreeNumbers | None = None,
        centers_in_use: Collection[int] = (),
        locations: LocationReads | None = None,
        sealed_months: SealedMonths | None = None,
    ) -> None:
        self._centers_in_use = frozenset(centers_in_use)
        self._sealed_months: SealedMonths = sealed_months or NoSealedMonths()
        self.shipments = shipments or ShipmentReads(shipbob, netsuite)
        self.returns = ReturnReads(shipbob, netsuite)
        self._shipbob = shipbob
        self._netsuite = netsuite
        self.policies = policies or Policies()
        self.skus: Mapping[str, str] = skus or {}
        self.bindings: Bindings = bindings or NoBindings()
        self.announcements: Announcements = announcements or NoAnnouncements()
        self.decisions: Decisions = decisions or NoDecisions()
        self.own_records: OwnRecords = own_records or NoOwnRecords()
        self.documents = DocumentReads(netsuite)
        self.units = UnitReads(netsuite)
        self.order_lines = OrderLineReads(netsuite, line_proofs or NoLineProofs())
        self._billing = billing
        self._stock = stock
        self.locations = locations or LocationReads(netsuite)
        self.transfers = TransferReads(netsuite)
        self.wro_ends = WroEnds(shipbob)
        self.open_wros = OpenWros(shipbob)
        self.purchase_orders = OrderReads(netsuite, ordered_since=ordered_since)
        self._order_wros = OrderWroReads(shipbob, free=free_numbers)
        self._receipts: Batch[str, tuple[ReceiptLine, ...]] = Batch(self._fetch_receipts, most=100)
        self._wros: Batch[int, Wro] = Batch(
            self._fetch_wros, most=50, crowd_apart_seconds=CROWD_APART_SECONDS
        )
        self._items: Batch[str, tuple[Item, ...]] = Batch(self._fetch_items, most=1000)
        self._items_by_id: Batch[str, Item] = Batch(self._fetch_items_by_id, most=1000)
        self._orders: Batch[str, tuple[PurchaseOrder, ...]] = Batch(self._fetch_orders, most=100)
        # 200 orders of five lines fill a page; one is read while the other is being fetched.
        self._orders_by_id: Batch[str, PurchaseOrder] = Batch(
            self._fetch_orders_by_id, most=200, at_once=2
        )
        self._variants: Batch[str, tuple[Variant, ...]] = Batch(
            self._fetch_variants, most=100, crowd_apart_seconds=CROWD_APART_SECONDS
        )
        self._variants_by_id: Batch[int, tuple[Variant, ...]] = Batch(
            self._fetch_variants_by_id, most=100, crowd_apart_seconds=CROWD_APART_SECONDS
        )
        self._centers: tuple[float, Sequence[FulfillmentCenter]] | None = None
        self._skus_by_inventory: dict[int, str] = {}
        # Of reads that are kept for a moment: one call for all runs that lack the answer.
        self._missing_centers: Batch[None, Sequence[FulfillmentCenter]] = Batch(
            self._fetch_centers, most=1
        )
        self._missing_skus: Batch[int, str | None] = Batch(self._fetch_skus, most=1, at_once=4)
        self._missing_periods: Batch[date, Sequence[Period]] = Batch(self._fetch_periods, most=100)
        self._periods: tuple[float, date, Sequence[Period]] | None = None
        self._odd_periods: list[str] = []

    @property
    def unidentified(self) -> UroCalls:
        """The calls about unidentified receiving orders."""
        return self._shipbob.unidentified

    @property
    def billing(self) -> BillingReads:
        """Everything about invoices.

        Raises:
            LookupError: these reads were made without a store of charges.
        """
        if self._billing is None:
            raise LookupError("These reads have no store of charges")
        return self._billing

    @property
    def stock(self) -> StockReads:
        """Everything about what lies where.

        Raises:
            LookupError: these reads were made without a ledger.
        """
        if self._stock is None:
            raise LookupError("These reads have no books of stock")
        return self._stock

    def supposing(self, decisions: Decisions) -> "Reads":
        """Return the same reads as if these were the decisions about subjects."""
        supposed = copy.copy(self)
        supposed.decisions = decisions
        return supposed

    async def wro(self, wro_id: int) -> Wro:
        """Return a WRO as it is now.

        Raises:
            NeedsData: ShipBob has no such WRO.
        """
        found = await self._wros.get(wro_id)
        # A list may lag behind, or not know the filter: only the WRO's own address is sure.
        return found if found is not None else await self._shipbob.wro(wro_id)

    async def known_wros(self, wro_ids: Collection[int]) -> list[Wro]:
        """Return those of these WROs that ShipBob shows, as they are now."""
        found = await asyncio.gather(*map(self._known_wro, wro_ids))  # at once: one call
        return [wro for wro in found if wro is not None]

    async def _known_wro(self, wro_id: int) -> Wro | None:
        try:
            return await self._wros.get(wro_id)
        except NeedsData as error:
            if error.cause is not Cause.RECORD_NOT_FOUND:
                raise
            return None

    async def boxes(self, wro_id: int) -> Sequence[Box]:
        """Return the boxes of a WRO, with the lots in them."""
        return await self._shipbob.wro_boxes(wro_id)

    async def sku(self, inventory_id: int) -> str | None:
        """Return the SKU of a ShipBob inventory item; None when it has none."""
        known = self._skus_by_inventory.get(inventory_id)
        return known or await self._missing_skus.get(inventory_id)

    async def items(
        self, names: Collection[str], *, spoiled: dict[str, Unreadable] | None = None
    ) -> dict[str, tuple[Item, ...]]:
        """Return NetSuite's items by name; a name without an item has an empty tuple.

        Args:
            names: of items.
            spoiled: takes the names of those that can't be read; None: each is a failure.
        """
        found = await each(self._items, names, spoiled)
        return {name: items or () for name, items in found.items()}

    async def items_by_id(
        self, item_ids: Collection[str], *, spoiled: dict[str, Unreadable] | None = None
    ) -> dict[str, Item]:
        """Return NetSuite's items by internal id; none for one that is not to be seen.

        Args:
            item_ids: internal ids.
            spoiled: takes those of items that can't be read; None: each is a failure.
        """
        found = await each(self._items_by_id, item_ids, spoiled)
        return {item.id: item for item in found.values() if item is not None}

    async def orders(self, number: str) -> tuple[PurchaseOrder, ...]:
        """Return the purchase orders with this number, with all their item lines."""
        return await self._orders.get(number) or ()

    async def order(self, order_id: str) -> PurchaseOrder | None:
        """Return a purchase order by internal id; None when it was deleted."""
        return await self._orders_by_id.get(order_id)

    async def wros_of_order(self, number: str) -> Sequence[Wro]:
        """Return all WROs with one of an order's numbers, whatever their status."""
        return await self._order_wros.of_order(number)

    async def variants(self, skus: Collection[str]) -> dict[str, tuple[Variant, ...]]:
        """Return ShipBob's variants by SKU, compared exactly; none for a SKU without any."""
        ordered = sorted(skus)
        found = await asyncio.gather(*map(self._variants.get, ordered))  # at once: one call
        return {sku: variants or () for sku, variants in zip(ordered, found, strict=True)}

    async def variants_by_inventory(
        self, inventory_ids: Collection[int]
    ) -> dict[int, tuple[Variant, ...]]:
        """Return ShipBob's variants by inventory id, whatever their SKU is now."""
        ordered = sorted(inventory_ids)
        found = await asyncio.gather(*map(self._variants_by_id.get, ordered))  # at once: one call
        return {one: variants or () for one, variants in zip(ordered, found, strict=True)}

    async def centers(self) -> Sequence[FulfillmentCenter]:
        """Return the fulfillment centers that the merchant may send stock to.

        They are asked for once; while one that is mapped is not among them, once a minute.
        """
        kept = self._kept_centers()
        return kept if kept is not None else await self._missing_centers.get(None) or ()

    def _kept_centers(self) -> Sequence[FulfillmentCenter] | None:
        """Return the centers as they were asked for; None when they must be asked for again."""
        if self._centers is None:
            return None
        until, kept = self._centers
        complete = self._centers_in_use <= {center.id for center in kept}
        return kept if complete or time.monotonic() <= until else None

    async def receipts(self, order_id: str) -> Sequence[ReceiptLine]:
        """Return what was received from a purchase order so far, by whatever receipt."""
        return await self._receipts.get(order_id) or ()

    async def periods(self, day: date) -> Sequence[Period]:
        """Return the posting periods from the one of this day on; none where not to be seen.

        A month that the connection has closed is closed in them.

        Raises:
            Unreadable: a period can't be read, and none that can says that the day is open.
        """
        kept = self._periods
        if kept is None or time.monotonic() > kept[0] or day < kept[1]:
            found = await self._missing_periods.get(day) or ()
        else:
            found = kept[2]
        is_open = any(one.startdate <= day <= one.enddate and one.open_for_bills for one in found)
        if self._odd_periods and not is_open:
            raise unreadable("NetSuite", self._odd_periods)
        with_ours = with_sealed(found, await self._sealed_months.first_days())
        return [period for period in with_ours if period.enddate >= day]

    def forget_periods(self) -> None:
        """Read the posting periods again when they are asked for next."""
        self._periods = None

    async def _fetch_centers(
        self, _: Sequence[None]
    ) -> Mapping[None, Sequence[FulfillmentCenter]]:
        kept = self._kept_centers()
        if kept is not None:  # somebody asked while they were being fetched
            return {None: kept}
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            found = await self._shipbob.centers.listed()
        # That it is listed is all that counts; only its id says of which center a row is.
        named = [one.ids.get("id", "") for one in spoiled]
        found += [FulfillmentCenter(id=int(one)) for one in named if one.isdecimal()]
        nameless = [one for one in spoiled if not one.ids.get("id", "").isdecimal()]
        if nameless and not self._centers_in_use <= {center.id for center in found}:
            raise unreadable("ShipBob", [one.sentence for one in nameless])
        self._centers = (time.monotonic() + _FRESH_SECONDS, found)
        return {None: found}

    async def _fetch_skus(self, inventory_ids: Sequence[int]) -> Mapping[int, str | None]:
        [inventory_id] = inventory_ids
        item = await self._shipbob.inventory_item(inventory_id)
        if item.sku:
            self._skus_by_inventory[inventory_id] = item.sku
        return {inventory_id: item.sku or None}

    async def _fetch_periods(self, days: Sequence[date]) -> Mapping[date, Sequence[Period]]:
        since = min(days) - _PERIODS_BACK
        spoiled: list[SpoiledRow] = []
        try:
            with gathering(spoiled):
                found = await setup.periods(self._netsuite.query, since)
        except UnknownIdentifier:
            found = []
        self._odd_periods = [one.sentence for one in spoiled]
        self._periods = (time.monotonic() + _FRESH_SECONDS, since, found)
        return dict.fromkeys(days, found)

    async def _fetch_wros(self, ids: Sequence[int]) -> Mapping[int, Wro]:
        if len(ids) == 1:
            return {ids[0]: await self._shipbob.wro(ids[0])}
        return {wro.id: wro async for wro in self._shipbob.wros(ids=ids) if wro.id in ids}

    async def _fetch_items(self, names: Sequence[str]) -> Mapping[str, tuple[Item, ...]]:
        return await items_by_sku(self._netsuite.query, names)

    async def _fetch_items_by_id(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        return await items_by_id(self._netsuite.query, item_ids)

    async def _fetch_orders(
        self, numbers: Sequence[str]
    ) -> Mapping[str, tuple[PurchaseOrder, ...]]:
        return await purchase_orders.purchase_orders_by_number(self._netsuite.query, numbers)

    async def _fetch_orders_by_id(self, ids: Sequence[str]) -> Mapping[str, PurchaseOrder]:
        return await purchase_orders.purchase_orders_by_id(self._netsuite.query, ids)

    async def _fetch_receipts(
        self, order_ids: Sequence[str]
    ) -> Mapping[str, tuple[ReceiptLine, ...]]:
        return await purchase_orders.received_by_receipts(self._netsuite.query, order_ids)

    async def _fetch_variants(self, skus: Sequence[str]) -> Mapping[str, tuple[Variant, ...]]:
        found: dict[str, tuple[Variant, ...]] = {}
        async for product in self._shipbob.products(skus=skus):
            for variant in product.variants:
                if variant.sku is not None:
                    found[variant.sku] = (*found.get(variant.sku, ()), variant)
        return found

    async def _fetch_variants_by_id(self, ids: Sequence[int]) -> Mapping[int, tuple[Variant, ...]]:
        found: dict[int, tuple[Variant, ...]] = {}
        async for product in self._shipbob.products(inventory_ids=ids):
            for variant in product.variants:
                inventory_id = variant.inventory.inventory_id if variant.inventory else None
                if inventory_id is not None:
                    found[inventory_id] = (*found.get(inventory_id, ()), variant)
        return found
