"""Lines of purchase orders that were received in the month: ordered against received. Pure.

Told from NetSuite alone, and so a check of what the flows believe: sums by item and location
stay right when units stand on a wrong line of the right order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.reconcile.amounts import shown, with_unit
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import (
    Difference,
    OrderLineRow,
)
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.month import Month

_NOTHING: Final = Decimal(0)
_ALREADY_TOLD: Final = frozenset({Kind.LOCATION_CHANGED, Kind.DOCUMENT_CHANGED})
"""Kinds by which a document is told of already: somebody changed its lines."""


class ExpectedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a purchase order. Quantities in base units.

    Attributes:
        order: what people call the order.
        item_name: its name, by default the SKU.
        location: of the line, else of the order; None where neither has one.
        stocked: whether the item is kept in stock.
    """

    order_id: str
    order: str
    line: int
    item: str
    item_name: str = ""
    location: str | None = None
    ordered: Decimal = _NOTHING
    closed: bool = False
    stocked: bool = True


class LineReceipts(msgspec.Struct, frozen=True, kw_only=True):
    """Units that receipts of one month, ours or others', hold of an order line.

    Attributes:
        line: None where NetSuite's links name none.
        in_month: whether they are dated in the month of the report.
    """

    order_id: str
    line: int | None
    item: str
    location: str | None
    ours: bool
    in_month: bool
    quantity: Decimal


class LineThen(msgspec.Struct, frozen=True, kw_only=True):
    """What our books know of an order line when a receipt of ours was posted on it.

    Attributes:
        item: internal id.
        location: of the line, else of the order; None where neither had one.
        left: that it still expected, in base units.
    """

    item: str
    location: str | None
    left: Decimal


class ReceivedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of one receipt of an order in doubt.

    Attributes:
        id: internal id of the receipt.
        external_id: of ours; empty for somebody else's.
        source: the fact that ours is of, such as ``wro 90311``.
        goods_at: location of the center that its WRO's goods go to, as ShipBob says; None where
            it is not known.
        may_exceed: whether the policy ``over_receipt`` was ``receive`` when it was posted.
        then: the order's line when it was posted; None where our books do not know it.
    """

    id: str
    number: str
    external_id: str
    date: date
    order_id: str
    line: int | None
    item: str
    location: str | None
    quantity: Decimal
    source: str = ""
    goods_at: str | None = None
    may_exceed: bool = False
    then: LineThen | None = None

    @property
    def ref(self) -> DocumentRef:
        """How a difference names it."""
        return DocumentRef(
            type="Item receipt",
            id=self.id,
            number=self.number,
            external_id=self.external_id,
            date=self.date.isoformat(),
        )


class OrderSide(NamedTuple):
    """What NetSuite says of the purchase orders that were received from in the month.

    Attributes:
        lines: of these orders, all of them.
        received: on them, whenever.
        doubtful: the lines of receipts of the orders that ``in_doubt`` names.
        mapped: internal ids of the locations whose stock ShipBob holds.
        on_its_way: units that WROs of the orders still bring, by order and SKU.
    """

    lines: Sequence[ExpectedLine] = ()
    received: Sequence[LineReceipts] = ()
    doubtful: Sequence[ReceivedLine] = ()
    mapped: Collection[str] = ()
    on_its_way: Mapping[tuple[str, str], int] = MappingProxyType({})


def rows(side: OrderSide, names: SkuNames) -> tuple[OrderLineRow, ...]:
    """Return the lines with a movement in the month, each with what was received of it.

    What WROs still bring is on its way to the order's lines of that SKU, the first one first.
    """
    on_line = _on_lines(side)
    left = {place: Decimal(units) for place, units in side.on_its_way.items()}
    found = [
        _with_the_way(_row(line, on_line.get((line.order_id, line.line), ()), side, names), left)
        for line in sorted(side.lines, key=lambda one: (one.order, one.line))
    ]
    moved = [row for row in found if row.month_ours or row.month_others]
    return tuple(sorted(moved, key=lambda row: (bool(row.left_out), row.order, row.line)))


def in_doubt(side: OrderSide) -> list[str]:
    """Return the orders of which our receipts of the month must be looked at one by one."""
    on_line = _on_lines(side)
    return sorted(
        {
            line.order_id
            for line in side.lines
            if _is_doubtful(line, on_line.get((line.order_id, line.line), ()))
        },
        key=int,
    )


def judge(
    month: Month, side: OrderSide, names: SkuNames, *, section: str, told: Iterable[Difference]
) -> Iterator[Difference]:
    """Yield the receipts of ours that stand on a line they can't be of.

    Args:
        month: of whose dates the receipts are.
        side: of NetSuite.
        names: what people call items.
        section: key of the part that they are shown in.
        told: what else the report says.
    """
    named = {line.item: names.called(line.item, line.item_name) for line in side.lines}
    changed = {one.external_id for one in told if one.kind in _ALREADY_TOLD}
    lines = {(line.order_id, line.line): line for line in side.lines}
    taken: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for one in sorted(side.doubtful, key=lambda one: (int(one.id), one.line or 0)):
        line = lines.get((one.order_id, one.line)) if one.line is not None else None
        if line is None:
            continue
        taken[line.order_id, line.line] += one.quantity
        beyond = taken[line.order_id, line.line] - line.ordered
        if one.external_id and one.date in month and one.external_id not in changed:
            for kind, why in _wrong(one, line, min(beyond, one.quantity), named):
                yield _difference(kind, one, line, named, why, section=section)


def _on_lines(side: OrderSide) -> Mapping[tuple[str, int], Sequence[LineReceipts]]:
    """Return what was received by order and line.

    Where the links name no line, it is the only one of the item: at that location, else at all.
    """
    of_item: dict[tuple[str, str], list[ExpectedLine]] = defaultdict(list)
    for line in side.lines:
        of_item[line.order_id, line.item].append(line)
    found: dict[tuple[str, int], list[LineReceipts]] = defaultdict(list)
    for one in side.received:
        number = one.line
        if number is None:
            lines = of_item[one.order_id, one.item]
            there = [line for line in lines if line.location == one.location] or lines
            number = there[0].line if len(there) == 1 else None
        if number is not None:
            found[one.order_id, number].append(one)
    return found


def _row(
    line: ExpectedLine, received: Sequence[LineReceipts], side: OrderSide, names: SkuNames
) -> OrderLineRow:
    ours, others = _sum(received, ours=True), _sum(received, ours=False)
    new = [one for one in received if one.in_month]
    rest = line.ordered - ours - others
    to_come = max(rest, _NOTHING)
    return OrderLineRow(
        order=line.order,
        order_id=line.order_id,
        line=line.line,
        what=names.called(line.item, line.item_name),
        item=line.item,
        where=line.location or "",
        ordered=line.ordered,
        surplus=max(-rest, _NOTHING),
        ours=ours,
        others=others,
        month_ours=_sum(new, ours=True),
        month_others=_sum(new, ours=False),
        to_come=_NOTHING if line.closed else to_come,
        closed_short=to_come if line.closed else _NOTHING,
        left_out=_left_out(line, ours, side.mapped),
    )


def _with_the_way(row: OrderLineRow, left: dict[tuple[str, str], Decimal]) -> OrderLineRow:
    """Return a row with what of its units is on its way, taken off what is left of that."""
    place = (row.order, row.what)
    units = min(row.to_come, left.get(place, _NOTHING))
    if row.left_out or not units:
        return row
    left[place] -= units
    return msgspec.structs.replace(row, on_its_way=units, to_come=row.to_come - units)


def _sum(received: Iterable[LineReceipts], *, ours: bool) -> Decimal:
    return sum((one.quantity for one in received if one.ours is ours), _NOTHING)


def _left_out(line: ExpectedLine, ours: Decimal, mapped: Collection[str]) -> str:
    """Return why a line is none of ShipBob's; empty where it is one, or we received on it."""
    if ours:
        return ""
    if not line.stocked:
        return "its item is not kept in stock"
    if line.location is not None and line.location not in mapped:
        return f"it expects its units at location {line.location}, which ShipBob does not hold"
    return ""


