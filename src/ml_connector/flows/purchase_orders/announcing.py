"""The WROs after which ShipBob expects at each center just what is open there. Pure."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.demand import Demand, demands
from ml_connector.flows.purchase_orders.documents import arrival, cancellation, wro_announcement
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.open_units import OpenUnits, left_off, open_units
from ml_connector.flows.purchase_orders.wros import (
    KnownWros,
    joined,
    names_of,
    order_changed,
    received_in_full,
    wro_cancelled,
)
from ml_connector.ledger.postings.documents import Document, Plan
from ml_connector.shipbob.resources.receiving import CANCELLED, ENDED

_MOST_SKUS: Final = 10_000
"""On one WRO (shipbob.md section 5)."""


def announce(facts: PurchaseOrderFacts, wros: KnownWros, settings: ConnectionSettings) -> Plan:
    """Decide which WROs of an open order should exist.

    WROs of ours that ShipBob still awaits are cancelled and made anew; all others count.

    Raises:
        NeedsData: ShipBob does not know a SKU, or a WRO is at an unmapped center.
        NeedsHuman: what is open can't be told, or nothing but a person can do anything.
    """
    opened = open_units(facts, settings)
    found = demands(opened, facts, wros, settings)
    failure = joined([*_failures(facts, found), *filter(None, [left_off(facts, settings)])])
    # Units that ShipBob has begun with at one center are not announced at another.
    elsewhere = frozenset[int]().union(*(demand.surplus for demand in found))
    changed = [
        demand
        for demand in found
        if not demand.is_announced and elsewhere.isdisjoint(demand.added)
    ]
    numbers = (number for number in count(wros.numbers + 1) if number not in wros.taken)
    documents = (
        *(cancellation(wro.id, wro.number) for demand in changed for wro in demand.awaited),
        *(
            document
            for demand in changed
            for document in _announcements(demand, facts, settings, numbers=numbers)
        ),
    )
    if failure is not None and not documents:
        raise failure
    return Plan(
        documents=documents,
        remaining_failure=failure,
        note=_note(facts, wros, found, changed, settings),
        bindings=opened.bindings,
    )


def _failures(facts: PurchaseOrderFacts, found: Sequence[Demand]) -> list[NeedsHuman]:
    begun = [wro for demand in found for wro in demand.begun]
    kept = [wro for demand in found for wro in demand.kept]
    withheld = [wro for demand in found for wro in demand.withheld]
    failures: list[NeedsHuman] = []
    if begun:
        failures.append(order_changed(facts, begun, "expects less than is on its way"))
    if kept:
        failures.append(received_in_full(facts, kept))
    if withheld:
        failures.append(wro_cancelled(facts, withheld))
    return failures


def _announcements(
    demand: Demand,
    facts: PurchaseOrderFacts,
    settings: ConnectionSettings,
    *,
    numbers: Iterator[int],
) -> Iterator[Document]:
    """Yield the new WROs that announce a location's demand."""
    for part in _parts(demand.wanted):
        yield wro_announcement(
            order_id=facts.order_id,
            order_number=facts.number,
            part_number=next(numbers),
            center=demand.center or 0,
            items=[(one.inventory_id, one.quantity) for one in part],
            arrival=arrival([one.expected for one in part], facts.read_at, settings.schedule.zone),
        )


def _parts(units: Sequence[OpenUnits]) -> list[Sequence[OpenUnits]]:
    return [units[start : start + _MOST_SKUS] for start in range(0, len(units), _MOST_SKUS)]


def _note(
    facts: PurchaseOrderFacts,
    wros: KnownWros,
    found: Sequence[Demand],
    changed: Sequence[Demand],
    settings: ConnectionSettings,
) -> str:
    """Say why there is nothing to announce, or why something is announced a second time."""
    if changed:
        return " ".join(
            _remainder(demand, wros.standing, facts, settings)
            for demand in changed
            if _short(demand, wros.standing)
        )
    if any(demand.center is not None for demand in found):
        return f"All that {facts.number} still expects is on its way"
    return f"{facts.number} has no open line at a location of ShipBob"


def _short(demand: Demand, wros: Sequence[WroFact]) -> list[WroFact]:
    """Return the WROs that ended with fewer units than they announced, of what is added now."""
    return [
        wro
        for wro in wros
        if wro.status in ENDED - {CANCELLED}
        and any(
            wro.stowed.get(inventory_id, 0) < wro.expected.get(inventory_id, 0)
            for inventory_id in demand.added
        )
    ]


def _remainder(
    demand: Demand,
    wros: Sequence[WroFact],
    facts: PurchaseOrderFacts,
    settings: ConnectionSettings,
) -> str:
    days = [one.expected for one in demand.wanted if one.expected is not None]
    expected = arrival(days, facts.read_at, settings.schedule.zone)
    day = expected.astimezone(settings.schedule.zone).date()
    if not days:
        why = "the soonest day, since the order names none"
    elif day > max(days):
        why = f"the soonest day, since the order's own, {max(days)}, has passed"
    else:
        why = "the order's own day"
    return (
        f"WRO {names_of(_short(demand, wros))} ended with fewer units than it announced; what"
        f" {facts.number} still expects is announced for {day}, {why}."
    )
