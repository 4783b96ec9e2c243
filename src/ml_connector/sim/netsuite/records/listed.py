"""Records that aren't transactions, and the collections of all (reference 6.1, 6.8)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ml_connector.sim.netsuite.books.books import Row
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.records.body import BodyReader
from ml_connector.sim.netsuite.records.filters import condition
from ml_connector.sim.netsuite.records.views import Viewer
from ml_connector.sim.netsuite.suiteql.suiteql import page_links
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_created, answer_json
from ml_connector.sim.netsuite.values.record_types import RecordType
from ml_connector.sim.netsuite.values.refusal import (
    Refusal,
    invalid_content,
    invalid_request,
    not_found,
    user_error,
)

_WRITABLE: Final = {
    "vendor": "companyname",
    "customer": "companyname",
}
_ENTITY_NAMES: Final = {"vendor": "Vendor", "customer": "CustJob"}
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


class ListedRecords:
    """Vendors, customers, items, locations and the like, as REST records.

    Args:
        company: the books.
    """

    def __init__(self, company: Company) -> None:
        self.company = company

    def page(self, kind: RecordType, request: Request, root: str) -> dict[str, object]:
        """``GET /{type}``: ids and links only; ``q``, ``limit``, ``offset`` (6.1).

        Raises:
            Refusal: a filter or page that can't be used.
        """
        limit, offset = paging(request)
        where, parameters = condition(self.company.books, kind, request.query.get("q", ""))
        books = self.company.books
        table = f'FROM "{kind.table}" WHERE {where}'
        # Table and condition are made of record_types.py's names; values are bound.
        total = int(books.value(f"SELECT COUNT(*) {table}", parameters) or 0)
        rows = books.rows(
            f"SELECT id {table} ORDER BY id LIMIT ? OFFSET ?",
            [*parameters, limit, offset],
        )
        url = f"{root}/{kind.name}"
        items = [
            {
                "links": [{"rel": "self", "href": f"{url}/{row['id']}"}],
                "id": str(row["id"]),
            }
            for row in rows
        ]
        return collection(items, url, limit=limit, offset=offset, total=total)

    def find(self, kind: RecordType, key: str) -> Row:
        """The row of ``{id}`` or ``eid:{externalId}``.

        Raises:
            Refusal: there is none.
        """
        if key.startswith("eid:"):
            if kind.table != "inboundshipment" and "externalid" not in kind.columns:
                raise not_found()
            column, value = "externalid", key.removeprefix("eid:")
        elif key.lstrip("-").isdecimal():
            column, value = "id", key
        else:
            raise invalid_content(f"Invalid ID {key}.")
        row = self.company.books.row(
            # Names come from record_types.py.
            f'SELECT * FROM "{kind.table}" WHERE "{column}" = ? AND {kind.only}',  # noqa: S608
            (value,),
        )
        if row is None:
            raise not_found()
        return row

    def answer(self, kind: RecordType, key: str, request: Request, root: str) -> Answer:
        """GET and PATCH of one record.

        Raises:
            Refusal: unknown record, or the method isn't for this type.
        """
        if request.method == "GET":
            row = self.find(kind, key)
            return answer_json(Viewer(self.company, root).listed(kind, row))
        if request.method == "PATCH" and kind.name in _WRITABLE:
            row = self.find(kind, key)
            values = self._values(kind, request)
            self.company.books.update(kind.table, values, id=row["id"])
            return answer_created(f"{root}/{kind.name}/{row['id']}")
        raise invalid_request(
            f"The method {request.method} is not allowed on this resource.", status=405
        )

    def create(self, kind: RecordType, request: Request, root: str) -> Answer:
        """POST of a vendor or customer.

        Raises:
            Refusal: a value is missing, or the name or external id is taken.
        """
        if kind.name not in _WRITABLE:
            raise invalid_request(f"The method POST is not allowed on {kind.name}.", status=405)
        values = self._values(kind, request)
        name = values.get("companyname") or values.get("entityid")
        if name is None:
            raise user_error("You must enter a value for Company Name.")
        entity_id = self.create_entity(kind.table, str(name), values)
        return answer_created(f"{root}/{kind.name}/{entity_id}")

    def create_entity(self, table: str, name: str, values: Mapping[str, object]) -> int:
        """Add a vendor or customer; entities share one space of names and external ids (6.7).

        Raises:
            Refusal: "This entity already exists."
        """
        books = self.company.books
        shown = str(values.get("entityid") or name)
        external_id = values.get("externalid")
        if books.row(
            "SELECT 1 FROM entity WHERE (entityid = ? AND type = ?) OR externalid = ?",
            (shown, _ENTITY_NAMES[table], external_id),
        ):
            raise user_error("This entity already exists.")
        with books.transaction():
            entity_id = values.get("id") or books.next_id("entity", first=101)
            books.insert(
                "entity",
                {
                    "id": entity_id,
                    "entityid": shown,
                    "altname": name,
                    "type": _ENTITY_NAMES[table],
                    "isinactive": values.get("isinactive", False),
                    "externalid": external_id,
                },
            )
            row = {
                "entityid": shown,
                "companyname": name,
                "isinactive": False,
                "currency": self.company.base_currency(),
                "lastmodifieddate": books.now(),
                "datecreated": books.now(),
            }
            row |= {key: value for key, value in values.items() if value is not None}
            books.insert(table, row | {"id": entity_id})
            if row.get("subsidiary") is not None and table == "vendor":
                books.insert(
                    "vendorsubsidiaryrelationship",
                    {"entity": entity_id, "subsidiary": row["subsidiary"], "isprimarysub": True},
                )
        return int(str(entity_id))

    def _values(self, kind: RecordType, request: Request) -> dict[str, object]:
        body = request.json()
        if not isinstance(body, dict):
            raise invalid_request("The request body must be a JSON object.")
        target: dict[str, object] = {}
        BodyReader(self.company).fields(target, body, kind.body)
        return {key: value for key, value in target.items() if key in kind.columns}


def collection(
    items: Sequence[object], url: str, *, limit: int, offset: int, total: int
) -> dict[str, object]:
    """One page of a collection (6.1)."""
    return {
        "links": page_links(url, limit, offset, total),
        "items": items,
        "count": len(items),
        "offset": offset,
        "hasMore": offset + len(items) < total,
        "totalResults": total,
    }


def paging(request: Request) -> tuple[int, int]:
    """The limit and the offset that a request asks for.

    Raises:
        Refusal: they are no numbers, or beyond what is allowed.
    """
    numbers = []
    for name, default in (("limit", 1000), ("offset", 0)):
        text = request.query.get(name, str(default))
        if not _WHOLE.fullmatch(text):
            raise Refusal(
                400, "INVALID_PARAMETER", f"The {name} must be a number.", query_param=name
            )
        numbers.append(int(text))
    limit, offset = numbers
    if not 1 <= limit <= 1000 or offset % limit:  # noqa: PLR2004 - the documented maximum
        raise Refusal(
            400,
            "INVALID_PARAMETER",
            "The limit must be between 1 and 1000 and the offset divisible by it.",
            query_param="limit" if not 1 <= limit <= 1000 else "offset",  # noqa: PLR2004
        )
    return limit, offset
