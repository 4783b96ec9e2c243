"""A month is tied out by the comparisons of stock that runs have kept."""

from datetime import date

import msgspec

from golden import SETTINGS
from ml_connector.app.operations.tie_out.kept_stock import tied_from_kept
from ml_connector.config.connection import ConnectionSettings
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.tie_out.rows import TieOut
from ml_connector.storage.database import Database
from views.shop import Shop
from views.test_books import levels

CONNECTION = ConnectionSettings.model_validate(SETTINGS)


async def test_the_last_comparison_before_each_turn_of_the_month_counts(
    database: Database,
) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject("inventory", "6", facts=levels())
    async with database.transaction() as on:
        for number, (at, more) in enumerate(
            (
                ("2026-10-29T10:00:00Z", 70),  # too early: of no turn
                ("2026-10-31T10:00:00Z", 0),
                ("2026-11-30T10:00:00Z", 4),
                ("2026-12-01T10:00:00Z", 90),  # after the month
            ),
            2,
        ):
            await on.execute(
                "insert into run (connection, subject_id, epoch, mark, worker, mode, rules,"
                " started_at, finished_at, facts) select connection, subject_id, %(n)s, %(n)s,"
                " worker, mode, rules, %(at)s, %(at)s, %(facts)s::json from run"
                " where subject_id = %(id)s and epoch = 1",
                {
                    "n": number,
                    "at": at,
                    "id": subject,
                    "facts": msgspec.json.encode(levels(**{"SKU-3": more})).decode(),
                },
            )
    done = await tied_from_kept(database, CONNECTION, Month(date(2026, 11, 1)))

    assert isinstance(done, TieOut)
    assert [(one.place.what, int(one.unexplained)) for one in done.red] == [("SKU-3", 4)]
    assert [str(note)[:10] for note in done.notes] == ["Location 7", "The month "]
