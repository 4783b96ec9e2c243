"""Every kind of tampering, by the database's owner with all triggers off, is found and named."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.tampering import COPY, line, post, rewrite, rewrite_postings_too, subject, tamper
from ml_connector.ledger.journal import chain
from ml_connector.ledger.journal.checker import JournalVerdict
from ml_connector.ledger.journal.journal import Head
from ml_connector.ledger.journal.noted_heads import NotedHead
from ml_connector.storage.database import Database


async def journal_of(database: Database, documents: int = 5) -> list[Head]:
    """Make a journal of two rows for each document; return the head after each document."""
    heads = []
    for number in range(documents):
        of = await subject(database, f"k{number}")
        head = await post(
            database,
            of,
            1,
            [
                line(f"k{number}", 1, quantity=5 + number),
                line(f"k{number}", 2, amount=Decimal("12.10") + number, currency="USD"),
            ],
        )
        assert head is not None
        heads.append(head)
    return heads


def noted(head: Head) -> NotedHead:
    return NotedHead(
        at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        by="the log",
        connection=head.connection,
        number=head.number,
        hash=head.hash,
    )


async def verdict(database: Database, *heads: Head) -> JournalVerdict:
    [found] = await chain.verify(database, noted=[noted(head) for head in heads])
    return found


def first(found: JournalVerdict) -> tuple[int, str]:
    assert found.broken
    return found.broken[0].number, found.broken[0].how


async def test_an_untouched_journal_is_proved(database: Database) -> None:
    heads = await journal_of(database)

    found = await verdict(database, *heads)

    assert found == JournalVerdict(
        connection="acme", rows=10, head=heads[-1], heads_met=5, broken=()
    )


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["update journal set quantity = 999 where number = 5"], (5, "changed")),
        (["update journal set amount = 12.100001 where number = 2"], (2, "changed")),
        (["update journal set detail = null where number = 4"], (4, "changed")),
        (["update journal set posted_at = now() where number = 7"], (7, "changed")),
        (["update journal set hash = repeat('a', 64) where number = 3"], (3, "changed")),
        (["delete from journal where number = 6"], (6, "removed")),
        (["delete from journal where number between 3 and 8"], (3, "removed")),
        (["delete from journal where number = 1"], (1, "removed")),
        (
            [
                "update journal set number = -1 where number = 3",
                "update journal set number = 3 where number = 6",
                "update journal set number = 6 where number = -1",
            ],
            (3, "reordered"),
        ),
        (["delete from journal where number > 8"], (9, "cut off")),
        (["delete from journal"], (1, "cut off")),
        (
            [
                f"""insert into journal (connection, number, {COPY}, hash)
                    select connection, 11, {COPY},
                    repeat('b', 64) from journal where number = 10"""
            ],
            (11, "inserted"),
        ),
        (
            [
                "alter table journal drop constraint if exists journal_connection_number_key",
                f"""insert into journal (connection, number, {COPY}, hash)
                    select connection, 4, {COPY}, hash from journal where number = 7""",
            ],
            (4, "inserted"),
        ),
    ],
)
async def test_tampering_is_found_and_the_first_broken_row_is_named(
    database: Database, statements: list[str], expected: tuple[int, str]
) -> None:
    await journal_of(database)
    await tamper(database, *statements)

    assert first(await verdict(database)) == expected


async def test_a_tail_cut_off_together_with_its_trace_is_found(database: Database) -> None:
    heads = await journal_of(database)
    await tamper(
        database,
        "delete from journal where number > 8",
        f"update journal_head set number = 8, hash = '{heads[3].hash}'",
    )

    assert first(await verdict(database)) == (9, "removed")  # its posting has a line without a row


async def test_a_tail_cut_off_with_everything_that_knew_it_is_found_by_a_noted_head(
    database: Database,
) -> None:
    heads = await journal_of(database)
    await tamper(
        database,
        "delete from journal where number > 8",
        f"update journal_head set number = 8, hash = '{heads[3].hash}'",
        "delete from posting where external_id = 'mlc-t-acme-k4-1'",
    )

    assert (await verdict(database)).broken == ()
    found = await verdict(database, heads[4])
    assert first(found) == (9, "cut off")
    assert "rows 9 to 10 are missing" in found.broken[0].sentence
    assert "2026-11-20 12:00 UTC by the log" in found.broken[0].sentence


async def test_a_change_with_all_hashes_written_anew_is_found_by_its_posting(
    database: Database,
) -> None:
    await journal_of(database)
    await rewrite(database, 5, {"quantity": 999})

    [broken] = (await verdict(database)).broken

    assert (broken.number, broken.how) == (5, "changed")
    assert "quantity not as posting" in broken.sentence


async def test_a_change_written_anew_everywhere_is_found_by_a_noted_head(
    database: Database,
) -> None:
    heads = await journal_of(database)
    await rewrite(database, 5, {"quantity": 999})
    await rewrite_postings_too(database, 5, 999)

    assert (await verdict(database)).broken == ()
    found = await verdict(database, heads[1], heads[3])
    assert found.heads_met == 1
    assert first(found) == (5, "rewritten")
    assert "rows 5 to 8" in found.broken[0].sentence


async def test_a_forged_row_at_the_end_with_a_right_hash_is_found(database: Database) -> None:
    [*_, last] = await journal_of(database)
    forger = await subject(database, "forged")
    head = await post(database, forger, 1, [line("forged", 1, quantity=1)])
    assert head is not None
    await tamper(database, "delete from posting where external_id = 'mlc-t-acme-forged-1'")

    assert last.number + 1 == head.number
    assert first(await verdict(database)) == (head.number, "inserted")


async def test_the_database_refuses_a_row_that_does_not_continue_the_chain(
    database: Database,
) -> None:
    await journal_of(database, documents=1)

    with pytest.raises(Exception, match="does not continue it"):
        await database.fetch(
            f"insert into journal (connection, number, {COPY}, hash) select connection, 4, {COPY},"
            " hash from journal where number = 2 returning id"
        )


async def test_a_connection_whose_journal_is_gone_altogether_is_found(database: Database) -> None:
    heads = await journal_of(database)
    await tamper(database, "delete from journal", "delete from journal_head")

    assert first(await verdict(database, heads[2])) == (1, "cut off")


async def test_each_connection_has_a_verdict_of_its_own(database: Database) -> None:
    await journal_of(database)
    other = await subject(database, "k", name="bolt")
    await post(database, other, 1, [line("k", 1, quantity=3)])
    await tamper(database, "update journal set quantity = 4 where connection = 'bolt'")

    good, bad = await chain.verify(database)

    assert (good.connection, good.broken) == ("acme", ())
    assert (bad.connection, first(bad)) == ("bolt", (1, "changed"))


AMOUNTS = {"USD": 2, "JPY": 0, "KWD": 3}
LINES = st.lists(
    st.one_of(
        st.tuples(st.none(), st.integers(-1000, 1000)),
        st.tuples(st.sampled_from(sorted(AMOUNTS)), st.integers(-(10**12), 10**12)),
    ),
    min_size=1,
    max_size=3,
)
KINDS = ("quantity", "money", "remove", "cut", "swap", "insert", "rewrite")


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(documents=[[(None, 0), (None, 0)], [(None, 0)]], kind="cut", seed=1)
@given(
    documents=st.lists(LINES, min_size=2, max_size=6),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 100),
)
async def test_in_any_journal_any_tampering_is_found(
    database: Database,
    documents: list[list[tuple[str | None, int]]],
    kind: str,
    seed: int,
) -> None:
    await tamper(
        database, "delete from journal", "delete from journal_head", "delete from posting"
    )
    heads: list[Head] = []
    for number, drawn in enumerate(documents):
        of = await subject(database, f"d{number}")
        lines = [
            line(f"d{number}", at, quantity=value)
            if currency is None
            else line(
                f"d{number}",
                at,
                amount=Decimal(value).scaleb(-AMOUNTS[currency]),
                currency=currency,
            )
            for at, (currency, value) in enumerate(drawn, 1)
        ]
        head = await post(database, of, 1, lines)
        assert head is not None
        heads.append(head)
    clean = await verdict(database, *heads)
    assert clean.broken == ()
    assert clean.heads_met == len(heads)

    last = heads[-1].number
    at = 1 + seed % last
    expected = await TAMPER[kind](database, at, last)
    found = await verdict(database, heads[-1])

    assert found.broken
    assert found.broken[0].number == expected


async def _quantity(database: Database, at: int, last: int) -> int:
    del last
    await tamper(
        database, f"update journal set quantity = coalesce(quantity, 0) + 1 where number = {at}"
    )
    return at


async def _money(database: Database, at: int, last: int) -> int:
    del last
    await tamper(
        database, f"update journal set amount = coalesce(amount, 0) + 0.001 where number = {at}"
    )
    return at


async def _remove(database: Database, at: int, last: int) -> int:
    del last
    await tamper(database, f"delete from journal where number = {at}")
    return at


async def _cut(database: Database, at: int, last: int) -> int:
    del last
    await tamper(database, f"delete from journal where number >= {at}")
    return at


async def _swap(database: Database, at: int, last: int) -> int:
    other = last if at != last else 1
    await tamper(
        database,
        f"update journal set number = -1 where number = {at}",
        f"update journal set number = {at} where number = {other}",
        f"update journal set number = {other} where number = -1",
    )
    return min(at, other)


async def _insert(database: Database, at: int, last: int) -> int:
    await tamper(
        database,
        f"insert into journal (connection, number, {COPY}, hash) select connection, {last} + 1,"
        f" {COPY}, hash from journal where number = {at}",
    )
    return last + 1


async def _rewrite(database: Database, at: int, last: int) -> int:
    del last
    [row] = await database.fetch(f"select quantity from journal where number = {at}")
    await rewrite(database, at, {"quantity": (row["quantity"] or 0) + 1})
    return at


TAMPER: dict[str, Callable[[Database, int, int], Awaitable[int]]] = {
    "quantity": _quantity,
    "money": _money,
    "remove": _remove,
    "cut": _cut,
    "swap": _swap,
    "insert": _insert,
    "rewrite": _rewrite,
}


async def test_writers_at_once_leave_one_chain(database: Database) -> None:
    subjects = [await subject(database, f"k{number}") for number in range(12)]
    await asyncio.gather(
        *(
            post(
                database, of, 1, [line(of.ref.key, 1, quantity=1), line(of.ref.key, 2, quantity=2)]
            )
            for of in subjects
        )
    )

    found = await verdict(database)

    assert (found.rows, found.broken) == (24, ())
