"""Orders that post nothing: purchase, sales and transfer orders, return authorizations."""

from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company, movable
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Link
from ml_connector.sim.netsuite.books.places import (
    check_location,
    default_from_entity,
    require_entity,
)
from ml_connector.sim.netsuite.values.numbers import ZERO, exact, money
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error
from ml_connector.sim.netsuite.values.statuses import Progress, order_status, transfer_status
from ml_connector.sim.readings.netsuite import PICKED_COUNT

STRIDE: Final = 3
"""A transfer order's line takes three ids: shipped from, received at, and one that nothing
shows; so a receipt's ``orderLine`` is the order's line plus one (reference 7.4, "offset")."""

UNIT_COLUMN: Final = {"purchaseOrder": "purchaseunit"}
"""Which of the item's units an order line has when it names none."""


def post_order(company: Company, document: Document) -> Effects:
    """A purchase order, sales order or return authorization.

    Raises:
        Refusal: entity, item or location is missing or doesn't fit.
    """
    table = "vendor" if document.kind.name == "purchaseOrder" else "customer"
    default_from_entity(company, document, require_entity(company, document, table))
    lines = [*document.of("item"), *document.of("expense")]
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    sign = Decimal(1) if table == "vendor" else Decimal(-1)
    effects = Effects(created_from=document.ref("createdfrom"))
    rate = exact(document.values.get("exchangerate") or 1)
    header = document.ref("location")
    subsidiary = document.ref("subsidiary")
    if header is not None:
        check_location(company, header, subsidiary, "location")
    for at, line in enumerate(document.of("item")):
        row = _order_line(company, document, line, at, sign)
        row.amount = money(row.foreign * rate)
        effects.rows[line.id] = row
        effects.total += abs(row.foreign)
    for line in document.of("expense"):
        amount = line.number("amount")
        effects.rows[line.id] = LineRow(
            amount=money(amount * rate), foreign=amount, location=line.ref("location") or header
        )
        effects.total += amount
    effects.rows[0] = LineRow(
        amount=-sign * money(effects.total * rate),
        foreign=-sign * effects.total,
        location=header,
        created_from=effects.created_from,
    )
    _link_to_source(document, effects)
    return effects


def _order_line(
    company: Company, document: Document, line: Line, at: int, sign: Decimal
) -> LineRow:
    path = f"item.items[{at}]"
    item_id = line.ref("item")
    if item_id is None:
        raise user_error("Please enter value(s) for: Item", path=f"{path}.item")
    item = company.item(item_id)
    if item["isinactive"] == "T" and not line.key:
        raise invalid_field_value(item_id, "item", f"{path}.item")
    default_units(document, line, item)
    quantity = line.number("quantity")
    if line.values.get("quantity") is None:
        quantity = line.values["quantity"] = Decimal(1)
    location = line.ref("location") or document.ref("location")
    if location is not None:
        check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    rate = line.values.get("rate")
    if rate is None and line.values.get("amount") is None:
        rate = line.values["rate"] = exact(item["lastpurchaseprice"] or item["cost"])
    priced = rate is not None
    amount = money(exact(rate) * quantity) if priced else line.number("amount")
    line.values["amount"] = amount
    base = quantity * company.conversion(line.values.get("units"))
    line.values.setdefault("isclosed", False)
    return LineRow(
        item=item_id,
        quantity=sign * base,
        rate=exact(rate) if priced else (amount / quantity if quantity else ZERO),
        foreign=sign * amount,
        location=location,
        created_from=document.ref("createdfrom"),
    )


def default_units(document: Document, line: Line, item: Row) -> None:
    """Give a line the item's purchase, sale or stock unit where it names none (13.3)."""
    if line.values.get("units") is None:
        column = UNIT_COLUMN.get(document.kind.name, "saleunit")
        unit = item[column] or item["stockunit"]
        if unit is not None:
            line.values["units"] = str(unit)


def _link_to_source(document: Document, effects: Effects) -> None:
    """Return authorizations made from a sales order or invoice hang on its lines."""
    source = effects.created_from
    if source is None or document.kind.name != "returnAuthorization":
        return
    for line in document.of("item"):
        order_line = line.values.get("orderline")
        if order_line is not None:
            effects.links.append(
                Link(
                    previous=source,
                    previous_line=whole(order_line),
                    previous_type=str(document.values.get("$sourcetype") or "SalesOrd"),
                    line=line.id,
                    kind="SaleRet",
                    quantity=abs(effects.rows[line.id].quantity or ZERO),
                )
            )


