"""invoice and cashSale: enough of them for returns that start there (7.2), and for goods.

The reference does not say which of them takes goods out of stock. Played is that one which stands
alone does, and that one from an order leaves it to the fulfilment.
"""

from decimal import Decimal

from ml_connector.sim.netsuite.books import stock
from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import STOCKED, Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Link
from ml_connector.sim.netsuite.books.places import default_from_entity, require_entity
from ml_connector.sim.netsuite.documents.adjustments import check_enough, place_moves
from ml_connector.sim.netsuite.values.numbers import exact, money
from ml_connector.sim.netsuite.values.refusal import user_error


def post_sale(company: Company, document: Document) -> Effects:
    """Income against accounts receivable. From an order, stock moved with the fulfilment.

    Raises:
        Refusal: the customer or an item is missing.
    """
    default_from_entity(company, document, require_entity(company, document, "customer"))
    lines = document.of("item")
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    rate = exact(document.values.get("exchangerate") or 1)
    source = document.ref("createdfrom")
    cash = document.kind.name == "cashSale"
    effects = Effects(status="B" if cash else "A", posting=True, created_from=source)
    base = Decimal(0)
    other = max(line.id for line in lines)
    for at, line in enumerate(lines):
        item_id = line.ref("item")
        if item_id is None:
            raise user_error("Please enter value(s) for: Item", path=f"item.items[{at}].item")
        item = company.item(item_id)
        line.values.setdefault("quantity", Decimal(1))
        quantity = line.number("quantity")
        amount = money(line.number("rate") * quantity)
        line.values["amount"] = amount
        worth = money(amount * rate)
        base += worth
        effects.total += amount
        units = quantity * company.conversion(line.values.get("units"))
        effects.post(line.id, whole(item["incomeaccount"] or company.account("income")), -worth)
        effects.rows[line.id] = LineRow(
            item=item_id,
            quantity=-units,
            rate=line.number("rate"),
            amount=-worth,
            foreign=-amount,
            location=line.ref("location") or document.ref("location"),
            created_from=source,
        )
        if source is None and units > 0 and item["itemtype"] in STOCKED:
            other += 1
            _leave(company, line, item, effects, other=other)
        if source is not None and line.values.get("orderline") is not None:
            effects.links.append(
                Link(
                    previous=source,
                    previous_line=whole(line.values["orderline"]),
                    previous_type="SalesOrd",
                    line=line.id,
                    kind="OrdBill",
                    quantity=units,
                    amount=amount,
                )
            )
    effects.post(0, company.account("receivable"), base)
    effects.rows[0] = LineRow(amount=base, foreign=effects.total, created_from=source)
    return effects


def _leave(company: Company, line: Line, item: Row, effects: Effects, *, other: int) -> None:
    """Take the goods of a line out of stock, against the cost of what was sold.

    Raises:
        Refusal: the location is missing, or not enough is held there.
    """
    row = effects.rows[line.id]
    if row.location is None or row.quantity is None:
        raise user_error("Please enter value(s) for: Location")
    check_enough(company, item, row.location, row.quantity)
    worth = stock.worth_of_issue(company.books, whole(item["id"]), row.location, -row.quantity)
    place_moves(
        company,
        effects,
        line,
        item,
        location=row.location,
        quantity=row.quantity,
        worth=-worth,
    )
    row.stock = True
    effects.post(other, company.asset_account(item), -worth)
    effects.post(other, company.cost_account(item), worth)
    effects.rows[other] = LineRow(
        item=row.item,
        quantity=-row.quantity,
        amount=worth,
        foreign=worth,
        location=row.location,
        cogs=True,
        side="cogs",
    )
