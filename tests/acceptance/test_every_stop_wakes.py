"""Whatever stops goes on by itself when it is put right: no replay, no webhook, no sweep."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.stops import APPLIED, NOT_PLAYED, STORIES, Stop, World
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.chores.stopped_watch import StoppedWatch
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.causes.table import stops
from waiting import until

ROUNDS = 4
"""A subject may stop once more on its way, such as for what was made just now."""


class Told(NamedTuple):
    """What came of a story."""

    name: str
    stopped: str
    in_vain: str
    then: str


def state(acme: Merchant, stop: Stop) -> str:
    rows = acme.rows(
        "select state, coalesce(cause, '') as cause, sentence from subject"
        " where flow = %(flow)s and key = %(key)s",
        **stop._asdict(),
    )
    return " ".join(filter(None, (rows[0]["state"], rows[0]["cause"])))


def pass_time(acme: Merchant) -> None:
    """Let the time come at which every stopped subject is looked at."""
    assert acme.database_url is not None
    with psycopg.connect(acme.database_url, autocommit=True) as connection:
        connection.execute("update subject set look_at = now() where state in ('parked', 'dead')")


async def look(acme: Merchant, *, times: int) -> None:
    """Look for what is awaited and at what is stopped, and do what that leads to."""
    async with open_installation(acme.settings) as installation:
        contexts = ConnectionContexts(installation)
        for _ in range(times):
            pass_time(acme)
            await AwaitedWatch(installation, contexts).look()
            await StoppedWatch(installation, contexts).look()
            await work_off(installation, contexts)


async def work_off(installation: Installation, contexts: ConnectionContexts) -> None:
    lanes = lanes_of(installation, contexts)

    async def settled() -> bool:
        left = await installation.database.fetch(
            "select 1 from subject where state in ('received', 'working') limit 1"
        )
        return not left

    async with lanes.open():
        lane = asyncio.create_task(lanes.work("acme", at_once=4, grace_seconds=5))
        await until(settled)
        lane.cancel()
        await asyncio.gather(lane, return_exceptions=True)


@pytest.fixture(scope="module")
def told(quiet: Merchant) -> Sequence[Told]:
    """Every story, told together in one installation."""
    quiet.world.netsuite.add_location("Quarantine", internal_id=9, subsidiary=1)
    quiet.world.netsuite.add_account("Write-off", internal_id=55, account_type="Expense")
    quiet.world.netsuite.add_customer("Kim Roe", internal_id=401, subsidiary=1)
    quiet.world.shipbob.books.limit.per_minute = 0
    quiet.apply(**APPLIED)
    world = World(quiet)
    going = {story.__name__: story(world) for story in STORIES}
    begun = [(name, story, next(story)) for name, story in going.items()]
    for _, _, stop in begun:
        sync(quiet, stop.flow, [stop.key])
    stopped = [state(quiet, stop) for _, _, stop in begun]
    asyncio.run(look(quiet, times=1))
    in_vain = [state(quiet, stop) for _, _, stop in begun]
    for story in going.values():
        assert next(story, None) is None
    asyncio.run(look(quiet, times=ROUNDS))
    return [
        Told(name, before, between, state(quiet, stop))
        for (name, _, stop), before, between in zip(begun, stopped, in_vain, strict=True)
    ]


def test_each_subject_stops_for_its_cause(told: Sequence[Told]) -> None:
    assert {one.name: one.stopped.split(" ") for one in told} == {
        one.name: [one.stopped.split(" ")[0], one.name] for one in told
    }
    assert {one.stopped.split(" ")[0] for one in told} == {"parked", "dead"}


def test_none_goes_on_before_its_cure(told: Sequence[Told]) -> None:
    assert {one.name: one.in_vain for one in told} == {one.name: one.stopped for one in told}


def test_all_go_on_by_themselves(told: Sequence[Told]) -> None:
    assert {one.name: one.then for one in told} == {one.name: "done" for one in told}


def test_nobody_replayed_anything(quiet: Merchant, told: Sequence[Told]) -> None:
    sources = quiet.rows("select distinct source from event order by 1")

    assert told
    assert [one["source"] for one in sources] == ["person", "wake"]


def test_every_cause_is_told_or_says_why_not() -> None:
    stopping = {one.cause for one in stops() if one.status in {"parked", "dead"}}
    names = {story.__name__ for story in STORIES}

    assert names | set(NOT_PLAYED) == stopping
    assert names.isdisjoint(NOT_PLAYED)
