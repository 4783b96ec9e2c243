"""Reading a return, and what NetSuite knows of it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from ml_connector.errors import NeedsData
from ml_connector.flows.returns.decisions.decided import decided_authorization, decided_order
from ml_connector.flows.returns.facts import (
    Authorization,
    AuthorizedLine,
    Done,
    OriginalOrder,
    ReceivedUnits,
    ReturnedLine,
    ReturnFacts,
    Sale,
    SoldLine,
    authorization_id,
    fits,
    known_action,
)
from ml_connector.flows.returns.requirements import concerned_locations
from ml_connector.netsuite.queries.return_authorizations import ReturnAuthorization
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.netsuite.statuses import RETURN_EXPECTING, RETURN_RECEIVABLE
from ml_connector.reads.reads import Reads
from ml_connector.reads.sales_orders.keys import key_named
from ml_connector.rules.decisions.decided import read_decided
from ml_connector.rules.facts import ItemFact, stock_periods
from ml_connector.rules.items import near_items, read_items
from ml_connector.rules.line_numbers.compare import PROVED, LineNumbers
from ml_connector.rules.line_numbers.proof import prove_lines, prove_sold_lines
from ml_connector.shipbob.resources.returns import (
    COMPLETED,
    KNOWN_STATUSES,
    Return,
    ReturnLine,
)
from ml_connector.shipbob.resources.shipments import Order
from ml_connector.words import OUR_EXTERNAL_IDS, Cause

_TAG: Final = re.compile(r"\[(mlc-[A-Za-z0-9_-]+)\]\s*$")


async def read(key: str, reads: Reads) -> ReturnFacts:
    """Gather a return and, once it is completed, everything that booking it needs."""
    found = await reads.returns.get(int(key))
    status = found.plain_status
    decisions = await read_decided("returns", key, reads)
    if status != COMPLETED and status in KNOWN_STATUSES:
        return ReturnFacts(return_id=found.id, status=status, decisions=decisions)
    facts = msgspec.structs.replace(await _from_shipbob(found, reads), decisions=decisions)
    if status != COMPLETED:
        return facts
    processed = [
        line
        for line in facts.lines
        if any(one.quantity for one in line.done) or (line.untold and decisions)
    ]
    if not processed:
        return facts
    return await _without_what_others_took(
        await _with_netsuite(facts, processed, found, reads), reads
    )


async def _from_shipbob(found: Return, reads: Reads) -> ReturnFacts:
    center = found.fulfillment_center
    return ReturnFacts(
        return_id=found.id,
        status=found.plain_status,
        return_type=found.return_type,
        reference=_clean(found.reference_id),
        channel=found.channel.id if found.channel else None,
        store_order=_clean(found.store_order_id),
        center_id=center.id if center else None,
        center_name=center.name if center else "",
        completed_at=_completed_at(found),
        lines=tuple([await _line(line, reads) for line in found.inventory]),
    )


async def _line(line: ReturnLine, reads: Reads) -> ReturnedLine:
    lot = line.lot_information
    return ReturnedLine(
        inventory_id=line.id,
        sku=_clean(line.sku or await reads.sku(line.id)),
        announced=line.quantity,
        lot=_clean(lot.number) if lot else None,
        lot_date=lot.expires_on if lot else None,
        done=tuple(
            Done(action=taken.action or "", quantity=taken.quantity_processed)
            for taken in line.action_taken or ()
        ),
        untold=line.action_taken is None,
    )


async def _with_netsuite(
    facts: ReturnFacts, processed: Sequence[ReturnedLine], returned: Return, reads: Reads
) -> ReturnFacts:
    """Add what NetSuite knows of the units that ShipBob has done something with.

    Args:
        facts: what ShipBob says.
        processed: the lines with such units.
        returned: the return at ShipBob.
        reads: of the connection.
    """
    matches = await read_items(
        {line.inventory_id: line.sku for line in processed if line.sku}, reads
    )
    items = [*chain.from_iterable(matches.named.values()), *matches.bound.values()]
    # A parcel returned to its sender is no return of a customer's: no number finds one for it.
    reference = None if facts.is_return_to_sender else facts.reference
    belongs = decided_order(facts.decisions)
    named = await _named(facts, None if belongs else reference, reads)
    sold = await _sold(returned, belongs, reads) if not named else _FoundSales()
    at = facts.completed_at
    quarantine = reads.policies.quarantine_location
    concerned = concerned_locations(facts, reads.locations.of_center, quarantine)
    return msgspec.structs.replace(
        facts,
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        near_items=await near_items(matches.named, reads),
        named=named,
        order_key=sold.key,
        sales=sold.sales,
        rival_channels=sold.rivals,
        deleted_authorization=await _deleted_authorization(
            facts.return_id, named, sold.sales, reads
        ),
        original_orders=await _original_orders(facts.return_id, returned, named, reads),
        lots=await _lots(processed, items, reads),
        location_subsidiaries=dict(await reads.locations.subsidiaries(concerned)),
        periods=await stock_periods(at, reads) if at else (),
    )


def _completed_at(found: Return) -> datetime | None:
    """Return when a return was completed, or else the last step at ShipBob that is dated.

    When it was announced is none of them.
    """
    dates = (found.completed_at, found.processing_date, found.arrived_date)
    return next((at for at in dates if at is not None), None)


async def _named(
    facts: ReturnFacts, reference: str | None, reads: Reads
) -> tuple[Authorization, ...]:
    names = [authorization_id(facts.return_id), *([reference] if reference else [])]
    found = [*await reads.returns.authorizations(*names)]
    decided = decided_authorization(facts.decisions)
    if decided is not None and decided not in {one.id for one in found}:
        authorization = await reads.returns.authorization(decided)
        found += [authorization] if authorization else []
    return tuple([await _authorization(one, reads) for one in found])


async def _without_what_others_took(facts: ReturnFacts, reads: Reads) -> ReturnFacts:
    """Take units off the receipts of others that decisions about other returns took of them.

    Those units are accounted for: they can't be the units of this return as well.
    """
    made = chain.from_iterable(sale.authorizations for sale in facts.sales)
    receipts = chain.from_iterable(one.receipts for one in (*facts.named, *made))
    theirs = {
        one.id for one in receipts if not (one.external_id or "").startswith(OUR_EXTERNAL_IDS)
    }
    taken = (
        await reads.decisions.taken(theirs, besides=("returns", str(facts.return_id)))
        if theirs
        else {}
    )
    if not taken:
        return facts
    left = Counter(
        {
            (document, one.item, one.location): one.quantity
            for document, units in taken.items()
            for one in units
        }
    )
    return msgspec.structs.replace(
        facts,
        named=tuple(_less(one, left) for one in facts.named),
        sales=tuple(
            msgspec.structs.replace(
                sale, authorizations=tuple(_less(one, left) for one in sale.authorizations)
            )
            for sale in facts.sales
        ),
    )


def _less(found: Authorization, left: Counter[tuple[str, str, str]]) -> Authorization:
    receipts: list[ReceivedUnits] = []
    for one in found.receipts:
        place = (one.id, one.item_id, one.location or "")
        units = min(one.quantity, left[place])
        left[place] -= units
        if units < one.quantity:
            receipts.append(msgspec.structs.replace(one, quantity=one.quantity - units))
    return msgspec.structs.replace(found, receipts=tuple(receipts))


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
                closed_quantity=int(line.closed_quantity),
            )
            for line in found.lines
        ),
        receipts=tuple(receipts),
        line_numbers=await _line_numbers(found, reads),
        subsidiary=found.subsidiary,
        customer=found.entity,
        made_from=tuple(one for one in (found.createdfrom, found.through) if one is not None),
    )


async def _line_numbers(found: ReturnAuthorization, reads: Reads) -> LineNumbers:
    """Prove the line numbers of an authorization that units may be received from."""
    if found.status not in RETURN_EXPECTING & RETURN_RECEIVABLE:
        return PROVED
    return await prove_lines("returnAuthorization", found.id, found.lines, reads)


def _tag(memo: str | None) -> str | None:
    """Return the external id that we put at the end of a memo (netsuite.md section 11.8).

    Whether a transform keeps the external id itself nobody could check (section 11.4; NS-058).
    """
    found = _TAG.search(memo or "")
    return found[1] if found else None


class _FoundSales(NamedTuple):
    """Under which name the sales order was looked for, what was found, and who else has it."""

    key: str | None = None
    sales: tuple[Sale, ...] = ()
    rivals: tuple[int, ...] = ()


async def _sold(returned: Return, belongs: str | None, reads: Reads) -> _FoundSales:
    key, order = await _order_key(returned, reads)
    if belongs is not None:
        key, order = key_named(key or "")._replace(belongs=belongs).text, None
    if key is None:
        return _FoundSales()
    found = await reads.shipments.find_orders(key)
    return _FoundSales(
        key,
        tuple([await _sale(one, reads) for one in found.orders]),
        await reads.shipments.rival_channels(order, found) if order else (),
    )


async def _deleted_authorization(
    return_id: int, named: Sequence[Authorization], sales: Sequence[Sale], reads: Reads
) -> str | None:
    """Return the authorization that we made for a return, if it was deleted since.

    NetSuite is asked where our books know one that is not listed.
    """
    listed = {one.id for one in [*named, *chain.from_iterable(s.authorizations for s in sales)]}
    made = await reads.own_records.latest("returns", [str(return_id)], "returnAuthorization")
    own = made.get(str(return_id))
    return own if own and own not in listed and await reads.returns.is_gone(own) else None


async def _original_orders(
    return_id: int, returned: Return, named: Sequence[Authorization], reads: Reads
) -> tuple[OriginalOrder, ...]:
    """Return the orders that an authorization found by the reference has to fit.

    ShipBob's shipment is only asked for where what the return itself names does not fit.
    """
    others = [one for one in named if one.external_id != authorization_id(return_id)]
    if not others:
        return ()
    store_order = _clean(returned.store_order_id)
    orders = await _orders(store_order, reads)
    if any(fits(one, orders) for one in others):
        return orders
    key, _ = await _order_key(returned, reads)
    return orders if key == store_order else await _orders(key, reads)


async def _orders(key: str | None, reads: Reads) -> tuple[OriginalOrder, ...]:
    found = await reads.shipments.order_headers(key) if key else ()
    return tuple(OriginalOrder(id=one.id, number=one.tranid, customer=one.entity) for one in found)


async def _order_key(returned: Return, reads: Reads) -> tuple[str | None, Order | None]:
    """Return the name of the order of the original shipment, and that order.

    Where ShipBob does not know the shipment, it is the store's order that the return names.
    """
    store_order = _clean(returned.store_order_id)
    if returned.original_shipment_id is None:
        return store_order, None
    try:
        order = await reads.shipments.order_with(returned.original_shipment_id)
    except NeedsData as missing:
        if missing.cause is not Cause.RECORD_NOT_FOUND:
            raise
        return store_order, None  # ShipBob knows the return, and its shipment no more
    return reads.shipments.order_name(order) or store_order, order


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
        line_numbers=await prove_sold_lines(order, reads)
        if any(line.fulfilled_quantity for line in order.lines)
        else PROVED,
        subsidiary=order.subsidiary,
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


def _clean(text: str | None) -> str | None:
    return (text or "").strip() or None
