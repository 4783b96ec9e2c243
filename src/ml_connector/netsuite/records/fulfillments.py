"""Item fulfilments in REST's own property names: what is written and what is read back.

Source: netsuite.md sections 7 and 8.5, and the REST schema 2026.1 beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.netsuite.records.records import InventoryDetail, Ref, check_external_id
from ml_connector.netsuite.records.tracking_numbers import compared_number


class PackageDetails(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Details of a parcel that a person may have entered; kept when the sublist is replaced."""

    declared_value: Decimal | None = None
    description: str | None = None
    package_height: Decimal | None = None
    package_length: Decimal | None = None
    package_width: Decimal | None = None


class Package(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One parcel. The sublist has no key: it is replaced as a whole or appended to.

    Attributes:
        package_weight: pounds; mandatory in many forms, so 1 when it is not known.
    """

    package_weight: Decimal | None = None
    package_descr: str | None = None
    package_tracking_number: str | None = None
    package_tracking_number_return: str | None = None
    package_carton_number: str | None = None
    package_details: PackageDetails | None = None


class Packages(msgspec.Struct, frozen=True, kw_only=True):
    """The sublist ``package`` of accounts without a carrier integration."""

    items: tuple[Package, ...] = ()


class ItemFulfillmentLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """One line of the order, named explicitly (section 7.3); as on an item receipt."""

    order_line: int
    item_receive: bool
    quantity: int | None = None
    location: Ref | None = None
    inventory_detail: InventoryDetail | None = None


class ItemFulfillmentLines(msgspec.Struct, frozen=True):
    """The sublist ``item``."""

    items: tuple[ItemFulfillmentLine, ...]


class ItemFulfillment(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The body of a transform into an item fulfilment (section 8.5).

    Attributes:
        external_id: at most 64 letters, digits, ``_`` and ``-`` (section 11.3).
        tran_date: the merchant's local date of the shipment.
        memo: below 200 characters, our tag at its end (section 11.8).
    """

    external_id: str
    tran_date: date
    ship_status: Ref
    item: ItemFulfillmentLines
    package: Packages | None = None
    memo: str | None = None

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


class ReadFulfillment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An item fulfilment as it is read before its packages are changed."""

    id: str | int
    external_id: str | None = None
    memo: str | None = None
    package: Packages = Packages()


def merged(there: Sequence[Package], wanted: Sequence[Package]) -> tuple[Package, ...]:
    """Return the packages that a fulfilment should have: those it has, and ours.

    A package whose tracking number it has already, however that is written, is not added again.
    An empty line, such as NetSuite may pre-fill, is replaced by ours.
    """
    kept = [package for package in there if not _says_nothing(package)]
    numbers = {_compared_number(package) for package in kept}
    new = [package for package in wanted if _compared_number(package) not in numbers]
    return (*kept, *new) if kept or new else tuple(there)


def _compared_number(package: Package) -> str | None:
    number = package.package_tracking_number
    return None if number is None else compared_number(number)


def _says_nothing(package: Package) -> bool:
    return not (
        package.package_tracking_number
        or package.package_descr
        or package.package_tracking_number_return
        or package.package_carton_number
    )


def as_packages(rows: Sequence[Mapping[str, Any]]) -> tuple[Package, ...]:
    """Return the packages of a stored document."""
    return msgspec.convert(rows, tuple[Package, ...], strict=False)
