"""The journal's proof: no row was changed, removed, put in, reordered or cut off.

Three witnesses are asked. The *chain*: each row's hash is of its own columns and of the row
before. The *noted heads*: the chain still goes through every end that was noted outside the
database, so it was neither cut off nor written anew from some row on. The *postings*: each
row is a line of a document that was posted, and each line of such a document has its row.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, Literal

import msgspec
from psycopg.rows import tuple_row

from ml_connector.ledger.documents import JournalLine
from ml_connector.ledger.journal import COLUMNS, GENESIS, HASHED, Head, plain
from ml_connector.ledger.noted_heads import NotedHead
from ml_connector.storage.database import Connection, Database, rows

How = Literal["changed", "removed", "inserted", "reordered", "cut off", "rewritten"]

_BATCH: Final = 5_000
MOST: Final = 100
"""So many broken rows of a connection are named; one is enough to know."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and where.

    Attributes:
        number: of the row in its connection's journal.
    """

    connection: str
    number: int
    how: How
    sentence: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the witnesses say of one connection's journal.

    Attributes:
        rows: so many were looked at.
        head: the last row's number and hash; None when there is no row.
        heads_met: so many noted heads lie on the chain.
        broken: by number; empty when all is well.
    """

    connection: str
    rows: int
    head: Head | None
    heads_met: int
    broken: tuple[Broken, ...]


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
) -> list[Verdict]:
    """Prove the journals of these connections.

    Everything is read in one snapshot, in batches: memory does not grow with the journal.

    Args:
        database: the books.
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
        verdicts: list[Verdict] = []
        before = 0
        for name in wanted:
            witness = _Witness(name, heads.get(name, ()))
            async for batch in _rows(connection, name):
                postings = await _postings(connection, {row[_POSTING] for row in batch})
                for row in batch:
                    witness.see(row, postings)
                if progress is not None:
                    progress(before + witness.rows, max(about, before + witness.rows))
            before += witness.rows
            witness.end(kept.get(name), await _unwritten(connection, name))
            await _tell_moved_from_changed(connection, name, witness.broken)
            verdicts.append(witness.verdict())
    return verdicts


_POSTING: Final = HASHED.index("posting_id")
_NUMBER: Final = HASHED.index("number")
_PREVIOUS: Final = HASHED.index("previous_hash")
_TARGET: Final = HASHED.index("target")
_EXTERNAL_ID: Final = HASHED.index("external_id")
_FIRST_LATER: Final = len(HASHED)
_HASH: Final = len(COLUMNS) - 1
_LINE: Final = tuple(JournalLine.__struct_fields__)
_as_said: Final = itemgetter(*(COLUMNS.index(name) for name in _LINE))

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


class _Witness:
    """Looks at one connection's rows in their order."""

    def __init__(self, name: str, noted: Sequence[NotedHead]) -> None:
        self.name = name
        self.rows = 0
        self.broken: list[Broken] = []
        self._noted: dict[int, list[NotedHead]] = defaultdict(list)
        for one in noted:
            self._noted[one.number].append(one)
        self._met = 0
        self._number = 0
        self._previous = GENESIS
        self._posting = 0
        self._lines: list[tuple[Any, ...]] = []
        self._told_of = 0
        self._seen: set[int] = set()
        self._met_up_to = 0

    def see(self, row: tuple[Any, ...], postings: Mapping[int, Mapping[str, Any]]) -> None:
        """Look at the next row."""
        self.rows += 1
        number = row[_NUMBER]
        good = self._in_order(row, number)
        good = self._linked(row, number) and good
        self._a_line_of_its_posting(row, number, postings, told=not good)
        for one in self._noted.pop(number, ()):
            if one.hash == row[_HASH]:
                self._met += 1
                self._met_up_to = number
            else:
                self._rewritten(one, number)
        self._number = max(number, self._number)
        self._previous = row[_HASH]

    def end(self, kept: Head | None, unwritten: Sequence[Mapping[str, Any]]) -> None:
        """Look at what should be there and is not."""
        beyond = [one for number in sorted(self._noted) for one in self._noted[number]]
        last = max((one.number for one in beyond), default=0)
        if last > self._number:
            farthest = next(one for one in beyond if one.number == last)
            self._cut_off(
                last, f"row {last} was noted on {farthest.at:%Y-%m-%d %H:%M} UTC by {farthest.by}"
            )
        elif kept is not None and kept.number > self._number:
            self._cut_off(kept.number, f"the database's own note says that row {kept.number} is")
        elif kept is not None and (kept.number, kept.hash) != (self._number, self._previous):
            self._breaks(
                self._number,
                "inserted",
                "it goes beyond the end that the database's own note says",
            )
        self._posting_ends(self._number + 1)
        for one in unwritten:
            self._breaks(
                self._number + 1,
                "removed",
                f"{one['kind']} {one['remote_id']} ({one['external_id']}) was posted and has no"
                " row",
            )

    def verdict(self) -> Verdict:
        """Return what was found."""
        last = Head(connection=self.name, number=self._number, hash=self._previous)
        return Verdict(
            connection=self.name,
            rows=self.rows,
            head=last if self.rows else None,
            heads_met=self._met,
            broken=tuple(sorted(self.broken, key=lambda one: one.number)),
        )

    def _in_order(self, row: tuple[Any, ...], number: int) -> bool:
        if number == self._number + 1:
            return True
        if number > self._number + 1:
            first, last = self._number + 1, number - 1
            some = f"rows {first} to {last} are" if last > first else "it is"
            self._breaks(first, "removed", f"{some} missing")
            self._previous = row[_PREVIOUS]  # what was removed is said; go on from here
            return True
        self._breaks(number, "inserted", "there are two rows with this number")
        return False

    def _linked(self, row: tuple[Any, ...], number: int) -> bool:
        values = list(row[:_FIRST_LATER])
        later = row[_FIRST_LATER:_HASH]
        if any(value is not None for value in later):
            values += later
        own = hashlib.sha256(msgspec.json.encode(values)).hexdigest()
        if own != row[_HASH]:
            self._breaks(number, "changed", "its hash is not that of what it says")
            return False
        if row[_PREVIOUS] != self._previous:
            if not self.broken or self.broken[-1].number != number - 1:
                self._breaks(
                    number,
                    "reordered",
                    f"it does not continue row {number - 1}: that row was changed together with"
                    " its hash, or this row was not written after it",
                )
            return False
        return True

    def _a_line_of_its_posting(
        self,
        row: tuple[Any, ...],
        number: int,
        postings: Mapping[int, Mapping[str, Any]],
        *,
        told: bool,
    ) -> None:
        posting_id = row[_POSTING]
        if posting_id != self._posting:
            self._posting_ends(number)
            self._posting = posting_id
            posting = postings.get(posting_id)
            self._lines = [_meant(line) for line in posting["lines"] or ()] if posting else []
            self._told_of = 0
            if posting is None or posting["connection"] != self.name or posting_id in self._seen:
                self._lines = []
                if not told:
                    why = "a second time" if posting_id in self._seen else "that does not exist"
                    self._breaks(number, "inserted", f"it is of posting {posting_id} {why}")
                return
            self._seen.add(posting_id)
        if self._told_of >= len(self._lines):
            if not told and self._lines:
                self._breaks(
                    number, "inserted", f"posting {posting_id} has only {self._told_of} lines"
                )
            return
        line = self._lines[self._told_of]
        self._told_of += 1
        posting = postings[posting_id]
        said = _as_said(row)
        if (
            said == line
            and row[_EXTERNAL_ID] == posting["external_id"]
            and row[_TARGET] == posting["target"]
        ):
            return
        differs = [
            name for name, one, other in zip(_LINE, said, line, strict=True) if one != other
        ]
        if row[_EXTERNAL_ID] != posting["external_id"]:
            differs.append("external_id")
        if row[_TARGET] != posting["target"]:
            differs.append("target")
        if not told:
            self._breaks(
                number,
                "changed",
                f"{', '.join(differs)} not as posting {posting_id} ({posting['external_id']})"
                " says",
            )

    def _posting_ends(self, number: int) -> None:
        missing = len(self._lines) - self._told_of
        if missing > 0 and not any(one.number >= number - 1 for one in self.broken):
            self._breaks(
                number, "removed", f"posting {self._posting} has {missing} more lines than rows"
            )

    def _rewritten(self, one: NotedHead, number: int) -> None:
        if any(self._met_up_to < found.number <= number for found in self.broken):
            return  # named already, by what it says
        first = self._met_up_to + 1
        some = f"rows {first} to {number}" if number > first else "it"
        self._breaks(
            first,
            "rewritten",
            f"{some} and all hashes after were written anew: row {number} had another hash when"
            f" it was noted on {one.at:%Y-%m-%d %H:%M} UTC by {one.by}",
        )

    def _cut_off(self, last: int, witness: str) -> None:
        first = self._number + 1
        some = f"rows {first} to {last} are" if last > first else "it is"
        self._breaks(first, "cut off", f"{some} missing at the end, but {witness} there")

    def _breaks(self, number: int, how: How, sentence: str) -> None:
        if len(self.broken) < MOST:
            self.broken.append(
                Broken(connection=self.name, number=number, how=how, sentence=sentence)
            )


def _meant(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a line of a document as its row should say it."""
    if line.get("amount") is not None:
        line = {**line, "amount": plain(Decimal(line["amount"]))}
    return tuple(map(line.get, _LINE))


async def _tell_moved_from_changed(
    connection: Connection, name: str, broken: list[Broken]
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
