"""Saving and removing transactions: the one place where documents reach the books."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books import line_numbers, periods, stock
from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import IN_TABLE, Document, next_document_id
from ml_connector.sim.netsuite.books.effects import Effects, is_balanced
from ml_connector.sim.netsuite.books.rows import (
    ORDERS,
    clear,
    header,
    keys,
    write_ledger,
    write_lines,
    write_tax,
)
from ml_connector.sim.netsuite.documents.adjustments import post_adjustment, post_transfer
from ml_connector.sim.netsuite.documents.bills import post_bill, post_credit
from ml_connector.sim.netsuite.documents.fulfillments import post_fulfillment, write_packages
from ml_connector.sim.netsuite.documents.orders import (
    STRIDE,
    post_order,
    post_transfer_order,
    refresh_order,
)
from ml_connector.sim.netsuite.documents.receipts import post_receipt
from ml_connector.sim.netsuite.documents.sales import post_sale
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.refusal import user_error
from ml_connector.sim.readings.netsuite import EXTERNAL_ID_IN_TRANSFORM, ORDER_TOUCHED

_POSTERS: Final[Mapping[str, Callable[[Company, Document], Effects]]] = {
    "inventoryAdjustment": post_adjustment,
    "inventoryTransfer": post_transfer,
    "itemReceipt": post_receipt,
    "itemFulfillment": post_fulfillment,
    "purchaseOrder": post_order,
    "salesOrder": post_order,
    "returnAuthorization": post_order,
    "transferOrder": post_transfer_order,
    "vendorBill": post_bill,
    "vendorCredit": post_credit,
    "invoice": post_sale,
    "cashSale": post_sale,
}

_LEDGERS: Final[Mapping[str, periods.Ledger]] = {
    "vendorBill": "ap",
    "vendorCredit": "ap",
    "invoice": "ar",
    "cashSale": "ar",
}

_WRITABLE_STATUS: Final = ("A", "B")


def save(company: Company, document: Document, *, by_person: bool = False) -> int:
    """Create a transaction or bring a changed one up to date, all or nothing.

    Args:
        company: whose books.
        document: complete, as it should be.
        by_person: made in the user interface, not over the API.

    Returns:
        its id.

    Raises:
        Refusal: NetSuite would not save it: see each record type's module.
    """
    books = company.books
    with books.transaction():
        _check_external_id(company, document)
        document.values.setdefault("trandate", books.today())
        if document.values["trandate"] is None:
            document.values["trandate"] = books.today()
        _number_lines(company, document)
        before = _moved(company, document)
        sources = _undo(company, document)
        effects = _POSTERS[document.kind.name](company, document)
        tells = bool(before) and before == _moves(effects)
        period = _period(company, document, effects, tells=tells)
        _write(company, document, effects, period, by_person=by_person)
        sources |= {link.previous for link in effects.links}
        for source in sorted(sources | {document.id}):
            refresh_order(company, source)
        for source in sorted(sources - {document.id}):
            _touch(company, source)
    return document.id


def remove(company: Company, document: Document, *, context: str = "UIF") -> None:
    """Delete a transaction; its external id is free again (11.7).

    Raises:
        Refusal: later documents hang on it, or its period is closed.
    """
    books = company.books
    with books.transaction():
        later = books.row("SELECT * FROM _link WHERE previousdoc = ? LIMIT 1", (document.id,))
        if later is not None:
            raise user_error(
                "This transaction cannot be deleted because it is linked to by one or more "
                "transactions."
            )
        if document.row.get("posting") == "T":
            period = periods.of_date(books, document.date)
            periods.check_open(period, _LEDGERS.get(document.kind.name, "stock"))
        sources = _undo(company, document)
        clear(company, document.id)
        books.delete("transaction", id=document.id)
        write_packages(company, document.id, [])
        books.insert(
            "deletedrecord",
            {
                "recordid": document.id,
                "type": document.kind.label,
                "deleteddate": books.now(),
                "deletedby": company.user,
                "context": context,
                "name": f"{document.kind.label} #{document.row.get('tranid')}",
                "scriptid": document.kind.name.lower(),
                "iscustomrecord": False,
            },
        )
        for source in sorted(sources):
            refresh_order(company, source)
            _touch(company, source)


def _check_external_id(company: Company, document: Document) -> None:
    """External ids are unique across all transactions, whatever their type (6.7)."""
    external_id = document.values.get("externalid")
    is_made_from_another = document.ref("createdfrom") is not None
    if external_id is None or (
        is_made_from_another and company.readings[EXTERNAL_ID_IN_TRANSFORM] == "repeatable"
    ):
        return
    owner = company.books.value(
        'SELECT id FROM "transaction" WHERE externalid = ? AND id <> ?',
        (external_id, document.id),
    )
    if owner is not None:
        raise user_error("This record already exists.")


def _number_lines(company: Company, document: Document) -> None:
    """New lines get ids above every id in use; ids of deleted lines stay free gaps."""
    kind = document.kind.name
    step = STRIDE if kind == "transferOrder" else 1
    counted = [line for line in document.lines if line.sublist in IN_TABLE]
    known = [line.id for line in counted]
    at = max(known, default=0) if document.id else 1 - step
    for line in counted:
        if not line.id:
            at = line_numbers.next_id(company, kind, at, step)
            while at in known:
                at = line_numbers.next_id(company, kind, at, step)
            line.id = at
            known.append(at)
        at = max(at, line.id)
    others = [line for line in document.lines if line.sublist not in IN_TABLE]
    for at, line in enumerate(others, 1):
        line.id = at


def _undo(company: Company, document: Document) -> set[int]:
    """Take back what the document did; answers the documents it hung on."""
    books = company.books
    if not document.id:
        return set()
    sources = {
        whole(row["previousdoc"])
        for row in books.rows("SELECT previousdoc FROM _link WHERE nextdoc = ?", (document.id,))
    }
    stock.undo(books, document.id)
    return sources


def _moved(company: Company, document: Document) -> set[tuple[object, ...]]:
    """What the lines of a saved document moved, to see whether a change moves anything else."""
    if not document.id:
        return set()
    found = company.books.rows(
        "SELECT id, item, quantity, location FROM transactionline"
        ' WHERE "transaction" = ? AND item IS NOT NULL AND quantity IS NOT NULL',
        (document.id,),
    )
    return {_move(row["id"], row["item"], row["quantity"], row["location"]) for row in found}


def _moves(effects: Effects) -> set[tuple[object, ...]]:
    return {
        _move(line, row.item, row.quantity, row.location)
        for line, row in effects.rows.items()
        if row.item is not None and row.quantity is not None
    }


def _move(line: object, item: object, quantity: object, location: object) -> tuple[object, ...]:
    return (str(line), str(item), Decimal(str(quantity)), str(location))


def _period(company: Company, document: Document, effects: Effects, *, tells: bool) -> int | None:
    """The period that a document is posted in.

    A change that only tells something, such as a memo or a package, is taken by a closed period
    that allows changes which don't touch the ledger (13.5).
    """
    if not effects.posting:
        document.values.pop("postingperiod", None)
        return None
    ledger = _LEDGERS.get(document.kind.name, "stock")
    old = document.row
    if old and old.get("posting") == "T":
        own = periods.of_date(company.books, str(old["trandate"]))
        if tells and own["allownonglchanges"] == "T" and old["trandate"] == document.date:
            return whole(own["id"])
        periods.check_open(own, ledger)
        if old["trandate"] != document.date:
            document.values.pop("postingperiod", None)
    chosen = document.ref("postingperiod")
    if company.preferences.date_outside_period == "allow" and chosen is not None:
        row = company.books.row("SELECT * FROM accountingperiod WHERE id = ?", (chosen,))
        if row is not None:
            periods.check_open(row, ledger)
            return chosen
    period = periods.posting_period(company.books, document.date, chosen, ledger)
    document.values["postingperiod"] = period
    return period


def _status(document: Document, effects: Effects) -> str | None:
    name = document.kind.name
    if name not in ORDERS:
        return effects.status
    wanted = document.values.get("orderstatus")
    current = str(document.row.get("status") or "")
    if wanted in _WRITABLE_STATUS and current in ("", "A", "B"):
        return str(wanted)
    if document.values.get("approvalstatus") == "1" and not current:
        return "A"
    return current or "B"


def _write(
    company: Company,
    document: Document,
    effects: Effects,
    period: int | None,
    *,
    by_person: bool,
) -> None:
    books = company.books
    if not is_balanced(effects.entries):
        raise AssertionError(f"{document.kind.name}: debits and credits differ")
    fresh = not document.id
    old_keys = {} if fresh else keys(company, document.id)
    if fresh:
        document.id = next_document_id(books)
    _default_number(company, document)
    moment = company.books.clock.now()
    row = header(
        company,
        document,
        effects,
        status=_status(document, effects),
        period=period,
        moment=moment,
    )
    if fresh:
        maker = None if by_person else company.user
        books.insert(
            "transaction",
            {
                **row,
                "id": document.id,
                "createddate": books.now(),
                "_created": instants.utc_text(moment),
                "createdby": maker,
                "transactionnumber": _internal_number(company, document),
            },
        )
    else:
        books.update("transaction", row, id=document.id)
        clear(company, document.id)
    write_lines(company, document, effects, old_keys)
    write_tax(company, document)
    write_ledger(company, document, effects)
    stock.apply(books, document.id, effects.moves)
    if document.kind.name == "itemFulfillment":
        write_packages(company, document.id, document.of("package"))
    document.row = books.row('SELECT * FROM "transaction" WHERE id = ?', (document.id,)) or {}


def _default_number(company: Company, document: Document) -> None:
    if document.values.get("tranid") is None and document.kind.name != "vendorBill":
        prefix = document.kind.prefix
        taken = 'SELECT 1 FROM "transaction" WHERE tranid = ?'
        number = company.next_number(prefix)
        while company.books.value(taken, (f"{prefix}{number}",)) is not None:
            number = company.next_number(prefix)
        document.values["tranid"] = f"{prefix}{number}"


def _internal_number(company: Company, document: Document) -> str:
    del company
    return f"{document.kind.code.upper()}{document.id}"


def _touch(company: Company, document_id: int) -> None:
    """A source document that changed is newly modified, unless the world keeps its date."""
    if company.readings[ORDER_TOUCHED] == "kept":
        return
    moment = company.books.clock.now()
    company.books.update(
        "transaction",
        {"lastmodifieddate": company.books.now(), "_modified": instants.utc_text(moment)},
        id=document_id,
    )
