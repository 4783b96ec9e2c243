"""itemFulfillment: from sales orders and transfer orders, with its packages (8.5)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books import stock
from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import STOCKED, Company
from ml_connector.sim.netsuite.books.documents import Document, Line, unpack
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Link, Move
from ml_connector.sim.netsuite.books.places import check_location
from ml_connector.sim.netsuite.documents.adjustments import check_enough, place_moves
from ml_connector.sim.netsuite.documents.receipts import NOTHING, linked, order_row
from ml_connector.sim.netsuite.values.numbers import ZERO, exact
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error
from ml_connector.sim.readings.netsuite import SEVERAL_LOCATIONS

SHIPPED: Final = "C"


def post_fulfillment(company: Company, document: Document) -> Effects:
    """Ship the lines that are marked; only a shipped fulfilment touches stock and ledger.

    Raises:
        Refusal: nothing is marked, a quantity is above what is open, a location is missing, a
            shipped fulfilment is set back, the lines are at several locations (16.3).
    """
    created_from = document.ref("createdfrom")
    source = company.books.row('SELECT * FROM "transaction" WHERE id = ?', (created_from,))
    if source is None:
        raise user_error("Please enter value(s) for: Created From", path="createdFrom")
    status = _ship_status(company, document)
    document.lines = [
        line
        for line in document.lines
        if line.sublist != "item" or line.flag("itemreceive", default=True)
    ]
    lines = document.of("item")
    if not lines:
        raise user_error(NOTHING)
    effects = Effects(status=status, posting=status == SHIPPED, created_from=created_from)
    effects.rows[0] = LineRow(location=document.ref("location"), created_from=created_from)
    other = max(line.id for line in lines)
    for at, line in enumerate(lines):
        other += 1
        _ship(company, document, line, effects, at=at, source=source, other=other)
    places = {line.ref("location") for line in lines}
    if len(places) > 1 and company.readings[SEVERAL_LOCATIONS] == "refused":
        raise user_error(
            "Fulfillments can be shipped from only one location when using Multi-Location "
            "Inventory."
        )
    return effects


def _ship_status(company: Company, document: Document) -> str:
    default = "A" if company.preferences.pick_pack_ship else SHIPPED
    status = str(document.values.get("shipstatus") or default)
    if status not in ("A", "B", "C"):
        raise invalid_field_value(status, "shipStatus", "shipStatus")
    if not company.preferences.pick_pack_ship:
        status = SHIPPED
    if document.row.get("status") == SHIPPED and status != SHIPPED:
        raise user_error("A shipped fulfillment cannot be set back to picked or packed.")
    document.values["shipstatus"] = status
    return status


def _ship(
    company: Company,
    document: Document,
    line: Line,
    effects: Effects,
    *,
    at: int,
    source: Row,
    other: int,
) -> None:
    path = f"item.items[{at}]"
    order_line = whole(line.values.get("orderline") or 0)
    ordered = order_row(company, whole(source["id"]), order_line)
    if ordered is None or ordered["item"] is None:
        raise user_error(f"The order has no line {order_line}.", path=path)
    item = company.item(whole(ordered["item"]))
    item_id = whole(item["id"])
    quantity = line.number("quantity") * company.conversion(line.values.get("units"))
    if quantity <= 0:
        raise user_error("Please enter a positive quantity.", path=f"{path}.quantity")
    taken = promised(company, ordered) - linked(company, document.id, ordered)
    limit = abs(exact(ordered["quantity"]))
    if taken + quantity > limit:
        raise user_error(
            "The quantity fulfilled exceeds the quantity remaining on the order "
            f"({limit - taken:f} remaining).",
            path=f"{path}.quantity",
        )
    location = line.ref("location")
    if location is None:
        raise user_error("Please enter value(s) for: Location", path=f"{path}.location")
    check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    worth = ZERO
    if effects.posting and item["itemtype"] in STOCKED:
        check_enough(company, item, location, -quantity)
        worth = stock.worth_of_issue(company.books, item_id, location, quantity)
        place_moves(
            company, effects, line, item, location=location, quantity=-quantity, worth=-worth
        )
        effects.post(line.id, company.asset_account(item), -worth)
        effects.post(other, _debit(company, source, item), worth)
    elif effects.posting and item["itemtype"] == "Kit":
        worth = _ship_members(
            company, line, item, effects, location=location, quantity=quantity, other=other
        )
    effects.rows[line.id] = LineRow(
        item=item_id,
        quantity=-quantity,
        amount=-worth,
        foreign=-worth,
        location=location,
        created_from=effects.created_from,
        stock=effects.posting,
    )
    effects.rows[other] = LineRow(
        item=item_id,
        quantity=quantity,
        amount=worth,
        foreign=worth,
        location=location,
        created_from=effects.created_from,
        cogs=source["type"] == "SalesOrd",
        side="cogs",
    )
    effects.links.append(
        Link(
            previous=whole(source["id"]),
            previous_line=order_line,
            previous_type=str(source["type"]),
            line=line.id,
            kind="ShipRcpt" if effects.posting else "PickPack",
            quantity=quantity,
            amount=worth,
        )
    )


def _debit(company: Company, source: Row, item: Row) -> int:
    if source["type"] == "TrnfrOrd":
        return company.account("transit")
    return company.cost_account(item)


def _ship_members(
    company: Company,
    line: Line,
    kit: Row,
    effects: Effects,
    *,
    location: int,
    quantity: Decimal,
    other: int,
) -> Decimal:
    """A kit carries no stock: its members leave in its place (5.6)."""
    total = ZERO
    for member_id, each in unpack(kit["_members"]).items():
        member = company.item(int(member_id))
        units = quantity * exact(each)
        check_enough(company, member, location, -units)
        worth = stock.worth_of_issue(company.books, int(member_id), location, units)
        effects.moves.append(
            Move(
                line=line.id,
                item=int(member_id),
                location=location,
                quantity=-units,
                worth=-worth,
            )
        )
        effects.post(line.id, company.asset_account(member), -worth)
        effects.post(other, company.cost_account(member), worth)
        total += worth
    return total


def promised(company: Company, ordered: Row) -> Decimal:
    """What fulfilments took of an order line, picked and packed ones too, in base units."""
    rows = company.books.rows(
        "SELECT quantity FROM _link WHERE previousdoc = ? AND previousline = ? "
        "AND linktype IN ('ShipRcpt', 'PickPack')",
        (ordered["transaction"], ordered["id"]),
    )
    return sum((exact(row["quantity"]) for row in rows), ZERO)


def write_packages(company: Company, document_id: int, packages: Iterable[Line]) -> None:
    """Keep the tracking tables and the header's list in step with the packages (5.5)."""
    books = company.books
    books.execute(
        "DELETE FROM trackingnumber WHERE id IN "
        '(SELECT trackingnumber FROM trackingnumbermap WHERE "transaction" = ?)',
        (document_id,),
    )
    books.delete("trackingnumbermap", transaction=document_id)
    books.delete("transactionshipment", doc=document_id)
    known = list(packages)
    numbers = []
    for package in known:
        number = package.values.get("packagetrackingnumber")
        if number:
            numbers.append(str(number))
            number_id = books.insert("trackingnumber", {"trackingnumber": number})
            books.insert(
                "trackingnumbermap", {"transaction": document_id, "trackingnumber": number_id}
            )
    if known:
        weight = sum((package.number("packageweight") for package in known), ZERO)
        books.insert("transactionshipment", {"doc": document_id, "weight": weight})
    books.update("transaction", {"trackingnumberlist": " ".join(numbers) or None}, id=document_id)
