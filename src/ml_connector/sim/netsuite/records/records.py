"""The record service: /services/rest/record/v1 (reference 6, 7)."""

import re
from collections.abc import Callable
from typing import Final

from ml_connector.sim.netsuite.books import line_numbers
from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document, find_by_external_id, load
from ml_connector.sim.netsuite.documents.posting import remove, save
from ml_connector.sim.netsuite.records.body import BodyReader, Validation
from ml_connector.sim.netsuite.records.listed import ListedRecords, collection, paging
from ml_connector.sim.netsuite.records.roles import TRANSFORMS, Action, permission_missing
from ml_connector.sim.netsuite.records.shipments import ShipmentService
from ml_connector.sim.netsuite.records.transforms import transform
from ml_connector.sim.netsuite.records.views import Viewer
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_created, answer_json
from ml_connector.sim.netsuite.values.other_types import OTHER_TYPES
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES, RecordType
from ml_connector.sim.netsuite.values.refusal import invalid_content, invalid_request, not_found
from ml_connector.sim.readings.netsuite import (
    EXTERNAL_ID_IN_TRANSFORM,
    REPLACE_ITEM,
    REPLACE_PACKAGE,
)

PREFIX: Final = "/services/rest/record/v1"

_EID: Final = "eid:"
_ID: Final = re.compile(r"[0-9]{1,15}")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_VALIDATIONS: Final[dict[str, Validation]] = {
    "error": "error",
    "warning": "warning",
    "ignore": "ignore",
}
_CREATE_FORM: Final = "application/vnd.oracle.resource+json;type=create-form"
_NO_DIRECT_POST: Final = frozenset({"itemReceipt", "itemFulfillment"})

Permit = Callable[[str, Action], None]
"""Raises a refusal where the role lacks a permission, by its key, for an action."""


