"""Journals to tamper with: real rows through the real append, then the owner's own hands."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from psycopg.types.json import Json

from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.journal import journal
from ml_connector.ledger.journal.journal import Head
from ml_connector.ledger.postings import postings
from ml_connector.ledger.postings.documents import CreateRecord, Document, JournalLine
from ml_connector.storage.database import Connection, Database, one, rows
from ml_connector.words import DocumentKind

DAY = date(2026, 11, 20)
COPY = (
    "posted_at, posting_id, run_id, flow, source, source_line, target, external_id, fact_date,"
    " posting_date, sku, item, location, lot, quantity, amount, currency, account, detail,"
    " previous_hash"
)


def line(
    key: str,
    number: int,
    *,
    quantity: int | None = None,
    amount: Decimal | None = None,
    currency: str | None = None,
    day: date = DAY,
) -> JournalLine:
    return JournalLine(
        source=f"count {key}",
        source_line=f"line {number}",
        fact_date=day,
        posting_date=day + timedelta(days=1),
        sku="TEE" if quantity is not None else None,
        location="6" if quantity is not None else None,
        quantity=quantity,
        amount=amount,
        currency=currency,
        account="62" if amount is not None else None,
        detail="Per Pick Fee" if amount is not None else None,
    )


async def subject(database: Database, key: str, *, name: str = "acme") -> Claimed:
    """Make a subject that has converged."""
    async with database.transaction() as connection:
        await rows(
            connection,
            "insert into connection (name, mode, settings) values (%(n)s, 'live', %(s)s)"
            " on conflict do nothing",
            {"n": name, "s": Json({"start_date": "2026-11-01"})},
        )
        row = await one(
            connection,
            "insert into subject (connection, flow, key, state) values (%(n)s, 'receiving', %(k)s,"
            " 'done') on conflict (connection, flow, key) do update set state = 'done'"
            " returning id",
            {"n": name, "k": key},
        )
    assert row is not None
    return Claimed(
        id=row["id"],
        ref=SubjectRef(name, "receiving", key),
        epoch=0,
        mark=0,
        attempt=0,
        since=None,
    )


async def post(
    database: Database, of: Claimed, number: int, lines: Sequence[JournalLine]
) -> Head | None:
    """Post a document with these lines as ``settle`` does, without another system."""
    document = Document(
        system="netsuite",
        kind=DocumentKind.INVENTORY_ADJUSTMENT,
        external_id=f"mlc-t-{of.ref.connection}-{of.ref.key}-{number}",
        title="counted",
        request=CreateRecord(record_type="inventoryAdjustment", body={}),
        lines=tuple(lines),
    )
    async with database.transaction() as connection:
        run = await one(
            connection,
            "insert into run (connection, subject_id, epoch, mark, worker, mode, rules) values"
            " (%(n)s, %(s)s, 0, 0, 'tests', 'live', 'counting-1') returning id",
            {"n": of.ref.connection, "s": of.id},
        )
        assert run is not None
        posting = await postings.prepare(connection, of, run["id"], document, state="prepared")
        assert posting is not None
        return await record(connection, of, posting, remote_id=str(5000 + posting.id))


async def record(
    connection: Connection, of: Claimed, posting: postings.Posting, *, remote_id: str
) -> Head | None:
    posted_at = await postings.settled(
        connection, posting, state="done", remote_id=remote_id, answer=None
    )
    assert posted_at is not None
    return await journal.append(
        connection,
        posting,
        connection_name=of.ref.connection,
        flow="receiving",
        remote_id=remote_id,
        posted_at=posted_at,
    )


async def tamper(database: Database, *statements: str) -> None:
    """Do as the owner of the database can, with every trigger off."""
    async with database.transaction() as connection:
        await rows(connection, "set local session_replication_role = replica")
        for statement in statements:
            await rows(connection, statement)


async def rewrite(database: Database, number: int, change: dict[str, Any]) -> None:
    """Change a row and make all hashes from there on fit again, as a patient forger would."""
    async with database.transaction() as connection:
        await rows(connection, "set local session_replication_role = replica")
        found = await rows(connection, "select * from journal order by number")
        previous = journal.GENESIS
        for row in found:
            if row["number"] == number:
                row.update(change)
            row["previous_hash"] = previous
            previous = journal.row_hash(row)
            await rows(
                connection,
                "update journal set quantity = %(quantity)s, amount = %(amount)s,"
                " previous_hash = %(previous_hash)s, hash = %(new)s where id = %(id)s",
                {**row, "new": previous},
            )
        await rows(connection, "update journal_head set hash = %(hash)s", {"hash": previous})


async def rewrite_postings_too(database: Database, number: int, quantity: int) -> None:
    """Make the posting say the same as the changed row."""
    [row] = await database.fetch(
        "select p.id, p.document, j.source_line from journal as j join posting as p"
        " on p.id = j.posting_id where j.number = %(number)s",
        {"number": number},
    )
    for one_line in row["document"]["lines"]:
        if one_line["source_line"] == row["source_line"]:
            one_line["quantity"] = quantity
    await database.fetch(
        "update posting set document = %(document)s where id = %(id)s returning id",
        {"id": row["id"], "document": msgspec.json.encode(row["document"]).decode()},
    )
