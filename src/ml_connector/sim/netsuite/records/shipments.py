"""inboundShipment: an optional mirror of a WRO; it can't be received over REST (8.4)."""

from typing import Final

from ml_connector.sim.netsuite.books.books import Row, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Line, pack, unpack
from ml_connector.sim.netsuite.records.body import BodyReader
from ml_connector.sim.netsuite.records.views import Viewer
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_created, answer_json
from ml_connector.sim.netsuite.values.numbers import exact
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES
from ml_connector.sim.netsuite.values.refusal import (
    invalid_field_value,
    invalid_request,
    not_found,
    user_error,
)

STATUSES: Final = ("toBeShipped", "inTransit", "partiallyReceived", "received", "closed")
_KIND: Final = RECORD_TYPES["inboundshipment"]
_COLUMNS: Final = [
    "shipmentstatus",
    "externalid",
    "externaldocumentnumber",
    "expecteddeliverydate",
    "shipmentmemo",
    "vesselnumber",
    "billoflading",
]


class ShipmentService:
    """Create, read, change and delete inbound shipments.

    Args:
        company: the books.
    """

    def __init__(self, company: Company) -> None:
        self.company = company

    def create(self, request: Request, reader: BodyReader, root: str) -> Answer:
        """POST.

        Raises:
            Refusal: no lines, an unknown purchase order line, or the external id is taken.
        """
        values, lines = self._read(request, reader, {}, [])
        return answer_created(self._save(None, values, lines, root), reader.warnings)

    def answer(self, request: Request, reader: BodyReader, key: str, root: str) -> Answer:
        """GET, PATCH, PUT or DELETE of one.

        Raises:
            Refusal: unknown shipment, or as for ``create``.
        """
        row = self._find(key)
        if request.method == "PUT":
            if not key.startswith("eid:"):
                raise invalid_request("PUT works with an external ID only, such as eid:my-key.")
            values, lines = self._loaded(row) if row else ({}, [])
            values, lines = self._read(request, reader, values, lines)
            values["externalid"] = key.removeprefix("eid:")
            return answer_created(self._save(row, values, lines, root), reader.warnings)
        if row is None:
            raise not_found()
        if request.method == "GET":
            return answer_json(self._view(request, row, root))
        if request.method == "DELETE":
            self.company.books.delete("inboundshipmentitem", inboundshipment=row["id"])
            self.company.books.delete("inboundshipment", id=row["id"])
            return Answer(204)
        values, lines = self._read(request, reader, *self._loaded(row))
        return answer_created(self._save(row, values, lines, root), reader.warnings)

    def _find(self, key: str) -> Row | None:
        column = "externalid" if key.startswith("eid:") else "id"
        return self.company.books.row(
            f"SELECT * FROM inboundshipment WHERE {column} = ?",  # noqa: S608 - two own names
            (key.removeprefix("eid:"),),
        )

    def _loaded(self, row: Row) -> tuple[dict[str, object], list[Line]]:
        rows = self.company.books.rows(
            "SELECT id, _values FROM inboundshipmentitem WHERE inboundshipment = ? ORDER BY id",
            (row["id"],),
        )
        lines = [Line(whole(each["id"]), "items", unpack(each["_values"])) for each in rows]
        return unpack(row["_values"]), lines

    def _read(
        self,
        request: Request,
        reader: BodyReader,
        values: dict[str, object],
        lines: list[Line],
    ) -> tuple[dict[str, object], list[Line]]:
        body = request.json() if request.body.strip() else {}
        if not isinstance(body, dict):
            raise invalid_request("The request body must be a JSON object.")
        fields = {key: value for key, value in body.items() if key.lower() != "items"}
        sent = [value for key, value in body.items() if key.lower() == "items"]
        reader.fields(values, fields, _KIND.body)
        items = sent[0].get("items", []) if sent and isinstance(sent[0], dict) else []
        if "items" in request.names("replace"):
            lines = []
        columns = _KIND.sublists["items"].columns
        for at, item in enumerate(items):
            known = {str(line.id): line for line in lines}
            line = known.get(str(item.get("id"))) or Line(0, "items")
            if line not in lines:
                lines.append(line)
            reader.fields(line.values, item, columns, f"items.items[{at}]")
        return values, lines

    def _save(
        self, row: Row | None, values: dict[str, object], lines: list[Line], root: str
    ) -> str:
        books = self.company.books
        values.setdefault("shipmentstatus", "toBeShipped")
        if values["shipmentstatus"] not in STATUSES:
            raise invalid_field_value(values["shipmentstatus"], "shipmentStatus", "shipmentStatus")
        if not lines:
            raise user_error("You must enter at least one line item for this transaction.")
        own = row["id"] if row else 0
        if books.row(
            "SELECT 1 FROM inboundshipment WHERE externalid = ? AND id <> ?",
            (values.get("externalid"), own),
        ):
            raise user_error("This record already exists.")
        with books.transaction():
            columns = {name: values.get(name) for name in _COLUMNS}
            columns |= {
                "_values": pack(values),
                "lastmodifieddate": books.now(),
                "_modified": instants.utc_text(books.clock.now()),
            }
            if row is None:
                own = books.insert("inboundshipment", {**columns, "createddate": books.now()})
                books.update("inboundshipment", {"shipmentnumber": f"INBSHIP{own}"}, id=own)
            else:
                books.update("inboundshipment", columns, id=own)
            self._save_lines(whole(own), lines)
        return f"{root}/{_KIND.name}/{own}"

    def _save_lines(self, shipment: int, lines: list[Line]) -> None:
        books = self.company.books
        books.delete("inboundshipmentitem", inboundshipment=shipment)
        for at, line in enumerate(lines):
            ordered = self._ordered(line, f"items.items[{at}]")
            expected = exact(line.values.get("quantityexpected") or ordered["quantity"])
            line.values["quantityexpected"] = f"{expected:f}"
            columns: dict[str, object] = {
                "inboundshipment": shipment,
                "purchaseordertransaction": ordered["transaction"],
                "shipmentitemtransaction": ordered["uniquekey"],
                "quantityexpected": expected,
                "quantityreceived": 0,
                "quantityremaining": expected,
                "receivinglocation": line.values.get("receivinglocation") or ordered["location"],
                "_values": pack(line.values),
            }
            if line.id:
                columns["id"] = line.id
            books.insert("inboundshipmentitem", columns)

    def _ordered(self, line: Line, path: str) -> Row:
        """The purchase order line; ``shipmentItem`` is its line unique key (8.4)."""
        key = line.values.get("shipmentitem")
        row = self.company.books.row(
            'SELECT l.*, t.type FROM transactionline l JOIN "transaction" t '
            'ON t.id = l."transaction" WHERE l.uniquekey = ?',
            (key,),
        )
        if row is None or row["type"] != "PurchOrd" or row["item"] is None:
            raise invalid_field_value(key, "shipmentItem", f"{path}.shipmentItem")
        order = line.values.get("purchaseorder")
        if order is not None and order != row["transaction"]:
            raise invalid_field_value(order, "purchaseOrder", f"{path}.purchaseOrder")
        return row

    def _view(self, request: Request, row: Row, root: str) -> dict[str, object]:
        viewer = Viewer(self.company, root, simple_enums=request.flag("simpleEnumFormat"))
        values, lines = self._loaded(row)
        here = f"{root}/{_KIND.name.lower()}/{row['id']}"
        answer: dict[str, object] = {
            "links": [{"rel": "self", "href": here}],
            "id": str(row["id"]),
            "shipmentNumber": row["shipmentnumber"],
            "lastModifiedDate": row["_modified"],
        }
        answer |= viewer.fields(values, _KIND.body)
        if not request.flag("expandSubResources"):
            return answer | {"items": {"links": [{"rel": "self", "href": f"{here}/items"}]}}
        columns = _KIND.sublists["items"].columns
        items = [
            {
                "links": [{"rel": "self", "href": f"{here}/items/{line.id}"}],
                "id": line.id,
                **viewer.fields(line.values, columns),
            }
            for line in lines
        ]
        answer["items"] = {
            "links": [{"rel": "self", "href": f"{here}/items"}],
            "items": items,
            "totalResults": len(items),
        }
        return answer
