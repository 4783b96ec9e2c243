"""The counter-document for what ShipBob did otherwise with returned units than is booked. Pure.

Where a person decided so (``correct``), an inventory adjustment takes back what is booked of an
action beyond what ShipBob says, at the location where it was booked; and books what ShipBob says
instead of the same units, of the same inventory id and lot. Units that were disposed of move on
the account of write-offs, all others on that of adjustments: where both are concerned there are
two documents, decided on one after the other. The authorization stays received.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.returns.booked import settled, told_units
from ml_connector.flows.returns.documents import ReturnBooking, ReturnedUnits
from ml_connector.flows.returns.facts import ReturnFacts, Unit, units_of, write_off_of
from ml_connector.flows.returns.requirements import (
    adjustment_account,
    places,
    refuse_unbookable,
    write_off_account,
)
from ml_connector.flows.returns.task import booking_of
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    adjustment_subsidiary,
    inventory_adjustment,
)
from ml_connector.rules.booked import standing
from ml_connector.rules.decisions.corrections import (
    CORRECTED,
    is_decided,
    lines_back,
    wants_correction,
)
from ml_connector.rules.items import MatchFacts, match, sku_of
from ml_connector.shipbob.resources.returns import COMPLETED
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

_WHY: Final = "done otherwise than was booked"
_WHICH: Final = f"that were {_WHY}"

_STAYS_RECEIVED: Final = "The return authorization stays received"


class _ChangedUnits(NamedTuple):
    """Units that are booked of an action, and what ShipBob says of them instead.

    Attributes:
        back: the journal line that takes them back.
        to: what was done with them; None where they did not come back.
    """

    back: JournalLine
    to: Unit | None

    @property
    def units(self) -> int:
        """How many, without a sign."""
        return -(self.back.quantity or 0)

    @property
    def writes_off(self) -> bool:
        """Whether they were disposed of before, or are now."""
        return _action(self.back.source_line) == "dispose" or (
            self.to is not None and self.to.action == "dispose"
        )


def corrections(
    facts: ReturnFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> tuple[Document, ...]:
    """Return the counter-document that is decided on and does not exist yet; none without one.

    Args:
        facts: of the return.
        posted: what is posted of it.
        settings: of the connection.

    Raises:
        NeedsData: an account or a location is not set, or a SKU is no item.
        NeedsHuman: it can't be made: units that are kept by lot, a closed period, a change that
            moves no stock.
    """
    if facts.status != COMPLETED or not wants_correction(facts.decisions):
        return ()
    changes = _changes(facts, posted)
    number = 1 + sum(
        one.external_id.startswith(ExternalIdPrefix.RETURN_CORRECTION) for one in posted
    )
    external_id = f"{ExternalIdPrefix.RETURN_CORRECTION}{facts.return_id}-{number}"
    for writes_off in (False, True):
        these = [one for one in changes if one.writes_off is writes_off]
        parts = _parts(facts, these, settings)
        lines = _journal_lines(facts, parts, posted, settings)
        if lines and is_decided(facts.decisions, external_id, lines):
            for change, part in parts:
                _refuse_unbookable(facts, change, part)
            account_of = write_off_account if writes_off else adjustment_account
            account = account_of(facts, settings.accounts, _WHICH)
            return (_adjustment(facts, external_id, lines, account, settings),)
    return ()


def said_of_authorization(posted: Sequence[Posted]) -> str:
    """Return what a correction leaves as it is; empty where nothing was received of a return."""
    received = any(one.kind == DocumentKind.ITEM_RECEIPT for one in standing(posted))
    return _STAYS_RECEIVED if received else ""


def _changes(facts: ReturnFacts, posted: Sequence[Posted]) -> list[_ChangedUnits]:
    """Return what is booked of the return and is otherwise at ShipBob now."""
    units = units_of(facts)
    told, booked = told_units(facts, units), settled(facts, units, posted)
    fewer = {
        name: quantity - told[name]
        for name, quantity in booked.items()
        if quantity > max(told[name], 0)
    }
    more: dict[str, list[tuple[Unit, int]]] = defaultdict(list)
    for unit in units:
        rest = told[unit.source_line] - max(booked[unit.source_line], 0)
        if rest > 0:
            more[_kept(unit.source_line)].append((unit, rest))
    return [
        change
        for line in lines_back(posted, fewer)
        for change in _divided(line, more[_kept(line.source_line)])
    ]


def _divided(line: JournalLine, more: list[tuple[Unit, int]]) -> Iterator[_ChangedUnits]:
    """Yield what became of units that are taken back; what they became is taken off ``more``."""
    left = -(line.quantity or 0)
    while left and more:
        unit, rest = more.pop(0)
        units = min(left, rest)
        left -= units
        yield _ChangedUnits(msgspec.structs.replace(line, quantity=-units), unit)
        if rest > units:
            more.insert(0, (unit, rest - units))
    if left:
        yield _ChangedUnits(msgspec.structs.replace(line, quantity=-left), None)


def _parts(
    facts: ReturnFacts, changes: Sequence[_ChangedUnits], settings: ConnectionSettings
) -> list[tuple[_ChangedUnits, ReturnedUnits | None]]:
    """Return each change with what its units are now, at the place where they lie."""
    units = [change.to for change in changes if change.to is not None]
    matched = match(
        {unit.inventory_id: sku_of(unit.inventory_id, unit.sku) for unit in units},
        MatchFacts(facts.items, facts.bindings, facts.bound, facts.near_items),
        settings.skus,
    )
    locations = places(facts, settings, {unit.action for unit in units}) if units else {}
    return [
        (
            change,
            None
            if change.to is None
            else ReturnedUnits(
                unit=change.to,
                item=matched.items[change.to.inventory_id],
                location=locations[change.to.action],
                quantity=change.units,
            ),
        )
        for change in changes
    ]


def _journal_lines(
    facts: ReturnFacts,
    parts: Sequence[tuple[_ChangedUnits, ReturnedUnits | None]],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> tuple[JournalLine, ...]:
    """Return what one document books of these changes, each line of the source once a place."""
    if not parts:
        return ()
    booking = booking_of(facts, settings)
    lines: list[JournalLine] = []
    for change, part in parts:
        lines.append(change.back)
        lines += _booked_as(booking, part) if part is not None else ()
    changes = [change for change, _ in parts]
    return _added_up(booking, [*lines, *_write_offs_back(changes, posted)])


def _booked_as(booking: ReturnBooking, part: ReturnedUnits) -> Iterator[JournalLine]:
    """Yield the journal lines of units as ShipBob tells of them now."""
    yield booking.line(part, part.unit.source_line, part.quantity)
    if part.unit.action == "dispose":
        yield booking.line(part, part.unit.write_off_line, -part.quantity)


def _write_offs_back(
    changes: Sequence[_ChangedUnits], posted: Sequence[Posted]
) -> Iterator[JournalLine]:
    """Yield the journal lines that put units back which were written off and weren't disposed of.

    No more than were written off.
    """
    wanted = Counter[str]()
    for change in changes:
        if _action(change.back.source_line) == "dispose":
            wanted[write_off_of(change.back.source_line)] += change.units
    for line in lines_back([_turned_round(one) for one in posted], wanted):
        yield msgspec.structs.replace(line, quantity=-(line.quantity or 0))


def _turned_round(document: Posted) -> Posted:
    lines = (
        msgspec.structs.replace(line, quantity=-(line.quantity or 0)) for line in document.lines
    )
    return msgspec.structs.replace(document, lines=tuple(lines))


def _added_up(booking: ReturnBooking, lines: Sequence[JournalLine]) -> tuple[JournalLine, ...]:
    sums: dict[tuple[str, str | None, str | None], JournalLine] = {}
    for line in lines:
        key = (line.source_line, line.item, line.location)
        before = sums.get(key)
        quantity = (line.quantity or 0) + ((before.quantity or 0) if before else 0)
        sums[key] = msgspec.structs.replace(
            line,
            quantity=quantity,
            detail=CORRECTED,
            fact_date=booking.fact_date,
            posting_date=booking.date,
        )
    return tuple(line for line in sums.values() if line.quantity)


def _adjustment(
    facts: ReturnFacts,
    external_id: str,
    lines: Sequence[JournalLine],
    account: str,
    settings: ConnectionSettings,
) -> Document:
    booking, changes = booking_of(facts, settings), _stock_changes(lines)
    if not changes:
        raise NeedsHuman(
            f"Return {facts.return_id}: what ShipBob did otherwise moves no stock, so there is no"
            " document that corrects it",
            cause=Cause.QUANTITY_WENT_DOWN,
            remedy=(
                "Take the documents of the return back with ml-connector journal undo: all of it"
                " is then booked anew."
            ),
        )
    what = f"Return {facts.return_id}"
    own = {
        adjustment_subsidiary(change.location, booking.subsidiaries, what) for change in changes
    }
    if len(own) > 1:
        raise NeedsHuman(
            f"{what} needs an inventory adjustment at locations of several subsidiaries",
            cause=Cause.SUBSIDIARY_UNCLEAR,
            remedy="Correct the stock by hand, with an adjustment for each subsidiary.",
        )
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=booking.date,
            account=account,
            subsidiary=own.pop(),
            memo=booking.memo(f", {_WHY}", external_id),
            title=f"Inventory adjustment for return {facts.return_id}, {_WHY}",
        ),
        changes,
        lines,
    )


def _stock_changes(lines: Sequence[JournalLine]) -> list[StockChange]:
    """Return what the lines change together, by item and location."""
    moved = Counter[tuple[str, str]]()
    for line in lines:
        moved[line.item or "", line.location or ""] += line.quantity or 0
    return [
        StockChange(item=item, location=location, quantity=quantity)
        for (item, location), quantity in moved.items()
        if quantity
    ]


def _refuse_unbookable(
    facts: ReturnFacts, change: _ChangedUnits, part: ReturnedUnits | None
) -> None:
    """Stop where the lot of units would have to be named by its record, or no stock is kept.

    Raises:
        NeedsHuman: so it is.
    """
    line = change.back
    known = chain(chain.from_iterable(facts.items.values()), facts.bound.values())
    item = next((one for one in known if one.id == line.item), None)
    if line.lot is not None or (item is not None and (item.lot_tracked or item.serialized)):
        raise NeedsHuman(
            f"Return {facts.return_id}: {change.units} x {line.sku} can't be corrected by a"
            " document of ours: it is tracked by lot or serial number, whose record has to be"
            " named",
            cause=Cause.QUANTITY_WENT_DOWN,
            remedy=(
                "Correct the stock by hand with an inventory adjustment in NetSuite, and decide"
                " that it handled the return."
            ),
        )
    if part is not None:
        refuse_unbookable(facts, part)


def _kept(source_line: str) -> str:
    """Return a line of the source without its action: the inventory id, and the lot."""
    return source_line.rpartition(" ")[0]


def _action(source_line: str) -> str:
    return source_line.rpartition(" ")[2]
