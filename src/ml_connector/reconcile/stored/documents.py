"""Our documents as the journal has them, with NetSuite's lines beside them in SQL."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from ml_connector.reconcile.compare import document_pairs
from ml_connector.reconcile.compare.documents import tags
from ml_connector.reconcile.compare.report import Row, RowKey
from ml_connector.reconcile.compare.sides import JournalRow, Movement
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import document_sql
from ml_connector.reconcile.stored.session import StoredSession
from ml_connector.words import OUR_EXTERNAL_IDS


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A document of ours that the month's lines in NetSuite do not show."""

    external_id: str
    kind: str
    remote_id: str


class StoredDocuments:
    """The documents of one month on both sides: what agrees never leaves the database.

    Args:
        session: of a connection that nothing else uses.
        sections: the parts of the report.
    """

    def __init__(self, session: StoredSession, sections: Sections) -> None:
        self._session = session
        self._sections = sections

    async def begin(self) -> None:
        """Make room for NetSuite's lines."""
        await self._session.begin(document_sql.MOVEMENTS)

    async def add(self, movements: Iterable[Movement]) -> None:
        """Put lines of NetSuite beside the books."""
        await self._session.fill(
            "month_movement", document_sql.MOVEMENT_COLUMNS, map(_movement_row, movements)
        )

    async def compare(self) -> None:
        """Put the documents of both sides together, and set aside what does not agree."""
        make = self._session.make
        await make(document_sql.POSTINGS, "month_posting")
        await make(document_sql.FOREIGN, "month_movement")
        await make(document_sql.FOUND, "month_found")
        await make(document_sql.SUSPECT, "month_suspect")

    async def missing(self) -> list[Missing]:
        """Return the documents that NetSuite's lines do not show."""
        return [
            msgspec.convert(row, Missing) for row in await self._session.rows(document_sql.MISSING)
        ]

    async def add_looked_up(self, movements: Sequence[Movement]) -> None:
        """Add what was looked up, but for what the month has shown already.

        A document without its external id is among those of others, and found by its id too.
        """
        shown = await self._session.rows(
            "select distinct id from month_movement where id = any (%(ids)s)",
            ids=sorted({one.id for one in movements}),
        )
        known = {row["id"] for row in shown}
        added = [one for one in movements if one.id not in known]
        await self.add(added)
        ids = sorted({one.id for one in added})
        await self._session.make(document_sql.MORE_FOUND, "month_found", ids=ids)
        await self._session.make(document_sql.LOOKED_UP, "month_suspect", ids=ids)

    async def settle(self) -> None:
        """Set aside what does not agree after all that was looked up, with its lines."""
        make = self._session.make
        await make(document_sql.MORE_POSTINGS, "month_posting")
        memos = await self._session.rows(
            "select distinct memo from month_movement where not ours and memo like '%%[mlc-%%'",
        )
        tagged = sorted({tag for row in memos for tag in tags(row["memo"])})
        await make(document_sql.RAW, "month_raw", tagged=tagged)
        await make(document_sql.RAW_ENTRY, "month_raw_entry")

    async def posted(self) -> list[document_pairs.PostedDocument]:
        """Return our documents that do not simply agree."""
        found = await self._session.rows(document_sql.RAW_ENTRIES)
        return document_pairs.posted_documents(
            (msgspec.convert(row, JournalRow) for row in found), self._sections
        )

    async def movements(self) -> list[Movement]:
        """Return NetSuite's lines of those, and of what others moved."""
        found = await self._session.rows(document_sql.RAW_MOVEMENTS)
        return [msgspec.convert(row, Movement) for row in found]

    async def counted(self) -> int:
        """Return how many documents of ours the journal dates in the month."""
        [row] = await self._session.rows(document_sql.DOCUMENT_COUNT)
        return int(row["documents"])

    async def not_agreed(self) -> list[tuple[RowKey, Row]]:
        """Return what of the journal's sums NetSuite has not simply as well."""
        return [
            (
                RowKey(
                    self._sections.of_entry(row["flow"], row["kind"]).key,
                    row["what"],
                    row["place"],
                    row["currency"],
                ),
                Row(netsuite=-Decimal(row["value"])),
            )
            for row in await self._session.rows(document_sql.RAW_ROWS)
        ]


def _movement_row(line: Movement) -> Sequence[object]:
    return (
        *(line.id, line.line, line.type, line.date, line.number, line.external_id, line.memo),
        *(line.entity, line.created_from, line.order_type, line.item, line.item_name),
        *(line.location, line.quantity, line.amount, line.account, line.voided, line.posted),
        *(
            line.kit,
            bool(document_pairs.moving([line])),
            (line.external_id or "").startswith(OUR_EXTERNAL_IDS),
        ),
    )
