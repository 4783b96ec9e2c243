"""The item lines of an order as its own record shows them, by the numbers that transforms take.

By the names in netsuite.md sections 6.3, 6.4 and 8.8. ``line`` of the record is what a transform
calls ``orderLine`` (section 7.3). Quantities are in the line's own unit (section 13.3).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.records.answers import ShownRef, lowered
from ml_connector.words import Cause

OrderType = Literal["purchaseOrder", "salesOrder", "returnAuthorization"]
"""The record types whose lines are addressed by number when they are transformed."""


class RecordLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of an order's own record.

    Attributes:
        line: what a transform of the order calls ``orderLine``; None where it is not shown.
        quantity: ordered, in the line's unit; None where the line has none, as a description.
        quantityreceived: of a purchase order or a return authorization, so far.
        quantityfulfilled: of a sales order, so far.
    """

    item: ShownRef = ShownRef()
    line: int | None = None
    quantity: Decimal | None = None
    quantityreceived: Decimal | None = None
    quantityfulfilled: Decimal | None = None
    isclosed: bool | None = None
    location: ShownRef | None = None
    units: str | ShownRef | None = None

    @property
    def unit(self) -> str | None:
        """The id of the line's unit: a text in real answers (section 8.8)."""
        return self.units.id if isinstance(self.units, ShownRef) else self.units

    @property
    def ordered(self) -> Decimal:
        """Units ordered, whatever their sign; 0 where the line has none."""
        return abs(self.quantity or Decimal(0))

    @property
    def open_quantity(self) -> Decimal:
        """Units that a transform would take: 0 on a closed line, never negative."""
        if self.isclosed:
            return Decimal(0)
        done = abs(self.quantityreceived or self.quantityfulfilled or Decimal(0))
        return max(Decimal(0), self.ordered - done)


class _RecordLines(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[RecordLine, ...] = ()


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order's own record: the location of its header, and its item lines."""

    location: ShownRef | None = None
    item: _RecordLines = _RecordLines()

    @property
    def lines(self) -> tuple[RecordLine, ...]:
        """Its item lines."""
        return self.item.items

    def location_of(self, line: RecordLine) -> str | None:
        """Return the location of a line: its own, or else the order's."""
        own = line.location or self.location
        return own.id if own is not None and own.id else None


def order_record(record: Mapping[str, Any], what: str) -> OrderRecord:
    """Read an order's own record. Pure.

    Args:
        record: as ``NetSuite.get`` returns it as a dict.
        what: the record, for the message.

    Raises:
        NeedsHuman: the record does not have the fields that are documented.
    """
    try:
        return msgspec.convert(lowered(record), OrderRecord, strict=False)
    except msgspec.ValidationError as error:
        raise NeedsHuman(
            f"The {what} is not what NetSuite is documented to answer: {error}",
            cause=Cause.BUG,
            remedy="Report it as a fault of this software, with the text above.",
        ) from error
