"""The gate before one limit within this process: whose turn it is asks the database."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Final

import psycopg
import structlog

from ml_connector.storage.database import DatabaseAway
from ml_connector.transport import elapsed
from ml_connector.transport.call import Priority
from ml_connector.transport.limits.grants import Grants, NoSlot, Pass, Rule, Slot, TurnsOver
from ml_connector.transport.limits.price import LOW_WATER
from ml_connector.transport.limits.queue import Queue, Waiter

# How long a leased slot stays with this process: handed from call to call, then idle. While it
# holds many, others who wait get one soon enough when it keeps each of them longer.
WARM_SECONDS: Final = 1.0
WARM_SECONDS_A_SLOT: Final = 0.3
MOST_WARM_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 0.25

# Slots that leave within so short a time are given back together.
_GATHER_SECONDS: Final = 0.005

# Turns whose calls end within so long are reported together; until then they count as before.
_GATHER_TURNS_SECONDS: Final = 0.1

# The head of the queue asks again after a wait in this range, while others hold the slots.
_POLL_SECONDS: Final = (0.010, 0.050)

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Gate:
    """Lets calls through one at a time, as the database grants it.

    Only the head of the queue competes in the database. A slot stays warm for the next in
    the queue for a bounded time after it was leased, so that other processes get their turn,
    and an idle one goes back after ``IDLE_SECONDS``.
    """

    def __init__(self, grants: Grants, rule: Rule) -> None:
        self._grants = grants
        self._rule = rule
        self._prepared: Rule | None = None
        self._queue = Queue()
        self._changed = asyncio.Event()
        self._server: asyncio.Task[None] | None = None
        self._idle: list[tuple[float, Slot]] = []
        self._leaving: list[Slot] = []
        self._over: dict[int, TurnsOver] = {}
        self._held = 0
        self._blocked_until = 0.0
        self._remaining: int | None = None
        self._fresh_from = 0.0
        self._reaper: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def change(self, rule: Rule) -> None:
        """Apply another rule from now on."""
        if rule != self._rule:
            self._rule = rule
            self._fresh_from = elapsed.seconds()
            self._changed.set()

    @property
    def is_blocked(self) -> bool:
        """Whether the system wants no calls now, as far as this process knows."""
        return self._blocked_until > elapsed.seconds()

    async def enter(self, priority: Priority, *, writes: bool = False) -> Pass:
        """Wait for this call's turn; return what it goes with, to be given to ``leave``.

        Args:
            priority: of the call.
            writes: it goes before the reads of the same priority.

        Raises:
            DatabaseAway: the limit can't be asked for; the call must not be sent.
        """
        waiter = Waiter(priority, writes, asyncio.Future())
        self._queue.add(waiter)
        if self._server is None:
            self._server = asyncio.create_task(self._serve())
        elif self._queue.first() is waiter:
            self._changed.set()
        try:
            return await waiter.passed
        except asyncio.CancelledError:
            # The turn may have come in the same moment: pass it on.
            if waiter.passed.done() and not waiter.passed.cancelled():
                self.leave(waiter.passed.result(), sent=False)
            raise

    def leave(self, passed: Pass, *, sent: bool = True) -> None:
        """The call is over: hand its slot on, keep it for the next one, or give it back.

        Args:
            passed: what it went with.
            sent: it may have arrived; False: it was never begun, and does not count.
        """
        slot = passed.slot
        if passed.second is not None:
            self._turn_over(passed.second, sent=sent)
        if slot is not None and not self._hand_on(slot) and self._keep(slot):
            self._changed.set()

    async def lower(self) -> None:
        """The system had too many calls in flight: one fewer from now on."""
        if self._rule.in_flight is not None:
            await self._prepare()
            await self._grants.lower(self._rule.in_flight)
            self._fresh_from = elapsed.seconds()

    async def block(self, seconds: float) -> None:
        """The system wants no calls for so long."""
        await self._prepare()
        taken = await self._grants.block(seconds)
        self._blocked_until = max(self._blocked_until, elapsed.seconds() + taken)

    async def note_remaining(self, remaining: int) -> None:
        """Keep what is left, where it matters: when it is low, or no longer is."""
        known = self._remaining
        low = remaining < LOW_WATER or (known is not None and known < LOW_WATER)
        if low and remaining != known:
            await self._prepare()
            await self._grants.note_remaining(remaining)
        self._remaining = remaining

    async def aclose(self) -> None:
        """Turn the waiting away and give back what is idle. The gate works on afterwards."""
        for waiter in self._queue:
            waiter.passed.cancel()
        self._changed.set()
        if self._server is not None:
            await self._server
        idle, self._idle = self._idle, []
        for _, slot in idle:
            self._give_back(slot)
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        if self._tasks:
            await asyncio.wait(self._tasks)

    # Serving the queue: one task, while somebody waits.

    async def _serve(self) -> None:
        try:
            while (head := self._queue.next()) is not None:
                self._changed.clear()
                wait = await self._admit(head)
                if wait != 0 and self._rule.in_flight is not None:
                    # Whose share it is may not have the reserved slot: that holds nobody up.
                    first = self._queue.first()
                    if first is not None and first.priority < head.priority:
                        wait = await self._admit(first)
                if wait != 0:
                    await self._sleep(wait)
        except Exception as error:  # noqa: BLE001 - it goes to everybody who waits
            for waiter in self._queue:
                if not waiter.passed.done():
                    waiter.passed.set_exception(error)
            self._queue.clear()
        finally:
            self._server = None

    async def _admit(self, head: Waiter) -> float | None:
        """Try to let the head of the queue through.

        Returns:
            seconds to wait before the next try; 0 for none; None until something changes.
        """
        await self._prepare()
        if (blocked := self._blocked_until - elapsed.seconds()) > 0:
            return blocked
        slot: Slot | None = None
        second: int | None = None
        priority = head.priority
        if (in_flight := self._rule.in_flight) is not None:
            slot = self._warm(priority)
            if slot is None:
                found = await self._lease(in_flight, priority)
                if not isinstance(found, Slot):
                    return found
                slot = found
        if (per_minute := self._rule.per_minute) is not None:
            competes = head.competes_as(elapsed.seconds())
            turn = await self._grants.take_turn(per_minute, competes)
            self._remaining = turn.remaining
            if not turn.granted:
                if slot is not None:
                    self._keep(slot)
                return turn.wait_seconds + _poll()
            second = turn.second
        # Somebody more urgent may have come meanwhile, or the head may have gone.
        passed = Pass(slot, second)
        if not self._let_next_through(passed):
            self.leave(passed, sent=False)
        return 0

    def _let_next_through(self, passed: Pass) -> bool:
        """Let the next one go with this; False where nobody waits who may have it."""
        reserved = passed.slot is not None and passed.slot.reserved
        head = self._queue.first() if reserved else self._queue.next()
        if head is None or (reserved and head.priority >= Priority.BULK):
            return False
        self._queue.let_through(head, passed)
        return True

    async def _lease(self, in_flight: int, priority: Priority) -> Slot | float | None:
        if self._held >= in_flight:
            return None  # they are all ours: one of our own calls must end first
        # For everybody who waits: what nobody takes goes back like any idle slot.
        live = priority < Priority.BULK
        waiting = (
            sum(one.priority < Priority.BULK and not one.passed.done() for one in self._queue)
            if live
            else 1
        )
        count = max(1, min(waiting, in_flight - self._held))
        found = await self._grants.take_slots(in_flight, count, priority, elapsed.seconds())
        if isinstance(found, NoSlot):
            return found.blocked_seconds + _poll()
        self._held += len(found)
        for slot in found[1:]:
            self._keep(slot)
        return found[0]

    async def _prepare(self) -> None:
        rule = self._rule
        if self._prepared != rule:
            await self._grants.prepare(rule)
            self._prepared = rule

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    # Warm slots.

    def _is_warm(self, slot: Slot) -> bool:
        share = WARM_SECONDS_A_SLOT * (self._rule.in_flight or 1)
        seconds = min(max(WARM_SECONDS, share), MOST_WARM_SECONDS)
        return slot.taken_at > max(self._fresh_from, elapsed.seconds() - seconds)

    def _hand_on(self, slot: Slot) -> bool:
        """Let the head of the queue go with a warm slot, if it needs nothing else."""
        if not self._is_warm(slot) or self._rule.per_minute is not None or self.is_blocked:
            return False
        return self._let_next_through(Pass(slot))

    def _keep(self, slot: Slot) -> bool:
        """Keep a slot for the next call while it is warm, else give it back."""
        if not self._is_warm(slot):
            self._give_back(slot)
            return False
        self._idle.append((elapsed.seconds(), slot))
        if self._reaper is None:
            self._schedule_reaper()
        return True

    def _warm(self, priority: Priority) -> Slot | None:
        """Take an idle slot that is still ours to hand on."""
        for place in range(len(self._idle) - 1, -1, -1):
            _, slot = self._idle[place]
            if not self._is_warm(slot):
                del self._idle[place]
                self._give_back(slot)
            elif priority < Priority.BULK or not slot.reserved:
                del self._idle[place]
                return slot
        return None

    def _schedule_reaper(self) -> None:
        loop = asyncio.get_running_loop()
        self._reaper = loop.call_later(IDLE_SECONDS, self._reap)

    def _reap(self) -> None:
        self._reaper = None
        oldest = elapsed.seconds() - IDLE_SECONDS * 0.9
        idle, self._idle = self._idle, []
        for since, slot in idle:
            if since <= oldest:
                self._give_back(slot)
            else:
                self._idle.append((since, slot))
        if self._idle:
            self._schedule_reaper()

    def _give_back(self, slot: Slot) -> None:
        self._leaving.append(slot)
        if len(self._leaving) == 1:
            self._start(self._give_back_all())

    async def _give_back_all(self) -> None:
        """Give back what leaves within a moment, in one statement."""
        await asyncio.sleep(_GATHER_SECONDS)
        slots, self._leaving = self._leaving, []
        try:
            await self._grants.give_back(slots)
        except (DatabaseAway, psycopg.Error) as error:
            # The lease runs out by itself; the call's answer matters more than this.
            _log.warning("slots_not_given_back", slots=len(slots), reason=type(error).__name__)
        finally:
            self._held -= len(slots)
        # Not at once: other processes shall get their turn at the free slots.
        asyncio.get_running_loop().call_later(_poll(), self._changed.set)

    # Turns that are over.

    def _turn_over(self, second: int, *, sent: bool) -> None:
        used, unused = self._over.get(second, TurnsOver(0, 0))
        begin = not self._over
        self._over[second] = TurnsOver(used + sent, unused + (not sent))
        if begin:
            self._start(self._report_turns())

    async def _report_turns(self) -> None:
        """Report the turns that are over within a moment, in one statement."""
        await asyncio.sleep(_GATHER_TURNS_SECONDS)
        over, self._over = self._over, {}
        try:
            await self._grants.turns_over(over)
        except (DatabaseAway, psycopg.Error) as error:
            # They count for as long as if their calls were under way: too long, never too short.
            _log.warning("turns_not_reported", seconds=len(over), reason=type(error).__name__)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _poll() -> float:
    return random.uniform(*_POLL_SECONDS)  # noqa: S311 - jitter, not a secret
