"""What a purchase order is answered with that nobody wrote (reference 8.8 and its data files)."""

from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.numbers import exact

_UNTICKED: Final = ("shipIsResidential", "shipOverride", "toBeEmailed", "toBeFaxed", "toBePrinted")
_UNTICKED_OF_LINES: Final = (
    "isBillable",
    "isClosed",
    "linked",
    "marginal",
    "matchBillToReceipt",
    "printItems",
)


def head(company: Company, document: Document, row: Row) -> dict[str, object]:
    """Properties of the header."""
    entity = document.ref("entity")
    currency = company.books.row(
        "SELECT name, symbol, isbasecurrency FROM currency WHERE id = ?", (row.get("currency"),)
    )
    shown: dict[str, object] = dict.fromkeys(_UNTICKED, False)
    shown |= {
        "balance": -_sum(company, _OWED, entity),
        "unbilledOrders": _sum(company, _UNBILLED, entity),
        "prevDate": instants.to_date(document.date).isoformat(),
    }
    if currency is not None:
        shown |= {
            "currencyName": currency["name"],
            "currencySymbol": currency["symbol"],
            "isBaseCurrency": currency["isbasecurrency"] == "T",
        }
    return shown


_OWED: Final = (
    'SELECT ns_sum(foreigntotal) FROM "transaction" WHERE entity = ? '
    "AND type IN ('VendBill', 'VendCred')"
)
_UNBILLED: Final = (
    "SELECT ns_sum(l.foreignamount * (1 - COALESCE(l.quantitybilled, 0) / l.quantity)) "
    'FROM transactionline l JOIN "transaction" t ON t.id = l."transaction" '
    "WHERE t.entity = ? AND t.type = 'PurchOrd' AND l.isclosed = 'F' AND l.quantity <> 0"
)


def _sum(company: Company, query: str, entity: int | None) -> Decimal:
    return exact(company.books.value(query, (entity,)))


def line(company: Company, row: Row) -> dict[str, object]:
    """Properties of a line, of its row in ``transactionline``."""
    shown: dict[str, object] = dict.fromkeys(_UNTICKED_OF_LINES, False)
    shown["isOpen"] = row["isclosed"] != "T"
    if row["item"] is None:
        return shown
    held = company.books.row(
        "SELECT quantityonhand, quantityavailable FROM inventoryitemlocations "
        "WHERE item = ? AND location = ?",
        (row["item"], row["location"]),
    )
    kind = str(company.item(whole(row["item"]))["itemtype"])
    return shown | {
        "itemType": {"id": kind, "refName": kind},
        "quantityOnHand": exact((held or {}).get("quantityonhand")),
        "quantityAvailable": exact((held or {}).get("quantityavailable")),
    }
