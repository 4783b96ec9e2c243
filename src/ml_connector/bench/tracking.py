"""A day's parcels: many events about fewer shipments, while NetSuite is slow."""

import random
import time
from collections.abc import Iterator
from typing import Final

import httpx2
import msgspec

from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.load import Outcome
from ml_connector.bench.parcels import (
    COUNTS_PATH,
    IN_FLIGHT,
    READ_SECONDS,
    WRITE_SECONDS,
    Counts,
)
from ml_connector.bench.rig import Rig, cpu_seconds, send

EVENTS: Final = 10_000
SHIPMENTS: Final = 3_000

MOST_WRITES: Final = 1.02
LEAST_SHIPMENTS_A_READ: Final = 20.0
MOST_TIME: Final = 1.10
MOST_CPU_MS: Final = 5.0

_LOOK_SECONDS: Final = 0.25
_PATIENCE: Final = 6.0


def tracking(rig: Rig, systems_url: str, *, quick: bool) -> Measured:
    """Measure what 10,000 tracking events about 3,000 new shipments cost, in random order.

    NetSuite takes 300 ms for a write, 100 ms for a read, and 15 calls at once, so the writes alone
    take a minute, and the one read of each new order that proves its line numbers 20 seconds: that
    is the floor. The processor time is that of the connector: ``serve`` with its web
    processes, and the worker. PostgreSQL's is shown beside it and not counted. The two systems
    and the sender of the webhooks run on this machine too.

    Args:
        rig: what it runs on.
        systems_url: of ``parcels``.
        quick: a tenth of the events.
    """
    events, shipments = (EVENTS // 10, SHIPMENTS // 10) if quick else (EVENTS, SHIPMENTS)
    ids = _ids(events, shipments)
    floor = shipments * (WRITE_SECONDS + READ_SECONDS) / IN_FLIGHT
    with rig.apart() as (url, processes):
        before = [*map(cpu_seconds, processes), rig.database_cpu_seconds()]
        until = time.monotonic() + _PATIENCE * floor + 60.0
        outcome = send(rig.load(url, seconds=300.0, ids=ids, parcels=True, connections=16))
        counts = _wait(systems_url, shipments, until)
        after = [*map(cpu_seconds, processes), rig.database_cpu_seconds()]
    web, worker, database = (
        (end - start) / events * 1000 for start, end in zip(before, after, strict=True)
    )
    return Measured(
        name="tracking",
        about=f"{events:,} events over {shipments:,} shipments, NetSuite at 300 ms and 15 at once",
        figures=(
            *_figures_of_calls(counts, shipments),
            *_figures_of_time(counts, outcome, floor),
            *_figures_of_processors(web, worker, database),
            Figure(name="time until all events were taken", value=outcome.seconds, unit="s"),
            Figure(name="NetSuite reads", value=counts.netsuite_reads, unit=""),
            Figure(name="most in flight to NetSuite", value=counts.most_in_flight, unit=""),
            Figure(name="ShipBob writes", value=counts.shipbob_writes, unit=""),
        ),
        wrong=tuple(_wrong(counts, outcome, shipments)),
    )


def _ids(events: int, shipments: int) -> tuple[int, ...]:
    """Return the shipment of each event: every one at least once, in random order."""
    chance = random.Random(1)  # noqa: S311 - an order, not a secret
    ids = [
        *range(1, shipments + 1),
        *(chance.randint(1, shipments) for _ in range(events - shipments)),
    ]
    chance.shuffle(ids)
    return tuple(ids)


def _figures_of_calls(counts: Counts, shipments: int) -> tuple[Figure, ...]:
    return (
        Figure(
            name="NetSuite writes a shipment",
            value=counts.netsuite_writes / shipments,
            unit="",
            at_most=MOST_WRITES,
        ),
        Figure(
            name="shipments a ShipBob read",
            value=shipments / max(1, counts.shipbob_reads),
            unit="",
            at_least=LEAST_SHIPMENTS_A_READ,
        ),
    )


def _figures_of_time(counts: Counts, outcome: Outcome, floor: float) -> tuple[Figure, ...]:
    return (
        Figure(name="floor: a write and a read of each order", value=floor, unit="s"),
        Figure(
            name="time until the last write, to the floor",
            value=(counts.last_write - outcome.began) / floor,
            unit="x",
            at_most=MOST_TIME,
        ),
        Figure(name="time until the last mark", value=counts.last_mark - outcome.began, unit="s"),
    )


def _figures_of_processors(web: float, worker: float, database: float) -> tuple[Figure, ...]:
    return (
        Figure(
            name="processor time an event, web and worker",
            value=web + worker,
            unit="ms",
            at_most=MOST_CPU_MS,
        ),
        Figure(name="of that, web", value=web, unit="ms"),
        Figure(name="of that, worker", value=worker, unit="ms"),
        Figure(name="PostgreSQL's, beside it", value=database, unit="ms"),
    )


def _wrong(counts: Counts, outcome: Outcome, shipments: int) -> Iterator[str]:
    if set(outcome.statuses) - {200}:
        yield f"answers by status: {outcome.statuses}"
    if counts.fulfilled != shipments or counts.twice:
        yield f"{counts.fulfilled} of {shipments} fulfilled, {counts.twice} twice"
    if counts.marked != shipments:
        yield f"{counts.marked} of {shipments} marked at ShipBob"


def _wait(systems_url: str, shipments: int, until: float) -> Counts:
    """Return the counts of calls when every shipment is marked, or the time is up."""
    with httpx2.Client(trust_env=False) as client:
        while True:
            counts = msgspec.json.decode(
                client.get(systems_url + COUNTS_PATH).content, type=Counts
            )
            if counts.marked >= shipments or time.monotonic() > until:
                return counts
            time.sleep(_LOOK_SECONDS)
