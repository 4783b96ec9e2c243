"""The sender of webhooks: a process of its own, and too cheap to be the bottleneck.

Reads one ``Load`` as JSON from standard input and writes one ``Outcome`` to standard output.
"""

import asyncio
import random
import re
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Final, cast

import msgspec
import uvloop

from ml_connector.bench.deliveries import TOPICS, Deliveries, ParcelDeliveries
from ml_connector.secret import Secret

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LAST_ANSWERS_SECONDS: Final = 10.0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The webhooks to send.

    Attributes:
        connections: kept open, one request at a time on each.
        per_second: rate of the requests, whether or not earlier ones are answered; latencies
            count from when a request was due. None: every connection sends its next request
            as soon as it has an answer.
        poisson: the intervals are random, not even.
        more_paths: deliveries go to ``path`` and these in turn.
        first_id: id of the first WRO; each delivery is about the next one,
        one_id: or all deliveries are about this one.
        ids: or one delivery about each of these, in this order, and then no more.
        parcels: deliveries are about shipments, not WROs.
        topic: of all deliveries about WROs; empty: the topics of a dock in turn.
        seed: of the random intervals.
    """

    host: str
    port: int
    path: str
    secret: str
    seconds: float
    connections: int = 32
    per_second: float | None = None
    poisson: bool = False
    more_paths: tuple[str, ...] = ()
    first_id: int = 1
    one_id: bool = False
    ids: tuple[int, ...] = ()
    parcels: bool = False
    topic: str = ""
    seed: int = 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of sending.

    Attributes:
        began: monotonic time at which the first request could be sent.
        statuses: answers by HTTP status; 0 for a connection that broke.
        seconds: until the last answer.
        latencies: seconds from due to answered, one for each answer.
        due: monotonic time at which each WRO's delivery was due; only at a fixed rate.
        cpu_seconds: of this process.
    """

    began: float
    statuses: dict[int, int]
    seconds: float
    latencies: list[float]
    due: dict[int, float]
    cpu_seconds: float


class _Line(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self, answered: Callable[["_Line", int], None]) -> None:
        self._answered = answered
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports have the methods but not the type.
        self._transport = cast("asyncio.WriteTransport", transport)

    def ask(self, request: bytes, due: float) -> None:
        self.due = due
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if found else None
        if length is None or len(body) < int(length[1]):
            return
        self._buffer = b""
        self._answered(self, int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._transport = None
        self._answered(self, 0)

    def close(self) -> None:
        if self._transport is not None:
            self._answered = lambda *_: None
            self._transport.close()


def _deliveries(load: Load, path: str) -> Deliveries:
    secret = Secret(load.secret)
    if load.parcels:
        return ParcelDeliveries(path, secret)
    return Deliveries(path, secret, topics=(load.topic,) if load.topic else TOPICS)


class _Sender:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._deliveries = cycle(
            [_deliveries(load, path) for path in (load.path, *load.more_paths)]
        )
        self._ids: Iterator[int] = iter(load.ids) if load.ids else count(load.first_id)
        self._statuses: Counter[int] = Counter()
        self._latencies: list[float] = []
        self._due: dict[int, float] = {}
        self._idle: deque[_Line] = deque()
        self._late: deque[float] = deque()
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._until = 0.0

    async def run(self) -> Outcome:
        loop = asyncio.get_running_loop()
        lines = [
            (
                await loop.create_connection(
                    lambda: _Line(self._answered), self._load.host, self._load.port
                )
            )[1]
            for _ in range(self._load.connections)
        ]
        began = time.monotonic()
        self._until = began + self._load.seconds
        if self._load.per_second is None:
            for line in lines:
                self._ask(line, time.monotonic())
        else:
            self._idle.extend(lines)
            await self._at_rate(self._load.per_second, began)
        async with asyncio.timeout(self._load.seconds + _LAST_ANSWERS_SECONDS):
            while self._under_way or self._late:
                self._quiet.clear()
                await self._quiet.wait()
        seconds = time.monotonic() - began
        for line in lines:
            line.close()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Outcome(
            began=began,
            statuses=dict(self._statuses),
            seconds=seconds,
            latencies=self._latencies,
            due=self._due,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
        )

    async def _at_rate(self, per_second: float, began: float) -> None:
        chance = random.Random(self._load.seed)  # noqa: S311 - times, not secrets
        due = began
        while True:
            due += chance.expovariate(per_second) if self._load.poisson else 1 / per_second
            if due > self._until:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._idle:
                self._ask(self._idle.popleft(), due)
            else:
                self._late.append(due)

    def _ask(self, line: _Line, due: float) -> None:
        wro_id = self._load.first_id if self._load.one_id else next(self._ids, None)
        if wro_id is None:
            return
        if self._load.per_second is not None:
            self._due[wro_id] = due
        self._under_way += 1
        line.ask(next(self._deliveries).make(wro_id), due)

    def _answered(self, line: _Line, status: int) -> None:
        now = time.monotonic()
        self._under_way -= 1
        self._statuses[status] += 1
        if status:
            self._latencies.append(now - line.due)
            if self._load.per_second is None:
                if now < self._until:
                    self._ask(line, now)
            elif self._late:
                self._ask(line, self._late.popleft())
            else:
                self._idle.append(line)
        self._quiet.set()


def main() -> None:
    """Send the load, and write the result."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)

    async def send() -> Outcome:
        return await _Sender(load).run()

    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(send())))
