"""What is asked about units of measure (netsuite.md section 13.3), and how ordered units are read.

Neither table nor columns of units are certain. If they can't be read, no unit's rate is known.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol, TypeVar

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

UNITS: Final = """
SELECT u.internalid, u.conversionrate FROM unitstypeuom u
WHERE u.internalid IN ({list}) ORDER BY u.internalid
"""


class _Unit(msgspec.Struct, frozen=True, kw_only=True):
    internalid: str
    conversionrate: Decimal | None = None


async def unit_rates(
    suiteql: SuiteQL, unit_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, Decimal]:
    """Return the base units in one of each unit; units that can't be read are left out."""
    try:
        rows = await suiteql.rows_in(
            UNITS,
            unit_ids,
            type=_Unit,
            operation="suiteql.unit_rates",
            priority=priority,
        )
    except UnknownIdentifier:
        return {}
    return {row.internalid: row.conversionrate for row in rows if row.conversionrate is not None}


class _Ordered(Protocol):
    @property
    def quantity(self) -> Decimal:
        """Units ordered."""

    @property
    def quantityshiprecv(self) -> Decimal:
        """Units received."""


Line = TypeVar("Line", bound=_Ordered)


def as_ordered(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines of one purchase order with positive quantities.

    Queries of others show them positive (netsuite.md section 5.2), and the totals of the same
    orders negative (16.5). Where an order has negative lines only, the account shows them so.
    Beside positive lines a negative one is what it says: nothing of it can be received.
    """
    ordered = [line.quantity for line in lines if line.quantity]
    if not ordered or max(ordered) > 0:
        return lines
    return [
        msgspec.structs.replace(  # type: ignore[type-var] # rows of queries are structs
            line, quantity=-line.quantity, quantityshiprecv=abs(line.quantityshiprecv)
        )
        for line in lines
    ]
