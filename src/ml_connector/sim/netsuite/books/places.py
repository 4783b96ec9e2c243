"""Subsidiaries, locations and entities have to fit each other (reference 13.1)."""

import re
from typing import Final

from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error

_ID: Final = re.compile(r"\d+")


def check_location(company: Company, location: int, subsidiary: int | None, path: str) -> None:
    """Refuse a location of another subsidiary, or an inactive one.

    Raises:
        Refusal: "Invalid Field Value ... location".
    """
    row = company.books.row("SELECT isinactive FROM location WHERE id = ?", (location,))
    if row is None or row["isinactive"] == "T":
        raise invalid_field_value(location, "location", path)
    own = subsidiaries_of(company, location)
    if company.preferences.one_world and own and subsidiary not in {None, *own}:
        raise invalid_field_value(location, "location", path)


def subsidiaries_of(company: Company, location: int) -> list[int]:
    """The subsidiaries that a location belongs to; none where it fits all of them."""
    shown = company.books.value("SELECT subsidiary FROM location WHERE id = ?", (location,))
    return [int(one) for one in _ID.findall(str(shown or ""))]


def entity_row(company: Company, table: str, entity: int) -> Row | None:
    """A vendor's or customer's row."""
    return company.books.row(
        f'SELECT * FROM "{table}" WHERE id = ?',  # noqa: S608 - "vendor" or "customer"
        (entity,),
    )


def require_entity(company: Company, document: Document, table: str) -> Row:
    """The document's vendor or customer.

    Raises:
        Refusal: it is missing, inactive or of the wrong kind.
    """
    label = "Vendor" if table == "vendor" else "Customer"
    entity = document.ref("entity")
    if entity is None:
        raise user_error(f"Please enter value(s) for: {label}", path="entity")
    row = entity_row(company, table, entity)
    if row is None or row["isinactive"] == "T":
        raise invalid_field_value(entity, "entity", "entity")
    return row


def default_from_entity(company: Company, document: Document, entity: Row) -> None:
    """Subsidiary, currency and exchange rate come from the entity unless they are given.

    Raises:
        Refusal: the subsidiary given isn't one of the entity's.
    """
    values = document.values
    if company.preferences.one_world and entity["subsidiary"] is not None:
        own = whole(entity["subsidiary"])
        given = document.ref("subsidiary")
        if given is None:
            values["subsidiary"] = own
        elif given != own and not _also(company, whole(entity["id"]), given):
            raise invalid_field_value(given, "subsidiary", "subsidiary")
    if values.get("currency") is None:
        values["currency"] = whole(entity["currency"] or company.base_currency())
    if values.get("exchangerate") is None:
        values["exchangerate"] = company.books.value(
            "SELECT exchangerate FROM currency WHERE id = ?", (document.ref("currency"),)
        )


def _also(company: Company, entity: int, subsidiary: int) -> bool:
    found = company.books.value(
        "SELECT 1 FROM vendorsubsidiaryrelationship WHERE entity = ? AND subsidiary = ?",
        (entity, subsidiary),
    )
    return found is not None
