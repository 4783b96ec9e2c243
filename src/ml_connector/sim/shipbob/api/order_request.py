"""The body of ``POST /order`` (reference shipbob.md, 9.5)."""

from datetime import datetime
from decimal import Decimal

import msgspec

ORDER_TYPES = ("DTC", "DropShip", "B2B")


class Address(msgspec.Struct, kw_only=True):
    """Where an order goes."""

    address1: str
    city: str
    country: str
    address2: str | None = None
    company_name: str | None = None
    state: str | None = None
    zip_code: str | None = None


class Recipient(msgspec.Struct, kw_only=True):
    """Who an order is for."""

    name: str
    address: Address
    email: str | None = None
    phone_number: str | None = None


class NewProduct(msgspec.Struct, kw_only=True):
    """One line: an ``id``, or a ``reference_id`` with a name."""

    quantity: int
    id: int | None = None
    reference_id: str | None = None
    name: str | None = None
    sku: str | None = None
    gtin: str | None = None
    upc: str | None = None
    unit_price: Decimal | None = None
    external_line_id: int | None = None
    quantity_unit_of_measure_code: str | None = None


class Tag(msgspec.Struct, kw_only=True):
    """A name and a value."""

    name: str
    value: str


class ShippingTerms(msgspec.Struct, kw_only=True):
    """Who carries and who pays."""

    carrier_type: str | None = None
    payment_term: str | None = None


class NewOrder(msgspec.Struct, kw_only=True):
    """The body. What is not named here is kept as it was sent."""

    reference_id: str
    shipping_method: str
    type: str
    recipient: Recipient
    products: list[NewProduct]
    order_number: str | None = None
    location_id: int | None = None
    purchase_date: datetime | None = None
    tags: list[Tag] | None = None
    shipping_terms: ShippingTerms | None = None
    gift_message: str | None = None


LONGEST = {"reference_id": 300, "order_number": 400, "gift_message": 500}
CARRIER_TYPES = (None, "Parcel", "Freight")
PAYMENT_TERMS = (None, "Collect", "ThirdParty", "Prepaid", "MerchantResponsible")


def faults_of(new: NewOrder) -> dict[str, list[str]]:
    """What is wrong with a body beyond its types, by field."""
    faults = _text_faults(new)
    if new.type not in ORDER_TYPES:
        faults["type"] = [f"Must be one of {', '.join(ORDER_TYPES)}."]
    terms = new.shipping_terms or ShippingTerms()
    if terms.carrier_type not in CARRIER_TYPES or terms.payment_term not in PAYMENT_TERMS:
        faults["shipping_terms"] = ["The value is not valid."]
    if not new.products:
        faults["products"] = ["At least one product is required."]
    for number, product in enumerate(new.products):
        faults |= _product_faults(f"products[{number}]", product)
    return faults


def _text_faults(new: NewOrder) -> dict[str, list[str]]:
    address = new.recipient.address
    required = {
        "reference_id": new.reference_id,
        "shipping_method": new.shipping_method,
        "recipient.name": new.recipient.name,
        "recipient.address.address1": address.address1,
        "recipient.address.city": address.city,
        "recipient.address.country": address.country,
    }
    faults = {
        name: [f"The {name} field is required."]
        for name, text in required.items()
        if not text.strip()
    }
    for name, longest in LONGEST.items():
        if len(getattr(new, name) or "") > longest:
            faults[name] = [f"At most {longest} characters are allowed."]
    return faults


def _product_faults(where: str, product: NewProduct) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if product.quantity < 1:
        faults[f"{where}.quantity"] = ["The quantity must be at least 1."]
    if product.id is None and not product.reference_id and not product.sku:
        text = "An id, or a reference_id with a name, is required."
        faults[f"{where}.reference_id"] = [text]
    return faults
