"""The numbers by which people look for a subject, taken from what its runs saw. Pure.

They are those that stand on a paper, a parcel or a page of either system: of orders, parcels,
documents, and SKUs. Which fields hold them is said once for all flows, by the names that facts
have for good.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

NumberKind = Literal["order", "tracking", "sku", "document", "shipment", "wro"]
"""What sort of number it is; stored, so one is added, never renamed."""

MOST: Final = 400
"""So many numbers of one subject are kept at most; the first ones."""

LONGEST: Final = 120

_FIELDS: Final[dict[str, NumberKind]] = {
    "purchase_order_number": "order",
    "reference": "order",
    "order_number": "order",
    "order_name": "order",
    "store_order": "order",
    "order_id": "order",
    "tracking": "tracking",
    "sku": "sku",
    "item_name": "sku",
    "shipment_id": "shipment",
    "linked_wro_id": "wro",
    "deleted_authorization": "document",
    "document": "document",
}
"""Fields that hold a number wherever they stand."""

_OF: Final[dict[str, tuple[NumberKind, tuple[str, ...]]]] = {
    "orders": ("order", ("id", "number")),
    "sales_orders": ("order", ("id", "number", "tranid")),
    "sales": ("order", ("id", "number")),
    "original_orders": ("order", ("id", "number")),
    "named": ("document", ("id", "number")),
    "authorizations": ("document", ("id", "number")),
    "receipts": ("document", ("id", "number", "document")),
    "bills": ("document", ("id",)),
    "fulfillments": ("document", ("id", "number", "tranid")),
    "shipments": ("shipment", ("id",)),
    "parcels": ("tracking", ("number",)),
    "wros": ("wro", ("id",)),
}
"""Lists whose members have numbers of their own, and in which fields."""

_TOP: Final = ("number",)

_NONE_OF: Final = frozenset(
    {"levels", "open", "moves", "elsewhere", "names", "near_items", "bindings", "decisions"}
)
"""Branches of the facts that speak of other subjects, or of very many things."""


def written(text: str) -> str:
    """Return a number as it is kept and looked for: without regard to case and outer spaces."""
    return " ".join(text.replace("\0", "").split()).lower()


def numbers_of(facts: msgspec.Struct) -> dict[str, NumberKind]:
    """Return the numbers that facts hold, as they are kept, each with what sort it is."""
    found: dict[str, NumberKind] = {}
    seen = msgspec.to_builtins(facts, str_keys=True)
    for field in _TOP:
        _add(found, seen.get(field), "order")
    for text, kind in _walk(seen, ""):
        if len(found) >= MOST:
            break
        _add(found, text, kind)
    return found


def _walk(value: Any, within: str) -> Iterator[tuple[Any, NumberKind]]:
    if isinstance(value, dict):
        kind, fields = _OF.get(within, (None, ()))
        for name, inner in value.items():
            if kind is not None and name in fields:
                yield inner, kind
            elif name in _FIELDS:
                yield inner, _FIELDS[name]
            elif name not in _NONE_OF:
                yield from _walk(inner, name)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _walk(inner, within)


def _add(found: dict[str, NumberKind], value: Any, kind: NumberKind) -> None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return
    text = written(str(value))
    if text and len(text) <= LONGEST:
        found.setdefault(text, kind)
