"""Random sequences of mishaps: never two records of one fact, never a lost one."""

import asyncio
import uuid
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.memory_target import Outcome
from engine.workshop import Workshop
from ml_connector.storage.database import Database

SAFE: list[Outcome] = [
    outcome
    for outcome in get_args(Outcome)
    if outcome not in {"meets another record", "says it exists already"}
]

STEPS = st.lists(
    st.one_of(
        st.sampled_from(SAFE),
        st.sampled_from(["news", "more", "late", "time", "away", "back"]),
    ),
    max_size=14,
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_never_two_records_and_never_a_lost_one(database_url: str, steps: list[str]) -> None:
    asyncio.run(play(database_url, steps))


async def play(database_url: str, steps: list[str]) -> None:
    async with Database(database_url, size=3) as database:
        workshop = await Workshop(database).set_up()
        key = uuid.uuid4().hex[:12]
        workshop.source.units[key] = 5
        await workshop.news(key)
        for step in steps:
            await take(workshop, key, step)
        await recover(workshop, key)
        journal = await workshop.journal(key)
        records = workshop.netsuite.records
        total = workshop.source.units[key]

        assert len({record.external_id for record in records}) == len(records)
        assert sum(int(record.content.split()[0]) for record in records) == total
        assert sum(row["quantity"] for row in journal) == total
        assert len(journal) == len(records)


async def take(workshop: Workshop, key: str, step: str) -> None:
    match step:
        case "news":
            await workshop.news(key)
        case "more":
            workshop.source.units[key] += 1
            await workshop.news(key)
        case "late":
            workshop.netsuite.carry_out_late()
        case "time":
            await workshop.let_time_pass(key)
        case "away" | "back":
            workshop.netsuite.away = step == "away"
        case outcome:
            workshop.netsuite.outcomes.append(outcome)  # type: ignore[arg-type] # one of SAFE
    await workshop.run(key)


async def recover(workshop: Workshop, key: str) -> None:
    """Let everything work again, until there is nothing left to do."""
    workshop.netsuite.away = False
    workshop.netsuite.outcomes.clear()
    await workshop.news(key)
    for _ in range(6):
        await workshop.let_time_pass(key)
        subject = await workshop.run(key)
        if subject["state"] == "done" and subject["marked"] == subject["converged"]:
            return
    pytest.fail(f"{key} is {subject['state']}: {subject['sentence']}")
