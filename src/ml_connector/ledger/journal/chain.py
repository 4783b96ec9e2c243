"""The journal's proof: no row was changed, removed, put in, reordered or cut off.

Three things are checked. The *chain*: each row's hash is of its own columns and of the row
before. The *noted heads*: the chain still goes through every end that was noted outside the
database, so it was neither cut off nor written anew from some row on. The *postings*: each
row is a line of a document that was posted, and each line of such a document has its row.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from psycopg.rows import tuple_row

from ml_connector.ledger.journal.checker import (
    MOST,
    POSTING,
    BrokenLink,
    JournalChecker,
    JournalVerdict,
)
from ml_connector.ledger.journal.journal import COLUMNS, Head
from ml_connector.ledger.journal.noted_heads import NotedHead
from ml_connector.storage.database import Connection, Database, rows

_BATCH: Final = 5_000


async def head(connection: Connection) -> dict[str, Head]:
    """Return the end of every connection's chain, as the database keeps it."""
    found = await rows(connection, "select connection, number, hash from journal_head order by 1")
    return {row["connection"]: Head(**row) for row in found if row["number"]}


async def verify(
    database: Database,
    names: Sequence[str] | None = None,
    *,
    noted: Iterable[NotedHead] = (),
    progress: Callable[[int, int], object] | None = None,
) -> list[JournalVerdict]:
    """Prove the journals of these connections.

    Everything is read in one snapshot, in batches: memory does not grow with the journal.

    Args:
        database: the ledger.
        names: of connections; None: of all that have a journal or a noted head.
        noted: ends of the chain from outside the database.
        progress: is told how many rows were looked at, and of about how many.
    """
    heads: dict[str, list[NotedHead]] = defaultdict(list)
    for one in noted:
        heads[one.connection].append(one)
    async with database.transaction() as connection:
        await rows(connection, "set transaction isolation level repeatable read read only")
        await rows(connection, "set local statement_timeout = '600s'")
        kept = await head(connection)
        known = await _connections(connection)
        wanted = sorted({*known, *heads, *kept}) if names is None else sorted(names)
        about = sum(one.number for name, one in kept.items() if name in wanted)
        verdicts: list[JournalVerdict] = []
        before = 0
        for name in wanted:
            checker = JournalChecker(name, heads.get(name, ()))
            async for batch in _rows(connection, name):
                postings = await _postings(connection, {row[POSTING] for row in batch})
                for row in batch:
                    checker.see(row, postings)
                if progress is not None:
                    progress(before + checker.rows, max(about, before + checker.rows))
            before += checker.rows
            checker.end(kept.get(name), await _unwritten(connection, name))
            await _tell_moved_from_changed(connection, name, checker.broken)
            verdicts.append(checker.verdict())
    return verdicts


# As ``journal.plain`` makes them, but by the database: the other half of the work on the
# other half of the machine.
_PLAIN: Final[Mapping[str, str]] = {
    "posted_at": "to_char(posted_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')",
    "fact_date": "fact_date::text",
    "posting_date": "posting_date::text",
    "amount": "trim_scale(amount)::text",
}


async def _connections(connection: Connection) -> list[str]:
    # One step in the index for each connection, however many rows there are.
    found = await rows(
        connection,
        "with recursive c as (select min(connection) as name from journal union all"
        " select (select min(connection) from journal where connection > c.name) from c"
        " where c.name is not null) select name from c where name is not null",
    )
    return [row["name"] for row in found]


async def _rows(connection: Connection, name: str) -> AsyncIterator[list[tuple[Any, ...]]]:
    columns = ", ".join(_PLAIN.get(column, column) for column in COLUMNS)
    async with connection.cursor(name="journal", row_factory=tuple_row) as cursor:
        await cursor.execute(
            f"select {columns} from journal where connection = %(name)s"  # noqa: S608 - our own constants
            " order by number, posted_at, id",
            {"name": name},
        )
        while batch := await cursor.fetchmany(_BATCH):
            yield batch


async def _postings(connection: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    found = await rows(
        connection,
        "select id, connection, external_id, kind || ' ' || remote_id as target, state,"
        " document -> 'lines' as lines"
        " from posting where id = any (%(ids)s)",
        {"ids": list(ids)},
    )
    return {row["id"]: row for row in found}


async def _unwritten(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Return the postings that exist, change something, and have no row."""
    return await rows(
        connection,
        "with silent as materialized (select id from posting as p"
        "  where connection = %(name)s and state in ('done', 'adopted')"
        "  and not exists (select 1 from journal as j where j.posting_id = p.id))"
        " select p.id, p.external_id, p.kind, p.remote_id, p.settled_at"
        " from posting as p join silent using (id)"
        " where json_array_length(p.document -> 'lines') > 0 order by p.id limit %(most)s",
        {"name": name, "most": MOST},
    )


async def _tell_moved_from_changed(
    connection: Connection, name: str, broken: list[BrokenLink]
) -> None:
    """Name rows that changed places, or were copied, as that: they fit another number."""
    changed = {one.number for one in broken if one.how == "changed"}
    if not changed:
        return
    found = await rows(
        connection,
        "select j.number, b.number + 1 as place, exists (select 1 from journal as o"
        "  where o.connection = j.connection and o.number = b.number + 1) as is_taken"
        " from journal as j"
        " join journal as b on b.connection = j.connection and b.hash = j.previous_hash"
        " where j.connection = %(name)s and j.number = any (%(numbers)s)"
        " and b.number + 1 <> j.number",
        {"name": name, "numbers": list(changed)},
    )
    places = {row["number"]: row for row in found}
    for at, one in enumerate(broken):
        if one.how != "changed" or one.number not in places:
            continue
        place = places[one.number]["place"]
        is_copy = places[one.number]["is_taken"] and place not in changed
        broken[at] = msgspec.structs.replace(
            one,
            how="inserted" if is_copy else "reordered",
            sentence=f"it is a copy of row {place}"
            if is_copy
            else f"it was row {place} and was moved here",
        )
