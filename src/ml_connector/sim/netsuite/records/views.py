"""Answering records as REST shows them: links, refName, sublists, camel case (6.2-6.4)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite.books import line_numbers
from ml_connector.sim.netsuite.books.books import Cell, Row, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.records import purchase_orders
from ml_connector.sim.netsuite.values import instants, signs
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.netsuite.values.properties import Property
from ml_connector.sim.netsuite.values.record_types import BY_CODE, RecordType, Sublist
from ml_connector.sim.netsuite.values.statuses import document_label, status_name
from ml_connector.sim.netsuite.values.targets import TABLES

Json = dict[str, object]

_DERIVED: Final = {
    "purchaseOrder": (("quantityReceived", "quantityshiprecv"),),
    "returnAuthorization": (("quantityReceived", "quantityshiprecv"),),
    "salesOrder": (("quantityFulfilled", "quantityshiprecv"),),
    "transferOrder": (("quantityFulfilled", "quantityshiprecv"),),
}
_INTEGERS: Final = frozenset({"line", "orderLine", "orderId", "kitMemberOf", "lineEntity"})
"""Numbers that are whole by the schema; all others are written with a fraction."""

_BILLED: Final = frozenset({"purchaseOrder", "salesOrder", "returnAuthorization"})


class Viewer:
    """Shapes records for one request.

    Args:
        company: the books.
        root: address of the record service, ``http://host/services/rest/record/v1``.
        simple_enums: enumerations as bare ids (``simpleEnumFormat=true``).
    """

    def __init__(self, company: Company, root: str, *, simple_enums: bool = False) -> None:
        self.company = company
        self.root = root
        self.simple_enums = simple_enums

    def document(self, document: Document, *, expand: bool, suffix: str = "") -> Json:
        """A transaction, with its sublists' lines when ``expand`` is set."""
        kind, row = document.kind, document.row
        here = f"{self.root}/{kind.name.lower()}/{document.id}"
        answer: Json = {"links": _self(here + suffix), "id": str(document.id)}
        answer["refName"] = document_label(kind.code, _text(row.get("tranid")))
        answer |= self.fields(document.values, kind.body)
        answer |= self._head(document, row)
        if kind.name == "purchaseOrder" and row:
            answer = _numbered(purchase_orders.head(self.company, document, row)) | answer
        for sublist in kind.sublists.values():
            url = f"{here}/{sublist.name}"
            answer[sublist.name] = (
                self.sublist(document, sublist) if expand else {"links": _self(url)}
            )
        return answer

    def _head(self, document: Document, row: Row) -> Json:
        kind = document.kind
        answer: Json = {
            "tranId": row.get("tranid"),
            "transactionNumber": row.get("transactionnumber"),
            "createdDate": row.get("_created"),
            "lastModifiedDate": row.get("_modified"),
        }
        status = _text(row.get("status"))
        if status is not None and kind.name != "inventoryAdjustment":
            shown = status_name(kind.code, status)
            # A real purchase order has the display text as the id of status (6.3).
            text = status if kind.name == "itemFulfillment" else shown
            answer["status"] = self._enum(text, shown)
            if "orderstatus" in kind.body:
                answer["orderStatus"] = self._enum(status, status)
        if "total" in kind.body or kind.name in ("purchaseOrder", "vendorBill", "salesOrder"):
            total = exact(row.get("foreigntotal"))
            answer["total"] = _number(signs.of_total(kind.name) * total)
        if kind.name == "salesOrder":
            answer["linkedTrackingNumbers"] = self._tracking(document.id)
        return {key: value for key, value in answer.items() if value is not None}

    def _tracking(self, order: int) -> str | None:
        rows = self.company.books.rows(
            "SELECT DISTINCT t.id, t.trackingnumberlist AS numbers FROM _link l "
            'JOIN "transaction" t ON t.id = l.nextdoc WHERE l.previousdoc = ? '
            "AND t.type = 'ItemShip' ORDER BY t.id",
            (order,),
        )
        return " ".join(str(row["numbers"]) for row in rows if row["numbers"]) or None

    def sublist(self, document: Document, sublist: Sublist) -> Json:
        """A sublist: ``links``, ``items``, ``totalResults``."""
        kind = document.kind
        url = f"{self.root}/{kind.name.lower()}/{document.id}/{sublist.name}"
        number = line_numbers.own(self.company, document)
        items = [
            self.line(document, sublist, line, f"{url}/{number(line.id)}")
            for line in document.of(sublist.name.lower())
        ]
        return {"links": _self(url), "items": items, "totalResults": len(items)}

    def line(self, document: Document, sublist: Sublist, line: Line, url: str) -> Json:
        """One line of a sublist."""
        answer: Json = {"links": _self(url)}
        if sublist.keyed:
            answer["line"] = line_numbers.own(self.company, document)(line.id)
        answer |= self.fields(line.values, sublist.columns)
        if "orderLine" in answer:
            of_source = line_numbers.of_source(self.company, document)
            answer["orderLine"] = of_source(whole(line.values["orderline"]))
        row = self.company.books.row(
            'SELECT * FROM transactionline WHERE "transaction" = ? AND id = ?',
            (document.id, line.id),
        )
        if row is None or sublist.name.lower() == "package":
            return answer
        if document.kind.name == "purchaseOrder":
            answer = _numbered(purchase_orders.line(self.company, row)) | answer
        rate = self.company.conversion(line.values.get("units"))
        for name, column in _DERIVED.get(document.kind.name, ()):
            answer[name] = _number(exact(row[column]) / rate)
        if document.kind.name == "transferOrder":
            answer["quantityReceived"] = _number(self._arrived(document.id, line.id) / rate)
        if document.kind.name in _BILLED:
            answer["quantityBilled"] = _number(exact(row["quantitybilled"]) / rate)
        if "location" not in answer and row["location"] is not None:
            answer["location"] = self.reference(
                Property("location", "ref", "location"), row["location"]
            )
        if document.kind.name == "vendorBill":
            answer["uniqueKey"] = row["uniquekey"]
        return answer

    def _arrived(self, order: int, line: int) -> Decimal:
        """What has come of a transfer order's line: its arriving row is the one after it."""
        return exact(
            self.company.books.value(
                'SELECT quantityshiprecv FROM transactionline WHERE "transaction" = ? AND id = ?',
                (order, line + 1),
            )
            or 0
        )

    def fields(self, values: Mapping[str, object], known: Mapping[str, Property]) -> Json:
        """Properties of a body or a line, as answered."""
        answer: Json = {}
        for key, value in values.items():
            wanted = known.get(key) or self.company.custom_fields.get(key)
            if wanted is not None and value is not None:
                answer[wanted.name] = self._value(wanted, value)
        return answer

    def _value(self, wanted: Property, value: object) -> object:
        if wanted.kind == "ref":
            several = [one.strip() for one in str(value).split(",")]
            if len(several) > 1:
                return self._several([self.reference(wanted, one) for one in several])
            return self.reference(wanted, value)
        if wanted.kind == "enum":
            return self._enum(str(value), str(value))
        if wanted.kind == "num":
            return int(exact(value)) if wanted.name in _INTEGERS else _number(value)
        if wanted.kind == "sub" and isinstance(value, list):
            return self._detail(value)
        return _plain(wanted.kind, value)

    def _several(self, items: list[Json]) -> Json:
        """A column with several values, as a collection (6.4)."""
        return {
            "links": [],
            "count": len(items),
            "hasMore": False,
            "items": items,
            "offset": 0,
            "totalResults": len(items),
        }

    def _detail(self, entries: list[object]) -> Json:
        items = []
        for entry in entries:
            if isinstance(entry, dict):
                shown: Json = {"links": []}
                for name, value in entry.items():
                    key = str(name)
                    shown[_ASSIGNMENT_NAMES.get(key, key)] = self._assignment(key, value)
                items.append(shown)
        assignment = {"links": [], "items": items, "totalResults": len(items)}
        return {"links": [], "inventoryAssignment": assignment}

    def _assignment(self, key: str, value: object) -> object:
        targets = {
            "binnumber": "bin",
            "inventorystatus": "inventoryStatus",
            "issueinventorynumber": "inventoryNumber",
        }
        if key in targets:
            return self.reference(Property(key, "ref", targets[key]), value)
        if key == "expirationdate":
            return instants.to_date(str(value)).isoformat()
        return _number(value) if key == "quantity" else value

    def _enum(self, key: str, name: str) -> object:
        return key if self.simple_enums else {"id": key, "refName": name}

    def reference(self, wanted: Property, value: object) -> Json:
        """``{"links": [...], "id": "6", "refName": "Warehouse One"}``."""
        table, display = TABLES.get(wanted.target, ("", ""))
        answer: Json = {"links": [], "id": str(value)}
        if not table:
            return answer
        row = self.company.books.row(
            # Table comes from TABLES.
            f'SELECT * FROM "{table}" WHERE id = ?',  # noqa: S608
            (whole(value),),
        )
        if row is None:
            return answer
        record = _record_of(wanted.target, row)
        if record:
            answer["links"] = _self(f"{self.root}/{record}/{value}")
        answer["refName"] = (
            document_label(_text(row["type"]), _text(row["tranid"]))
            if table == "transaction"
            else _text(row["displaynamewithhierarchy" if table == "account" else display])
        )
        return answer

    def listed(self, kind: RecordType, row: Row, *, suffix: str = "") -> Json:
        """A record that isn't a transaction."""
        url = f"{self.root}/{kind.name.lower()}/{row['id']}"
        answer: Json = {"links": _self(url + suffix), "id": str(row["id"])}
        for key, column in kind.columns.items():
            wanted = kind.body[key]
            value = row.get(column)
            if value is None:
                continue
            if wanted.kind == "time":
                answer[wanted.name] = self._utc(str(value))
            else:
                answer[wanted.name] = self._value(wanted, value)
        return answer

    def _utc(self, instant: str) -> str:
        local = instants.to_datetime(instant).replace(tzinfo=self.company.books.zone)
        return instants.utc_text(local)


