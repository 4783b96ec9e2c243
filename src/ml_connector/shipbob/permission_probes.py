"""The smallest read request of each area, which shows whether our token may read it. Pure.

Shipbob.md sections 3.2 (scopes) and 9; paths and parameters of the 2026-07 OpenAPI file.

Assumptions: SB-002.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.shipbob.session import Request

LOOKS: Final[Mapping[str, Request]] = MappingProxyType(
    {
        "receiving_read": Request(
            operation="receiving.look",
            doing="reading WROs",
            path="/receiving",
            scope="receiving_read",
            query={"Page": "1", "Limit": "1"},
        ),
        "products_read": Request(
            operation="product.look",
            doing="reading products",
            path="/product",
            scope="products_read",
            query={"PageSize": "1"},
        ),
        "inventory_read": Request(
            operation="inventory.look",
            doing="reading stock",
            path="/inventory-level",
            scope="inventory_read",
            query={"PageSize": "1"},
        ),
        "orders_read": Request(
            operation="order.look",
            doing="reading orders",
            path="/order",
            scope="orders_read",
            query={"Page": "1", "Limit": "1"},
        ),
        "returns_read": Request(
            operation="return.look",
            doing="reading returns",
            path="/return",
            scope="returns_read",
            query={"Limit": "1"},
        ),
    }
)
"""By the scope that the request needs."""

NEEDED_BY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "receiving_read": frozenset({"receiving", "purchase_orders"}),
        "orders_read": frozenset({"tracking", "returns"}),
        "returns_read": frozenset({"returns"}),
    }
)
"""The flows, by their keys under ``[flows]``, that need a scope; the others are always needed."""

BILLING: Final = Request(
    operation="billing.look",
    doing="reading invoices",
    path="/invoices",
    scope="billing_read",
    query={"PageSize": "1"},
)

WRITES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "receiving_write": "announcing WROs and marking them as booked",
        "orders_write": "marking tracking numbers as uploaded",
        "products_write": 'making products, with missing_product = "create"',
        "webhooks_write": "subscribing to webhooks",
    }
)
"""Scopes for writing, each with its purpose. A channel lists which of them it has."""
