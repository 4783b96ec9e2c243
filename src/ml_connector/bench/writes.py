"""From a webhook to the write that arrives at NetSuite, both systems answering at once."""

import asyncio
import random
import time
from typing import Final

import httpx2
import msgspec

from ml_connector.bench.figures import Measured, of_rounds, percentile
from ml_connector.bench.load import Load
from ml_connector.bench.rig import Rig, send
from ml_connector.bench.upstream import ADJUSTMENTS_PATH, SKUS, SUITEQL_PATH, WRITES_PATH

PER_SECOND: Final = 20.0
MOST_P50_MS: Final = 60.0
MOST_P99_MS: Final = 250.0

_APART: Final = 10_000_000
_FLOOR_APART: Final = 5_000_000
_SETTLE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.2


class _Writes(msgspec.Struct, frozen=True, kw_only=True):
    writes: dict[int, float]
    twice: list[int]


def writes(rig: Rig, systems_url: str, *, seconds: float, rounds: int) -> Measured:
    """Measure the time from when a webhook is due until its write arrives at NetSuite.

    Webhooks come at 20 a second on average, at random times, each about another WRO. In each
    round the floor is the same calls in the same order at the same pace by an HTTP client alone,
    without a database.

    Args:
        rig: what it runs on.
        systems_url: of the canned systems.
        seconds: of all rounds together.
        rounds: number of parts.
    """
    wrong: list[str] = []
    took: list[list[float]] = []
    floor: list[list[float]] = []
    with rig.serving() as url:
        _round(rig, url, systems_url, 1.0, 1, wrong)
        for number in range(1, rounds + 1):
            first = number * _APART
            took.append(_round(rig, url, systems_url, seconds / rounds, first, wrong))
            floor.append(_floor(systems_url, seconds / rounds, first + _FLOOR_APART))
    ratios = [
        percentile(mine, 0.5) / percentile(below, 0.5)
        for mine, below in zip(took, floor, strict=True)
    ]
    return Measured(
        name="writes",
        about=f"webhook to write at NetSuite, {PER_SECOND:g}/s, systems that answer at once",
        figures=(
            of_rounds("p50", _ms(took, 0.5), "ms", at_most=MOST_P50_MS),
            of_rounds("p99", _ms(took, 0.99), "ms", at_most=MOST_P99_MS),
            of_rounds("floor p50: the calls alone", _ms(floor, 0.5), "ms"),
            of_rounds("floor p99", _ms(floor, 0.99), "ms"),
            of_rounds("ratio of p50", ratios, "x"),
        ),
        wrong=tuple(wrong),
    )


def _round(  # noqa: PLR0917 - one call, one order
    rig: Rig, url: str, systems_url: str, seconds: float, first_id: int, wrong: list[str]
) -> list[float]:
    load = rig.load(
        url,
        seconds=seconds,
        per_second=PER_SECOND,
        poisson=True,
        first_id=first_id,
        seed=first_id,
    )
    return waits(load, systems_url, wrong)


def waits(load: Load, systems_url: str, wrong: list[str]) -> list[float]:
    """Send webhooks; return how long each took until its write arrived, in seconds.

    Args:
        load: at a fixed rate, each about another WRO.
        systems_url: of the canned systems.
        wrong: gets a sentence for what must not happen.
    """
    outcome = send(load)
    if set(outcome.statuses) - {200}:
        wrong.append(f"answers by status: {outcome.statuses}")
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        seen = _seen(systems_url)
        missing = outcome.due.keys() - seen.writes.keys()
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    if missing:
        wrong.append(f"{len(missing)} of {len(outcome.due)} webhooks led to no write")
    if seen.twice:
        wrong.append(f"written twice: WRO {', '.join(map(str, seen.twice[:5]))}")
    return [
        seen.writes[wro_id] - due for wro_id, due in outcome.due.items() if wro_id in seen.writes
    ]


def _seen(systems_url: str) -> _Writes:
    with httpx2.Client(trust_env=False) as client:
        answer = client.get(systems_url + WRITES_PATH)
    return msgspec.json.decode(answer.content, type=_Writes)


def _floor(systems_url: str, seconds: float, first_id: int) -> list[float]:
    due = asyncio.run(_straight(systems_url, seconds, first_id))
    arrived = _seen(systems_url).writes
    return [arrived[wro_id] - at for wro_id, at in due.items()]


async def _straight(systems_url: str, seconds: float, first_id: int) -> dict[int, float]:
    chance = random.Random(first_id)  # noqa: S311 - times, not secrets
    due: dict[int, float] = {}
    async with (
        httpx2.AsyncClient(base_url=systems_url, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        at = time.monotonic()
        until = at + seconds
        while (at := at + chance.expovariate(PER_SECOND)) < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            wro_id = first_id + len(due)
            due[wro_id] = at
            tasks.create_task(_call(client, wro_id))
    return due


async def _call(client: httpx2.AsyncClient, wro_id: int) -> None:
    """Make the calls of one converge up to its write: the WRO, its items, the adjustment."""
    await client.get(f"/2026-07/receiving/{wro_id}")
    await client.post(
        SUITEQL_PATH, json={"q": "SELECT i.id, i.itemid FROM item i", "params": list(SKUS)}
    )
    await client.post(ADJUSTMENTS_PATH, json={"externalId": f"mlc-ia-{wro_id}-1"})


def _ms(rounds: list[list[float]], share: float) -> list[float]:
    return [percentile(values, share) * 1000 for values in rounds if values]
