"""What is asked about items: by SKU, by internal id.

Tables and columns: netsuite.md section 5 and schemas/suiteql-tables.json. All values from
outside are bound parameters; string comparison is case-sensitive (section 4.4). Square
brackets enclose what an account may lack (``SuiteQL``).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# ``{column}`` is a column of ours; ``{list}`` becomes placeholders (``SuiteQL.rows_in``).
ITEMS: Final = """
SELECT i.id, i.itemid, i.fullname, i.itemtype, i.isinactive[, i.islotitem][, i.isserialitem]
    [, i.unitstype][, i.stockunit][, i.purchaseunit]
FROM item i WHERE i.{column} IN ({list}) ORDER BY i.id
"""


KIT_MEMBERS: Final = """
SELECT k.parentitem, k.item, k.quantity, i.itemtype, i.itemid
FROM kitItemMember k LEFT JOIN item i ON i.id = k.item
WHERE k.parentitem IN ({list}) ORDER BY k.parentitem, k.linenumber
"""


IN_KITS: Final = "SELECT k.item, k.parentitem FROM kitItemMember k WHERE k.item IN ({list})"


class _InKit(msgspec.Struct, frozen=True, kw_only=True):
    item: str


class KitMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a kit (section 16.15).

    Attributes:
        parentitem: the kit's internal id.
        item: the member's internal id.
        quantity: of the member in one kit, in base units.
        itemtype, itemid: of the member; empty where the role may not see the item.
    """

    parentitem: str
    item: str
    quantity: Decimal = Decimal(1)
    itemtype: str = ""
    itemid: str = ""


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
        ITEMS.replace("{column}", "itemid"),
        skus,
        type=Item,
        operation="suiteql.items_by_sku",
        priority=priority,
    )
    # An item found by its name needs no second look; a matrix child may be asked for in full.
    named = {item.itemid for item in by_id}
    by_full_name = await suiteql.rows_in(
        ITEMS.replace("{column}", "fullname"),
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
        ITEMS.replace("{column}", "id"),
        item_ids,
        type=Item,
        operation="suiteql.items_by_id",
        priority=priority,
    )
    return {item.id: item for item in found}


async def kit_members(
    suiteql: SuiteQL, kit_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[KitMember, ...]]:
    """Find what one of each kit is made of, by the kit's internal id (section 16.15).

    Returns:
        Only the kits that have members.

    Raises:
        UnknownIdentifier: the role may not see the members of kits.
    """
    rows = await suiteql.rows_in(
        KIT_MEMBERS,
        kit_ids,
        type=KitMember,
        operation="suiteql.kit_members",
        priority=priority,
    )
    found: dict[str, tuple[KitMember, ...]] = {}
    for row in rows:
        found[row.parentitem] = (*found.get(row.parentitem, ()), row)
    return found


async def in_kits(suiteql: SuiteQL, items: Sequence[str]) -> frozenset[str]:
    """Return which of these items are members of kits (section 16.15).

    Args:
        suiteql: the account.
        items: internal ids, at most 1,000.

    Raises:
        UnknownIdentifier: the role may not see the members of kits.
    """
    found = await suiteql.rows_in(
        IN_KITS, items, type=_InKit, operation="suiteql.in_kits", priority=Priority.BULK
    )
    return frozenset(one.item for one in found)
