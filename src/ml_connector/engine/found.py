"""Records of ours that NetSuite shows and the books lack, such as after a restore.

A flow tells what such a record holds, line by line, or that it can't be told; nothing is
guessed.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.words import Cause

K = TypeVar("K", bound=Hashable)


class FoundLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record: units of an item, or money.

    Attributes:
        item: internal id; None for money.
        quantity: base units, signed: positive into stock.
        amount: in the record's currency; what is owed is positive.
        account: that the money goes to; None where the role may not see it.
    """

    item: str | None = None
    location: str | None = None
    quantity: Decimal = Decimal(0)
    amount: Decimal | None = None
    account: str | None = None


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record in NetSuite with an external id of ours.

    Attributes:
        id: internal id.
        type: such as ItemRcpt.
        number: which one of its sort it is for its subject, counted from 1.
        date: that it carries.
        created_from: internal id of the order that it was made from.
        account: of an adjustment.
        voided: it counts for nothing any more.
    """

    id: str
    type: str
    external_id: str
    number: int
    date: date
    memo: str = ""
    created_from: str | None = None
    account: str | None = None
    voided: bool = False
    lines: tuple[FoundLine, ...] = ()

    def untold(self, why: str) -> NeedsHuman:
        """Return the failure where it can't be told what the record holds."""
        return NeedsHuman(
            f"What {self.external_id} holds can't be told: {why}",
            cause=Cause.POSTED_DOCUMENT_DIFFERS,
            remedy=f"Compare NetSuite's record {self.id} with ShipBob. The books don't have it.",
        )

    def eaches(self, line: FoundLine) -> int:
        """Return the units of a line, signed.

        Raises:
            NeedsHuman: they are no whole number.
        """
        if line.quantity != int(line.quantity):
            raise self.untold(f"{line.quantity:f} of item {line.item} are no whole units")
        return int(line.quantity)

    @property
    def location(self) -> str | None:
        """The one location of all its lines.

        Raises:
            NeedsHuman: its lines are at several.
        """
        places = {line.location for line in self.lines if line.location is not None}
        if len(places) > 1:
            raise self.untold("its lines are at several locations")
        return next(iter(places), None)


class UnbookedUnits(NamedTuple):
    """A line of the source whose units a record may hold.

    Attributes:
        key: what the record's lines say of them, such as the item.
        quantity: units that no document of the books holds.
    """

    key: Hashable
    quantity: int


def told_apart(
    found: FoundRecord, units: Mapping[K, int], lines: Sequence[UnbookedUnits]
) -> dict[int, int]:
    """Tell which units of a record are of which lines of the source. Pure.

    That is certain where only one line fits, or where the record holds all that is open of
    those that fit: the source only ever tells of more units.

    Args:
        found: the record.
        units: it holds, by what its lines say of them.
        lines: of the source.

    Returns:
        Units by the place of their line in ``lines``.

    Raises:
        NeedsHuman: it is not certain.
    """
    told: dict[int, int] = {}
    for key, quantity in units.items():
        fitting = [place for place, line in enumerate(lines) if line.key == key]
        if not fitting:
            raise found.untold(f"no line at ShipBob is of {_said(key)}")
        if len(fitting) == 1:
            told[fitting[0]] = quantity
            continue
        still_open = {place: lines[place].quantity for place in fitting if lines[place].quantity}
        if len(still_open) == 1 and quantity <= sum(still_open.values()):
            told |= dict.fromkeys(still_open, quantity)
        elif sum(still_open.values()) == quantity:
            told |= still_open
        else:
            raise found.untold(
                f"{quantity} units of {_said(key)} may be of {len(fitting)} lines at ShipBob"
            )
    return told


def _said(key: Hashable) -> str:
    if isinstance(key, tuple):
        item, location = key
        return f"item {item} at location {location}"
    return f"item {key}"
