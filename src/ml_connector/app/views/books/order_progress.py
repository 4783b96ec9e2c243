"""How far purchase orders have come: what NetSuite has received of each line, as known now.

An order's own run is a look at NetSuite's order, and may be of this morning. What receiving has
posted since, and what it saw of the order before it did, is newer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from ml_connector.app.views.subject_rows import ShownWro, SubjectFacts
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts
from ml_connector.ledger.figures import orders
from ml_connector.ledger.figures.orders import OrderAsked
from ml_connector.storage.database import Connection

_READ_ANYWAY: Final = (msgspec.ValidationError, ValueError, TypeError, KeyError)


class KnownOrder(NamedTuple):
    """An order as its own last run left it.

    Attributes:
        id: NetSuite's internal id.
        shown: what its row shows by that run alone.
        facts: of that run, as stored.
        looked_at: when it began; None where none was.
    """

    id: str
    shown: SubjectFacts
    facts: object
    looked_at: datetime | None


class _StowedLine(msgspec.Struct, frozen=True, kw_only=True):
    expected: int = 0
    stowed: int = 0


class _SeenLine(msgspec.Struct, frozen=True, kw_only=True):
    line: int
    received: Decimal = Decimal(0)


class _SeenOrder(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    lines: tuple[_SeenLine, ...] = ()


class _SeenWro(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    fulfillment_center_id: int = 0
    purchase_order_number: str | None = None
    lines: tuple[_StowedLine, ...] = ()
    orders: tuple[_SeenOrder, ...] = ()


class _Look(NamedTuple):
    """What receiving's last run saw of a WRO."""

    run_id: int
    at: datetime
    wro: _SeenWro


class _Receipt(NamedTuple):
    """An item receipt of ours from an order: eaches by line."""

    wro: int
    run_id: int
    settled_at: datetime
    units: Mapping[int, int]


async def with_progress(
    on: Connection, name: str, known: Sequence[KnownOrder]
) -> list[SubjectFacts]:
    """Return what the rows of orders show, with what was received until now.

    Args:
        on: for reading.
        name: of the connection.
        known: the orders.
    """
    if not known:
        return []
    own = {one.id: _own_facts(one.facts) for one in known}
    asked = [
        OrderAsked(one.id, one.shown.number or "", [wro.id for wro in one.shown.wros])
        for one in known
    ]
    receipts: dict[str, list[_Receipt]] = defaultdict(list)
    for row in await orders.receipts(on, name, asked):
        receipts[row["order_id"]].append(_receipt(row, own[row["order_id"]]))
    looks: dict[str, dict[int, _Look]] = defaultdict(dict)
    for row in await orders.looks(on, name, asked):
        look = _look(row)
        if look is not None:
            looks[row["order_id"]][int(row["wro"])] = look
    return [progress(one, own[one.id], receipts[one.id], looks[one.id]) for one in known]


def progress(
    order: KnownOrder,
    own: PurchaseOrderFacts | None,
    receipts: Sequence[_Receipt],
    looks: Mapping[int, _Look],
) -> SubjectFacts:
    """Return what the row of an order shows, with what was received until now. Pure."""
    if own is None:
        return order.shown
    received = _received(own, receipts, [one for one in looks.values() if _later(one, order)])
    lines = tuple(
        msgspec.structs.replace(line, received=max(line.received, received[line.line]))
        for line in order.shown.lines
    )
    return msgspec.structs.replace(
        order.shown,
        done=sum(line.received for line in lines),
        lines=lines,
        wros=_wros(order, receipts, looks),
        received_at=max((one.settled_at for one in receipts), default=None),
    )


def _received(
    own: PurchaseOrderFacts, receipts: Sequence[_Receipt], later: Iterable[_Look]
) -> Mapping[int, int]:
    """Return the units received of each line, by the newest that is known of it.

    The order's own run saw all that was received until then, by whomever; each of our receipts
    since comes on top. So it is with what a later run of receiving saw of the order, and its own
    receipts. NetSuite has received what any of them says, and no unit is counted twice.
    """
    since = Counter({line.line: line.received for line in own.lines})
    for one in _unseen(own, receipts):
        since.update(one.units)
    for look in later:
        seen = _lines_of(look.wro, own.order_id)
        for one in receipts:
            if one.run_id == look.run_id:
                seen.update(one.units)
        since |= seen
    return since


