"""The bodies of the calls that write products (reference shipbob.md, 9.2)."""

from decimal import Decimal

import msgspec

from ml_connector.sim.shipbob.books.product_views import (
    PACKAGING_MATERIALS,
    PACKAGING_REQUIREMENTS,
    RETURN_ACTIONS,
)
from ml_connector.sim.shipbob.books.products import Variant

QUARANTINE = 2


class Barcode(msgspec.Struct):
    """A barcode of a variant."""

    value: str
    sticker_url: str | None = None


class LotInformation(msgspec.Struct):
    """Whether lots are tracked."""

    is_lot: bool = False
    minimum_shelf_life_days: int | None = None


class Dimension(msgspec.Struct):
    """Inches."""

    length: float = 0
    width: float = 0
    height: float = 0


class Customs(msgspec.Struct):
    """Customs data; the value is a decimal in 2026-07 and a text in the guide."""

    hs_tariff_code: str | None = None
    country_code_of_origin: str | None = None
    value: Decimal | None = None
    description: str | None = None
    is321_eligible: bool = False


class ReturnPreferences(msgspec.Struct):
    """What is to be done with returns."""

    primary_action_id: int | None = None
    backup_action_id: int | None = None
    instructions: str | None = None
    return_to_sender_primary_action_id: int | None = None
    return_to_sender_backup_action_id: int | None = None


class BundlePart(msgspec.Struct):
    """One part of a bundle."""

    variant_id: int
    quantity: int


class NewVariant(msgspec.Struct, kw_only=True):
    """A variant as sent; a PATCH names it by ``id`` and leaves out what stays."""

    id: int | None = None
    name: str | None = None
    sku: str | None = None
    barcode: str | None = None
    barcodes: list[Barcode] | None = None
    upc: str | None = None
    gtin: str | None = None
    weight: float | None = None
    dimension: Dimension | None = None
    lot_information: LotInformation | None = None
    packaging_requirement_id: int | None = None
    packaging_material_type_id: int | None = None
    return_preferences: ReturnPreferences | None = None
    customs: Customs | None = None
    bundle_definition: list[BundlePart] | None = None
    status_id: int | None = None
    status: int | None = None
    is_digital: bool | None = None


class NewProduct(msgspec.Struct, kw_only=True):
    """A product as sent."""

    name: str | None = None
    type_id: int = 1
    taxonomy_id: int | None = None
    variants: list[NewVariant] = []


class VariantId(msgspec.Struct):
    """One of several variants."""

    id: int


class Move(msgspec.Struct, kw_only=True):
    """The body of ``:moveVariants``; without a product id a new product is made."""

    variants: list[VariantId] = []
    product_id: int | None = None
    name: str | None = None
    taxonomy_id: int | None = None


class Bundle(msgspec.Struct, kw_only=True):
    """The body of ``:convertToBundle``."""

    bundle_definition: list[BundlePart] = []
    name: str | None = None
    sku: str | None = None


def variant_faults(where: str, new: NewVariant) -> dict[str, list[str]]:
    """What is wrong with a variant beyond its types."""
    faults: dict[str, list[str]] = {}
    known = (
        ("packaging_requirement_id", new.packaging_requirement_id, PACKAGING_REQUIREMENTS),
        ("packaging_material_type_id", new.packaging_material_type_id, PACKAGING_MATERIALS),
    )
    for name, number, names in known:
        if number is not None and number not in names:
            faults[f"{where}.{name}"] = [f"Must be one of {sorted(names)}."]
    preferences = new.return_preferences or ReturnPreferences()
    action = preferences.primary_action_id
    if action is not None and action not in RETURN_ACTIONS:
        faults[f"{where}.return_preferences.primary_action_id"] = ["Must be 1, 2 or 3."]
    if action == QUARANTINE and preferences.instructions is not None:
        text = "Must be null when the primary action is Quarantine."
        faults[f"{where}.return_preferences.instructions"] = [text]
    if any(part.quantity < 1 for part in new.bundle_definition or ()):
        faults[f"{where}.bundle_definition"] = ["Each quantity must be at least 1."]
    return faults


def write_variant(variant: Variant, new: NewVariant) -> None:
    """Take over everything that was sent; what was not sent stays."""
    variant.sku = variant.sku if new.sku is None else new.sku
    variant.name = variant.name if new.name is None else new.name
    variant.upc = variant.upc if new.upc is None else new.upc
    variant.gtin = variant.gtin if new.gtin is None else new.gtin
    variant.weight_oz = variant.weight_oz if new.weight is None else new.weight
    variant.digital = variant.digital if new.is_digital is None else new.is_digital
    if new.barcodes is not None or new.barcode is not None:
        values = [each.value for each in new.barcodes or ()]
        variant.barcodes = tuple(values + ([new.barcode] if new.barcode else []))
    if new.dimension is not None:
        size = new.dimension
        variant.length, variant.width, variant.height = size.length, size.width, size.height
    if new.lot_information is not None:
        variant.lot = new.lot_information.is_lot
        variant.shelf_life_days = new.lot_information.minimum_shelf_life_days
    if new.bundle_definition is not None:
        variant.bundle = tuple((each.variant_id, each.quantity) for each in new.bundle_definition)
    if new.status_id is not None:
        variant.active = new.status_id == 0
    if new.status is not None:
        variant.active = new.status == 1
    _write_handling(variant, new)


def _write_handling(variant: Variant, new: NewVariant) -> None:
    requirement, material = new.packaging_requirement_id, new.packaging_material_type_id
    variant.packaging_requirement_id = requirement or variant.packaging_requirement_id
    variant.packaging_material_id = material or variant.packaging_material_id
    if new.return_preferences is not None:
        action = new.return_preferences.primary_action_id
        variant.return_action_id = action or variant.return_action_id
        variant.return_instructions = new.return_preferences.instructions
    if new.customs is not None:
        variant.customs_value = new.customs.value
        variant.customs = {
            "hs_tariff_code": new.customs.hs_tariff_code or "",
            "country_code_of_origin": new.customs.country_code_of_origin or "",
            "description": new.customs.description or "",
        }
