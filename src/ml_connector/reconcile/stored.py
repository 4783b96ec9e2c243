"""The stored side: journal, sources and refusals, with NetSuite's lines beside them in SQL."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from ml_connector.reconcile import (
    books,
    journal_lines,
    sections,
    source_statements,
    statements,
)
from ml_connector.reconcile.compare import Gathered, netsuite_rows
from ml_connector.reconcile.documents import tags
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.names import Names
from ml_connector.reconcile.report import (
    DocumentRef,
    Equation,
    Head,
    Report,
    Row,
    RowKey,
)
from ml_connector.reconcile.sides import Entry, Fact, Movement, Waiting
from ml_connector.reconcile.sources import SourceState
from ml_connector.storage import snapshots
from ml_connector.storage.database import Connection, connection_options, one, rows

_SETTINGS: Final = (
    "set statement_timeout = '600s'",
    "set work_mem = '128MB'",  # of one connection, while it makes a report
    "set temp_buffers = '64MB'",
    "set default_statistics_target = 10",
)


class LiveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source as ShipBob shows it now, where no run has seen it so."""

    flow: str
    key: str
    name: str
    currency: str
    fact_date: Any
    sku: str | None
    quantity: int | None
    amount: Decimal | None


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A document of ours that the month's lines in NetSuite do not show."""

    external_id: str
    kind: str
    remote_id: str


