"""What causes, awaited things and counts are called where people read them. Pure."""

import re
from typing import Final

from ml_connector.awaited import Awaited

_SPELLED: Final = {
    "sku": "SKU",
    "skus": "SKUs",
    "wro": "WRO",
    "uro": "URO",
    "netsuite": "NetSuite",
    "shipbob": "ShipBob",
}
_WORD: Final = re.compile(r"[a-z]+")

_NOUNS: Final = {
    "receiving": ("WRO", "WROs"),
    "purchase-orders": ("purchase order", "purchase orders"),
    "tracking": ("shipment", "shipments"),
    "returns": ("return", "returns"),
    "billing": ("invoice", "invoices"),
    "inventory": ("location", "locations"),
    "unidentified": ("unidentified receipt", "unidentified receipts"),
}


def in_words(code: str) -> str:
    """Return a stable code as words: ``sku_missing_in_netsuite`` -> SKU missing in NetSuite."""
    words = code.replace("_", " ").replace("-", " ")
    text = _WORD.sub(lambda one: _SPELLED.get(one[0], one[0]), words)
    return text[:1].upper() + text[1:]


def counted_subjects(flow: str, count: int) -> str:
    """Return how many subjects there are, with their noun: 3 WROs."""
    one, many = _NOUNS.get(flow, ("subject", "subjects"))
    return f"{count:,} {one if count == 1 else many}"


def awaited_in_words(thing: str) -> str:
    """Return an awaited thing as people read it: SKU NEW-7731-XL."""
    awaited = Awaited(thing)
    if not awaited.is_of_this_build:
        return thing
    kind = in_words(awaited.kind)
    return f"{kind} {awaited.name}" if awaited.name else kind


def group_title(cause: str, thing: str) -> str:
    """Return the heading of subjects that stopped for one cause and one thing."""
    awaited = Awaited(thing)
    named = awaited.name if thing and awaited.is_of_this_build else thing
    return f"{in_words(cause)}: {named}" if named else in_words(cause or "stopped")
