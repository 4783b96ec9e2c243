"""Looking from time to time for the things that stopped subjects wait for."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog

from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.inbox import standing
from ml_connector.engine.inbox.standing import Stand
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import Unreadable
from ml_connector.flows import FLOWS, WAKINGS
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import looks, waits
from ml_connector.ledger.inbox.looks import Stopped
from ml_connector.reads.reads import Reads
from ml_connector.transport import elapsed

_log = structlog.get_logger("watch")

_NEW: Final = timedelta(minutes=10)
_OLD_EVERY_SECONDS: Final = 60.0
_LOOKS_AT_ONCE: Final = 200
"""Subjects that are looked at in one turn; the next turn looks at the next."""


class _News(NamedTuple):
    """What a look tells of a stopped subject.

    Attributes:
        appeared: things that are there now.
        asked: things that were looked for.
    """

    stopped: Stopped
    appeared: Collection[Awaited]
    asked: Collection[Awaited]

    @property
    def fresh(self) -> frozenset[Awaited]:
        """What is there that was not there in vain before."""
        return self.stopped.things.intersection(self.appeared) - self.stopped.seen

    @property
    def gone(self) -> frozenset[Awaited]:
        """What was there in vain and is there no more."""
        return self.stopped.seen.intersection(self.asked) - frozenset(self.appeared)

    @property
    def seen(self) -> frozenset[Awaited]:
        """What is there now, whether it is news or not."""
        return (self.stopped.seen | self.fresh) - self.gone


class AwaitedWatch:
    """Looks whether what stopped subjects wait for has appeared in NetSuite or at ShipBob.

    Things that began to be awaited lately are looked for at every turn, older ones once a
    minute. One query asks for all things of a kind.

    A subject wakes when a thing appears, never because it is there: for what may have been there
    when the subject stopped, it is looked at first. If a run would end in the same stop, the
    thing is kept as seen, and counts again when it has gone and come back.
    """

    def __init__(self, installation: Installation, contexts: ConnectionContexts) -> None:
        self._installation = installation
        self._contexts = contexts
        self._looked: dict[str, float] = {}
        self._looked_for: dict[tuple[str, AwaitedKind], float] = {}
        self._absent: dict[tuple[str, Awaited], datetime] = {}

    async def look(self) -> None:
        """Look once, for all connections."""
        await for_each_connection(self._installation, "look for what is awaited", self._look)

    async def _look(self, applied: AppliedConnection) -> None:
        async with self._installation.database.transaction() as connection:
            things = await waits.waiting(connection, applied.name)
            now_in_database = await looks.database_time(connection)
        if not things or not self._is_due(applied.name, things):
            return
        context = await self._contexts.open(applied.name)
        due = self._due(applied.name, things)
        appeared = await find_appeared(context.reads, due)
        async with self._installation.database.transaction() as connection:
            stopped = await looks.waiting_for(connection, applied.name, appeared, asked=due)
        await self._tell(applied.name, context, [_News(one, appeared, due) for one in stopped])
        self._note_absent(applied.name, things, set(due) - appeared, now_in_database)

    def _is_due(self, name: str, things: Mapping[Awaited, datetime]) -> bool:
        """Whether things of a connection are to be looked for now, which is noted as done."""
        now = datetime.now(UTC)
        lately = any(now - since < _NEW for since in things.values())
        looked = self._looked.get(name, -math.inf)
        if not lately and elapsed.seconds() < looked + _OLD_EVERY_SECONDS:
            return False
        self._looked[name] = elapsed.seconds()
        return True

    async def _tell(
        self, name: str, context: ConnectionContext, news: Collection["_News"]
    ) -> None:
        """Wake those for whom something has appeared, and keep what is there in vain."""
        fresh = [one for one in news if one.fresh]
        to_wake = [one for one in fresh if self._came_since(one)]
        doubtful = [one for one in fresh if one not in to_wake][:_LOOKS_AT_ONCE]
        stands = await standing.stands(
            self._installation.database, FLOWS, context, [one.stopped for one in doubtful]
        )
        found = list(zip(doubtful, stands, strict=True))
        to_wake += [one for one, stand in found if stand is Stand.CHANGED]
        in_vain = [one for one, stand in found if stand is Stand.SAME]
        gone = [one for one in news if one.gone and not one.fresh]
        await self._write(name, to_wake, [*to_wake, *in_vain, *gone])

    async def _write(
        self, name: str, to_wake: Collection["_News"], seen: Collection["_News"]
    ) -> None:
        """Note what is there, and wake subjects for it."""
        if not seen:
            return
        things = sorted({thing for one in to_wake for thing in one.fresh})
        async with self._installation.database.transaction() as connection:
            await looks.note_seen(connection, {one.stopped.ref: one.seen for one in seen})
            await run_again(
                connection,
                self._installation.lanes,
                [one.stopped.ref for one in to_wake],
                source="wake",
                topic=f"appeared: {', '.join(things)[:200]}",
            )
        if to_wake:
            _log.info("woke", connection=name, things=things, count=len(to_wake))

    def _came_since(self, news: "_News") -> bool:
        """Whether one of the things that are there was seen to be away since the stop."""
        stopped = news.stopped
        return any(
            self._absent[stopped.ref.connection, thing] >= stopped.since
            for thing in news.fresh
            if (stopped.ref.connection, thing) in self._absent
        )

    def _note_absent(
        self, name: str, awaited: Collection[Awaited], absent: Collection[Awaited], at: datetime
    ) -> None:
        """Note when things were seen to be away; those that nobody awaits are forgotten."""
        for key in [key for key in self._absent if key[0] == name and key[1] not in awaited]:
            del self._absent[key]
        self._absent |= dict.fromkeys(((name, thing) for thing in absent), at)

    def _due(self, name: str, things: Collection[Awaited]) -> list[Awaited]:
        """Return the things of those kinds whose look is due, which is noted as done."""
        now = elapsed.seconds()
        due: set[AwaitedKind] = set()
        for kind in {thing.kind for thing in things}:
            looked = self._looked_for.get((name, kind), -math.inf)
            if now - looked >= WAKINGS[kind].apart.total_seconds():
                self._looked_for[name, kind] = now
                due.add(kind)
        return [thing for thing in things if thing.kind in due]


async def find_appeared(reads: Reads, things: Collection[Awaited]) -> set[Awaited]:
    """Return those of the awaited things that are there now.

    All kinds are looked for at the same time, so that their questions share calls.
    """
    names: dict[AwaitedKind, set[str]] = defaultdict(set)
    for thing in things:
        names[thing.kind].add(thing.name)
    kinds = [kind for kind in names if WAKINGS[kind].appeared is not None]
    answers = await asyncio.gather(*(_appeared(reads, kind, names[kind]) for kind in kinds))
    return set().union(*answers)


async def _appeared(reads: Reads, kind: AwaitedKind, names: Collection[str]) -> set[Awaited]:
    """Return those that are there; one whose own row can't be read is not, and hides no other."""
    look = WAKINGS[kind].appeared
    if look is None:
        return set()
    try:
        return {kind.named(name) for name in await look(reads, names)}
    except Unreadable:
        if len(names) == 1:
            return set()
    ordered = sorted(names)
    middle = len(ordered) // 2
    halves = (ordered[:middle], ordered[middle:])
    found = await asyncio.gather(*(_appeared(reads, kind, half) for half in halves))
    return set().union(*found)
