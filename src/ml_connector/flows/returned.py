"""What came back to ShipBob, and what NetSuite knows of it: the facts of a return."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Final, Literal, get_args

import msgspec

from ml_connector.engine.reads import Reads
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.facts import ItemFact, PeriodFact
from ml_connector.flows.items import read_items
from ml_connector.ledger.bindings import Binding
from ml_connector.ledger.equation import PART_OF_A_LINE
from ml_connector.netsuite.return_queries import ReturnAuthorization
from ml_connector.netsuite.sales_order_queries import SalesOrder
from ml_connector.shipbob.returns import COMPLETED, Return
from ml_connector.words import Cause

Action = Literal["restock", "quarantine", "dispose"]

_ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What ShipBob says was done with some units; as it was written, so perhaps unknown."""

    action: str
    quantity: int | None


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One inventory item of a return. Whole eaches."""

    inventory_id: int
    sku: str | None
    announced: int
    lot: str | None = None
    lot_date: date | None = None
    done: tuple[Done, ...] = ()


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one inventory id and lot with which the same was done.

    Attributes:
        lot: as ShipBob names it, whether NetSuite tracks lots or not.
    """

    inventory_id: int
    sku: str | None
    action: Action
    quantity: int
    lot: str | None = None
    lot_date: date | None = None

    @property
    def source_line(self) -> str:
        """How the journal names the units that came back."""
        return source_line(self.inventory_id, self.lot, self.action)

    @property
    def write_off_line(self) -> str:
        """How the journal names the same units going out of stock for good."""
        return write_off_line(self.inventory_id, self.lot)


class AuthorizedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a return authorization. Base units, without sign.

    Attributes:
        line: what a transform calls ``orderLine``.
        authorized: of a closed line only what was received.
        open_quantity: still to be received.
        unit: the line's unit where it is not the stock unit, else None.
        order_line: the sales order's line it stands for, where that is known.
    """

    line: int
    item_id: str
    authorized: int
    open_quantity: int
    unit: str | None = None
    order_line: int | None = None


class ReceivedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units on an item receipt that NetSuite links to an authorization."""

    number: str
    external_id: str | None
    item_id: str
    location: str | None
    quantity: int


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """A return authorization with its lines and what was received from it."""

    id: str
    number: str
    status: str
    external_id: str | None = None
    lines: tuple[AuthorizedLine, ...] = ()
    receipts: tuple[ReceivedUnits, ...] = ()


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a sales order. Base units, without sign."""

    line: int
    item_id: str
    fulfilled: int
    unfulfilled: int
    unit: str | None = None


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """The sales order of the original shipment, and what was authorised from it so far."""

    id: str
    number: str
    status: str
    lines: tuple[SoldLine, ...]
    authorizations: tuple[Authorization, ...] = ()


class ReturnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one return sees.

    Attributes:
        status: without spaces; everything below is read only of a completed return.
        completed_at: or the last date that ShipBob names.
        items: NetSuite's items by the item name that was asked for.
        bindings: what its SKUs were matched to before, by ShipBob's inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        named: authorizations whose number or external id is the return's reference, and the
            one that was made for this return.
        order_key: by what the sales order was searched; None when it was not.
        sales: the sales orders found so; one, when all is well.
        lots: NetSuite's lots, by item id and number with a space between.
        periods: posting periods from the one of ``completed_at`` on; empty when unreadable.
    """

    return_id: int
    status: str
    return_type: str | None = None
    reference: str | None = None
    center_id: int | None = None
    center_name: str = ""
    completed_at: datetime | None = None
    lines: tuple[ReturnedLine, ...] = ()
    items: dict[str, tuple[ItemFact, ...]] = {}
    bindings: dict[int, Binding] = {}
    bound: dict[str, ItemFact] = {}
    named: tuple[Authorization, ...] = ()
    order_key: str | None = None
    sales: tuple[Sale, ...] = ()
    lots: dict[str, str] = {}
    periods: tuple[PeriodFact, ...] = ()


def known_action(written: str) -> Action | None:
    """Return the action that ShipBob's word for it means; None when it is none we know."""
    plain = "".join(written.split()).lower()
    return next((action for action in _ACTIONS if action == plain), None)


def source_line(inventory_id: int, lot: str | None, action: str) -> str:
    """Return how the journal names units with which something was done."""
    named = f"inventory {inventory_id}" + (f" lot {lot}" if lot else "")
    return f"{named} {known_action(action) or action or 'unknown'}"


def write_off_line(inventory_id: int, lot: str | None) -> str:
    """Return how the journal names what follows from disposed units: they go out for good."""
    return f"{source_line(inventory_id, lot, 'dispose')}{PART_OF_A_LINE}write-off"


def authorization_id(return_id: int) -> str:
    """Return the external id of the authorization that is made for a return."""
    return f"mlc-ra-{return_id}"


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
        periods=tuple(
            PeriodFact(
                name=period.periodname,
                start=period.startdate,
                end=period.enddate,
                open=period.open_for_stock,
            )
            for period in (await reads.periods(at.date()) if done and at else ())
        ),
    )


def units_of(facts: ReturnFacts) -> tuple[Unit, ...]:
    """Return what was done, one entry for each inventory id, lot and action.

    Raises:
        NeedsHuman: an action that is not known, or one without a quantity.
    """
    units: dict[str, Unit] = {}
    for line in facts.lines:
        for one in line.done:
            if one.quantity == 0:
                continue
            action = known_action(one.action)
            if action is None or one.quantity is None:
                raise unclear(
                    facts,
                    f'ShipBob says "{one.action}" was done with'
                    f" {'some' if one.quantity is None else one.quantity} x"
                    f" {line.sku or f'inventory item {line.inventory_id}'}",
                )
            unit = Unit(
                inventory_id=line.inventory_id,
                sku=line.sku,
                action=action,
                quantity=one.quantity,
                lot=line.lot,
                lot_date=line.lot_date,
            )
            before = units.get(unit.source_line)
            units[unit.source_line] = (
                unit
                if before is None
                else msgspec.structs.replace(before, quantity=before.quantity + unit.quantity)
            )
    return tuple(units.values())


def unclear(facts: ReturnFacts, what: str) -> NeedsHuman:
    """Return the failure for a return that can't be booked as ShipBob tells it."""
    return NeedsHuman(
        f"Return {facts.return_id}: {what}",
        cause=Cause.RETURN_UNCLEAR,
        remedy=(
            "Find out from ShipBob what was done with these units. When ShipBob has corrected"
            " the return, it goes on by itself; else book it by hand in NetSuite."
        ),
        waiting_for=[f"return:{facts.return_id}"],
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
                number=line.tranid or line.id,
                external_id=line.externalid,
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
        external_id=found.externalid,
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


async def _sales(shipment_id: int, reads: Reads) -> tuple[str | None, tuple[Sale, ...]]:
    try:
        order = await reads.shipments.order_with(shipment_id)
    except NeedsData as missing:
        if missing.cause is not Cause.RECORD_NOT_FOUND:
            raise
        return None, ()  # ShipBob knows the return, and its shipment no more
    if order.reference_id is None:
        return None, ()
    found = await reads.shipments.sales_orders(order.reference_id)
    return order.reference_id, tuple([await _sale(one, reads) for one in found])


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
