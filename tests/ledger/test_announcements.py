"""Which order a WRO is of, as the books say: by what was announced, and by what was received."""

from datetime import UTC, datetime

import pytest
from psycopg.types.json import Json

from engine.workshop import Workshop
from ml_connector.ledger.connections import acts
from ml_connector.ledger.postings.announcements import KeptAnnouncements, OrderLink, made_besides
from ml_connector.storage.database import Database
from ml_connector.words import DocumentKind


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


def kept(books: Database) -> KeptAnnouncements:
    return KeptAnnouncements(books, "acme", announcing="purchase-orders", receiving="receiving")


async def posted(
    books: Database,
    subject: tuple[str, str],
    kind: DocumentKind,
    external_id: str,
    remote_id: str | None,
    *,
    state: str = "done",
    from_order: str = "",
    undoes: int | None = None,
) -> int:
    """Keep a document as it stands after its call; return the posting's id."""
    request = (
        {"type": "transform", "from_id": from_order} if from_order else {"type": "create_wro"}
    )
    [row] = await books.fetch(
        "with s as (insert into subject (connection, flow, key, state) values"
        "  ('acme', %(flow)s, %(key)s, 'done') on conflict (connection, flow, key)"
        "  do update set state = 'done' returning id),"
        " r as (insert into run (connection, subject_id, epoch, mark, worker, mode, rules)"
        "  select 'acme', id, 0, 0, 'tests', 'live', 'x-1' from s returning id)"
        " insert into posting (connection, subject_id, run_id, system, kind, external_id, state,"
        "  document, document_hash, remote_id, undoes)"
        " select 'acme', s.id, r.id, %(system)s, %(kind)s, %(external_id)s, %(state)s,"
        "  %(document)s, '', %(remote_id)s, %(undoes)s from s, r returning id",
        {
            "flow": subject[0],
            "key": subject[1],
            "system": "shipbob" if kind is DocumentKind.WRO else "netsuite",
            "kind": kind,
            "external_id": external_id,
            "state": state,
            "document": Json({"request": request}),
            "remote_id": remote_id,
            "undoes": undoes,
        },
    )
    return int(row["id"])


async def announced(
    books: Database, order: str, part: int, wro_id: int, *, state: str = "done"
) -> int:
    external_id = f"mlc-wro-{order}-{part}"
    return await posted(
        books, ("purchase-orders", order), DocumentKind.WRO, external_id, str(wro_id), state=state
    )


async def received(
    books: Database, wro_id: int, number: int, order: str, *, undoes: int | None = None
) -> int:
    return await posted(
        books,
        ("receiving", str(wro_id)),
        DocumentKind.ITEM_RECEIPT,
        f"mlc-ir-{wro_id}-{number}",
        str(9000 + number),
        from_order=order,
        undoes=undoes,
    )


async def test_a_wro_is_of_the_order_that_it_was_announced_for(books: Database) -> None:
    await announced(books, "4711", 1, 900)
    await announced(books, "4711", 2, 901, state="adopted")
    await announced(books, "4755", 1, 902, state="alarm")

    assert await kept(books).order_of(901) == OrderLink("4711", "announced")
    assert await kept(books).order_of(902) is None
    assert await kept(books).parts("4711") == {1: 900, 2: 901}
    assert await kept(books).made("4711") == (900, 901)


@pytest.mark.parametrize("state", ["sending", "alarm"])
async def test_a_number_is_given_while_nobody_knows_whether_its_wro_was_made(
    books: Database, state: str
) -> None:
    await announced(books, "4711", 1, 900)
    await posted(
        *(books, ("purchase-orders", "4711"), DocumentKind.WRO, "mlc-wro-4711-2", None),
        state=state,
    )
    await posted(
        *(books, ("purchase-orders", "4711"), DocumentKind.WRO, "mlc-wro-4711-3", None),
        state="prepared",
    )

    assert await kept(books).parts("4711") == {1: 900, 2: 0}
    assert await kept(books).made("4711") == (900,)


async def test_a_wro_that_was_received_before_is_of_that_order(books: Database) -> None:
    await received(books, 900, 1, "4711")

    assert await kept(books).order_of(900) == OrderLink("4711", "received")


async def test_an_announcement_comes_before_a_receipt(books: Database) -> None:
    await received(books, 900, 1, "4755")
    await announced(books, "4711", 1, 900)

    assert await kept(books).order_of(900) == OrderLink("4711", "announced")


async def test_a_receipt_that_was_taken_back_says_nothing_any_more(books: Database) -> None:
    receipt = await received(books, 900, 1, "4711")
    await posted(
        books,
        ("undo", str(receipt)),
        DocumentKind.INVENTORY_ADJUSTMENT,
        "mlc-un-ir-900-1",
        "9100",
        undoes=receipt,
    )

    assert await kept(books).order_of(900) is None


async def test_the_wros_of_other_documents_are_told(books: Database) -> None:
    await announced(books, "4711", 2, 900)
    await announced(books, "4755", 1, 901)

    assert await made_besides(books, "acme", ["900", "901", "902"], besides="mlc-wro-4755-1") == {
        "900"
    }
    assert await made_besides(books, "acme", [], besides="mlc-wro-4755-1") == ()


def at(day: int) -> datetime:
    return datetime(2099, 11, day, tzinfo=UTC)


async def test_books_may_lack_what_was_made_before_they_began(books: Database) -> None:
    assert await kept(books).may_lack(datetime(2020, 1, 1, tzinfo=UTC))
    assert await kept(books).may_lack(None)
    assert not await kept(books).may_lack(at(1))


async def test_books_may_lack_what_was_made_between_a_backup_and_the_release(
    books: Database,
) -> None:
    await books.fetch(
        "insert into act (person, what, connection, details, at)"
        " values ('anna', %(what)s, 'acme', %(details)s, %(at)s) returning id",
        {
            "what": acts.RELEASE,
            "details": Json({"before": {"backup_made_at": at(5).isoformat()}}),
            "at": at(9),
        },
    )

    assert [await kept(books).may_lack(at(day)) for day in (4, 5, 8, 9)] == [
        False,
        True,
        True,
        False,
    ]