class Stored:
    """One connection's books of one month, on a database connection of its own.

    First the lines of the two systems are put beside them (``add_movements``,
    ``add_live``), then ``freeze`` takes one snapshot of the journal, and everything after
    it is of that snapshot.

    Args:
        url: of the database.
        on: a connection to it that nothing else uses.
        name: of the merchant's connection.
        month: which month.
        words: what each flow calls its subjects, such as ``wro``.
    """

    def __init__(
        self, url: str, on: Connection, name: str, month: Month, words: Mapping[str, str]
    ) -> None:
        self._url = url
        self._on = on
        self._month = month
        self._words = words
        self._snapshot = ""
        self._numbers = (0, 0)
        self._sections: dict[str, str] = {}
        self._parameters: dict[str, Any] = {
            "name": name,
            "first": month.first,
            "after": month.after,
            "kinds": list(sections.TYPES),
            "types": msgspec.json.encode(sections.TYPES).decode(),
        }

    async def begin(self) -> None:
        """Make room for the lines of the two systems."""
        for statement in (
            *_SETTINGS,
            statements.DROP,
            statements.MOVEMENTS,
            source_statements.LIVE,
        ):
            await rows(self._on, statement)
        await self._on.commit()

    async def add_movements(self, movements: Iterable[Movement]) -> None:
        """Put lines of NetSuite beside the books."""
        copy = sql.SQL("copy month_movement ({}) from stdin").format(
            sql.SQL(", ").join(map(sql.Identifier, statements.MOVEMENT_COLUMNS))
        )
        async with self._on.cursor() as cursor, cursor.copy(copy) as into:
            for one_of in movements:
                await into.write_row(_movement_row(one_of))
        await self._let_go()

    async def add_looked_up(self, movements: Sequence[Movement]) -> None:
        """Put what was looked up beside the books, but for what the month has shown already.

        A document without its external id is among those of others, and found by its id too.
        """
        shown = await rows(
            self._on,
            "select distinct id from month_movement where id = any (%(ids)s)",
            {"ids": sorted({one.id for one in movements})},
        )
        known = {row["id"] for row in shown}
        added = [one for one in movements if one.id not in known]
        await self.add_movements(added)
        ids = sorted({one.id for one in added})
        await self._make(statements.MORE_FOUND, "month_found", ids=ids)

    async def add_live(self, lines: Iterable[LiveLine]) -> None:
        """Put lines of ShipBob that no run has seen so beside the books."""
        copy = sql.SQL("copy month_live ({}) from stdin").format(
            sql.SQL(", ").join(map(sql.Identifier, source_statements.LIVE_COLUMNS))
        )
        async with self._on.cursor() as cursor, cursor.copy(copy) as into:
            for line in lines:
                await into.write_row(msgspec.structs.astuple(line))
        await self._let_go()

    async def _let_go(self) -> None:
        """End the transaction while the systems are still read, which may take long."""
        if not self._snapshot:
            await self._on.commit()

    async def freeze(self) -> tuple[Head, list[Missing]]:
        """Take the snapshot; return the chain's head, and what NetSuite did not show.

        A document that is posted from now on is not in it. So what is missing must be looked
        up by its ids before it is called deleted: it may have been posted while the month's
        lines were read.
        """
        await self._on.commit()
        self._snapshot = await snapshots.take(self._on)
        last = await one(
            self._on,
            "select number, hash from journal where connection = %(name)s"
            " order by number desc limit 1",
            self._parameters,
        )
        await self._make(statements.POSTINGS, "month_posting")
        await self._make(statements.FOREIGN, "month_movement")
        await self._make(statements.FOUND, "month_found")
        found = await rows(self._on, statements.MISSING, self._parameters)
        head = Head(number=last["number"], hash=last["hash"]) if last else Head()
        return head, [msgspec.convert(row, Missing) for row in found]

    async def gather(self, skus: Mapping[str, str]) -> Gathered:
        """Return the sides, with what agrees summed up.

        Args:
            skus: ShipBob's SKU to NetSuite's item name, where they differ.
        """
        await self._make(statements.MORE_POSTINGS, "month_posting")
        memos = await rows(
            self._on,
            "select distinct memo from month_movement where not ours and memo like '%[mlc-%'",
        )
        tagged = sorted({tag for row in memos for tag in tags(row["memo"])})
        await self._make(statements.RAW, "month_raw", tagged=tagged)
        await self._make(statements.RAW_ENTRY, "month_raw_entry")
        posted = books.posted_documents(await self._entries(statements.RAW_ENTRIES))
        movements = [
            msgspec.convert(row, Movement)
            for row in await rows(self._on, statements.RAW_MOVEMENTS)
        ]
        found = books.found_documents(movements)
        names = await self._names(skus, posted, movements)
        [counted] = await rows(self._on, statements.DOCUMENT_COUNT, self._parameters)
        journal, journal_rows = await self._journal_rows()
        await self._sources()
        return Gathered(
            states=await self._states(),
            posted=posted,
            found=found,
            names=names,
            rows=[*journal, *netsuite_rows(self._month, posted, found, names)],
            equations=await self._equations(),
            cut_off=await self._entries(statements.CUT_OFF),
            journal_rows=journal_rows,
            documents=counted["documents"],
        )

    async def _make(self, statement: str, table: str, **more: object) -> None:
        """Make a table and let the planner know what is in it: nobody else does."""
        await rows(self._on, statement, {**self._parameters, **more})
        await rows(self._on, f"analyze {table}")

    async def write_lines(self, report: Report, path: Path) -> None:
        """Write every journal row of the month as CSV, each with its document's verdict.

        Raises:
            OSError: the file can't be written.
        """
        kinds: dict[str, set[str]] = defaultdict(set)
        for difference in report.open:
            if difference.external_id:
                kinds[difference.external_id].add(difference.kind)
        await journal_lines.write(
            self._url,
            self._snapshot,
            {**self._parameters, "sections": msgspec.json.encode(self._sections).decode()},
            [(document, " ".join(sorted(found))) for document, found in sorted(kinds.items())],
            path,
            lowest=self._numbers[0],
            highest=self._numbers[1],
        )

    async def _entries(self, statement: str) -> list[Entry]:
        return [
            msgspec.convert(row, Entry)
            for row in await rows(self._on, statement, self._parameters)
        ]

    async def _names(
        self,
        skus: Mapping[str, str],
        posted: Sequence[books.PostedDocument],
        movements: Sequence[Movement],
    ) -> Names:
        entries = [entry for document in posted for entry in document.entries]
        items = sorted({line.item for line in movements if line.item is not None})
        wanted = {**self._parameters, "items": items}
        known = await rows(self._on, statements.SKUS, wanted) if items else []
        return Names.learn(entries, movements, skus, {row["item"]: row["sku"] for row in known})

    async def _journal_rows(self) -> tuple[list[tuple[RowKey, Row]], int]:
        # Few places, each with many rows: to sort them all first takes three times as long, and
        # the planner can't know.
        await rows(self._on, "set enable_sort = off")
        found = await rows(self._on, statements.JOURNAL_ROWS, self._parameters)
        await rows(self._on, "reset enable_sort")
        numbered = [row for row in found if row["lowest"] is not None]
        self._numbers = (
            min((row["lowest"] for row in numbered), default=0),
            max((row["highest"] for row in numbered), default=0),
        )
        self._sections = {
            f"{row['flow']} {row['kind']}": sections.of_entry(row["flow"], row["kind"]).key
            for row in found
        }
        table = [
            (
                RowKey(
                    sections.of_entry(row["flow"], row["kind"]).key,
                    row["what"],
                    row["place"],
                    row["currency"],
                ),
                Row(
                    shipbob=row["shipbob"],
                    later=row["later"],
                    earlier=row["earlier"],
                    journal=row["journal"],
                    netsuite=row["netsuite"] if row["kind"] in sections.TYPES else Decimal(0),
                ),
            )
            for row in found
        ]
        return table, sum(row["entries"] for row in found)

    async def _sources(self) -> None:
        words = {"flows": list(self._words), "sources": list(self._words.values())}
        await rows(self._on, source_statements.WORDS, words)
        await self._make(source_statements.SUBJECTS, "month_subject")
        await self._make(source_statements.RAW_SUBJECTS, "month_raw_subject")
        await self._make(source_statements.LINES, "month_line")
        await self._make(source_statements.BOOKED, "month_booked")
        await rows(self._on, source_statements.VANISHED, self._parameters)

    async def _states(self) -> list[SourceState]:
        found = await rows(self._on, source_statements.STATES)
        subjects = sorted({row["subject_id"] for row in found if row["subject_id"]})
        documents: dict[tuple[int, str], list[DocumentRef]] = defaultdict(list)
        for row in await rows(
            self._on, source_statements.DOCUMENTS_OF, {**self._parameters, "subjects": subjects}
        ):
            documents[row["subject_id"], row["name"]].append(
                DocumentRef(
                    type=sections.kind_name(row["kind"]),
                    id=row["remote_id"],
                    external_id=row["external_id"],
                    date=row["posting_date"].isoformat(),
                )
            )
        return [
            SourceState(
                fact=_fact(row),
                posted=row["posted"],
                told=row["spoken_of"],
                skus=tuple(sorted({row["first_sku"], row["last_sku"]} - {None})),
                documents=tuple(sorted(documents.get((row["subject_id"], row["name"]), ()))),
            )
            for row in found
        ]

    async def _equations(self) -> list[Equation]:
        agreed = await rows(self._on, source_statements.EQUATIONS_AGREED, self._parameters)
        found = [{**row, "posted_lines": row["lines"], "posted": row["source"]} for row in agreed]
        found += await rows(self._on, source_statements.EQUATIONS)
        sums: dict[tuple[str, str], Equation] = {}
        for row in found:
            read = Equation(section=sections.of_facts(row.pop("flow")).key, **row)
            before = sums.get((read.section, read.currency))
            sums[read.section, read.currency] = read if before is None else before.plus(read)
        return [sums[key] for key in sorted(sums)]


