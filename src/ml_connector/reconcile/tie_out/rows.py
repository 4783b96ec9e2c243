"""What the tie-out is made from and what comes of it: units at places, never money and units."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.rules.stock_causes.rows import StockCause

Basis = Literal["sealed", "movements", "snapshots"]
"""Where the balances are from: the month before, as it was sealed; nowhere, and then only the
movements are tied; or kept comparisons of stock, where ShipBob no longer tells."""


class TiePlace(NamedTuple):
    """A SKU at a location of NetSuite's, or an account in a currency.

    Attributes:
        what: SKU, or account.
        where: NetSuite's location, or the code of a currency.
    """

    what: str
    where: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One system's balance of a place: ``opening`` + ``moved`` should be ``closing``.

    Attributes:
        opening: None where it is not known.
        moved: the sum of all movements of the month, whoever made them.
        closing: None where it is not known.
    """

    opening: Decimal | None = None
    moved: Decimal = Decimal(0)
    closing: Decimal | None = None

    @property
    def opened(self) -> Decimal:
        """The opening balance; where none is known, counted back from the closing one."""
        return self.opening if self.opening is not None else self.closed - self.moved

    @property
    def closed(self) -> Decimal:
        """The closing balance; nothing where the system shows none."""
        return self.closing if self.closing is not None else Decimal(0)

    @property
    def inside(self) -> Decimal:
        """What the closing balance has beyond what the system's own movements come to."""
        if self.opening is None or self.closing is None:
            return Decimal(0)
        return self.closing - self.opening - self.moved


class TieItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may make the difference of a place, or a part of it.

    Attributes:
        quantity: units that ShipBob has more than NetSuite because of it; negative: fewer.
        says: what it is, for a person.
        reason: why it is open, as the flow says it; the same for all that are open because of it.
        source: the fact it is of, such as ``wro 90311``; empty where none is known.
        documents: in either system.
        day: on which it happened; None where that is not one day.
        certain: whether it counts in full here, whatever holds for others of its kind.
        pair: shared by the two items of what lies at one place and is booked at another: either
            both explain, or none; empty where it has no other half.
    """

    kind: OpenKind
    place: TiePlace
    quantity: Decimal
    says: str = ""
    reason: str = ""
    source: str = ""
    documents: tuple[DocumentRef, ...] = ()
    day: date | None = None
    certain: bool = False
    pair: str = ""


class TieLine(msgspec.Struct, frozen=True, kw_only=True):
    """One place, side by side, with what its difference is made of.

    Attributes:
        gap: what ShipBob has more than NetSuite: by the closing balances where both openings are
            known, else by the movements of the month.
        carried: of the gap, what differed at the opening already.
        items: what the rest of the gap is made of, each with exact numbers.
        unexplained: what no item accounts for; ``gap`` - ``carried`` - the items.
        hints: items that may have to do with it, but whose numbers do not fit.
        causes: what made it, by the histories of both systems, where they come to exactly that.
    """

    place: TiePlace
    shipbob: Side
    netsuite: Side
    gap: Decimal
    carried: Decimal
    items: tuple[TieItem, ...] = ()
    unexplained: Decimal = Decimal(0)
    hints: tuple[TieItem, ...] = ()
    causes: tuple[StockCause, ...] = ()

    @property
    def told(self) -> Decimal:
        """What the items account for."""
        return sum((one.quantity for one in self.items), Decimal(0))

    @property
    def red(self) -> bool:
        """Whether it keeps the month open."""
        return bool(self.unexplained) or any(one.kind.rule.red for one in self.items)


class Balances(msgspec.Struct, frozen=True, kw_only=True):
    """Both systems' stock by place, and what may explain their difference.

    Attributes:
        basis: where the opening balances are from.
        shipbob, netsuite: by place; a place that one of them lacks has nothing there.
        named: the names of locations, by internal id.
    """

    basis: Basis = "movements"
    shipbob: Mapping[TiePlace, Side] = MappingProxyType({})
    netsuite: Mapping[TiePlace, Side] = MappingProxyType({})
    named: Mapping[str, str] = MappingProxyType({})


class TieOut(msgspec.Struct, frozen=True, kw_only=True):
    """The tie-out of a month.

    Attributes:
        basis: where the opening balances are from.
        lines: of all places with stock or movements, those that are red first.
        notes: what could not be had, for a person.
        named: the names of locations, by internal id.
    """

    basis: Basis
    lines: tuple[TieLine, ...]
    notes: tuple[str, ...] = ()
    named: Mapping[str, str] = MappingProxyType({})

    def location(self, where: str) -> str:
        """Return how a location is shown: its id and, where it is known, its name."""
        return f"{where} {self.named[where]}" if where in self.named else where

    @property
    def red(self) -> tuple[TieLine, ...]:
        """The places that keep the month open."""
        return tuple(one for one in self.lines if one.red)


NOTHING: Final = Side()
"""A place of which a system says nothing: it has none there."""
