"""The stored side of a month, compared in SQL with the lines of both systems.

Two database connections work at the same time, in one snapshot: one on the journal's sums and
our documents, the other on the sources. Neither needs what the other makes. Whatever agrees
never leaves the database.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import psycopg
from psycopg.rows import dict_row

from ml_connector.engine.flow import Flows
from ml_connector.ledger.postings.documents import StockUnits
from ml_connector.reconcile.compare.compare import Gathered, accepted_row, netsuite_rows
from ml_connector.reconcile.compare.document_pairs import (
    PostedDocument,
    found_documents,
    places_of,
    posted_documents,
)
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.report import (
    Report,
    ReportedHead,
    Row,
    RowKey,
)
from ml_connector.reconcile.compare.sides import JournalRow, Movement
from ml_connector.reconcile.decision_rows import DecisionRows
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import (
    decided_sources,
    document_sql,
    journal_lines,
    journal_sql,
    others,
    source_sql,
    source_states,
    stock_sql,
)
from ml_connector.reconcile.stored.rows import (
    LiveLine,
    Missing,
    movement_row,
)
from ml_connector.reconcile.stored.session import StoredSession, together
from ml_connector.reconcile.tie_out.open_items import OpenStock, QuarantinedStock
from ml_connector.reconcile.transaction_types import TYPES
from ml_connector.rules.external_ids import tags
from ml_connector.storage import snapshots
from ml_connector.storage.connection_string import conninfo
from ml_connector.storage.database import Connection
from ml_connector.words import DocumentKind


class StoredMonth:
    """The stored journal, sources and refusals of one merchant's month.

    The methods are called in the order in which they stand here. ``add_movements`` and
    ``add_live`` put the lines of the two systems into tables beside them. ``freeze`` takes one
    snapshot, and everything after it is of that snapshot.

    Args:
        url: of the database.
        one: a connection to it that nothing else uses.
        other: another.
        name: of the merchant's connection.
        month: which month.
        flows: whose sources and documents are compared.
    """

    def __init__(
        self,
        url: str,
        one: Connection,
        other: Connection,
        *,
        name: str,
        month: Month,
        flows: Flows,
    ) -> None:
        self._url = url
        self._month = month
        self._flows = flows
        self._sections = Sections.of(flows)
        self._snapshot = ""
        self._parameters: dict[str, Any] = {
            "name": name,
            "first": month.first,
            "after": month.after,
            "kinds": list(TYPES),
            "types": msgspec.json.encode(dict(TYPES)).decode(),
        }
        self._journal = StoredSession(one, self._parameters)
        self._sources = StoredSession(other, self._parameters)
        # Set by ``freeze``: what journal_sql.NUMBERS says. Set by ``gather``: the key of the
        # section by "FLOW KIND".
        self._numbers: Mapping[str, int] = {}
        self._section_keys: dict[str, str] = {}

    async def begin(self) -> Self:
        """Make room for the lines of the two systems."""
        await self._journal.begin(document_sql.MOVEMENTS)
        await self._sources.begin(source_sql.LIVE)
        return self

    async def add_movements(self, movements: Iterable[Movement]) -> None:
        """Add lines of NetSuite."""
        await self._fill_movements(movements)
        # Reading the systems may take long: no transaction stays open meanwhile.
        await self._journal.on.commit()

    async def add_live(self, lines: Iterable[LiveLine]) -> None:
        """Add lines of ShipBob that no run has seen so."""
        await self._sources.fill(
            "month_live", source_sql.LIVE_COLUMNS, map(msgspec.structs.astuple, lines)
        )
        await self._sources.on.commit()

    async def freeze(self) -> tuple[ReportedHead, list[Missing]]:
        """Take the snapshot; return the chain's head, and what NetSuite did not show.

        A document that is posted from now on is not in it. So what is missing must be looked
        up by its ids before it is called deleted: it may have been posted while the month's
        lines were read.
        """
        await self._journal.on.commit()
        await self._sources.on.commit()
        self._snapshot = await snapshots.take(self._journal.on)
        await snapshots.share(self._sources.on, self._snapshot)
        last = await self._journal.rows(
            "select number, hash from journal where connection = %(name)s"
            " order by number desc limit 1",
        )
        await together(self._compare_documents(), self._compare_sources())
        head = (
            ReportedHead(number=last[0]["number"], hash=last[0]["hash"])
            if last
            else ReportedHead()
        )
        missing = await self._journal.rows(document_sql.MISSING)
        return head, [msgspec.convert(row, Missing) for row in missing]

    async def _compare_documents(self) -> None:
        """Sum the journal up; set aside the documents that do not agree."""
        # Few places, each with many rows: to sort them all first takes three times as long, and
        # the planner can't know.
        await self._journal.rows("set enable_sort = off")
        await self._journal.make(journal_sql.SUMMED, "month_summed")
        await self._journal.rows("reset enable_sort")
        [self._numbers] = await self._journal.rows(journal_sql.NUMBERS)
        await self._journal.make(document_sql.POSTINGS, "month_posting")
        await self._journal.make(document_sql.FOREIGN, "month_movement")
        await self._journal.make(document_sql.FOUND, "month_found")
        await self._journal.make(document_sql.SUSPECT, "month_suspect")

    async def _compare_sources(self) -> None:
        """Put what is said and what is booked together; set aside what is not the same."""
        flows = self._flows.values()
        await self._sources.rows(
            source_sql.WORDS,
            flows=[flow.name for flow in flows],
            sources=[flow.source for flow in flows],
        )
        await self._sources.make(source_sql.SAID, "month_said")
        await self._sources.make(source_sql.BOOKED_BY, "month_booked_by")
        await self._sources.make(source_sql.RAW_SUBJECTS, "month_raw_subject")
        await self._sources.make(source_sql.LINES, "month_line")
        await self._sources.make(source_sql.BOOKED, "month_booked")
        await self._sources.rows(source_sql.VANISHED)

    async def add_looked_up(self, movements: Sequence[Movement]) -> None:
        """Add what was looked up after the snapshot, but for what the month has shown already.

        A document without its external id is among those of others, and found by its id too.
        """
        shown = await self._journal.rows(
            "select distinct id from month_movement where id = any (%(ids)s)",
            ids=sorted({one.id for one in movements}),
        )
        known = {row["id"] for row in shown}
        added = [one for one in movements if one.id not in known]
        await self._fill_movements(added)
        ids = sorted({one.id for one in added})
        await self._journal.make(document_sql.MORE_FOUND, "month_found", ids=ids)
        await self._journal.make(document_sql.LOOKED_UP, "month_suspect", ids=ids)

    async def _fill_movements(self, movements: Iterable[Movement]) -> None:
        await self._journal.fill(
            "month_movement", document_sql.MOVEMENT_COLUMNS, map(movement_row, movements)
        )

    async def gather(self, skus: Mapping[str, str]) -> Gathered:
        """Return the sides, with what agrees summed up.

        Args:
            skus: ShipBob's SKU to NetSuite's item name, where they differ.
        """
        await self._set_aside()
        posted = await self._posted()
        movements = [
            msgspec.convert(row, Movement)
            for row in await self._journal.rows(document_sql.RAW_MOVEMENTS)
        ]
        found = found_documents(movements, self._sections)
        entries = [entry for document in posted for entry in document.entries]
        names = SkuNames.learn(entries, movements, skus, await self._skus(movements))
        sums = await self._journal.rows(journal_sql.ROWS)
        self._section_keys = {
            f"{row['flow']} {row['kind']}": self._row_key(row).section for row in sums
        }
        [count] = await self._journal.rows(document_sql.DOCUMENT_COUNT)
        remade = {
            row["external_id"]: row["remote_id"]
            for row in await self._journal.rows(document_sql.REMADE)
        }
        taken = await others.taken(self._journal)
        not_needed = await self._journal.rows(document_sql.NOT_NEEDED)
        corrected = await self._journal.rows(document_sql.CORRECTED)
        return Gathered(
            sections=self._sections,
            states=await source_states.states(self._sources, self._sections),
            posted=posted,
            found=found,
            names=names,
            rows=[
                *self._summed(sums),
                *await self._accepted(sums),
                *await self._not_agreed(),
                *netsuite_rows(self._month, posted, found, names, remade, taken=taken),
            ],
            taken=taken,
            equations=await source_states.equations(self._sources, self._sections),
            cut_off=await self._cut_off(),
            stopped=await source_states.stopped(self._sources),
            accepted=await source_states.accepted(self._sources, self._flows),
            in_transit=await source_states.in_transit(self._sources, self._flows),
            journal_rows=sum(row["entries"] for row in sums),
            documents=int(count["documents"]),
            remade=remade,
            not_needed=frozenset(row["external_id"] for row in not_needed),
            corrected={
                row["record"]: places_of(msgspec.convert(row["units"], list[StockUnits]))
                for row in corrected
            },
            known=await others.known(self._journal),
            separate=await others.separate(self._sources),
        )

    async def _set_aside(self) -> None:
        """Set aside what does not agree after all that was looked up, with its lines."""
        await self._journal.make(document_sql.MORE_POSTINGS, "month_posting")
        memos = await self._journal.rows(
            "select distinct memo from month_movement where not ours and memo like '%%[mlc-%%'",
        )
        tagged = sorted({tag for row in memos for tag in tags(row["memo"])})
        await self._journal.make(document_sql.RAW, "month_raw", tagged=tagged)
        await self._journal.make(document_sql.RAW_ENTRY, "month_raw_entry")

    async def _posted(self) -> list[PostedDocument]:
        """Return our documents that do not simply agree."""
        rows = await self._journal.rows(document_sql.RAW_ENTRIES)
        return posted_documents((msgspec.convert(row, JournalRow) for row in rows), self._sections)

    async def _skus(self, movements: Iterable[Movement]) -> dict[str, str]:
        """Return the SKU of each item that moved, where a journal row of the month has both."""
        return await self.skus_of({line.item for line in movements if line.item is not None})

    async def skus_of(self, item_ids: Collection[str]) -> dict[str, str]:
        """Return the SKU of each of these items, where a journal row of the month has both."""
        items = sorted(item_ids)
        rows = await self._journal.rows(journal_sql.SKUS, items=items) if items else []
        return {row["item"]: row["sku"] for row in rows}

    def _summed(self, sums: Iterable[Mapping[str, Any]]) -> Iterator[tuple[RowKey, Row]]:
        """Yield the journal's part of the table, as if NetSuite agreed with every document."""
        for row in sums:
            if row["kind"] == DocumentKind.ACCEPTED_DIFFERENCE:
                continue  # of the part of its difference
            yield (
                self._row_key(row),
                Row(
                    shipbob=row["shipbob"],
                    undone=row["undone"],
                    later=row["later"],
                    earlier=row["earlier"],
                    journal=row["journal"],
                    netsuite=row["journal"] if row["kind"] in TYPES else Decimal(0),
                ),
            )

    async def _accepted(self, sums: Sequence[Mapping[str, Any]]) -> list[tuple[RowKey, Row]]:
        """Return what people took as it is, in the parts of the report that showed it."""
        if all(row["kind"] != DocumentKind.ACCEPTED_DIFFERENCE for row in sums):
            return []
        lowest, highest = self._numbers["lowest"], self._numbers["highest"]
        rows = await self._journal.rows(journal_sql.ACCEPTED, lowest=lowest, highest=highest)
        return [
            (
                RowKey(
                    row["section"] or self._row_key(row).section,
                    row["what"],
                    row["place"],
                    row["currency"],
                ),
                accepted_row(row["value"]),
            )
            for row in rows
        ]

    async def _not_agreed(self) -> list[tuple[RowKey, Row]]:
        """Return the journal's sums that NetSuite does not simply have as well."""
        return [
            (self._row_key(row), Row(netsuite=-Decimal(row["value"])))
            for row in await self._journal.rows(document_sql.RAW_ROWS)
        ]

    def _row_key(self, row: Mapping[str, Any]) -> RowKey:
        section = self._sections.of_entry(row["flow"], row["kind"]).key
        return RowKey(section, row["what"], row["place"], row["currency"])

    async def _cut_off(self) -> list[JournalRow]:
        """Return the journal rows whose fact and posting lie in different months."""
        lowest, highest = self._numbers["cut_off_lowest"], self._numbers["cut_off_highest"]
        if not highest:
            return []
        rows = await self._journal.rows(journal_sql.CUT_OFF, lowest=lowest, highest=highest)
        return [msgspec.convert(row, JournalRow) for row in rows]

    async def handling(self) -> list[HandlingDocument]:
        """Return the documents of others that account for lines of the month, as decided."""
        return await source_states.handling(self._sources)

    async def resting(self) -> list[HandlingDocument]:
        """Return the documents because of which lines of the month are refused."""
        return await source_states.resting(self._sources)

    async def decided(self) -> list[DecisionRows]:
        """Return the decisions in force about sources of the month, with what is booked."""
        return await decided_sources.decided_rows(self._sources)

    async def open_stock(self) -> list[OpenStock]:
        """Return the units of the month's sources that are not posted."""
        rows = await self._sources.rows(source_sql.OPEN_STOCK)
        return [msgspec.convert(row, OpenStock) for row in rows]

    async def quarantined(self, location: str) -> list[QuarantinedStock]:
        """Return the units that the journal has at the location for what can't be sold."""
        rows = await self._journal.rows(stock_sql.QUARANTINED, quarantine=location)
        return [msgspec.convert(row, QuarantinedStock) for row in rows]

    async def write_lines(self, report: Report, path: Path) -> None:
        """Write every journal row of the month as CSV, each with its document's verdict.

        Raises:
            OSError: the file can't be written.
        """
        kinds: dict[str, set[str]] = defaultdict(set)
        for difference in report.open:
            if difference.external_id:
                kinds[difference.external_id].add(difference.kind)
        sections = msgspec.json.encode(self._section_keys).decode()
        await journal_lines.write(
            self._url,
            self._snapshot,
            {**self._parameters, "sections": sections},
            [(document, " ".join(sorted(found))) for document, found in sorted(kinds.items())],
            path,
            lowest=self._numbers["lowest"],
            highest=self._numbers["highest"],
        )


@asynccontextmanager
async def opened(url: str, name: str, month: Month, flows: Flows) -> AsyncGenerator[StoredMonth]:
    """Open what is stored of a month, on database connections of their own.

    Args:
        url: of the database.
        name: of the merchant's connection.
        month: which month.
        flows: whose sources and documents are compared.
    """
    told = conninfo(url, name="ml-connector reconcile")
    connect = partial(psycopg.AsyncConnection.connect, told, row_factory=dict_row)
    async with await connect() as one, await connect() as other:
        stored = StoredMonth(url, one, other, name=name, month=month, flows=flows)
        yield await stored.begin()
        await one.rollback()
        await other.rollback()
