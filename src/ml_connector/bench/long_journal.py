"""Journals of any length, as settle would have written them, inserted in bulk."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import sql

from ml_connector.ledger.journal.journal import COLUMNS, GENESIS, row_hash
from ml_connector.ledger.postings.documents import CreateRecord, Document, JournalLine
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import DocumentKind

_Posted = tuple[list[Any], list[dict[str, Any]]]

LINES: Final = 4
"""Lines of each document."""

_CHUNK: Final = 2_500
_FIRST: Final = date(2025, 12, 1)
_DAYS: Final = 365
LAST_MONTH: Final = (date(2026, 11, 1), date(2026, 12, 1))
"""The last of the twelve months that a journal is spread over: its first day, the one after."""


async def fill(connection: Connection, name: str, count: int) -> None:
    """Write journal rows over a year, with their subjects, postings and source lines.

    It is one transaction, and each document has a subject of its own.

    Args:
        connection: with that transaction open.
        name: of the connection; a new one.
        count: of rows; a multiple of ``LINES``.
    """
    await rows(connection, "set local statement_timeout = '600s'")
    begun = await _begin(connection, name, count // LINES)
    await _write_documents(connection, _documents(name, begun, count // LINES))
    await rows(
        connection,
        "insert into source_line (subject_id, name, currency, connection, flow, fact_date, sku,"
        " quantity, run_id) select p.subject_id, j.source_line, '', j.connection, j.flow,"
        " j.fact_date, j.sku, j.quantity, j.run_id from journal as j"
        " join posting as p on p.id = j.posting_id where j.connection = %(name)s",
        {"name": name},
    )


class _Begun(NamedTuple):
    """The numbers that documents go on from: the first subject, the run, the last posting."""

    first_subject: int
    run_id: int
    last_posting: int


async def _begin(connection: Connection, name: str, documents: int) -> _Begun:
    """Write the connection, one run, and a subject for each document."""
    await rows(
        connection,
        "insert into connection (name, mode, settings) values (%(name)s, 'live', %(s)s)",
        {"name": name, "s": '{"start_date": "2026-11-01"}'},
    )
    await rows(
        connection,
        "select make_months(%(first)s, %(last)s)",
        {"first": _FIRST, "last": LAST_MONTH[0]},
    )
    first = await one(connection, "select coalesce(max(id), 0) + 1 as id from subject")
    run = await one(
        connection,
        "insert into run (connection, subject_id, epoch, mark, worker, mode, rules)"
        " values (%(name)s, %(subject)s, 1, 1, 'bench', 'live', 'bench') returning id",
        {"name": name, "subject": first["id"] if first else 0},
    )
    last = await one(connection, "select coalesce(max(id), 0) as id from posting")
    assert first and run and last  # noqa: S101, PT018 - RETURNING and an aggregate give rows
    await rows(
        connection,
        "insert into subject (id, connection, flow, key, state) overriding system value"
        " select %(first)s + i, %(name)s, 'receiving', i::text, 'done'"
        " from generate_series(0, %(last)s) as i",
        {"first": first["id"], "name": name, "last": documents},
    )
    return _Begun(first["id"], run["id"], last["id"])


async def _write_documents(connection: Connection, documents: Iterator[_Posted]) -> None:
    """Write postings and their journal rows, chained, some thousands at a time."""
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


def _documents(name: str, begun: _Begun, count: int) -> Iterator[_Posted]:
    for at in range(1, count + 1):
        day = _FIRST + timedelta(days=(at - 1) * _DAYS // count)
        yield _document(name, begun, at, day)


def _document(name: str, begun: _Begun, at: int, day: date) -> _Posted:
    """Return one posting and its journal rows, which have no number and no hash yet."""
    posted_at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    posting_id = begun.last_posting + at
    remote_id = str(5_000_000 + posting_id)
    external_id = f"mlc-ir-{name}-{at}"
    lines = _lines(at, day)
    document = Document(
        system="netsuite",
        kind=DocumentKind.ITEM_RECEIPT,
        external_id=external_id,
        title="bench",
        request=CreateRecord(record_type="itemReceipt", body={"total": str(Decimal(at))}),
        lines=lines,
    )
    posting = [
        posting_id,
        name,
        begun.first_subject + at,
        begun.run_id,
        "netsuite",
        "itemReceipt",
        external_id,
        "done",
        document.encoded().decode(),
        "bench",
        remote_id,
        posted_at,
    ]
    journal = [
        {
            "connection": name,
            "posted_at": posted_at,
            "posting_id": posting_id,
            "run_id": begun.run_id,
            "flow": "receiving",
            "target": f"itemReceipt {remote_id}",
            "external_id": external_id,
            **msgspec.structs.asdict(line),
        }
        for line in lines
    ]
    return posting, journal


def _lines(at: int, day: date) -> tuple[JournalLine, ...]:
    return tuple(
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


async def _copy(
    connection: Connection, table: str, columns: tuple[str, ...], values: list[list[Any]]
) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            await copy.write_row(row)
