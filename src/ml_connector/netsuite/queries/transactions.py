"""What is asked about transactions of any type: by external id, by number, by our tag.

Tables and columns: netsuite.md section 5. All values from outside are bound parameters; string
comparison is case-sensitive (section 4.4).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# ``{list}`` becomes placeholders (``SuiteQL.rows_in``).
BY_EXTERNAL_ID: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.externalid IN ({list}) ORDER BY t.id
"""

BY_NUMBER: Final = BY_EXTERNAL_ID.replace("t.externalid IN", "t.tranid IN")

BY_MEMO: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.type = ? AND t.memo LIKE ? ORDER BY t.id
"""


# Of receipts and adjustments: the entry against the account of goods that are not billed yet
# repeats a line with its sign turned, where the account does not say what moves stock.
LINES: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, t.memo, m.createdfrom
    [, m.subsidiary],
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, l.item, l.location, l.quantity
    [, t.posting][, t.voided][, l.isinventoryaffecting]
FROM transaction t
JOIN transactionline l ON l.transaction = t.id
LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.id IN ({list}) AND l.item IS NOT NULL
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
ORDER BY t.id, l.id
"""

CHANGES: Final = """
SELECT t.id, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS lastmodified
FROM transaction t WHERE t.id IN ({list}) ORDER BY t.id
"""


class NamedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a document that may move stock, with what its header says.

    Attributes:
        quantity: base units, signed: positive into stock.
        posting: whether the transaction touches the books.
        isinventoryaffecting: None where the account does not say.
    """

    id: str
    type: str
    item: str
    quantity: Decimal = Decimal(0)
    location: str | None = None
    tranid: str | None = None
    externalid: str | None = None
    memo: str | None = None
    status: str | None = None
    createdfrom: str | None = None
    subsidiary: str | None = None
    trandate: date | None = None
    posting: Flag = Flag.T
    voided: Flag = Flag.F
    isinventoryaffecting: Flag | None = None

    @property
    def moves_stock(self) -> bool:
        """Whether the line moves stock.

        A cash sale or an invoice that was made from an order bills what a fulfilment has moved.
        """
        if self.isinventoryaffecting is None:
            if self.type in {"CashSale", "CustInvc"}:
                return self.createdfrom is None
            return self.type != "ItemRcpt" or self.quantity > 0
        return self.isinventoryaffecting is Flag.T


class _Change(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    lastmodified: str = ""


class TransactionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of any transaction.

    Attributes:
        type: such as ItemRcpt or InvAdjst.
        createdfrom: internal id of the order it was made from.
    """

    id: str
    type: str
    tranid: str | None = None
    externalid: str | None = None
    trandate: date | None = None
    status: str | None = None
    memo: str | None = None
    createdfrom: str | None = None


async def transactions_by_external_id(
    suiteql: SuiteQL, external_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, TransactionHeader]:
    """Find transactions of any type by external id, case-sensitive (sections 6.7 and 11.3).

    SuiteQL may be a moment behind the record service (section 11.6), so a record that was just
    written may be missing here.

    Returns:
        Only the external ids that were found; they are unique over all transactions.
    """
    rows = await suiteql.rows_in(
        BY_EXTERNAL_ID,
        external_ids,
        type=TransactionHeader,
        operation="suiteql.transactions_by_external_id",
        priority=priority,
    )
    return {row.externalid: row for row in rows if row.externalid is not None}


async def transactions_by_number(
    suiteql: SuiteQL, number: str, *, priority: Priority = Priority.LIVE
) -> Sequence[TransactionHeader]:
    """Find transactions of any type by document number, which is not unique (section 5.1)."""
    return await suiteql.rows_in(
        BY_NUMBER,
        [number],
        type=TransactionHeader,
        operation="suiteql.transactions_by_number",
        priority=priority,
    )


async def transactions_by_memo_tag(
    suiteql: SuiteQL, tag: str, transaction_type: str, *, priority: Priority = Priority.LIVE
) -> list[TransactionHeader]:
    """Find transactions of one type with our tag in the memo: the second key (section 11.8).

    Args:
        suiteql: the account.
        tag: such as ``[mlc:ir-90311-1]``.
        transaction_type: such as ``ItemRcpt``.
        priority: its place in the queue.
    """
    rows = await suiteql.rows(
        BY_MEMO,
        (transaction_type, f"%{tag}%"),
        type=TransactionHeader,
        operation="suiteql.transactions_by_memo_tag",
        priority=priority,
    )
    # A % or _ in the tag matches more than itself.
    return [row for row in rows if row.memo is not None and tag in row.memo]


async def lines_of_documents(
    suiteql: SuiteQL, ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> list[NamedLine]:
    """Return the item lines of stock documents by internal id; none of one that was deleted."""
    return await suiteql.rows_in(
        LINES, ids, type=NamedLine, operation="suiteql.lines_of_documents", priority=priority
    )


async def last_changes(
    suiteql: SuiteQL, ids: Sequence[str], *, priority: Priority = Priority.BULK
) -> Mapping[str, str]:
    """Return when transactions were changed last, by internal id; none of one that was deleted."""
    found = await suiteql.rows_in(
        CHANGES, ids, type=_Change, operation="suiteql.last_changes", priority=priority
    )
    return {row.id: row.lastmodified for row in found}
