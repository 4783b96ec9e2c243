"""Looking from time to time for the things that stopped subjects wait for."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.flows import WAKINGS
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import waits
from ml_connector.reads.reads import Reads
from ml_connector.transport import elapsed

_log = structlog.get_logger("watch")

_NEW: Final = timedelta(minutes=10)
_OLD_EVERY_SECONDS: Final = 60.0


class AwaitedWatch:
    """Looks whether what stopped subjects wait for has appeared in NetSuite or at ShipBob.

    Things that began to be awaited lately are looked for at every turn, older ones once a
    minute. One query asks for all things of a kind.
    """

    def __init__(self, installation: Installation, contexts: ConnectionContexts) -> None:
        self._installation = installation
        self._contexts = contexts
        self._looked: dict[str, float] = {}
        self._looked_for: dict[tuple[str, AwaitedKind], float] = {}

    async def look(self) -> None:
        """Look once, for all connections."""
        await for_each_connection(self._installation, "look for what is awaited", self._look)

    async def _look(self, applied: AppliedConnection) -> None:
        async with self._installation.database.transaction() as connection:
            things = await waits.waiting(connection, applied.name)
        if not things:
            return
        now = datetime.now(UTC)
        lately = any(now - since < _NEW for since in things.values())
        looked = self._looked.get(applied.name, -math.inf)
        if not lately and elapsed.seconds() < looked + _OLD_EVERY_SECONDS:
            return
        self._looked[applied.name] = elapsed.seconds()
        context = await self._contexts.open(applied.name)
        appeared = await find_appeared(context.reads, self._due(applied.name, things))
        if appeared:
            async with self._installation.database.transaction() as connection:
                woken = await wake(
                    connection,
                    self._installation.lanes,
                    applied.name,
                    appeared,
                    because=f"appeared: {', '.join(sorted(appeared))[:200]}",
                )
            _log.info("woke", connection=applied.name, things=sorted(appeared), count=len(woken))

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
    look = WAKINGS[kind].appeared
    return {kind.named(name) for name in await look(reads, names)} if look else set()
