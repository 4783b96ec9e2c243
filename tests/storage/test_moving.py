"""An older database moves to months with all its rows, ids and hashes."""

from collections.abc import Iterator

import psycopg
import pytest

from ml_connector.ledger.journal import chain, journal
from ml_connector.ledger.journal.journal import GENESIS, HASHED, HASHED_WHEN_SET
from ml_connector.storage.database import Database
from ml_connector.storage.migrate import migrate
from storage.older import older_database

BEFORE_MONTHS = "0016"


@pytest.fixture
def old_database(server_url: str) -> Iterator[str]:
    with older_database(server_url, BEFORE_MONTHS) as url:
        yield url


def fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
        connection.execute(
            "insert into subject (connection, flow, key, state, marked, converged)"
            " values ('acme', 'receiving', '1', 'done', 3, 3)"
        )
        connection.execute(
            "insert into event (connection, source, delivery_id, topic, flow, subject_id, mark,"
            " status, headers, body, received_at) select 'acme', 'webhook', 'msg_' || n,"
            " 'wro.updated', 'receiving', 1, n, 'received', '{}', '\\x7b7d',"
            " now() - n * interval '40 days' from generate_series(1, 3) as n"
        )
        connection.execute(
            "insert into run (connection, subject_id, epoch, mark, worker, mode, rules,"
            " started_at) select 'acme', 1, n, n, 'w', 'live', 'r-1',"
            " now() - (4 - n) * interval '40 days' from generate_series(1, 3) as n"
        )
        previous = GENESIS
        for number in (1, 2, 3):
            row = connection.execute(
                "insert into posting (connection, subject_id, run_id, system, kind, external_id,"
                " state, document, document_hash, remote_id, settled_at) values ('acme', 1, %(n)s,"
                " 'netsuite', 'itemReceipt', 'mlc-ir-1-' || %(n)s, 'done', json_build_object("
                " 'lines', json_build_array(json_build_object('source', 'wro 1', 'source_line',"
                " 'inventory 7', 'fact_date', '2026-09-01', 'posting_date', '2026-09-01',"
                " 'quantity', 5))), 'h', (5000 + %(n)s)::text,"
                " now() - (4 - %(n)s) * interval '40 days') returning id, settled_at",
                {"n": number},
            ).fetchone()
            assert row is not None
            values = {
                **dict.fromkeys((*HASHED, *HASHED_WHEN_SET)),
                "connection": "acme",
                "number": number,
                "posted_at": row[1],
                "posting_id": row[0],
                "run_id": number,
                "flow": "receiving",
                "source": "wro 1",
                "source_line": "inventory 7",
                "target": f"itemReceipt {5000 + number}",
                "external_id": f"mlc-ir-1-{number}",
                "fact_date": "2026-09-01",
                "posting_date": "2026-09-01",
                "quantity": 5,
                "previous_hash": previous,
            }
            previous = journal.row_hash(values)
            columns = list(values)
            connection.execute(
                f"insert into journal ({', '.join(columns)}, hash) values ("  # noqa: S608 - our own columns
                f"{', '.join(f'%({name})s' for name in columns)}, %(hash)s)",
                {**values, "hash": previous},
            )


async def test_every_row_moves_with_its_id_and_its_hash(old_database: str) -> None:
    fill(old_database)
    migrate(old_database)

    async with Database(old_database, size=2) as database:
        events = await database.fetch(
            "select id, delivery_id, body, tableoid::regclass::text as part from event order by id"
        )
        deliveries = await database.fetch("select * from delivery order by event_id")
        runs = await database.fetch("select id from run order by id")
        [verdict] = await chain.verify(database)
        [new] = await database.fetch(
            "select nextval('event_ids') as event, nextval('run_ids') as run,"
            " nextval('journal_ids') as journal"
        )

    assert [row["id"] for row in events] == [1, 2, 3]
    assert len({row["part"] for row in events}) == 3
    assert [row["body"] for row in events] == [b"{}"] * 3
    assert [row["event_id"] for row in deliveries] == [1, 2, 3]
    assert [row["id"] for row in runs] == [1, 2, 3]
    assert (verdict.rows, verdict.broken) == (3, ())
    assert new == {"event": 4, "run": 4, "journal": 4}


async def test_an_empty_database_moves_too(old_database: str) -> None:
    migrate(old_database)

    async with Database(old_database, size=1) as database:
        [row] = await database.fetch("select nextval('event_ids') as event")
    assert row["event"] == 1
