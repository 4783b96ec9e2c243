"""A worker has as many subjects in hand as the limits of their connection call for."""

import asyncio
from typing import Any

import pytest
import structlog
from psycopg.types.json import Json

from engine.workshop import SETTINGS, Workshop
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.worker import work
from waiting import until


async def set_limit(workshop: Workshop, concurrency: int) -> None:
    settings = {**SETTINGS, "limits": {"netsuite_concurrency": concurrency}}
    await workshop.database.fetch(
        "update connection set settings = %(settings)s returning name",
        {"settings": Json(settings)},
    )


async def begun(logs: list[Any], lanes: int) -> list[int]:
    """Return how many subjects each lane has in hand that has begun, once there are so many."""

    def numbers() -> list[int]:
        return [one["at_once"] for one in logs if one["event"] == "lane_begins"]

    await until(lambda: len(numbers()) >= lanes)
    return numbers()


@pytest.mark.parametrize(("asked", "expected"), [(None, [40, 100]), (7, [7])])
async def test_other_limits_are_taken_up_while_it_works(
    workshop: Workshop, asked: int | None, expected: list[int]
) -> None:
    await set_limit(workshop, 2)
    stop = asyncio.Event()

    async def is_done() -> bool:
        return bool((await workshop.subject("a"))["state"] == "done")

    lanes = Lanes(workshop.database.url, workshop.converge)
    with structlog.testing.capture_logs() as logs:
        worker = asyncio.create_task(
            work(workshop.database, lanes, [], at_once=asked, stop=stop), name="worker"
        )
        await begun(logs, 1)
        await set_limit(workshop, 5)
        numbers = await begun(logs, len(expected))
        workshop.source.units["a"] = 3
        await workshop.news("a")
        await until(is_done)
        stop.set()
        await worker

    assert numbers == expected
    assert [record.content for record in workshop.netsuite.records] == ["3 units"]
