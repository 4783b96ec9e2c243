"""Whether a person has to see to goods that no WRO announced. Pure."""

from collections.abc import Sequence

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.unidentified.facts import UnidentifiedFacts
from ml_connector.ledger.postings.documents import Plan, Posted, SourceLine
from ml_connector.rules.decisions.not_ours import not_ours_reason
from ml_connector.words import Cause


def plan(facts: UnidentifiedFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Post nothing: either a WRO takes care of the goods, or a person has to, or has.

    Raises:
        NeedsHuman: the goods belong to no WRO yet.
    """
    del posted
    if not facts.there:
        return Plan(note="ShipBob does not know it any more")
    if facts.linked_wro_id is not None:
        return Plan(note=f"Linked to WRO {facts.linked_wro_id}, which is received by itself")
    not_ours = not_ours_reason(facts.decisions)
    if not_ours:
        return Plan(note=not_ours)
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
    """Return none: nobody knows yet what is in the boxes."""
    del facts, settings
    return ()
