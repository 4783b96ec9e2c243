"""From ShipBob's SKU to NetSuite's item: exact, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.facts import ItemFact
from ml_connector.words import Cause

_NAMED: Final = 5
"""So many missing SKUs are named in a sentence; all of them are waited for."""


def item_name(sku: str, exceptions: Mapping[str, str]) -> str:
    """Return the NetSuite item name that a SKU stands for: itself, but for the exceptions."""
    return exceptions.get(sku, sku)


def match_items(
    skus: Iterable[str],
    found: Mapping[str, Sequence[ItemFact]],
    exceptions: Mapping[str, str],
) -> dict[str, ItemFact]:
    """Match every SKU to exactly one active item.

    Args:
        skus: ShipBob's SKUs.
        found: NetSuite's items by item name.
        exceptions: SKU to item name, where they differ.

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
                f" {', '.join(item.id for item in active)}",
                cause=Cause.SKU_AMBIGUOUS,
                remedy="Keep one of them active, or name the right one under [skus].",
                waiting_for=[f"sku:{name}"],
            )
        if active:
            matched[sku] = active[0]
        elif candidates:
            raise NeedsHuman(
                f"SKU {sku} is an inactive item in NetSuite (item {candidates[0].id})",
                cause=Cause.SKU_INACTIVE,
                remedy="Make the item active, or map the SKU to another one under [skus].",
                waiting_for=[f"sku:{name}"],
            )
        else:
            missing.append(sku)
    if missing:
        raise NeedsData(
            f"NetSuite has no item {_listed(missing, exceptions)}",
            cause=Cause.SKU_MISSING_IN_NETSUITE,
            waiting_for=[f"sku:{item_name(sku, exceptions)}" for sku in missing],
            remedy=(
                "Create the item in NetSuite with this name, or map the SKU under [skus] and"
                " apply the connection again; what waits goes on by itself."
            ),
        )
    return matched


def _listed(skus: Sequence[str], exceptions: Mapping[str, str]) -> str:
    names = [
        sku if sku not in exceptions else f'{exceptions[sku]} (for SKU "{sku}")' for sku in skus
    ]
    shown = ", ".join(names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
