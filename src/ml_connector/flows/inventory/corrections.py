"""The counter-document that brings NetSuite's stock of a SKU to ShipBob's count. Pure.

Only where a person decided so: stock is never adjusted by itself, and only what nothing open
explains. Not where something is still to be booked, since it would be booked twice.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.flows.inventory.drift import StockDifference, judge
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.flows.inventory.verdicts import Likely
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted, SourceLine
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    Subsidiaries,
    adjustment_subsidiary,
    inventory_adjustment,
)
from ml_connector.rules.decisions.corrections import CORRECTED, is_decided, wants_correction
from ml_connector.rules.posting_dates import needed_day, posting_date
from ml_connector.words import Cause, ExternalIdPrefix

_STILL_TO_COME: Final[frozenset[Likely]] = frozenset(
    {"never_told", "booked_by_others", "picked_again"}
)
"""Causes that book the units themselves as soon as they are dealt with."""

_BY_HAND: Final = "Adjust it by hand in NetSuite."


def corrections(
    facts: StockFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> tuple[Document, ...]:
    """Return the counter-documents that are decided on and don't exist yet, by SKU.

    Args:
        facts: of the location; what was corrected before is among them.
        posted: as ``facts.corrected`` says it.
        settings: of the connection.

    Raises:
        NeedsHuman: one can't be made: no account, an item that is kept by lot or in another unit
            than eaches, parts of a unit, a closed period, or units that are still to be booked.
    """
    del posted
    if not wants_correction(facts.decisions):
        return ()
    return tuple(
        document
        for one in judge(facts)
        if one.drift
        for document in _correction(facts, one, settings)
    )


def source_lines(facts: StockFacts, settings: ConnectionSettings) -> tuple[SourceLine, ...]:
    """Return what corrections change: a comparison itself moves no stock."""
    try:
        planned = corrections(facts, (), settings)
    except ConnectorError:
        planned = ()
    lines = (*facts.corrected, *(line for one in planned for line in one.lines))
    return tuple(
        SourceLine(
            source_line=line.source_line,
            fact_date=line.fact_date,
            sku=line.sku,
            quantity=line.quantity,
        )
        for line in lines
    )


def _correction(
    facts: StockFacts, one: StockDifference, settings: ConnectionSettings
) -> tuple[Document, ...]:
    level = one.level
    begins = f"{ExternalIdPrefix.STOCK_CORRECTION}{facts.location}-{level.item}-"
    before = sum(line.source_line.startswith(begins) for line in facts.corrected)
    external_id = f"{begins}{before + 1}"
    day = needed_day(facts.taken_at, settings, of=f"the stock of location {facts.location} was")
    line = JournalLine(
        source=f"location {facts.location}",
        source_line=external_id,
        fact_date=day,
        posting_date=day,
        sku=level.sku,
        item=level.item,
        location=facts.location,
        quantity=int(one.drift),
        detail=CORRECTED,
    )
    if not is_decided(facts.decisions, external_id, [line], names=level.sku):
        return ()
    _refuse_special(facts, one)
    return (_adjustment(facts, line, settings),)


def _adjustment(facts: StockFacts, line: JournalLine, settings: ConnectionSettings) -> Document:
    subject = f"{line.sku} at location {facts.location}"
    account = settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"{subject} needs an inventory adjustment, but no account is set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    day = posting_date(
        line.fact_date,
        facts.periods,
        settings.policies.closed_period,
        document=f"the correction of {subject}",
    )
    known = Subsidiaries(facts.location_subsidiaries, setting=settings.netsuite.subsidiary)
    human = f"Stock of {subject}, as ShipBob counted it on {line.fact_date}"
    return inventory_adjustment(
        AdjustmentHead(
            external_id=line.source_line,
            date=day,
            account=account,
            subsidiary=adjustment_subsidiary(facts.location, known, subject),
            memo=f"{human[:150]} [{line.source_line}]",
            title=f"Inventory adjustment of {subject} to ShipBob's count",
        ),
        [StockChange(item=line.item or "", location=facts.location, quantity=line.quantity or 0)],
        [replace(line, posting_date=day)],
    )


def _refuse_special(facts: StockFacts, one: StockDifference) -> None:
    """Stop where a difference can't be corrected by an adjustment of eaches.

    Raises:
        NeedsHuman: units are still to be booked, or are kept otherwise than as eaches.
    """
    level, verdict = one.level, one.verdict
    item = facts.items.get(level.item or "")
    if verdict is not None and verdict.likely in _STILL_TO_COME:
        why, todo = verdict.says, verdict.remedy
    elif item is None:
        why, todo = "it is no item in NetSuite", verdict.remedy if verdict else ""
    elif item.lot_tracked or item.serialized:
        why, todo = "it is tracked by lot or serial number, whose record has to be named", _BY_HAND
    elif facts.unit_rates.get(item.stock_unit or "", Decimal(1)) != 1:
        why, todo = "it is kept in another unit than eaches", _BY_HAND
    elif one.drift != int(one.drift):
        why, todo = f"the difference of {one.drift:f} is no whole number of units", _BY_HAND
    else:
        return
    raise NeedsHuman(
        f"The stock of {level.sku} at location {facts.location} can't be corrected by a document"
        f" of ours: {why}",
        cause=Cause.STOCK_DRIFT,
        remedy=todo,
    )
