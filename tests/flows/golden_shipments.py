"""What tracking reads in a golden case: ShipBob's order, NetSuite's sales orders."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from golden_orders import GoldenOrders

from ml_connector.netsuite.queries.items import KitMember
from ml_connector.netsuite.queries.sales_orders.orders import Lot, SalesOrder
from ml_connector.shipbob import payloads
from ml_connector.shipbob.payloads import Variant
from ml_connector.shipbob.resources.shipments import Order, ParcelTracking


class GoldenShipments(GoldenOrders):
    """Answers from ``order.json``, ``parcels.json`` and ``netsuite.json`` of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, self._sales_orders)
        self._folder = folder

    def _json(self, name: str) -> Any:
        path = self._folder / name
        return payloads.read(path.read_bytes()) if path.exists() else []

    async def order_with(self, shipment_id: int) -> Order:
        order = payloads.decode(self._json("order.json"), Order)
        assert shipment_id in {shipment.id for shipment in order.shipments}
        return order

    async def order(self, order_id: int) -> Order:
        order = payloads.decode(self._json("order.json"), Order)
        assert order.id == order_id
        return order

    async def parcels(self, shipment_id: int) -> tuple[ParcelTracking, ...]:
        parcels = payloads.decode(self._json("parcels.json"), list[ParcelTracking])
        return tuple(parcel for parcel in parcels if parcel.shipment_id == shipment_id)

    def _sales_orders(self, field: str, value: str) -> list[SalesOrder]:
        """Orders with this value: of ``fields``, by id and field; else what matched."""
        netsuite = json.loads((self._folder / "netsuite.json").read_text("utf-8"))
        orders = msgspec.convert(netsuite["sales_orders"], list[SalesOrder], strict=False)
        fields = netsuite.get("fields", {})
        return [one for one in orders if fields.get(one.id, {field: one.matched})[field] == value]

    async def latest(self, flow: str, keys: Collection[str], record_type: str) -> dict[str, str]:
        """The fulfilments of ``links.json``, and this shipment's of ``posted.json``."""
        assert (flow, record_type) == ("tracking", "itemFulfillment")
        linked = {key: str(one) for key, one in dict(self._json("links.json")).items()}
        for document in self._json("posted.json"):
            if document["kind"] in {"itemFulfillment", "fulfillmentUpdate"}:
                key = (self._folder / "key.txt").read_text("utf-8")
                linked[key.strip()] = document["remote_id"]
        return {key: linked[key] for key in sorted(keys) if key in linked}

    async def first_seen(self, flow: str, key: str, record: str) -> dict[str, Any] | None:
        """What the run kept that first posted of a shipment: ``seen.json``, by its id."""
        del flow, record
        return dict(self._json("seen.json")).get(key)

    async def is_gone(self, fulfillment_id: str) -> bool:
        netsuite = json.loads((self._folder / "netsuite.json").read_text("utf-8"))
        return fulfillment_id in netsuite.get("gone", [])

    async def lots(self, numbers: Collection[str]) -> dict[str, tuple[Lot, ...]]:
        netsuite = json.loads((self._folder / "netsuite.json").read_text("utf-8"))
        lots = msgspec.convert(netsuite.get("lots", []), tuple[Lot, ...])
        return {
            number: tuple(lot for lot in lots if lot.inventorynumber == number)
            for number in sorted(numbers)
        }

    async def kit_members(self, kit_ids: Collection[str]) -> dict[str, tuple[KitMember, ...]]:
        """What ``kits`` of ``netsuite.json`` says; nothing where the role sees no members."""
        kits = json.loads((self._folder / "netsuite.json").read_text("utf-8")).get("kits", {})
        return {
            kit: msgspec.convert(
                [{"parentitem": kit, **member} for member in kits[kit]],
                tuple[KitMember, ...],
                strict=False,
            )
            for kit in sorted(kit_ids)
            if kit in kits
        }

    def variants(self, skus: Collection[str]) -> dict[str, tuple[Variant, ...]]:
        found = payloads.decode(self._json("variants.json"), list[Variant])
        return {
            sku: tuple(variant for variant in found if variant.sku == sku) for sku in sorted(skus)
        }
