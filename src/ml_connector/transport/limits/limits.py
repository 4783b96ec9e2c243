"""Limits of the two systems, held in the database so that all processes share them.

NetSuite limits requests in flight per account (reference netsuite.md, section 10);
ShipBob limits requests per minute per user and application (shipbob.md, section 4).
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Self

from ml_connector.storage.database import Database
from ml_connector.transport.call import Priority
from ml_connector.transport.limits.gate import Gate
from ml_connector.transport.limits.grants import LONGEST_LEASE_SECONDS, Grants, Pass, Rule
from ml_connector.transport.limits.turns import Turns, use_turn

LEASE_SECONDS: Final = LONGEST_LEASE_SECONDS
"""How long a slot stays with a killed holder."""


class Limits:
    """All limits of one process. Use as an async context manager, or call ``aclose``.

    Args:
        database: where the limits are held.
        holder: name of this process, such as host and process id.
        lease_seconds: must be longer than the longest call.
    """

    def __init__(
        self, database: Database, *, holder: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        # A process started again under the same name must not free what it held before.
        self._holder = f"{holder}/{secrets.token_hex(4)}"
        self.lease_seconds = lease_seconds
        self._gates: dict[str, Gate] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def configure(
        self, limit_key: str, *, in_flight: int | None = None, per_minute: int | None = None
    ) -> None:
        """Say what a limit is; may be called again to change it.

        Args:
            limit_key: such as ``netsuite:TSTDRV1234567``.
            in_flight: most calls at the same time, over all processes.
            per_minute: most calls in any sliding minute, over all processes.

        Raises:
            ValueError: a limit below 1.
        """
        rule = Rule(in_flight=in_flight, per_minute=per_minute)
        gate = self._gates.get(limit_key)
        if gate is None:
            grants = Grants(
                self._database, limit_key, holder=self._holder, lease_seconds=self.lease_seconds
            )
            self._gates[limit_key] = Gate(grants, rule)
        else:
            gate.change(rule)

    @asynccontextmanager
    async def pass_(
        self, limit_key: str, priority: Priority = Priority.LIVE
    ) -> AsyncGenerator[None]:
        """Wait for a turn under the limit and hold it for the length of the block.

        An empty key means no limit. A turn that was taken ahead is used up without a wait.

        Raises:
            LookupError: the key was never configured, which is a bug.
            DatabaseAway: the limit can't be asked for.
        """
        if not limit_key:
            yield
            return
        gate = self._gate(limit_key)
        ahead = None if gate.is_blocked else use_turn(limit_key)
        leave = ahead or partial(gate.leave, await gate.enter(priority))
        try:
            yield
        finally:
            leave(sent=True)

    async def take_ahead(self, limit_key: str, turns: Turns, priority: Priority) -> None:
        """Wait for a turn under a limit per minute, before the reads of this priority; add it.

        Raises:
            LookupError: the key was never configured, which is a bug.
            DatabaseAway: the limit can't be asked for.
        """
        gate = self._gate(limit_key)
        slot, second = await gate.enter(priority, writes=True)
        gate.leave(Pass(slot=slot))
        turns.add(limit_key, partial(gate.leave, Pass(second=second)))

    async def lower(self, limit_key: str) -> None:
        """After a 429 of NetSuite: one call in flight fewer, at least 1; back by 1 a minute."""
        await self._gate(limit_key).lower()

    async def block(self, limit_key: str, seconds: float) -> None:
        """After a 429 of ShipBob: nobody sends for so long (at most an hour)."""
        await self._gate(limit_key).block(seconds)

    async def note_remaining(self, limit_key: str, remaining: int) -> None:
        """What ``x-remaining-calls`` said. Below 15 left, calls go slower and never in bursts."""
        await self._gate(limit_key).note_remaining(remaining)

    async def aclose(self) -> None:
        """Give back every idle slot at once; calls still waiting are cancelled."""
        for gate in self._gates.values():
            await gate.aclose()

    def _gate(self, limit_key: str) -> Gate:
        try:
            return self._gates[limit_key]
        except KeyError:
            raise LookupError(f"the limit {limit_key!r} was never configured") from None
