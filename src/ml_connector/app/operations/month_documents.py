"""Documents that decisions and runs name, as NetSuite has them when a month is compared."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.sweep import tell
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import Unreadable
from ml_connector.flows.month_end import FLOW
from ml_connector.flows.month_end.facts import ROW
from ml_connector.ledger.decisions.decisions import KeptDecision, NamedDocument
from ml_connector.netsuite.dialect import MOST_IN_LIST
from ml_connector.reconcile.compare.compare import Gathered
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.in_transit import places_before
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.decided import DifferenceDecision
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.netsuite import taken_by_others
from ml_connector.rules.decisions.decided import document_now
from ml_connector.storage.database import Connection
from ml_connector.transport.spoiled import SpoiledRow, gather, gathering


async def as_they_are(
    named: Sequence[HandlingDocument], context: ConnectionContext
) -> list[HandlingDocument]:
    """Return documents of stock with what NetSuite has of them now."""
    now = await asyncio.gather(*(_now(one.then, context) for one in named))
    return [
        msgspec.structs.replace(one, unread=str(document))
        if isinstance(document, Unreadable)
        else msgspec.structs.replace(one, now=document)
        for one, document in zip(named, now, strict=True)
    ]


async def resting(
    named: Sequence[HandlingDocument], context: ConnectionContext
) -> list[HandlingDocument]:
    """Return documents of which those without units, such as bills, are only looked for."""
    others = [one for one in named if not one.then.units]
    there = await _are_there({one.then.id for one in others}, context) if others else ()
    return [
        *await as_they_are([one for one in named if one.then.units], context),
        *(
            msgspec.structs.replace(one, now=one.then if one.then.id in there else None)
            for one in others
        ),
    ]


async def with_what_was_taken(
    gathered: Gathered, month: Month, context: ConnectionContext
) -> Gathered:
    """Return the sides with what others took of units in transit before the month.

    NetSuite is asked only where such units were booked earlier.
    """
    taken: dict[tuple[str, str], Decimal] = {}
    places = places_before(gathered.in_transit, month)
    for location, (since, items) in sorted(places.items()):
        asked = sorted(items)
        for at in range(0, len(asked), MOST_IN_LIST):
            taken |= await taken_by_others(
                context.netsuite.query,
                asked[at : at + MOST_IN_LIST],
                location,
                first=since,
                before=month.first,
            )
    return msgspec.structs.replace(gathered, taken_before=taken) if taken else gathered


async def tell_unread(on: Connection, lanes: Lanes, report: Report) -> None:
    """Make an event of each document of which a row can't be read: its run names the path.

    What was told so already is no event again.

    Args:
        on: for writing.
        lanes: where the jobs go.
        report: that was made.
    """
    seen = [
        SweepResult(
            key=f"{ROW}{ref.id}",
            version=f"unreadable {hashlib.sha256(one.says.encode()).hexdigest()[:16]}",
        )
        for one in report.of(Kind.ROW_UNREADABLE)
        for ref in one.documents
        if ref.id
    ]
    if seen:
        await tell(on, lanes, report.connection, FLOW, seen, source="sweep")


async def of_decisions(
    made: Sequence[KeptDecision], context: ConnectionContext
) -> list[DifferenceDecision]:
    """Return decisions about differences, each with the document that it names."""
    found: list[DifferenceDecision] = []
    for one in made:
        document = await _now(one.about.document, context) if one.about.document else None
        if isinstance(document, Unreadable):
            found.append(DifferenceDecision(one, unread=str(document)))
        else:
            found.append(DifferenceDecision(one, document))
    return found


async def _are_there(ids: Collection[str], context: ConnectionContext) -> Collection[str]:
    """Return which documents are in NetSuite, be it in a row that can't be read."""
    spoiled: list[SpoiledRow] = []
    with gathering(spoiled):
        found = await context.reads.documents.changes(ids)
    gather(spoiled)
    return {*found, *(one.ids.get("id", "") for one in spoiled)}


async def _now(
    document: NamedDocument, context: ConnectionContext
) -> NamedDocument | Unreadable | None:
    try:
        return await document_now(document, context.reads)
    except Unreadable as error:
        return error
