"""Which records subjects have made or changed, as the books say."""

import asyncio

import pytest

from engine.workshop import Workshop
from ledger.test_announcements import posted
from ml_connector.ledger.postings.own_records import KeptOwnRecords
from ml_connector.storage.database import Database
from ml_connector.words import DocumentKind

SHIPMENT = ("tracking", "1001")


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


async def test_a_subject_has_the_record_that_it_made_or_changed_last(books: Database) -> None:
    await posted(books, SHIPMENT, DocumentKind.ITEM_FULFILLMENT, "mlc-if-1001", "501")
    await posted(books, SHIPMENT, DocumentKind.FULFILLMENT_UPDATE, "mlc-it-1001-1", "502")
    await posted(books, SHIPMENT, DocumentKind.INVENTORY_ADJUSTMENT, "mlc-ia-shp-1001-1", "503")
    await posted(
        *(books, SHIPMENT, DocumentKind.FULFILLMENT_UPDATE, "mlc-it-1001-2", None),
        state="sending",
    )
    kept = KeptOwnRecords(books, "acme")

    assert await kept.latest("tracking", ["1001", "1002"], "itemFulfillment") == {"1001": "502"}
    assert await KeptOwnRecords(books, "other").latest("tracking", ["1001"], "x") == {}


async def test_who_asks_at_the_same_time_gets_the_records_of_its_own_flow_and_type(
    books: Database,
) -> None:
    await posted(books, SHIPMENT, DocumentKind.ITEM_FULFILLMENT, "mlc-if-1001", "501")
    await posted(
        books, ("returns", "1001"), DocumentKind.RETURN_AUTHORIZATION, "mlc-ra-1001", "601"
    )
    await posted(books, ("returns", "1001"), DocumentKind.ITEM_RECEIPT, "mlc-ir-ret-1001-1", "602")
    kept = KeptOwnRecords(books, "acme")

    answers = await asyncio.gather(
        kept.latest("tracking", ["1001"], "itemFulfillment"),
        kept.latest("returns", ["1001"], "returnAuthorization"),
        kept.latest("returns", ["1001"], "itemReceipt"),
        kept.latest("returns", ["1001"], "itemFulfillment"),
    )

    assert [dict(one) for one in answers] == [
        {"1001": "501"},
        {"1001": "601"},
        {"1001": "602"},
        {},
    ]


async def test_a_record_was_first_seen_by_the_run_that_made_or_changed_it_first(
    books: Database,
) -> None:
    made = [
        await posted(books, SHIPMENT, DocumentKind.ITEM_FULFILLMENT, "mlc-if-1001", "501"),
        await posted(books, SHIPMENT, DocumentKind.FULFILLMENT_UPDATE, "mlc-it-1001-1", "502"),
        await posted(books, SHIPMENT, DocumentKind.FULFILLMENT_UPDATE, "mlc-it-1001-2", "502"),
    ]
    for number, posting in enumerate(made):
        await books.fetch(
            "update run set facts = json_build_object('look', %(number)s::int) where id ="
            " (select run_id from posting where id = %(posting)s) returning id",
            {"number": number, "posting": posting},
        )
    kept = KeptOwnRecords(books, "acme")

    assert await kept.first_seen("tracking", "1001", "502") == {"look": 1}
    assert await kept.first_seen("tracking", "1002", "502") is None
    assert await KeptOwnRecords(books, "other").first_seen("tracking", "1001", "502") is None
