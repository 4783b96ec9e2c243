"""The journal: append-only rows of what each posting changed, chained by hashes.

Within a connection the rows are numbered 1, 2, 3 ... without gaps and each carries the
hash of the one before, so that a changed, removed or reordered row shows.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.ledger.postings import Posting
from ml_connector.ledger.subjects import Claimed
from ml_connector.storage.database import Connection, one, rows

GENESIS: Final = "0" * 64

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

_COLUMNS: Final = (*HASHED, *HASHED_WHEN_SET, "hash")

_INSERT: Final = (
    f"insert into journal ({', '.join(_COLUMNS)})"  # noqa: S608 - our own constants
    f" values ({', '.join(f'%({name})s' for name in _COLUMNS)})"
)


def row_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the hashed columns of a row, in hex.

    Text of the row: a JSON array of the columns in the order of ``HASHED``, followed by
    those of ``HASHED_WHEN_SET`` where one of them is set; times in UTC with microseconds,
    numerics in their shortest plain form.
    """
    values = [_plain(row[name]) for name in HASHED]
    later = [_plain(row[name]) for name in HASHED_WHEN_SET]
    if any(value is not None for value in later):
        values += later
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


async def append(
    connection: Connection,
    subject: Claimed,
    posting: Posting,
    *,
    remote_id: str,
    posted_at: datetime,
) -> None:
    """Append the lines of a posting that now exists, in the transaction that records it."""
    if not posting.document.lines:
        return
    # Rows of one connection are numbered one after the other: wait for whoever writes now.
    await rows(
        connection,
        "select pg_advisory_xact_lock(hashtextextended('journal ' || %(name)s, 0))",
        {"name": subject.ref.connection},
    )
    last = await one(
        connection,
        "select number, hash from journal where connection = %(name)s"
        " order by number desc limit 1",
        {"name": subject.ref.connection},
    )
    number, previous = (last["number"], last["hash"]) if last else (0, GENESIS)
    prepared: list[dict[str, Any]] = []
    for line in posting.document.lines:
        number += 1
        row: dict[str, Any] = {
            "connection": subject.ref.connection,
            "number": number,
            "posted_at": posted_at,
            "posting_id": posting.id,
            "run_id": posting.run_id,
            "flow": subject.ref.flow,
            "target": f"{posting.document.kind} {remote_id}",
            "external_id": posting.document.external_id,
            "previous_hash": previous,
            **{name: getattr(line, name) for name in line.__struct_fields__},
        }
        previous = row["hash"] = row_hash(row)
        prepared.append(row)
    async with connection.cursor() as cursor:
        await cursor.executemany(_INSERT, prepared)


def _plain(value: Any) -> str | int | None:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        # As PostgreSQL stores it: 12.10 and 12.1 are one amount with another scale, and there
        # is no negative zero.
        return format(value.normalize(), "f") if value else "0"
    return str(value)
