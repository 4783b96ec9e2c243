"""Sends webhooks from a thread with an event loop of its own (reference shipbob.md, 7.5)."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from time import perf_counter

import httpx2

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.webhooks.webhooks import (
    RETRY_AFTER,
    Delivery,
    Message,
    Subscription,
    Webhooks,
    is_success,
    sign,
)

MOST_AT_ONCE = 40
"""Connections that are open at the same time."""


class Sender:
    """Delivers messages at least once, with ShipBob's timeout and retry schedule.

    The waits are simulated time; the 15 seconds that a receiver has are real ones.

    Args:
        webhooks: where subscriptions, messages and the log live.
        lock: guards the books; never held during a call.
        clock: simulated time.
        signing_clock: what ``webhook-timestamp`` is taken from.
        timeout_seconds: how long a receiver may take, in real seconds.
        prefix: what the names of the headers begin with that sign a message.
    """

    def __init__(
        self,
        *,
        webhooks: Webhooks,
        lock: threading.RLock,
        clock: Clock,
        signing_clock: Clock,
        timeout_seconds: float,
        prefix: str = "webhook",
    ) -> None:
        self._prefix = prefix
        self._webhooks = webhooks
        self._lock = lock
        self._clock = clock
        self._signing_clock = signing_clock
        self.timeout_seconds = timeout_seconds
        self._quiet = threading.Condition()
        self._busy = 0
        self._due: dict[object, datetime] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx2.AsyncClient | None = None
        self._slots: asyncio.Semaphore | None = None

    def send(self, message: Message) -> None:
        """Start the attempts of a message. Safe from any thread."""
        with self._quiet:
            self._busy += 1
        self._submit(self._attempts(message))

    def wait_until_quiet(self, timeout_seconds: float) -> bool:
        """Wait until no attempt is due or under way; retries of later don't count.

        Returns:
            whether it became quiet in time.
        """
        with self._quiet:
            return self._quiet.wait_for(self._is_quiet, timeout_seconds)

    def close(self) -> None:
        """Drop what is waiting and end the thread. Sending again starts a new one."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        asyncio.run_coroutine_threadsafe(self._drop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        with self._quiet:
            self._busy = 0
            self._due.clear()
            self._quiet.notify_all()

    async def _attempts(self, message: Message) -> None:
        sleeping = object()
        try:
            while True:
                delivery = await self._attempt(message)
                if delivery is None or delivery.next_attempt is None:
                    return
                with self._quiet:
                    self._due[sleeping] = delivery.next_attempt
                    self._busy -= 1
                    self._quiet.notify_all()
                try:
                    await self._clock.sleep_until(delivery.next_attempt)
                finally:
                    with self._quiet:
                        self._busy += 1
                        del self._due[sleeping]
        finally:
            with self._quiet:
                self._busy -= 1
                self._quiet.notify_all()

    async def _attempt(self, message: Message) -> Delivery | None:
        with self._lock:
            subscription = self._webhooks.subscriptions.get(message.subscription_id)
            if subscription is None or not subscription.enabled:
                message.state = "dropped"
                return None
            number = message.attempts + 1
        at, began = self._clock.now(), perf_counter()
        status, error = await self._post(message, subscription)
        wait = None if is_success(status) else _wait_after(number)
        delivery = Delivery(
            webhook_id=message.id,
            subscription_id=subscription.id,
            topic=message.topic,
            url=subscription.url,
            attempt=number,
            at=at,
            status=status,
            error=error,
            seconds=perf_counter() - began,
            next_attempt=None if wait is None else self._clock.now() + wait,
        )
        with self._lock:
            self._webhooks.note(message, delivery)
        return delivery

    def headers(self, message: Message, subscription: Subscription) -> dict[str, str]:
        """The headers of an attempt that is made now (7.3)."""
        timestamp = int(self._signing_clock.now().timestamp())
        return {
            f"{self._prefix}-id": message.id,
            f"{self._prefix}-timestamp": str(timestamp),
            f"{self._prefix}-signature": sign(
                subscription.secret, message.id, timestamp, message.body
            ),
            "x-webhook-topic": message.topic,
            "content-type": "application/json",
            "user-agent": "Svix-Webhooks/1.0 (simulated)",
        }

    async def _post(self, message: Message, subscription: Subscription) -> tuple[int | None, str]:
        headers = self.headers(message, subscription)
        client, slots = self._open()
        try:
            async with slots, asyncio.timeout(self.timeout_seconds):
                answer = await client.post(subscription.url, content=message.body, headers=headers)
        except TimeoutError:
            return None, f"no answer within {self.timeout_seconds:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return None, f"{type(error).__name__}: {error}"
        return answer.status_code, ""

    def _open(self) -> tuple[httpx2.AsyncClient, asyncio.Semaphore]:
        if self._client is None or self._slots is None:
            limits = httpx2.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=0)
            self._client = httpx2.AsyncClient(timeout=None, limits=limits, trust_env=False)
            self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        return self._client, self._slots

    async def _drop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with suppress(asyncio.CancelledError):
                await task
        if self._client is not None:
            await self._client.aclose()
        self._client = self._slots = None

    def _submit(self, work: Coroutine[object, object, None]) -> None:
        loop = self._running_loop()

        def start() -> None:
            task = loop.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.call_soon_threadsafe(start)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._quiet:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                run: Callable[[], None] = self._loop.run_forever
                self._thread = threading.Thread(target=run, name="webhooks", daemon=True)
                self._thread.start()
            return self._loop

    def _is_quiet(self) -> bool:
        now = self._clock.now()
        return self._busy == 0 and all(due > now for due in self._due.values())


def _wait_after(attempt: int) -> timedelta | None:
    return RETRY_AFTER[attempt - 1] if attempt <= len(RETRY_AFTER) else None
