import asyncio
import random
import socket
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from ml_connector.process_name import process_name
from ml_connector.storage.database import Database
from ml_connector.transport.call import Priority
from ml_connector.transport.limits import usage
from ml_connector.transport.limits.grants import Grants, NoSlot, Rule, TurnsOver
from ml_connector.transport.limits.leases import free_slots_of_the_dead
from ml_connector.transport.limits.limits import Limits
from ml_connector.transport.limits.pace import pace
from ml_connector.transport.limits.turns import Turns
from outage import cut
from waiting import answers_of, until

KEY = "netsuite:TSTDRV1234567"


@pytest.fixture
async def limits(database: Database) -> AsyncIterator[Limits]:
    async with Limits(database, holder="one") as opened:
        yield opened


@pytest.fixture
async def others(database: Database) -> AsyncIterator[Limits]:
    """The limits of another process."""
    async with Limits(database, holder="two") as opened:
        yield opened


@dataclass
class Yard:
    """Counts who is inside.

    Attributes:
        full_at: nobody leaves until so many were inside together.
    """

    full_at: int = 1
    inside: int = 0
    most: int = 0
    order: list[str] = field(default_factory=list)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(
        self, limits: Limits, name: str = "", priority: Priority = Priority.LIVE
    ) -> None:
        async with limits.pass_(KEY, priority):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.order.append(name)
            if self.inside == self.full_at:
                self.full.set()
            await self.full.wait()
            await asyncio.sleep(0.002)
            self.inside -= 1


async def free_slots(database: Database) -> int:
    found = await database.fetch("select count(*) as n from slot where holder is null")
    return int(found[0]["n"])


async def all_free(database: Database, slots: int) -> None:
    async def are_free() -> bool:
        return await free_slots(database) == slots

    await until(are_free)


async def test_never_more_in_flight_than_configured_over_two_processes(
    limits: Limits, others: Limits
) -> None:
    limits.configure(KEY, in_flight=3)
    others.configure(KEY, in_flight=3)
    yard = Yard(full_at=3)

    await asyncio.gather(*(yard.work(each) for each in [limits, others] * 60))

    assert yard.most == 3
    assert len(yard.order) == 120


async def test_a_slot_stays_warm_for_the_next_call_and_goes_back_when_idle(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, in_flight=20)  # who may have many keeps each for longer
    async with limits.pass_(KEY):
        first = await database.fetch("select leased_until from slot where holder is not null")
    async with limits.pass_(KEY):
        second = await database.fetch("select leased_until from slot where holder is not null")

    assert first == second
    await all_free(database, 20)


async def test_a_clean_end_frees_every_slot_at_once(database: Database) -> None:
    async with Limits(database, holder="short") as limits:
        limits.configure(KEY, in_flight=2)
        async with limits.pass_(KEY):
            pass

    assert await free_slots(database) == 2


async def test_the_slots_of_a_killed_process_come_free_when_the_lease_ends(
    database: Database, others: Limits
) -> None:
    dead = Grants(database, KEY, holder="dead", lease_seconds=0.2)
    await dead.prepare(Rule(in_flight=1))
    taken = await dead.take_slots(1, 1, Priority.LIVE, 0.0)
    others.configure(KEY, in_flight=1)

    async with others.pass_(KEY):
        holders = await database.fetch("select holder from slot")

    assert not isinstance(taken, NoSlot)
    assert holders[0]["holder"].startswith("two/")


HOLD_A_SLOT = """
import asyncio, sys
from ml_connector.storage.database import Database
from ml_connector.transport.limits.limits import Limits

async def hold():
    async with Database(sys.argv[1]) as database:
        limits = Limits(database, holder="killed", lease_seconds=1.0)
        limits.configure(sys.argv[2], in_flight=1)
        async with limits.pass_(sys.argv[2]):
            print("holding", flush=True)
            await asyncio.sleep(60)

asyncio.run(hold())
"""


