"""Reads the things at ShipBob that the charges of a period refer to, as bulk work."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from msgspec.structs import replace

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, Unreadable
from ml_connector.fee_audit.causes import ChargeCause, Evidence, Loss, reference_of
from ml_connector.ledger.sources.charges import Charge
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.shipbob.resources.shipments import Shipment
from ml_connector.transport.call import Priority
from ml_connector.transport.spoiled import SpoiledRow, gathering
from ml_connector.words import Cause as Why

# How long before its shipment was charged an order may have been made.
_BEFORE: Final = timedelta(days=45)
# Up to this number, shipments are read one by one; for more, the orders are listed.
_FEW: Final = 20

_Key = tuple[str, str]


async def gather(
    shipbob: ShipBob, charges: Iterable[Charge], *, first: date, last: date
) -> Evidence:
    """Ask ShipBob for everything that charges of a period name, and for units it lost.

    A thing that a list does not show is asked for by its id before it counts as missing. One that
    can't be read is named, and nothing of it is claimed.

    Raises:
        ConnectorError: as the client's methods say.
    """
    wanted = _wanted(charges)
    causes: dict[_Key, ChargeCause | None] = {}
    unread: list[str] = []
    with gathering([]):  # what a list shows in an odd form is asked for by its id
        listed = {
            "Shipment": await _shipments(shipbob, wanted.get("Shipment", set()), first),
            "WRO": await _wros(shipbob, wanted.get("WRO", set())),
        }
    single: Mapping[str, Callable[[str], Awaitable[ChargeCause]]] = {
        "Shipment": _one_shipment(shipbob),
        "WRO": _one_wro(shipbob),
        "Return": _status(shipbob, "/return", AwaitedKind.RETURN, "returns_read", "returns"),
        "URO": _status(
            shipbob, "/unidentified-receiving-order", AwaitedKind.URO, "receiving_read", "UROs"
        ),
    }
    named_things = [(kind, one) for kind, some in wanted.items() for one in sorted(some)]
    for kind, reference in named_things:
        known = listed.get(kind, {}).get(reference)
        try:
            causes[kind, reference] = known or await _asked(single[kind], reference)
        except Unreadable as error:
            unread.append(str(error))
    losses = await _losses(shipbob, first, last, unread)
    return Evidence(causes=causes, losses=losses, unread=unread)


def _wanted(charges: Iterable[Charge]) -> dict[str, set[str]]:
    """Return what charges name, by kind."""
    wanted: dict[str, set[str]] = {}
    for charge in charges:
        named = reference_of(charge)
        if named is not None:
            wanted.setdefault(named[0], set()).add(named[1])
    return wanted


async def _asked(
    ask: Callable[[str], Awaitable[ChargeCause]], reference: str
) -> ChargeCause | None:
    if not (reference.isascii() and reference.isdigit()):
        return None  # ids of these are whole numbers (shipbob.md section 9)
    try:
        return await ask(reference)
    except NeedsData as missing:
        if missing.cause is not Why.RECORD_NOT_FOUND:
            raise
        return None


async def _shipments(shipbob: ShipBob, wanted: set[str], first: date) -> dict[str, ChargeCause]:
    if len(wanted) <= _FEW:
        return {}
    since = datetime.combine(first - _BEFORE, time(), UTC)
    found: dict[str, ChargeCause] = {}
    async for order in shipbob.shipments.orders(created_since=since, priority=Priority.BULK):
        for shipment in order.shipments:
            if str(shipment.id) in wanted:
                found[str(shipment.id)] = _of_shipment(shipment)
    return found


def _one_shipment(shipbob: ShipBob) -> Callable[[str], Awaitable[ChargeCause]]:
    async def ask(reference: str) -> ChargeCause:
        return _of_shipment(await shipbob.shipments.shipment(reference, priority=Priority.BULK))

    return ask


def _of_shipment(shipment: Shipment) -> ChargeCause:
    labelled = (
        shipment.actual_fulfillment_date is not None
        or shipment.tracking is not None
        or shipment.status in {"Completed", "LabeledCreated"}
    )
    return ChargeCause(
        status=shipment.status,
        happened=labelled or shipment.status != "Cancelled",
        service=shipment.ship_option or "",
    )


async def _wros(shipbob: ShipBob, wanted: set[str]) -> dict[str, ChargeCause]:
    ids = sorted(one for one in wanted if one.isascii() and one.isdigit())
    return {
        str(wro.id): _of_wro(wro) async for wro in shipbob.wros(ids=ids, priority=Priority.BULK)
    }


def _one_wro(shipbob: ShipBob) -> Callable[[str], Awaitable[ChargeCause]]:
    async def ask(reference: str) -> ChargeCause:
        return _of_wro(await shipbob.wro(reference, priority=Priority.BULK))

    return ask


def _of_wro(wro: Wro) -> ChargeCause:
    handled = any(
        line.stowed_quantity or line.received_quantity for line in wro.inventory_quantities
    )
    return ChargeCause(
        status=wro.status,
        happened=handled or wro.status not in {"Cancelled", "Awaiting", "AwaitingArrival"},
    )


def _status(
    shipbob: ShipBob, path: str, kind: AwaitedKind, scope: str, what: str
) -> Callable[[str], Awaitable[ChargeCause]]:
    async def ask(reference: str) -> ChargeCause:
        found = await shipbob.references.one(path, reference, kind=kind, scope=scope, what=what)
        return ChargeCause(status=found.status, happened=found.status != "Cancelled")

    return ask


async def _losses(shipbob: ShipBob, first: date, last: date, unread: list[str]) -> list[Loss]:
    """Return the units that were lost; ``unread`` takes what of the history can't be read.

    A movement that can't be read may have put units back: of its item nothing counts as lost, and
    where it does not say which item that is, nothing at its center.
    """
    losses: list[Loss] = []
    unknown: list[SpoiledRow] = []
    with gathering(unknown):
        centers = await shipbob.centers.listed(priority=Priority.BULK)
    unread += [one.sentence for one in unknown]
    for center in centers:
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            moved = [
                one
                async for one in shipbob.history.adjustments(
                    center.id,
                    since=datetime.combine(first, time(), UTC),
                    until=datetime.combine(last, time.max, UTC),
                )
            ]
        unread += [one.sentence for one in spoiled]
        doubted = {one.ids.get("inventory_id", "") for one in spoiled}
        if "" not in doubted:
            sure = [one for one in moved if str(one.inventory_id) not in doubted]
            losses += lost(sure, center.name)
    return losses


def lost(moved: Iterable[StockMovement], center: str) -> list[Loss]:
    """Return the units that adjustments took out of stock and no later one put back.

    Units that are found again reduce the oldest losses of the item first. Pure.
    """
    open_losses: dict[int, list[Loss]] = {}
    for one in sorted(moved, key=lambda each: each.inventory_audit_event_id):
        waiting = open_losses.setdefault(one.inventory_id, [])
        if one.change < 0:
            waiting.append(
                Loss(
                    event_id=one.inventory_audit_event_id,
                    inventory_id=one.inventory_id,
                    sku=one.sku,
                    center=center,
                    day=one.event_datetime.date(),
                    units=-one.change,
                    reason=one.reason,
                )
            )
            continue
        found = one.change
        while found and waiting:
            units = min(found, waiting[0].units)
            found -= units
            if units == waiting[0].units:
                waiting.pop(0)
            else:
                waiting[0] = replace(waiting[0], units=waiting[0].units - units)
    return [loss for waiting in open_losses.values() for loss in waiting]
