"""What a document of a WRO holds that NetSuite shows and the books lack. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundLine, FoundRecord, UnbookedUnits, told_apart
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.receiving.documents import Booking, Increase
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
)
from ml_connector.flows.receiving.stowed import merged, name_of
from ml_connector.ledger.postings.documents import Document, Posted, TransformRecord
from ml_connector.rules.booked import booked_units, standing
from ml_connector.rules.external_ids import is_receipt_of, receipt_number
from ml_connector.rules.found_documents import fact_date_of, found_request
from ml_connector.rules.items import match, sku_of
from ml_connector.words import DocumentKind

_KINDS: Final = {
    "ItemRcpt": DocumentKind.ITEM_RECEIPT,
    "InvAdjst": DocumentKind.INVENTORY_ADJUSTMENT,
}


def found_document(
    facts: ReceivingFacts,
    found: FoundRecord,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return the document that a receipt or an adjustment in NetSuite is.

    Raises:
        NeedsData: a SKU of the WRO is no item in NetSuite.
        NeedsHuman: it can't be told which lines of the WRO it holds.
    """
    kind = _KINDS.get(found.type)
    if found.type == "InvTrnfr":
        raise found.untold("a transfer does not name the lines of the WRO that it moved")
    if kind is None:
        raise found.untold(f"a WRO makes no {found.type}")
    location = found.location
    if location is None:
        raise found.untold("it has no line at a location")
    units: Counter[str] = Counter()
    for line in found.lines:
        units[line.item or ""] += found.eaches(line)
    candidates = _candidates(facts, posted, settings)
    told = told_apart(
        found, units, [UnbookedUnits(one.item.id, one.quantity) for one in candidates]
    )
    booking = Booking(
        wro_id=facts.wro_id,
        number=found.number,
        location=location,
        fact_date=fact_date_of(found, "stowed"),
        date=found.date,
    )
    return Document(
        system="netsuite",
        kind=kind,
        external_id=found.external_id,
        title=f"{'Item receipt' if kind == DocumentKind.ITEM_RECEIPT else 'Inventory adjustment'}"
        f" for WRO {facts.wro_id}, found in NetSuite",
        request=found_request(kind, found, from_type="purchaseOrder"),
        lines=tuple(booking.line(candidates[place], quantity) for place, quantity in told.items()),
    )


def lost_receipts(
    facts: ReceivingFacts,
    order: ReceivingOrder,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> list[Document]:
    """Return the receipts that we made for a WRO from its order and that the books lack.

    A database was lost or restored since. NetSuite is not asked to make them again: all of them
    count as ours, whichever there are, before anything is booked beside them. Where it can't be
    told which lines of the WRO one holds, none is returned: a person looks at them.
    """
    known = {document.external_id for document in posted}
    rows: dict[str, list[OrderReceipt]] = {}
    for row in order.receipts:
        if row.external_id not in known and is_receipt_of(facts.wro_id, row.external_id):
            rows.setdefault(row.external_id or "", []).append(row)
    told: list[Document] = []
    seen = [*posted]
    for external_id in sorted(rows, key=lambda one: receipt_number(facts.wro_id, one)):
        try:
            document = _lost(external_id, rows[external_id], facts, order, seen, settings)
        except (NeedsData, NeedsHuman):
            return []
        told.append(document)
        seen.append(
            Posted(
                system=document.system,
                kind=document.kind,
                external_id=external_id,
                remote_id=rows[external_id][0].document,
                lines=document.lines,
            )
        )
    return told


def _lost(  # noqa: PLR0917 - one call, one order
    external_id: str,
    rows: Sequence[OrderReceipt],
    facts: ReceivingFacts,
    order: ReceivingOrder,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return one receipt as a document that is compared and taken in; raises as above."""
    first = rows[0]
    found = FoundRecord(
        id=first.document,
        type="ItemRcpt",
        external_id=external_id,
        number=receipt_number(facts.wro_id, external_id),
        date=first.dated or date.min,
        memo=first.memo,
        created_from=order.id,
        lines=tuple(
            FoundLine(item=row.item_id, location=row.location, quantity=Decimal(row.quantity))
            for row in rows
        ),
    )
    if first.dated is None:
        raise found.untold("it has no date")
    if len({row.document for row in rows}) > 1:
        raise found.untold("several receipts have this external id")
    document = found_document(facts, found, posted, settings)
    assert isinstance(document.request, TransformRecord)  # noqa: S101 - of a receipt it is one
    lines = [
        {"orderLine": line.line, "itemReceive": True, "quantity": row.quantity // line.eaches}
        for row in rows
        for line in [_line_of(row, order, found)]
    ]
    request = msgspec.structs.replace(
        document.request, body={**document.request.body, "item": {"items": lines}}, found=found.id
    )
    return msgspec.structs.replace(document, request=request)


def _line_of(row: OrderReceipt, order: ReceivingOrder, found: FoundRecord) -> ReceivingOrderLine:
    """Return the order's line that a line of a receipt is of.

    Raises:
        NeedsHuman: no link names it and several may be meant, or it holds a part of a unit.
    """
    lines = [
        line
        for line in order.lines
        if line.item_id == row.item_id and (row.line is None or line.line == row.line)
    ]
    if len(lines) != 1:
        raise found.untold(f"the order's line of item {row.item_id} is not known")
    if row.quantity % lines[0].eaches:
        raise found.untold(f"{row.quantity} units fill no whole unit of line {lines[0].line}")
    return lines[0]


def _candidates(
    facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> list[Increase]:
    """Return what is stowed of the WRO, with the units of each line that are not booked."""
    stowed = merged(line for line in facts.lines if line.stowed)
    matched = match(
        {line.inventory_id: sku_of(line.inventory_id, line.sku).strip() for line in stowed},
        facts.matches,
        settings.skus,
    )
    booked = booked_units(standing(posted))
    found: list[Increase] = []
    for line in stowed:
        item = matched.items[line.inventory_id]
        found.append(
            Increase(
                inventory_id=line.inventory_id,
                sku=sku_of(line.inventory_id, line.sku).strip(),
                item=item,
                lot=line.lot if item.lot_tracked else None,
                lot_date=line.lot_date if item.lot_tracked else None,
                quantity=max(0, line.stowed - booked[name_of(line)]),
            )
        )
    return found
