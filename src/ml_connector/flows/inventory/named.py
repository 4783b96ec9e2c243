"""Says what made a drift, where the histories of both systems come to exactly its units. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from ml_connector.flows.inventory.facts import Level, StockFacts
from ml_connector.flows.inventory.verdicts import DriftVerdict, Likely, listed, units
from ml_connector.rules.stock_causes.kinds import CauseKind
from ml_connector.rules.stock_causes.named import findings
from ml_connector.rules.stock_causes.rows import NOTHING_FOUND, StockCause, StockFinding

_BY_HAND: Final = "Nothing is adjusted by itself."


def finding_of(facts: StockFacts, level: Level, rest: Decimal) -> StockFinding | None:
    """Return what made the rest of a difference; None where the histories were not compared."""
    found = next((one for one in facts.evidence or () if one.key == level.key), None)
    if found is None:
        return None
    gaps = {
        **{one.location: one.rest for one in facts.elsewhere if one.key == level.key},
        facts.location: rest,
    }
    return findings(found, gaps).get(facts.location, NOTHING_FOUND)


def verdict_of(
    facts: StockFacts, level: Level, rest: Decimal, causes: Sequence[StockCause]
) -> DriftVerdict:
    """Say what made a drift, in words.

    Args:
        facts: of the location.
        level: what differs.
        rest: the units that nothing open accounts for.
        causes: that come to exactly as many.
    """
    waiting = [one for one in facts.open if (one.key, one.standing) == (level.key, "waiting")]
    if all(one.by_others for one in causes) and sum(one.quantity for one in waiting) == -rest:
        sources = listed(one.what for one in waiting)
        return DriftVerdict(
            likely="booked_by_others",
            says=f"somebody may have booked {sources} by hand: {said(causes)}",
            remedy=f"Look for it in NetSuite before what {sources} waits for is there: then it"
            " would be booked a second time.",
        )
    kinds = list(dict.fromkeys(one.kind for one in causes))
    return DriftVerdict(
        likely=_LIKELY[kinds[0]] if len(kinds) == 1 else "several_causes",
        says=said(causes),
        remedy=" ".join(
            dict.fromkeys(
                _remedy(facts, level, rest, [one for one in causes if one.kind is kind])
                for kind in kinds
            )
        ),
    )


def said(causes: Iterable[StockCause]) -> str:
    """Return causes in words, the first few of them."""
    return listed(f"{one.kind.rule.words}: {one.says}" for one in causes)


def _remedy(facts: StockFacts, level: Level, rest: Decimal, causes: Sequence[StockCause]) -> str:
    kind = causes[0].kind
    if kind in {CauseKind.NEVER_TOLD, CauseKind.PICKED_AGAIN}:
        return f"Run: {' and: '.join(dict.fromkeys(_sync(one.source) for one in causes))}."
    if kind is CauseKind.MOVED_BETWEEN_CENTERS:
        moved = {where: units for one in causes for where, units in one.units.items()}
        source, target = sorted(moved, key=lambda where: moved[where])
        return (
            f"Book an inventory transfer of {units(abs(moved[target]))} x {level.sku} from"
            f" location {source} to location {target} in NetSuite, if ShipBob moved them."
        )
    if kind is CauseKind.ADJUSTED_IN_NETSUITE:
        return (
            "If ShipBob counts right, take it back in NetSuite; if NetSuite does, have ShipBob"
            f" adjust {level.sku} by {units(-rest, sign=True)}. {_BY_HAND}"
        )
    return kind.rule.remedy.replace(
        "drift decide LOCATION SKU", f"drift decide {facts.location} {level.sku}"
    )


def _sync(source: str) -> str:
    flow, _, key = source.partition(" ")
    return (
        "ml-connector sync tracking" if flow == "order" else f"ml-connector sync {flow} --id {key}"
    )


_LIKELY: Final[dict[CauseKind, Likely]] = {kind: kind.value for kind in CauseKind}
"""The code of each kind: the same word."""
