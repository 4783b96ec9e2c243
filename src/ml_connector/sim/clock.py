"""Simulated time that can run fast, stand still or jump.

One clock is shared by everything in a simulation, across threads and event loops, so
that ten hours until the next delivery attempt can pass in a second.
"""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from time import perf_counter


class Clock:
    """A clock whose speed can be chosen. Safe to use from any thread.

    Args:
        start: the first instant, time zone aware; the real time when left out.
        speed: simulated seconds per real second. ``0`` stands still, so that only
            ``advance`` moves it.

    Raises:
        ValueError: ``start`` has no time zone, or ``speed`` is negative.
    """

    def __init__(self, start: datetime | None = None, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._then = _aware(start or datetime.now(UTC))
        self._then_real = perf_counter()
        self._speed = _checked_speed(speed)
        self._sleepers: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}

    def now(self) -> datetime:
        """The simulated instant, aware, in UTC."""
        with self._lock:
            return self._instant()

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def advance(self, by: timedelta) -> datetime:
        """Jump forward and wake everybody whose time has come.

        Returns:
            the new instant.

        Raises:
            ValueError: ``by`` is negative. Time only goes forward.
        """
        if by < timedelta(0):
            raise ValueError(f"A clock only goes forward: {by} is negative.")
        with self._lock:
            self._then += by
            now = self._instant()
        self._wake()
        return now

    def advance_to(self, instant: datetime) -> datetime:
        """Jump forward to an instant; one that has passed changes nothing.

        Returns:
            the new instant.
        """
        with self._lock:
            self._then += max(_aware(instant) - self._instant(), timedelta(0))
            now = self._instant()
        self._wake()
        return now

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on; time itself does not jump.

        Raises:
            ValueError: ``speed`` is negative.
        """
        checked = _checked_speed(speed)
        with self._lock:
            self._then, self._then_real = self._instant(), perf_counter()
            self._speed = checked
        self._wake()

    async def sleep_until(self, instant: datetime) -> None:
        """Return once simulated time has reached ``instant``, by running or by a jump."""
        due = _aware(instant)
        loop = asyncio.get_running_loop()
        moved: asyncio.Future[None]
        while True:
            with self._lock:
                missing = (due - self._instant()).total_seconds()
                if missing <= 0:
                    return
                real_seconds = missing / self._speed if self._speed else None
                moved = loop.create_future()
                self._sleepers[moved] = loop
            try:
                await asyncio.wait([moved], timeout=real_seconds)
            finally:
                with self._lock:
                    self._sleepers.pop(moved, None)
                moved.cancel()

    async def sleep(self, duration: timedelta) -> None:
        """Sleep for a simulated duration."""
        await self.sleep_until(self.now() + duration)

    def _instant(self) -> datetime:
        passed = (perf_counter() - self._then_real) * self._speed
        return self._then + timedelta(seconds=passed)

    def _wake(self) -> None:
        with self._lock:
            sleepers, self._sleepers = self._sleepers, {}
        for moved, loop in sleepers.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, moved)


def _resolve(moved: "asyncio.Future[None]") -> None:
    if not moved.done():
        moved.set_result(None)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone: use an aware datetime.")
    return instant.astimezone(UTC)


def _checked_speed(speed: float) -> float:
    if speed < 0:
        raise ValueError(f"A clock only goes forward: speed {speed} is negative.")
    return speed
