"""Events, runs and journal by month: never a month without its partitions, nothing twice."""

import asyncio
from datetime import UTC, date, datetime

import psycopg
import pytest

from engine.workshop import Workshop
from ledger.tampering import COPY, line, post, subject
from ml_connector.ledger import months
from ml_connector.ledger.journal import chain
from ml_connector.storage.database import Database

PARTITIONS = (
    "select c.relname as name from pg_inherits as i join pg_class as c on c.oid = i.inhrelid"
    " where i.inhparent = %(parent)s::regclass order by 1"
)


async def partitions(database: Database, parent: str) -> list[str]:
    return [row["name"] for row in await database.fetch(PARTITIONS, {"parent": parent})]


@pytest.mark.parametrize("table", ["event", "run", "journal"])
async def test_this_month_and_the_next_three_are_there(database: Database, table: str) -> None:
    found = await partitions(database, table)
    today = datetime.now(UTC).date()
    year, month = today.year, today.month
    wanted = [
        f"{table}_{year + (month - 1 + n) // 12:04d}_{(month - 1 + n) % 12 + 1:02d}"
        for n in range(4)
    ]

    assert set(wanted) <= set(found)


async def test_a_month_nobody_made_ahead_is_made_before_its_first_row(database: Database) -> None:
    far = datetime(2031, 2, 28, 23, 59, 59, tzinfo=UTC)
    async with database.transaction() as connection:
        await months.ensure(connection, now=far)

    found = await partitions(database, "journal")
    assert {"journal_2031_01", "journal_2031_02", "journal_2031_03"} <= set(found)


async def test_many_at_once_make_each_month_once(database: Database) -> None:
    async def make() -> int:
        async with database.transaction() as connection:
            return await months.make(connection, date(2033, 1, 31))

    made = await asyncio.gather(*(make() for _ in range(6)))

    # December to May, three tables each.
    assert sum(made) == 18
    assert sorted(made)[:-1] == [0] * 5


async def test_a_delivery_is_let_in_once_over_all_months(workshop: Workshop) -> None:
    [first] = await workshop.news("a", delivery="msg_1")
    # The month it came in is long ago by now.
    await workshop.database.fetch(
        "update event set received_at = received_at - interval '1 month' returning id"
    )
    [again] = await workshop.news("a", delivery="msg_1")

    assert (first.new, again.new) == (True, False)
    assert again.event_id == first.event_id


async def test_the_chain_goes_on_over_the_end_of_a_month(database: Database) -> None:
    for key in ("a", "b"):
        of = await subject(database, key)
        await post(database, of, 1, [line(key, 1, quantity=1)])
    async with database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        # As if row 1 had been posted last month, hash and all.
        await connection.execute(
            "update journal set posted_at = posted_at - interval '1 month' where number = 1"
        )
    [found] = await chain.verify(database)

    assert [(one.number, one.how) for one in found.broken] == [(1, "changed")]
    assert found.rows == 2


@pytest.mark.parametrize(
    "statement", ["update {} set quantity = 5", "delete from {}", "truncate {}"]
)
async def test_a_month_of_the_journal_is_as_closed_as_the_whole(
    database: Database, statement: str
) -> None:
    of = await subject(database, "a")
    await post(database, of, 1, [line("a", 1, quantity=1)])
    [row] = await database.fetch("select tableoid::regclass::text as part from journal")

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        await database.fetch(statement.format(row["part"]))


async def test_a_row_put_straight_into_a_month_must_continue_the_chain(database: Database) -> None:
    of = await subject(database, "a")
    await post(database, of, 1, [line("a", 1, quantity=1)])
    [row] = await database.fetch("select tableoid::regclass::text as part from journal")

    with pytest.raises(psycopg.errors.RaiseException, match="does not continue it"):
        await database.fetch(
            f"insert into {row['part']} (connection, number, {COPY}, hash)"  # noqa: S608 - the name of a partition
            f" select connection, 4, {COPY}, hash from journal"
        )


@pytest.mark.parametrize(
    "statement", ["update act set person = 'x'", "delete from act", "truncate act"]
)
async def test_what_people_did_stays(database: Database, statement: str) -> None:
    await database.fetch(
        "insert into act (person, what, details) values ('ada', 'connection.apply', '{}')"
        " returning id"
    )

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        await database.fetch(statement)


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    return await Workshop(database).set_up()
