import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

import clockwork
from ml_connector.storage.database import Connection, Database, DatabaseAway, one, rows
from ml_connector.storage.group import GroupCommit


class Diary:
    """Writes each item into a table, under a gate; items of these names fail or are refused."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(
        self, connection: Connection, items: Sequence[str]
    ) -> list[int | Exception]:
        self.groups.append(list(items))
        self.arrived.set()
        await self.gate.wait()
        answers: list[int | Exception] = []
        for item in items:
            if item == "refused":
                answers.append(ValueError(item))
                continue
            row = await one(
                connection,
                "insert into diary (word) values (%(word)s) returning txid_current() as within",
                {"word": item},
            )
            assert row is not None
            answers.append(row["within"])
        return answers


@pytest.fixture
async def diary(database: Database) -> Diary:
    async with database.transaction() as connection:
        await rows(connection, "create table diary (word text check (word <> 'wrong'))")
    return Diary()


async def written(database: Database) -> list[str]:
    return [row["word"] for row in await database.fetch("select word from diary order by 1")]


async def test_what_comes_while_a_commit_is_under_way_shares_the_next(
    database: Database, diary: Diary
) -> None:
    commit = GroupCommit(database, diary)
    diary.gate.clear()
    first = asyncio.create_task(commit("a"))
    await diary.arrived.wait()
    others = [asyncio.create_task(commit(word)) for word in "bcd"]
    await asyncio.sleep(0)
    diary.gate.set()
    within = await asyncio.gather(first, *others)

    assert diary.groups == [["a"], ["b", "c", "d"]]
    assert within[1] == within[2] == within[3] != within[0]
    assert await written(database) == ["a", "b", "c", "d"]


async def test_two_commits_may_be_under_way_and_what_comes_then_waits_for_one_of_them(
    database: Database, diary: Diary
) -> None:
    commit = GroupCommit(database, diary, at_once=2)
    diary.gate.clear()
    answers: list[asyncio.Task[int]] = []
    for word in "ab":
        diary.arrived.clear()
        answers.append(asyncio.create_task(commit(word)))
        await diary.arrived.wait()
    answers += [asyncio.create_task(commit(word)) for word in "cd"]
    await asyncio.sleep(0)
    begun = list(diary.groups)
    diary.gate.set()
    within = await asyncio.gather(*answers)

    assert begun == [["a"], ["b"]]
    assert diary.groups == [["a"], ["b"], ["c", "d"]]
    assert len(set(within)) == 3
    assert await written(database) == ["a", "b", "c", "d"]


async def test_after_all_are_answered_the_next_is_done_again(
    database: Database, diary: Diary
) -> None:
    commit = GroupCommit(database, diary, at_once=2)
    for word in "abc":
        await commit(word)
        await asyncio.gather(commit(f"{word}1"), commit(f"{word}2"))

    assert len(await written(database)) == 9


async def test_one_statement_is_a_commit_of_its_own(database: Database, diary: Diary) -> None:
    commit = GroupCommit(database, diary, one_statement=True)
    within = await asyncio.gather(*map(commit, "ab"))

    assert diary.groups == [["a", "b"]]
    assert within[0] != within[1]
    assert await written(database) == ["a", "b"]


async def test_a_group_holds_no_more_than_it_may(database: Database, diary: Diary) -> None:
    commit = GroupCommit(database, diary, most=2)
    await asyncio.gather(*map(commit, "abcde"))

    assert [len(group) for group in diary.groups] == [2, 2, 1]


async def test_one_that_fails_does_not_cost_the_others(database: Database, diary: Diary) -> None:
    commit = GroupCommit(database, diary)
    answers = await asyncio.gather(*map(commit, ["a", "wrong", "b"]), return_exceptions=True)

    assert [isinstance(answer, int) for answer in answers] == [True, False, True]
    assert await written(database) == ["a", "b"]


async def test_an_answer_that_is_an_exception_is_for_its_caller_alone(
    database: Database, diary: Diary
) -> None:
    commit = GroupCommit(database, diary)
    answers = await asyncio.gather(*map(commit, ["a", "refused"]), return_exceptions=True)

    assert isinstance(answers[1], ValueError)
    assert diary.groups == [["a", "refused"]]
    assert await written(database) == ["a"]


class Nowhere:
    """A database that keeps nothing and takes no time."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield


def kept_nowhere(apart_seconds: float) -> tuple[GroupCommit[str, None], list[list[str]]]:
    groups: list[list[str]] = []

    async def note(_: Connection, items: Sequence[str]) -> list[None]:
        groups.append(list(items))
        return [None] * len(items)

    return GroupCommit(cast("Database", Nowhere()), note, apart_seconds=apart_seconds), groups


def test_where_few_come_nobody_waits() -> None:
    async def few() -> float:
        commit, _ = kept_nowhere(30.0)
        await commit("a")
        await asyncio.gather(commit("b"), commit("c"))
        await commit("d")
        return asyncio.get_running_loop().time()

    assert clockwork.run(few()) == 0.0


def test_while_items_come_in_crowds_commits_are_so_far_apart() -> None:
    async def crowds() -> tuple[list[list[str]], float]:
        commit, groups = kept_nowhere(0.2)
        await asyncio.gather(*map(commit, "abcd"))
        e = asyncio.create_task(commit("e"))
        await asyncio.sleep(0.02)
        await asyncio.gather(e, commit("f"))
        return groups, asyncio.get_running_loop().time()

    groups, seconds = clockwork.run(crowds())

    assert groups == [list("abcd"), ["e", "f"]]
    assert seconds == pytest.approx(0.2)


async def test_who_is_cancelled_goes_on_when_the_commit_is_over(
    database: Database, diary: Diary
) -> None:
    commit = GroupCommit(database, diary)
    diary.gate.clear()
    begun = asyncio.create_task(commit("a"))
    await diary.arrived.wait()
    waiting = asyncio.create_task(commit("b"))
    await asyncio.sleep(0)
    begun.cancel()
    waiting.cancel()
    await asyncio.wait([waiting])
    still_open = not begun.done()
    diary.gate.set()
    await asyncio.wait([begun])

    assert still_open
    assert begun.cancelled()
    assert waiting.cancelled()
    assert await written(database) == ["a"]


async def test_without_a_database_everybody_is_told(diary: Diary) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"
    async with Database(url, size=1) as away:
        away.pool.timeout = 0.5
        commit = GroupCommit(away, diary)
        answers = await asyncio.gather(*map(commit, "ab"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [DatabaseAway, DatabaseAway]
    assert diary.groups == []
