"""More for the same fee and thing than it costs once, refunds and credits deducted. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from ml_connector.fee_audit.causes import Evidence, came_to_nothing, reference_of
from ml_connector.fee_audit.findings import (
    MANY,
    Finding,
    amount_said,
    finding,
    is_charge,
    less_given_back,
    total,
)
from ml_connector.fee_audit.repeated import repeated_fees, thing_of
from ml_connector.fee_audit.settled import Settlements
from ml_connector.ledger.sources.charges import Charge


def charged_twice(
    ordered: Iterable[Charge], evidence: Evidence, first: date, last: date, settled: Settlements
) -> Iterator[Finding]:
    """Yield the things of which more was charged than once, by sums.

    What a thing costs once is its dearest charge: the claim is never more than is sure.
    """
    groups: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in ordered:
        nothing = came_to_nothing(reference_of(charge), evidence)  # all of it is claimed so
        if charge.reference_id and is_charge(charge) and charge.amount > 0 and not nothing:
            groups[thing_of(charge)].append(charge)
    repeated = repeated_fees(groups, settled)
    for found in groups.values():
        in_period = [one for one in found[1:] if first <= (one.charged_on or first) <= last]
        if not in_period or (found[0].fee or "").casefold() in repeated:
            continue
        once = max(one.amount for one in found)
        too_much = total(found) - once
        rest = too_much - settled.take(found, too_much)
        if rest > 0:
            yield _charged_again(found, in_period, once, rest, given_back=too_much - rest)


def _charged_again(
    found: Sequence[Charge],
    in_period: Sequence[Charge],
    once: Decimal,
    rest: Decimal,
    *,
    given_back: Decimal,
) -> Finding:
    """Return the finding of one thing that was charged more often than once.

    Args:
        found: all charges for it.
        in_period: those of the period that came again.
        once: what it costs once.
        rest: what was charged beyond that and not given back.
        given_back: what refunds and credits gave back.
    """
    one = in_period[0]
    why = f"{one.fee} is charged once for {one.reference_type} {one.reference_id}"
    statement = (
        f"{one.fee} for {one.reference_type} {one.reference_id} was charged"
        f" {len(found)} times: {', '.join(map(amount_said, found))}; once is {once:f}"
        f"{less_given_back(given_back)}"
    )
    amount = min(rest, total(in_period))
    return msgspec.structs.replace(
        finding("charged_twice", in_period, statement, amount, expected=once, why=why),
        transactions=tuple(charge.transaction_id for charge in found[:MANY]),
    )
