"""The lines of sources beside what the journal booked of them, in SQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.engine.flow import Flows
from ml_connector.reconcile.compare.report import DocumentRef, SectionEquation
from ml_connector.reconcile.compare.sides import Fact, Waiting
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import source_sql
from ml_connector.reconcile.stored.session import StoredSession
from ml_connector.reconcile.transaction_types import kind_name


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


class StoredSources:
    """The sources of one month: what is simply posted never leaves the database.

    Args:
        session: of a connection that nothing else uses.
        flows: for what each calls its subjects, such as ``wro``.
        sections: the parts of the report.
    """

    def __init__(self, session: StoredSession, flows: Flows, sections: Sections) -> None:
        self._session = session
        self._flows = flows
        self._sections = sections

    async def begin(self) -> None:
        """Make room for ShipBob's lines."""
        await self._session.begin(source_sql.LIVE)

    async def add_live(self, lines: Iterable[LiveLine]) -> None:
        """Put lines of ShipBob that no run has seen so beside the books."""
        await self._session.fill(
            "month_live", source_sql.LIVE_COLUMNS, map(msgspec.structs.astuple, lines)
        )

    async def compare(self) -> None:
        """Put what is said and what is booked together, and set aside what is not the same."""
        make = self._session.make
        flows = self._flows.values()
        words = {
            "flows": [flow.name for flow in flows],
            "sources": [flow.source for flow in flows],
        }
        await self._session.rows(source_sql.WORDS, **words)
        await make(source_sql.SAID, "month_said")
        await make(source_sql.BOOKED_BY, "month_booked_by")
        await make(source_sql.RAW_SUBJECTS, "month_raw_subject")
        await make(source_sql.LINES, "month_line")
        await make(source_sql.BOOKED, "month_booked")
        await self._session.rows(source_sql.VANISHED)

    async def states(self) -> list[SourceState]:
        """Return the lines that are not simply posted."""
        found = await self._session.rows(source_sql.STATES)
        subjects = sorted({row["subject_id"] for row in found if row["subject_id"]})
        documents: dict[tuple[int, str], list[DocumentRef]] = defaultdict(list)
        for row in await self._session.rows(source_sql.DOCUMENTS_OF, subjects=subjects):
            documents[row["subject_id"], row["name"]].append(
                DocumentRef(
                    type=kind_name(row["kind"]),
                    id=row["remote_id"],
                    external_id=row["external_id"],
                    date=row["posting_date"].isoformat(),
                )
            )
        return [
            SourceState(
                section=self._sections.of_facts(row["flow"]).key,
                fact=_fact(row),
                posted=row["posted"],
                told=row["spoken_of"],
                skus=tuple(sorted({row["first_sku"], row["last_sku"]} - {None})),
                documents=tuple(sorted(documents.get((row["subject_id"], row["name"]), ()))),
            )
            for row in found
        ]

    async def equations(self) -> list[SectionEquation]:
        """Return line conservation by section and currency."""
        agreed = await self._session.rows(source_sql.EQUATIONS_AGREED)
        found = [{**row, "posted_lines": row["lines"], "posted": row["source"]} for row in agreed]
        found += await self._session.rows(source_sql.EQUATIONS)
        sums: dict[tuple[str, str], SectionEquation] = {}
        for row in found:
            read = SectionEquation(section=self._sections.of_facts(row.pop("flow")).key, **row)
            before = sums.get((read.section, read.currency))
            sums[read.section, read.currency] = read if before is None else before.plus(read)
        return [sums[key] for key in sorted(sums)]


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
