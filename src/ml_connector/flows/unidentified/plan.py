"""Unidentified stock: goods on ShipBob's dock that no WRO announced are shown to a person.

ShipBob calls them unidentified receiving orders (shipbob.md section 9.4). What is in them is
not known before somebody links them to a WRO, so nothing is booked and nothing is guessed;
once linked, the WRO is received like any other.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult, Waking
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.postings.documents import Plan, Posted, SourceLine
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause


class UnidentifiedFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one unidentified receiving order sees.

    Attributes:
        there: ShipBob still knows of it.
        linked_wro_id: the WRO it was found to belong to.
    """

    uro_id: int
    there: bool
    reason: str = ""
    comment: str = ""
    barcode: str = ""
    tracking: str = ""
    found_at: datetime | None = None
    linked_wro_id: int | None = None


async def read(key: str, reads: Reads) -> UnidentifiedFacts:
    """Read one unidentified receiving order."""
    uro = await reads.unidentified.get(int(key))
    if uro is None:
        return UnidentifiedFacts(uro_id=int(key), there=False)
    return UnidentifiedFacts(
        uro_id=uro.id,
        there=True,
        reason=uro.reason or "",
        comment=uro.comment or "",
        barcode=uro.barcode or "",
        tracking=uro.tracking_barcode or "",
        found_at=uro.created_date,
        linked_wro_id=uro.linked_wro_id or None,
    )


def plan(facts: UnidentifiedFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Post nothing: either a WRO takes care of the goods, or a person has to.

    Raises:
        NeedsHuman: the goods belong to no WRO yet.
    """
    del posted
    if not facts.there:
        return Plan(note="ShipBob does not know it any more")
    if facts.linked_wro_id is not None:
        return Plan(note=f"Linked to WRO {facts.linked_wro_id}, which is received by itself")
    said = ", ".join(
        part
        for part in (
            facts.reason and f"reason {facts.reason}",
            facts.comment and f'"{facts.comment[:200]}"',
            facts.tracking and f"tracking {facts.tracking}",
            facts.found_at and f"since {facts.found_at.astimezone(settings.schedule.zone).date()}",
        )
        if part
    )
    raise NeedsHuman(
        f"ShipBob holds goods that no WRO announced: unidentified receiving order {facts.uro_id}"
        f" ({facts.barcode or 'no barcode'}{', ' if said else ''}{said})",
        cause=Cause.UNIDENTIFIED_STOCK,
        remedy=(
            "Find out whose they are, and link them to a WRO at ShipBob, with the number of the"
            " purchase order on it where there is one. Nothing is booked before."
        ),
        waiting_for=[AwaitedKind.URO.named(facts.uro_id)],
    )


def source_lines(facts: UnidentifiedFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return none: what is in the boxes is not known."""
    del facts, settings
    return ()


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield all that are not completed, however old."""
    del since
    async for uro in reads.unidentified.open():
        yield SweepResult(key=str(uro.id), version=f"{uro.linked_wro_id or 0}")


async def linked_or_gone(reads: Reads, numbers: Collection[str]) -> set[str]:
    """Return the unidentified receiving orders that have a WRO now, or are no more."""
    appeared: set[str] = set()
    for number in numbers:
        uro = await reads.unidentified.get(int(number))
        if uro is None or uro.linked_wro_id:
            appeared.add(number)
    return appeared


FLOW: Final = Flow(
    name="unidentified",
    source="unidentified receiving order",
    topics=frozenset(),
    rules="unidentified-1",
    facts=UnidentifiedFacts,
    read=read,
    plan=plan,
    source_lines=source_lines,
    schedule="sweep",
    sweep=sweep,
    wakings=(Waking(kind=AwaitedKind.URO, appeared=linked_or_gone),),
)
