"""vendorBill and vendorCredit (reference 8.7)."""

from decimal import Decimal

from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import STOCKED, Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Link
from ml_connector.sim.netsuite.books.places import (
    check_location,
    default_from_entity,
    require_entity,
)
from ml_connector.sim.netsuite.documents.adjustments import place_moves
from ml_connector.sim.netsuite.documents.receipts import linked, order_row
from ml_connector.sim.netsuite.values.numbers import ZERO, exact, money
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error


def post_bill(company: Company, document: Document) -> Effects:
    """A vendor's bill: expense and item lines against accounts payable.

    Raises:
        Refusal: vendor, account or amount is missing or wrong, the total is negative, or the
            number was used before and preferences refuse that.
    """
    effects = _post(company, document, Decimal(1))
    if effects.total < 0:
        raise user_error("The total of a bill cannot be negative. Enter a bill credit instead.")
    _check_number(company, document)
    approval = str(document.values.get("approvalstatus") or "2")
    document.values["approvalstatus"] = approval
    effects.status = {"1": "D", "3": "E"}.get(approval, "A")
    if approval != "2":
        effects.posting = False
        effects.entries.clear()
    return effects


def post_credit(company: Company, document: Document) -> Effects:
    """A vendor's credit: the reverse of a bill.

    Raises:
        Refusal: as for bills.
    """
    effects = _post(company, document, Decimal(-1))
    if effects.total < 0:
        raise user_error("The total of a bill credit cannot be negative.")
    effects.status = "A"
    source = document.ref("createdfrom")
    if source is not None:
        effects.links.append(
            Link(
                previous=source,
                previous_line=0,
                previous_type="VendBill",
                line=0,
                kind="Payment",
                quantity=ZERO,
                amount=effects.total,
            )
        )
    return effects


def _post(company: Company, document: Document, sign: Decimal) -> Effects:
    default_from_entity(company, document, require_entity(company, document, "vendor"))
    if not document.of("item") and not document.of("expense"):
        raise user_error("You must enter at least one line item for this transaction.")
    rate = exact(document.values.get("exchangerate") or 1)
    effects = Effects(posting=True, created_from=document.ref("createdfrom"))
    header = document.ref("location")
    if header is not None:
        check_location(company, header, document.ref("subsidiary"), "location")
    base = ZERO
    for at, line in enumerate(document.of("expense")):
        base += _expense(company, document, line, effects, at=at, sign=sign, rate=rate)
    for at, line in enumerate(document.of("item")):
        base += _item(company, document, line, effects, at=at, sign=sign, rate=rate)
    payable = document.ref("account") or company.account("payable")
    effects.post(0, payable, -base)
    effects.rows[0] = LineRow(
        amount=-base,
        foreign=-sign * effects.total,
        location=header,
        created_from=effects.created_from,
    )
    document.values["usertotal"] = effects.total
    return effects


def _expense(
    company: Company,
    document: Document,
    line: Line,
    effects: Effects,
    *,
    at: int,
    sign: Decimal,
    rate: Decimal,
) -> Decimal:
    path = f"expense.items[{at}]"
    account = line.ref("account")
    if account is None:
        raise user_error("Please enter value(s) for: Account", path=f"{path}.account")
    inactive = company.books.value("SELECT isinactive FROM account WHERE id = ?", (account,))
    if inactive == "T":
        raise invalid_field_value(account, "account", f"{path}.account")
    if line.values.get("amount") is None:
        raise user_error("Please enter value(s) for: Amount", path=f"{path}.amount")
    location = line.ref("location")
    if location is not None:
        check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    amount = line.number("amount")
    if amount != money(amount):
        raise invalid_field_value(amount, "amount", f"{path}.amount")
    worth = money(sign * amount * rate)
    effects.total += amount
    effects.post(line.id, account, worth)
    effects.rows[line.id] = LineRow(
        amount=worth, foreign=sign * amount, location=location or document.ref("location")
    )
    if line.values.get("orderline") is not None:
        _link(document, line, effects, abs(amount), amount)
    return worth


