"""Alarms: noted as often as they are noticed, told in groups and not too often."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.ledger.alarms import alarms
from ml_connector.ledger.alarms.alarms import due, end_alarms, open_alarms, raise_alarm, told
from ml_connector.storage.database import Database
from ml_connector.words import AlarmKind

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CERTIFICATE = AlarmKind.CERTIFICATE


@pytest.fixture
async def books(database: Database) -> Database:
    for name in ("acme", "beta"):
        await database.fetch(
            "insert into connection (name, mode, settings) values (%(name)s, 'live', '{}')",
            {"name": name},
        )
    return database


async def note(
    books: Database,
    key: str,
    *,
    connection: str = "acme",
    kind: AlarmKind = CERTIFICATE,
    now: datetime = NOON,
    sentence: str = "It ends.",
) -> bool:
    async with books.transaction() as on:
        return await raise_alarm(
            on, connection, kind, key, sentence=sentence, remedy="Renew it.", now=now
        )


async def tell(books: Database, now: datetime) -> list[tuple[str, str, list[str]]]:
    async with books.transaction() as on:
        groups = await due(on, now=now)
        for group in groups:
            await told(on, group, now=now)
    return [(one.connection, one.kind, [alarm.key for alarm in one.alarms]) for one in groups]


async def test_raising_again_renews_the_sentence_and_counts(books: Database) -> None:
    first = await note(books, "14 days")
    second = await note(books, "14 days", sentence="It ends soon.", now=NOON + timedelta(hours=1))
    async with books.transaction() as on:
        [alarm] = await open_alarms(on, ["acme"])

    assert (first, second) == (True, False)
    assert (alarm.times, alarm.sentence, alarm.raised_at) == (2, "It ends soon.", NOON)


async def test_alarms_of_one_kind_go_in_one_message_each_connection_apart(
    books: Database,
) -> None:
    await note(books, "one")
    await note(books, "two")
    await note(books, "one", kind=AlarmKind.WEBHOOKS)
    await note(books, "one", connection="beta")

    assert await tell(books, NOON) == [
        ("acme", "certificate", ["one", "two"]),
        ("acme", "webhooks", ["one"]),
        ("beta", "certificate", ["one"]),
    ]


async def test_what_comes_up_shortly_after_a_message_waits_for_the_next(books: Database) -> None:
    await note(books, "one")
    await tell(books, NOON)
    await note(books, "two", now=NOON + timedelta(minutes=1))

    assert await tell(books, NOON + alarms.QUIET - timedelta(seconds=1)) == []
    assert await tell(books, NOON + alarms.QUIET) == [("acme", "certificate", ["two"])]


async def test_what_goes_on_is_told_again_after_a_day(books: Database) -> None:
    await note(books, "one")
    await tell(books, NOON)

    assert await tell(books, NOON + alarms.REMIND_AFTER - timedelta(seconds=1)) == []
    assert await tell(books, NOON + alarms.REMIND_AFTER) == [("acme", "certificate", ["one"])]


async def test_what_is_over_is_not_told_and_is_new_when_it_comes_back(books: Database) -> None:
    await note(books, "one")
    await note(books, "two")
    async with books.transaction() as on:
        ended = await end_alarms(on, "acme", CERTIFICATE, ["one"])
    after = await tell(books, NOON)

    assert (ended, after) == (1, [("acme", "certificate", ["two"])])
    assert await note(books, "one") is True


async def test_all_of_a_kind_end_but_those_that_go_on(books: Database) -> None:
    for key in ("one", "two", "three"):
        await note(books, key)
    async with books.transaction() as on:
        ended = await end_alarms(on, "acme", CERTIFICATE, but=["two"])
        left = await open_alarms(on, ["acme"])

    assert ended == 2
    assert [alarm.key for alarm in left] == ["two"]


async def test_only_one_process_tells_at_a_time(books: Database) -> None:
    await note(books, "one")
    async with books.transaction() as on:
        mine = await due(on, now=NOON)
        async with books.transaction() as another:
            theirs = await due(another, now=NOON)

    assert len(mine) == 1
    assert theirs == []


async def test_a_message_that_could_not_be_sent_stays_due(books: Database) -> None:
    await note(books, "one")

    async def fail() -> None:
        async with books.transaction() as on:
            [group] = await due(on, now=NOON)
            await told(on, group, now=NOON)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await fail()

    assert await tell(books, NOON) == [("acme", "certificate", ["one"])]
