"""Charges for a thing that ShipBob does not have, or that came to nothing. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from ml_connector.fee_audit.causes import Evidence, came_to_nothing, reference_of
from ml_connector.fee_audit.findings import (
    Finding,
    finding,
    is_charge,
    less_given_back,
    said,
    total,
)
from ml_connector.fee_audit.repeated import thing_of
from ml_connector.fee_audit.settled import Settlements
from ml_connector.ledger.sources.charges import Charge


def without_cause(
    period: Iterable[Charge], evidence: Evidence, settled: Settlements
) -> Iterator[Finding]:
    """Yield the things that were charged for and came to nothing, less what was given back."""
    things: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in period:
        reference = reference_of(charge)
        if not is_charge(charge) or reference is None or reference not in evidence.causes:
            continue
        if came_to_nothing(reference, evidence):
            things[thing_of(charge)].append(charge)
    for found in things.values():
        rest = total(found) - settled.take(found, total(found))
        reference = reference_of(found[0])
        if rest <= 0 or reference is None:
            continue
        cause = evidence.causes[reference]
        named = " ".join(reference)
        why = (
            f"ShipBob has no {named}"
            if cause is None
            else f"{named} is {cause.status} and came to nothing"
        )
        statement = f"{', '.join(map(said, found))}: {why}{less_given_back(total(found) - rest)}"
        yield finding("no_cause", found, statement, rest, expected=Decimal(0), why=why)
