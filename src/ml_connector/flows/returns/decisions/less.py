"""Units that are booked of a return, and that a person took out again in NetSuite. Pure.

After ``quantity_went_down`` a person may adjust the stock by hand, such as of lots, and then say
so (``handled``): the adjustment that is named accounts for what it took out. So does our own
receipt that a person made smaller.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ml_connector.flows.returns.decisions.decided import having_taken, match
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.ledger.postings.documents import HandledUnits, Posted
from ml_connector.rules.booked import booked_units, standing
from ml_connector.rules.decisions.corrections import lines_back
from ml_connector.rules.decisions.decided import (
    Decided,
    UnitsToHandle,
    handled_units,
    lapsed,
    of_kind,
)
from ml_connector.rules.decisions.reduced import reduced
from ml_connector.words import Cause, DecisionKind


def less_units(
    facts: ReturnFacts, posted: Sequence[Posted], told: Mapping[str, int]
) -> list[HandledUnits]:
    """Return the units that documents of others took out again, as people decided; negative.

    Also those that were counted before and came back after all: what the document took out is
    then booked anew.

    Args:
        facts: of the return.
        posted: what is posted of it.
        told: units that ShipBob tells of now, by line.

    Raises:
        NeedsHuman: a document shows other units than when it was decided.
    """
    deciding = taking_out(facts)
    if not deciding:
        return []
    changed = lapsed(f"Return {facts.return_id}", deciding, match(facts))
    if changed is not None:
        raise changed
    booked = booked_units(standing(posted))
    short = Counter({name: units - max(told.get(name, 0), 0) for name, units in booked.items()})
    for one in deciding:
        for counted in one.counted:
            short[counted.source_line] = max(short[counted.source_line], -counted.quantity)
    wanted = [
        UnitsToHandle(line.source_line, line.item or "", line.location or "", line.quantity or 0)
        for line in lines_back(posted, +short)
    ]
    return handled_units(deciding, wanted, reduced=reduced(deciding, posted))


def taking_out(facts: ReturnFacts) -> list[Decided]:
    """Return the decisions that name what took units out again that were booked too much."""
    handling = of_kind(facts.decisions, DecisionKind.HANDLED)
    return [one for one in handling if one.cause == Cause.QUANTITY_WENT_DOWN]


def without_less(facts: ReturnFacts, less: Sequence[HandledUnits]) -> ReturnFacts:
    """Return a return whose decisions have taken these units of their documents."""
    decisions = tuple(having_taken(one, less) for one in facts.decisions)
    return msgspec.structs.replace(facts, decisions=decisions) if less else facts
