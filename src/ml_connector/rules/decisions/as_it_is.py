"""Plans of subjects that a person decided to take as they are. Pure.

What is posted stays, and nothing is added. Where the source says more or less than that, the
difference is refused for this reason, so that the subject is done and each report names it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.unread import TAKEN_AS_IT_IS, UNREAD
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger.conservation.equation import UNITS, follows, measures
from ml_connector.ledger.postings.documents import (
    JournalLine,
    Plan,
    Posted,
    RefusedUnits,
    SourceLine,
)
from ml_connector.rules.booked import standing
from ml_connector.rules.decisions.accepted import is_accepted
from ml_connector.words import Cause

_Planning = Callable[[Any, Sequence[Posted], ConnectionSettings], Plan]
_Lines = Callable[[Any, ConnectionSettings], Sequence[SourceLine]]


def as_it_is(plan: _Planning, source_lines: _Lines, causes: Collection[Cause]) -> _Planning:
    """Return a flow's plan without the stops that a person decided to take as they are.

    It raises as the flow's own, but for a stop that a person took just so.

    Args:
        plan: of the flow, as if nobody had decided so.
        source_lines: of the flow.
        causes: of the stops that can be taken so; those of what can't be read always can.
    """
    takes = UNREAD.union(causes)

    def is_taken(facts: Any, failure: NeedsData | NeedsHuman) -> bool:
        return failure.cause in takes and is_accepted(facts.decisions, failure)

    def planned(facts: Any, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
        try:
            decided = plan(facts, posted, settings)
        except (NeedsData, NeedsHuman) as failure:
            if not is_taken(facts, failure):
                raise
            return _taken(Plan(), failure, source_lines(facts, settings), posted)
        left = decided.remaining_failure
        if not isinstance(left, NeedsData | NeedsHuman) or not is_taken(facts, left):
            return decided
        return _taken(decided, left, source_lines(facts, settings), posted)

    return planned


def _taken(
    decided: Plan,
    failure: NeedsData | NeedsHuman,
    lines: Sequence[SourceLine],
    posted: Sequence[Posted],
) -> Plan:
    """Return a plan that ends, with what the source says otherwise refused."""
    reason = f"{TAKEN_AS_IT_IS}{failure}"
    return msgspec.structs.replace(
        decided,
        remaining_failure=None,
        refused=(*decided.refused, *_differences(lines, posted, decided, reason)),
        note="; ".join(filter(None, (decided.note, reason))),
    )


def _differences(
    lines: Sequence[SourceLine], posted: Sequence[Posted], decided: Plan, reason: str
) -> Iterator[RefusedUnits]:
    """Yield by how much the source differs from what is posted, planned, and refused already."""
    booked = [line for one in standing(posted) for line in one.lines]
    booked += [line for one in decided.documents for line in one.lines]
    own = {line.source_line for line in lines}
    told: list[JournalLine | RefusedUnits] = [*booked, *decided.not_posted]
    others = [one for one in told if not follows(one.source_line, own)]
    named = dict.fromkeys(one.source_line for one in (*lines, *others))
    for name in named:
        named_so = [one for one in others if one.source_line == name]
        stated = measures(one for one in lines if one.source_line == name)
        accounted = measures(named_so)
        rest = {
            measure: stated.get(measure, Decimal()) - accounted.get(measure, Decimal())
            for measure in {**stated, **accounted}
        }
        yield from _refused(name, rest, reason, is_told=bool(named_so))


def _refused(
    name: str, rest: Mapping[str, Decimal], reason: str, *, is_told: bool
) -> Iterator[RefusedUnits]:
    if not rest and not is_told:  # a line of neither units nor money, such as a package
        yield RefusedUnits(source_line=name, reason=reason)
    for measure, value in rest.items():
        if value and measure == UNITS:
            yield RefusedUnits(source_line=name, reason=reason, quantity=int(value))
        elif value:
            yield RefusedUnits(source_line=name, reason=reason, amount=value, currency=measure)
