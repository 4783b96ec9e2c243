"""The stock at one NetSuite location in both systems, and what may explain a difference."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from ml_connector.ledger.postings.documents import JournalLine
from ml_connector.ledger.sources.stock import Standing
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import ItemFact, PeriodFact
from ml_connector.rules.stock_causes.rows import StockEvidence
from ml_connector.words import System


class Level(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many of one thing both systems have at the location. Whole eaches at ShipBob.

    Attributes:
        sku: ShipBob's, or the item's name where ShipBob has no such thing.
        item: NetSuite's internal id.
        unmatched: why there is no item; a cause.
        transfer: at ShipBob, on the way between two buildings.
        quarantined: in NetSuite, at the location for what can't be sold.
    """

    sku: str
    item: str | None = None
    unmatched: str = ""
    inventory_ids: tuple[int, ...] = ()
    shipbob: int = 0
    netsuite: Decimal = Decimal(0)
    transfer: int = 0
    quarantined: Decimal = Decimal(0)

    @property
    def key(self) -> str:
        """The key that its open items and movements carry."""
        return key_of(self.item, self.sku)


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """Units that have moved at ShipBob alone, as far as our ledger knows.

    Attributes:
        key: of the level.
        quantity: signed, as ShipBob's stock has changed.
        what: such as ``receiving 90311``.
    """

    key: str
    sku: str
    quantity: int
    standing: Standing
    what: str
    because: str = ""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that we did not post.

    Attributes:
        key: of the level.
        side: in whose stock.
        quantity: signed, of that stock.
        what: the document, or the movement, for a person.
        standing: ``recent`` and ``picked`` explain a difference, since we will still hear of
            them and book them; of ``untold`` we should have heard; ``other`` is not ours to
            book.
        source: flow and key of what it belongs to, such as ``receiving 90311``.
    """

    key: str
    side: System
    quantity: Decimal
    day: date
    what: str
    standing: Literal["recent", "picked", "untold", "other"] = "other"
    source: str = ""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """The unexplained difference of the same thing at another location."""

    key: str
    location: str
    rest: Decimal


class UnreadLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of one thing that one of the systems shows in a form that can't be read.

    Attributes:
        key: of the level; empty where the row does not say of what it is.
        says: what is wrong, with the path.
    """

    key: str
    says: str


class StockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot of one location.

    Attributes:
        centers: the fulfillment centers that are mapped to it; none when it is not mapped.
        looked_back_to: movements are known from this day on.
        moved: units that we posted a moment ago, the oldest first, by the key of the level.
        unread: why movements could not be read; empty when they were.
        unmapped: stock at centers that no location is mapped to, by the center's id.
        decisions: what people decided about the location.
        corrected: what counter-documents have changed there, by our journal.
        items: those of decisions, by internal id; like all that follows only read where a person
            decided to correct.
        unit_rates: base units in one of each unit that these items are kept in, where readable.
        periods: posting periods from the one of ``taken_at`` on; empty when unreadable.
        unread_levels: rows of stock that can't be read: what they are of is not compared.
        evidence: all that one of the systems did alone to what differs; None where the histories
            were not compared.
        location_subsidiaries: of each location that shows any; empty outside OneWorld.
    """

    location: str
    centers: tuple[str, ...]
    taken_at: datetime
    looked_back_to: date
    levels: tuple[Level, ...] = ()
    open: tuple[OpenItem, ...] = ()
    moved: dict[str, tuple[int, ...]] = {}
    moves: tuple[Move, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    unread: str = ""
    unmapped: dict[str, int] = {}
    decisions: tuple[Decided, ...] = ()
    corrected: tuple[JournalLine, ...] = ()
    items: dict[str, ItemFact] = {}
    unit_rates: dict[str, Decimal] = {}
    periods: tuple[PeriodFact, ...] = ()
    location_subsidiaries: dict[str, tuple[str, ...]] = {}
    unread_levels: tuple[UnreadLevel, ...] = ()
    evidence: tuple[StockEvidence, ...] | None = None


def key_of(item: str | None, sku: str) -> str:
    """Return what the level of an item, or of a SKU that is none, is known by."""
    return f"item {item}" if item else f"sku {sku}"
