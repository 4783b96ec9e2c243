"""Products, variants and inventory ids (reference shipbob.md, 9.2)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import count

import msgspec


class Variant(msgspec.Struct, kw_only=True):
    """One variant, which has exactly one inventory id. Weight in ounces, sizes in inches."""

    id: int
    product_id: int
    inventory_id: int
    sku: str
    name: str
    created: datetime
    updated: datetime
    active: bool = True
    lot: bool = False
    digital: bool = False
    shelf_life_days: int | None = None
    barcodes: tuple[str, ...] = ()
    upc: str = ""
    gtin: str = ""
    weight_oz: float = 8
    length: float = 10
    width: float = 8
    height: float = 2
    customs_value: Decimal | None = None
    customs: dict[str, object] = {}
    packaging_requirement_id: int = 1
    packaging_material_id: int = 1
    return_action_id: int = 1
    return_instructions: str | None = None
    bundle: tuple[tuple[int, int], ...] = ()
    merged_into: int | None = None
    merge_children: list[int] = []


class Product(msgspec.Struct, kw_only=True):
    """A product with its variants, in the order of their ids."""

    id: int
    name: str
    created: datetime
    updated: datetime
    channel_id: int | None = None
    bundle: bool = False
    taxonomy_id: int | None = None
    variants: list[Variant] = []


class Products:
    """The catalogue of one merchant. Each inventory id points to one variant."""

    def __init__(self) -> None:
        self._product_ids = count(3_200_001)
        self._variant_ids = count(15_300_001)
        self._inventory_ids = count(8_500_001)
        self.by_id: dict[int, Product] = {}
        self.by_inventory_id: dict[int, Variant] = {}
        self.by_variant_id: dict[int, Variant] = {}
        self._by_sku: defaultdict[str, list[Variant]] = defaultdict(list)

    def add(self, name: str, now: datetime, *, channel_id: int | None = None) -> Product:
        """An empty product."""
        product = Product(
            id=next(self._product_ids), name=name, created=now, updated=now, channel_id=channel_id
        )
        self.by_id[product.id] = product
        return product

    def add_variant(
        self, product: Product, sku: str, name: str, now: datetime, inventory_id: int | None = None
    ) -> Variant:
        """A variant with an inventory id of its own.

        Raises:
            ValueError: the inventory id is taken.
        """
        number = self._free_inventory_id() if inventory_id is None else inventory_id
        if number in self.by_inventory_id:
            raise ValueError(f"Inventory id {number} exists already.")
        variant = Variant(
            id=next(self._variant_ids),
            product_id=product.id,
            inventory_id=number,
            sku=sku,
            name=name,
            created=now,
            updated=now,
        )
        product.variants.append(variant)
        product.updated = now
        self.by_inventory_id[number] = variant
        self.by_variant_id[variant.id] = variant
        self._by_sku[sku].append(variant)
        return variant

    def remove(self, product: Product) -> None:
        """Forget a product and its variants."""
        del self.by_id[product.id]
        for variant in product.variants:
            self.by_inventory_id.pop(variant.inventory_id, None)
            self.by_variant_id.pop(variant.id, None)
            self._by_sku[variant.sku].remove(variant)

    def move(self, variants: Iterable[Variant], target: Product, now: datetime) -> None:
        """Move variants to another product."""
        for variant in variants:
            source = self.by_id[variant.product_id]
            source.variants.remove(variant)
            target.variants.append(variant)
            variant.product_id = target.id
            variant.updated = source.updated = target.updated = now

    def of_sku(self, sku: str) -> list[Variant]:
        """Every variant with exactly this SKU, active ones first: it can be more than one."""
        return sorted(self._by_sku.get(sku, ()), key=lambda each: (not each.active, each.id))

    def renamed(self, variant: Variant, before: str) -> None:
        """The SKU of a variant was changed."""
        if variant.sku != before:
            self._by_sku[before].remove(variant)
            self._by_sku[variant.sku].append(variant)

    def find(self, key: str | int) -> Variant:
        """The variant of a SKU (the active one, if several) or an inventory id.

        Digits that are no SKU are an inventory id, as JSON has no other keys than texts.

        Raises:
            LookupError: there is none.
        """
        if isinstance(key, int):
            if key in self.by_inventory_id:
                return self.by_inventory_id[key]
            raise LookupError(f"There is no inventory id {key}.")
        for variant in self.of_sku(key):
            return variant
        if key.isascii() and key.isdigit() and int(key) in self.by_inventory_id:
            return self.by_inventory_id[int(key)]
        raise LookupError(f"There is no SKU {key!r}.")

    def _free_inventory_id(self) -> int:
        return next(number for number in self._inventory_ids if number not in self.by_inventory_id)
