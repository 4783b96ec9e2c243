"""From ShipBob's SKU to NetSuite's item: exact, or not at all; and once, then by ids."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman, Unreadable
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.item_names import near_names, spellings
from ml_connector.netsuite.queries.items import Item
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import ItemFact, item_fact
from ml_connector.words import Cause

_NAMED: Final = 5
"""The number of missing SKUs that a message names; all of them are waited for."""


def item_name(sku: str, exceptions: Mapping[str, str]) -> str:
    """Return the NetSuite item name that a SKU stands for: itself, but for the exceptions."""
    return exceptions.get(sku, sku)


def sku_of(inventory_id: int, sku: str | None) -> str:
    """Return the SKU of an inventory item.

    Raises:
        NeedsHuman: the product has none at ShipBob.
    """
    if sku is None:
        raise NeedsHuman(
            f"ShipBob's inventory item {inventory_id} has no SKU",
            cause=Cause.SKU_MISSING_IN_SHIPBOB,
            remedy="Give the product a SKU at ShipBob. It then goes on by itself.",
        )
    return sku


def match_items(
    skus: Iterable[str],
    found: Mapping[str, Sequence[ItemFact]],
    exceptions: Mapping[str, str],
    near: Mapping[str, Sequence[ItemFact]],
) -> dict[str, ItemFact]:
    """Match every SKU to exactly one active item.

    Args:
        skus: ShipBob's SKUs.
        found: NetSuite's items by item name.
        exceptions: SKU to item name, where they differ.
        near: items that a person would read as a name that no item has; see ``MatchFacts``.

    Raises:
        NeedsData: items are missing; all of them are named.
        NeedsHuman: a SKU matches several items, or only inactive ones.
    """
    matched: dict[str, ItemFact] = {}
    missing: list[str] = []
    for sku in sorted(set(skus)):
        name = item_name(sku, exceptions)
        candidates = found.get(name, ())
        active = [item for item in candidates if not item.inactive]
        if len(active) > 1:
            raise NeedsHuman(
                f"SKU {sku} matches {len(active)} items in NetSuite:"
                f" {', '.join(item.shown for item in active)}",
                cause=Cause.SKU_AMBIGUOUS,
                remedy="Keep one of them active, or name the right one in full under [skus].",
                waiting_for=[AwaitedKind.SKU.named(name)],
            )
        if active:
            matched[sku] = active[0]
        elif candidates:
            raise NeedsHuman(
                f"SKU {sku} is an inactive item in NetSuite (item {candidates[0].id})",
                cause=Cause.SKU_INACTIVE,
                remedy="Make the item active, or map the SKU to another one under [skus].",
                waiting_for=[AwaitedKind.SKU.named(name)],
            )
        else:
            missing.append(sku)
    if missing:
        raise NeedsData(
            f"NetSuite has no item {_listed(missing, exceptions)}",
            cause=Cause.SKU_MISSING_IN_NETSUITE,
            waiting_for=[AwaitedKind.SKU.named(item_name(sku, exceptions)) for sku in missing],
            remedy=missing_remedy(missing, near, exceptions),
        )
    return matched


def missing_remedy(
    skus: Sequence[str],
    near: Mapping[str, Sequence[ItemFact]],
    exceptions: Mapping[str, str],
) -> str:
    """Return what to do about SKUs without an item; items with nearly their name are named."""
    told = [
        f'NetSuite has "{other}" (item {item.id}), which differs from "{name}" only by {said}: if'
        f' they are the same, give both one name, or map "{sku}" = "{other}" under [skus] and'
        " apply the connection again."
        for sku in skus[:_NAMED]
        for name in (item_name(sku, exceptions),)
        for item in near.get(name, ())[:_NAMED]
        for other, said in near_names(name, (item.name, item.full_name)).items()
    ]
    usual = (
        "Create the item in NetSuite with this name, or map the SKU under [skus] and"
        " apply the connection again; what waits goes on by itself."
    )
    return " ".join([*told, f"Otherwise: {usual[0].lower()}{usual[1:]}" if told else usual])


class MatchFacts(NamedTuple):
    """What both systems and our own books say of some SKUs.

    Attributes:
        named: NetSuite's items by the item name that was asked for.
        bindings: what was matched before, by ShipBob's inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        near: by a name that no item has, the items that differ from it only by what is easily
            overlooked (``netsuite.item_names``). None is ever matched by it.
    """

    named: dict[str, tuple[ItemFact, ...]]
    bindings: dict[int, Binding]
    bound: dict[str, ItemFact]
    near: dict[str, tuple[ItemFact, ...]]


class Matched(NamedTuple):
    """Items by ShipBob's inventory id, and the bindings that are new."""

    items: dict[int, ItemFact]
    bindings: tuple[Binding, ...]


