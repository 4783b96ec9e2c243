"""POST /{from}/{id}/!transform/{to}: the prefilled target record (reference 7)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books.assignments import uses_bins
from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company, movable
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.documents.fulfillments import promised
from ml_connector.sim.netsuite.documents.receipts import NOTHING, order_row
from ml_connector.sim.netsuite.values.numbers import ZERO, exact
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES
from ml_connector.sim.netsuite.values.refusal import Refusal, invalid_request, user_error
from ml_connector.sim.readings.netsuite import NOTHING_LEFT, PREFILLED_PACKAGE

_HEADER: Final = ("entity", "subsidiary", "currency", "exchangerate", "department", "class")

_RECEIVABLE: Final = "BDE"
_BILLABLE: Final = "BDEF"
_ARRIVING: Final = "DEF"


def transform(company: Company, source: Document, target: str) -> Document:
    """The target record as NetSuite prefills it: every open line in full (7.3).

    Raises:
        Refusal: no such transform, or nothing is left to do.
    """
    pair = (source.kind.name.lower(), target.lower())
    fill = _TRANSFORMS.get(pair)
    if fill is None:
        raise invalid_request(f"The record {source.kind.name} cannot be transformed to {target}.")
    document = Document(RECORD_TYPES[pair[1]])
    for name in _HEADER:
        if source.values.get(name) is not None:
            document.values[name] = source.values[name]
    document.values["createdfrom"] = source.id
    fill(company, source, document)
    return document


def _nothing_left() -> Refusal:
    """What a fully received or fulfilled order answers (7.4)."""
    return user_error(NOTHING)


def _check_status(source: Document, letters: str) -> None:
    if str(source.row.get("status")) not in letters:
        raise _nothing_left()


def _is_receivable(source: Document) -> bool:
    return str(source.row.get("status")) in _RECEIVABLE


def _copied(line: Line, quantity: Decimal, at: int) -> Line:
    values: dict[str, object] = {
        key: line.values[key]
        for key in ("item", "units", "rate", "department", "class", "description")
        if line.values.get(key) is not None
    }
    values |= {"orderline": line.id, "quantity": quantity}
    return Line(at, "item", values)


def _open_lines(company: Company, source: Document) -> list[tuple[Line, Row, Decimal]]:
    """Order lines with something left, and how much of it, in the line's units."""
    found = []
    for line in source.of("item"):
        row = order_row(company, source.id, line.id)
        if row is None or row["isclosed"] == "T":
            continue
        if not movable(company.item(whole(row["item"]))):
            continue
        taken = exact(row["quantityshiprecv"])
        if source.kind.name in ("salesOrder", "transferOrder"):
            taken = promised(company, row)
        left = abs(exact(row["quantity"])) - taken
        if left > 0:
            found.append((line, row, left / company.conversion(line.values.get("units"))))
    return found


def _receive(company: Company, source: Document, document: Document) -> None:
    _check_status(source, _RECEIVABLE)
    for line, row, left in _open_lines(company, source):
        new = _copied(line, left, len(document.lines) + 1)
        new.values["itemreceive"] = True
        new.values["location"] = line.values.get("location") or source.values.get("location")
        _prefill_bin(company, new, row, incoming=True)
        document.lines.append(new)
    if not document.lines:
        raise _nothing_left()
    document.values["location"] = source.values.get("location")


def _receive_order(company: Company, source: Document, document: Document) -> None:
    if any(line.flag("isdropshipment") for line in source.of("item")):
        raise user_error("A drop shipment purchase order cannot be received.")
    _receive(company, source, document)


def _prefill_bin(company: Company, line: Line, row: Row, *, incoming: bool) -> None:
    """The preferred bin, where there is one; REST then treats it as static (7.4)."""
    location = line.values.get("location")
    item = company.item(whole(row["item"]))
    if location is None or not uses_bins(company, item, whole(location)):
        return
    held = company.books.row(
        "SELECT binnumber, inventorystatus FROM _stock WHERE item = ? AND location = ? "
        "AND binnumber IS NOT NULL AND inventorynumber IS NULL AND (quantity > 0 OR ?) "
        "ORDER BY quantity DESC",
        (item["id"], location, incoming),
    )
    if held is not None:
        line.values["inventorydetail"] = [
            {
                "binnumber": held["binnumber"],
                "quantity": line.values["quantity"],
                **(
                    {"inventorystatus": held["inventorystatus"]}
                    if held["inventorystatus"] is not None
                    else {}
                ),
            }
        ]
        line.values["$prefilled"] = True


def _fulfill(company: Company, source: Document, document: Document) -> None:
    told = company.readings[NOTHING_LEFT] == "already-closed"
    if told and source.kind.name == "salesOrder" and not _is_receivable(source):
        raise user_error(  # 16.4
            f"You have an invalid sales order {source.row.get('tranid')} or the order is already"
            " closed."
        )
    _check_status(source, _RECEIVABLE)
    for line, row, left in _open_lines(company, source):
        new = _copied(line, left, len(document.lines) + 1)
        new.values.pop("rate", None)
        new.values["itemreceive"] = True
        new.values["location"] = line.values.get("location") or source.values.get("location")
        _prefill_bin(company, new, row, incoming=False)
        document.lines.append(new)
    if not document.lines:
        raise _nothing_left()
    document.values["location"] = source.values.get("location")
    if company.readings[PREFILLED_PACKAGE] == "empty-line":
        document.lines.append(Line(1, "package"))
    if source.kind.name == "transferOrder":
        document.values["transferlocation"] = source.values.get("transferlocation")


