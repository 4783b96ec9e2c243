"""Holding ShipBob's products against NetSuite's items, while a connection is set up.

Read only: pages of 250 products, and a query for each thousand SKUs.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Final, Literal

import msgspec

from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.item_names import near_names, spellings
from ml_connector.netsuite.queries.items import Item, items_by_sku
from ml_connector.rules.items import item_name
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import Product

MOST_SKUS: Final = 10_000
"""So many SKUs are compared while somebody waits."""

MOST_LISTED: Final = 500
_MOST_SPELLED: Final = 10
"""Of so many missing SKUs it is asked whether an item has nearly their name: one query."""

Matter = Literal["missing", "ambiguous", "inactive"]

Tells = Callable[[str, int], None]
"""Is told what is being done, and how many so far."""


class SkuToSettle(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU that does not lead to exactly one active item.

    Attributes:
        near: the name of an item that a person would read as this SKU; empty: none is known.
        says: what is the matter.
    """

    sku: str
    product: str
    matter: Matter
    says: str
    near: str = ""


class ProductsCompared(msgspec.Struct, frozen=True, kw_only=True):
    """ShipBob's SKUs held against NetSuite's items.

    Attributes:
        skus: that were compared.
        matched: lead to exactly one active item.
        without_sku: variants at ShipBob that have no SKU.
        to_settle: those that don't, at most 500 of them.
        whole: whether these are all of the account's.
    """

    skus: int
    matched: int
    missing: int
    ambiguous: int
    inactive: int
    without_sku: int
    to_settle: list[SkuToSettle]
    whole: bool


async def compare_products(
    shipbob: ShipBob, netsuite: NetSuite, exceptions: Mapping[str, str], tells: Tells
) -> ProductsCompared:
    """Compare all active SKUs of the account with the items of NetSuite.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
        exceptions: SKU to item name, where they differ.
        tells: is told how far it has come.
    """
    names, bare, whole = await _active_skus(shipbob.products(), tells)
    tells("Looking SKUs up in NetSuite", 0)
    asked = sorted({item_name(sku, exceptions) for sku in names})
    found = await items_by_sku(netsuite.query, asked)
    close = await _near(netsuite, [name for name in asked if name not in found])
    return compared(names, found, exceptions, close, without_sku=bare, whole=whole)


async def _active_skus(
    products: AsyncIterator[Product], tells: Tells
) -> tuple[dict[str, str], int, bool]:
    """Return the product's name by SKU, the number without one, and whether these are all."""
    names: dict[str, str] = {}
    bare = 0
    async for product in products:
        for variant in product.variants:
            sku = (variant.sku or "").strip()
            if variant.is_sold and sku:
                names.setdefault(sku, product.name or variant.name)
            elif variant.is_sold:
                bare += 1
        tells("Reading ShipBob's products", len(names))
        if len(names) >= MOST_SKUS:
            return names, bare, False
    return names, bare, True


async def _near(netsuite: NetSuite, missing: Sequence[str]) -> dict[str, str]:
    """Return an item's name for those missing names that differ by what is easily overlooked."""
    asked = sorted({one for name in missing[:_MOST_SPELLED] for one in spellings(name)})
    if not asked:
        return {}
    items = (await items_by_sku(netsuite.query, asked)).values()
    there = {item.itemid for found in items for item in found if not item.isinactive}
    return {
        name: next(iter(close))
        for name in missing[:_MOST_SPELLED]
        if (close := near_names(name, there))
    }


def compared(
    names: Mapping[str, str],
    found: Mapping[str, Sequence[Item]],
    exceptions: Mapping[str, str],
    close: Mapping[str, str],
    *,
    without_sku: int = 0,
    whole: bool = True,
) -> ProductsCompared:
    """Count what leads to one active item, and list the rest. Pure.

    Args:
        names: of the products, by SKU.
        found: NetSuite's items, by the name that was asked for.
        exceptions: SKU to item name, where they differ.
        close: an item's name by one that no item has and that a person reads as the same.
        without_sku: variants that have none.
        whole: whether these are all SKUs.
    """
    listed: list[SkuToSettle] = []
    for sku in sorted(names):
        name = item_name(sku, exceptions)
        settle = _settle(sku, names[sku], name, found.get(name, ()), close.get(name, ""))
        if settle is not None:
            listed.append(settle)
    counts = {
        matter: sum(one.matter == matter for one in listed)
        for matter in ("missing", "ambiguous", "inactive")
    }
    return ProductsCompared(
        skus=len(names),
        matched=len(names) - len(listed),
        missing=counts["missing"],
        ambiguous=counts["ambiguous"],
        inactive=counts["inactive"],
        without_sku=without_sku,
        to_settle=listed[:MOST_LISTED],
        whole=whole,
    )


def _settle(
    sku: str, product: str, name: str, items: Collection[Item], near: str
) -> SkuToSettle | None:
    active = [one for one in items if not one.isinactive]
    if len(active) == 1:
        return None
    mapped = "" if name == sku else f' "{name}", to which it is mapped'
    if active:
        matter: Matter = "ambiguous"
        says = f"{len(active)} active items have this name: {', '.join(one.id for one in active)}"
    elif items:
        matter, says = "inactive", f"Item {next(iter(items)).id} is inactive"
    else:
        matter, says = "missing", f"No item{mapped}" if mapped else "No such item"
    return SkuToSettle(
        sku=sku, product=product, matter=matter, says=f"Close: {near}" if near else says, near=near
    )
