"""With what balances a month begins: those with which the one before was sealed. Pure.

Without them, only the month's movements are tied, and the report says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.reconcile.tie_out.rows import NOTHING, Balances, Basis, TieOut, TiePlace


class Openings(msgspec.Struct, frozen=True, kw_only=True):
    """The opening balances of a month.

    Attributes:
        basis: where they are from.
        shipbob, netsuite: by place; a place that is not named had nothing.
        notes: what a person should know of them.
    """

    basis: Basis = "movements"
    shipbob: Mapping[TiePlace, Decimal] = MappingProxyType({})
    netsuite: Mapping[TiePlace, Decimal] = MappingProxyType({})
    notes: tuple[str, ...] = ()


_UNKNOWN: Final = (
    "No opening balances are known: the month before is not sealed. Only the movements of the"
    " month are tied out; what differed before is not looked at."
)

NO_OPENINGS: Final = Openings(notes=(_UNKNOWN,))


def closing(tied: TieOut) -> list[list[str]]:
    """Return the closing balances of a month, as they are kept with its seal.

    Each is SKU, location, and what ShipBob and NetSuite have; places without stock are left out.
    """
    return [
        [*one.place, str(one.shipbob.closed), str(one.netsuite.closed)]
        for one in tied.lines
        if one.shipbob.closed or one.netsuite.closed
    ]


def sealed(kept: Iterable[Sequence[str]] | None) -> Openings:
    """Return the openings of the month after one whose closing balances were kept so.

    Args:
        kept: None where the month before is not sealed, or its stock was not tied out.
    """
    if kept is None:
        return NO_OPENINGS
    shipbob: dict[TiePlace, Decimal] = {}
    netsuite: dict[TiePlace, Decimal] = {}
    for what, where, at_shipbob, in_netsuite in kept:
        shipbob[TiePlace(what, where)] = Decimal(at_shipbob)
        netsuite[TiePlace(what, where)] = Decimal(in_netsuite)
    return Openings(basis="sealed", shipbob=shipbob, netsuite=netsuite)


def opened(balances: Balances, openings: Openings) -> Balances:
    """Return balances with what they opened with."""
    if openings.basis == "movements":
        return balances
    places = {*openings.shipbob, *openings.netsuite, *balances.shipbob, *balances.netsuite}
    return msgspec.structs.replace(
        balances,
        basis=openings.basis,
        **{
            name: {
                place: msgspec.structs.replace(
                    side := sides.get(place, NOTHING),
                    opening=known.get(place, Decimal(0)),
                    closing=side.closing if side.closing is not None else Decimal(0),
                )
                for place in places
            }
            for name, sides, known in (
                ("shipbob", balances.shipbob, openings.shipbob),
                ("netsuite", balances.netsuite, openings.netsuite),
            )
        },
    )