def candidates(
    inventory_id: int, sku: str, facts: MatchFacts, exceptions: Mapping[str, str]
) -> tuple[ItemFact, ...]:
    """Return the items that a SKU may be matched to, active or not; never raises. Pure."""
    binding = facts.bindings.get(inventory_id)
    named = facts.named.get(item_name(sku, exceptions), ())
    if binding is None or asks_anew(sku, binding, exceptions):
        return named
    item = facts.bound.get(binding.item)
    return named if item is None else (item,)


async def read_items(
    wanted: Mapping[int, str], reads: Reads, unread: dict[int, Unreadable] | None = None
) -> MatchFacts:
    """Read the items of SKUs: by internal id where they were matched before, else by name.

    Items of nearly a name are not looked for: see ``near_items``.

    Args:
        wanted: SKU by ShipBob's inventory id.
        reads: of the connection.
        unread: takes the inventory ids whose item can't be read; None: each is a failure.
    """
    odd_names: dict[str, Unreadable] | None = None if unread is None else {}
    odd_ids: dict[str, Unreadable] | None = None if unread is None else {}
    bindings = await reads.bindings.of_inventory(wanted)
    by_name: set[str] = set()
    by_id: dict[str, list[str]] = {}
    for inventory_id, sku in wanted.items():
        binding = bindings.get(inventory_id)
        if binding is None or asks_anew(sku, binding, reads.skus):
            by_name.add(item_name(sku, reads.skus))
        else:
            by_id.setdefault(binding.item, []).append(sku)
    named, bound = await asyncio.gather(
        reads.items(by_name, spoiled=odd_names), reads.items_by_id(by_id, spoiled=odd_ids)
    )
    again = _successors(by_id, bound, reads.skus)
    if again - by_name:
        named |= await reads.items(again - by_name, spoiled=odd_names)
    if unread is not None:
        unread |= _unread(wanted, bindings, reads.skus, odd_names or {}, odd_ids or {})
    return MatchFacts(
        named={name: tuple(map(item_fact, found)) for name, found in named.items()},
        bindings=bindings,
        bound={item: item_fact(found) for item, found in bound.items()},
        near={},
    )


def _successors(
    by_id: Mapping[str, Sequence[str]], bound: Mapping[str, Item], exceptions: Mapping[str, str]
) -> set[str]:
    """Return names under ``[skus]`` that may be those of successors of unusable items.

    Args:
        by_id: SKUs by the internal id of the item that they were matched to.
        bound: those items, as far as NetSuite shows them.
        exceptions: SKU to item name, where they differ.
    """
    return {
        item_name(sku, exceptions)
        for item, skus in by_id.items()
        if item not in bound or bound[item].isinactive
        for sku in skus
        if sku in exceptions
    }


def _unread(
    wanted: Mapping[int, str],
    bindings: Mapping[int, Binding],
    exceptions: Mapping[str, str],
    names: Mapping[str, Unreadable],
    ids: Mapping[str, Unreadable],
) -> dict[int, Unreadable]:
    """Return the inventory ids whose item can't be read, be it by its name or by its id."""
    found: dict[int, Unreadable] = {}
    for inventory_id, sku in wanted.items():
        binding = bindings.get(inventory_id)
        by_id = None if binding is None else ids.get(binding.item)
        why = by_id or names.get(item_name(sku, exceptions))
        if why is not None:
            found[inventory_id] = why
    return found


