"""The journal's rows of a month, summed in SQL."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.reconcile.compare.report import Row, RowKey
from ml_connector.reconcile.compare.sides import JournalRow
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import journal_sql
from ml_connector.reconcile.stored.session import StoredSession
from ml_connector.reconcile.transaction_types import TYPES


class StoredJournal:
    """The sums of one month's journal rows.

    Args:
        session: of a connection that sees the report's snapshot.
        sections: the parts of the report.

    Attributes:
        count: of the rows that are posted with a date in the month.
        lowest: number of the first row of the month.
        highest: number of the last.
        places: the key of the section of ``FLOW KIND``.
    """

    def __init__(self, session: StoredSession, sections: Sections) -> None:
        self._session = session
        self._sections = sections
        self._cut_off = (0, 0)
        self.count = 0
        self.lowest = self.highest = 0
        self.places: dict[str, str] = {}

    async def sum_up(self) -> None:
        """Sum the rows up in one pass."""
        # Few places, each with many rows: to sort them all first takes three times as long, and
        # the planner can't know.
        await self._session.rows("set enable_sort = off")
        await self._session.make(journal_sql.SUMMED, "month_summed")
        await self._session.rows("reset enable_sort")
        [row] = await self._session.rows(journal_sql.NUMBERS)
        self.lowest, self.highest = row["lowest"], row["highest"]
        self._cut_off = (row["cut_off_lowest"], row["cut_off_highest"])

    async def rows(self) -> list[tuple[RowKey, Row]]:
        """Return the table of all parts, as if NetSuite agreed with every document."""
        found = await self._session.rows(journal_sql.ROWS)
        self.count = sum(row["entries"] for row in found)
        self.places = {
            f"{row['flow']} {row['kind']}": self._sections.of_entry(row["flow"], row["kind"]).key
            for row in found
        }
        return [
            (
                RowKey(
                    self.places[f"{row['flow']} {row['kind']}"],
                    row["what"],
                    row["place"],
                    row["currency"],
                ),
                Row(
                    shipbob=row["shipbob"],
                    later=row["later"],
                    earlier=row["earlier"],
                    journal=row["journal"],
                    netsuite=row["journal"] if row["kind"] in TYPES else Decimal(0),
                ),
            )
            for row in found
        ]

    async def cut_off(self) -> list[JournalRow]:
        """Return the rows whose fact and posting lie in different months."""
        lowest, highest = self._cut_off
        if not highest:
            return []
        found = await self._session.rows(journal_sql.CUT_OFF, lowest=lowest, highest=highest)
        return [msgspec.convert(row, JournalRow) for row in found]

    async def skus(self, items: Sequence[str]) -> dict[str, str]:
        """Return the SKU of each of these items, where a row of the month has both."""
        found = await self._session.rows(journal_sql.SKUS, items=items) if items else []
        return {row["item"]: row["sku"] for row in found}
