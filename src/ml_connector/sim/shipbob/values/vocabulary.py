"""ShipBob's own words: versions, scopes, topics, statuses (reference shipbob.md)."""

from typing import Final

VERSIONS: Final = ("2026-07", "2026-01")
"""Newest first (section 2). Any other version in a path is not found."""

PAT_SCOPES: Final = (
    "pricing_read",
    "fulfillments_write",
    "returns_read",
    "receiving_read",
    "fulfillments_read",
    "returns_write",
    "locations_write",
    "channels_read",
    "webhooks_write",
    "locations_read",
    "orders_write",
    "webhooks_read",
    "inventory_read",
    "billing_read",
    "receiving_write",
    "inventory_write",
    "orders_read",
    "products_read",
    "products_write",
)
"""What a personal access token's channel shows, in the documentation's order."""

READ_SCOPES: Final = tuple(scope for scope in PAT_SCOPES if scope.endswith("_read"))

OAUTH_SCOPES: Final = (
    "channels_read",
    "channels_write",
    "inventory_read",
    "inventory_write",
    "orders_read",
    "orders_write",
    "products_read",
    "products_write",
    "receiving_read",
    "receiving_write",
    "returns_read",
    "returns_write",
    "webhooks_read",
    "webhooks_write",
    "locations_read",
    "tracking_read",
    "fulfillments_read",
    "billing_read",
    "openid",
    "offline_access",
)
"""What an application may ask for (section 3.2). ``billing_read`` is in here because nobody
could tell whether it is offered (section 12): register the application without it to find out
what happens then."""

TOPICS_2026_01: Final = (
    "order.shipped",
    "order.shipment.delivered",
    "order.shipment.exception",
    "order.shipment.on_hold",
    "order.shipment.cancelled",
    "return.created",
    "return.updated",
    "return.completed",
    "billing.charge.created",
    "billing.refund.created",
    "billing.credit.created",
)
"""The official 2026-01 list: nothing about receiving (section 1, fact 4)."""

TOPICS: Final = (
    *TOPICS_2026_01,
    "order.delivered",
    "order.shipment.tracking.updated",
    "order.shipment.address.updated",
    "order.shipment.line_item.added",
    "order.shipment.line_item.removed",
    "order.shipment.line_item.updated",
    "order.shipment.shipping_service.updated",
    "order.shipment.tracking_received",
    "wro.created",
    "wro.updated",
    "wro.completed",
    "wro.box.arrived",
    "wro.box.scanned",
    "wro.box.stowed",
)
"""Section 7.2."""

PACKAGE_TYPES: Final = ("Package", "Pallet", "FloorLoadedContainer")
BOX_PACKAGING_TYPES: Final = ("EverythingInOneBox", "OneSkuPerBox", "MultipleSkuPerBox")

WRO_STATUSES: Final = (
    "Awaiting",
    "PartiallyArrived",
    "Arrived",
    "Processing",
    "Completed",
    "Cancelled",
    "Incomplete",
    "PartiallyArrivedAtHub",
    "ArrivedAtHub",
    "ProcessingAtHub",
    "InternalTransfer",
)
"""The position is the ``id`` in a status history, which nothing documents."""
