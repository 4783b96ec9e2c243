"""The things at ShipBob that charges refer to."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.ledger.sources.charges import Charge

CHECKED: Final = ("Shipment", "Return", "WRO", "URO")
"""The reference types that name one thing at ShipBob (shipbob.md section 9.7)."""


class ChargeCause(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment, return, WRO or URO.

    Attributes:
        status: as ShipBob writes it.
        happened: whether any work was ever done for it; False, for example, for a shipment
            that was cancelled before its label.
        service: how a shipment goes; empty for others.
    """

    status: str = ""
    happened: bool = True
    service: str = ""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Units that an adjustment took out of stock at ShipBob, and that were not found again.

    Attributes:
        event_id: of ShipBob's inventory history.
        units: whole eaches, positive.
        reason: what ShipBob says of it.
    """

    event_id: int
    inventory_id: int
    sku: str
    center: str
    day: date
    units: int
    reason: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The things and losses that the charges of a period are compared with.

    Attributes:
        causes: by reference type and id. None: ShipBob has no such thing. A thing that is
            not among the keys was not asked for.
        losses: of the period.
        unread: what of it can't be read, each with the path of the fault; nothing of that is
            claimed.
    """

    causes: Mapping[tuple[str, str], ChargeCause | None] = {}
    losses: Sequence[Loss] = ()
    unread: Sequence[str] = ()


def reference_of(charge: Charge) -> tuple[str, str] | None:
    """Return the reference type and id of a charge that names one checkable thing."""
    for kind in CHECKED:
        if (charge.reference_type or "").strip().casefold() == kind.casefold():
            reference = (charge.reference_id or "").strip()
            return (kind, reference) if reference else None
    return None


def came_to_nothing(reference: tuple[str, str] | None, evidence: Evidence) -> bool:
    """Whether a charge names a thing that is known not to be, or to have come to nothing."""
    if reference is None or reference not in evidence.causes:
        return False
    cause = evidence.causes[reference]
    return cause is None or not cause.happened
