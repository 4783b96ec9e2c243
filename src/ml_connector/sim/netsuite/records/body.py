"""Reading a request body into a record: names, values, references, sublists (6.2-6.6)."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from ml_connector.sim.netsuite.books import line_numbers
from ml_connector.sim.netsuite.books.books import Cell, whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document, Line
from ml_connector.sim.netsuite.books.line_numbers import Numbers
from ml_connector.sim.netsuite.records.entries import (
    AS_QUERIES_SAY,
    addressed,
    columns_of,
    has,
    items_of,
    key_of,
)
from ml_connector.sim.netsuite.records.scalars import ENUMERATIONS, SCALARS
from ml_connector.sim.netsuite.values.numbers import bounded
from ml_connector.sim.netsuite.values.properties import Property
from ml_connector.sim.netsuite.values.record_types import Sublist
from ml_connector.sim.netsuite.values.refusal import (
    invalid_content,
    invalid_field_value,
    user_error,
)
from ml_connector.sim.netsuite.values.targets import TABLES
from ml_connector.sim.readings.netsuite import COMPLETED_LINE

Validation = Literal["error", "warning", "ignore"]

READ_ONLY: Final = frozenset(
    [
        "id",
        "links",
        "refname",
        "createddate",
        "lastmodifieddate",
        "status",
        "statusref",
        "total",
        "subtotal",
        "balance",
        "transactionnumber",
        "quantityreceived",
        "quantitybilled",
        "quantityfulfilled",
        "quantityremaining",
        "quantityonhand",
        "quantityavailable",
        "orderid",
        "ordertype",
        "linkedtrackingnumbers",
        "linked",
        "isopen",
        "uniquekey",
        "lineuniquekey",
        "totalresults",
        "estimatedtotalvalue",
        "posting",
        "itemname",
        "itemtype",
        "usertotal",
        "shipmentnumber",
    ]
)
"""Properties that may be left in a body and change nothing."""

_ASSIGNMENT: Final[Mapping[str, Property]] = {
    "binnumber": Property("binNumber", "ref", "bin"),
    "expirationdate": Property("expirationDate", "date"),
    "inventorystatus": Property("inventoryStatus", "ref", "inventoryStatus"),
    "issueinventorynumber": Property("issueInventoryNumber", "ref", "inventoryNumber"),
    "quantity": Property("quantity", "num"),
    "receiptinventorynumber": Property("receiptInventoryNumber", "text"),
    "tobinnumber": Property("toBinNumber", "ref", "bin"),
    "toinventorystatus": Property("toInventoryStatus", "ref", "inventoryStatus"),
    "internalid": Property("internalId", "num"),
    "inventorydetail": Property("inventoryDetail", "num"),
    "quantityavailable": Property("quantityAvailable", "num"),
    "packcarton": Property("packCarton", "text"),
    "pickcarton": Property("pickCarton", "text"),
    "licenseplatenumber": Property("licensePlateNumber", "ref"),
    "secondaryquantity": Property("secondaryQuantity", "num"),
}
_ID: Final = re.compile(r"-?[0-9]{1,15}")
_EXTERNAL_ID: Final = re.compile(r"eid:(.+)")


class BodyReader:
    """Reads one request's body.

    Args:
        company: where references are looked up.
        names: what happens to unknown properties (X-NetSuite-PropertyNameValidation).
        values: what happens to unusable values (X-NetSuite-PropertyValueValidation).

    Attributes:
        warnings: what was ignored, for the answer's warning header.
    """

    def __init__(
        self,
        company: Company,
        *,
        names: Validation = "warning",
        values: Validation = "error",
    ) -> None:
        self.company = company
        self.names = names
        self.values = values
        self.warnings: list[str] = []

    def document(
        self,
        document: Document,
        body: Mapping[str, object],
        *,
        replace: frozenset[str] = frozenset(),
        transform: bool = False,
        by_person: bool = False,
    ) -> None:
        """Lay a body over a document.

        Args:
            document: changed in place.
            body: decoded JSON object.
            replace: lower-case sublists that are replaced instead of merged (6.5).
            transform: lines are addressed by ``orderLine``, or ``line`` (7.3).
            by_person: static sublists can be changed too, as the user interface can.

        Raises:
            Refusal: an unusable property, value, reference or line.
        """
        fields = {}
        lists: list[tuple[Sublist, object]] = []
        for key, value in body.items():
            sublist = document.kind.sublists.get(key.lower())
            if sublist is not None:
                lists.append((sublist, value))
            else:
                fields[key] = value
        self.fields(document.values, fields, document.kind.body)
        for sublist, value in lists:
            self._sublist(
                document,
                sublist,
                value,
                replace=sublist.name.lower() in replace,
                transform=transform,
                by_person=by_person,
            )

    def fields(
        self,
        target: dict[str, object],
        body: Mapping[str, object],
        known: Mapping[str, Property],
        path: str = "",
    ) -> None:
        """Lay plain properties over a dict of lower-case names.

        Raises:
            Refusal: see ``document``.
        """
        for key, value in body.items():
            lower = key.lower()
            wanted = known.get(lower) or self.company.custom_fields.get(lower)
            where = f"{path}.{key}" if path else key
            if lower in READ_ONLY:
                continue
            if wanted is None:
                self._unknown(key, where)
                continue
            target[lower] = None if value is None else self._value(wanted, value, key, where)

    def _unknown(self, key: str, where: str) -> None:
        if self.names == "error":
            raise invalid_content(f"Unknown reference or field name {key}.", path=where)
        if self.names == "warning":
            self.warnings.append(f"Unknown property '{where}' was ignored.")

    def _value(self, wanted: Property, value: object, key: str, where: str) -> object:
        try:
            return self._converted(wanted, value, key, where)
        except (ValueError, TypeError, KeyError) as error:
            if self.values == "error":
                raise invalid_content(f"Invalid value for the field {key}.", path=where) from error
            if self.values == "warning":
                self.warnings.append(f"Invalid value of '{where}' was ignored.")
            return None

    def _converted(self, wanted: Property, value: object, key: str, where: str) -> object:
        if wanted.kind == "ref":
            return self.reference(value, wanted.target, key, where)
        if wanted.kind == "sub" and key.lower() == "inventorydetail":
            return self._assignments(value, where)
        found = SCALARS[wanted.kind](value)
        if wanted.kind == "enum" and found not in ENUMERATIONS.get(key.lower(), (found,)):
            raise invalid_field_value(found, key, where)
        if key.lower() == "units" and not self._is_unit(str(found)):
            raise invalid_field_value(found, key, where)
        return found

    def _is_unit(self, text: str) -> bool:
        known = "SELECT 1 FROM unitstypeuom WHERE internalid = ?"
        return text.isdecimal() and self.company.books.value(known, (text,)) is not None

    def reference(self, value: object, target: str, field: str, where: str) -> object:
        """An id from ``{"id"}``, ``{"externalId"}``, ``{"refName"}`` or a bare id (6.3).

        Raises:
            Refusal: it points to nothing.
        """
        table, display = TABLES.get(target, ("", ""))
        if isinstance(value, dict):
            parts = {key.lower(): part for key, part in value.items()}
            if parts.get("id") is not None:
                given = parts["id"]
            elif parts.get("externalid") is not None and table:
                given = f"eid:{parts['externalid']}"
            elif parts.get("refname") is not None and table:
                return self._named(table, display, parts["refname"], field, where)
            else:
                raise ValueError("an id is wanted")
        else:
            given = value
        if isinstance(given, bool) or given is None:
            raise TypeError("an id is wanted")
        by_key = _EXTERNAL_ID.fullmatch(str(given))
        if by_key and table:
            return self._named(table, "externalid", by_key[1], field, where)
        if not table:
            return int(bounded(str(given)))
        if not _ID.fullmatch(str(given)) or not self.company.books.has(table, int(str(given))):
            raise invalid_field_value(given, field, where)
        return int(str(given))

    def _named(self, table: str, column: str, value: object, field: str, where: str) -> int:
        columns = {"transaction", "_item", "entity", "vendor", "customer", "location", "account"}
        if column == "externalid" and table not in columns | {"subsidiary", "inboundshipment"}:
            raise invalid_field_value(value, field, where)
        found: Cell = self.company.books.value(
            # Table and column come from TABLES.
            f'SELECT id FROM "{table}" WHERE "{column}" = ?',  # noqa: S608
            (str(value),),
        )
        if found is None:
            raise invalid_field_value(value, field, where)
        return whole(found)

    def _assignments(self, value: object, where: str) -> list[dict[str, object]]:
        if not isinstance(value, dict):
            raise TypeError("an object is wanted")
        detail = {key.lower(): part for key, part in value.items()}
        items = items_of(detail.get("inventoryassignment"))
        found = []
        for at, item in enumerate(items):
            target: dict[str, object] = {}
            path = f"{where}.inventoryAssignment.items[{at}]"
            self.fields(target, item, _ASSIGNMENT, path)
            found.append({key: part for key, part in target.items() if part is not None})
        return found

    def _sublist(
        self,
        document: Document,
        sublist: Sublist,
        value: object,
        *,
        replace: bool,
        transform: bool,
        by_person: bool,
    ) -> None:
        name = sublist.name.lower()
        static = sublist.static and not by_person
        try:
            items = items_of(value)
        except TypeError as error:
            raise invalid_content(
                f"Invalid value for the field {sublist.name}.", path=sublist.name
            ) from error
        cleared = value is None or (isinstance(value, dict) and not items and "items" in value)
        if cleared or (replace and not sublist.keyed):
            if static and document.of(name):
                raise _static(sublist.name)
            document.lines = [line for line in document.lines if line.sublist != name]
        kept: list[Line] = []
        for at, item in enumerate(items):
            path = f"{sublist.name}.items[{at}]"
            line = self._line(
                document,
                sublist,
                item,
                path,
                static=static,
                transform=transform,
                by_person=by_person,
            )
            before = line.values.get("inventorydetail")
            if before and line.values.get("$prefilled") and has(item, "inventorydetail"):
                raise _static("inventoryAssignment")
            self.fields(
                line.values,
                columns_of(item, static=sublist.static or transform),
                sublist.columns,
                path,
            )
            if has(item, "amount") and not has(item, "rate") and name == "item":
                line.values.pop("rate", None)
                line.values.pop("$priced", None)
            kept.append(line)
        if replace and sublist.keyed:
            if static and len(kept) < len(document.of(name)):
                raise _static(sublist.name)
            document.lines = [
                line for line in document.lines if line.sublist != name or line in kept
            ]

    def _line(
        self,
        document: Document,
        sublist: Sublist,
        item: Mapping[str, object],
        path: str,
        *,
        static: bool,
        transform: bool,
        by_person: bool,
    ) -> Line:
        name = sublist.name.lower()
        found = None
        if sublist.keyed:
            found = addressed(
                document.of(name),
                item,
                path,
                transform=transform,
                static=sublist.static,
                numbers=AS_QUERIES_SAY if by_person else self._numbers(document),
            )
        if found is not None:
            return found
        if static and self._passes_over(item, transform=transform):
            return Line(0, name)
        if static:
            raise _static(sublist.name)
        line = Line(0, name)
        wanted = key_of(item, "line")
        taken = {each.id for each in document.lines if each.sublist in ("item", "expense", name)}
        if wanted is not None and wanted > 0 and wanted not in taken and not transform:
            line.id = wanted
        document.lines.append(line)
        return line

    def _passes_over(self, item: Mapping[str, object], *, transform: bool) -> bool:
        """Whether a line that is not to be received, and is not there, is passed over (16.2)."""
        given = {key.lower(): value for key, value in item.items()}
        left_out = given.get("itemreceive") in (False, "false", "F")
        return transform and left_out and self.company.readings[COMPLETED_LINE] == "passed-over"

    def _numbers(self, document: Document) -> tuple[Numbers, Numbers]:
        """What REST calls the document's own lines, and those of the order it is made from."""
        return (
            line_numbers.own(self.company, document),
            line_numbers.of_source(self.company, document),
        )


def _static(name: str) -> Exception:
    """Of a line that is added to a static sublist, or that a transform did not prefill (16.2)."""
    return user_error(
        "You have attempted an invalid sublist or line item operation. You are either trying to "
        "access a field on a non-existent line or you are trying to add or remove lines from a "
        "static sublist.",
        path=name,
    )
