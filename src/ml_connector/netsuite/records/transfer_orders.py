"""Transfer orders as the record service gives them: lines and locations.

By the names in Oracle's list of record fields (schemas/suitescript-records.json,
``transferorder``).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.records.answers import ShownRef, lowered
from ml_connector.words import Cause


class TransferLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transfer order. Quantities are in the line's unit (section 13.3)."""

    item: ShownRef = ShownRef()
    line: int | None = None
    quantity: Decimal | None = None
    quantityfulfilled: Decimal | None = None
    quantityreceived: Decimal | None = None
    isclosed: bool | None = None
    units: str | ShownRef | None = None
    expectedreceiptdate: date | None = None

    @property
    def unit(self) -> str | None:
        """The id of the line's unit: a text in real answers (section 8.8)."""
        return self.units.id if isinstance(self.units, ShownRef) else self.units

    @property
    def open_quantity(self) -> Decimal:
        """Units that have not arrived yet: 0 on a closed line, never negative."""
        if self.isclosed:
            return Decimal(0)
        return max(Decimal(0), (self.quantity or Decimal(0)) - (self.quantityreceived or 0))


class _TransferLines(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[TransferLine, ...] = ()


class TransferContent(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a transfer order, and the locations that it moves between."""

    location: ShownRef = ShownRef()
    transferlocation: ShownRef = ShownRef()
    item: _TransferLines = _TransferLines()


def transfer_content(record: Mapping[str, Any], order_id: str) -> TransferContent:
    """Read the lines and locations of a transfer order. Pure.

    Args:
        record: as ``NetSuite.get`` returns it as a dict.
        order_id: internal id of the order.

    Raises:
        NeedsHuman: the record does not have the fields that Oracle's list names.
    """
    try:
        return msgspec.convert(lowered(record), TransferContent, strict=False)
    except msgspec.ValidationError as error:
        raise NeedsHuman(
            f"Transfer order {order_id} is not what NetSuite is documented to answer: {error}",
            cause=Cause.BUG,
            remedy="Report it as a fault of this software, with the text above.",
        ) from error
