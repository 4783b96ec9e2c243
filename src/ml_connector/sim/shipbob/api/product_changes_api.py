"""The calls that write products and variants (reference shipbob.md, 9.2)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ml_connector.sim.shipbob.api.product_request import (
    Bundle,
    BundlePart,
    Move,
    NewProduct,
    NewVariant,
    VariantId,
    variant_faults,
    write_variant,
)
from ml_connector.sim.shipbob.api.products_api import ProductsApi
from ml_connector.sim.shipbob.books.product_views import TAXONOMY, variant_view
from ml_connector.sim.shipbob.books.products import Product, Products, Variant
from ml_connector.sim.shipbob.books.stock import Stock
from ml_connector.sim.shipbob.http.answers import Answer, Refusal, fields
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import SINCE_2026_07, Endpoint, problem_refusal

WRITE = ("products_write",)
REGULAR, BUNDLE = 1, 2

ALLERGENS = ("Milk", "Eggs", "Fish", "Shellfish", "Tree nuts", "Peanuts", "Wheat", "Soy", "Sesame")


def refuse(errors: Mapping[str, Sequence[str]]) -> Refusal:
    """422 as ``{"<field>": ["msg"]}``."""
    return fields(422, errors)


class ProductChangesApi:
    """The handlers."""

    def __init__(
        self,
        *,
        products: Products,
        stock: Stock,
        reads: ProductsApi,
        now: Callable[[], datetime],
    ) -> None:
        self._products = products
        self._stock = stock
        self._reads = reads
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""

        def route(method: str, path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            return Endpoint(
                method=method, path=path, handler=handler, scopes=WRITE, refuse=problem_refusal
            )

        return [
            Endpoint(
                method="GET",
                path="/allergens",
                handler=self.list_allergens,
                scopes=("products_read",),
                versions=SINCE_2026_07,
            ),
            route("POST", "/product", self.create),
            route("PATCH", "/product/{id:key}", self.change),
            route("DELETE", "/product/{id:key}", self.remove),
            route("POST", "/product/{id:key}/variants", self.add_variants),
            route("PATCH", "/product/{id:key}/variants", self.change_variants),
            route("POST", "/product/{id:key}:movevariants", self.move_to),
            route("POST", "/product:movevariants", self.move),
            route("POST", "/variant/{id:key}:merge", self.merge),
            route("POST", "/variant/{id:key}:converttobundle", self.convert),
        ]

    def list_allergens(self, _: Call) -> Answer:
        """``GET /allergens``, since 2026-07."""
        rows = [
            {"id": number, "key": name.lower().replace(" ", "_"), "name": name}
            for number, name in enumerate(ALLERGENS, start=1)
        ]
        return Answer(200, rows)

    def create(self, call: Call) -> Answer:
        """``POST /product``: 201; a SKU that is in use is 422."""
        new = call.body(NewProduct, refuse)
        errors = self._product_faults(new)
        if not (new.name or "").strip():
            errors["name"] = ["The name field is required."]
        errors |= self._variants_faults(new.variants)
        if errors:
            raise refuse(errors)
        product = self._products.add(
            new.name or "", self._now(), channel_id=call.caller.channel.id
        )
        product.bundle = new.type_id == BUNDLE
        product.taxonomy_id = new.taxonomy_id
        self._add(product, new.variants)
        return Answer(201, self._reads.view(product))

    def change(self, call: Call) -> Answer:
        """``PATCH /product/{id}``."""
        product = self._reads.find(call)
        new = call.body(NewProduct, refuse)
        errors = self._product_faults(new)
        if errors:
            raise refuse(errors)
        product.name = new.name or product.name
        product.taxonomy_id = new.taxonomy_id or product.taxonomy_id
        product.updated = self._now()
        return Answer(200, self._reads.view(product))

    def remove(self, call: Call) -> Answer:
        """``DELETE /product/{id}``: not while there is stock of it."""
        product = self._reads.find(call)
        for variant in product.variants:
            if any(levels.on_hand for levels in self._stock.of(variant.inventory_id).values()):
                raise fields(400, {"": [f"There is stock of {variant.sku}."]})
        self._products.remove(product)
        return Answer(200)

    def add_variants(self, call: Call) -> Answer:
        """``POST /product/{id}/variants``: 201 and the product."""
        product = self._reads.find(call)
        new = call.body(list[NewVariant], refuse)
        errors = self._variants_faults(new)
        if errors:
            raise refuse(errors)
        self._add(product, new)
        return Answer(201, self._reads.view(product))

    def change_variants(self, call: Call) -> Answer:
        """``PATCH /product/{id}/variants``: one variant or several, named by id or SKU."""
        product = self._reads.find(call)
        several = call.raw_body.lstrip().startswith(b"[")
        changes = (
            call.body(list[NewVariant], refuse) if several else [call.body(NewVariant, refuse)]
        )
        for number, new in enumerate(changes):
            variant = self._named(product, new)
            if variant is None:
                raise fields(400, {f"[{number}].id": ["The variant does not exist."]})
            errors = variant_faults(f"[{number}]", new)
            if errors:
                raise fields(400, errors)
            self._write(variant, new)
        rows = [variant_view(each, self._products, self._stock) for each in product.variants]
        return Answer(200, rows)

    def move_to(self, call: Call) -> Answer:
        """``POST /product/{id}:moveVariants``."""
        target = self._reads.find(call)
        return self._move(call.body(Move, refuse), target)

    def move(self, call: Call) -> Answer:
        """``POST /product:moveVariants``: to a product, or to a new one."""
        asked = call.body(Move, refuse)
        return self._move(asked, self._products.by_id.get(asked.product_id or 0))

    def merge(self, call: Call) -> Answer:
        """``POST /variant/{id}:merge``: the others become inactive and share its inventory id."""
        target = self._variant(call)
        asked = call.body(list[VariantId], refuse)
        others = [self._products.by_variant_id.get(each.id) for each in asked]
        if not others or any(other is None or other is target for other in others):
            raise fields(400, {"id": ["The variants can not be merged."]})
        for other in others:
            if other is not None:
                self._merge(other, target)
        return Answer(201, self._reads.view(self._products.by_id[target.product_id]))

    def convert(self, call: Call) -> Answer:
        """``POST /variant/{id}:convertToBundle``."""
        variant = self._variant(call)
        asked = call.body(Bundle, refuse)
        errors = self._parts_faults("bundle_definition", asked.bundle_definition)
        if not asked.bundle_definition:
            errors["bundle_definition"] = ["At least one part is required."]
        if errors:
            raise refuse(errors)
        self._write(variant, NewVariant(bundle_definition=asked.bundle_definition))
        product = self._products.by_id[variant.product_id]
        product.bundle = True
        return Answer(201, self._reads.view(product))

    def _move(self, asked: Move, target: Product | None) -> Answer:
        variants = [self._products.by_variant_id.get(each.id) for each in asked.variants]
        found = [each for each in variants if each is not None]
        if not found or len(found) < len(variants):
            raise fields(400, {"variants": ["The variants do not exist."]})
        if target is None:
            target = self._products.add(asked.name or found[0].name, self._now())
        self._products.move(found, target, self._now())
        return Answer(201, self._reads.view(target))

    def _merge(self, other: Variant, target: Variant) -> None:
        for place, levels in list(self._stock.of(other.inventory_id).items()):
            if levels.on_hand:
                _, center_id, lot = place
                for where, units, sku in (
                    (place, -levels.on_hand, other.sku),
                    ((target.inventory_id, center_id, lot), levels.on_hand, target.sku),
                ):
                    self._stock.move(
                        where, units, sku=sku, category="AttributeUpdated", at=self._now()
                    )
        other.inventory_id = target.inventory_id
        other.active = False
        other.merged_into = target.id
        other.updated = target.updated = self._now()
        target.merge_children = [*target.merge_children, other.id]

    def _add(self, product: Product, variants: Sequence[NewVariant]) -> None:
        for new in variants:
            name = new.name or product.name
            made = self._products.add_variant(product, new.sku or "", name, self._now())
            write_variant(made, new)

    def _write(self, variant: Variant, new: NewVariant) -> None:
        before = variant.sku
        write_variant(variant, new)
        self._products.renamed(variant, before)
        variant.updated = self._products.by_id[variant.product_id].updated = self._now()

    def _product_faults(self, new: NewProduct) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        if new.type_id not in {REGULAR, BUNDLE}:
            faults["type_id"] = ["Must be 1 (Regular) or 2 (Bundle)."]
        if new.taxonomy_id is not None and new.taxonomy_id not in TAXONOMY:
            faults["taxonomy_id"] = ["The taxonomy does not exist."]
        return faults

    def _variants_faults(self, variants: Sequence[NewVariant]) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        seen: set[str] = set()
        for number, new in enumerate(variants):
            where = f"variants[{number}]"
            faults |= variant_faults(where, new)
            faults |= self._parts_faults(f"{where}.bundle_definition", new.bundle_definition or [])
            sku = (new.sku or "").strip()
            if not sku:
                faults[f"{where}.sku"] = ["The sku field is required."]
            elif sku in seen or self._products.of_sku(sku):
                faults[f"{where}.sku"] = [f"A variant with existing sku reference '{sku}'."]
            seen.add(sku)
        return faults

    def _parts_faults(self, where: str, parts: Sequence[BundlePart]) -> dict[str, list[str]]:
        unknown = [each for each in parts if each.variant_id not in self._products.by_variant_id]
        return {where: ["A part of the bundle does not exist."]} if unknown else {}

    def _named(self, product: Product, new: NewVariant) -> Variant | None:
        for variant in product.variants:
            if new.id in {None, variant.id} and (new.id or new.sku in {None, variant.sku}):
                return variant
        return None

    def _variant(self, call: Call) -> Variant:
        text = call.ids["id"]
        variant = self._products.by_variant_id.get(whole(text))
        if variant is None:
            raise fields(404, {"id": [f"Variant {text} was not found."]})
        return variant
