"""Reads of products and of the items behind inventory ids (reference shipbob.md, 9.2)."""

from collections.abc import Callable, Iterable
from urllib.parse import unquote_plus

from ml_connector.sim.shipbob.books.product_views import (
    PACKAGING_MATERIALS,
    PACKAGING_REQUIREMENTS,
    TAXONOMY,
    inventory_view,
    product_view,
    taxonomy_view,
    variant_view,
)
from ml_connector.sim.shipbob.books.products import Product, Products, Variant
from ml_connector.sim.shipbob.books.stock import Stock
from ml_connector.sim.shipbob.http.answers import Answer, problem
from ml_connector.sim.shipbob.http.call import Call, Query, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint, problem_400, problem_refusal
from ml_connector.sim.shipbob.http.paging import CursorPages

READ = ("products_read",)
INVENTORY_READ = ("inventory_read",)

Keep = Callable[[Product, Variant], bool]
Texts = Callable[[Product, Variant], Iterable[str]]
"""What a filter compares with: one of these texts must be among the chosen ones."""


class ProductsApi:
    """The handlers.

    Attributes:
        pages: how ``/product`` is paged. Its ``next`` was seen as ``/Product?cursor=...``,
            without the version (section 6).
        channel_sees_only_its_own: products made by one application are invisible to others, a
            trap that was reported (3.4).
    """

    def __init__(self, *, products: Products, stock: Stock) -> None:
        self._products = products
        self._stock = stock
        self.pages: CursorPages[Product] = CursorPages(path="/Product")
        self.channel_sees_only_its_own = False

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""

        def route(path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            return Endpoint(
                method="GET", path=path, handler=handler, scopes=READ, refuse=problem_refusal
            )

        def inventory(path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            return Endpoint(
                method="GET",
                path=path,
                handler=handler,
                scopes=INVENTORY_READ,
                refuse=problem_refusal,
                bad_value=problem_400,
            )

        return [
            route("/product", self.list_products),
            route("/product/{id:key}", self.show),
            route("/product/{id:key}/variants", self.list_variants),
            route("/packaging-requirement", self.packaging),
            route("/taxonomy", self.list_taxonomy),
            route("/taxonomy/{id:key}", self.show_taxonomy),
            route("/taxonomy/{id:key}/parent", self.show_parent),
            inventory("/inventory", self.list_inventory),
            inventory("/inventory/{id:key}", self.show_inventory),
        ]

    def view(self, product: Product) -> dict[str, object]:
        """The product as this API shows it."""
        return product_view(product, self._products, self._stock)

    def list_products(self, call: Call) -> Answer:
        """``GET /product``: products of which a variant passes all the filters."""
        keep = self._filter(self.pages.query(call))
        found = [
            product
            for product in self._candidates(choices(self.pages.query(call), "SKU"))
            if self._visible(product, call)
            and (
                any(keep(product, variant) for variant in product.variants) or not product.variants
            )
        ]
        if self.pages.query(call).text("SortOrder").upper() == "DESC":
            found.reverse()
        return self.pages.answer(call, found, self.view)

    def _candidates(self, skus: set[str]) -> list[Product]:
        """Products that can pass a filter of these SKUs, by id; all of them without one."""
        if not skus:
            return list(self._products.by_id.values())
        ids = {each.product_id for sku in skus for each in self._products.of_sku(sku)}
        return [self._products.by_id[number] for number in sorted(ids)]

    def show(self, call: Call) -> Answer:
        """``GET /product/{id}``."""
        return Answer(200, self.view(self.find(call)))

    def list_variants(self, call: Call) -> Answer:
        """``GET /product/{id}/variants``: a bare array."""
        variants = self.find(call).variants
        return Answer(200, [variant_view(each, self._products, self._stock) for each in variants])

    def packaging(self, _: Call) -> Answer:
        """``GET /packaging-requirement``."""
        materials = [{"id": number, "name": name} for number, name in PACKAGING_MATERIALS.items()]
        return Answer(
            200,
            [
                {
                    "id": number,
                    "name": name,
                    "description": name,
                    "applicable_packaging_material_types": materials,
                    "applicable_categories": [],
                    "applicable_taxonomy": [],
                }
                for number, name in PACKAGING_REQUIREMENTS.items()
            ],
        )

    def list_taxonomy(self, call: Call) -> Answer:
        """``GET /taxonomy?search=``."""
        wanted = call.query.text("search").lower()
        nodes = [taxonomy_view(number) for number in TAXONOMY]
        return Answer(200, [node for node in nodes if wanted in str(node["path"]).lower()])

    def show_taxonomy(self, call: Call) -> Answer:
        """``GET /taxonomy/{id}``."""
        return Answer(200, taxonomy_view(self._taxonomy_id(call)))

    def show_parent(self, call: Call) -> Answer:
        """``GET /taxonomy/{id}/parent``."""
        parent = TAXONOMY[self._taxonomy_id(call)][1]
        if parent is None:
            raise problem(404, "This taxonomy has no parent.")
        return Answer(200, taxonomy_view(parent))

    def list_inventory(self, call: Call) -> Answer:
        """``GET /inventory``: cursor pages of inventory items."""
        pages: CursorPages[Variant] = CursorPages(path=f"/{call.version}/inventory")
        keep = inventory_filter(pages.query(call))
        found = [each for each in self._products.by_inventory_id.values() if keep(each)]
        return pages.answer(call, found, inventory_view)

    def show_inventory(self, call: Call) -> Answer:
        """``GET /inventory/{id}``."""
        return Answer(200, inventory_view(find_variant(self._products, call)))

    def find(self, call: Call) -> Product:
        """The product in the path.

        Raises:
            Refusal: 404.
        """
        text = call.ids["id"]
        product = self._products.by_id.get(whole(text))
        if product is None or not self._visible(product, call):
            raise problem(404, f"Product {text} was not found.")
        return product

    def _visible(self, product: Product, call: Call) -> bool:
        if not self.channel_sees_only_its_own:
            return True
        return product.channel_id in {None, call.caller.channel.id}

    def _taxonomy_id(self, call: Call) -> int:
        text = call.ids["id"]
        if whole(text) not in TAXONOMY:
            raise problem(404, f"Taxonomy {text} was not found.")
        return int(text)

    def _filter(self, query: Query) -> Keep:
        texts: tuple[tuple[set[str], Texts], ...] = (
            (choices(query, "SKU"), lambda _, variant: [variant.sku]),
            (choices(query, "Barcode"), lambda _, variant: variant.barcodes),
            (choices(query, "Barcodes"), lambda _, variant: variant.barcodes),
            (choices(query, "InventoryId"), lambda _, variant: [str(variant.inventory_id)]),
            (choices(query, "VariantId"), lambda _, variant: [str(variant.id)]),
            (choices(query, "ProductId"), lambda product, _: [str(product.id)]),
            (choices(query, "ChannelIds"), lambda product, _: [str(product.channel_id)]),
            (_lower(query, "VariantStatus"), lambda _, variant: [_status(variant)]),
            (_lower(query, "ProductType"), lambda product, _: [_kind(product)]),
        )
        wanted = [each for each in texts if each[0]]
        name, search = query.text("Name").lower(), query.text("Search").lower()
        since = query.instant("LastUpdatedTimestamp")
        digital = query.flag("HasDigitalVariants")

        def keep(product: Product, variant: Variant) -> bool:
            names = (product.name.lower(), variant.name.lower())
            found = (*names, variant.sku.lower(), str(variant.inventory_id), str(product.id))
            return (
                all(not chosen.isdisjoint(of(product, variant)) for chosen, of in wanted)
                and (digital is None or variant.digital == digital)
                and (since is None or product.updated >= since)
                and (not name or any(name in each for each in names))
                and (not search or any(search in each for each in found))
            )

        return keep


def choices(query: Query, name: str) -> set[str]:
    """The values of a product filter: ``any:a,b`` or a single one.

    Commas and colons count only where they were sent unescaped (section 6).
    """
    raw = query.undecoded(name)
    if not raw:
        return set()
    if raw.lower().startswith("any:"):
        return {unquote_plus(each) for each in raw[4:].split(",") if each}
    return {unquote_plus(raw)}


def _lower(query: Query, name: str) -> set[str]:
    return {each.lower() for each in choices(query, name)}


def _status(variant: Variant) -> str:
    return "active" if variant.active else "inactive"


def _kind(product: Product) -> str:
    return "bundle" if product.bundle else "regular"


def inventory_filter(query: Query) -> Callable[[Variant], bool]:
    """The filters that ``/inventory`` and ``/inventory-level*`` share."""
    ids = set(query.numbers("InventoryIds"))
    active = query.flag("IsActive")
    digital = query.flag("IsDigital")
    search = query.text("SearchBy").lower()

    def keep(variant: Variant) -> bool:
        found = (variant.name.lower(), variant.sku.lower(), str(variant.inventory_id))
        return (
            (not ids or variant.inventory_id in ids)
            and (active is None or variant.active == active)
            and (digital is None or variant.digital == digital)
            and (not search or any(search in each for each in found))
        )

    return keep


def find_variant(products: Products, call: Call) -> Variant:
    """The variant of the inventory id in the path.

    Raises:
        Refusal: 404 as ProblemDetails.
    """
    text = call.ids["id"]
    variant = products.by_inventory_id.get(whole(text))
    if variant is None:
        raise problem(404, f"Inventory {text} was not found.")
    return variant