def post_transfer_order(company: Company, document: Document) -> Effects:
    """A transfer order: every line leaves one location and arrives at another.

    Raises:
        Refusal: a location or item is missing or doesn't fit.
    """
    source, target = document.ref("location"), document.ref("transferlocation")
    if source is None:
        raise user_error("Please enter value(s) for: From Location", path="location")
    if target is None:
        raise user_error("Please enter value(s) for: To Location", path="transferLocation")
    subsidiary = document.ref("subsidiary")
    if company.preferences.one_world and subsidiary is None:
        raise user_error("Please enter value(s) for: Subsidiary", path="subsidiary")
    lines = document.of("item")
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    check_location(company, source, subsidiary, "location")
    effects = Effects()
    effects.rows[0] = LineRow(location=source)
    for at, line in enumerate(lines):
        item_id = line.ref("item")
        if item_id is None:
            raise user_error("Please enter value(s) for: Item", path=f"item.items[{at}].item")
        default_units(document, line, company.item(item_id))
        line.values.setdefault("quantity", Decimal(1))
        line.values.setdefault("isclosed", False)
        base = line.number("quantity") * company.conversion(line.values.get("units"))
        effects.rows[line.id] = LineRow(item=item_id, quantity=-base, location=source)
        effects.rows[line.id + 1] = LineRow(
            item=item_id, quantity=base, location=target, side="to"
        )
    return effects


def refresh_order(company: Company, order_id: int) -> None:
    """Bring an order's received, billed and status up to date with what hangs on it."""
    books = company.books
    head = books.row('SELECT * FROM "transaction" WHERE id = ?', (order_id,))
    if head is None or head["type"] not in ("PurchOrd", "SalesOrd", "RtnAuth", "TrnfrOrd"):
        return
    rows = books.rows(
        "SELECT tl.*, i.itemtype, i.isfulfillable FROM transactionline tl "
        "LEFT JOIN _item i ON i.id = tl.item "
        "WHERE tl.\"transaction\" = ? AND tl.mainline = 'F'",
        (order_id,),
    )
    links = books.rows(
        "SELECT previousline, linktype, ns_sum(quantity) AS quantity FROM _link "
        "WHERE previousdoc = ? GROUP BY previousline, linktype",
        (order_id,),
    )
    lines: list[Progress] = []
    shipped: dict[int, Decimal] = {}
    billed: dict[int, Decimal] = {}
    picked: dict[int, Decimal] = {}
    counted = company.readings[PICKED_COUNT] == "counted"
    buckets = {"ShipRcpt": shipped, "OrdBill": billed, "PickPack": picked}
    for link in links:
        bucket = buckets.get(str(link["linktype"]))
        if bucket is not None:
            at = whole(link["previousline"])
            bucket[at] = bucket.get(at, ZERO) + exact(link["quantity"])
    for row in rows:
        at = whole(row["id"])
        arrived = shipped.get(at + 1, ZERO) if head["type"] == "TrnfrOrd" else ZERO
        moved = shipped.get(at, ZERO)
        done = billed.get(at, ZERO)
        also = picked.get(at, ZERO) if counted and head["type"] == "SalesOrd" else ZERO
        changed = {"quantityshiprecv": moved + also, "quantitybilled": done}
        if row["item"] is None:
            changed = {"quantitybilled": done}
        if any(exact(row[name]) != value for name, value in changed.items()):
            books.update("transactionline", changed, transaction=order_id, id=at)
        if row["_side"] is None:
            lines.append(_progress(row, moved, done, arrived))
    old = str(head["status"])
    if old in ("A", "C"):
        return
    name = transfer_status if head["type"] == "TrnfrOrd" else order_status
    status = name(lines)
    if status != old:
        books.update("transaction", {"status": status}, id=order_id)


def _progress(row: Row, moved: Decimal, billed: Decimal, received: Decimal) -> Progress:
    if row["item"] is None:
        amount = abs(exact(row["foreignamount"]))
        return Progress(amount, ZERO, billed, closed=row["isclosed"] == "T", movable=False)
    return Progress(
        ordered=abs(exact(row["quantity"])),
        moved=moved,
        billed=billed,
        closed=row["isclosed"] == "T",
        received=received,
        movable=movable(row),
    )
