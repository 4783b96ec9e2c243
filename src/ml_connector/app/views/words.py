"""The words that people read for stable codes: states, flows, documents, topics. Pure."""

import re
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from ml_connector.words import DocumentKind

Chip = Literal["done", "wait", "stop", "again", "on"]
"""How a state is shown: finished, waits for data, stopped for a person, tried again, on its
way."""

FLOW_TITLES: Final = MappingProxyType(
    {
        "purchase-orders": "Purchase orders",
        "receiving": "Receiving",
        "tracking": "Parcels",
        "returns": "Returns",
        "billing": "Invoices",
        "unidentified": "Unidentified receipts",
        "inventory": "Stock",
        "month-end": "Months",
    }
)
"""The flows in the order of the menu, as people call their pages."""

FLOW_PATHS: Final = MappingProxyType(
    {
        "purchase-orders": "purchase-orders",
        "receiving": "receiving",
        "parcels": "tracking",
        "returns": "returns",
        "invoices": "billing",
        "unidentified": "unidentified",
    }
)
"""The flows that have a page of subjects, by the last part of its address."""

_SUBJECTS: Final = MappingProxyType(
    {
        "purchase-orders": "Purchase order",
        "receiving": "WRO",
        "tracking": "Shipment",
        "returns": "Return",
        "billing": "Invoice",
        "unidentified": "Unidentified receipt",
        "inventory": "Location",
        "month-end": "Month",
    }
)

_DOCUMENTS: Final = MappingProxyType(
    {
        DocumentKind.ITEM_RECEIPT: "Item receipt",
        DocumentKind.INVENTORY_ADJUSTMENT: "Inventory adjustment",
        DocumentKind.INVENTORY_TRANSFER: "Inventory transfer",
        DocumentKind.ITEM_FULFILLMENT: "Item fulfillment",
        DocumentKind.FULFILLMENT_UPDATE: "Fulfillment brought up to date",
        DocumentKind.RETURN_AUTHORIZATION: "Return authorization",
        DocumentKind.VENDOR_BILL: "Vendor bill",
        DocumentKind.VENDOR_CREDIT: "Vendor credit",
        DocumentKind.WRO: "WRO at ShipBob",
        DocumentKind.WRO_CANCELLATION: "WRO cancelled at ShipBob",
        DocumentKind.WRO_MARK: "WRO marked at ShipBob",
        DocumentKind.TRACKING_MARK: "Tracking marked at ShipBob",
        DocumentKind.PRODUCT: "Product at ShipBob",
    }
)

_SEVERAL: Final = MappingProxyType(
    {
        DocumentKind.FULFILLMENT_UPDATE: "fulfillments brought up to date",
        DocumentKind.WRO: "WROs at ShipBob",
        DocumentKind.WRO_CANCELLATION: "WROs cancelled at ShipBob",
        DocumentKind.WRO_MARK: "WROs marked at ShipBob",
        DocumentKind.TRACKING_MARK: "tracking numbers marked at ShipBob",
        DocumentKind.PRODUCT: "products at ShipBob",
    }
)
"""Documents whose plural has no s at its end."""

_CHIPS: Final[MappingProxyType[str, tuple[Chip, str]]] = MappingProxyType(
    {
        "done": ("done", "Done"),
        "parked": ("wait", "Waiting"),
        "dead": ("stop", "Stopped"),
        "received": ("on", "Received"),
        "working": ("on", "Working"),
        "ignored": ("done", "Ignored"),
    }
)


class StateShown(NamedTuple):
    """A state as a chip: how it is coloured, and the word in it."""

    chip: Chip
    word: str


def state_shown(state: str, attempt: int = 0) -> StateShown:
    """Return how the state of a subject or an event is shown."""
    if state == "retrying":
        return StateShown("again", f"Try {attempt + 1}")
    return StateShown(*_CHIPS.get(state, ("on", state.capitalize())))


def document_title(kind: str, remote_id: str | None = None) -> str:
    """Return how a document is called: its kind and its number, if it has one."""
    title = dict[Any, str](_DOCUMENTS).get(kind) or _spaced(kind)
    return f"{title} {remote_id}" if remote_id else title


def document_count(kind: str, count: int) -> str:
    """Return so many documents of a kind, such as ``1 item receipt`` or ``2 WROs at ShipBob``."""
    title = document_title(kind)
    if title[:2] != title[:2].upper():
        title = f"{title[:1].lower()}{title[1:]}"
    several = dict[Any, str](_SEVERAL).get(kind, f"{title}s")
    return f"{count:,} {title if count == 1 else several}"


def subject_title(flow: str | None, key: str | None) -> str:
    """Return how a subject is called, such as ``WRO 90311``; empty without one."""
    if not flow or not key:
        return ""
    return f"{_SUBJECTS.get(flow, flow.replace('_', ' ').capitalize())} {key}"


def topic_title(topic: str, source: str) -> str:
    """Return what an event tells of, for a person.

    What stands after a colon is somebody's own text, such as a SKU: it is shown as it is.
    """
    what, colon, own = topic.partition(": ")
    said = re.sub(r"[._]+", " ", what).strip().capitalize().replace("Wro", "WRO")
    text = f"{said}{colon}{own}"
    return text if source == "webhook" else f"{text} ({source})"


def _spaced(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()
