"""Inventory detail: which lots and bins a line's units belong to (reference 8.2, 13.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.sim.netsuite.books import stock
from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Line
from ml_connector.sim.netsuite.books.effects import GOOD
from ml_connector.sim.netsuite.values import numbers
from ml_connector.sim.netsuite.values.numbers import ZERO, exact
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a line's units: how many, of which lot, in which bin, in which status."""

    quantity: Decimal
    number: int | None = None
    bin: int | None = None
    status: int = GOOD


def needs_number(item: Row) -> bool:
    """Whether the item is lot-numbered or serialised."""
    return "T" in (item["islotitem"], item["isserialitem"])


def uses_bins(company: Company, item: Row, location: int) -> bool:
    """Whether the item sits in bins at this location."""
    place = company.books.value("SELECT usebins FROM location WHERE id = ?", (location,))
    return item["usebins"] == "T" and place == "T"


def shares(
    company: Company, line: Line, item: Row, location: int, quantity: Decimal
) -> Sequence[Share]:
    """Split a line's signed quantity over lots and bins.

    Args:
        company: the books.
        line: with the detail in ``inventorydetail``.
        item: its row.
        location: where the units are.
        quantity: signed, in base units; assignments carry the same sign or none.

    Raises:
        Refusal: a detail is missing, doesn't add up, names a lot that isn't there, or issues
            more of a lot than is held.
    """
    detail = line.values.get("inventorydetail")
    entries = detail if isinstance(detail, list) else []
    numbered = needs_number(item)
    if not entries:
        if numbered or uses_bins(company, item, location):
            raise user_error(
                "Please configure the inventory detail for this line.",
                path=f"{line.sublist}.items.inventoryDetail",
            )
        return [Share(quantity)]
    sign = Decimal(-1) if quantity < 0 else Decimal(1)
    rate = company.conversion(line.values.get("units"))
    found = [
        _share(company, entry, item, sign * abs(exact(entry.get("quantity"))) * rate, location)
        for entry in entries
    ]
    if sum((share.quantity for share in found), ZERO) != quantity:
        raise user_error(
            f"The total inventory detail quantity must be {numbers.text(quantity / rate)}.",
            path=f"{line.sublist}.items.inventoryDetail",
        )
    return found


def _share(
    company: Company, entry: dict[str, object], item: Row, quantity: Decimal, location: int
) -> Share:
    number: int | None = None
    if needs_number(item):
        if item["isserialitem"] == "T" and abs(quantity) != 1:
            raise user_error("Serial numbers take a quantity of 1 each.")
        number = _number(company, entry, item, quantity, location)
    bin_id = entry.get("binnumber")
    if bin_id is not None and not uses_bins(company, item, location):
        raise invalid_field_value(bin_id, "binNumber", "inventoryDetail")
    status = entry.get("inventorystatus")
    return Share(
        quantity,
        number,
        None if bin_id is None else _bin(company, whole(bin_id), location),
        GOOD if status is None else whole(status),
    )


def _bin(company: Company, bin_id: int, location: int) -> int:
    at = company.books.value("SELECT location FROM bin WHERE id = ?", (bin_id,))
    if at != location:
        raise user_error(f"Invalid bin {bin_id} for the location of this line.")
    return bin_id


def _number(
    company: Company, entry: dict[str, object], item: Row, quantity: Decimal, location: int
) -> int:
    item_id = whole(item["id"])
    if quantity > 0:
        text = entry.get("receiptinventorynumber")
        if text is None and entry.get("issueinventorynumber") is not None:
            return _existing(company, entry, item_id)
        if text is None:
            raise user_error("Please enter value(s) for: Serial/Lot Number")
        return number_id(company, item_id, str(text), entry.get("expirationdate"))
    number = _existing(company, entry, item_id)
    held = stock.on_hand(company.books, item_id, location, number)
    if held < -quantity:
        raise user_error(
            "The inventory number is not available in the quantity needed: "
            f"{numbers.text(held)} available, {numbers.text(-quantity)} needed."
        )
    return number


def _existing(company: Company, entry: dict[str, object], item_id: int) -> int:
    given = entry.get("issueinventorynumber")
    if given is None and entry.get("receiptinventorynumber") is not None:
        given = company.books.value(
            "SELECT id FROM _inventorynumber WHERE item = ? AND inventorynumber = ?",
            (item_id, entry["receiptinventorynumber"]),
        )
    if given is None:
        raise user_error("Please enter value(s) for: Serial/Lot Number")
    number = whole(given)
    owner = company.books.value("SELECT item FROM _inventorynumber WHERE id = ?", (number,))
    if owner != item_id:
        raise user_error(f"Invalid inventory number {number} for this item.")
    return number


def number_id(company: Company, item_id: int, text: str, expires: object = None) -> int:
    """The id of a lot or serial number, made when it is new."""
    books = company.books
    found = books.value(
        "SELECT id FROM _inventorynumber WHERE item = ? AND inventorynumber = ?", (item_id, text)
    )
    if found is not None:
        return whole(found)
    return books.insert(
        "_inventorynumber", {"item": item_id, "inventorynumber": text, "expirationdate": expires}
    )
