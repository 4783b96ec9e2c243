"""The journal: append-only rows of what each posting changed, chained by hashes.

Within a connection the rows are numbered 1, 2, 3 ... without gaps and each carries the
hash of the one before, so that a changed, removed or reordered row shows.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg import sql
from psycopg.rows import tuple_row

from ml_connector.ledger import months
from ml_connector.ledger.postings.postings import Posting
from ml_connector.storage.database import Connection, Database, one, recordset, rows

GENESIS: Final = "0" * 64

_BATCH: Final = 5_000

PeriodOf = Literal["posted_at", "posting_date", "fact_date"]
"""What a period of rows is of: the moment of posting, the document's date, the fact's date."""

HASHED: Final = (
    "connection",
    "number",
    "posted_at",
    "posting_id",
    "run_id",
    "flow",
    "source",
    "source_line",
    "target",
    "external_id",
    "fact_date",
    "posting_date",
    "sku",
    "item",
    "location",
    "lot",
    "quantity",
    "amount",
    "currency",
    "previous_hash",
)

HASHED_WHEN_SET: Final = ("account", "detail")
"""Columns that came later: they are hashed where a row has one, so that older hashes hold."""

COLUMNS: Final = (*HASHED, *HASHED_WHEN_SET, "hash")

_TYPES: Final = {
    "number": "bigint",
    "posted_at": "timestamptz",
    "posting_id": "bigint",
    "run_id": "bigint",
    "fact_date": "date",
    "posting_date": "date",
    "quantity": "bigint",
    "amount": "numeric",
}

# One statement for all rows: the database checks the chain once for each.
_INSERT: Final = (
    f"insert into journal ({', '.join(COLUMNS)}) select {', '.join(COLUMNS)}"  # noqa: S608 - our own constants
    " from json_to_recordset(%(rows)s) as r ("
    + ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in COLUMNS)
    + ")"
)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one connection's chain: the number and the hash of its last row."""

    connection: str
    number: int
    hash: str


def row_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the hashed columns of a row, in hex.

    Text of the row: a JSON array of the columns in the order of ``HASHED``, followed by
    those of ``HASHED_WHEN_SET`` where one of them is set; times in UTC with microseconds,
    numerics in their shortest plain form.
    """
    values = [plain(row[name]) for name in HASHED]
    later = [plain(row[name]) for name in HASHED_WHEN_SET]
    if any(value is not None for value in later):
        values += later
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


class Recorded(NamedTuple):
    """A posting that exists, for the journal.

    Attributes:
        connection_name: whose journal.
        flow: whose rows they are.
        remote_id: the record's internal id.
        posted_at: when.
    """

    posting: Posting
    connection_name: str
    flow: str
    remote_id: str
    posted_at: datetime


async def append(
    connection: Connection,
    posting: Posting,
    *,
    connection_name: str,
    flow: str,
    remote_id: str,
    posted_at: datetime,
) -> Head | None:
    """Append the lines of one posting; see ``append_all``."""
    recorded = Recorded(posting, connection_name, flow, remote_id, posted_at)
    return (await append_all(connection, [recorded])).get(posting.id)


async def append_all(connection: Connection, recorded: Sequence[Recorded]) -> dict[int, Head]:
    """Append the lines of postings that now exist, in the transaction that records them.

    Returns:
        The chain's end after each posting, by its id; none for a document that changes
        neither stock nor money.
    """
    by_name: dict[str, list[Recorded]] = defaultdict(list)
    for each in recorded:
        if each.posting.document.lines:
            by_name[each.connection_name].append(each)
    if not by_name:
        return {}
    await months.ensure(connection)
    heads: dict[int, Head] = {}
    for name in sorted(by_name):
        heads |= await _append(connection, name, by_name[name])
    return heads


async def _append(
    connection: Connection, name: str, recorded: Sequence[Recorded]
) -> dict[int, Head]:
    # Rows of one connection are numbered one after the other: wait for the transaction that
    # writes now.
    await rows(
        connection,
        "select pg_advisory_xact_lock(hashtextextended('journal ' || %(name)s, 0))",
        {"name": name},
    )
    last = await head(connection, name)
    number, previous = (last.number, last.hash) if last else (0, GENESIS)
    values: list[dict[str, Any]] = []
    heads: dict[int, Head] = {}
    for each in recorded:
        for line in each.posting.document.lines:
            number += 1
            row: dict[str, Any] = {
                "connection": name,
                "number": number,
                "posted_at": each.posted_at,
                "posting_id": each.posting.id,
                "run_id": each.posting.run_id,
                "flow": each.flow,
                "target": f"{each.posting.document.kind} {each.remote_id}",
                "external_id": each.posting.document.external_id,
                "previous_hash": previous,
                **{field: getattr(line, field) for field in line.__struct_fields__},
            }
            previous = row["hash"] = row_hash(row)
            values.append(row)
        heads[each.posting.id] = Head(connection=name, number=number, hash=previous)
    await rows(connection, _INSERT, {"rows": recordset(values)})
    return heads


async def between(
    database: Database,
    names: Sequence[str],
    column: PeriodOf,
    start: datetime | date | None,
    end: datetime | date | None,
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield the rows of a period in batches: ``COLUMNS`` each, by connection and number.

    All of one moment: rows that are written meanwhile are not among them.

    Args:
        database: for reading.
        names: of connections.
        column: what the period is of.
        start: from then; None: from the first.
        end: before then; None: to the last.
    """
    query = sql.SQL(
        "select {columns} from journal where connection = any (%(names)s)"
        " and {day} >= %(start)s and {day} < %(end)s order by connection, number"
    ).format(columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)), day=sql.Identifier(column))
    parameters = {
        "names": list(names),
        "start": start if start is not None else "-infinity",
        "end": end if end is not None else "infinity",
    }
    async with database.transaction() as connection:
        await rows(connection, "set transaction isolation level repeatable read read only")
        async with connection.cursor(name="export", row_factory=tuple_row) as cursor:
            await cursor.execute(query, parameters)
            while batch := await cursor.fetchmany(_BATCH):
                yield batch


async def after(database: Database, row_id: int) -> list[dict[str, Any]]:
    """Return what was booked after a row, in order: target, stock, money and detail."""
    return await database.fetch(
        "select id, target, external_id, sku, quantity, amount, currency, location, detail"
        " from journal where id > %(after)s order by id",
        {"after": row_id},
    )


async def head(connection: Connection, connection_name: str) -> Head | None:
    """Return the end of a connection's chain, as the database keeps it; None before row 1."""
    row = await one(
        connection,
        "select number, hash from journal_head where connection = %(name)s",
        {"name": connection_name},
    )
    return (
        Head(connection=connection_name, number=row["number"], hash=row["hash"]) if row else None
    )


def plain(value: Any) -> str | int | None:
    """Return a value as it is hashed."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        # As PostgreSQL stores it: 12.10 and 12.1 are one amount with another scale, and there
        # is no negative zero. Every digit counts, so not by ``normalize``, which rounds.
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"
    return str(value)
