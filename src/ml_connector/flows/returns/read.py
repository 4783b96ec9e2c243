"""Reading a return, and what NetSuite knows of it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from ml_connector.errors import NeedsData
from ml_connector.flows.returns.facts import (
    Authorization,
    AuthorizedLine,
    Done,
    ReceivedUnits,
    ReturnedLine,
    ReturnFacts,
    Sale,
    SoldLine,
    authorization_id,
    known_action,
)
from ml_connector.netsuite.queries.return_authorizations import ReturnAuthorization
from ml_connector.netsuite.queries.sales_orders import SalesOrder
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import ItemFact, stock_periods
from ml_connector.rules.items import read_items
from ml_connector.shipbob.resources.returns import COMPLETED, Return
from ml_connector.words import Cause

# In the merchant's zone it may still be the day before, and that day's period another one.
_TAG: Final = re.compile(r"\[(mlc-[A-Za-z0-9_-]+)\]\s*$")


async def read(key: str, reads: Reads) -> ReturnFacts:
    """Gather a return and, once it is completed, everything that booking it needs."""
    found = await reads.returns.get(int(key))
    if found.plain_status != COMPLETED:
        return ReturnFacts(return_id=found.id, status=found.plain_status)
    lines = [
        ReturnedLine(
            inventory_id=line.id,
            sku=(line.sku or await reads.sku(line.id) or "").strip() or None,
            announced=line.quantity,
            lot=(lot.number or "").strip() or None if (lot := line.lot_information) else None,
            lot_date=lot.expiration.date() if lot and lot.expiration else None,
            done=tuple(
                Done(action=taken.action or "", quantity=taken.quantity_processed)
                for taken in line.action_taken
            ),
        )
        for line in found.inventory
    ]
    done = [line for line in lines if any(one.quantity for one in line.done)]
    at = _completed_at(found)
    matches = await read_items({line.inventory_id: line.sku for line in done if line.sku}, reads)
    items = [*chain.from_iterable(matches.named.values()), *matches.bound.values()]
    reference = (found.reference_id or "").strip() or None
    named = await _named(found.id, reference, reads) if done else ()
    order_key: str | None = None
    sales: tuple[Sale, ...] = ()
    if done and not named and found.original_shipment_id is not None:
        order_key, sales = await _sales(found.original_shipment_id, reads)
    return ReturnFacts(
        return_id=found.id,
        status=found.plain_status,
        return_type=found.return_type,
        reference=reference,
        center_id=found.fulfillment_center.id if found.fulfillment_center else None,
        center_name=found.fulfillment_center.name if found.fulfillment_center else "",
        completed_at=at,
        lines=tuple(lines),
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        named=named,
        order_key=order_key,
        sales=sales,
        lots=await _lots(done, items, reads),
        periods=await stock_periods(at, reads) if done and at else (),
    )


def _completed_at(found: Return) -> datetime | None:
    dates = (found.completed_at, found.processing_date, found.arrived_date, found.insert_date)
    return next((at for at in dates if at is not None), None)


async def _named(return_id: int, reference: str | None, reads: Reads) -> tuple[Authorization, ...]:
    names = [authorization_id(return_id), *([reference] if reference else [])]
    found = await reads.returns.authorizations(*names)
    return tuple([await _authorization(one, reads) for one in found])


async def _authorization(found: ReturnAuthorization, reads: Reads) -> Authorization:
    receipts: Sequence[ReceivedUnits] = ()
    if any(line.received for line in found.lines):
        receipts = [
            ReceivedUnits(
                id=line.id,
                number=line.tranid or line.id,
                external_id=line.externalid or _tag(line.memo),
                item_id=line.item,
                location=line.location,
                quantity=int(line.quantity),
            )
            for line in await reads.returns.received(found.id)
        ]
    return Authorization(
        id=found.id,
        number=found.tranid or found.id,
        status=found.status,
        external_id=found.externalid or _tag(found.memo),
        lines=tuple(
            AuthorizedLine(
                line=line.line,
                item_id=line.item,
                authorized=int(line.authorized),
                open_quantity=int(line.open_quantity),
                unit=_other_unit(line.units, line.stockunit),
                order_line=line.order_line,
            )
            for line in found.lines
        ),
        receipts=tuple(receipts),
    )


def _tag(memo: str | None) -> str | None:
    """Return the external id that we put at the end of a memo (netsuite.md section 11.8).

    Whether a transform keeps the external id itself nobody could check (section 11.4).
    """
    found = _TAG.search(memo or "")
    return found[1] if found else None


async def _sales(shipment_id: int, reads: Reads) -> tuple[str | None, tuple[Sale, ...]]:
    try:
        order = await reads.shipments.order_with(shipment_id)
    except NeedsData as missing:
        if missing.cause is not Cause.RECORD_NOT_FOUND:
            raise
        return None, ()  # ShipBob knows the return, and its shipment no more
    references = (order.reference_id, *(one.reference_id for one in order.shipments))
    key = next((text.strip() for text in references if text and text.strip()), None)
    if key is None:
        return None, ()
    found = await reads.shipments.sales_orders(key)
    return key, tuple([await _sale(one, reads) for one in found])


async def _sale(order: SalesOrder, reads: Reads) -> Sale:
    made = await reads.returns.authorizations_from(order.id)
    return Sale(
        id=order.id,
        number=order.tranid,
        status=order.status,
        lines=tuple(
            SoldLine(
                line=line.line,
                item_id=line.item,
                fulfilled=int(line.fulfilled_quantity),
                unfulfilled=int(line.open_quantity),
                unit=_other_unit(line.units, line.stockunit),
            )
            for line in order.lines
        ),
        authorizations=tuple([await _authorization(one, reads) for one in made]),
    )


async def _lots(
    lines: Iterable[ReturnedLine], items: Iterable[ItemFact], reads: Reads
) -> dict[str, str]:
    """Return the lots of disposed units: what goes out names a lot that is there."""
    tracked = {item.id for item in items if item.lot_tracked}
    numbers = {
        line.lot
        for line in lines
        if line.lot and any(known_action(one.action) == "dispose" for one in line.done)
    }
    if not tracked or not numbers:
        return {}
    found = await reads.shipments.lots(numbers)
    return {
        f"{lot.item} {lot.inventorynumber}": lot.id
        for lots in found.values()
        for lot in lots
        if lot.item in tracked
    }


def _other_unit(unit: str | None, stock_unit: str | None) -> str | None:
    return unit if stock_unit is not None and unit != stock_unit else None
