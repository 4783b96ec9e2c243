"""The stock of both systems at the turn of a month, as comparisons of those days saw it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.ledger.figures import snapshots
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.tie_out.rows import TieOut
from ml_connector.reconcile.tie_out.snapshots import Kept, KeptOpen, KeptStock, tied
from ml_connector.storage.database import Database

RECENT: Final = timedelta(hours=36)
"""A comparison is of the turn of a month up to so long before it: there is one every day."""

_FACTS: Final = msgspec.json.Decoder(StockFacts)


async def tied_from_kept(
    database: Database, settings: ConnectionSettings, month: Month
) -> TieOut | str:
    """Tie a month out by what comparisons saw, or say why it can't be.

    Args:
        database: for reading.
        settings: of the connection.
        month: which.
    """
    zone = settings.schedule.zone
    before = await _kept(database, settings.name, month.begins(zone))
    after = await _kept(database, settings.name, month.ends(zone))
    return tied(before, after, set(settings.locations.values()), zone)


async def _kept(database: Database, name: str, turn: datetime) -> Kept:
    found: dict[str, KeptStock] = {}
    async with database.transaction() as on:
        for row in await snapshots.before(on, name, turn, since=turn - RECENT):
            kept = await snapshots.facts(on, row["run_id"], row["started_at"])
            stock = _stock(kept) if kept is not None else None
            if stock is not None:
                found[row["location"]] = stock
    return found


def _stock(kept: bytes) -> KeptStock | None:
    """Return what a comparison saw; None where an older version kept it in another form."""
    try:
        facts = _FACTS.decode(kept)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None
    return KeptStock(
        taken_at=facts.taken_at,
        shipbob={one.sku: Decimal(one.shipbob) for one in facts.levels},
        netsuite={one.sku: one.netsuite for one in facts.levels},
        open=tuple(
            KeptOpen(one.level.sku, part.quantity, part.says)
            for one in drift.judge(facts)
            for part in one.explained
        ),
    )
