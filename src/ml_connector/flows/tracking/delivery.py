"""How far a shipment has come: in words, in order, and never backwards. Pure.

Assumptions: SB-033.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.flows.tracking.facts import ShipmentFact
from ml_connector.ledger.postings.documents import Posted

SOURCE_LINE: Final = "delivery"
"""How the journal names the delivery state of a shipment."""

# By the number of the status detail: ShipBob's word for it (shipbob.md section 9.5), and a rank
# that grows on the way to the customer.
_DETAILS: Final = {
    102: ("LabeledCreated", 1),
    200: ("Completed", 2),
    201: ("InTransit", 3),
    202: ("OutForDelivery", 4),
    204: ("DeliveryException", 5),
    203: ("Delivered", 9),
}
_STATUSES: Final = {"LabeledCreated": 1, "Completed": 2}
_BACK: Final = ("Return to sender", 6)
_DELIVERED: Final = "Delivered"
_FURTHEST: Final = dict((*_DETAILS.values(), _BACK))


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How far a shipment has come.

    Attributes:
        word: ShipBob's word for it, such as InTransit or Delivered.
        day: the merchant's local date of the delivery; None before it.
        as_of: when ShipBob last changed the shipment.
    """

    word: str
    day: date | None = None
    as_of: datetime | None = None

    def said(self) -> str:
        """Return the text that the journal keeps: the state, then the moment it is from."""
        return f"{self.text()}; {self.as_of.isoformat() if self.as_of else 'no date'}"

    def text(self) -> str:
        """Return the text for a person: ``Delivered 2026-11-23``."""
        return f"{self.word} {self.day}" if self.day else self.word

    def follows(self, before: "Delivery") -> bool:
        """Whether this state replaces the one before, by the shipment's own times.

        An older state never does. One that is equally old, or has no time, does so only when
        it is further along the way; and a delivered shipment stays delivered.
        """
        if self.text() == before.text() or (self.as_of and _newer(before, self)):
            return False
        rank, rank_before = _FURTHEST.get(self.word, 0), _FURTHEST.get(before.word, 0)
        if before.word == _DELIVERED:
            return self.word == _DELIVERED and self.day is not None and _newer(self, before)
        return rank > rank_before or _newer(self, before)


def delivery_of(shipment: ShipmentFact, zone: ZoneInfo) -> Delivery:
    """Return how far a shipment has come."""
    word, rank = shipment.status, _STATUSES.get(shipment.status, 0)
    for number, name in shipment.details.items():
        known, its_rank = _DETAILS.get(number, (name, rank))
        if its_rank >= rank and known and number >= min(_DETAILS):
            word, rank = known, its_rank
    if _BACK[0] in shipment.carriers_say and rank < _BACK[1]:
        word, rank = _BACK
    everywhere = bool(shipment.carriers_say) and set(shipment.carriers_say) == {_DELIVERED}
    if shipment.delivered_at is not None or everywhere:
        word = _DELIVERED
    delivered_at = shipment.delivered_at if word == _DELIVERED else None
    return Delivery(
        word=word,
        day=delivered_at.astimezone(zone).date() if delivered_at else None,
        as_of=shipment.as_of,
    )


def told_before(posted: Sequence[Posted]) -> Delivery | None:
    """Return the delivery state that was posted last; None when none was."""
    for document in reversed(posted):
        for line in document.lines:
            if line.source_line == SOURCE_LINE and line.detail:
                return read_delivery(line.detail)
    return None


def read_delivery(said: str) -> Delivery:
    """Return the delivery state of which ``Delivery.said`` made a text."""
    text, _, moment = said.rpartition("; ")
    word, _, last = text.rpartition(" ")
    as_of = None if moment == "no date" else datetime.fromisoformat(moment)
    try:
        return Delivery(word=word, day=date.fromisoformat(last), as_of=as_of)
    except ValueError:
        return Delivery(word=text, as_of=as_of)


def _newer(one: Delivery, other: Delivery) -> bool:
    return one.as_of is not None and (other.as_of is None or one.as_of > other.as_of)