def _receive_transfer(company: Company, source: Document, document: Document) -> None:
    """Only what was shipped can arrive; ``orderLine`` is the order's line plus one (7.4)."""
    if str(source.row.get("status")) not in _ARRIVING:
        raise user_error(
            "Invalid reference: the transfer order has no shipped fulfillment to receive."
        )
    for line in source.of("item"):
        sent = order_row(company, source.id, line.id)
        arrived = order_row(company, source.id, line.id + 1)
        if sent is None or arrived is None:
            continue
        left = exact(sent["quantityshiprecv"]) - exact(arrived["quantityshiprecv"])
        if left <= 0:
            continue
        units = left / company.conversion(line.values.get("units"))
        new = _copied(line, units, len(document.lines) + 1)
        new.values |= {
            "orderline": line.id + 1,
            "itemreceive": True,
            "location": source.values.get("transferlocation"),
        }
        new.values.pop("rate", None)
        document.lines.append(new)
    if not document.lines:
        raise _nothing_left()
    document.values["location"] = source.values.get("transferlocation")


def _bill(company: Company, source: Document, document: Document) -> None:
    _check_status(source, _BILLABLE)
    for line in source.of("item"):
        row = order_row(company, source.id, line.id)
        if row is None:
            continue
        left = abs(exact(row["quantity"])) - exact(row["quantitybilled"])
        if row["isclosed"] == "T":
            left = exact(row["quantityshiprecv"]) - exact(row["quantitybilled"])
        if left > 0:
            units = left / company.conversion(line.values.get("units"))
            new = _copied(line, units, len(document.lines) + 1)
            new.values |= {"orderdoc": source.id, "location": line.values.get("location")}
            document.lines.append(new)
    _bill_expenses(company, source, document)
    if not document.lines:
        raise _nothing_left()
    document.values["location"] = source.values.get("location")


def _bill_expenses(company: Company, source: Document, document: Document) -> None:
    for line in source.of("expense"):
        row = order_row(company, source.id, line.id)
        if row is None or exact(row["quantitybilled"]) >= abs(exact(row["foreignamount"])):
            continue
        new = Line(len(document.lines) + 1, "expense", dict(line.values))
        new.values |= {"orderline": line.id, "orderdoc": source.id}
        document.lines.append(new)


def _returned(company: Company, source: int, line: int) -> Decimal:
    rows = company.books.rows(
        "SELECT quantity FROM _link WHERE previousdoc = ? AND previousline = ? "
        "AND linktype = 'SaleRet'",
        (source, line),
    )
    return sum((exact(row["quantity"]) for row in rows), ZERO)


def _add_return(company: Company, document: Document, line: Line, left: Decimal) -> None:
    if left > 0:
        units = left / company.conversion(line.values.get("units"))
        new = _copied(line, units, len(document.lines) + 1)
        new.values["location"] = line.values.get("location")
        document.lines.append(new)


def _finish_return(source: Document, document: Document) -> None:
    if not document.lines:
        raise _nothing_left()
    document.values["location"] = source.values.get("location")
    document.values["$sourcetype"] = source.kind.code
    document.values["otherrefnum"] = source.values.get("otherrefnum")


def _authorize_return(company: Company, source: Document, document: Document) -> None:
    """Fulfilled units that have not come back yet."""
    _check_status(source, "DEFG")
    for line in source.of("item"):
        row = order_row(company, source.id, line.id)
        if row is not None:
            left = exact(row["quantityshiprecv"]) - _returned(company, source.id, line.id)
            _add_return(company, document, line, left)
    _finish_return(source, document)


def _return_sale(company: Company, source: Document, document: Document) -> None:
    """Everything that was sold and has not come back yet."""
    for line in source.of("item"):
        row = order_row(company, source.id, line.id)
        if row is not None:
            left = abs(exact(row["quantity"])) - _returned(company, source.id, line.id)
            _add_return(company, document, line, left)
    _finish_return(source, document)


def _sell(company: Company, source: Document, document: Document) -> None:
    """Invoice or cash sale: what was ordered and is not billed yet."""
    _check_status(source, _BILLABLE)
    for line in source.of("item"):
        row = order_row(company, source.id, line.id)
        if row is None or row["isclosed"] == "T":
            continue
        left = abs(exact(row["quantity"])) - exact(row["quantitybilled"])
        if left > 0:
            units = left / company.conversion(line.values.get("units"))
            document.lines.append(_copied(line, units, len(document.lines) + 1))
    if not document.lines:
        raise _nothing_left()


def _credit(company: Company, source: Document, document: Document) -> None:
    del company
    for line in source.lines:
        if line.sublist in ("item", "expense"):
            kept = {
                key: value
                for key, value in line.values.items()
                if key not in ("orderline", "orderdoc")
            }
            document.lines.append(Line(len(document.lines) + 1, line.sublist, kept))
    document.values["location"] = source.values.get("location")


_TRANSFORMS: Final[Mapping[tuple[str, str], Callable[[Company, Document, Document], None]]] = {
    ("purchaseorder", "itemreceipt"): _receive_order,
    ("purchaseorder", "vendorbill"): _bill,
    ("returnauthorization", "itemreceipt"): _receive,
    ("salesorder", "itemfulfillment"): _fulfill,
    ("salesorder", "returnauthorization"): _authorize_return,
    ("salesorder", "invoice"): _sell,
    ("salesorder", "cashsale"): _sell,
    ("invoice", "returnauthorization"): _return_sale,
    ("cashsale", "returnauthorization"): _return_sale,
    ("transferorder", "itemfulfillment"): _fulfill,
    ("transferorder", "itemreceipt"): _receive_transfer,
    ("vendorbill", "vendorcredit"): _credit,
}


def pairs() -> frozenset[tuple[str, str]]:
    """The transforms the simulator plays, as lower-case record types."""
    return frozenset(_TRANSFORMS)
