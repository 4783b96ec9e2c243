"""With what balances a month begins: of the month before as it was sealed, or of a snapshot. Pure.

Without either, only the month's movements are tied, and the report says so.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from ml_connector.reconcile.tie_out.rows import NOTHING, Balances, Basis, TiePlace


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
