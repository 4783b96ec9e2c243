"""Looking at stopped subjects now and then, whatever they wait for: each cure is seen."""

from collections.abc import Iterable
from typing import Final

import structlog

from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.inbox import standing
from ml_connector.engine.inbox.standing import Stand
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import looks
from ml_connector.ledger.inbox.looks import Stopped
from ml_connector.words import Cause

_log = structlog.get_logger("watch")

LOOK_EVERY_SECONDS: Final = 30.0

_OF_THE_CONNECTION: Final = frozenset({Cause.CREDENTIALS_INVALID, Cause.PERMISSION_MISSING})
"""Causes that one subject of a flow tells for all: a wrong key is not tried with each."""


class StoppedWatch:
    """Looks at stopped subjects: 5 minutes after the stop, then after twice as long each time.

    Not more than 6 hours apart. A subject that would be decided otherwise now wakes; nothing is
    written of the others. So whatever cures a stop, in either system, is seen, also where nothing
    that can be named is waited for.
    """

    def __init__(self, installation: Installation, contexts: ConnectionContexts) -> None:
        self._installation = installation
        self._contexts = contexts

    async def look(self) -> None:
        """Look once, for all connections."""
        await for_each_connection(self._installation, "look at what is stopped", self._look)

    async def _look(self, applied: AppliedConnection) -> None:
        flows = [name for name, flow in FLOWS.items() if flow.looks_again]
        async with self._installation.database.transaction() as connection:
            due = await looks.due(connection, applied.name, flows)
        if not due:
            return
        context = await self._contexts.open(applied.name)
        groups = _groups(due)
        found = await standing.stands(
            self._installation.database, FLOWS, context, [group[0] for group in groups]
        )
        told = list(zip(groups, found, strict=True))
        changed = [one.ref for group, stand in told if stand is Stand.CHANGED for one in group]
        rest = [one.ref for group, stand in told if stand is not Stand.CHANGED for one in group]
        async with self._installation.database.transaction() as connection:
            await looks.note_vain(connection, rest)
        async with self._installation.database.transaction() as connection:
            await run_again(
                connection,
                self._installation.lanes,
                changed,
                source="wake",
                topic="would be decided otherwise now",
            )
        if changed:
            _log.info("woke", connection=applied.name, things=[], count=len(changed))


def _groups(due: Iterable[Stopped]) -> list[list[Stopped]]:
    """Return the subjects of which the first tells for the others; most are alone."""
    groups: dict[tuple[str, str, str], list[Stopped]] = {}
    for one in due:
        alone = one.cause not in _OF_THE_CONNECTION
        groups.setdefault((one.ref.flow, one.cause, one.ref.key if alone else ""), []).append(one)
    return list(groups.values())
