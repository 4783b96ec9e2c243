"""What people decided about a return: handled, separate, belongs, adjust, not ours.

Pure, but for ``name``.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.returns.documents import ReturnedUnits
from ml_connector.flows.returns.facts import (
    ReturnFacts,
    Unit,
    unclear_units,
    without_unclear_units,
)
from ml_connector.flows.returns.source_lines import source_lines
from ml_connector.ledger.decisions.decisions import NamedDocument, NamedUnits
from ml_connector.ledger.postings.documents import HandledUnits, Plan, Posted, RefusedUnits
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.decided import (
    RETURN_AUTHORIZATION,
    SALES_ORDER,
    Decided,
    UnitsToHandle,
    handled_units,
    moved_units,
    of_kind,
)
from ml_connector.rules.decisions.named import order_by_decision
from ml_connector.rules.decisions.not_ours import ignore_rule as not_ours_rule
from ml_connector.rules.decisions.not_ours import not_ours
from ml_connector.rules.decisions.policies import decided_settings
from ml_connector.rules.decisions.reduced import is_ours
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.items import MatchFacts, sku_of
from ml_connector.rules.items import match as match_items
from ml_connector.words import Cause, DecisionKind

_HANDLED: Final = DecisionKind.HANDLED
_SEPARATE: Final = DecisionKind.SEPARATE
_BELONGS: Final = DecisionKind.BELONGS
_UNMATCHED: Final = "unmatched_return"


def match(facts: ReturnFacts) -> str:
    """Return the reference of the return; empty where it has none."""
    return facts.reference or ""


def lapses(facts: ReturnFacts, settings: ConnectionSettings) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, match(facts), source_lines(facts, settings))


def left_to_others(
    facts: ReturnFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a return that is not ours, as a person decided; None for no decision.

    Raises:
        NeedsHuman: that decision does not hold any more.
    """
    what, lines = f"Return {facts.return_id}", source_lines(facts, settings)
    return not_ours(what, facts.decisions, match(facts), lines, posted)


def ignore_rule(facts: ReturnFacts) -> str:
    """Return the rule that has all returns ignored whose reference begins like this one's."""
    return not_ours_rule("return_prefixes", match(facts))


def decided_for(
    facts: ReturnFacts, parts: Iterable[ReturnedUnits], settings: ConnectionSettings
) -> ConnectionSettings:
    """Return the settings as they are for one return, with what people decided about it.

    Args:
        facts: of the return.
        parts: what is left to be booked of it.
        settings: of the connection.
    """
    names = {part.unit.source_line for part in parts}
    return decided_settings(settings, facts.decisions, names)


def counted_units(facts: ReturnFacts) -> Counter[str]:
    """Return the units that documents of others accounted for before, by line.

    Without what a document took out again of what was booked: that is no part of what came.
    """
    came = (one for one in facts.decisions if one.cause != Cause.QUANTITY_WENT_DOWN)
    return decided.counted_units(came, match(facts))


def always_refused(facts: ReturnFacts, settings: ConnectionSettings) -> tuple[RefusedUnits, ...]:
    """Return what of a return is not booked even where nothing can be planned.

    What a person decided. Units that others had received may be on their receipt no more: they
    wait.
    """
    del settings
    return decided.still_handled(facts.decisions, match(facts))


def decided_order(decisions: Iterable[Decided]) -> str | None:
    """Return the internal id of the sales order that a return belongs to by decision, if any."""
    return order_by_decision(decisions, SALES_ORDER)


def decided_authorization(decisions: Iterable[Decided]) -> str | None:
    """Return the internal id of the authorization that a return belongs to by decision, if any."""
    return order_by_decision(decisions, RETURN_AUTHORIZATION)


# Planning


def handled_by_others(
    facts: ReturnFacts, parts: Sequence[ReturnedUnits], booked: Mapping[str, int]
) -> list[HandledUnits]:
    """Return the units that documents of others account for, in and out of stock.

    Args:
        facts: of the return.
        parts: its units, each where it lies.
        booked: units that are booked, by line.
    """
    wanted: list[UnitsToHandle] = []
    for part in parts:
        unit, place = part.unit, (part.item.id, part.location)
        came = part.quantity - booked[unit.source_line]
        wanted.append(UnitsToHandle(unit.source_line, *place, max(came, 0)))
        if unit.action == "dispose":
            stays = part.quantity + booked[unit.write_off_line]
            wanted.append(UnitsToHandle(unit.write_off_line, *place, -max(stays, 0)))
    return handled_units(_of_others(facts), wanted)


def _of_others(facts: ReturnFacts) -> list[Decided]:
    """Return the decisions but those that name a receipt of ours: it holds what we booked."""
    return [one for one in facts.decisions if not is_ours(one)]