async def near_items(
    named: Mapping[str, Sequence[ItemFact]], reads: Reads
) -> dict[str, tuple[ItemFact, ...]]:
    """Look for items that differ from names which no item has only by what is easily overlooked.

    It costs nothing where no name is missing. Only the first few are looked for, as many as a
    message names.

    Args:
        named: items by the name that was asked for.
        reads: of the connection.
    """
    missing = sorted(name for name, found in named.items() if not found)[:_NAMED]
    if not missing:
        return {}
    asked = {spelling for name in missing for spelling in spellings(name)}
    found = [item_fact(item) for items in (await reads.items(asked)).values() for item in items]
    by_id = {item.id: item for item in found if not item.inactive}
    close = {
        name: tuple(
            by_id[one]
            for one in sorted(by_id)
            if near_names(name, (by_id[one].name, by_id[one].full_name))
        )
        for name in missing
    }
    return {name: items for name, items in close.items() if items}


def match(wanted: Mapping[int, str], facts: MatchFacts, exceptions: Mapping[str, str]) -> Matched:
    """Match every SKU to exactly one active item: as it is bound, else by its name. Pure.

    A binding holds whatever the names say now, until ``[skus]`` says otherwise.

    Args:
        wanted: SKU by ShipBob's inventory id.
        facts: what ``read_items`` found.
        exceptions: SKU to item name, where they differ.

    Raises:
        NeedsData: items are missing; all of them are named.
        NeedsHuman: a SKU matches several items, or only inactive ones.
    """
    items: dict[int, ItemFact] = {}
    unbound: dict[int, str] = {}
    for inventory_id, sku in wanted.items():
        binding = facts.bindings.get(inventory_id)
        if binding is None or asks_anew(sku, binding, exceptions):
            unbound[inventory_id] = sku
            continue
        item = facts.bound.get(binding.item)
        if item is not None and not item.inactive:
            items[inventory_id] = item
        elif sku in exceptions:
            unbound[inventory_id] = sku
        else:
            raise _lost(sku, binding, item)
    named = match_items(unbound.values(), facts.named, exceptions, facts.near)
    for inventory_id, sku in unbound.items():
        items[inventory_id] = named[sku]
    return Matched(
        items=items,
        bindings=tuple(
            Binding(
                inventory_id=inventory_id,
                item=items[inventory_id].id,
                sku=sku,
                item_name=item_name(sku, exceptions),
                reason="skus" if sku in exceptions else "matched",
            )
            for inventory_id, sku in sorted(unbound.items())
        ),
    )


def asks_anew(sku: str, binding: Binding, exceptions: Mapping[str, str]) -> bool:
    """Return whether ``[skus]`` says something else now than when the SKU was matched."""
    if sku == binding.sku:
        return item_name(sku, exceptions) != binding.item_name
    return sku in exceptions


def _lost(sku: str, binding: Binding, item: ItemFact | None) -> NeedsHuman:
    """Return the failure of a SKU whose item can't be used any more."""
    what = (
        "which NetSuite has no more or does not show us"
        if item is None
        else f"now {item.name}, which is inactive in NetSuite"
    )
    return NeedsHuman(
        f"SKU {sku} was matched to item {binding.item} ({binding.item_name}), {what}",
        cause=Cause.SKU_MISSING_IN_NETSUITE if item is None else Cause.SKU_INACTIVE,
        remedy=(
            "Make the item active, or name the one that takes its place under [skus]"
            f' ("{sku}" = "its name") and apply the connection again.'
        ),
        waiting_for=[AwaitedKind.ITEM.named(binding.item)],
    )


def _listed(skus: Sequence[str], exceptions: Mapping[str, str]) -> str:
    names = [
        sku if sku not in exceptions else f'{exceptions[sku]} (for SKU "{sku}")' for sku in skus
    ]
    shown = ", ".join(names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
