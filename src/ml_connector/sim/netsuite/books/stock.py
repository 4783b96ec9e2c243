"""Stock by item, location, lot and bin, with its worth at average cost."""

from collections.abc import Iterable
from decimal import Decimal

from ml_connector.sim.netsuite.books.books import Books, whole
from ml_connector.sim.netsuite.books.effects import Move
from ml_connector.sim.netsuite.values.numbers import ZERO, exact, money


def average_cost(books: Books, item: int, location: int) -> Decimal:
    """What one unit is worth at a location; the item's own cost where nothing is held."""
    row = books.row(
        "SELECT quantity, worth FROM _cost WHERE item = ? AND location = ?", (item, location)
    )
    if row is not None and exact(row["quantity"]) > 0:
        return exact(row["worth"]) / exact(row["quantity"])
    anywhere = books.row(
        "SELECT SUM(quantity) AS quantity, SUM(worth) AS worth FROM _cost WHERE item = ? "
        "AND quantity > 0",
        (item,),
    )
    if anywhere is not None and exact(anywhere["quantity"]) > 0:
        return exact(anywhere["worth"]) / exact(anywhere["quantity"])
    own = books.row("SELECT cost, lastpurchaseprice FROM _item WHERE id = ?", (item,)) or {}
    return exact(own.get("lastpurchaseprice") or own.get("cost"))


def worth_of_issue(books: Books, item: int, location: int, quantity: Decimal) -> Decimal:
    """What ``quantity`` units that leave a location are worth; all of it when all leave."""
    row = books.row(
        "SELECT quantity, worth FROM _cost WHERE item = ? AND location = ?", (item, location)
    )
    if row is not None and exact(row["quantity"]) == quantity:
        return exact(row["worth"])
    return money(average_cost(books, item, location) * quantity)


def on_hand(
    books: Books, item: int, location: int, number: int | None = None, bin_id: int | None = None
) -> Decimal:
    """Units held, of one lot or in one bin where these are given."""
    found = books.rows(
        "SELECT quantity FROM _stock WHERE item = ? AND location = ? "
        "AND (?3 IS NULL OR inventorynumber = ?3) AND (?4 IS NULL OR binnumber = ?4)",
        (item, location, number, bin_id),
    )
    return sum((exact(row["quantity"]) for row in found), ZERO)


def apply(books: Books, document: int, moves: Iterable[Move]) -> None:
    """Book moves and keep them under the document."""
    for move in moves:
        _shift(books, move, move.quantity, move.worth)
        books.insert(
            "_move",
            {
                "transaction": document,
                "line": move.line,
                "item": move.item,
                "location": move.location,
                "inventorynumber": move.number,
                "binnumber": move.bin,
                "inventorystatus": move.status,
                "quantity": move.quantity,
                "worth": move.worth,
            },
        )


def undo(books: Books, document: int) -> None:
    """Take a document's moves back."""
    for row in books.rows('SELECT * FROM _move WHERE "transaction" = ?', (document,)):
        move = Move(
            line=whole(row["line"]),
            item=whole(row["item"]),
            location=whole(row["location"]),
            quantity=exact(row["quantity"]),
            worth=exact(row["worth"]),
            number=_maybe(row["inventorynumber"]),
            bin=_maybe(row["binnumber"]),
            status=whole(row["inventorystatus"]),
        )
        _shift(books, move, -move.quantity, -move.worth)
    books.delete("_move", transaction=document)


def _maybe(value: object) -> int | None:
    return None if value is None else whole(value)


def _shift(books: Books, move: Move, quantity: Decimal, worth: Decimal) -> None:
    where = (move.item, move.location, move.number, move.bin, move.status)
    held = books.row(
        "SELECT rowid AS row, quantity FROM _stock WHERE item = ? AND location = ? "
        "AND inventorynumber IS ? AND binnumber IS ? AND inventorystatus IS ?",
        where,
    )
    if held is None:
        books.insert(
            "_stock",
            {
                "item": move.item,
                "location": move.location,
                "inventorynumber": move.number,
                "binnumber": move.bin,
                "inventorystatus": move.status,
                "quantity": quantity,
            },
        )
    else:
        books.update("_stock", {"quantity": exact(held["quantity"]) + quantity}, rowid=held["row"])
    cost = books.row(
        "SELECT quantity, worth FROM _cost WHERE item = ? AND location = ?",
        (move.item, move.location),
    )
    if cost is None:
        books.insert(
            "_cost",
            {"item": move.item, "location": move.location, "quantity": quantity, "worth": worth},
        )
        return
    books.update(
        "_cost",
        {
            "quantity": exact(cost["quantity"]) + quantity,
            "worth": exact(cost["worth"]) + worth,
        },
        item=move.item,
        location=move.location,
    )
