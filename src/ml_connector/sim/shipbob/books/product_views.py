"""Products, variants and inventory items as JSON (reference shipbob.md, 9.2)."""

from typing import Final

from ml_connector.sim.shipbob.books.products import Product, Products, Variant
from ml_connector.sim.shipbob.books.stock import Stock
from ml_connector.sim.shipbob.values.dates import stamp

USER_ID: Final = 470_001
"""The merchant's user, the owner of everything in this account."""

PACKAGING_REQUIREMENTS: Final = {
    1: "NoRequirements",
    2: "Fragile",
    3: "Foldable",
    4: "Media",
    5: "Book",
    6: "Poster",
    7: "Apparel",
    8: "PackagingMaterial",
    9: "OwnContainer",
}
PACKAGING_MATERIALS: Final = {
    1: "Box",
    2: "BubbleMailer",
    3: "PolyMailer",
    5: "PosterTube",
    6: "CustomBox",
    7: "Bookfold",
    8: "OwnContainer",
    9: "CustomBubbleMailer",
    10: "CustomPolyMailer",
}
RETURN_ACTIONS: Final = {1: "Restock", 2: "Quarantine", 3: "Dispose"}

TAXONOMY: Final = {
    1: ("Apparel", None),
    2: ("Shirts", 1),
    3: ("Trousers", 1),
    4: ("Footwear", None),
    5: ("Food", None),
    6: ("Coffee", 5),
}
"""Id: name and parent. The simulator's own; ShipBob's real tree is not in the reference."""

Named = dict[str, object]


def product_view(product: Product, products: Products, stock: Stock) -> dict[str, object]:
    """One product with all its variants."""
    return {
        "id": product.id,
        "name": product.name,
        "type": "Bundle" if product.bundle else "Regular",
        "taxonomy": _taxonomy(product.taxonomy_id),
        "user_id": USER_ID,
        "created_on": stamp(product.created),
        "updated_on": stamp(product.updated),
        "variants": [variant_view(each, products, stock) for each in product.variants],
    }


def variant_view(variant: Variant, products: Products, stock: Stock) -> dict[str, object]:
    """One variant. A merged one shows the inventory id of the variant it was merged into."""
    on_hand = sum(levels.on_hand for levels in stock.of(variant.inventory_id).values())
    return {
        "id": variant.id,
        "sku": variant.sku,
        "name": variant.name,
        "status": "Active" if variant.active else "Inactive",
        "barcodes": [{"value": code, "sticker_url": None} for code in variant.barcodes],
        "upc": variant.upc,
        "gtin": variant.gtin,
        "inventory": {"inventory_id": variant.inventory_id, "on_hand_qty": on_hand},
        "lot_information": {
            "is_lot": variant.lot,
            "minimum_shelf_life_days": variant.shelf_life_days,
        },
        "bundle_definition": [
            _bundle_part(products.by_variant_id[variant_id], quantity)
            for variant_id, quantity in variant.bundle
            if variant_id in products.by_variant_id
        ],
        "associated_bundles": [],
        "merge_children": [
            _merge_child(products.by_variant_id[child])
            for child in variant.merge_children
            if child in products.by_variant_id
        ],
        "return_preferences": {
            "primary_action": _named(RETURN_ACTIONS, variant.return_action_id),
            "backup_action": None,
            "instructions": variant.return_instructions,
            "return_to_sender_primary_action": _named(RETURN_ACTIONS, variant.return_action_id),
            "return_to_sender_backup_action": None,
        },
        "packaging_requirement": _named(PACKAGING_REQUIREMENTS, variant.packaging_requirement_id),
        "packaging_material_type": _named(PACKAGING_MATERIALS, variant.packaging_material_id),
        "dimension": {
            "length": variant.length,
            "width": variant.width,
            "height": variant.height,
            "unit": "inch",
            "is_locked": False,
            "source": "UserEntry",
        },
        "weight": {"weight": variant.weight_oz, "unit": "oz"},
        "customs": {
            "hs_tariff_code": variant.customs.get("hs_tariff_code", ""),
            "country_code_of_origin": variant.customs.get("country_code_of_origin", ""),
            "value": variant.customs_value,
            "currency": "USD",
            "description": variant.customs.get("description", ""),
            "is321_eligible": False,
        },
        "fulfillment_settings": {
            "requires_prop65": False,
            "serial_scan": {
                "is_enabled": False,
                "prefix": "",
                "suffix": "",
                "exact_character_length": None,
            },
            "dangerous_goods": False,
            "msds_url": "",
            "is_case_pick": False,
            "is_bpm_parcel": False,
        },
        "is_digital": variant.digital,
        "is_image_uploaded": False,
        "reviews_pending": [],
        "additional_hazmat_attributes": None,
        "created_on": stamp(variant.created),
        "updated_on": stamp(variant.updated),
    }


def inventory_view(variant: Variant) -> dict[str, object]:
    """``GET /inventory/{id}``: the item behind an inventory id."""
    return {
        "inventory_id": variant.inventory_id,
        "sku": variant.sku,
        "name": variant.name,
        "barcode": variant.barcodes[0] if variant.barcodes else None,
        "user_id": USER_ID,
        "is_lot": variant.lot,
        "is_case": False,
        "dimensions": {
            "length": variant.length,
            "width": variant.width,
            "height": variant.height,
            "unit": "inch",
            "is_locked": False,
            "validated": True,
        },
        "weight": {"value": variant.weight_oz, "unit": "oz"},
        "variant": {
            "is_active": variant.active,
            "is_bundle": bool(variant.bundle),
            "is_digital": variant.digital,
            "hazmat": {"is_hazmat": False, "validated": True},
        },
    }


def taxonomy_view(number: int) -> Named:
    """One node of the taxonomy with the path that leads to it."""
    names, at = [], number
    while True:
        name, parent = TAXONOMY[at]
        names.append(name)
        if parent is None:
            return {"id": number, "name": names[0], "path": " > ".join(reversed(names))}
        at = parent


def _taxonomy(number: int | None) -> Named | None:
    if number is None or number not in TAXONOMY:
        return None
    parent = TAXONOMY[number][1]
    return {
        **taxonomy_view(number),
        "parent_id": parent,
        "parent_name": None if parent is None else TAXONOMY[parent][0],
    }


def _named(names: dict[int, str], number: int) -> Named | None:
    return {"id": number, "name": names[number]} if number in names else None


def _bundle_part(variant: Variant, quantity: int) -> Named:
    return {
        "product_id": variant.product_id,
        "variant_id": variant.id,
        "variant_name": variant.name,
        "variant_sku": variant.sku,
        "quantity": quantity,
    }


def _merge_child(variant: Variant) -> Named:
    return {
        "variant_id": variant.id,
        "variant_name": variant.name,
        "inventory_id": variant.inventory_id,
        "channel_ids": [],
        "completed_at": stamp(variant.updated),
    }