_ASSIGNMENT_NAMES: Final = {
    "binnumber": "binNumber",
    "expirationdate": "expirationDate",
    "inventorystatus": "inventoryStatus",
    "issueinventorynumber": "issueInventoryNumber",
    "receiptinventorynumber": "receiptInventoryNumber",
}


def _self(url: str) -> list[Json]:
    return [{"rel": "self", "href": url}]


def _plain(kind: str, value: object) -> object:
    if kind == "date":
        return instants.to_date(str(value)).isoformat()
    return value is True or value == "T" if kind == "bool" else value


def _text(value: Cell) -> str | None:
    return None if value is None else str(value)


def _numbered(values: Json) -> Json:
    return {
        key: _number(value) if isinstance(value, Decimal) else value
        for key, value in values.items()
    }


def _number(value: object) -> object:
    """A JSON number as NetSuite writes them: ``40.0`` for a whole quantity."""
    if value is None:
        return None
    number = exact(value)
    return float(number) if number == number.to_integral_value() else Decimal(f"{number:f}")


def _record_of(target: str, row: Row) -> str:
    """The record type in a reference's link, lower case."""
    if target in ("transaction", "purchaseOrder", "itemFulfillment"):
        kind = BY_CODE.get(str(row["type"]))
        return kind.name.lower() if kind else ""
    if target == "entity":
        return "customer" if row["type"] == "CustJob" else "vendor"
    if target == "item":
        return item_record(row).lower()
    return target.lower()


def item_record(row: Row) -> str:
    """The record type of an item depends on its kind (8.10)."""
    if row["itemtype"] == "InvtPart":
        if row["islotitem"] == "T":
            return "lotNumberedInventoryItem"
        return "serializedInventoryItem" if row["isserialitem"] == "T" else "inventoryItem"
    return {
        "Assembly": "assemblyItem",
        "Kit": "kitItem",
        "NonInvtPart": "nonInventoryResaleItem",
        "Service": "serviceResaleItem",
        "OthCharge": "otherChargeResaleItem",
    }.get(str(row["itemtype"]), "inventoryItem")
