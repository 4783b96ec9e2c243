"""The stored side of a report: journal, sources and refusals, with both systems beside them.

Two connections work at the same time, in one snapshot: one on the journal's sums and our
documents, the other on the sources. Neither needs what the other makes.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import psycopg

from ml_connector.engine.flow import Flows
from ml_connector.reconcile.compare import document_pairs
from ml_connector.reconcile.compare.compare import Gathered, netsuite_rows
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.report import Report, ReportedHead
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import journal_lines
from ml_connector.reconcile.stored.documents import Missing, StoredDocuments
from ml_connector.reconcile.stored.journal import StoredJournal
from ml_connector.reconcile.stored.session import StoredSession, together
from ml_connector.reconcile.stored.sources import LiveLine, StoredSources
from ml_connector.reconcile.transaction_types import TYPES
from ml_connector.storage import snapshots
from ml_connector.storage.database import Connection, connection_options


class StoredMonth:
    """One connection's books of one month, on database connections of their own.

    First the lines of the two systems are put beside them (``add_movements``,
    ``add_live``), then ``freeze`` takes one snapshot of the journal, and everything after
    it is of that snapshot.

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
        self._sections = Sections.of(flows)
        self._snapshot = ""
        self._parameters: dict[str, Any] = {
            "name": name,
            "first": month.first,
            "after": month.after,
            "kinds": list(TYPES),
            "types": msgspec.json.encode(dict(TYPES)).decode(),
        }
        self._one = StoredSession(one, self._parameters)
        self._other = StoredSession(other, self._parameters)
        self._documents = StoredDocuments(self._one, self._sections)
        self._journal = StoredJournal(self._one, self._sections)
        self._sources = StoredSources(self._other, flows, self._sections)

    async def begin(self) -> Self:
        """Make room for the lines of the two systems."""
        await self._documents.begin()
        await self._sources.begin()
        return self

    async def add_movements(self, movements: Iterable[Movement]) -> None:
        """Put lines of NetSuite beside the books."""
        await self._documents.add(movements)
        await self._let_go(self._one)

    async def add_looked_up(self, movements: Sequence[Movement]) -> None:
        """Put what was looked up beside the books, after the snapshot was taken."""
        await self._documents.add_looked_up(movements)

    async def add_live(self, lines: Iterable[LiveLine]) -> None:
        """Put lines of ShipBob that no run has seen so beside the books."""
        await self._sources.add_live(lines)
        await self._let_go(self._other)

    async def _let_go(self, session: StoredSession) -> None:
        """End the transaction while the systems are still read, which may take long."""
        if not self._snapshot:
            await session.on.commit()

    async def freeze(self) -> tuple[ReportedHead, list[Missing]]:
        """Take the snapshot; return the chain's head, and what NetSuite did not show.

        A document that is posted from now on is not in it. So what is missing must be looked
        up by its ids before it is called deleted: it may have been posted while the month's
        lines were read.
        """
        await self._one.on.commit()
        await self._other.on.commit()
        self._snapshot = await snapshots.take(self._one.on)
        await snapshots.share(self._other.on, self._snapshot)
        last = await self._one.rows(
            "select number, hash from journal where connection = %(name)s"
            " order by number desc limit 1",
        )
        await together(self._compare_documents(), self._sources.compare())
        head = (
            ReportedHead(number=last[0]["number"], hash=last[0]["hash"])
            if last
            else ReportedHead()
        )
        return head, await self._documents.missing()

    async def _compare_documents(self) -> None:
        await self._journal.sum_up()
        await self._documents.compare()

    async def gather(self, skus: Mapping[str, str]) -> Gathered:
        """Return the sides, with what agrees summed up.

        Args:
            skus: ShipBob's SKU to NetSuite's item name, where they differ.
        """
        await self._documents.settle()
        posted = await self._documents.posted()
        movements = await self._documents.movements()
        found = document_pairs.found_documents(movements, self._sections)
        names = await self._names(skus, posted, movements)
        journal = await self._journal.rows()
        return Gathered(
            sections=self._sections,
            states=await self._sources.states(),
            posted=posted,
            found=found,
            names=names,
            rows=[
                *journal,
                *await self._documents.not_agreed(),
                *netsuite_rows(self._month, posted, found, names),
            ],
            equations=await self._sources.equations(),
            cut_off=await self._journal.cut_off(),
            journal_rows=self._journal.count,
            documents=await self._documents.counted(),
        )

    async def write_lines(self, report: Report, path: Path) -> None:
        """Write every journal row of the month as CSV, each with its document's verdict.

        Raises:
            OSError: the file can't be written.
        """
        kinds: dict[str, set[str]] = defaultdict(set)
        for difference in report.open:
            if difference.external_id:
                kinds[difference.external_id].add(difference.kind)
        places = msgspec.json.encode(self._journal.places).decode()
        await journal_lines.write(
            self._url,
            self._snapshot,
            {**self._parameters, "sections": places},
            [(document, " ".join(sorted(found))) for document, found in sorted(kinds.items())],
            path,
            lowest=self._journal.lowest,
            highest=self._journal.highest,
        )

    async def _names(
        self,
        skus: Mapping[str, str],
        posted: Sequence[document_pairs.PostedDocument],
        movements: Sequence[Movement],
    ) -> SkuNames:
        entries = [entry for document in posted for entry in document.entries]
        items = sorted({line.item for line in movements if line.item is not None})
        return SkuNames.learn(entries, movements, skus, await self._journal.skus(items))


@asynccontextmanager
async def opened(url: str, name: str, month: Month, flows: Flows) -> AsyncGenerator[StoredMonth]:
    """Open what is stored of a month, on database connections of their own.

    Args:
        url: of the database.
        name: of the merchant's connection.
        month: which month.
        flows: whose sources and documents are compared.
    """
    connect = psycopg.AsyncConnection[dict[str, Any]].connect
    options = connection_options("ml-connector reconcile")
    async with await connect(url, **options) as one, await connect(url, **options) as other:
        stored = StoredMonth(url, one, other, name=name, month=month, flows=flows)
        yield await stored.begin()
        await one.rollback()
        await other.rollback()
