"""Documents as rows: the header, the lines, the ledger and the links that queries see."""

from collections.abc import Mapping
from datetime import datetime

from ml_connector.sim.netsuite.books.books import Row, cell, whole
from ml_connector.sim.netsuite.books.company import TAX_ITEM, Company
from ml_connector.sim.netsuite.books.documents import IN_TABLE, Document, Line, pack
from ml_connector.sim.netsuite.books.effects import Effects, LineRow
from ml_connector.sim.netsuite.values import instants, signs
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.readings.netsuite_accounts import TAX

ORDERS = frozenset({"purchaseOrder", "salesOrder", "returnAuthorization", "transferOrder"})
"""The record types that post nothing and have a status of their own."""

_TAXED = frozenset(
    {
        "purchaseOrder",
        "salesOrder",
        "returnAuthorization",
        "vendorBill",
        "vendorCredit",
        "invoice",
        "cashSale",
    }
)


def clear(company: Company, document_id: int) -> None:
    """Remove a document's lines, ledger entries and links to earlier documents."""
    company.books.delete("transactionline", transaction=document_id)
    company.books.delete("transactionaccountingline", transaction=document_id)
    company.books.delete("_link", nextdoc=document_id)


def keys(company: Company, document_id: int) -> dict[int, int]:
    """The line unique keys of a document by line id; they survive changes."""
    rows = company.books.rows(
        'SELECT id, uniquekey FROM transactionline WHERE "transaction" = ?', (document_id,)
    )
    return {whole(row["id"]): whole(row["uniquekey"]) for row in rows}


def header(
    company: Company,
    document: Document,
    effects: Effects,
    *,
    status: str | None,
    period: int | None,
    moment: datetime,
) -> Row:
    """The columns of a document's row of ``transaction``."""
    values = document.values
    kept: dict[str, object] = {key: value for key, value in values.items() if value is not None}
    kept["$lines"] = [
        {"id": line.id, "sublist": line.sublist, "values": line.values}
        for line in document.lines
        if line.sublist not in IN_TABLE
    ]
    rate = exact(values.get("exchangerate") or 1)
    sign = signs.of_total(document.kind.name)
    row: dict[str, object] = {
        "type": document.kind.code,
        "recordtype": document.kind.name.lower(),
        "tranid": values.get("tranid"),
        "trandate": document.date,
        "lastmodifieddate": company.books.now(),
        "status": status,
        "approvalstatus": _whole_or_none(values.get("approvalstatus")),
        "entity": document.ref("entity"),
        "subsidiary": document.ref("subsidiary"),
        "postingperiod": period,
        "posting": effects.posting,
        "currency": document.ref("currency") or company.base_currency(),
        "exchangerate": rate,
        "foreigntotal": sign * effects.total,
        "total": sign * effects.total * rate,
        "memo": values.get("memo"),
        "externalid": values.get("externalid"),
        "otherrefnum": values.get("otherrefnum"),
        "duedate": values.get("duedate"),
        "void": False,
        "voided": False,
        "email": values.get("email"),
        "shipcarrier": values.get("shipcarrier"),
        "lastmodifiedby": company.user,
        "_record": document.kind.name,
        "_values": pack(kept),
        "_modified": instants.utc_text(moment),
        "_location": document.ref("location"),
    }
    return {key: cell(value) for key, value in row.items()}


def _whole_or_none(value: object) -> int | None:
    return None if value is None else whole(value)


def write_lines(
    company: Company, document: Document, effects: Effects, known: Mapping[int, int]
) -> None:
    """Write a row of ``transactionline`` for the header and every line."""
    shown: dict[int, Line] = {line.id: line for line in document.lines if line.sublist in IN_TABLE}
    effects.rows.setdefault(0, LineRow())
    order = [0, *shown, *(at for at in sorted(effects.rows) if at and at not in shown)]
    for sequence, at in enumerate(order):
        row = effects.rows.get(at, LineRow())
        line = shown.get(at)
        values = line.values if line else {}
        key = known.get(at) or company.next_key()
        if line is not None:
            line.key = key
        company.books.insert(
            "transactionline",
            {
                "transaction": document.id,
                "id": at,
                "uniquekey": key,
                "linesequencenumber": sequence,
                "mainline": at == 0,
                "taxline": False,
                "iscogs": row.cogs if row.cogs is not None else False,
                "assemblycomponent": False,
                "item": row.item,
                "quantity": row.quantity,
                "units": _whole_or_none(values.get("units")),
                "rate": row.rate,
                "amount": row.amount,
                "netamount": row.amount,
                "foreignamount": row.foreign or row.amount,
                "quantityshiprecv": 0 if _is_order(document) and row.item else None,
                "quantitybilled": 0 if _is_order(document) and at else None,
                "expectedreceiptdate": values.get("expectedreceiptdate"),
                "isclosed": values.get("isclosed", False),
                "isinventoryaffecting": row.stock,
                "createdfrom": row.created_from,
                "location": row.location,
                "subsidiary": document.ref("subsidiary"),
                "department": values.get("department"),
                "class": values.get("class"),
                "entity": document.ref("entity"),
                "memo": values.get("memo") if at else document.values.get("memo"),
                "_sublist": line.sublist if line else None,
                "_values": pack(values) if line else None,
                "_side": row.side,
            },
        )


def write_tax(company: Company, document: Document) -> None:
    """Write the tax line that documents have in accounts with legacy taxes (5.2, 13.6)."""
    if company.readings[TAX] != "legacy" or document.kind.name not in _TAXED:
        return
    highest = company.books.rows(
        "SELECT MAX(id) AS id, MAX(linesequencenumber) AS place FROM transactionline "
        'WHERE "transaction" = ?',
        (document.id,),
    )[0]
    company.books.insert(
        "transactionline",
        {
            "transaction": document.id,
            "id": whole(highest["id"]) + 1,
            "uniquekey": company.next_key(),
            "linesequencenumber": whole(highest["place"]) + 1,
            "mainline": False,
            "taxline": True,
            "iscogs": False,
            "assemblycomponent": False,
            "item": TAX_ITEM,
            "amount": 0,
            "netamount": 0,
            "foreignamount": 0,
            "isclosed": False,
            "isinventoryaffecting": False,
            "entity": document.ref("entity"),
            "subsidiary": document.ref("subsidiary"),
            "_side": "tax",
        },
    )


def _is_order(document: Document) -> bool:
    return document.kind.name in ORDERS


def write_ledger(company: Company, document: Document, effects: Effects) -> None:
    """Write the ledger entries and the links to earlier documents."""
    books = company.books
    for entry in effects.entries:
        books.insert(
            "transactionaccountingline",
            {
                "transaction": document.id,
                "transactionline": entry.line,
                "account": entry.account,
                "accountingbook": 1,
                "debit": entry.amount if entry.amount > 0 else None,
                "credit": -entry.amount if entry.amount < 0 else None,
                "amount": entry.amount,
                "posting": True,
                "amountpaid": 0,
                "amountunpaid": abs(entry.amount) if entry.line == 0 else 0,
            },
        )
    for link in effects.links:
        books.insert(
            "_link",
            {
                "previousdoc": link.previous,
                "previousline": link.previous_line,
                "previoustype": link.previous_type,
                "nextdoc": document.id,
                "nextline": link.line,
                "nexttype": document.kind.code,
                "linktype": link.kind,
                "foreignamount": link.amount,
                "quantity": link.quantity,
                "nextdate": document.date,
            },
        )
