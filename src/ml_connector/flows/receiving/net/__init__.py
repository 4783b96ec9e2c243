"""The net of receiving: which WROs its sweeps find.

A WRO is caught (``catches``) of which units are stowed, whatever its status, such as one that was
cancelled after a part of it was stowed; on which ShipBob works, or that is over; whose status this
version does not know; or of which something is booked: all that ``plan`` books or shows.

Source of the lists: shipbob.md sections 7.6 and 9.4. They are filtered by when a WRO was made,
when it was completed, its status and its mark as booked. No filter says when it changed. So:

- where few WROs are not marked, each sweep reads them all, however old, and so those that are not
  over after months; by the round (``engine.rounds``) once a day all WROs, marked or not, that were
  made within 110 days, since a marked one may be stowed again;
- where many are not, it reads those on which ShipBob works, a part of all that were made within
  110 days, and once an hour older ones that are at work or were completed lately.

A WRO that has run runs again when its date moves, and when the list shows other counters than the
run saw (``look``).
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from ml_connector.engine import rounds
from ml_connector.engine.flow import LookAgain, Looked, SweepResult
from ml_connector.engine.shown import shown_otherwise, told_by_itself
from ml_connector.flows.receiving.decided import swept
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.receiving import AWAITED, CANCELLED, ENDED

_NOTHING_TO_RECEIVE: Final = AWAITED | {CANCELLED}
_COMPLETED_WITHIN: Final = timedelta(days=2)


def catches(wro: Wro, *, posted: bool) -> bool:
    """Return whether a sweep tells of a WRO.

    Args:
        wro: as ShipBob's list shows it.
        posted: whether something is posted of it.
    """
    return posted or wro.status not in _NOTHING_TO_RECEIVE or any(wro.stowed.values())


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield what is caught of the WROs that are not marked as booked.

    Of those that were made before a moment, and have not changed since, only those not over. Also
    those about which a decision names a document, by how that document stands now.
    """
    caught = _CaughtWros(since, known)
    async for wro in reads.open_wros.every(since):
        for one in caught.of(wro):
            yield one
    async for decided in swept(reads):
        yield decided


async def sweep_part(
    reads: Reads, since: datetime, known: Collection[str], between: tuple[datetime, datetime]
) -> AsyncIterator[SweepResult]:
    """Yield what ``sweep`` does, but of many WROs in statuses of no interest only a part.

    Those are the WROs that ShipBob still awaits, which cost a call for each fifty, and one in a
    status that this build does not know, which is found when its part is looked at. And a part of
    the marked ones.
    """
    oldest = between[1] - rounds.SPAN
    caught = _CaughtWros(oldest, known)
    shares = list(rounds.shares(*between))
    few = await reads.open_wros.few()
    if few.wros is not None:
        lists = [reads.open_wros.listed(few.wros)]
    elif few.is_counted:
        lists = [reads.open_wros.in_parts(since, between, made_since=oldest)]
    else:
        lists = [reads.open_wros.unmarked(since)]
    if few.wros is None and shares:
        lists.append(reads.open_wros.older(since, between[1] - _COMPLETED_WITHIN))
    if few.wros is not None or not few.is_counted:
        lists += [reads.open_wros.made(*span) for span in shares]
    for wros in lists:
        async for wro in wros:
            for one in caught.of(wro):
                yield one
    async for decided in swept(reads):
        yield decided


async def whole_net(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield what is caught of all WROs made since a moment, and of older ones not marked."""
    caught = _CaughtWros(since, known)
    for wros in (reads.open_wros.made(since), reads.open_wros.of_long_ago(since)):
        async for wro in wros:
            for one in caught.of(wro):
                yield one
    async for decided in swept(reads):
        yield decided


class _CaughtWros:
    """What is caught of WROs that several lists show, each once.

    Args:
        since: those that were over before are left out, unless they were made later.
        known: the keys of WROs of which something is posted.
    """

    def __init__(self, since: datetime, known: Collection[str]) -> None:
        self._since = since
        self._known = frozenset(known)
        self._seen: set[int] = set()

    def of(self, wro: Wro) -> list[SweepResult]:
        """Return a WRO that is caught for the first time; none for another one."""
        posted = str(wro.id) in self._known
        if wro.id in self._seen or not catches(wro, posted=posted) or self._is_long_over(wro):
            return []
        self._seen.add(wro.id)
        changed = wro.last_updated_date
        return [
            SweepResult(
                key=str(wro.id),
                version=changed.isoformat() if changed else "undated",
                changed_at=changed,
                shown=wro,
            )
        ]

    def _is_long_over(self, wro: Wro) -> bool:
        times = [one for one in (wro.insert_date, wro.last_updated_date) if one is not None]
        return wro.status in ENDED and bool(times) and max(times) < self._since


async def look(asked: LookAgain, reads: Reads) -> Looked | None:
    """Let a WRO run that the list shows otherwise than its last run saw it."""
    del reads
    before: ReceivingFacts = asked.last.facts
    shown: Wro | None = asked.seen.shown
    if shown is None:
        return told_by_itself(asked)
    return shown_otherwise(asked, _seen(before), _shown(shown))


def _seen(facts: ReceivingFacts) -> tuple[Any, ...]:
    stowed: Counter[int] = Counter()
    for line in facts.lines:
        stowed[line.inventory_id] += line.stowed
    number, center = facts.purchase_order_number, facts.fulfillment_center_id
    return (facts.status, number, center, _units(stowed))


def _shown(wro: Wro) -> tuple[Any, ...]:
    number = (wro.purchase_order_number or "").strip() or None
    return (wro.status, number, wro.fulfillment_center.id, _units(wro.stowed))


def _units(stowed: dict[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((one, units) for one, units in stowed.items() if units))
