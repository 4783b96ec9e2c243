"""What references point to (schemas/rest-schema-2026.1.json, ``ref(...)``)."""

from collections.abc import Mapping
from typing import Final

TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("account", "acctname"),
    "location": ("location", "name"),
    "subsidiary": ("subsidiary", "name"),
    "item": ("_item", "itemid"),
    "entity": ("entity", "entityid"),
    "vendor": ("vendor", "entityid"),
    "customer": ("customer", "entityid"),
    "transaction": ("transaction", "tranid"),
    "purchaseOrder": ("transaction", "tranid"),
    "itemFulfillment": ("transaction", "tranid"),
    "inboundShipment": ("inboundshipment", "shipmentnumber"),
    "accountingPeriod": ("accountingperiod", "periodname"),
    "currency": ("currency", "name"),
    "bin": ("bin", "binnumber"),
    "inventoryNumber": ("_inventorynumber", "inventorynumber"),
    "inventoryStatus": ("inventorystatus", "name"),
    "department": ("department", "name"),
    "classification": ("classification", "name"),
}
"""Where a reference's target is kept and which column names it."""
