"""The numbers that subjects are found by, and errands that workers take."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.workshop import Workshop
from ml_connector.flows import FLOWS
from ml_connector.ledger import errands
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.search import find
from ml_connector.ledger.search.numbers import MOST, numbers_of, written
from ml_connector.storage.database import Database, rows

STORED = Path(__file__).parents[1] / "flows" / "stored_runs"


def facts(flow: str, case: str) -> msgspec.Struct:
    """Return what the newest rules of a flow stored in a golden case."""
    newest = max(STORED.glob(f"{flow}-*.json"), key=lambda one: int(one.stem.rpartition("-")[2]))
    stored: dict[str, Any] = json.loads(newest.read_bytes())
    made: msgspec.Struct = msgspec.convert(stored[case], FLOWS[flow].facts, str_keys=True)
    return made


def newest_cases(flow: str) -> list[str]:
    newest = max(STORED.glob(f"{flow}-*.json"), key=lambda one: int(one.stem.rpartition("-")[2]))
    return list(json.loads(newest.read_bytes()))


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


def test_a_wro_is_found_by_its_order_and_its_skus() -> None:
    found = numbers_of(facts("receiving", newest_cases("receiving")[0]))

    assert found["po4711"] == "order"
    assert set(found.values()) >= {"order", "sku"}


def test_a_parcel_is_found_by_order_tracking_number_and_sku() -> None:
    found = numbers_of(facts("tracking", newest_cases("tracking")[0]))

    assert set(found.values()) >= {"order", "shipment", "sku", "tracking"}


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_every_number_is_kept_as_it_is_looked_for(flow: str) -> None:
    for case in newest_cases(flow):
        found = numbers_of(facts(flow, case))

        assert len(found) <= MOST
        assert all(written(number) == number for number in found)


async def test_a_number_finds_the_newest_subjects_first(books: Database) -> None:
    async with books.transaction() as on:
        refs = [SubjectRef("acme", "receiving", str(key)) for key in range(1, 41)]
        marked = await subjects.mark(on, refs)
        for one in marked:
            await rows(
                on,
                "insert into subject_number values ('acme', 'sku-1', 'sku', %(id)s)",
                {"id": one.id},
            )
        found = await find.subjects_by(on, ["acme"], " SKU-1 ", flows=FLOWS, most=10)
        begun = await find.subjects_by(on, ["acme"], "sku-", flows=FLOWS, most=10)
        elsewhere = await find.subjects_by(on, ["other"], "SKU-1", flows=FLOWS, most=10)

    assert [hit.subject_id for hit in found] == sorted((one.id for one in marked), reverse=True)[
        :10
    ]
    assert len(begun) == 10
    assert elsewhere == []


async def test_an_errand_is_taken_by_one_worker_and_ends_once(books: Database) -> None:
    async with books.transaction() as on:
        asked = await errands.ask(
            on, "acme", "preview", person="dana", asked={"subject_id": 1}, key="once"
        )
        again = await errands.ask(
            on, "acme", "preview", person="dana", asked={"subject_id": 1}, key="once"
        )
    async with books.transaction() as one, books.transaction() as other:
        first = await errands.take(one, worker="a", most=5)
        second = await errands.take(other, worker="b", most=5)
    async with books.transaction() as on:
        await errands.end(on, asked.errand.id, answer={"seen": "x"})
        await errands.end(on, asked.errand.id, problem={"title": "late"})
        ended = await errands.find(on, asked.errand.id)
        none = await errands.take(on, worker="a", most=5)

    assert (asked.is_new, again.is_new) == (True, False)
    assert again.errand.id == asked.errand.id
    assert [one.id for one in (*first, *second)] == [asked.errand.id]
    assert ended is not None
    assert (ended.state, ended.answer, ended.problem) == ("done", {"seen": "x"}, None)
    assert none == []


async def test_an_errand_of_a_worker_that_died_is_taken_again(books: Database) -> None:
    async with books.transaction() as on:
        asked = await errands.ask(on, "acme", "preview", person="dana", asked={})
        await errands.take(on, worker="a", most=1)
        await rows(on, "update errand set taken_at = taken_at - interval '1 hour'")
        again = await errands.take(on, worker="b", most=1)

    assert [one.id for one in again] == [asked.errand.id]
