"""What of a return needs no document any more, and what is left of it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ml_connector.flows.returns.decisions.decided import counted_units
from ml_connector.flows.returns.facts import ReturnFacts, Unit, known_action
from ml_connector.ledger.postings.documents import HandledUnits, Posted
from ml_connector.rules.booked import (
    TAKEN_BACK,
    left_taken_back,
    refuse_fewer_units,
    settled_units,
)


def booked_of(
    facts: ReturnFacts,
    units: Sequence[Unit],
    posted: Sequence[Posted],
    less: Sequence[HandledUnits] = (),
) -> Mapping[str, int]:
    """Return the units that are booked already, by source line; 0 for one that is not.

    With those that a person took back, while ShipBob says the same of them.

    Args:
        facts: of the return.
        units: what was done, as ShipBob tells.
        posted: what is posted of it.
        less: what documents of others took out again.

    Raises:
        NeedsHuman: fewer came back than are booked.
    """
    booked = settled(facts, units, posted)
    for one in less:
        booked[one.source_line] += one.quantity
    # Of what was not clear when it was handled, ShipBob may say by now what was done with it.
    counted = Counter(
        {
            name: quantity
            for name, quantity in counted_units(facts).items()
            if known_action(name.rpartition(" ")[2])
        }
    )
    refuse_fewer_units(
        f"Return {facts.return_id}",
        booked + counted,
        {unit.source_line: unit.quantity for unit in units},
        accounted="booked or handled" if counted else "booked",
        remedy_ends=(
            "documents in NetSuite, or take them back with ml-connector journal undo; or decide"
            " correct: an inventory adjustment then books what was done instead. Nothing is taken"
            " back by itself."
        ),
    )
    return booked


def settled(facts: ReturnFacts, units: Sequence[Unit], posted: Sequence[Posted]) -> Counter[str]:
    """Return the units that need no document of ours any more, signed, by source line.

    Those that are booked; and those that a person took back, while ShipBob says the same of them.
    """
    return settled_units(posted, told_units(facts, units))


def told_units(facts: ReturnFacts, units: Sequence[Unit]) -> Counter[str]:
    """Return what ShipBob says now and no document of others accounts for, by line.

    Signed as it is posted.
    """
    told = Counter({unit.source_line: unit.quantity for unit in units})
    told.update(
        {unit.write_off_line: -unit.quantity for unit in units if unit.action == "dispose"}
    )
    told.subtract(counted_units(facts))
    return told


def is_pending(unit: Unit, booked: Mapping[str, int]) -> bool:
    """Whether units are not in NetSuite yet, or were disposed of and are not written off."""
    if unit.quantity > booked[unit.source_line]:
        return True
    return unit.action == "dispose" and unit.quantity > -booked[unit.write_off_line]


def nothing_left(facts: ReturnFacts, units: Sequence[Unit], posted: Sequence[Posted]) -> str:
    """Return why nothing of a return is left to be booked."""
    if left_taken_back(posted, told_units(facts, units)):
        return TAKEN_BACK
    if units:
        return "Everything that came back is booked"
    return differs(facts) or "Nothing came back"


def differs(facts: ReturnFacts) -> str:
    """Return how what was done differs from what was announced; empty when it doesn't."""
    differing = [
        f"{done} of {line.announced} x {line.sku or f'inventory item {line.inventory_id}'}"
        for line in facts.lines
        if (done := sum(one.quantity or 0 for one in line.done)) != line.announced
    ]
    return f"Processed otherwise than announced: {', '.join(differing)}" if differing else ""
