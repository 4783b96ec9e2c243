"""The source's lines of a shipment: what must be posted, waiting or refused. All pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.tracking import delivery
from ml_connector.flows.tracking.facts import PARCEL, ShipmentFact, TrackingFacts, moment
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.ledger.postings.documents import Posted, RefusedUnits, SourceLine
from ml_connector.netsuite.records.tracking_numbers import compared_number
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.rules.posting_dates import local_day, needed_day
from ml_connector.rules.refused import refused


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


def left_off(lines: Sequence[SourceLine], reasons: Mapping[str, str]) -> tuple[RefusedUnits, ...]:
    """Return the lines that are on no fulfilment on purpose, as refused for these reasons."""
    return tuple(
        one
        for line in lines
        if line.source_line in reasons
        for one in refused([line], reasons[line.source_line])
    )


def done_by_others(
    lines: Iterable[SourceLine],
    documents: Sequence[Posted],
    own: FulfillmentFact,
    known: Collection[str],
) -> tuple[RefusedUnits, ...]:
    """Return the lines of a shipment that somebody else has put into NetSuite.

    A parcel of ours whose number ShipBob now writes in another way is one of them.

    Args:
        lines: of the shipment.
        documents: what is posted of it.
        own: its item fulfilment.
        known: the tracking numbers that are on it, as they are compared.
    """
    posted = {line.source_line for document in documents for line in document.lines}
    ours = posted_parcels(documents)
    units: list[SourceLine] = []
    parcels: list[SourceLine] = []
    written_anew: list[SourceLine] = []
    for line in lines:
        number = compared_number(line.source_line.removeprefix(PARCEL))
        if line.source_line in posted:
            continue
        if line.quantity is not None:
            units.append(line)
        elif number in known:
            (written_anew if number in ours else parcels).append(line)
    if own.status in FULFILLMENT_NOT_SHIPPED:
        units = []
    anew = f"On item fulfilment {own.called} already, with the number as ShipBob wrote it before"
    return (*refused([*units, *parcels], on_others(own)), *refused(written_anew, anew))


def on_others(own: FulfillmentFact) -> str:
    """Say why a line is refused that stands on a fulfilment which we did not post."""
    return f"On item fulfilment {own.called} already, which these books did not post"


def posted_parcels(posted: Iterable[Posted]) -> set[str]:
    """Return the numbers of parcels that we have posted, as they are compared."""
    return {
        compared_number(line.source_line.removeprefix(PARCEL))
        for document in posted
        for line in document.lines
        if line.source_line.startswith(PARCEL)
    }