def _is_doubtful(line: ExpectedLine, received: Sequence[LineReceipts]) -> bool:
    new = [one for one in received if one.ours and one.in_month]
    total = sum((one.quantity for one in received), _NOTHING)
    return any(
        one.item != line.item or _is_elsewhere(line, one.location) or total > line.ordered
        for one in new
    )


def _is_elsewhere(line: ExpectedLine, location: str | None) -> bool:
    return None not in {line.location, location} and line.location != location


def _wrong(
    one: ReceivedLine, line: ExpectedLine, beyond: Decimal, named: Mapping[str, str]
) -> Iterator[tuple[Kind, str]]:
    """Yield what is wrong with a receipt of ours on a line, and how it is said.

    Args:
        one: the receipt's line.
        line: of the order.
        beyond: units of it that the order's line did not expect any more, if positive.
        named: what people call items.
    """
    if one.item != line.item:
        yield (
            Kind.ORDER_LINE_OF_OTHER_ITEM,
            f"which orders {named.get(line.item, line.item)}",
        )
    elif _is_elsewhere(line, one.location) and one.goods_at != line.location:
        yield (
            Kind.ORDER_LINE_OF_OTHER_LOCATION,
            (
                f"which expects its units at location {line.location}, and says that they are at"
                f" location {one.location}"
            ),
        )
    if beyond > 0 and not one.may_exceed:
        yield (
            Kind.ORDER_LINE_EXCEEDED,
            (
                f"{shown(beyond)} more than was left of the {shown(line.ordered)} that it orders;"
                " the policy over_receipt did not allow that"
            ),
        )


def _difference(
    kind: Kind,
    one: ReceivedLine,
    line: ExpectedLine,
    named: Mapping[str, str],
    why: str,
    *,
    section: str,
) -> Difference:
    sku = named.get(one.item, one.item)
    return Difference(
        kind=kind,
        section=section,
        what=sku,
        item=one.item,
        where=one.location or "",
        netsuite=one.quantity,
        source=one.source,
        source_line=f"{line.order} line {line.line}",
        external_id=one.external_id,
        documents=(
            one.ref,
            DocumentRef(type="Purchase order", id=line.order_id, number=line.order),
        ),
        says=(
            f"Item receipt {one.external_id} holds {with_unit(one.quantity, '', sku)} on line"
            f" {line.line} of {line.order}, {why}"
        ),
        remedy=_remedy(kind, one, line, named),
    )


def _remedy(kind: Kind, one: ReceivedLine, line: ExpectedLine, named: Mapping[str, str]) -> str:
    """Return what to do: whether the line or the receipt is wrong, as far as our books know it."""
    called = f"line {line.line} of {line.order}"
    again = (
        "delete the receipt in NetSuite and enter it again on the right line, with the external id"
        f" {one.external_id} and the date {one.date}."
    )
    if one.then is None:
        return (
            f"Find out whether somebody {_CHANGES[kind]} {called} since; then undo that. If nobody"
            f" did, {again}"
        )
    was = _was(kind, one, line, one.then, named)
    if not was:
        return f"L{called[1:]} was so when the receipt was posted: {again}"
    return (
        f"Somebody {_CHANGES[kind]} {called} after the receipt was posted: then it {was}. Undo"
        " that, or accept it if it was meant."
    )


def _was(
    kind: Kind, one: ReceivedLine, line: ExpectedLine, then: LineThen, named: Mapping[str, str]
) -> str:
    """Return how a line was when a receipt was posted on it; empty where that is as now."""
    if kind is Kind.ORDER_LINE_OF_OTHER_ITEM and then.item != line.item:
        return f"ordered {named.get(then.item, then.item)}"
    if kind is Kind.ORDER_LINE_OF_OTHER_LOCATION and _is_elsewhere(line, then.location):
        return f"expected its units at location {then.location}"
    if kind is Kind.ORDER_LINE_EXCEEDED and then.left >= one.quantity:
        return f"still expected {shown(then.left)}"
    return ""


_CHANGES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.ORDER_LINE_OF_OTHER_LOCATION: "moved",
        Kind.ORDER_LINE_OF_OTHER_ITEM: "gave another item to",
        Kind.ORDER_LINE_EXCEEDED: "lowered",
    }
)
"""What a person may have done to the line of an order meanwhile."""
