"""Journals of any length, as settle would have written them, put in by the thousand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg import sql

from ml_connector.ledger.documents import CreateRecord, Document, JournalLine
from ml_connector.ledger.journal import COLUMNS, GENESIS, row_hash
from ml_connector.storage.database import Connection, one, rows

LINES: Final = 4
"""Lines of each document."""

_CHUNK: Final = 2_500
_DAY: Final = date(2026, 11, 1)


async def fill(connection: Connection, name: str, count: int) -> None:
    """Write so many rows, with their postings and source lines, in one transaction.

    Args:
        connection: inside it.
        name: of the connection; a new one.
        count: a multiple of ``LINES``.
    """
    await rows(connection, "set local statement_timeout = '600s'")
    await rows(
        connection,
        "insert into connection (name, mode, settings) values (%(name)s, 'live', %(s)s)",
        {"name": name, "s": '{"start_date": "2026-11-01"}'},
    )
    subject = await one(
        connection,
        "insert into subject (connection, flow, key, state) values (%(name)s, 'receiving', '1',"
        " 'done') returning id",
        {"name": name},
    )
    run = await one(
        connection,
        "insert into run (connection, subject_id, epoch, mark, worker, mode, rules)"
        " values (%(name)s, %(subject)s, 1, 1, 'bench', 'live', 'bench') returning id",
        {"name": name, "subject": subject["id"] if subject else 0},
    )
    last = await one(connection, "select coalesce(max(id), 0) as id from posting")
    assert subject and run and last  # noqa: S101, PT018 - RETURNING and an aggregate give rows
    documents = _documents(name, subject["id"], run["id"], last["id"], count // LINES)
    previous = GENESIS
    number = 0
    while chunk := [one for _, one in zip(range(_CHUNK), documents, strict=False)]:
        await _copy(connection, "posting", _POSTING, [posting for posting, _ in chunk])
        journal: list[list[Any]] = []
        for _, lines in chunk:
            for line in lines:
                number += 1
                line |= {"number": number, "previous_hash": previous}
                previous = line["hash"] = row_hash(line)
                journal.append([line[column] for column in COLUMNS])
        await _copy(connection, "journal", COLUMNS, journal)
    await rows(
        connection,
        "insert into source_line (subject_id, name, currency, connection, flow, fact_date, sku,"
        " quantity, run_id) select %(subject)s, source_line, '', connection, flow, fact_date,"
        " sku, quantity, run_id from journal where connection = %(name)s",
        {"subject": subject["id"], "name": name},
    )


_POSTING: Final = (
    "id",
    "connection",
    "subject_id",
    "run_id",
    "system",
    "kind",
    "external_id",
    "state",
    "document",
    "document_hash",
    "remote_id",
    "settled_at",
)


def _documents(
    name: str, subject_id: int, run_id: int, last_id: int, count: int
) -> Iterator[tuple[list[Any], list[dict[str, Any]]]]:
    posted_at = datetime.now(UTC).replace(microsecond=0)
    for at in range(1, count + 1):
        day = _DAY + timedelta(days=at % 30)
        lines = tuple(
            JournalLine(
                source=f"wro {at}",
                source_line=f"wro {at} inventory {line}",
                fact_date=day,
                posting_date=day,
                sku=f"SKU-{(at + line) % 997}",
                item=str((at + line) % 997),
                location="6",
                quantity=1 + (at + line) % 50,
            )
            for line in range(LINES)
        )
        external_id = f"mlc-ir-{name}-{at}"
        document = Document(
            system="netsuite",
            kind="itemReceipt",
            external_id=external_id,
            title="bench",
            request=CreateRecord(record_type="itemReceipt", body={"total": str(Decimal(at))}),
            lines=lines,
        )
        remote_id = str(5_000_000 + last_id + at)
        posting_id = last_id + at
        yield (
            [
                posting_id,
                name,
                subject_id,
                run_id,
                "netsuite",
                "itemReceipt",
                external_id,
                "done",
                document.encoded().decode(),
                "bench",
                remote_id,
                posted_at,
            ],
            [
                {
                    "connection": name,
                    "posted_at": posted_at,
                    "posting_id": posting_id,
                    "run_id": run_id,
                    "flow": "receiving",
                    "target": f"itemReceipt {remote_id}",
                    "external_id": external_id,
                    **msgspec.structs.asdict(line),
                }
                for line in lines
            ],
        )


async def _copy(
    connection: Connection, table: str, columns: tuple[str, ...], values: list[list[Any]]
) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            await copy.write_row(row)
