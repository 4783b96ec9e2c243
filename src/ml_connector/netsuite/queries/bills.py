"""What is asked about vendor bills and the vendor (netsuite.md sections 5.1, 8.7 and 13.2)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority
from ml_connector.words import OUR_EXTERNAL_IDS

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


VENDOR_BILLS: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate,
    l.id AS line, l.foreignamount[, t.posting][, t.voided][, t.currency]
    [, BUILTIN.DF(t.currency) AS currencyname][, a.account][, BUILTIN.DF(a.account) AS accountname]
    [, l.subsidiary][, TO_CHAR(p.startdate, 'YYYY-MM-DD') AS periodstart]
    [, TO_CHAR(p.enddate, 'YYYY-MM-DD') AS periodend]
FROM transaction t
JOIN transactionline l ON l.transaction = t.id
[LEFT JOIN transactionaccountingline a
    ON a.transaction = l.transaction AND a.transactionline = l.id]
[LEFT JOIN accountingperiod p ON p.id = t.postingperiod]
WHERE (t.externalid LIKE ? OR t.entity = ?) AND t.type IN ('VendBill', 'VendCred')
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.trandate < TO_DATE(?, 'YYYY-MM-DD')
    AND (t.id > ? OR (t.id = ? AND l.id > ?))
ORDER BY t.id, l.id
"""


class VendorBillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a bill or credit, with the posting period of its document (section 13.5).

    Attributes:
        foreignamount: in the transaction's currency; a credit's sign is not relied on (NS-033).
        account: None where the role may not read it; ``accountname`` is its display text.
        currency: internal id; None in accounts with one currency (section 5.1).
        subsidiary: None outside OneWorld (section 5.1).
        periodstart, periodend: None where the role may not read periods.
    """

    id: str
    type: str
    line: int
    trandate: date
    foreignamount: Decimal = Decimal(0)
    tranid: str | None = None
    externalid: str | None = None
    account: str | None = None
    accountname: str | None = None
    currency: str | None = None
    currencyname: str | None = None
    subsidiary: str | None = None
    periodstart: date | None = None
    periodend: date | None = None
    posting: Flag = Flag.T
    voided: Flag = Flag.F


async def vendor_bills(
    suiteql: SuiteQL, vendor_id: str, first: date, after: date
) -> AsyncIterator[Sequence[VendorBillLine]]:
    """Yield the lines of a vendor's bills and credits, and of all of ours, dated in these days.

    Args:
        suiteql: the account.
        vendor_id: internal id.
        first: the first day.
        after: the day after the last one.
    """
    async for page in suiteql.pages(
        VENDOR_BILLS,
        (f"{OUR_EXTERNAL_IDS}%", vendor_id, first.isoformat(), after.isoformat()),
        type=VendorBillLine,
        start=(0, 0, 0),
        key=lambda row: (int(row.id), int(row.id), row.line),
        operation="suiteql.vendor_bills",
    ):
        yield page
