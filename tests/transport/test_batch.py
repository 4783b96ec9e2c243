import asyncio
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clockwork
from ml_connector.errors import Retryable, Unreadable
from ml_connector.transport.batch import Batch, each
from ml_connector.transport.spoiled import Spoiled as SpoiledRows
from ml_connector.transport.spoiled import SpoiledRow, gathering
from waiting import settle


class Shop:
    """Answers with the length of each key; every fetch waits for its gate."""

    def __init__(self) -> None:
        self.fetches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.fetches.append(list(keys))
        fault = self.fault
        await self.gate.wait()
        if fault is not None:
            raise fault
        return {key: len(key) for key in keys if key != "gone"}


async def test_keys_asked_for_in_one_turn_share_a_fetch() -> None:
    shop = Shop()
    batch = Batch(shop, most=10)

    found = await asyncio.gather(*(batch.get(key) for key in ("a", "bb", "a")))

    assert found == [1, 2, 1]
    assert shop.fetches == [["a", "bb"]]


async def test_keys_asked_for_during_a_fetch_join_the_next_one() -> None:
    shop = Shop()
    shop.gate.clear()
    batch = Batch(shop, most=10)
    first = asyncio.create_task(batch.get("a"))
    await settle()
    later = [asyncio.create_task(batch.get(key)) for key in ("b", "a", "c")]
    await settle()
    shop.gate.set()
    await asyncio.gather(first, *later)

    assert shop.fetches == [["a"], ["b", "a", "c"]]


async def test_no_fetch_holds_more_keys_than_allowed() -> None:
    shop = Shop()
    batch = Batch(shop, most=2)

    await asyncio.gather(*(batch.get(key) for key in "abcde"))

    assert shop.fetches == [["a", "b"], ["c", "d"], ["e"]]


async def test_several_fetches_run_at_once_where_allowed() -> None:
    shop = Shop()
    shop.gate.clear()
    batch = Batch(shop, most=2, at_once=2)
    asked = [asyncio.create_task(batch.get(key)) for key in "abcde"]
    await settle()
    under_way = list(shop.fetches)
    shop.gate.set()
    await asyncio.gather(*asked)

    assert under_way == [["a", "b"], ["c", "d"]]
    assert shop.fetches[2:] == [["e"]]


async def test_a_key_without_a_value_is_none() -> None:
    batch = Batch(Shop(), most=2)

    assert await batch.get("gone") is None


async def test_a_failure_goes_to_those_who_asked_in_that_fetch_only() -> None:
    shop = Shop()
    shop.gate.clear()
    shop.fault = OSError("down")
    batch = Batch(shop, most=10)
    first = [asyncio.create_task(batch.get(key)) for key in ("a", "b")]
    await settle()
    shop.fault = None
    later = asyncio.create_task(batch.get("c"))
    await settle()
    shop.gate.set()
    found = await asyncio.gather(*first, return_exceptions=True)

    assert [str(each) for each in found] == ["down", "down"]
    assert await later == 1


async def test_one_who_stops_waiting_does_not_hurt_the_others() -> None:
    shop = Shop()
    shop.gate.clear()
    batch = Batch(shop, most=10)
    impatient = asyncio.create_task(batch.get("a"))
    patient = asyncio.create_task(batch.get("a"))
    await settle()
    impatient.cancel()
    await settle()
    shop.gate.set()

    assert await patient == 1
    assert impatient.cancelled()


async def test_a_batch_that_was_asked_again_at_once_serves_that_too() -> None:
    batch = Batch(Shop(), most=1)

    async def chain(key: str) -> int:
        total = 0
        for number in range(20):
            total += await batch.get(f"{key}{number % 3}") or 0
        return total

    totals = await asyncio.gather(*(chain(key) for key in "abc"))

    assert totals == [40, 40, 40]


def test_a_batch_has_room_for_a_key() -> None:
    with pytest.raises(ValueError, match="room"):
        Batch(Shop(), most=0)


@given(st.lists(st.text(max_size=3)), st.integers(1, 4), st.integers(1, 3))
def test_everybody_gets_the_answer_to_their_own_question(
    keys: list[str], most: int, at_once: int
) -> None:
    async def ask() -> tuple[list[int | None], Shop]:
        shop = Shop()
        batch = Batch(shop, most=most, at_once=at_once)
        return await asyncio.gather(*(batch.get(key) for key in keys)), shop

    answers, shop = asyncio.run(ask())
    fetched = [key for fetch in shop.fetches for key in fetch]

    assert answers == [len(key) for key in keys]
    assert sorted(fetched) == sorted(set(keys))
    assert all(len(fetch) <= most for fetch in shop.fetches)


