"""Units of a WRO that were booked where its goods no longer are: behind a receiving hub. Pure.

A WRO for a center behind a receiving hub comes back with the hub as its center (shipbob.md
section 9.1). Its units are booked once, at the location of the center that the WRO showed when
they were stowed. Where a hub has a location of its own, they are moved on by an inventory
transfer when the WRO has ended and its history shows that the hub sent them on
(``InternalTransfer``, section 9.4). Where nothing shows it, it is said, and nothing is moved.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.receiving.documents import Booking, transfer
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.ledger.postings.documents import (
    Document,
    JournalLine,
    Plan,
    Posted,
    UnitsInTransit,
)
from ml_connector.rules.booked import standing
from ml_connector.rules.locations import unmapped
from ml_connector.shipbob.resources.receiving import ENDED
from ml_connector.words import DocumentKind


class Apart(NamedTuple):
    """Units that are booked at another location than that of the WRO's goods.

    Attributes:
        units: by the journal line that names them, at ``location``.
    """

    location: str
    units: tuple[tuple[JournalLine, int], ...]

    def __str__(self) -> str:
        said = ", ".join(f"{quantity} x {line.sku}" for line, quantity in self.units)
        return f"{said} at location {self.location}"


def ordered_at(facts: ReceivingFacts, settings: ConnectionSettings) -> str | None:
    """Return the location whose order lines expect the goods; None for where they are booked."""
    return settings.locations.get(str(facts.destination))


def booked_apart(
    facts: ReceivingFacts,
    posted: Sequence[Posted],
    documents: Sequence[Document],
    settings: ConnectionSettings,
) -> list[Apart]:
    """Return what is booked, or planned to be, elsewhere than where the goods are."""
    place = ordered_at(facts, settings)
    others = {*settings.locations.values()} - {place}  # what is mapped no more is left alone
    units: dict[tuple[str, str], int] = defaultdict(int)
    named: dict[tuple[str, str], JournalLine] = {}
    lines = (*(line for one in standing(posted) for line in one.lines), *_lines(documents))
    for line in lines:
        if line.location in others:
            key = (line.location or "", line.source_line)
            units[key] += line.quantity or 0
            named[key] = line
    found: dict[str, list[tuple[JournalLine, int]]] = defaultdict(list)
    for key, quantity in sorted(units.items()):
        if quantity > 0:
            found[key[0]].append((named[key], quantity))
    return [Apart(location, tuple(some)) for location, some in found.items()]


def moved_on(
    decided: Plan,
    facts: ReceivingFacts,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    *,
    dated: Callable[[], Booking],
) -> Plan:
    """Let units follow their goods to the center behind a hub, or say that they don't.

    Args:
        decided: what else is to be done.
        facts: of the WRO.
        posted: what is posted of it.
        settings: of the connection.
        dated: gives the dates that a transfer carries.

    Raises:
        NeedsHuman: a transfer can't be dated.
    """
    apart = booked_apart(facts, posted, decided.documents, settings)
    if not apart:
        return decided
    target = ordered_at(facts, settings)
    moved = _moved(decided, facts, posted, settings, apart, dated)
    if any(one.kind == DocumentKind.INVENTORY_TRANSFER for one in moved.documents):
        return moved
    is_marked = facts.synced or any(map(_is_mark, posted))
    why = _stays(decided, facts, target, is_marked=is_marked)
    return msgspec.structs.replace(moved, in_transit=tuple(_in_transit(apart, target or "", why)))


def _moved(  # noqa: PLR0917 - what ``moved_on`` is given
    decided: Plan,
    facts: ReceivingFacts,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    apart: Sequence[Apart],
    dated: Callable[[], Booking],
) -> Plan:
    """Return the plan with transfers of the units, or with what is said of them."""
    target = ordered_at(facts, settings)
    if decided.remaining_failure is not None or decided.waiting:
        return decided
    if not facts.sent_on:
        return _with_note(decided, _left(apart, facts)) if target is not None else decided
    if facts.status not in ENDED or facts.synced or any(map(_is_mark, posted)):
        return decided
    others = tuple(one for one in decided.documents if not _is_mark(one))
    if target is None:
        failure = unmapped(facts.destination, "behind a hub")
        return msgspec.structs.replace(decided, documents=others, remaining_failure=failure)
    if _needs_hands(facts, apart, target):
        said = "; ".join(map(str, apart))
        return _with_note(
            decided,
            f"To be moved by hand to location {target}, where the hub has sent them: {said}",
        )
    before = sum(one.kind == DocumentKind.INVENTORY_TRANSFER for one in posted)
    first = msgspec.structs.replace(dated(), number=1 + before)
    moves = _transfers(apart, first, target, facts, settings)
    marks = decided.documents[len(others) :]
    return msgspec.structs.replace(decided, documents=(*others, *moves, *marks))


def _stays(decided: Plan, facts: ReceivingFacts, target: str | None, *, is_marked: bool) -> str:
    """Return why nothing moves units on that are booked elsewhere than where they go."""
    if not facts.sent_on:
        return f"nothing shows that they moved to center {facts.destination}"
    if target is None:
        return f"center {facts.destination} has no location"
    if facts.status not in ENDED:
        return "the WRO has not ended yet"
    if is_marked:
        return "the WRO was marked as booked before"
    if decided.remaining_failure is not None or decided.waiting:
        return "more of the WRO waits"
    return "they are to be moved by hand"


def _in_transit(apart: Sequence[Apart], target: str, reason: str) -> Iterator[UnitsInTransit]:
    for place in apart:
        for line, quantity in place.units:
            yield UnitsInTransit(
                source_line=line.source_line,
                sku=line.sku or "",
                item=line.item or "",
                location=place.location,
                bound_for=target,
                quantity=quantity,
                reason=reason,
            )


def _needs_hands(facts: ReceivingFacts, apart: Sequence[Apart], target: str) -> bool:
    """Return whether something of it can't be moved by a plain transfer of eaches."""
    lines = [line for place in apart for line, _ in place.units]
    places = [place.location for place in apart]
    return any(_is_special(facts, line) for line in lines) or any(
        _subsidiary(facts, location, target) is None for location in places
    )


