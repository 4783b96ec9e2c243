"""The numbers that subjects are found by."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.workshop import Workshop
from ml_connector.flows import FLOWS
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
