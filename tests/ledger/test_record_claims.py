"""A record of others that two subjects want for themselves at the same moment: one gets it."""

import asyncio

import pytest

from engine.workshop import Workshop
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, record_claims
from ml_connector.ledger.postings.documents import (
    Document,
    RecordClaim,
    UpdateRecord,
)
from ml_connector.ledger.postings.postings import NewPosting
from ml_connector.storage.database import Connection, Database, rows
from ml_connector.words import DocumentKind

KEYS = ("210000101", "210000102", "210000103")


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


async def run_of(on: Connection, key: str) -> Run:
    ref = SubjectRef("acme", "tracking", key)
    [marked] = await subjects.mark(on, [ref])
    claimed = Claimed(id=marked.id, ref=ref, epoch=0, mark=marked.mark, attempt=0, since=None)
    return Run(id=marked.id, subject=claimed)


def claim(key: str, *, record: str = "5100") -> RecordClaim:
    return RecordClaim(record=record, against=tuple(one for one in KEYS if one != key))


def update(key: str) -> Document:
    return Document(
        system="netsuite",
        kind=DocumentKind.FULFILLMENT_UPDATE,
        external_id=f"mlc-ifu-{key}-1",
        title="Item fulfilment 5100",
        request=UpdateRecord(record_id="5100", body={}),
    )


async def take(books: Database, *keys: str) -> set[str]:
    """Let runs of these shipments take the record at once; return who came too late."""
    async with books.transaction() as on:
        runs = {key: await run_of(on, key) for key in keys}
        late = await record_claims.lost(on, [(runs[key], claim(key)) for key in keys])
        for key, run in runs.items():
            if run.id not in late:
                new = NewPosting(run.subject, run.id, update(key), "prepared")
                await postings.prepare_all(on, [new])
    return {key for key, run in runs.items() if run.id in late}


async def test_who_comes_second_is_told(books: Database) -> None:
    first, second, again = [
        await take(books, key) for key in ("210000102", "210000101", "210000102")
    ]

    assert (first, second, again) == (set(), {"210000101"}, set())


async def test_of_several_in_one_transaction_one_gets_it(books: Database) -> None:
    assert await take(books, *KEYS) == {*KEYS[1:]}


async def test_of_several_at_the_same_moment_one_gets_it(books: Database) -> None:
    late = await asyncio.gather(*(take(books, key) for key in KEYS))

    assert sum(map(len, late)) == 2


async def test_a_shipment_of_another_order_that_took_it_just_now_comes_first(
    books: Database,
) -> None:
    await take(books, "210000101")
    async with books.transaction() as on:
        run = await run_of(on, "210000777")
        alone = RecordClaim(record="5100", against=(), siblings=("210000777",))
        prepared = await record_claims.lost(on, [(run, alone)])
        await rows(on, "update posting set state = 'done', remote_id = '5100'")
        done = await record_claims.lost(on, [(run, alone)])
        of_its_order = RecordClaim(record="5100", against=(), siblings=("210000777", *KEYS))
        sibling = await record_claims.lost(on, [(run, of_its_order)])
        await rows(on, "update posting set created_at = now() - interval '2 hours'")
        long_ago = await record_claims.lost(on, [(run, alone)])

    assert prepared == done == {run.id}
    assert sibling == long_ago == set()


async def test_of_two_orders_in_one_transaction_one_gets_it(books: Database) -> None:
    async with books.transaction() as on:
        runs = [await run_of(on, key) for key in ("210000101", "210000777")]
        claims = [
            RecordClaim(record="5100", against=(), siblings=(run.subject.ref.key,)) for run in runs
        ]
        late = await record_claims.lost(on, list(zip(runs, claims, strict=True)))

    assert late == {runs[1].id}


async def test_another_record_is_nobody_elses(books: Database) -> None:
    await take(books, "210000101")
    async with books.transaction() as on:
        run = await run_of(on, "210000102")
        other = await record_claims.lost(on, [(run, claim("210000102", record="5101"))])
        unrelated = RecordClaim(record="5100", against=("210000103",))
        shared = await record_claims.lost(on, [(run, unrelated)])

    assert other == shared == set()
