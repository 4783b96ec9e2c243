"""The source's lines of a return: what must be posted, waiting or refused. All pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.returns.facts import ReturnFacts, known_action, source_line, unclear
from ml_connector.ledger.postings.documents import SourceLine
from ml_connector.rules.posting_dates import local_day
from ml_connector.shipbob.resources.returns import COMPLETED


def source_lines(facts: ReturnFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return what came back, by inventory id, lot and action.

    Units that can't be booked as ShipBob tells them are a line too: of those with which it does
    not say what was done, as many as were announced. The write-off of disposed
    units follows from their line and is none of its own.
    """
    if facts.status != COMPLETED:
        return ()
    fact_date = local_day(facts.completed_at, settings)
    quantities: dict[tuple[str, str | None], int] = defaultdict(int)
    for line in facts.lines:
        if line.untold:
            quantities[source_line(line.inventory_id, line.lot, ""), line.sku] += line.announced
        for one in line.done:
            name = source_line(line.inventory_id, line.lot, one.action)
            quantities[name, line.sku] += one.quantity or 0
    # What was disposed of never came into stock.
    gone = {
        source_line(line.inventory_id, line.lot, one.action)
        for line in facts.lines
        for one in line.done
        if known_action(one.action) == "dispose"
    }
    return tuple(
        SourceLine(
            source_line=name,
            fact_date=fact_date,
            sku=sku,
            quantity=quantity,
            center=None if name in gone else facts.center_id,
        )
        for (name, sku), quantity in quantities.items()
        if quantity
    )


def fact_date_of(facts: ReturnFacts, settings: ConnectionSettings) -> date:
    """Return the day on which ShipBob completed a return, where the merchant is.

    Raises:
        NeedsHuman: ShipBob names no date at all.
    """
    if facts.completed_at is None:
        raise undated(facts)
    return facts.completed_at.astimezone(settings.schedule.zone).date()


def undated(facts: ReturnFacts) -> NeedsHuman:
    """Return the failure of a return of which ShipBob names no date."""
    return unclear(facts, "ShipBob does not say when it was completed")
