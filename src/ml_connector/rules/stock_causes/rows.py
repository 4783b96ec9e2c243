"""What both systems and our journal tell of the movements of one SKU. Whole eaches."""

from datetime import date
from decimal import Decimal
from typing import Final, Literal

import msgspec

from ml_connector.rules.stock_causes.kinds import CauseKind


class BookedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a transaction in NetSuite.

    Attributes:
        document: internal id.
        type: as NetSuite calls it, such as ``ItemRcpt``.
        number: that people call it by.
        quantity: positive into stock.
        order: internal id of the order it was made from; empty for none.
        tag: our external id, as it carries it itself or in its memo; empty for none.
    """

    document: str
    type: str
    number: str
    location: str
    quantity: Decimal
    day: date
    order: str = ""
    tag: str = ""


class PostedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of our journal.

    Attributes:
        document: NetSuite's internal id of the document; empty where it is not known.
        external_id: ours.
        source: what it was posted of, by ShipBob's name: ``receiving 90311``, ``order 5``, or
            ``returns 7``.
        day: the date that the document carries.
    """

    document: str
    external_id: str
    source: str
    location: str
    quantity: int
    day: date


class ShipBobMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A movement of ShipBob's inventory history.

    Attributes:
        category: as ShipBob calls it, such as ``InventoryAdjusted``.
        source: what it belongs to, named as in ``PostedLine``; empty where it names none.
        reason: what else ShipBob notes on it.
    """

    location: str
    quantity: int
    day: date
    category: str
    source: str = ""
    reason: str = ""


class SkuHistory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of how one SKU moved at the mapped locations, from a day on.

    Attributes:
        key: by which the SKU's level is known.
        first: the first day.
        after: the day after the last one; None: up to the present.
        booked: all lines in NetSuite, ours and others'; of documents of ours also those that
            carry another date by now.
        posted: all lines of our journal of the sources that have any in these days.
        moved: ShipBob's movements.
        standing: internal ids of our documents that are in NetSuite, whatever they hold now.
        told: sources that our inbox knows.
        coming: sources that will still be posted, or whose rest is explained otherwise.
        orders: NetSuite's order of ShipBob's, by source, where it is known.
        rates: eaches in one of each other unit that the item can be counted in, by its name.
        in_kits: whether it is a member of kits.
    """

    key: str
    sku: str
    first: date
    after: date | None = None
    booked: tuple[BookedLine, ...] = ()
    posted: tuple[PostedLine, ...] = ()
    moved: tuple[ShipBobMove, ...] = ()
    standing: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    coming: frozenset[str] = frozenset()
    orders: dict[str, str] = {}
    rates: dict[str, Decimal] = {}
    in_kits: bool = False

    def holds(self, day: date) -> bool:
        """Whether a day is one of these."""
        return self.first <= day and (self.after is None or day < self.after)


class StockCause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened in one of the systems alone.

    Attributes:
        kinds: what it may have been; one, where its numbers leave no choice.
        units: what ShipBob has more than NetSuite because of it, by location.
        says: what is seen, for a person.
        by_others: whether a document beside those of facts did it, that may follow another cause
            or take it back.
        source: of ShipBob's that it is about; empty for none.
        day: on which it happened, or which its document carries.
    """

    kinds: tuple[CauseKind, ...]
    units: dict[str, Decimal]
    says: str
    side: Literal["netsuite", "shipbob"]
    by_others: bool = False
    source: str = ""
    day: date | None = None

    @property
    def kind(self) -> CauseKind:
        """The first of its kinds."""
        return self.kinds[0]


class StockEvidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that one of the systems did alone to one SKU.

    Attributes:
        key: by which the SKU's level is known.
        unclear: locations at which ShipBob moved units of which it is not known whether they were
            posted: nothing is named there.
    """

    key: str
    causes: tuple[StockCause, ...] = ()
    unclear: tuple[str, ...] = ()


class StockFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What made a difference at one location.

    Attributes:
        causes: that come to exactly the difference; empty where none is claimed.
        possible: what may have to do with it, and is not claimed.
    """

    causes: tuple[StockCause, ...] = ()
    possible: tuple[StockCause, ...] = ()


NOTHING_FOUND: Final = StockFinding()
"""Neither system tells of anything."""
