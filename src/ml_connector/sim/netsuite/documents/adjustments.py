"""inventoryAdjustment and inventoryTransfer (reference 8.2, 8.3)."""

from decimal import Decimal

from ml_connector.sim.netsuite.books import stock
from ml_connector.sim.netsuite.books.assignments import shares
from ml_connector.sim.netsuite.books.books import Row
from ml_connector.sim.netsuite.books.company import STOCKED, Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.effects import Effects, LineRow, Move
from ml_connector.sim.netsuite.books.places import check_location
from ml_connector.sim.netsuite.values.numbers import ZERO, exact, money
from ml_connector.sim.netsuite.values.refusal import invalid_field_value, user_error


def post_adjustment(company: Company, document: Document) -> Effects:
    """Increase or decrease stock against the adjustment account.

    Raises:
        Refusal: account, subsidiary (OneWorld), location, item or quantity is missing or wrong.
    """
    account = document.ref("account")
    if account is None:
        raise user_error("Please enter value(s) for: Adjustment Account", path="account")
    subsidiary = document.ref("subsidiary")
    if company.preferences.one_world and subsidiary is None:
        raise user_error("Please enter value(s) for: Subsidiary", path="subsidiary")
    lines = document.of("inventory")
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    effects = Effects(posting=True)
    effects.rows[0] = LineRow(location=document.ref("adjlocation"))
    total = ZERO
    for at, line in enumerate(lines):
        total += _adjust(company, document, line, at, effects)
    effects.post(0, account, -total)
    effects.rows[0].amount = -total
    effects.total = total
    return effects


def _adjust(
    company: Company, document: Document, line: Line, at: int, effects: Effects
) -> Decimal:
    path = f"inventory.items[{at}]"
    item = stock_item(company, line, path)
    location = line.ref("location")
    if location is None:
        raise user_error("Please enter value(s) for: Location", path=f"{path}.location")
    check_location(company, location, document.ref("subsidiary"), f"{path}.location")
    if line.values.get("adjustqtyby") is None and line.values.get("newquantity") is not None:
        held = stock.on_hand(company.books, int(item["id"] or 0), location)
        line.values["adjustqtyby"] = line.number("newquantity") - held
    quantity = line.number("adjustqtyby") * company.conversion(line.values.get("units"))
    if not quantity:
        raise user_error("Please enter value(s) for: Adjust Qty. By", path=f"{path}.adjustQtyBy")
    check_enough(company, item, location, quantity)
    worth = _worth(company, line, item, location, quantity)
    place_moves(company, effects, line, item, location=location, quantity=quantity, worth=worth)
    effects.post(line.id, company.asset_account(item), worth)
    effects.rows[line.id] = LineRow(
        item=int(item["id"] or 0),
        quantity=quantity,
        rate=abs(worth / quantity),
        amount=worth,
        foreign=worth,
        location=location,
        stock=True,
    )
    return worth


def _worth(company: Company, line: Line, item: Row, location: int, quantity: Decimal) -> Decimal:
    item_id = int(item["id"] or 0)
    if quantity < 0:
        return -stock.worth_of_issue(company.books, item_id, location, -quantity)
    cost = line.values.get("unitcost")
    if cost is None:
        return money(stock.average_cost(company.books, item_id, location) * quantity)
    return money(exact(cost) * line.number("adjustqtyby"))


def post_transfer(company: Company, document: Document) -> Effects:
    """Move stock from one location to another in one step.

    Raises:
        Refusal: a location, the item or the quantity is missing or wrong.
    """
    source, target = document.ref("location"), document.ref("transferlocation")
    if source is None:
        raise user_error("Please enter value(s) for: From Location", path="location")
    if target is None:
        raise user_error("Please enter value(s) for: To Location", path="transferLocation")
    subsidiary = document.ref("subsidiary")
    if company.preferences.one_world and subsidiary is None:
        raise user_error("Please enter value(s) for: Subsidiary", path="subsidiary")
    for location, path in ((source, "location"), (target, "transferLocation")):
        check_location(company, location, subsidiary, path)
    lines = document.of("inventory")
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    effects = Effects(posting=True)
    effects.rows[0] = LineRow(location=source)
    free = max(line.id for line in lines)
    for at, line in enumerate(lines):
        item = stock_item(company, line, f"inventory.items[{at}]")
        quantity = line.number("adjustqtyby") * company.conversion(line.values.get("units"))
        if quantity <= 0:
            raise user_error("Please enter a positive quantity to transfer.")
        check_enough(company, item, source, -quantity)
        item_id = int(item["id"] or 0)
        worth = stock.worth_of_issue(company.books, item_id, source, quantity)
        place_moves(
            company, effects, line, item, location=source, quantity=-quantity, worth=-worth
        )
        place_moves(company, effects, line, item, location=target, quantity=quantity, worth=worth)
        free += 1
        asset = company.asset_account(item)
        effects.post(line.id, asset, -worth)
        effects.post(free, asset, worth)
        effects.rows[line.id] = LineRow(
            item=item_id, quantity=-quantity, amount=-worth, location=source, stock=True
        )
        effects.rows[free] = LineRow(
            item=item_id, quantity=quantity, amount=worth, location=target, stock=True, side="to"
        )
    return effects


def stock_item(company: Company, line: Line, path: str) -> Row:
    """The item of a stock line.

    Raises:
        Refusal: it is missing, inactive, or carries no stock.
    """
    item_id = line.ref("item")
    if item_id is None:
        raise user_error("Please enter value(s) for: Item", path=f"{path}.item")
    item = company.item(item_id)
    if item["itemtype"] not in STOCKED or item["isinactive"] == "T":
        raise invalid_field_value(item_id, "item", f"{path}.item")
    return item


def check_enough(company: Company, item: Row, location: int, quantity: Decimal) -> None:
    """Refuse an issue that would leave less than nothing, where preferences say so.

    Raises:
        Refusal: not enough is held.
    """
    if quantity >= 0 or company.preferences.negative_stock:
        return
    held = stock.on_hand(company.books, int(item["id"] or 0), location)
    if held + quantity < 0:
        raise user_error(f"There is not enough stock of {item['itemid']} at this location.")


def place_moves(
    company: Company,
    effects: Effects,
    line: Line,
    item: Row,
    *,
    location: int,
    quantity: Decimal,
    worth: Decimal,
) -> list[Move]:
    """Book a line's units, split over its lots and bins; the worth follows the quantities."""
    parts = shares(company, line, item, location, quantity)
    moves, left = [], worth
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        own = left if last else money(worth * part.quantity / quantity)
        left -= own
        moves.append(
            Move(
                line=line.id,
                item=int(item["id"] or 0),
                location=location,
                quantity=part.quantity,
                worth=own,
                number=part.number,
                bin=part.bin,
                status=part.status,
            )
        )
    effects.moves += moves
    return moves
