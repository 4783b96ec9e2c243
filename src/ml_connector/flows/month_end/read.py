"""Reading what people decided about a difference."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from ml_connector.engine.flow import SweepResult
from ml_connector.flows.month_end.facts import FLOW_NAME, ROW, DifferenceFacts, StandingDifference
from ml_connector.ledger.postings.documents import Posted
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import item_fact, periods_from
from ml_connector.words import DecisionKind


async def read(key: str, reads: Reads) -> DifferenceFacts:
    """Read the decisions about a difference; NetSuite is only asked for a counter-document.

    Raises:
        Unreadable: it is of a document whose rows could not be read, and still can't be.
    """
    if key.startswith(ROW):
        await reads.documents.check_rows(key.removeprefix(ROW))
    decisions = tuple(
        StandingDifference(
            id=one.decision.id,
            kind=one.decision.kind,
            value=one.decision.value,
            difference=about,
            document=one.decision.about.document,
        )
        for one in await reads.decisions.standing(FLOW_NAME, key)
        if (about := one.decision.about.difference) is not None
    )
    facts = DifferenceFacts(key=key, decisions=decisions)
    corrected = [one.difference for one in decisions if one.kind is DecisionKind.CORRECT]
    if not corrected:
        return facts
    places = [one.location for one in corrected]
    places += [move.location for one in corrected for move in one.moves]
    items = await reads.items_by_id({one.item for one in corrected if one.item})
    return DifferenceFacts(
        key=key,
        decisions=decisions,
        items={item: item_fact(one) for item, one in items.items()},
        periods=await periods_from(min(one.day for one in corrected), reads),
        location_subsidiaries=dict(await reads.locations.subsidiaries(places)),
    )


async def missing(key: str, reads: Reads) -> str:
    """Return why nothing is known of a difference: nobody has decided about it."""
    if key.startswith(ROW) or await reads.decisions.standing(FLOW_NAME, key):
        return ""
    return f"Nobody has decided about a difference {key}. See ml-connector month decide."


async def confirm(
    facts: DifferenceFacts, posted: Sequence[Posted], reads: Reads
) -> DifferenceFacts:
    """Add what is booked of the difference."""
    del reads
    return replace(facts, booked=tuple(line for one in posted for line in one.lines))


async def sweep(
    reads: Reads, since: datetime, keys: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield nothing: only a person decides about a difference."""
    del reads, since, keys
    nobody: tuple[str, ...] = ()
    for key in nobody:
        yield SweepResult(key=key)
