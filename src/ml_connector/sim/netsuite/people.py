"""What people do in the user interface: enter, change and delete documents, close periods."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector.sim.netsuite.books import periods
from ml_connector.sim.netsuite.books.books import whole
from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.books.documents import Document, load
from ml_connector.sim.netsuite.books.places import subsidiaries_of
from ml_connector.sim.netsuite.documents.posting import remove, save
from ml_connector.sim.netsuite.master_data import Number, item_id
from ml_connector.sim.netsuite.records.body import BodyReader
from ml_connector.sim.netsuite.records.transforms import transform
from ml_connector.sim.netsuite.set_up import FIRST_LOT, has_bins, has_lots, in_cases
from ml_connector.sim.netsuite.values.record_types import RECORD_TYPES, RecordType

LineSpec = Mapping[str, object]
"""A line of an order: ``item`` (id or SKU) and REST property names, ``line`` for an own id."""


class People:
    """Acts on the books as people do, without the API's limits.

    Args:
        company: whose books.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.books = company.books

    def add_purchase_order(
        self,
        tranid: str | None = None,
        *,
        vendor: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A purchase order as a person enters it; approved, so status B.

        Args:
            tranid: number; drawn when left out.
            vendor: id.
            lines: ``{"item": id or SKU, "quantity": 10, "rate": "2.50", "location": id,
                "line": 4}``; a line without ``item`` is an expense line (``account``,
                ``amount``).
            location: of the header.
            fields: further REST properties, such as ``tranDate="2026-11-20"``, ``memo=...``.

        Returns:
            internal id.
        """
        lines = [
            in_cases(self.company, self._line(line)) if "item" in line else line for line in lines
        ]
        return self._order(
            "purchaseOrder", tranid, lines, entity=vendor, location=location, **fields
        )

    def add_sales_order(
        self,
        tranid: str | None = None,
        *,
        customer: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A sales order, approved (status B). Arguments as for purchase orders."""
        return self._order(
            "salesOrder", tranid, lines, entity=customer, location=location, **fields
        )

    def add_transfer_order(
        self,
        tranid: str | None = None,
        *,
        source: int,
        target: int,
        lines: Sequence[LineSpec],
        **fields: object,
    ) -> int:
        """A transfer order between two locations, approved (status B)."""
        return self._order(
            "transferOrder", tranid, lines, location=source, transferLocation=target, **fields
        )

    def add_return_authorization(
        self,
        tranid: str | None = None,
        *,
        customer: int,
        lines: Sequence[LineSpec],
        location: int | None = None,
        **fields: object,
    ) -> int:
        """A return authorization, approved (status B)."""
        return self._order(
            "returnAuthorization", tranid, lines, entity=customer, location=location, **fields
        )

    def add_to_stock(
        self,
        sku: str | int,
        location: int,
        quantity: Number,
        *,
        cost: Number | None = None,
        lot: str | None = None,
        bin_id: int | None = None,
        **fields: object,
    ) -> int:
        """Opening stock: an inventory adjustment against the expense account, by a person.

        Args:
            sku: item id or SKU.
            location: its id.
            quantity: in stock units; negative takes away.
            cost: of one unit.
            lot: lot or serial number, for items that have them.
            bin_id: internal id, where the location has bins.
            fields: further REST properties of the adjustment.

        Returns:
            the adjustment's id.
        """
        line: dict[str, object] = {
            "item": item_id(self.company, sku),
            "location": location,
            "adjustQtyBy": Decimal(quantity),
        }
        item = self.company.item(whole(line["item"]))
        if lot is None and has_lots(self.company, str(item["itemtype"])):
            lot = FIRST_LOT
        if bin_id is None and has_bins(self.company):
            found = self.books.value("SELECT MIN(id) FROM bin WHERE location = ?", (location,))
            bin_id = None if found is None else whole(found)
        if cost is not None:
            line["unitCost"] = Decimal(cost)
        if lot is not None or bin_id is not None:
            share: dict[str, object] = {"quantity": Decimal(quantity)}
            if lot is not None:
                share["receiptInventoryNumber"] = lot
            if bin_id is not None:
                share["binNumber"] = bin_id
            line["inventoryDetail"] = {"inventoryAssignment": {"items": [share]}}
        of_location = subsidiaries_of(self.company, location)
        subsidiary = (
            of_location[0] if of_location else self.books.value("SELECT MIN(id) FROM subsidiary")
        )
        body: dict[str, object] = {
            "account": self.company.account("expense"),
            "adjLocation": location,
            "inventory": {"items": [line]},
        }
        if subsidiary is not None:
            body["subsidiary"] = subsidiary
        return self.create("inventoryAdjustment", {**body, **fields})

    def _order(
        self, record_type: str, tranid: str | None, lines: Sequence[LineSpec], **fields: object
    ) -> int:
        body: dict[str, object] = {
            key: value for key, value in fields.items() if value is not None
        }
        if tranid is not None:
            body["tranId"] = tranid
        body["item"] = {"items": [self._line(line) for line in lines if "item" in line]}
        expenses = [dict(line) for line in lines if "item" not in line]
        if expenses:
            body["expense"] = {"items": expenses}
        return self.create(record_type, body)

    def _line(self, line: LineSpec) -> dict[str, object]:
        return {**line, "item": item_id(self.company, line["item"])}

    def create(self, record_type: str, body: Mapping[str, object]) -> int:
        """Enter any transaction as a person would; the body is REST's.

        Raises:
            Refusal: NetSuite would not take it.
        """
        document = Document(transaction_type(record_type))
        with self.books.lock:
            BodyReader(self.company, names="error").document(document, body, by_person=True)
            return save(self.company, document, by_person=True)

    def transform(
        self,
        record_type: str,
        internal_id: int,
        target: str,
        body: Mapping[str, object] | None = None,
    ) -> int:
        """Transform as a person would, such as a purchase order into a receipt.

        Returns:
            the new document's id.
        """
        with self.books.lock:
            document = transform(self.company, self._document(record_type, internal_id), target)
            reader = BodyReader(self.company, names="error")
            reader.document(document, body or {}, transform=True, by_person=True)
            return save(self.company, document, by_person=True)

    def edit(self, record_type: str, internal_id: int, body: Mapping[str, object]) -> None:
        """Change a transaction as a person would: REST's PATCH, static sublists included."""
        with self.books.lock:
            document = self._document(record_type, internal_id)
            BodyReader(self.company, names="error").document(document, body, by_person=True)
            save(self.company, document, by_person=True)

    def delete(self, record_type: str, internal_id: int) -> None:
        """Delete a transaction as a person would; its external id is free again."""
        with self.books.lock:
            remove(self.company, self._document(record_type, internal_id))

    def _document(self, record_type: str, internal_id: int) -> Document:
        document = load(self.books, internal_id)
        if document is None or document.kind is not transaction_type(record_type):
            raise KeyError(f"There is no {record_type} {internal_id}.")
        return document

    def close_period(self, month: str) -> None:
        """Close a posting period, written ``2026-10``."""
        self._period(month, closed=True, alllocked=True, aplocked=True, arlocked=True)

    def reopen_period(self, month: str) -> None:
        """Open a period and lift all its locks."""
        self._period(month, closed=False, alllocked=False, aplocked=False, arlocked=False)

    def allow_non_gl_changes(self, month: str) -> None:
        """Let a period, closed or not, take changes that don't touch the ledger."""
        self._period(month, allownonglchanges=True)

    def lock_period(self, month: str, ledger: str = "all") -> None:
        """Lock a period for ``all``, ``ap`` or ``ar``."""
        self._period(month, **{periods.LOCKS[ledger]: True})

    def add_adjusting_period(self, month: str) -> int:
        """An open adjusting period over the last day of a month written ``2026-12``."""
        with self.books.lock:
            return periods.create_adjusting(self.books, month)

    def _period(self, month: str, **flags: bool) -> None:
        with self.books.lock:
            row = periods.by_month(self.books, month)
            changes: dict[str, object] = {**flags, "lastmodifieddate": self.books.now()}
            if "closed" in flags:
                changes["closedondate"] = self.books.now() if flags["closed"] else None
            self.books.update("accountingperiod", changes, id=row["id"])

    def period_id(self, month: str) -> int:
        """The internal id of a posting period, written ``2026-10``."""
        return whole(periods.by_month(self.books, month)["id"])


def transaction_type(record_type: str) -> RecordType:
    """A transaction type by its name, in any case.

    Raises:
        KeyError: there is none.
    """
    kind = RECORD_TYPES.get(record_type.lower())
    if kind is None or kind.table != "transaction":
        raise KeyError(f"{record_type!r} is not a transaction type.")
    return kind