def handled_wherever(
    facts: ReturnFacts,
    units: Iterable[Unit],
    items: Mapping[int, ItemFact],
    booked: Mapping[str, int],
    settings: ConnectionSettings,
) -> list[HandledUnits]:
    """Return the units that documents of others account for, wherever they may lie.

    Args:
        facts: of a return of which no date or no center is told.
        units: of the return.
        items: NetSuite's, by ShipBob's inventory id.
        booked: units that are booked, by line.
        settings: of the connection.
    """
    accounted, found = Counter(booked), list[HandledUnits]()
    for place in places_by_hand(facts, settings):
        parts = [
            ReturnedUnits(
                unit=unit, item=items[unit.inventory_id], location=place, quantity=unit.quantity
            )
            for unit in units
        ]
        for one in handled_by_others(facts, parts, accounted):
            accounted[one.source_line] += one.quantity
            found.append(one)
    return found


def places_by_hand(facts: ReturnFacts, settings: ConnectionSettings) -> list[str]:
    """Return the locations at which a person may have booked units of a return.

    That of its center, and the one of quarantined units; where ShipBob names no center, that of
    any center.
    """
    centers = (
        sorted(settings.locations.values())
        if facts.center_id is None
        else [settings.locations.get(str(facts.center_id))]
    )
    places = dict.fromkeys([*centers, settings.policies.quarantine_location])
    return [place for place in places if place is not None]


def is_handled(facts: ReturnFacts) -> bool:
    """Whether a person decided that documents of others account for units of a return."""
    return bool(of_kind(facts.decisions, _HANDLED))


def lapsed(facts: ReturnFacts, settings: ConnectionSettings) -> NeedsHuman | None:
    """Return the failure of a return with a decision that does not hold; None where all hold."""
    what, lines = f"Return {facts.return_id}", source_lines(facts, settings)
    return decided.lapsed(what, facts.decisions, match(facts), lines)


def split_unclear(
    facts: ReturnFacts, settings: ConnectionSettings
) -> tuple[ReturnFacts, tuple[HandledUnits, ...]]:
    """Take the units out that are not clear, once documents of others account for all of them.

    Wherever units of the return may lie.

    Args:
        facts: of the return.
        settings: of the connection.

    Returns:
        The facts without these units, or as they are; and the units that are accounted for.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: an inventory item has no SKU, or a SKU matches several items.
    """
    unclear = unclear_units(facts)
    if not unclear or not of_kind(facts.decisions, _HANDLED):
        return facts, ()
    matched = match_items(
        {one.inventory_id: sku_of(one.inventory_id, one.sku) for one in unclear},
        MatchFacts(facts.items, facts.bindings, facts.bound, facts.near_items),
        settings.skus,
    )
    left: Counter[tuple[str, str]] = Counter()
    for one in unclear:
        left[one.source_line, matched.items[one.inventory_id].id] += one.quantity or 0
    handled: list[HandledUnits] = []
    for place in places_by_hand(facts, settings):
        wanted = [UnitsToHandle(*line, place, units) for line, units in left.items()]
        here = handled_units(_of_others(facts), wanted)
        for one_of_them in here:
            left[one_of_them.source_line, one_of_them.item] -= one_of_them.quantity
        handled += here
    if any(left.values()) or any(one.quantity is None for one in unclear):
        return facts, tuple(handled)
    decisions = tuple(having_taken(one, handled) for one in facts.decisions)
    rest = msgspec.structs.replace(without_unclear_units(facts), decisions=decisions)
    return rest, tuple(handled)


def having_taken(one: Decided, handled: Iterable[HandledUnits]) -> Decided:
    """Return a decision that has taken these units of its document as well."""
    taken = Counter({(unit.item, unit.location): unit.quantity for unit in one.taken})
    for units in handled:
        if units.decision == one.id:
            taken[units.item, units.location] += abs(units.quantity)
    return msgspec.structs.replace(
        one,
        taken=tuple(
            NamedUnits(item=item, location=location, quantity=quantity)
            for (item, location), quantity in taken.items()
        ),
    )


def in_doubt(
    facts: ReturnFacts, parts: Sequence[ReturnedUnits], settings: ConnectionSettings
) -> NeedsHuman | None:
    """Return the failure of a return with a decision that holds no more; None where all hold.

    One that handled the return at another place holds no more either: its center has changed
    since, or is mapped to another location. Booked there as well, its units would be in stock
    twice.

    Args:
        facts: of the return.
        parts: units that nothing accounts for.
        settings: of the connection.
    """
    changed = lapsed(facts, settings)
    if changed is not None:
        return changed
    items, places = {part.item.id for part in parts}, {part.location for part in parts}
    for one in of_kind(facts.decisions, _HANDLED):
        if one.cause == Cause.QUANTITY_WENT_DOWN:
            continue  # it took out what was booked, wherever that was
        shown = [*_places(one.now)] if one.now else []
        here = [location for item, location in shown if item in items]
        if here and places.isdisjoint(here):
            return NeedsHuman(
                f'Return {facts.return_id}: decision {one.id}, "{one.says}", names units at'
                f" another location than {' or '.join(sorted(places))}, where the return is now",
                cause=one.cause,
                remedy=(
                    "Correct the location on the document in NetSuite and decide again; or delete"
                    f" it, and take the decision back with events undecide {one.id}: all that came"
                    " back is then booked."
                ),
            )
    return None


def _places(document: NamedDocument) -> Collection[tuple[str, str]]:
    return {
        *moved_units(document, leaving=False),
        *moved_units(document, leaving=True),
    }
