"""The journal: numbered without gaps, chained by hashes, never changed."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workshop import DAY, Workshop
from ml_connector.ledger.journal.journal import GENESIS, HASHED, HASHED_WHEN_SET, row_hash
from ml_connector.storage.database import Database


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    return await Workshop(database).set_up()


async def rows_of(workshop: Workshop) -> list[dict[str, Any]]:
    return [*await workshop.database.fetch("select * from journal order by number")]


async def test_numbers_have_no_gaps_and_the_chain_holds_under_concurrency(
    workshop: Workshop,
) -> None:
    keys = [f"k{n}" for n in range(20)]
    workshop.lines = 3
    for key in keys:
        workshop.source.units[key] = 4
    await workshop.news(*keys)
    await asyncio.gather(*(workshop.run(key) for key in keys))
    rows = await rows_of(workshop)

    assert [row["number"] for row in rows] == list(range(1, 61))
    assert rows[0]["previous_hash"] == GENESIS
    assert [row["hash"] for row in rows[:-1]] == [row["previous_hash"] for row in rows[1:]]
    assert [row_hash(row) for row in rows] == [row["hash"] for row in rows]


async def test_lines_of_one_posting_stand_together(workshop: Workshop) -> None:
    workshop.lines = 4
    for key in ("a", "b"):
        workshop.source.units[key] = 4
    await workshop.news("a", "b")
    await asyncio.gather(workshop.run("a"), workshop.run("b"))
    sources = [row["source"] for row in await rows_of(workshop)]

    assert sources in (["count a"] * 4 + ["count b"] * 4, ["count b"] * 4 + ["count a"] * 4)


async def test_a_refused_write_leaves_no_gap(workshop: Workshop) -> None:
    workshop.source.units.update(a=1, b=2)
    workshop.netsuite.outcomes.append("is refused")
    await workshop.news("a", "b")
    await workshop.run("a")
    await workshop.run("b")

    assert [(row["number"], row["source"]) for row in await rows_of(workshop)] == [(1, "count b")]


async def test_the_hash_is_what_the_documentation_says(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    await workshop.news("a")
    await workshop.run("a")
    [row] = await rows_of(workshop)
    values = [row[name] for name in HASHED]
    posted_at = row["posted_at"].astimezone(UTC).isoformat(timespec="microseconds")
    plain = [
        posted_at if value is row["posted_at"] else str(value) if value == DAY else value
        for value in values
    ]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)

    assert hashlib.sha256(text.encode()).hexdigest() == row["hash"]


@pytest.mark.parametrize(
    "statement",
    [
        "update journal set quantity = 5 returning id",
        "delete from journal returning id",
        "truncate journal",
    ],
)
async def test_rows_can_be_neither_changed_nor_removed(workshop: Workshop, statement: str) -> None:
    workshop.source.units["a"] = 4
    await workshop.news("a")
    await workshop.run("a")

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        await workshop.database.fetch(statement)


async def test_a_changed_row_shows(workshop: Workshop) -> None:
    workshop.source.units["a"] = 4
    await workshop.news("a")
    await workshop.run("a")
    [row] = await rows_of(workshop)

    for name in (*HASHED, *HASHED_WHEN_SET):
        assert row_hash({**row, name: "something else"}) != row["hash"], name


ROW: dict[str, Any] = {
    **dict.fromkeys((*HASHED, *HASHED_WHEN_SET)),
    "posted_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "fact_date": DAY,
}


@given(
    amount=st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12
    ),
    zeros=st.integers(0, 6),
)
def test_an_amount_hashes_alike_however_many_zeros_it_carries(amount: Decimal, zeros: int) -> None:
    longer = Decimal(f"{amount:f}" + "0" * zeros)

    assert row_hash({**ROW, "amount": amount}) == row_hash({**ROW, "amount": longer})


@pytest.mark.parametrize("name", HASHED_WHEN_SET)
def test_a_column_that_came_later_is_hashed_only_where_it_is_set(name: str) -> None:
    empty = hashlib.sha256(
        json.dumps(
            [
                "2026-11-20T12:00:00.000000+00:00"
                if value is ROW["posted_at"]
                else str(value)
                if value == DAY
                else value
                for value in (ROW[column] for column in HASHED)
            ],
            separators=(",", ":"),
        ).encode()
    ).hexdigest()

    assert row_hash(ROW) == empty
    assert row_hash({**ROW, name: "62"}) != empty


async def test_what_the_database_gives_back_hashes_alike(workshop: Workshop) -> None:
    amounts = [Decimal(text) for text in ("12.10", "-0.00", "1E+3", "0.0001", "1234567890123.45")]
    for amount in amounts:
        [back] = await workshop.database.fetch(
            "select %(amount)s::numeric as amount", {"amount": amount}
        )

        assert row_hash({**ROW, "amount": amount}) == row_hash({**ROW, **back})
