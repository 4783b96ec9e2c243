import psycopg
import pytest

from ml_connector.storage.database import Database, rows
from ml_connector.storage.migrate import migrate
from ml_connector.storage.schema import current, newest


def test_a_migrated_database_is_at_the_newest_version(database_url: str) -> None:
    assert current(database_url) == newest()


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert migrate(database_url) == newest()
    assert current(database_url) == newest()


async def test_a_journal_row_can_be_neither_changed_nor_removed(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "insert into journal (connection, number, posted_at, posting_id, run_id, flow, source,"
            " source_line, target, external_id, fact_date, posting_date, previous_hash, hash)"
            " values ('acme', 1, now(), 1, 1, 'receiving', 'wro 1', '1', 'itemReceipt 2',"
            " 'mlc-ir-1-1', '2026-11-20', '2026-11-20', repeat('0', 64), 'x')"
        )

    for statement in (
        "update journal set quantity = 1",
        "delete from journal",
        "truncate journal",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            async with database.transaction() as connection:
                await rows(connection, statement)
    assert len(await database.fetch("select * from journal")) == 1
