"""What is asked of a NetSuite account, one function for each question.

Tables and columns: netsuite.md section 5 and schemas/suiteql-tables.json. All values from
outside are bound parameters; string comparison is case-sensitive (section 4.4). Square
brackets enclose what an account may lack (``SuiteQL``).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# ``{column}`` is a column of ours; ``{list}`` becomes placeholders (``SuiteQL.rows_in``).
_ITEMS: Final = """
SELECT i.id, i.itemid, i.fullname, i.itemtype, i.isinactive[, i.islotitem][, i.isserialitem]
    [, i.unitstype][, i.stockunit][, i.purchaseunit]
FROM item i WHERE i.{column} IN ({list}) ORDER BY i.id
"""

_BY_EXTERNAL_ID: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.externalid IN ({list}) ORDER BY t.id
"""

_BY_NUMBER: Final = _BY_EXTERNAL_ID.replace("t.externalid IN", "t.tranid IN")

_BY_MEMO: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.type = ? AND t.memo LIKE ? ORDER BY t.id
"""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item (section 5.6).

    Attributes:
        itemid: its name or number, by default the SKU.
        fullname: ``parent : child`` for matrix children.
        itemtype: such as InvtPart, Assembly, Kit, NonInvtPart.
        stockunit: unit ids; None where the account has no units of measure (section 13.3).
    """

    id: str
    itemid: str
    itemtype: str
    fullname: str = ""
    isinactive: Flag = Flag.F
    islotitem: Flag = Flag.F
    isserialitem: Flag = Flag.F
    unitstype: str | None = None
    stockunit: str | None = None
    purchaseunit: str | None = None


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


async def items_by_sku(
    suiteql: SuiteQL, skus: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[Item, ...]]:
    """Find the items of these SKUs, by ``itemid`` or by the full name of a matrix child.

    Exact, case-sensitive (section 5.6). Active and inactive ones; more than one means that
    the SKU is ambiguous.

    Returns:
        Only the SKUs that were found.
    """
    by_id = await suiteql.rows_in(
        _ITEMS.replace("{column}", "itemid"),
        skus,
        type=Item,
        operation="suiteql.items_by_sku",
        priority=priority,
    )
    # An item found by its name needs no second look; a matrix child may be asked for in full.
    named = {item.itemid for item in by_id}
    by_full_name = await suiteql.rows_in(
        _ITEMS.replace("{column}", "fullname"),
        [sku for sku in skus if sku not in named and ":" in sku],
        type=Item,
        operation="suiteql.items_by_sku",
        priority=priority,
    )
    found: dict[str, tuple[Item, ...]] = {}
    for item in by_id:
        found[item.itemid] = (*found.get(item.itemid, ()), item)
    for item in by_full_name:
        found[item.fullname] = (*found.get(item.fullname, ()), item)
    return found


async def items_by_id(
    suiteql: SuiteQL, item_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, Item]:
    """Find items by internal id, active and inactive ones (section 5.6).

    Returns:
        Only those that the role may see.
    """
    found = await suiteql.rows_in(
        _ITEMS.replace("{column}", "id"),
        item_ids,
        type=Item,
        operation="suiteql.items_by_id",
        priority=priority,
    )
    return {item.id: item for item in found}


async def transactions_by_external_id(
    suiteql: SuiteQL, external_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, TransactionHeader]:
    """Find transactions of any type by external id, case-sensitive (sections 6.7 and 11.3).

    SuiteQL may be a moment behind the record service (section 11.6): that something is not
    found here proves nothing right after a write.

    Returns:
        Only the external ids that were found; they are unique over all transactions.
    """
    rows = await suiteql.rows_in(
        _BY_EXTERNAL_ID,
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
        _BY_NUMBER,
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
        _BY_MEMO,
        (transaction_type, f"%{tag}%"),
        type=TransactionHeader,
        operation="suiteql.transactions_by_memo_tag",
        priority=priority,
    )
    # A % or _ in the tag matches more than itself.
    return [row for row in rows if row.memo is not None and tag in row.memo]
