"""The source's lines of a shipment: what must be posted, waiting or refused. All pure."""

from collections.abc import Sequence
from datetime import date

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.tracking import delivery
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts, moment
from ml_connector.ledger.postings.documents import SourceLine
from ml_connector.rules.posting_dates import local_day, needed_day


def source_lines(facts: TrackingFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return a line for each lot of units that left, each parcel and the delivery state."""
    if facts.shipment_id is None:
        return ()
    shipment = facts.shipment
    labelled_once = shipment.is_cancelled and shipment.shipped_at is not None
    if not (shipment.has_shipped or labelled_once):
        return ()
    day = local_day(moment(shipment), settings)
    lines: dict[str, SourceLine] = {}
    for unit in shipment.units:
        before = lines.get(unit.source_line)
        lines[unit.source_line] = SourceLine(
            source_line=unit.source_line,
            fact_date=day,
            sku=unit.sku,
            quantity=-unit.quantity + ((before.quantity or 0) if before else 0),
            center=shipment.center_id,
        )
    told = [*(parcel.source_line for parcel in shipment.parcels), delivery.SOURCE_LINE]
    return (*lines.values(), *(SourceLine(source_line=one, fact_date=day) for one in told))


def fact_date_of(shipment: ShipmentFact, settings: ConnectionSettings) -> date:
    """Return the day on which a shipment left, where the merchant is.

    Raises:
        NeedsHuman: ShipBob names no date at all.
    """
    return needed_day(moment(shipment), settings, of=f"shipment {shipment.id} left")