@asynccontextmanager
async def opened(
    url: str, name: str, month: Month, words: Mapping[str, str]
) -> AsyncGenerator[Stored]:
    """Open the stored books of a month, on a database connection of their own."""
    options = connection_options("ml-connector reconcile")
    connection = await psycopg.AsyncConnection[dict[str, Any]].connect(url, **options)
    async with connection:
        stored = Stored(url, connection, name, month, words)
        await stored.begin()
        yield stored
        await connection.rollback()


def _fact(row: Mapping[str, Any]) -> Fact:
    waiting = None
    if row["waits"]:
        waiting = Waiting(
            state=row["state"],
            cause=row["cause"] or "",
            sentence=row["sentence"] or "",
            remedy=row["remedy"] or "",
        )
    return Fact(
        flow=row["flow"],
        source=row["source"],
        source_line=row["name"],
        fact_date=row["fact_date"],
        sku=row["sku"],
        quantity=int(row["value"]) if row["moves"] and not row["money"] else None,
        amount=row["value"] if row["money"] else None,
        currency=row["currency"] or None,
        refused=row["refused"],
        reason=row["reason"],
        waiting=waiting,
        told=row["told"],
    )


def _movement_row(line: Movement) -> Sequence[object]:
    return (
        *(line.id, line.line, line.type, line.date, line.number, line.external_id, line.memo),
        *(line.entity, line.created_from, line.order_type, line.item, line.item_name),
        *(line.location, line.quantity, line.amount, line.account, line.voided, line.posted),
        *(line.kit, bool(books.moving([line])), (line.external_id or "").startswith(books.OURS)),
    )
