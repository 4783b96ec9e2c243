"""Bindings: which NetSuite item each ShipBob inventory item was matched to.

A SKU is matched once, by its text; from then on the two internal ids stand for each other,
so that a new name in either system breaks nothing. Every change is kept: the binding before,
which run changed it, when and why.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

import msgspec

from ml_connector.storage.database import Connection, Database, rows

Reason = Literal["matched", "skus"]
"""``matched``: by the SKU itself; ``skus``: because ``[skus]`` says so."""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """That a ShipBob inventory item and a NetSuite item are the same thing.

    Attributes:
        inventory_id: ShipBob's (shipbob.md section 9.2).
        item: NetSuite's internal id.
        sku: ShipBob's SKU when they were matched.
        item_name: the item name that this SKU stood for then.
    """

    inventory_id: int
    item: str
    sku: str
    item_name: str
    reason: Reason = "matched"


class PastBinding(msgspec.Struct, frozen=True, kw_only=True):
    """A binding with its history.

    Attributes:
        bound_by: such as ``receiving 90311``.
        ended_at: when another one took its place; None while it holds.
        previous_item: the item it was bound to before; None for the first.
    """

    binding: Binding
    bound_by: str
    run_id: int
    bound_at: datetime
    ended_at: datetime | None
    previous_item: str | None


class Bindings(Protocol):
    """The bindings of one connection, as reads."""

    async def of_inventory(self, inventory_ids: Collection[int]) -> dict[int, Binding]:
        """Return the bindings of ShipBob's inventory items; none for one that has none."""

    async def of_items(self, items: Collection[str]) -> dict[str, tuple[Binding, ...]]:
        """Return the bindings of NetSuite's items; several ids may be the same item."""


class NoBindings:
    """A connection without a ledger: nothing is bound."""

    async def of_inventory(self, inventory_ids: Collection[int]) -> dict[int, Binding]:
        """Return nothing."""
        del inventory_ids
        return {}

    async def of_items(self, items: Collection[str]) -> dict[str, tuple[Binding, ...]]:
        """Return nothing."""
        del items
        return {}


_COLUMNS: Final = "inventory_id, item, sku, item_name, reason"


class KeptBindings:
    """The bindings of one connection in the database."""

    def __init__(self, database: Database, connection_name: str) -> None:
        self._database = database
        self._connection_name = connection_name

    async def of_inventory(self, inventory_ids: Collection[int]) -> dict[int, Binding]:
        """Return the bindings of ShipBob's inventory items; none for one that has none."""
        if not inventory_ids:
            return {}
        found = await self._database.fetch(
            f"select {_COLUMNS} from sku_binding where connection = %(connection)s"  # noqa: S608 - columns of ours
            " and ended_at is null and inventory_id = any (%(ids)s)",
            {"connection": self._connection_name, "ids": sorted(inventory_ids)},
        )
        return {row["inventory_id"]: Binding(**row) for row in found}

    async def of_items(self, items: Collection[str]) -> dict[str, tuple[Binding, ...]]:
        """Return the bindings of NetSuite's items; several ids may be the same item."""
        if not items:
            return {}
        found = await self._database.fetch(
            f"select {_COLUMNS} from sku_binding where connection = %(connection)s"  # noqa: S608 - columns of ours
            " and ended_at is null and item = any (%(items)s) order by inventory_id",
            {"connection": self._connection_name, "items": sorted(items)},
        )
        bound: dict[str, tuple[Binding, ...]] = {}
        for row in found:
            bound[row["item"]] = (*bound.get(row["item"], ()), Binding(**row))
        return bound


async def bind(
    connection: Connection,
    connection_name: str,
    bindings: Sequence[Binding],
    *,
    run_id: int,
    bound_by: str,
) -> None:
    """Keep the bindings that a run has found; other bindings of these items end, and are kept.

    Args:
        connection: the transaction that keeps the run's decision.
        connection_name: whose items.
        bindings: one for each inventory id; the same as before changes nothing.
        run_id: the run that matched them.
        bound_by: the run's subject, for people.
    """
    if not bindings:
        return
    ordered = sorted(bindings, key=lambda one: one.inventory_id)
    values: Mapping[str, object] = {
        "connection": connection_name,
        "ids": [one.inventory_id for one in ordered],
        "items": [one.item for one in ordered],
        "skus": [one.sku for one in ordered],
        "names": [one.item_name for one in ordered],
        "reasons": [one.reason for one in ordered],
        "run": run_id,
        "by": bound_by,
    }
    wanted = (
        "unnest(%(ids)s::bigint[], %(items)s::text[], %(skus)s::text[], %(names)s::text[],"
        " %(reasons)s::text[]) as w (inventory_id, item, sku, item_name, reason)"
    )
    await rows(
        connection,
        f"update sku_binding as b set ended_at = now() from {wanted}"  # noqa: S608 - text of ours
        " where b.connection = %(connection)s and b.ended_at is null"
        " and b.inventory_id = w.inventory_id"
        " and (b.item, b.sku, b.item_name) is distinct from (w.item, w.sku, w.item_name)",
        values,
    )
    await rows(
        connection,
        "insert into sku_binding"  # noqa: S608 - text of ours
        f" (connection, {_COLUMNS}, run_id, bound_by, previous)"
        " select %(connection)s, w.inventory_id, w.item, w.sku, w.item_name, w.reason, %(run)s,"
        " %(by)s, (select max(p.id) from sku_binding as p where p.connection = %(connection)s"
        f"  and p.inventory_id = w.inventory_id) from {wanted}"
        " on conflict (connection, inventory_id) where ended_at is null do nothing",
        values,
    )


async def history(
    connection: Connection, connection_name: str, inventory_id: int
) -> list[PastBinding]:
    """Return what an inventory item was ever bound to, oldest first."""
    found = await rows(
        connection,
        "select b.inventory_id, b.item, b.sku, b.item_name, b.reason, b.run_id, b.bound_by,"
        " b.bound_at, b.ended_at, p.item as previous_item"
        " from sku_binding as b left join sku_binding as p on p.id = b.previous"
        " where b.connection = %(connection)s and b.inventory_id = %(id)s order by b.id",
        {"connection": connection_name, "id": inventory_id},
    )
    return [
        PastBinding(
            binding=Binding(
                inventory_id=row["inventory_id"],
                item=row["item"],
                sku=row["sku"],
                item_name=row["item_name"],
                reason=row["reason"],
            ),
            bound_by=row["bound_by"],
            run_id=row["run_id"],
            bound_at=row["bound_at"],
            ended_at=row["ended_at"],
            previous_item=row["previous_item"],
        )
        for row in found
    ]