def test_a_fetch_waits_for_those_who_keep_coming_but_not_for_nobody() -> None:
    began: list[tuple[float, Sequence[int]]] = []

    async def fetch(keys: Sequence[int]) -> dict[int, int]:
        began.append((asyncio.get_running_loop().time(), keys))
        return {key: key for key in keys}

    async def ask() -> None:
        batch = Batch(fetch, most=5, apart_seconds=4.0)

        async def later(key: int) -> None:
            await asyncio.sleep(key / 50)  # one after the other, as work comes
            await batch.get(key)

        await batch.get(0)
        await asyncio.gather(*map(later, (1, 2, 3)))
        await asyncio.gather(*map(batch.get, (4, 5, 6, 7, 8)))

    clockwork.run(ask())

    assert [keys for _, keys in began] == [(0,), (1, 2, 3), (4, 5, 6, 7, 8)]
    assert began[1][0] - began[0][0] < 4.0
    assert began[2][0] - began[1][0] < 4.0


def test_the_first_fetches_after_a_pause_need_not_be_apart() -> None:
    began: list[tuple[float, Sequence[str]]] = []

    async def fetch(keys: Sequence[str]) -> dict[str, str]:
        began.append((asyncio.get_running_loop().time(), keys))
        return {key: key for key in keys}

    async def ask() -> None:
        batch = Batch(fetch, most=10, apart_seconds=60.0, burst=3)
        for key in "abc":
            await batch.get(key)
        await batch.get("d")

    clockwork.run(ask())

    assert [keys for _, keys in began] == [("a",), ("b",), ("c",), ("d",)]
    assert began[2][0] < 1.0
    assert began[3][0] > 10.0


class Spoiled(Shop):
    """A shop that can't answer about some keys, and says so in a way."""

    def __init__(self, *keys: str, failing: Exception) -> None:
        super().__init__()
        self.keys = set(keys)
        self.failing = failing

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.fetches.append(list(keys))
        if self.keys & set(keys):
            raise self.failing
        return {key: len(key) for key in keys}


async def test_a_row_that_cannot_be_read_spoils_its_own_key_only() -> None:
    shop = Spoiled("ccc", failing=Unreadable("at `$.quantity`"))
    batch = Batch(shop, most=10)

    found = await asyncio.gather(
        *(batch.get(key) for key in ("a", "bb", "ccc", "dddd", "eeeee")), return_exceptions=True
    )

    assert [one for one in found if isinstance(one, int)] == [1, 2, 4, 5]
    assert isinstance(found[2], Unreadable)


async def test_who_takes_what_cannot_be_read_gets_all_else() -> None:
    async def fetch(keys: Sequence[str]) -> Mapping[str, int]:
        if "odd" in keys:
            raise Unreadable("It is odd")
        return {key: len(key) for key in keys}

    spoiled: dict[str, Unreadable] = {}
    found = await each(Batch(fetch, most=10), ["a", "odd", "bb", "ccc"], spoiled)

    assert found == {"a": 1, "bb": 2, "ccc": 3}
    assert [str(one) for one in spoiled.values()] == ["It is odd"]
    with pytest.raises(Unreadable):
        await each(Batch(fetch, most=10), ["a", "odd"], None)


async def test_rows_that_a_sweep_gathers_are_failures_for_those_who_share_its_fetch() -> None:
    async def fetch(keys: Sequence[str]) -> Mapping[str, int]:
        rows = SpoiledRows("ShipBob", "Wro", "listing WROs")
        rows.add({"id": 1}, msgspec.ValidationError("at `$.status`"))
        rows.tell()
        return dict.fromkeys(keys, 1)

    gathered: list[SpoiledRow] = []
    with gathering(gathered), pytest.raises(Unreadable, match=r"id 1: at `\$\.status`"):
        await Batch(fetch, most=10).get("1")

    assert gathered == []


async def test_a_key_that_always_fails_over_there_is_soon_asked_for_alone() -> None:
    shop = Spoiled("ccc", failing=Retryable("HTTP 500"))
    batch = Batch(shop, most=10)
    waiting = ["a", "bb", "ccc", "dddd", "eeeee"]
    for _ in range(4):
        found = await asyncio.gather(*(batch.get(key) for key in waiting), return_exceptions=True)
        waiting = [
            key for key, one in zip(waiting, found, strict=True) if isinstance(one, Exception)
        ]

    assert waiting == ["ccc"]
    assert shop.fetches[-1] == ["ccc"]
    assert len(shop.fetches) < 12


async def test_who_comes_new_is_not_asked_for_with_those_that_failed() -> None:
    shop = Spoiled("bad", failing=Retryable("HTTP 500"))
    batch = Batch(shop, most=10)
    await asyncio.gather(batch.get("bad"), batch.get("b"), return_exceptions=True)
    found = await asyncio.gather(
        batch.get("bad"), batch.get("new"), batch.get("other"), return_exceptions=True
    )

    assert list(found[1:]) == [3, 5]
    assert ["new", "other"] in shop.fetches
