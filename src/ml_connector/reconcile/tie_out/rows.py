"""What the tie-out is made from and what comes of it: units at places, never money and units."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from ml_connector.reconcile.compare.report import DocumentRef
from ml_connector.reconcile.tie_out.kinds import OpenKind

Basis = Literal["sealed", "snapshot", "movements"]
"""Where the opening balances are from: the month before, as it was sealed; a stored snapshot; or
nowhere, and then only the movements are tied."""


class Place(NamedTuple):
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
    def inside(self) -> Decimal:
        """What the closing balance has beyond what the system's own movements come to."""
        if self.opening is None or self.closing is None:
            return Decimal(0)
        return self.closing - self.opening - self.moved


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may make the difference of a place, or a part of it.

    Attributes:
        quantity: units that ShipBob has more than NetSuite because of it; negative: fewer.
        says: what it is, for a person.
        source: the fact it is of, such as ``wro 90311``; empty where none is known.
        documents: in either system.
        day: on which it happened; None where that is not one day.
    """

    kind: OpenKind
    place: Place
    quantity: Decimal
    says: str = ""
    source: str = ""
    documents: tuple[DocumentRef, ...] = ()
    day: date | None = None


class TieLine(msgspec.Struct, frozen=True, kw_only=True):
    """One place, side by side, with what its difference is made of.

    Attributes:
        gap: what ShipBob has more than NetSuite: by the closing balances where both openings are
            known, else by the movements of the month.
        carried: of the gap, what differed at the opening already.
        items: what the rest of the gap is made of, each with exact numbers.
        unexplained: what no item accounts for.
        hints: items that may have to do with it, but whose numbers do not fit.
    """

    place: Place
    shipbob: Side
    netsuite: Side
    gap: Decimal
    carried: Decimal
    items: tuple[OpenItem, ...] = ()
    unexplained: Decimal = Decimal(0)
    hints: tuple[OpenItem, ...] = ()

    @property
    def red(self) -> bool:
        """Whether it keeps the month open."""
        return bool(self.unexplained) or any(one.kind.rule.red for one in self.items)


class Balances(msgspec.Struct, frozen=True, kw_only=True):
    """Both systems' stock by place, and what may explain their difference.

    Attributes:
        basis: where the opening balances are from.
        shipbob, netsuite: by place; a place that one of them lacks has nothing there.
        opened: the difference at the opening that the month before was closed with.
    """

    basis: Basis = "movements"
    shipbob: Mapping[Place, Side] = MappingProxyType({})
    netsuite: Mapping[Place, Side] = MappingProxyType({})


class TieOut(msgspec.Struct, frozen=True, kw_only=True):
    """The tie-out of a month.

    Attributes:
        basis: where the opening balances are from.
        lines: of all places with stock or movements, those that are red first.
        notes: what could not be had, for a person.
    """

    basis: Basis
    lines: tuple[TieLine, ...]
    notes: tuple[str, ...] = ()

    @property
    def red(self) -> tuple[TieLine, ...]:
        """The places that keep the month open."""
        return tuple(one for one in self.lines if one.red)


NOTHING: Final = Side()
"""A place of which a system says nothing: it has none there."""
