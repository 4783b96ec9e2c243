"""What is asked about vendor bills and the vendor (netsuite.md sections 5.1, 8.7 and 13.2)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

BILLS: Final = """
SELECT t.id, t.type, t.tranid, t.entity, t.externalid[, t.voided][, t.foreigntotal]
    [, t.currency][, BUILTIN.DF(t.currency) AS currencyname]
FROM transaction t
WHERE t.type IN ('VendBill', 'VendCred') AND t.tranid IN ({list}) ORDER BY t.id
"""

VENDOR: Final = """
SELECT v.id, v.isinactive[, BUILTIN.DF(v.currency) AS currencyname]
FROM vendor v WHERE v.id = ?
"""


class ReferencedBill(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor bill or credit with a reference number of ShipBob's.

    Attributes:
        type: VendBill or VendCred.
        foreigntotal: in the bill's currency; negative for a bill, by queries that others published
            (section 16.5, NS-033). Its sign is not relied on.
        currency: internal id; None in accounts with one currency (section 5.1).
        currencyname: its display text.
    """

    id: str
    type: str
    tranid: str
    entity: str | None = None
    externalid: str | None = None
    voided: Flag = Flag.F
    foreigntotal: Decimal | None = None
    currency: str | None = None
    currencyname: str | None = None


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor.

    Attributes:
        currencyname: the display text of its currency; None in accounts with one currency.
    """

    id: str
    isinactive: Flag = Flag.F
    currencyname: str | None = None


async def bills_by_number(
    suiteql: SuiteQL, numbers: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[ReferencedBill, ...]]:
    """Return the bills and credits with these reference numbers, whoever entered them.

    This guards against a second bill without relying on external ids (section 11.4). Voided
    bills are left out.
    """
    found: dict[str, tuple[ReferencedBill, ...]] = {}
    for row in await suiteql.rows_in(
        BILLS,
        numbers,
        type=ReferencedBill,
        operation="suiteql.bills_by_number",
        priority=priority,
    ):
        if not row.voided:
            found[row.tranid] = (*found.get(row.tranid, ()), row)
    return found


async def vendor(
    suiteql: SuiteQL, vendor_id: str, *, priority: Priority = Priority.LIVE
) -> Vendor | None:
    """Return a vendor by internal id; None when there is none or the role can't see it."""
    rows = await suiteql.rows(
        VENDOR, (vendor_id,), type=Vendor, operation="suiteql.vendor", priority=priority
    )
    return rows[0] if rows else None
