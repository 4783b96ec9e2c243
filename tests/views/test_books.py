from datetime import timedelta
from decimal import Decimal
from typing import Any

from ml_connector.app.views.audit_trail import (
    ActFilter,
    JournalFilter,
    acts_page,
    chain_end,
    journal_page,
)
from ml_connector.app.views.connections import connection_list
from ml_connector.app.views.stock import stock_history, stock_page
from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Database
from views.shop import NOW, Shop, line


def levels(**differ: int) -> dict[str, Any]:
    return {
        "location": "6",
        "centers": ["Moreno Valley"],
        "taken_at": "2026-11-17T12:00:00Z",
        "looked_back_to": "2026-10-18",
        "levels": [
            {
                "sku": sku,
                "item": sku[-1],
                "inventory_ids": [1],
                "shipbob": 40 + more,
                "netsuite": 40,
            }
            for sku, more in {"SKU-1": 0, "SKU-2": 0, "SKU-3": 0, **differ}.items()
        ],
    }


async def test_stock_shows_what_nothing_explains_first(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    await shop.subject("inventory", "6", facts=levels(**{"SKU-3": 4}))

    page = await stock_page(database, "acme", limit=2)
    rest = await stock_page(database, "acme", limit=2, after=page.stock.after)
    different = await stock_page(database, "acme", limit=9, only_different=True)
    part = await stock_page(database, "acme", limit=9, sku="ku-2")

    [place] = page.places
    assert (place.skus, place.different, place.unexplained) == (3, 1, 1)
    assert place.units_unexplained == 4
    assert [row.sku for row in page.stock.rows] == ["SKU-3", "SKU-1"]
    assert [row.sku for row in rest.stock.rows] == ["SKU-2"]
    assert [(row.sku, row.drift) for row in different.stock.rows] == [("SKU-3", Decimal(4))]
    assert different.stock.rows[0].can_correct
    assert [row.sku for row in part.stock.rows] == ["SKU-2"]


async def test_stock_is_shown_as_the_newest_comparison_saw_it(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject("inventory", "6", facts=levels(**{"SKU-3": 4}))
    before = await stock_page(database, "acme", limit=9, only_different=True)
    async with database.transaction() as on:
        await on.execute(
            "insert into run (connection, subject_id, epoch, mark, worker, mode, rules,"
            " started_at, finished_at, facts) select connection, subject_id, 2, 2, worker, mode,"
            " rules, started_at, finished_at, replace(facts::text, '44', '40')::json from run"
            " where subject_id = %s",
            (subject,),
        )
        await on.execute("update subject set state = 'dead' where id = %s", (subject,))
    after = await stock_page(database, "acme", limit=9, only_different=True)

    assert [row.sku for row in before.stock.rows] == ["SKU-3"]
    assert after.stock.rows == ()
    assert [place.state for place in after.places] == ["dead"]


async def test_the_history_of_a_sku_is_what_comparisons_saw(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject("inventory", "6", facts=levels(**{"SKU-3": 4}))
    async with database.transaction() as on:
        await on.execute(
            "insert into run (connection, subject_id, epoch, mark, worker, mode, rules,"
            " started_at, facts) select connection, subject_id, 2, 2, worker, mode, rules,"
            " started_at + interval '1 minute', replace(facts::text, '44', '47')::json from run"
            " where subject_id = %s",
            (subject,),
        )
        found = await stock_history(on, "acme", "6", "SKU-3", since=NOW - timedelta(days=30))

    assert [(int(one.shipbob), int(one.netsuite)) for one in found] == [(44, 40), (47, 40)]


async def test_stock_that_was_never_compared_is_an_empty_page(database: Database) -> None:
    await Shop(database).open()

    found = await stock_page(database, "acme", limit=2)

    assert (found.places, found.stock.rows) == ((), ())


async def test_the_journal_is_found_by_any_number_and_goes_on(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject("receiving", "90311")
    await shop.document(
        subject, "itemReceipt", "mlc-ir-90311-1", "5002", [line("A", 1), line("B", 2)]
    )
    await shop.document(subject, "itemReceipt", "mlc-ir-90311-2", "5003", [line("A", 3)])

    async def numbers(text: str) -> list[int]:
        async with database.transaction() as on:
            found = await journal_page(on, "acme", JournalFilter(number=text), limit=9)
        return [row.number for row in found.rows]

    async with database.transaction() as on:
        first = await journal_page(on, "acme", JournalFilter(), limit=2)
        rest = await journal_page(on, "acme", JournalFilter(), limit=2, after=2)
        end = await chain_end(on, "acme")

    assert [row.number for row in first.rows] == [3, 2]
    assert first.after == "2"
    assert [row.number for row in rest.rows] == [1]
    assert end is not None
    assert end.number == 3
    assert await numbers("mlc-ir-90311-1") == [2, 1]
    assert await numbers("itemReceipt  5003") == [3]
    assert await numbers("5003") == [3]
    assert await numbers("wro 90311") == [3, 2, 1]
    assert await numbers("A") == [3, 1]
    assert await numbers("nothing") == []


async def test_acts_are_filtered_and_say_what_changed(database: Database) -> None:
    await Shop(database).open()
    async with database.transaction() as on:
        await acts.record(
            on,
            "maria",
            "connection.pause",
            connection="acme",
            details={"before": {"paused": False}, "after": {"paused": True}},
        )
        await acts.record(on, "tom", "user.add", connection=None, details={"name": "ann"})
        every = await acts_page(on, None, ActFilter(), limit=9)
        of_one = await acts_page(on, "acme", ActFilter(), limit=9)
        by_tom = await acts_page(on, None, ActFilter(person="TOM", what="user"), limit=9)

    assert [one.what for one in every.rows] == ["user.add", "connection.pause"]
    assert of_one.rows[0].changes == ("paused: False -> True",)
    assert [one.person for one in by_tom.rows] == ["tom"]


async def test_connections_are_listed_also_with_settings_that_cant_be_read(
    database: Database,
) -> None:
    await Shop(database).open()
    async with database.transaction() as on:
        await on.execute(
            "insert into connection (name, mode, settings) values ('broken', 'live', '[]')"
        )
        acme, broken = await connection_list(on)

    assert (acme.netsuite_environment, acme.zone) == ("sandbox", "America/Chicago")
    assert broken.netsuite_account is None