def _unseen(own: PurchaseOrderFacts, receipts: Sequence[_Receipt]) -> list[_Receipt]:
    """Return the receipts that the order's own run has not seen.

    What it saw of a WRO's receipts it keeps as units; and a receipt was there when it was settled
    before the order was read, whether or not its units are told apart.
    """
    booked = {wro.id: sum(wro.booked.values()) for wro in own.wros}
    unseen: list[_Receipt] = []
    for one in receipts:
        units = sum(one.units.values())
        was_there = one.settled_at <= own.read_at or 0 < units <= booked.get(one.wro, 0)
        booked[one.wro] = booked.get(one.wro, 0) - units
        if not was_there:
            unseen.append(one)
    return unseen


def _lines_of(wro: _SeenWro, order_id: str) -> Counter[int]:
    return Counter(
        {
            line.line: int(line.received)
            for order in wro.orders
            if order.id == order_id
            for line in order.lines
        }
    )


def _later(look: _Look, order: KnownOrder) -> bool:
    return order.looked_at is None or look.at > order.looked_at


def _wros(
    order: KnownOrder, receipts: Sequence[_Receipt], looks: Mapping[int, _Look]
) -> tuple[ShownWro, ...]:
    """Return the WROs of an order, each as it was seen last, with what is received of it."""
    shown = {wro.id: wro for wro in order.shown.wros}
    booked: Counter[int] = Counter()
    for one in receipts:
        booked[one.wro] += sum(one.units.values())
    for wro_id, look in looks.items():
        is_of_it = wro_id in shown or booked[wro_id] or _is_of(look.wro, order.id)
        if is_of_it and (wro_id not in shown or _later(look, order)):
            shown[wro_id] = _shown_wro(wro_id, look.wro)
    return tuple(
        msgspec.structs.replace(wro, booked=max(_booked_before(order, wro_id), booked[wro_id]))
        for wro_id, wro in sorted(shown.items())
    )


def _booked_before(order: KnownOrder, wro_id: int) -> int:
    return next((wro.booked for wro in order.shown.wros if wro.id == wro_id), 0)


def _is_of(wro: _SeenWro, order_id: str) -> bool:
    return [order.id for order in wro.orders] == [order_id]


def _shown_wro(wro_id: int, wro: _SeenWro) -> ShownWro:
    return ShownWro(
        id=wro_id,
        number=wro.purchase_order_number or "",
        status=wro.status,
        center_id=wro.fulfillment_center_id,
        expected=sum(line.expected for line in wro.lines),
        stowed=sum(line.stowed for line in wro.lines),
        booked=0,
    )


def _own_facts(facts: object) -> PurchaseOrderFacts | None:
    try:
        return msgspec.convert(facts, PurchaseOrderFacts, str_keys=True)
    except _READ_ANYWAY:
        return None


def _look(row: Mapping[str, Any]) -> _Look | None:
    try:
        wro = msgspec.convert(row["facts"], _SeenWro, strict=False)
    except _READ_ANYWAY:
        return None
    return _Look(row["run_id"], row["started_at"], wro)


def _receipt(row: Mapping[str, Any], own: PurchaseOrderFacts | None) -> _Receipt:
    eaches = {line.line: line.unit.eaches for line in own.lines if line.unit} if own else {}
    body = row["document"]["request"].get("body") or {}
    units = {
        int(line["orderLine"]): int(line["quantity"]) * (eaches.get(line["orderLine"], 0) or 1)
        for line in (body.get("item") or {}).get("items", ())
        if line.get("itemReceive") and line.get("quantity") is not None
    }
    return _Receipt(int(row["wro"]), row["run_id"], row["settled_at"], units)