def _item(
    company: Company,
    document: Document,
    line: Line,
    effects: Effects,
    *,
    at: int,
    sign: Decimal,
    rate: Decimal,
) -> Decimal:
    path = f"item.items[{at}]"
    item_id = line.ref("item")
    if item_id is None:
        raise user_error("Please enter value(s) for: Item", path=f"{path}.item")
    item = company.item(item_id)
    if line.values.get("quantity") is None:
        line.values["quantity"] = Decimal(1)
    quantity = line.number("quantity")
    price = line.values.get("rate")
    given = line.values.get("amount")
    if given is None or (price is not None and "$priced" in line.values):
        price = exact(price if price is not None else item["lastpurchaseprice"] or item["cost"])
        line.values["rate"] = price
        line.values["amount"] = money(price * quantity)
        line.values["$priced"] = True
    amount = line.number("amount")
    worth = money(sign * amount * rate)
    effects.total += amount
    units = quantity * company.conversion(line.values.get("units"))
    location = line.ref("location") or document.ref("location")
    if location is not None:
        check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    ordered = _ordered(company, document, line, units, path)
    effects.post(line.id, _debit(company, item, ordered), worth)
    stocked = item["itemtype"] in STOCKED and ordered is None and units != 0
    if stocked:
        if location is None:
            raise user_error("Please enter value(s) for: Location", path=f"{path}.location")
        place_moves(
            company,
            effects,
            line,
            item,
            location=location,
            quantity=sign * units,
            worth=worth,
        )
    effects.rows[line.id] = LineRow(
        item=item_id,
        quantity=sign * units,
        rate=line.number("rate"),
        amount=worth,
        foreign=sign * amount,
        location=location,
        created_from=effects.created_from,
        stock=stocked,
    )
    if ordered is not None:
        _link(document, line, effects, units, amount)
    return worth


def _ordered(
    company: Company, document: Document, line: Line, units: Decimal, path: str
) -> Row | None:
    """The purchase order line a bill line pays for, not more than is left to bill."""
    order, order_line = line.values.get("orderdoc"), line.values.get("orderline")
    if order is None or order_line is None:
        return None
    ordered = order_row(company, whole(order), whole(order_line))
    if ordered is None:
        raise user_error(f"The order has no line {order_line}.", path=path)
    before = exact(ordered["quantitybilled"]) - linked(company, document.id, ordered)
    if before + units > abs(exact(ordered["quantity"])):
        raise user_error(
            "The quantity billed exceeds the quantity on the order.", path=f"{path}.quantity"
        )
    return ordered


def _debit(company: Company, item: Row, ordered: Row | None) -> int:
    if item["itemtype"] not in STOCKED:
        return whole(item["expenseaccount"] or company.account("expense"))
    return company.account("accrued") if ordered is not None else company.asset_account(item)


def _link(
    document: Document, line: Line, effects: Effects, quantity: Decimal, amount: Decimal
) -> None:
    order = line.values.get("orderdoc") or document.ref("createdfrom")
    effects.links.append(
        Link(
            previous=whole(order),
            previous_line=whole(line.values["orderline"]),
            previous_type="PurchOrd",
            line=line.id,
            kind="OrdBill",
            quantity=quantity,
            amount=amount,
        )
    )


def _check_number(company: Company, document: Document) -> None:
    number = document.values.get("tranid")
    if number is None or company.preferences.duplicate_bill_numbers == "allow":
        return
    other = company.books.value(
        "SELECT id FROM \"transaction\" WHERE type = 'VendBill' AND tranid = ? AND entity = ? "
        "AND id <> ?",
        (number, document.ref("entity"), document.id),
    )
    if other is not None:
        raise user_error(
            f"A bill with the reference number {number} already exists for this vendor.",
            path="tranId",
        )