async def test_a_process_killed_with_a_slot_is_outlived_by_its_lease_only(
    database: Database, others: Limits
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_A_SLOT, database.url, KEY, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    said = await process.stdout.readline()
    process.kill()
    await process.wait()
    holders = await database.fetch("select holder from slot")
    others.configure(KEY, in_flight=1)
    async with others.pass_(KEY):
        later = await database.fetch("select holder from slot")

    assert said == b"holding\n"
    assert holders[0]["holder"].startswith("killed/")
    assert later[0]["holder"].startswith("two/")


async def test_a_lease_that_ran_out_is_not_given_back_over_the_new_holder(
    database: Database,
) -> None:
    rule = Rule(in_flight=1)
    old = Grants(database, KEY, holder="same", lease_seconds=0.0)
    new = Grants(database, KEY, holder="same", lease_seconds=60.0)
    await old.prepare(rule)
    stale = await old.take_slots(1, 1, Priority.LIVE, 0.0)
    await new.take_slots(1, 1, Priority.LIVE, 0.0)
    assert not isinstance(stale, NoSlot)
    await old.give_back(stale)

    assert await free_slots(database) == 0


async def test_several_slots_are_leased_and_given_back_at_once(database: Database) -> None:
    grants = Grants(database, KEY, holder="one", lease_seconds=60.0)
    await grants.prepare(Rule(in_flight=5))
    three = await grants.take_slots(5, 3, Priority.LIVE, 0.0)
    one_of_two = await grants.take_slots(5, 9, Priority.BULK, 0.0)
    reserved = await grants.take_slots(5, 9, Priority.LIVE, 0.0)
    none = await grants.take_slots(5, 9, Priority.LIVE, 0.0)
    assert not isinstance(three, NoSlot)
    await grants.give_back(three)

    assert [one.number for one in three] == [1, 2, 3]
    assert not isinstance(one_of_two, NoSlot)
    assert [(one.number, one.reserved) for one in one_of_two] == [(4, False)]
    assert not isinstance(reserved, NoSlot)
    assert [(one.number, one.reserved) for one in reserved] == [(5, True)]
    assert isinstance(none, NoSlot)
    assert await free_slots(database) == 3


async def test_a_lowered_ceiling_counts_the_slots_above_it(database: Database) -> None:
    grants = Grants(database, KEY, holder="one", lease_seconds=60.0)
    await grants.prepare(Rule(in_flight=4))
    all_four = await grants.take_slots(4, 4, Priority.LIVE, 0.0)
    assert not isinstance(all_four, NoSlot)
    await grants.give_back(all_four[:2])
    await grants.lower(4)
    found = await grants.take_slots(4, 4, Priority.LIVE, 0.0)

    assert not isinstance(found, NoSlot)
    assert [one.number for one in found] == [1]


async def test_live_calls_go_before_bulk_calls_that_came_first(limits: Limits) -> None:
    limits.configure(KEY, in_flight=1)
    yard = Yard()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(limits.pass_(KEY))
        waiting = [
            asyncio.create_task(yard.work(limits, f"{name} {number}", priority))
            for name, priority in (("bulk", Priority.BULK), ("live", Priority.LIVE))
            for number in range(3)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert yard.order == ["live 0", "live 1", "live 2", "bulk 0", "bulk 1", "bulk 2"]


async def test_bulk_calls_leave_one_slot_to_the_live_calls_of_all_processes(
    limits: Limits, others: Limits
) -> None:
    limits.configure(KEY, in_flight=3)
    others.configure(KEY, in_flight=3)
    async with limits.pass_(KEY, Priority.BULK), limits.pass_(KEY, Priority.BULK):
        third = asyncio.create_task(Yard().work(limits, priority=Priority.BULK))
        async with others.pass_(KEY):
            waits = not third.done()
    await third

    assert waits


async def test_a_warm_reserved_slot_is_not_handed_to_a_bulk_call(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, in_flight=2)
    async with limits.pass_(KEY, Priority.BULK), limits.pass_(KEY):
        pass
    async with limits.pass_(KEY, Priority.BULK):
        blocked = asyncio.create_task(Yard().work(limits, priority=Priority.BULK))
        await answers_of(database)
        waits = not blocked.done()
    await blocked

    assert waits
    await all_free(database, 2)


async def test_a_429_lowers_the_ceiling_for_everybody_and_a_minute_raises_it(
    limits: Limits, others: Limits, database: Database
) -> None:
    limits.configure(KEY, in_flight=3)
    others.configure(KEY, in_flight=3)
    await limits.lower(KEY)
    lowered = Yard(full_at=2)
    await asyncio.gather(*(lowered.work(each) for each in [limits, others] * 20))
    await limits.aclose()
    await others.aclose()
    await database.fetch("update limit_state set lowered_at = now() - interval '61 s'")
    raised = Yard(full_at=3)
    await asyncio.gather(*(raised.work(limits) for _ in range(20)))

    assert lowered.most == 2
    assert raised.most == 3


async def test_the_ceiling_never_falls_below_one(limits: Limits) -> None:
    limits.configure(KEY, in_flight=2)
    for _ in range(5):
        await limits.lower(KEY)
    yard = Yard()
    await asyncio.gather(
        *(yard.work(limits, priority=each) for each in (Priority.BULK, Priority.LIVE) * 3)
    )

    assert yard.most == 1


async def test_a_caller_that_gives_up_leaves_no_slot_behind(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, in_flight=1)
    async with limits.pass_(KEY):
        waiting = [asyncio.create_task(Yard().work(limits)) for _ in range(5)]
        await answers_of(database)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    async with limits.pass_(KEY):
        pass

    await all_free(database, 1)


async def test_cancelling_at_any_moment_leaves_no_slot_behind(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, in_flight=2)
    for turns in range(40):
        task = asyncio.create_task(Yard().work(limits))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    await all_free(database, 2)


async def test_a_process_hands_its_slot_over_while_it_has_more_to_do(
    limits: Limits, others: Limits
) -> None:
    limits.configure(KEY, in_flight=1)
    others.configure(KEY, in_flight=1)
    busy = True

    async def greedy() -> None:
        while busy:
            async with limits.pass_(KEY):
                await asyncio.sleep(0.005)

    tasks = [asyncio.create_task(greedy()) for _ in range(3)]
    for _ in range(2):
        async with others.pass_(KEY):
            pass
    busy = False

    await asyncio.gather(*tasks)


async def test_an_unknown_limit_is_a_bug(limits: Limits) -> None:
    with pytest.raises(LookupError, match="never configured"):
        async with limits.pass_("shipbob:nobody"):
            pass


async def test_a_call_without_a_limit_passes(limits: Limits) -> None:
    async with limits.pass_(""):
        pass


def test_a_limit_of_zero_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limits(database, holder="one").configure(KEY, in_flight=0)


# Calls per minute.


async def granted_at_once(grants: Grants, per_minute: int, priority: Priority) -> int:
    count = 0
    while (await grants.take_turn(per_minute, priority)).granted:
        count += 1
    return count


_CLOCK = """
create schema clock;
create table clock.hands as select pg_catalog.now() as shown;
create function clock.now() returns timestamptz stable language sql
    as 'select shown from clock.hands';
create function clock.clock_timestamp() returns timestamptz stable language sql
    as 'select shown from clock.hands';
"""


@pytest.fixture
async def standing(database_url: str) -> None:
    """The clock of the test's database stands still, but for ``pass_time``."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
        await opened.execute(_CLOCK)
        # Whatever stands in pg_catalog would be found first, if that were not named.
        name = sql.Identifier(opened.info.dbname)
        path = "alter database {} set search_path = clock, public, pg_catalog"
        await opened.execute(sql.SQL(path).format(name))


@pytest.fixture
async def grants(standing: None, database: Database) -> Grants:  # noqa: ARG001 - for its effect
    made = Grants(database, KEY, holder="one", lease_seconds=60)
    await made.prepare(Rule(per_minute=120))
    return made


async def pass_time(database: Database, seconds: float) -> None:
    await database.fetch(
        "update clock.hands set shown = shown + make_interval(secs => %(s)s)", {"s": seconds}
    )


async def test_an_idle_limiter_lets_a_small_burst_through(grants: Grants) -> None:
    assert await granted_at_once(grants, 120, Priority.LIVE) == 10


async def test_a_minute_of_greed_gets_no_more_than_the_limit(
    grants: Grants, database: Database
) -> None:
    total = await granted_at_once(grants, 120, Priority.LIVE)
    for _ in range(30):
        await pass_time(database, 2)
        total += await granted_at_once(grants, 120, Priority.LIVE)

    assert 110 <= total <= 120


async def test_bulk_calls_leave_half_of_the_burst_to_live_ones(grants: Grants) -> None:
    bulk = await granted_at_once(grants, 120, Priority.BULK)
    live = await granted_at_once(grants, 120, Priority.LIVE)

    assert (bulk, live) == (5, 5)


async def test_a_refused_turn_says_when_to_ask_again(grants: Grants) -> None:
    await granted_at_once(grants, 120, Priority.LIVE)
    turn = await grants.take_turn(120, Priority.LIVE)

    assert 0 < turn.wait_seconds <= pace(120).gap_seconds


async def test_nobody_sends_while_the_system_blocks(
    limits: Limits, others: Limits, database: Database
) -> None:
    limits.configure(KEY, per_minute=120)
    others.configure(KEY, per_minute=120)
    await limits.block(KEY, 3600)
    tasks = [asyncio.create_task(Yard().work(each)) for each in (limits, others)]
    await answers_of(database)
    waits = [not task.done() for task in tasks]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert waits == [True, True]


async def test_a_block_ends_by_itself(limits: Limits) -> None:
    limits.configure(KEY, per_minute=120, in_flight=1)
    await limits.block(KEY, 0.1)

    async with limits.pass_(KEY):
        pass


async def test_few_remaining_calls_end_bursts_and_slow_the_pace(
    grants: Grants, limits: Limits, database: Database
) -> None:
    limits.configure(KEY, per_minute=120)
    await limits.note_remaining(KEY, 5)
    first = await granted_at_once(grants, 120, Priority.LIVE)
    slow = (await grants.take_turn(120, Priority.LIVE)).wait_seconds
    await limits.note_remaining(KEY, 100)
    await pass_time(database, 600)
    later = await granted_at_once(grants, 120, Priority.LIVE)

    assert first == 1
    assert pace(120).gap_seconds < slow <= 3 * pace(120).gap_seconds
    assert later == 10


async def test_what_remains_is_written_only_when_it_matters(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, per_minute=120)
    async with limits.pass_(KEY):
        pass
    await limits.note_remaining(KEY, 149)

    assert await database.fetch("select remaining from limit_state") == [{"remaining": None}]


@given(
    per_minute=st.integers(1, 400),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    greed=st.integers(1, 30),
)
def test_no_sliding_minute_sees_more_than_the_limit(
    per_minute: int, pauses: list[float], greed: int
) -> None:
    # The rule of the statement, on a clock of its own: never early by more than the burst.
    chosen = pace(per_minute)
    early = chosen.early_seconds(Priority.LIVE)
    now, next_at, sent = 0.0, 0.0, list[float]()
    for pause in pauses * 5:
        now += pause
        for _ in range(greed):
            if next_at - early > now:
                break
            next_at = max(next_at, now) + chosen.gap_seconds
            sent.append(now)

    for index, start in enumerate(sent):
        assert sum(1 for each in sent[index:] if each <= start + 60) <= per_minute


@dataclass
class Server:
    """Several processes whose calls take their time, and what the other system counts.

    Attributes:
        grants: of each process.
        arrived: moments at which calls arrived.
        under_way: for each process, when calls are over, and the second of their turns.
    """

    grants: Sequence[Grants]
    chance: random.Random
    now: float = 0.0
    arrived: list[float] = field(default_factory=list)
    under_way: dict[int, list[tuple[float, int]]] = field(default_factory=dict)

    async def call(self, per_minute: int) -> None:
        """Let one of the processes make a call, if it gets a turn."""
        process = self.chance.randrange(len(self.grants))
        turn = await self.grants[process].take_turn(per_minute, Priority.LIVE)
        if turn.second is not None:
            # Now and then nothing gets through for a while, and then all of it at once.
            stuck = 20 - self.now % 50
            arrives = self.now + max(stuck, 0) + self.chance.uniform(0, 0.5)
            self.arrived.append(arrives)
            over = arrives + self.chance.uniform(0, 3)
            self.under_way.setdefault(process, []).append((over, turn.second))

    async def end_calls(self) -> None:
        """Let the processes say whose calls are over."""
        for process, calls in self.under_way.items():
            over = Counter(second for ends, second in calls if ends <= self.now)
            self.under_way[process] = [one for one in calls if one[0] > self.now]
            if over:
                await self.grants[process].turns_over(
                    {second: TurnsOver(used, 0) for second, used in over.items()}
                )

    def most_in_a_minute(self) -> int:
        arrived = sorted(self.arrived)
        return max(bisect_right(arrived, at + 60) - i for i, at in enumerate(arrived))


@pytest.mark.parametrize(("seed", "per_minute"), [(1, 12), (2, 30), (3, 6), (4, 12), (5, 120)])
async def test_no_minute_of_the_other_system_sees_more_than_the_limit_however_late_calls_arrive(
    grants: Grants, database: Database, seed: int, per_minute: int
) -> None:
    others = [Grants(database, KEY, holder=name, lease_seconds=60) for name in ("two", "three")]
    server = Server(grants=(grants, *others), chance=random.Random(seed))
    for _ in range(400):
        seconds = server.chance.expovariate(per_minute / 20)
        server.now += seconds
        await pass_time(database, seconds)
        await server.end_calls()
        await server.call(per_minute)

    assert server.most_in_a_minute() <= per_minute
    assert len(server.arrived) > server.now / 60 * per_minute / 3


async def test_calls_that_take_long_count_until_a_minute_after_their_end(
    grants: Grants, database: Database
) -> None:
    taken: list[int | None] = []
    for _ in range(13):
        taken.append((await grants.take_turn(12, Priority.LIVE)).second)
        await pass_time(database, 7)
    full = await grants.take_turn(12, Priority.LIVE)
    await grants.turns_over({second: TurnsOver(1, 0) for second in taken[:1] if second})
    await pass_time(database, 60)
    not_yet = await granted_at_once(grants, 12, Priority.LIVE)
    await pass_time(database, 2)

    assert [one is not None for one in taken] == [True] * 12 + [False]
    assert (full.second, full.wait_seconds) == (None, 1)
    assert not_yet == 0
    assert await granted_at_once(grants, 12, Priority.LIVE) == 1


async def turns_counted(database: Database) -> list[tuple[str, int]]:
    found = await database.fetch(
        "select split_part(holder, '/', 1) as holder, turns from minute_turn where turns > 0"
        " order by holder"
    )
    return [(row["holder"], row["turns"]) for row in found]


async def test_a_turn_taken_ahead_counts_until_its_call_is_over(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, per_minute=120)
    turns = Turns()
    await limits.take_ahead(KEY, turns, Priority.PUSH)
    taken = await turns_counted(database)
    with turns.in_use():
        async with limits.pass_(KEY):
            sent = await turns_counted(database)
    await limits.aclose()

    assert taken == [("one", 1)]
    assert sent == [("one", 1)]
    assert await turns_counted(database) == [("", 1)]


async def test_a_turn_that_was_not_needed_counts_no_more(
    limits: Limits, database: Database
) -> None:
    limits.configure(KEY, per_minute=120)
    turns = Turns()
    await limits.take_ahead(KEY, turns, Priority.PUSH)
    turns.give_back()
    turns.give_back()
    await limits.aclose()

    assert await turns_counted(database) == []


async def test_the_calls_of_a_dead_process_count_for_a_minute_after_it_was_found(
    database: Database,
) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    dead = Grants(
        database, KEY, holder=f"{socket.gethostname()}:{ended.pid}:x", lease_seconds=60.0
    )
    own_name = process_name()
    alive = Grants(database, KEY, holder=own_name, lease_seconds=60.0)
    for one in (dead, alive):
        await one.prepare(Rule(per_minute=120))
        await one.take_turn(120, Priority.LIVE)
    await free_slots_of_the_dead(database)
    [over, own] = await database.fetch(
        "select holder, turns, counts_until <= now() + interval '61 s' as soon from minute_turn"
        " order by holder <> ''"
    )

    assert (over["holder"], over["turns"], over["soon"]) == ("", 1, True)
    assert (own["holder"], own["turns"], own["soon"]) == (own_name, 1, False)


# A clock that was ahead and is put right.

YEAR = 365 * 86_400


async def test_turns_go_on_without_a_burst_when_the_clock_was_ahead(
    grants: Grants, database: Database
) -> None:
    await pass_time(database, YEAR)
    await granted_at_once(grants, 120, Priority.LIVE)
    await pass_time(database, -YEAR)
    at_once = [await granted_at_once(grants, 120, priority) for priority in Priority]
    await pass_time(database, 60)

    assert sum(at_once) == 1
    assert await granted_at_once(grants, 120, Priority.LIVE) == 10


async def test_turns_go_on_near_the_limit_too(grants: Grants, database: Database) -> None:
    await grants.note_remaining(0)
    await pass_time(database, YEAR)
    await granted_at_once(grants, 120, Priority.LIVE)
    await pass_time(database, -YEAR)

    assert await granted_at_once(grants, 120, Priority.LIVE) == 1


async def test_a_block_of_the_future_is_over(grants: Grants, database: Database) -> None:
    await pass_time(database, YEAR)
    await grants.block(30)
    await pass_time(database, -YEAR)
    granted = await granted_at_once(grants, 120, Priority.LIVE)
    await grants.block(30)
    blocked = await grants.take_turn(120, Priority.LIVE)

    assert granted == 10
    assert not blocked.granted
    assert 25 < blocked.wait_seconds <= 30


async def test_slots_of_the_future_are_free_and_a_lowered_ceiling_is_up_again(
    grants: Grants, database: Database
) -> None:
    await grants.prepare(Rule(in_flight=3))
    await pass_time(database, YEAR)
    held = await grants.take_slots(3, 3, Priority.LIVE, 0.0)
    for _ in range(3):
        await grants.lower(3)
    await pass_time(database, -YEAR)
    async with database.transaction() as connection:
        used = await usage.in_flight(connection)
    again = await grants.take_slots(3, 3, Priority.LIVE, 0.0)

    assert isinstance(held, list)
    assert isinstance(again, list)
    assert (len(held), used, len(again)) == (3, {KEY: 0}, 3)


# A database that goes away.


async def test_a_slot_that_was_given_out_unheard_is_found_again(database: Database) -> None:
    grants = Grants(database, KEY, holder="one", lease_seconds=60.0)
    await grants.prepare(Rule(in_flight=3))
    held = await grants.take_slots(3, 1, Priority.LIVE, 0.0)
    # As a lost answer leaves it: the database has given them to us, and we don't know it.
    await database.fetch(
        "update slot set holder = 'one', leased_until = now() + interval '60 s'"
        " where number > 1 returning number"
    )
    found = await grants.take_slots(3, 3, Priority.LIVE, 0.0)
    none = await grants.take_slots(3, 3, Priority.LIVE, 0.0)

    assert isinstance(held, list)
    assert isinstance(found, list)
    assert [one.number for one in held] == [1]
    assert [one.number for one in found] == [2, 3]
    assert none == NoSlot(0.0)


async def test_slots_are_given_back_when_the_database_is_there_again(
    database: Database, database_url: str
) -> None:
    grants = Grants(database, KEY, holder="one", lease_seconds=60.0)
    await grants.prepare(Rule(in_flight=2))
    held = await grants.take_slots(2, 2, Priority.LIVE, 0.0)
    assert isinstance(held, list)
    with psycopg.connect(database_url, application_name="test") as holder:
        holder.execute("lock table slot in exclusive mode")
        giving = asyncio.create_task(grants.give_back(held))
        await until(lambda: holder.execute("select from pg_locks where not granted").rowcount)
        cut(database_url)
    await giving
    async with database.transaction() as connection:
        used = await usage.in_flight(connection)

    assert used == {KEY: 0}
