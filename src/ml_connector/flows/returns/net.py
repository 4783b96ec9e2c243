"""The net of returns: which returns its sweeps find.

A return is caught (``catches``) that is completed, or in a status that this version does not know,
or of which something is posted, since ShipBob may work on it again or cancel it: all that ``plan``
books or shows.

Source of the lists: shipbob.md sections 7.6 and 9.6. Each sweep reads the completed ones by the
day of their completion, and by the round (``engine.rounds``) once a day all that were made within
110 days, whatever their status: so also a completed one without a date of it, and one in a status
that no filter can name.

A return that has run runs again when it is completed anew, and when the list shows it otherwise
than the run saw it (``look``): its dates do not move when ShipBob corrects what was done.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any

from ml_connector.engine import rounds
from ml_connector.engine.decided_sweep import decided_subjects
from ml_connector.engine.flow import LookAgain, Looked, SweepResult
from ml_connector.engine.shown import shown_otherwise, told_by_itself
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.resources.returns import COMPLETED, KNOWN_STATUSES, Return


def catches(found: Return, *, posted: bool) -> bool:
    """Return whether a sweep tells of a return.

    Args:
        found: as ShipBob's list shows it.
        posted: whether something is posted of it.
    """
    status = found.plain_status
    return posted or status == COMPLETED or status not in KNOWN_STATUSES


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield the returns that were completed since a moment."""
    async for one in _caught([reads.returns.completed(since)], known):
        yield one
    async for decided in decided_subjects("returns", reads):
        yield decided


async def sweep_part(
    reads: Reads, since: datetime, known: Collection[str], between: tuple[datetime, datetime]
) -> AsyncIterator[SweepResult]:
    """Yield what ``sweep`` does, and what is caught of a part of all returns."""
    parts = [reads.returns.made(*span) for span in rounds.shares(*between)]
    async for one in _caught([reads.returns.completed(since), *parts], known):
        yield one
    async for decided in decided_subjects("returns", reads):
        yield decided


async def whole_net(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield what is caught of all returns that were made or completed since a moment."""
    lists = [reads.returns.made(since), reads.returns.completed(since)]
    async for one in _caught(lists, known):
        yield one
    async for decided in decided_subjects("returns", reads):
        yield decided


async def _caught(
    lists: Collection[AsyncIterator[Return]], known: Collection[str]
) -> AsyncIterator[SweepResult]:
    posted = frozenset(known)
    seen: set[int] = set()
    for returns in lists:
        async for found in returns:
            if found.id in seen or not catches(found, posted=str(found.id) in posted):
                continue
            seen.add(found.id)
            at = found.completed_at
            version = at.isoformat() if at else f"undated {found.plain_status}"
            yield SweepResult(key=str(found.id), version=version, changed_at=at, shown=found)


async def look(asked: LookAgain, reads: Reads) -> Looked | None:
    """Let a return run that the list shows otherwise than its last run saw it."""
    del reads
    before: ReturnFacts = asked.last.facts
    shown: Return | None = asked.seen.shown
    if shown is None:
        return told_by_itself(asked)
    return shown_otherwise(asked, _seen(before), _shown(shown))


def _seen(facts: ReturnFacts) -> tuple[Any, ...]:
    """Return what a plan went by; of a return that was not completed its status alone."""
    if facts.status != COMPLETED:
        return (facts.status,)
    done: Counter[tuple[int, str, str]] = Counter()
    for line in facts.lines:
        for one in line.done:
            done[line.inventory_id, line.lot or "", one.action] += one.quantity or 0
    untold = sum(line.announced for line in facts.lines if line.untold)
    return (facts.status, facts.reference, facts.center_id, _units(done), untold)


def _shown(found: Return) -> tuple[Any, ...]:
    if found.plain_status != COMPLETED:
        return (found.plain_status,)
    done: Counter[tuple[int, str, str]] = Counter()
    for line in found.inventory:
        lot = (line.lot_information.number or "").strip() if line.lot_information else ""
        for one in line.action_taken or ():
            done[line.id, lot, one.action or ""] += one.quantity_processed or 0
    untold = sum(line.quantity for line in found.inventory if line.action_taken is None)
    center = found.fulfillment_center.id if found.fulfillment_center else None
    reference = (found.reference_id or "").strip() or None
    return (found.plain_status, reference, center, _units(done), untold)


def _units(done: dict[tuple[int, str, str], int]) -> tuple[Any, ...]:
    return tuple(sorted((one, units) for one, units in done.items() if units))