class RecordService:
    """Answers the record service for one account.

    Args:
        company: the books.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.listed = ListedRecords(company)
        self.shipments = ShipmentService(company)

    def answer(self, request: Request, permit: Permit) -> Answer:
        """Answer one call below ``PREFIX``.

        Raises:
            Refusal: as NetSuite refuses.
        """
        parts = [part for part in request.path.removeprefix(PREFIX).split("/") if part]
        if parts and parts[0].lower() in OTHER_TYPES:
            return self._empty(request, OTHER_TYPES[parts[0].lower()], parts)
        kind = self._kind(parts)
        if len(parts) == 1:
            return self._collection(request, kind, permit)
        key = parts[1]
        if len(parts) == 4 and parts[2] == "!transform":  # noqa: PLR2004 - type/id/!transform/to
            return self._transform(request, kind, key, parts[3], permit)
        if len(parts) in (3, 4):
            return self._sublist(request, kind, key, parts[2:], permit)
        if len(parts) > 2:  # noqa: PLR2004 - type and id
            raise invalid_request("The requested resource does not exist.", status=404)
        return self._record(request, kind, key, permit)

    def _kind(self, parts: list[str]) -> RecordType:
        kind = RECORD_TYPES.get(parts[0].lower()) if parts else None
        hidden = kind is not None and (
            (kind.name == "subsidiary" and not self.company.preferences.one_world)
            or (kind.name == "inboundShipment" and not self.company.preferences.inbound_shipments)
        )
        if kind is None or hidden:
            name = parts[0] if parts else ""
            raise invalid_request(f"Record type '{name}' does not exist.", status=404)
        return kind

    def _empty(self, request: Request, kind: RecordType, parts: list[str]) -> Answer:
        """Answer for a record type that holds nothing here; it can't be written either."""
        if request.method != "GET":
            raise permission_missing(as_400=False)
        if len(parts) > 1:
            raise not_found()
        limit, offset = paging(request)
        url = f"{self._root(request)}/{kind.name}"
        return answer_json(collection([], url, limit=limit, offset=offset, total=0))

    def _collection(self, request: Request, kind: RecordType, permit: Permit) -> Answer:
        if request.method == "GET":
            permit(kind.permission, "view")
            if request.flag("expandRecords"):
                return self._batch(request, kind)
            return answer_json(self.listed.page(kind, request, self._root(request)))
        if request.method != "POST":
            raise _no_method(request)
        permit(kind.permission, "create")
        if kind.table == "inboundshipment":
            return self.shipments.create(request, self.reader(request), self._root(request))
        if kind.table != "transaction":
            return self.listed.create(kind, request, self._root(request))
        if kind.name in _NO_DIRECT_POST:
            raise invalid_request(
                f"The record {kind.name} cannot be created directly. Transform an order."
            )
        document = Document(kind)
        warnings = self._lay(request, document)
        save(self.company, document)
        return self._saved(request, document, warnings)

    def _batch(self, request: Request, kind: RecordType) -> Answer:
        """``?expandRecords=true&ids=1,2``: whole records instead of links (batch read).

        The shape of the answer isn't published; it is a collection of records here.
        """
        wanted = sorted(request.names("ids"))
        if kind.table != "transaction" or not wanted:
            raise invalid_request("expandRecords needs ids of transactions.")
        expand = request.flag("expandSubResources")
        items = [
            self._viewer(request).document(self._document(kind, key), expand=expand)
            for key in wanted
        ]
        return answer_json(
            {
                "links": [],
                "items": items,
                "count": len(items),
                "offset": 0,
                "hasMore": False,
                "totalResults": len(items),
            }
        )

    def _record(self, request: Request, kind: RecordType, key: str, permit: Permit) -> Answer:
        if request.method not in ("GET", "PATCH", "PUT", "DELETE"):
            raise _no_method(request)
        actions: dict[str, Action] = {"GET": "view", "DELETE": "delete"}
        permit(kind.permission, actions.get(request.method, "edit"))
        if kind.table == "inboundshipment":
            reader = self.reader(request)
            return self.shipments.answer(request, reader, key, self._root(request))
        if kind.table != "transaction":
            return self.listed.answer(kind, key, request, self._root(request))
        if request.method == "PUT":
            return self._put(request, kind, key, permit)
        document = self._document(kind, key)
        if request.method == "GET":
            return self._show(request, document)
        if request.method == "DELETE":
            remove(self.company, document, context="RST")
            return Answer(204)
        warnings = self._lay(request, document, replace=True)
        save(self.company, document)
        return self._saved(request, document, warnings)

    def _put(self, request: Request, kind: RecordType, key: str, permit: Permit) -> Answer:
        """Upsert by external id: the first one creates, the next appends (6.5, 11.2)."""
        external_id = key.removeprefix(_EID)
        if not key.startswith(_EID) or not _KEY.fullmatch(external_id):
            raise invalid_request("PUT works with an external ID only, such as eid:my-key.")
        found = find_by_external_id(self.company.books, kind, external_id)
        document = Document(kind) if found is None else load(self.company.books, found)
        if document is None:
            raise not_found()
        if not document.id:
            permit(kind.permission, "create")
            if kind.name in _NO_DIRECT_POST:
                raise invalid_request(
                    f"The record {kind.name} cannot be created directly. Transform an order."
                )
        warnings = self._lay(request, document, replace=True)
        document.values["externalid"] = external_id
        save(self.company, document)
        return self._saved(request, document, warnings)

    def _transform(
        self, request: Request, kind: RecordType, key: str, target: str, permit: Permit
    ) -> Answer:
        if request.method != "POST":
            raise _no_method(request)
        goal = RECORD_TYPES.get(target.lower())
        if goal is None or kind.table != "transaction":
            raise invalid_request(f"The record {kind.name} cannot be transformed to {target}.")
        permit(goal.permission, "create")
        permit(TRANSFORMS.get((kind.name, goal.name), ""), "create")
        source = self._document(kind, key)
        document = transform(self.company, source, target)
        preview = request.headers.get("accept", "").replace(" ", "").lower() == _CREATE_FORM
        warnings = self._lay(request, document, replace=True, transform=True)
        if self.company.readings[EXTERNAL_ID_IN_TRANSFORM] == "ignored":
            document.values.pop("externalid", None)
        if preview:
            return self._form(request, document)
        save(self.company, document)
        return self._saved(request, document, warnings)

    def _form(self, request: Request, document: Document) -> Answer:
        """``create-form``: the prefilled record; nothing is saved (6.10)."""
        with self.company.books.preview():
            document.values.setdefault("trandate", self.company.books.today())
            form = self._viewer(request).document(document, expand=True)
        del form["id"]
        return answer_json(form, kind="application/vnd.oracle.resource+json; type=create-form")

    def _sublist(
        self, request: Request, kind: RecordType, key: str, rest: list[str], permit: Permit
    ) -> Answer:
        if request.method != "GET":
            raise _no_method(request)
        permit(kind.permission, "view")
        sublist = kind.sublists.get(rest[0].lower())
        if sublist is None or kind.table != "transaction":
            raise invalid_request("The requested resource does not exist.", status=404)
        document = self._document(kind, key)
        viewer = self._viewer(request)
        if len(rest) == 1:
            return answer_json(viewer.sublist(document, sublist))
        number = line_numbers.own(self.company, document)
        lines = document.of(sublist.name.lower())
        wanted = [line for line in lines if str(number(line.id)) == rest[1]]
        if not wanted:
            raise not_found()
        url = f"{request.origin}{request.path}"
        return answer_json(viewer.line(document, sublist, wanted[0], url))

    def _document(self, kind: RecordType, key: str) -> Document:
        books = self.company.books
        found: int | None = None
        if key.startswith(_EID):
            found = find_by_external_id(books, kind, key.removeprefix(_EID))
        elif _ID.fullmatch(key):
            found = whole(key)
        else:
            raise invalid_content(f"Invalid ID {key}.")
        document = load(books, found) if found is not None else None
        if document is None or document.kind.name != kind.name:
            raise not_found()
        return document

    def _show(self, request: Request, document: Document) -> Answer:
        viewer = self._viewer(request)
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        shown = viewer.document(
            document,
            expand=request.flag("expandSubResources"),
            suffix=f"?{query}" if query else "",
        )
        wanted = request.names("fields")
        if wanted:
            shown = {
                key: value
                for key, value in shown.items()
                if key.lower() in wanted or key in ("links", "id")
            }
        return answer_json(shown)

    def _lay(
        self,
        request: Request,
        document: Document,
        *,
        replace: bool = False,
        transform: bool = False,
    ) -> list[str]:
        body = request.json() if request.body.strip() else {}
        if not isinstance(body, dict):
            raise invalid_request("The request body must be a JSON object.")
        reader = self.reader(request)
        reader.document(
            document,
            body,
            replace=self._replaced(request, transform=transform) if replace else frozenset(),
            transform=transform,
        )
        if replace and request.flag("replaceSelectedFields"):
            sent = {key.lower() for key in body}
            for name in request.names("replace") - sent - set(document.kind.sublists):
                document.values.pop(name, None)
        return reader.warnings

    def _replaced(self, request: Request, *, transform: bool) -> frozenset[str]:
        """The sublists that a request replaces, but those that this world does not let it."""
        readings = self.company.readings
        kept = set()
        if transform and readings[REPLACE_ITEM] == "ignored":
            kept.add("item")
        if readings[REPLACE_PACKAGE] == "ignored":
            kept.add("package")
        return request.names("replace") - kept

    def reader(self, request: Request) -> BodyReader:
        """A reader with the validation the headers ask for (6.2)."""
        return BodyReader(
            self.company,
            names=_validation(request, "x-netsuite-propertynamevalidation", "warning"),
            values=_validation(request, "x-netsuite-propertyvaluevalidation", "error"),
        )

    def _root(self, request: Request) -> str:
        return f"{request.origin}{PREFIX}"

    def _viewer(self, request: Request) -> Viewer:
        return Viewer(
            self.company, self._root(request), simple_enums=request.flag("simpleEnumFormat")
        )

    def _saved(self, request: Request, document: Document, warnings: list[str]) -> Answer:
        return answer_created(
            f"{self._root(request)}/{document.kind.name}/{document.id}", warnings
        )


def _validation(request: Request, header: str, default: Validation) -> Validation:
    given = request.headers.get(header)
    if given is None:
        return default
    found = _VALIDATIONS.get(given.strip().lower())
    if found is None:
        raise invalid_request(f"Invalid value '{given}' of the header.", header=header)
    return found


def _no_method(request: Request) -> Exception:
    return invalid_request(
        f"The method {request.method} is not allowed on this resource.", status=405
    )
