"""What was stowed at ShipBob, and what NetSuite's purchase order says of it."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.shipbob.payloads import Box
from ml_connector.words import ExternalIdPrefix


class StowedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU of a WRO, or one lot of it. Cumulative whole eaches."""

    inventory_id: int
    sku: str | None
    expected: int
    stowed: int
    lot: str | None = None
    lot_date: date | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an order line on an item receipt in NetSuite.

    Attributes:
        external_id: None, or somebody else's, when the receipt is not ours.
    """

    quantity: int
    external_id: str | None = None


class ReceivingOrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open item line of a purchase order. Quantities in base units.

    Attributes:
        line: what a transform calls ``orderLine`` (netsuite.md section 5.2).
        open_quantity: ordered less received; 0 on a closed line.
        receipts: what was received of it that no other WRO explains; none where it does not
            matter.
        unit: the line's unit where it does not count in eaches, else None.
        per_unit: eaches in that unit; 0 where that is not proven.
        unit_problem: why it is not.
    """

    line: int
    item_id: str
    open_quantity: int
    receipts: tuple[Receipt, ...] = ()
    unit: str | None = None
    per_unit: int = 0
    unit_problem: str = ""

    @property
    def eaches(self) -> int:
        """Eaches in one unit of the line; 1 where it counts in eaches."""
        return self.per_unit or 1

    @property
    def line_unit(self) -> LineUnit | None:
        """The unit, where the line does not count in eaches."""
        if self.unit is None:
            return None
        problem = self.unit_problem or ("" if self.per_unit else "it is not the stock unit")
        return LineUnit(unit=self.unit, eaches=self.per_unit, problem=problem)


class ReceivingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase order as receiving needs it, with all its item lines."""

    id: str
    number: str
    status: str
    lines: tuple[ReceivingOrderLine, ...]


_SPLIT: Final = re.compile(r"^(.+)-\d{1,3}$")


async def read_orders(
    wro_id: int,
    number: str,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> tuple[ReceivingOrder, ...]:
    """Return the purchase orders with a WRO's number.

    A number such as ``PO123-2`` is looked for as it is, and else as the second WRO of
    ``PO123`` (shipbob.md section 8). What others received is only read where the order has
    fewer units open than were stowed.
    """
    found = await reads.orders(number)
    split = _SPLIT.match(number)
    if not found and split:
        found = await reads.orders(split[1])
    return tuple([await _order(wro_id, order, stowed, items, reads) for order in found])


async def is_transfer(number: str, reads: Reads) -> bool:
    """Return whether a WRO's number is that of a transfer order, or of its second WRO."""
    split = _SPLIT.match(number)
    return bool(
        await reads.transfers.named(number) or (split and await reads.transfers.named(split[1]))
    )


async def _order(
    wro_id: int,
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> ReceivingOrder:
    receipts: Mapping[int, tuple[Receipt, ...]] = {}
    if _fewer_open(order, stowed, items):
        receipts = unexplained(wro_id, await reads.receipts(order.id))
    units = await read_units(order.lines, "purchaseOrder", order.id, reads)
    plain = LineUnit(unit="")
    return ReceivingOrder(
        id=order.id,
        number=order.tranid,
        status=order.status,
        lines=tuple(
            ReceivingOrderLine(
                line=line.line,
                item_id=line.item,
                open_quantity=int(line.open_quantity),
                receipts=receipts.get(line.line, ()),
                unit=units.get(line.line, plain).unit or None,
                per_unit=units.get(line.line, plain).eaches,
                unit_problem=units.get(line.line, plain).problem,
            )
            for line in order.lines
        ),
    )


def unexplained(wro_id: int, lines: Sequence[ReceiptLine]) -> dict[int, tuple[Receipt, ...]]:
    """Return the receipts of an order that no other WRO explains, by order line.

    Receipts of other WROs carry their numbers in our external ids (netsuite.md section
    11.4). Those of this WRO are kept: a database that was restored may not know of them.
    """
    found: dict[int, tuple[Receipt, ...]] = {}
    for line in lines:
        external_id = line.externalid or ""
        of_another_wro = external_id.startswith(
            ExternalIdPrefix.RECEIPT
        ) and not external_id.startswith(f"{ExternalIdPrefix.RECEIPT}{wro_id}-")
        if line.order_line is not None and not of_another_wro and line.quantity:
            receipt = Receipt(quantity=int(line.quantity), external_id=line.externalid)
            found[line.order_line] = (*found.get(line.order_line, ()), receipt)
    return found


def _fewer_open(
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
) -> bool:
    stowed_units = sum(line.stowed for line in stowed)
    ids = {item.id for item in items}
    return sum(line.open_quantity for line in order.lines if line.item in ids) < stowed_units


def by_lot(lines: Sequence[StowedLine], boxes: Sequence[Box]) -> list[StowedLine]:
    """Split the lines of a WRO by the lots that its boxes hold.

    Units that the boxes do not account for stay without a lot (shipbob.md section 9.4: the
    counters of WRO and boxes can disagree while work goes on).
    """
    lots: dict[int, dict[tuple[str, date | None], int]] = defaultdict(lambda: defaultdict(int))
    for box in boxes:
        for item in box.box_items:
            if item.lot_number and item.stowed_quantity:
                day = item.lot_date.date() if item.lot_date else None
                lots[item.inventory_id][item.lot_number, day] += item.stowed_quantity
    split: list[StowedLine] = []
    for line in lines:
        rest = line.stowed
        for (lot, day), quantity in sorted(
            lots[line.inventory_id].items(), key=lambda entry: (entry[0][0], str(entry[0][1]))
        ):
            units = min(rest, quantity)
            if units:
                split.append(msgspec.structs.replace(line, stowed=units, lot=lot, lot_date=day))
                rest -= units
        if rest or not lots[line.inventory_id]:
            split.append(msgspec.structs.replace(line, stowed=rest))
    return split
