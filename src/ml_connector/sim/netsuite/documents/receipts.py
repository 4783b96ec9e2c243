"""itemReceipt: from purchase orders, return authorizations and transfer orders (8.1, 8.6)."""

from decimal import Decimal

from ml_connector.sim.netsuite.books import stock
from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import STOCKED, Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Link
from ml_connector.sim.netsuite.books.places import check_location
from ml_connector.sim.netsuite.documents.adjustments import place_moves
from ml_connector.sim.netsuite.values.numbers import ZERO, exact, money
from ml_connector.sim.netsuite.values.refusal import user_error

NOTHING = "You must have at least one valid line item for this transaction."


def post_receipt(company: Company, document: Document) -> Effects:
    """Receive the lines that are marked; stock rises, the source order follows.

    Raises:
        Refusal: nothing is marked, a quantity is above what is open (unless over-receipts are
            allowed), a location is missing, a lot is missing.
    """
    source = _source(company, document)
    document.lines = [line for line in document.lines if line.flag("itemreceive", default=True)]
    if not document.lines:
        raise user_error(NOTHING)
    effects = Effects(posting=True, created_from=whole(source["id"]))
    effects.rows[0] = LineRow(location=document.ref("location"), created_from=effects.created_from)
    rate = exact(document.values.get("exchangerate") or 1)
    for at, line in enumerate(document.of("item")):
        _receive(company, document, line, effects, at=at, source=source, exchange=rate)
    return effects


def _source(company: Company, document: Document) -> Row:
    created_from = document.ref("createdfrom")
    row = None
    if created_from is not None:
        row = company.books.row('SELECT * FROM "transaction" WHERE id = ?', (created_from,))
    if row is None:
        raise user_error("Please enter value(s) for: Created From", path="createdFrom")
    return row


def order_row(company: Company, order: int, line: int) -> Row | None:
    """The order line a document's line hangs on."""
    return company.books.row(
        "SELECT * FROM transactionline WHERE \"transaction\" = ? AND id = ? AND mainline = 'F'",
        (order, line),
    )


def _receive(
    company: Company,
    document: Document,
    line: Line,
    effects: Effects,
    *,
    at: int,
    source: Row,
    exchange: Decimal,
) -> None:
    path = f"item.items[{at}]"
    order_line = whole(line.values.get("orderline") or 0)
    ordered = order_row(company, whole(source["id"]), order_line)
    if ordered is None or ordered["item"] is None:
        raise user_error(f"The order has no line {order_line}.", path=path)
    item = company.item(whole(ordered["item"]))
    conversion = company.conversion(line.values.get("units"))
    quantity = line.number("quantity") * conversion
    if quantity <= 0:
        raise user_error("Please enter a positive quantity.", path=f"{path}.quantity")
    _check_open(company, document, source, ordered, quantity=quantity, path=path)
    location = line.ref("location")
    if location is None:
        raise user_error("Please enter value(s) for: Location", path=f"{path}.location")
    check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    foreign = _foreign_worth(company, source, ordered, item, location=location, quantity=quantity)
    worth = money(foreign * exchange) if source["type"] == "PurchOrd" else foreign
    stocked = item["itemtype"] in STOCKED
    if stocked:
        place_moves(
            company, effects, line, item, location=location, quantity=quantity, worth=worth
        )
    debit, credit = _accounts(company, source, item, stocked=stocked)
    effects.post(line.id, debit, worth)
    effects.rows[line.id] = LineRow(
        item=whole(item["id"]),
        quantity=quantity,
        rate=exact(ordered["rate"]),
        amount=worth,
        foreign=foreign,
        location=location,
        created_from=effects.created_from,
        stock=stocked,
    )
    other = max(*effects.rows, *(each.id for each in document.lines)) + 1
    effects.post(other, credit, -worth)
    effects.rows[other] = LineRow(
        item=whole(item["id"]),
        quantity=-quantity,
        amount=-worth,
        foreign=-foreign,
        location=location,
        created_from=effects.created_from,
        cogs=source["type"] == "RtnAuth",
        side="cogs",
    )
    effects.links.append(
        Link(
            previous=whole(source["id"]),
            previous_line=order_line,
            previous_type=str(source["type"]),
            line=line.id,
            kind="ShipRcpt",
            quantity=quantity,
            amount=foreign,
        )
    )
    if source["type"] == "PurchOrd" and foreign:
        company.change_item(whole(item["id"]), {"lastpurchaseprice": worth / quantity})


def _check_open(
    company: Company,
    document: Document,
    source: Row,
    ordered: Row,
    *,
    quantity: Decimal,
    path: str,
) -> None:
    """Refuse more than is open. Units this receipt already took count as open again."""
    received = exact(ordered["quantityshiprecv"]) - linked(company, document.id, ordered)
    limit = abs(exact(ordered["quantity"]))
    if source["type"] == "TrnfrOrd":
        limit = exact(
            company.books.value(
                'SELECT quantityshiprecv FROM transactionline WHERE "transaction" = ? AND id = ?',
                (source["id"], whole(ordered["id"]) - 1),
            )
        )
    over = company.preferences.over_receipts and source["type"] == "PurchOrd"
    if received + quantity > limit and not over:
        raise user_error(
            "The quantity received exceeds the quantity remaining on the order "
            f"({limit - received:f} remaining).",
            path=f"{path}.quantity",
        )


def linked(company: Company, document: int, ordered: Row) -> Decimal:
    """What a saved document already took of an order line; zero for a new one."""
    if not document:
        return ZERO
    found = company.books.rows(
        "SELECT quantity FROM _link WHERE nextdoc = ? AND previousdoc = ? AND previousline = ?",
        (document, ordered["transaction"], ordered["id"]),
    )
    return sum((exact(row["quantity"]) for row in found), ZERO)


def _foreign_worth(
    company: Company, source: Row, ordered: Row, item: Row, *, location: int, quantity: Decimal
) -> Decimal:
    if source["type"] == "PurchOrd":
        base = abs(exact(ordered["quantity"]))
        whole_line = abs(exact(ordered["foreignamount"]))
        return money(whole_line * quantity / base) if base else ZERO
    if source["type"] == "TrnfrOrd":
        return _in_transit(company, source, ordered, quantity)
    return money(stock.average_cost(company.books, whole(item["id"]), location) * quantity)


def _in_transit(company: Company, source: Row, ordered: Row, quantity: Decimal) -> Decimal:
    """What the units were worth when they left."""
    row = company.books.row(
        "SELECT SUM(l.quantity) AS quantity, SUM(l.foreignamount) AS amount FROM _link l "
        "WHERE l.previousdoc = ? AND l.previousline = ? AND l.linktype = 'ShipRcpt'",
        (source["id"], whole(ordered["id"]) - 1),
    )
    if row is None or not exact(row["quantity"]):
        return ZERO
    return money(exact(row["amount"]) * quantity / exact(row["quantity"]))


def _accounts(company: Company, source: Row, item: Row, *, stocked: bool) -> tuple[int, int]:
    asset = company.asset_account(item) if stocked else company.cost_account(item)
    other = {
        "PurchOrd": company.account("accrued"),
        "TrnfrOrd": company.account("transit"),
        "RtnAuth": company.cost_account(item),
    }
    return asset, other[str(source["type"])]