def _transfers(
    apart: Sequence[Apart],
    first: Booking,
    target: str,
    facts: ReceivingFacts,
    settings: ConnectionSettings,
) -> list[Document]:
    """Return a transfer from each location that units leave, numbered from the first one's."""
    return [
        transfer(
            msgspec.structs.replace(first, number=number, location=place.location),
            place.units,
            target=target,
            subsidiary=_subsidiary(facts, place.location, target) or settings.netsuite.subsidiary,
        )
        for number, place in enumerate(apart, first.number)
    ]


def _subsidiary(facts: ReceivingFacts, location: str, target: str) -> str | None:
    """Return the subsidiary of both locations; empty where none is known, None where they differ.

    Within several that both have, it is the order's.
    """
    here, there = (facts.location_subsidiaries.get(one, ()) for one in (location, target))
    if not here or not there:
        return ""
    both = [one for one in here if one in there]
    ordered = [one.subsidiary for one in facts.orders if one.subsidiary in both]
    return next(iter((*ordered, *both)), None) if len(both) == 1 or ordered else None


def _left(apart: Sequence[Apart], facts: ReceivingFacts) -> str:
    return (
        f"Booked when the WRO was elsewhere: {'; '.join(map(str, apart))}; nothing shows that they"
        f" moved to center {facts.destination}"
    )


def _is_special(facts: ReceivingFacts, line: JournalLine) -> bool:
    """Return whether units can't be moved in eaches, or only by the records of their lots."""
    items = [item for some in facts.items.values() for item in some]
    item = next((one for one in (*items, *facts.bound.values()) if one.id == line.item), None)
    if item is None or item.lot_tracked or item.serialized:
        return True
    return facts.unit_rates.get(item.stock_unit or "", Decimal(1)) != 1


def _with_note(decided: Plan, said: str) -> Plan:
    return msgspec.structs.replace(decided, note="; ".join(filter(None, (decided.note, said))))


def _is_mark(document: Document | Posted) -> bool:
    return document.kind == DocumentKind.WRO_MARK


def _lines(documents: Sequence[Document]) -> list[JournalLine]:
    return [line for one in documents for line in one.lines]
