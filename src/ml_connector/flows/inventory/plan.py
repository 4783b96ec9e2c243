"""Decides whether every difference at a location is explained, and tells people if not. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman, Unreadable
from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory.corrections import corrections
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.words import Cause


def plan(facts: StockFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Post nothing but what a person decided: either all is explained, or a person has to look.

    The plan ends in NeedsHuman (``stock_drift``) when something differs that nothing open
    explains, and that nobody decided to correct.

    Raises:
        NeedsHuman: what a person decided can't be posted.
    """
    if not facts.centers:
        return Plan(note=f"No fulfillment center is mapped to location {facts.location}")
    found = drift.judge(facts)
    documents = corrections(facts, posted, settings)
    corrected = {line.item for one in documents for line in one.lines}
    drifts = [one for one in found if one.drift and one.level.item not in corrected]
    note = f"SKUs: {len(facts.levels)}, different: {len(found)}, unexplained: {len(drifts)}"
    if facts.unmapped:
        note += ". Not compared, since no location is mapped to it: " + ", ".join(
            f"{units} units at fulfillment center {center}"
            for center, units in facts.unmapped.items()
        )
    return Plan(documents=documents, note=note, remaining_failure=_failure(facts, drifts))


def _failure(facts: StockFacts, drifts: Sequence[drift.StockDifference]) -> NeedsHuman | None:
    """Return what a person has to look at: what differs first, then what can't be read."""
    unread = "; ".join(dict.fromkeys(one.says for one in facts.unread_levels))
    if drifts:
        also = f". Not compared, since it can't be read: {unread}" if unread else ""
        return NeedsHuman(
            f"{drift.sentence(facts, drifts)}{also}",
            cause=Cause.STOCK_DRIFT,
            remedy=drift.remedy(facts, drifts),
        )
    if unread:
        return Unreadable(f"Stock at location {facts.location} that can't be read: {unread}")
    return None


def details(facts: StockFacts, settings: ConnectionSettings) -> Sequence[Mapping[str, Any]]:
    """Return all differences, those first that nothing explains, then by SKU."""
    del settings
    found = sorted(drift.judge(facts), key=lambda one: (not one.drift, one.level.sku))
    return [
        {
            "location": facts.location,
            "sku": one.level.sku,
            "item": one.level.item,
            "shipbob": one.level.shipbob,
            "netsuite": _whole(one.level.netsuite),
            "drift": _whole(one.drift),
            "likely": one.verdict.likely if one.verdict else None,
            "why": "; ".join(
                (
                    *(f"{_whole(part.quantity):+}: {part.says}" for part in one.explained),
                    *((one.verdict.says,) if one.verdict else ()),
                )
            ),
            "remedy": one.verdict.remedy if one.verdict else "",
        }
        for one in found
    ]


def _whole(quantity: Decimal) -> int | float:
    """Return a quantity as JSON and people write it; only NetSuite has parts of a unit."""
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)
