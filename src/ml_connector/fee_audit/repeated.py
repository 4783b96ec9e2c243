"""Fees that are rightly charged several times for one thing: per unit, or per day. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ml_connector.fee_audit.causes import reference_of
from ml_connector.fee_audit.settled import Settlements, parcel_of
from ml_connector.ledger.sources.charges import Charge

# A fee of whose name this is a word comes once for each unit, hour or day, as its name says.
_SAYS_SO: Final = re.compile(
    r"\b(per|each|unit|units|pick|picks|hour|hours|hourly|day|days|daily|storage)\b"
)
# Where at least so many things, and this share of them, were charged a fee several times, that
# is how it is charged.
_FEWEST: Final = 3
_SHARE: Final = 10

Thing = tuple[str, ...]


def is_per_unit(fee: str | None) -> bool:
    """Whether a fee's name says that it comes for each unit, hour or day."""
    return bool(_SAYS_SO.search((fee or "").casefold()))


def repeated_fees(things: Mapping[Thing, Sequence[Charge]], settled: Settlements) -> set[str]:
    """Return the fees, in small letters, that may come several times for one thing.

    Args:
        things: the charges of each thing; all of one thing have one fee.
        settled: refunds and credits: what they gave back was no right charge.
    """
    times: dict[str, Counter[bool]] = defaultdict(Counter)
    named: set[str] = set()
    for charges in things.values():
        fee = (charges[0].fee or "").casefold()
        times[fee][len(charges) > 1 and not settled.given_back(charges)] += 1
        if is_per_unit(fee):
            named.add(fee)
    return named | {
        fee
        for fee, counted in times.items()
        if counted[True] >= _FEWEST and counted[True] * _SHARE >= counted.total()
    }


def thing_of(charge: Charge) -> tuple[str, ...]:
    """Return the key of the thing that a fee may be charged for once.

    Parcels of a shipment are told apart by their tracking numbers. Storage and the like come
    again each day.
    """
    once = reference_of(charge) is not None
    return (
        (charge.fee or "").casefold(),
        (charge.reference_type or "").casefold(),
        charge.reference_id or "",
        parcel_of(charge),
        "" if once else str(charge.charged_on),
        charge.currency or "",
    )
