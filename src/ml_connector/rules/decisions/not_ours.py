"""What a person decided is not the books' business, and the rule that makes it general. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.postings.documents import Plan, Posted, RefusedUnits, SourceLine
from ml_connector.rules.booked import standing
from ml_connector.rules.decisions.decided import Decided, lapsed, of_kind
from ml_connector.rules.decisions.lines import new_lines
from ml_connector.words import DecisionKind


def not_ours_reason(decisions: Iterable[Decided]) -> str:
    """Return why a subject is not ours, as a person decided; empty where nobody did."""
    found = of_kind(decisions, DecisionKind.NOT_OURS)
    return reason_of(found[-1].note) if found else ""


def reason_of(note: str) -> str:
    """Return why something is not ours, by the note of the decision."""
    return f"Not ours, as a person decided: {note}"


def not_ours(
    what: str,
    decisions: Sequence[Decided],
    match: str,
    lines: Sequence[SourceLine],
    posted: Sequence[Posted] = (),
) -> Plan | None:
    """Return the plan for what a person decided is not ours; None where nobody did.

    What is posted of it stays; nothing more is. A line that came after the decision waits for a
    person.

    Args:
        what: the subject, such as ``WRO 90311``.
        decisions: about it.
        match: what the source says now of the order it belongs to.
        lines: of the source, as they are now.
        posted: what is posted of it.

    Raises:
        NeedsHuman: the decision does not hold any more.
    """
    found = of_kind(decisions, DecisionKind.NOT_OURS)
    if not found:
        return None
    changed = lapsed(what, found, match, lines)
    if changed is not None:
        raise changed
    one, reason = found[-1], not_ours_reason(found)
    new = new_lines(one.lines, lines)
    refused = [line for line in lines if line.source_line not in new]
    return Plan(
        note=reason,
        refused=tuple(_beyond_posted(refused, posted, reason)),
        remaining_failure=_undecided(what, one, new) if new else None,
    )


def ignore_rule(key: str, number: str | None) -> str:
    """Return the rule under ``[ignore]`` that has all numbers ignored that begin like this one.

    Args:
        key: under ``[ignore]``.
        number: such as ``SAMPLE-17``; without one there is no rule.

    Returns:
        Such as ``wro_prefixes = ["SAMPLE-"]``; empty where there is none.
    """
    text = (number or "").strip()
    begins = re.match(r"\D*", text)
    prefix = (begins.group() if begins else "") or text
    return f"{key} = [{json.dumps(prefix, ensure_ascii=False)}]" if prefix else ""


def _undecided(what: str, one: Decided, new: Sequence[str]) -> NeedsHuman:
    return NeedsHuman(
        f'{what}: {", ".join(new)} came after decision {one.id}, "{one.says}", which is not about'
        " that",
        cause=one.cause,
        remedy=(
            "Decide again with events decide, and the new lines are decided about as well; or take"
            f" the decision back with events undecide {one.id}, and {what} is planned as if it had"
            " never been made."
        ),
    )


def _beyond_posted(
    lines: Iterable[SourceLine], posted: Sequence[Posted], reason: str
) -> Iterator[RefusedUnits]:
    """Yield what is not posted of these lines."""
    units: Counter[str] = Counter()
    told: set[str] = set()
    for document in standing(posted):
        for line in document.lines:
            told.add(line.source_line)
            units[line.source_line] += line.quantity or 0
    for one in lines:
        stated = one.quantity or 0
        rest = None if one.quantity is None else stated - units[one.source_line]
        is_more_posted = rest is not None and rest * stated < 0
        if not is_more_posted and (rest or (rest is None and one.source_line not in told)):
            yield RefusedUnits(
                source_line=one.source_line,
                reason=reason,
                quantity=rest,
                amount=one.amount,
                currency=one.currency,
            )
