from datetime import timedelta
from decimal import Decimal

from ml_connector.app.views.overview import latest_events, overview
from ml_connector.storage.database import Database
from views.shop import NOW, Shop, line


async def test_an_empty_connection_shows_zeros_and_no_health(database: Database) -> None:
    applied = await Shop(database).open()

    found = await overview(database, applied, now=NOW)

    assert found.zone == "America/Chicago"
    assert found.health.netsuite.environment == "sandbox"
    assert found.health.shipbob.account == "100234"
    assert found.health.webhooks.state == "wait"
    assert found.health.netsuite.limit.most == 5
    assert found.figures.events_today.count == 0
    assert found.figures.soon.percent is None
    assert {hour.done + hour.open + hour.stopped for hour in found.hours} == {0}
    assert (found.stopped, found.latest) == ((), ())


async def test_figures_count_what_is_open_and_what_was_posted_this_month(
    database: Database,
) -> None:
    shop = Shop(database)
    applied = await shop.open()
    done = await shop.subject("receiving", "90311", took=timedelta(seconds=2))
    await shop.subject("receiving", "90312", took=timedelta(seconds=9))
    await shop.subject("receiving", "90314", state="parked", cause="sku_missing_in_netsuite")
    await shop.subject("billing", "71828", state="dead", cause="period_closed", unexplained=1)
    await shop.subject("receiving", "90001", at=NOW - timedelta(days=7, minutes=1))
    await shop.document(done, "itemReceipt", "mlc-ir-90311-1", "5002", [line("HM-0042", 36)])
    last_month = await shop.subject("billing", "71000", at=NOW - timedelta(days=30))
    old = NOW - timedelta(days=30)
    await shop.document(
        last_month, "vendorBill", "mlc-vb-1", "1", [line("", None, amount="9")], at=old
    )
    await shop.document(done, "vendorBill", "mlc-vb-2", "2", [line("", None, amount="12.40")])
    await shop.document(done, "wroMark", "mlc-wm-90311", "90311")

    found = (await overview(database, applied, now=NOW)).figures

    assert (found.events_today.count, found.events_before.count) == (4, 1)
    assert (found.soon.events, found.soon.within, found.soon.percent) == (2, 1, 50.0)
    assert (found.waiting.count, found.stopped.count, found.unexplained) == (1, 1, 1)
    assert found.waiting_since == NOW - timedelta(minutes=10)
    assert found.month == "2026-11"
    assert found.documents == {"itemReceipt": 1, "vendorBill": 1}
    assert found.money == {"USD": Decimal("12.40")}


async def test_hours_tell_done_from_open_and_stopped(database: Database) -> None:
    shop = Shop(database)
    applied = await shop.open()
    for number, state in enumerate(("done", "done", "parked", "dead")):
        await shop.subject("receiving", str(number), state=state, at=NOW - timedelta(hours=2))

    hours = (await overview(database, applied, now=NOW)).hours

    # From midnight in Chicago, six hours behind, to the hour that has begun.
    assert len(hours) == 15
    assert [(one.done, one.open, one.stopped) for one in hours if one.done] == [(2, 1, 1)]
    assert hours[12].done == 2


async def test_the_latest_events_name_their_document_and_how_long_it_took(
    database: Database,
) -> None:
    shop = Shop(database)
    await shop.open()
    await Shop(database, "other").open()
    subject = await shop.subject("receiving", "90311", took=timedelta(seconds=1.5))
    await shop.document(subject, "itemReceipt", "mlc-ir-90311-1", "5002")
    await shop.document(subject, "wroMark", "mlc-wm-90311", "90311")
    await shop.subject("receiving", "90314", state="parked", cause="x", at=NOW)

    async with database.transaction() as on:
        newest, older = await latest_events(on, "acme", limit=10)
        others = await latest_events(on, "other", limit=10)

    assert (newest.status, newest.seconds, newest.document) == ("parked", None, None)
    assert (older.status, older.seconds) == ("done", 1.5)
    assert (older.document, older.document_id) == ("itemReceipt", "5002")
    assert others == ()
