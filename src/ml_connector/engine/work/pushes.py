"""Pushes: many subjects at once whose runs each write to ShipBob alone, spread over its limit.

They are made due in bunches, each when the one before it is through by the limit. A bunch is
read together, which is what makes its calls few. The plan is with the subjects and their jobs,
so it survives any process, and whoever works goes on with it.
"""

import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ml_connector.config.connection import RequestLimits
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox import jobs
from ml_connector.storage.database import Connection
from ml_connector.transport.limits.pace import pace

BUNCH: Final = 20
"""Subjects that are read together."""

CALLS_A_SUBJECT: Final = 1.3
"""Calls to ShipBob for each of many new orders, at most (docs/explanation/limits.md)."""

MOST_PUSHED: Final = 2 * BUNCH
"""Subjects of a push in hand at once: while one bunch is written, the next is read."""

_SOONEST_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class PushPlan:
    """How a push is spread over what a connection may use of ShipBob's limit.

    Attributes:
        apart_seconds: between two bunches.
    """

    apart_seconds: float

    def seconds(self, subjects_left: int) -> float:
        """Return how long so many subjects take in all."""
        return math.ceil(subjects_left / BUNCH) * self.apart_seconds

    def calls(self, subjects_left: int) -> int:
        """Return how many calls to ShipBob so many subjects take, at most."""
        return math.ceil(subjects_left * CALLS_A_SUBJECT)


def push_plan(limits: RequestLimits) -> PushPlan:
    """Return how a push is spread under a connection's limits. Pure."""
    gap = pace(limits.shipbob_per_minute).gap_seconds
    return PushPlan(apart_seconds=BUNCH * CALLS_A_SUBJECT * gap)


NO_PUSH: Final = PushPlan(apart_seconds=0.0)
"""Of a connection without a limit per minute: nothing is spread."""


async def spread(
    connection: Connection,
    lanes: Lanes,
    connection_name: str,
    flow: str,
    *,
    keys: Collection[str],
    plan: PushPlan,
) -> None:
    """Let subjects that were just told of be due in bunches, after those that are so already.

    Args:
        connection: the transaction that has told of them.
        lanes: where their jobs are.
        connection_name: whose subjects.
        flow: of the subjects.
        keys: of the subjects.
        plan: how far apart the bunches are.
    """
    if plan.apart_seconds < _SOONEST_SECONDS or len(keys) <= BUNCH:
        return
    due = await jobs.spread(
        connection,
        connection_name,
        flow,
        keys,
        bunch=BUNCH,
        apart=timedelta(seconds=plan.apart_seconds),
    )
    await lanes.put_off(connection, due)


class PushPlaces:
    """How many subjects of a push one process has in hand, so that other work finds room.

    Args:
        plan: of the connection.
        most: places.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        plan: PushPlan,
        *,
        most: int = MOST_PUSHED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._most = max(1, most)
        self._clock = clock
        self._taken = 0
        self._bunch_at = 0.0
        self._in_bunch = BUNCH

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take a place for the length of the block; False where there is none."""
        got = self._taken < self._most
        self._taken += got
        try:
            yield got
        finally:
            self._taken -= got

    def seconds_off(self) -> float:
        """Return in how many seconds one who found no place comes again, in bunches too."""
        now = self._clock()
        if self._in_bunch >= BUNCH:
            apart = max(_SOONEST_SECONDS, self._plan.apart_seconds)
            self._bunch_at = max(self._bunch_at, now) + apart
            self._in_bunch = 0
        self._in_bunch += 1
        longest = jobs.LONGEST_SPREAD.total_seconds()
        return min(max(_SOONEST_SECONDS, self._bunch_at - now), longest)
