"""Write slots: how many runs of one connection write to a system, or are just about to.

What a run has recorded as begun must be sent within seconds or never, and whatever is under
way when a process dies has to be looked up. So no more calls are recorded as begun than the
system's limit is about to let through. A run that waits for its slot has recorded nothing yet.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from ml_connector.config.connection import RequestLimits
from ml_connector.transport import elapsed
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import System

_LATE_AFTER_SECONDS: Final = 30.0

# While one call is under way, the next is recorded as begun: this many for each in flight.
_AHEAD: Final = 2 / 3

# Runs in hand for each call that NetSuite serves: one writes, a few are about to, and the rest
# wait for reads and marks that are shared by many runs.
_RUNS_A_CALL: Final = 20
_MOST_CALLS: Final = 20

# ShipBob counts calls a minute (shipbob.md section 4): the calls of this many seconds may be
# recorded ahead.
_AHEAD_SECONDS: Final = 5


def write_slots_for(limits: RequestLimits) -> dict[System, int]:
    """Return how many may write to each system at once, under a connection's limits."""
    in_flight = limits.netsuite_concurrency
    return {
        "netsuite": in_flight + max(1, round(in_flight * _AHEAD)),
        "shipbob": max(2, limits.shipbob_per_minute * _AHEAD_SECONDS // 60),
    }


def runs_for(limits: RequestLimits) -> int:
    """Return how many runs of a connection a worker has in hand at once."""
    return _RUNS_A_CALL * min(limits.netsuite_concurrency, _MOST_CALLS)


class WriteSlot:
    """One run's place among those that write.

    Attributes:
        late: it came so late that the facts should be read again.
        turns: of the calls that its first write takes.
    """

    def __init__(self, places: asyncio.Semaphore | None) -> None:
        self._places = places
        self.late = False
        self.turns = Turns()

    def end(self) -> None:
        """Let the next run write. Ending twice is harmless."""
        if self._places is not None:
            self._places.release()
            self._places = None


class WriteSlots:
    """The write slots of one connection.

    Args:
        most: how many there are, by system; a system that is not named has no limit.
        late_after_seconds: a slot that comes later than that is late.
    """

    def __init__(
        self, most: Mapping[System, int], *, late_after_seconds: float = _LATE_AFTER_SECONDS
    ) -> None:
        self._places = {system: asyncio.Semaphore(number) for system, number in most.items()}
        self._late_after = late_after_seconds

    @asynccontextmanager
    async def slot(
        self,
        system: System | None,
        take_turns: Callable[[], Awaitable[Turns]] | None = None,
    ) -> AsyncGenerator[WriteSlot]:
        """Wait for a slot in order of arrival; it ends with the block, or earlier.

        For no system there is nothing to wait for.

        Args:
            system: what is written to.
            take_turns: waits, once there is a place, for the turns of the first write.
        """
        places = self._places.get(system) if system else None
        began = elapsed.seconds()
        if places is not None:
            await places.acquire()
        slot = WriteSlot(places)
        try:
            if take_turns is not None:
                slot.turns = await take_turns()
            slot.late = system is not None and elapsed.seconds() - began > self._late_after
            yield slot
        finally:
            slot.turns.give_back()
            slot.end()
