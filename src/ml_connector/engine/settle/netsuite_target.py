"""NetSuite as a target: creating and transforming records, and finding them again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.engine.settle import bill_difference
from ml_connector.engine.settle.target import Written
from ml_connector.errors import AlreadyExists, NeedsHuman
from ml_connector.ledger.postings.documents import (
    CreateBill,
    CreateRecord,
    Document,
    TakeAsItIs,
    TransformRecord,
    UpdateRecord,
)
from ml_connector.netsuite.classify import RecordNotFound
from ml_connector.netsuite.client import Created, NetSuite
from ml_connector.netsuite.queries import our_documents
from ml_connector.netsuite.records.bills import ReadBill
from ml_connector.netsuite.records.fulfillments import (
    Packages,
    ReadFulfillment,
    as_packages,
    merged,
)
from ml_connector.netsuite.records.records import ReadLine, ReadTransaction, as_body
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import Cause, DocumentKind

_FULFILLMENT: Final = DocumentKind.ITEM_FULFILLMENT.value
_TYPES_IN_QUERIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        DocumentKind.ITEM_RECEIPT.value: "ItemRcpt",
        DocumentKind.ITEM_FULFILLMENT.value: "ItemShip",
        DocumentKind.RETURN_AUTHORIZATION.value: "RtnAuth",
    }
)
"""Of the records that transforms make (netsuite.md section 5.1)."""


class NetSuiteTarget:
    """Writes documents into one NetSuite account."""

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite

    async def take_turns(self, document: Document) -> Turns:
        """NetSuite limits calls in flight: there is nothing to take ahead."""
        del document
        return Turns()

    async def write(self, document: Document, *, send_by: float, first: bool = True) -> Written:
        """Create or transform, as the document says. Raises as ``DocumentTarget.write`` does.

        NetSuite itself sees to it that no external id is there twice, also the first time.
        """
        del first
        match document.request:
            case CreateRecord(record_type=record_type, body=body):
                created = await self._netsuite.create(record_type, body, send_by=send_by)
            case CreateBill(record_type=record_type, body=bill):
                created = await self._netsuite.create(record_type, bill, send_by=send_by)
            case TransformRecord() as transform:
                created = await self._transform(document, transform, send_by=send_by)
            case TakeAsItIs(record_id=record_id):
                return Written(remote_id=record_id, answer={"taken_as_it_is": record_id})
            case UpdateRecord() as update:
                return await self._update(document.kind.record_type, update, send_by=send_by)
            case other:
                raise TypeError(f"NetSuite has no {type(other).__name__}")
        return Written(
            remote_id=created.id,
            answer={"location": created.location_url, "warnings": list(created.warnings)},
        )

    async def _transform(
        self, document: Document, transform: TransformRecord, *, send_by: float
    ) -> Created:
        if transform.found is not None:
            raise AlreadyExists(
                f"{document.title} is in NetSuite as record {transform.found}",
                cause=Cause.REFUSED_BY_NETSUITE,
            )
        try:
            return await self._netsuite.transform(
                transform.from_type,
                transform.from_id,
                transform.to_type,
                transform.body,
                replace=transform.replace,
                send_by=send_by,
            )
        except NeedsHuman as error:
            # Nothing left: an earlier attempt of ours, or somebody else was quicker.
            # Of a record that is there already, NetSuite may complain about the lines first.
            if error.cause is Cause.REFUSED_BY_NETSUITE and await self.find(document):
                raise AlreadyExists(str(error), cause=error.cause) from error
            raise

    async def _update(self, record_type: str, update: UpdateRecord, *, send_by: float) -> Written:
        """Change a record; packages of a fulfilment are read anew just before, and all kept.

        ``replace=package`` makes a repeat harmless (netsuite.md sections 8.5 and 11.5), and
        would take away whatever is not named.
        """
        body = dict(update.body)
        replace: tuple[str, ...] = ()
        if update.packages:
            there = await self._netsuite.get(
                record_type, record_id=update.record_id, shape=ReadFulfillment
            )
            if there is None:
                raise _gone(update.record_id)
            packages = merged(there.package.items, as_packages(update.packages))
            if packages != there.package.items:
                body["package"] = as_body(Packages(items=packages))
                replace = ("package",)
        if body:
            try:
                await self._netsuite.patch(
                    record_type,
                    update.record_id,
                    body,
                    replace=replace,
                    send_by=send_by,
                )
            except RecordNotFound as error:
                if record_type != _FULFILLMENT:
                    raise
                raise _gone(update.record_id) from error
        return Written(remote_id=update.record_id, answer={"changed": sorted(body)})

    async def find(self, document: Document) -> Written | None:
        """Look the record up by external id and compare it with what was meant.

        One that reads have shown is looked up by its internal id: it may have lost the other.
        What a transform makes may never have got it (netsuite.md section 11.4): that is looked
        up by the tag in its memo. Assumptions: NS-041, NS-058.
        """
        request = document.request
        if isinstance(request, CreateBill):
            return await self._find_bill(document.external_id, request)
        found = request.found if isinstance(request, TransformRecord) else None
        record = await self._netsuite.get(
            document.kind,
            record_id=found,
            external_id=None if found else document.external_id,
            shape=ReadTransaction,
        )
        if record is None and found is None and isinstance(request, TransformRecord):
            record = await self._find_tagged(document, request)
        if record is None:
            return None
        return Written(
            remote_id=str(record.id),
            answer={"found": record.tran_id},
            differs=differs(document, record),
        )

    async def _find_tagged(
        self, document: Document, transform: TransformRecord
    ) -> ReadTransaction | None:
        """Look for the oldest record with our tag and no external id: later ones are copies."""
        tagged = await our_documents.with_tag(
            self._netsuite.query,
            _TYPES_IN_QUERIES[transform.to_type],
            transform.from_id,
            document.external_id,
        )
        for record_id in tagged:
            record = await self._netsuite.get(
                document.kind, record_id=record_id, shape=ReadTransaction
            )
            if record is not None and not record.external_id:
                return record
        return None

    async def _find_bill(self, external_id: str, request: CreateBill) -> Written | None:
        bill = await self._netsuite.get(
            request.record_type, external_id=external_id, shape=ReadBill
        )
        if bill is None:
            return None
        return Written(
            remote_id=str(bill.id),
            answer={"found": bill.tran_id},
            differs=bill_difference.differs(request.body, bill),
        )

    def repeatable(self, document: Document) -> bool:
        """Only what replaces by content may be written twice (netsuite.md section 11.5).

        So may what writes nothing.
        """
        return isinstance(document.request, UpdateRecord | TakeAsItIs)

    def shared(self, document: Document) -> bool:
        """Each record is a call of its own."""
        del document
        return False


def _gone(fulfillment_id: str) -> NeedsHuman:
    return NeedsHuman(
        f"Item fulfilment {fulfillment_id} is not in NetSuite any more",
        cause=Cause.FULFILLMENT_NOT_FOUND,
        remedy=(
            "If it was deleted by mistake, fulfil the order again by hand; nothing is posted"
            " twice by itself."
        ),
    )


def differs(document: Document, record: ReadTransaction) -> str:
    """Return how a record differs from the document that was meant; empty when it doesn't.

    Compared is what moves stock: the order it comes from, and per line item or order line,
    location and quantity. Memo and dates are a person's to change.
    """
    meant = msgspec.convert({"id": 0, **_body(document)}, ReadTransaction, strict=False)
    if isinstance(document.request, TransformRecord):
        from_id = document.request.from_id
        if record.created_from is not None and not record.created_from.is_(from_id):
            return f"it comes from record {record.created_from.id}, not from {from_id}"
        # The lines of an authorization have numbers of their own, not the order's.
        compared = _authorized if document.kind == DocumentKind.RETURN_AUTHORIZATION else _received
        wanted, found = compared(meant.item.items), compared(record.item.items)
    else:
        wanted, found = _adjusted(meant.inventory.items), _adjusted(record.inventory.items)
    if wanted == found:
        return ""
    return f"its lines say {_said(found)}; meant was {_said(wanted)}"


def _body(document: Document) -> dict[str, Any]:
    match document.request:
        case CreateRecord(body=body) | TransformRecord(body=body):
            return body
        case other:
            raise TypeError(f"NetSuite has no {type(other).__name__}")


def _received(lines: Iterable[ReadLine]) -> dict[str, Decimal]:
    """Return units by order line, for the lines that are taken."""
    units: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.item_receive is not False and line.quantity:
            order_line = line.line if line.order_line is None else line.order_line
            units[f"order line {order_line}"] += line.quantity
    return dict(units)


def _authorized(lines: Iterable[ReadLine]) -> dict[str, Decimal]:
    """Return how many lines there are of each quantity."""
    lines_of: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        units = abs(line.quantity or Decimal(0))
        lines_of[f"lines of {units.normalize():f} units"] += 1
    return dict(lines_of)


def _adjusted(lines: Iterable[ReadLine]) -> dict[str, Decimal]:
    """Return units by item and location."""
    units: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        item = line.item.id if line.item else None
        location = line.location.id if line.location else None
        units[f"item {item} at location {location}"] += line.adjust_qty_by or 0
    return dict(units)


def _said(units: Mapping[str, Decimal]) -> str:
    said = ", ".join(
        f"{quantity.normalize():f} for {key}" for key, quantity in sorted(units.items())
    )
    return said or "nothing"
