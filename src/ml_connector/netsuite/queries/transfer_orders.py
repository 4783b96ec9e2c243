"""What is asked about transfer orders: which there are, and what is on them.

A query shows each line of a transfer order twice, where it leaves and where it arrives, and it is
not documented how to tell the two apart. So the lines are read from the record service, by the
names in Oracle's list of record fields (schemas/suitescript-records.json, ``transferorder``).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority
from ml_connector.words import Cause

_BY_NUMBER: Final = """
SELECT t.id, t.tranid, t.status, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t
WHERE t.type = 'TrnfrOrd' AND t.tranid IN ({list}) ORDER BY t.id
"""

_BY_ID: Final = """
SELECT t.id, t.tranid, t.status, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t
WHERE t.type = 'TrnfrOrd' AND t.id IN ({list}) ORDER BY t.id
"""


class TransferOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a transfer order.

    Attributes:
        status: the letter, from memory (schemas/status-codes.json): A pending approval, B
            pending fulfilment, C rejected, D partially fulfilled, E pending receipt and
            partially fulfilled, F pending receipt, G received, H closed.
    """

    id: str
    tranid: str
    status: str
    trandate: date | None = None


class _Ref(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""


class TransferLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transfer order. Quantities are in the line's unit (section 13.3)."""

    item: _Ref = _Ref()
    line: int | None = None
    quantity: Decimal | None = None
    quantityfulfilled: Decimal | None = None
    quantityreceived: Decimal | None = None
    isclosed: bool | None = None
    units: str | _Ref | None = None
    expectedreceiptdate: date | None = None

    @property
    def unit(self) -> str | None:
        """The id of the line's unit: a text in real answers (section 8.8)."""
        return self.units.id if isinstance(self.units, _Ref) else self.units

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

    location: _Ref = _Ref()
    transferlocation: _Ref = _Ref()
    item: _TransferLines = _TransferLines()


async def transfers_by_number(
    suiteql: SuiteQL, tranids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[TransferOrder, ...]]:
    """Find transfer orders by their number, compared exactly."""
    found: dict[str, tuple[TransferOrder, ...]] = {}
    for order in await suiteql.rows_in(
        _BY_NUMBER,
        tranids,
        type=TransferOrder,
        operation="suiteql.transfer_orders_by_number",
        priority=priority,
    ):
        found[order.tranid] = (*found.get(order.tranid, ()), order)
    return found


async def transfers_by_id(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, TransferOrder]:
    """Find transfer orders by internal id; other and deleted records are left out."""
    rows = await suiteql.rows_in(
        _BY_ID,
        order_ids,
        type=TransferOrder,
        operation="suiteql.transfer_orders_by_id",
        priority=priority,
    )
    return {order.id: order for order in rows}


async def transfer_content(netsuite: NetSuite, order_id: str) -> TransferContent | None:
    """Return the lines and locations of a transfer order; None when it is gone.

    Raises:
        NeedsHuman: the record does not have the fields that Oracle's list names.
        Retryable: no usable answer.
    """
    record = await netsuite.get("transferOrder", record_id=order_id, shape=dict[str, Any])
    if record is None:
        return None
    try:
        return msgspec.convert(_lowered(record), TransferContent, strict=False)
    except msgspec.ValidationError as error:
        raise NeedsHuman(
            f"Transfer order {order_id} is not what NetSuite is documented to answer: {error}",
            cause=Cause.BUG,
            remedy="Report it as a fault of this software, with the text above.",
        ) from error


def _lowered(value: object) -> object:
    """Return a value with its names in lower case and without NULLs, since answers differ."""
    if isinstance(value, dict):
        return {key.lower(): _lowered(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_lowered(inner) for inner in value]
    return value
