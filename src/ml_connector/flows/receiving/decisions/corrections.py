"""The counter-document for units that are booked and that ShipBob does not have. Pure.

Where a person decided so (``correct``), an inventory adjustment takes out of stock what is booked
beyond what is stowed: at the location where it was booked, to the account of adjustments. The
purchase order stays received, and a bill that was made by the receipt isn't changed.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.booking import booking_of
from ml_connector.flows.receiving.decided import settled
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.flows.receiving.stowed import booked_otherwise, fewer, stowed_units
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    Subsidiaries,
    adjustment_subsidiary,
    inventory_adjustment,
)
from ml_connector.rules.booked import standing
from ml_connector.rules.decisions.corrections import is_decided, lines_back, wants_correction
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

_WHY: Final = "stowed less than was booked"

STAYS_RECEIVED: Final = (
    "The purchase order stays received, and a bill that was made by the receipt isn't changed."
    " Where they are to say the smaller number, reduce the receipt in NetSuite instead"
)


def corrections(
    facts: ReceivingFacts,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> tuple[Document, ...]:
    """Return the counter-document that is decided on and does not exist yet; none without one.

    Args:
        facts: of the WRO.
        posted: what is posted of it.
        settings: of the connection.

    Raises:
        NeedsHuman: it can't be made: no account, an item that is kept by lot or in another unit
            than eaches, a closed period, or units that are not booked by us.
    """
    if not wants_correction(facts.decisions):
        return ()
    booked = settled(facts, posted)
    short = short_units(facts, booked)
    if not short or booked_otherwise(facts.lines, booked):
        return ()
    lines = lines_back(posted, short)
    number = 1 + sum(one.kind == DocumentKind.INVENTORY_ADJUSTMENT for one in posted)
    external_id = f"{ExternalIdPrefix.ADJUSTMENT}{facts.wro_id}-{number}"
    if not lines or not is_decided(facts.decisions, external_id, lines):
        return ()
    return (_adjustment(facts, external_id, lines, settings),)


def said_of_order(posted: Sequence[Posted]) -> str:
    """Return what a correction leaves as it is; empty where nothing was received of an order."""
    received = any(one.kind == DocumentKind.ITEM_RECEIPT for one in standing(posted))
    return STAYS_RECEIVED if received else ""


def short_units(facts: ReceivingFacts, booked: Mapping[str, int]) -> dict[str, int]:
    """Return the units that are booked and not stowed, by line, where all looks agree."""
    now = fewer(facts.lines, booked)
    before = now if facts.seen_first is None else fewer(facts.seen_first, booked)
    stowed = stowed_units(facts.lines)
    return {name: booked[name] - stowed.get(name, 0) for name in sorted(now & before)}


def _adjustment(
    facts: ReceivingFacts,
    external_id: str,
    lines: Sequence[JournalLine],
    settings: ConnectionSettings,
) -> Document:
    booking = booking_of(facts, lines[0].location or "", settings)
    account = settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"WRO {facts.wro_id} needs an inventory adjustment ({_WHY}), but no account is set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    for line in lines:
        _refuse_special(facts, line)
    known = Subsidiaries(
        facts.location_subsidiaries,
        order=_subsidiary(facts),
        setting=settings.netsuite.subsidiary,
    )
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=booking.date,
            account=account,
            subsidiary=adjustment_subsidiary(
                lines[0].location or "", known, f"WRO {facts.wro_id}"
            ),
            memo=booking.memo(f"ShipBob WRO {facts.wro_id}, {_WHY}", external_id),
            title=f"Inventory adjustment for WRO {facts.wro_id}, {_WHY}",
        ),
        [
            StockChange(
                item=line.item or "", location=line.location or "", quantity=line.quantity or 0
            )
            for line in lines
        ],
        [
            msgspec.structs.replace(line, fact_date=booking.fact_date, posting_date=booking.date)
            for line in lines
        ],
    )


def _subsidiary(facts: ReceivingFacts) -> str | None:
    ordered = {order.subsidiary for order in facts.orders}
    return ordered.pop() if len(ordered) == 1 else None


def _refuse_special(facts: ReceivingFacts, line: JournalLine) -> None:
    """Stop where units can't be taken out of stock in eaches.

    Raises:
        NeedsHuman: their lot would have to be named by its record, or they are kept in another
            unit; or which of it holds can't be told, as ShipBob names the SKU no more.
    """
    items = [item for some in facts.items.values() for item in some]
    item = next((one for one in (*items, *facts.bound.values()) if one.id == line.item), None)
    if item is None:
        why = "the WRO names its SKU no more, so how it is kept can't be told"
    elif item.lot_tracked or item.serialized or line.lot is not None:
        why = "it is tracked by lot or serial number, whose record has to be named"
    elif facts.unit_rates.get(item.stock_unit or "", Decimal(1)) != 1:
        why = "it is kept in another unit than eaches"
    else:
        return
    raise NeedsHuman(
        f"WRO {facts.wro_id}: {-(line.quantity or 0)} x {line.sku} can't be taken out of stock by"
        f" a document of ours: {why}",
        cause=Cause.QUANTITY_WENT_DOWN,
        remedy=("Take them out by hand with an inventory adjustment in NetSuite."),
    )
