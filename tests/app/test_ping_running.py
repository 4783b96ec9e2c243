"""A ping ends in time, whatever does not answer; told by a clock of the test's own."""

import asyncio

import clockwork
from ml_connector.app.connections.checks import Check
from ml_connector.app.ping.running import SECONDS, Probe, run


async def at_once() -> str:
    return "here"


async def never() -> str:
    await asyncio.Event().wait()
    return "too late"


async def looked() -> tuple[list[Check], float]:
    asked = [Probe(name="first", ask=at_once), *(Probe(name="silent", ask=never),) * 9]
    found = await run("netsuite", [*asked, Probe(name="last", ask=at_once)], until=SECONDS)
    return found, asyncio.get_running_loop().time()


def test_what_does_not_answer_in_time_is_told_and_no_ping_waits_longer() -> None:
    found, seconds = clockwork.run(looked())

    assert seconds == SECONDS < 120
    assert [(one.name, one.outcome, one.found) for one in found[:2]] == [
        ("first", "ok", "here"),
        ("silent", "failed", "no answer in time"),
    ]
    assert {one.found for one in found[1:-1]} == {"no answer in time"}
    assert all(one.remedy for one in found[1:-1])
