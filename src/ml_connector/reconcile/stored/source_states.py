"""What is read back of a month's sources: lines not posted in full, and what explains them."""

from collections import defaultdict

import msgspec

from ml_connector.engine.flow import Flows
from ml_connector.engine.unread import TAKEN_AS_IT_IS
from ml_connector.ledger.decisions.decisions import DecidedAbout, NamedDocument
from ml_connector.ledger.postings.documents import UnitsInTransit
from ml_connector.reconcile.accepted import AcceptedSource
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.report import (
    SectionEquation,
)
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.compare.stopped import DOUBTS, StoppedSource
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.sections import Sections
from ml_connector.reconcile.stored import source_sql
from ml_connector.reconcile.stored.rows import document_of, fact_of
from ml_connector.reconcile.stored.session import StoredSession
from ml_connector.words import DocumentKind


async def states(on: StoredSession, sections: Sections) -> list[SourceState]:
    """Return the lines of sources that are not simply posted."""
    rows = await on.rows(source_sql.STATES)
    subjects = sorted({row["subject_id"] for row in rows if row["subject_id"]})
    documents: dict[tuple[int, str], list[DocumentRef]] = defaultdict(list)
    for row in await on.rows(source_sql.DOCUMENTS_OF, subjects=subjects):
        documents[row["subject_id"], row["name"]].append(document_of(row))
    return [
        SourceState(
            section=sections.of_fact(row["flow"], row["reason"]).key,
            fact=fact_of(row),
            posted=row["posted"],
            told=row["spoken_of"],
            skus=tuple(sorted({row["first_sku"], row["last_sku"]} - {None})),
            documents=tuple(sorted(documents.get((row["subject_id"], row["name"]), ()))),
        )
        for row in rows
    ]


async def handling(on: StoredSession) -> list[HandlingDocument]:
    """Return the documents of others that account for lines of the month, as decided."""
    return [
        HandlingDocument(
            decision=row["id"],
            flow=row["flow"],
            source=f"{row['word']} {row['key']}",
            then=document,
        )
        for row in await on.rows(source_sql.HANDLED)
        if (document := msgspec.convert(row["about"], DecidedAbout).document) is not None
    ]


async def resting(on: StoredSession) -> list[HandlingDocument]:
    """Return the documents because of which lines of the month are refused."""
    return [
        HandlingDocument(
            decision=0,
            flow=row["flow"],
            source=f"{row['word']} {row['key']}",
            then=msgspec.convert(row["document"], NamedDocument),
        )
        for row in await on.rows(source_sql.RESTING)
    ]


async def stopped(on: StoredSession) -> list[StoppedSource]:
    """Return the sources that stopped since what is posted of them may be wrong."""
    rows = await on.rows(source_sql.STOPPED, doubts=list(DOUBTS))
    return [msgspec.convert(row, StoppedSource) for row in rows]


async def accepted(on: StoredSession, flows: Flows) -> list[AcceptedSource]:
    """Return the sources that people took as they are."""
    rows = await on.rows(
        source_sql.ACCEPTED,
        sources=[flow.name for flow in flows.values() if flow.event_source != "person"],
        taken=TAKEN_AS_IT_IS.strip(),
    )
    return [msgspec.convert(row, AcceptedSource) for row in rows]


async def equations(on: StoredSession, sections: Sections) -> list[SectionEquation]:
    """Return line conservation by section and currency."""
    agreed = await on.rows(source_sql.EQUATIONS_AGREED)
    rows = [
        {**row, "posted_lines": row["lines"], "posted": row["source"], "never": ""}
        for row in agreed
    ]
    rows += await on.rows(source_sql.EQUATIONS, never=list(sections.never_posted))
    sums: dict[tuple[str, str], SectionEquation] = {}
    for row in rows:
        section = sections.of_fact(row.pop("flow"), row.pop("never")).key
        one = SectionEquation(section=section, **row)
        before = sums.get((section, one.currency))
        sums[section, one.currency] = one if before is None else before.plus(one)
    return [sums[key] for key in sorted(sums)]


async def in_transit(on: StoredSession, flows: Flows) -> list[InTransit]:
    """Return the units that were booked elsewhere than where they go, in the month or earlier."""
    moving = [
        flow.name
        for flow in flows.values()
        if any(prefix.kind is DocumentKind.INVENTORY_TRANSFER for prefix in flow.documents)
    ]
    found: list[InTransit] = []
    for row in await on.rows(source_sql.IN_TRANSIT, moving=moving):
        units = msgspec.json.decode(row["units"], type=UnitsInTransit)
        quantity = min(units.quantity, row["booked"])
        if quantity > 0:
            found.append(
                InTransit(
                    flow=row["flow"],
                    source=f"{flows[row['flow']].source} {row['key']}",
                    units=msgspec.structs.replace(units, quantity=quantity),
                    since=row["since"],
                )
            )
    return found
