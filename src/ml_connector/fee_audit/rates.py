"""Another rate than the median of the 90 days before, for the same fee and service. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

import msgspec

from ml_connector.fee_audit.causes import Evidence, reference_of
from ml_connector.fee_audit.findings import MANY, Finding, finding, is_charge, less_given_back
from ml_connector.fee_audit.repeated import is_per_unit
from ml_connector.fee_audit.settled import Settlements
from ml_connector.ledger.sources.charges import Charge

LOOK_BACK: Final = timedelta(days=90)

# A fee counts as flat when 90 days have at least this many charges of it, and at least this
# share of them is the same amount.
_FEWEST_FLAT: Final = 5
_FLAT_SHARE: Final = Decimal("0.9")
# A fee that varies is judged only by at least this many charges, and only when chance can't
# explain it: five standard deviations of a fair coin.
_FEWEST_VARYING: Final = 20
_DEVIATIONS: Final = 5.0

_Rate = tuple[str, str, str]


def rates(
    ordered: Sequence[Charge],
    evidence: Evidence,
    first: date,
    last: date,
    settled: Settlements,
) -> Iterator[Finding]:
    """Yield the rates that moved up, week by week, less what was given back."""
    for (_, service, _), found in sorted(_by_rate(ordered, evidence).items()):
        for monday in _mondays(first, last):
            begin, end = max(monday, first), min(monday + timedelta(days=6), last)
            week = [one for one in found if begin <= (one.charged_on or first) <= end]
            earlier = [
                one.amount
                for one in found
                if monday - LOOK_BACK <= (one.charged_on or first) < monday
            ]
            if week and earlier:
                yield from _claimed(_moved(week, earlier, service), week, settled)


def _claimed(
    moved: Iterable[Finding], week: Sequence[Charge], settled: Settlements
) -> Iterator[Finding]:
    """Yield what of higher rates was not given back; a lower rate is nothing to claim."""
    for one in moved:
        if one.amount is None or one.amount <= 0:
            continue
        listed = len(one.transactions) < MANY
        its_own = [
            charge for charge in week if not listed or charge.transaction_id in one.transactions
        ]
        given_back = settled.take(its_own, one.amount)
        if given_back < one.amount:
            yield msgspec.structs.replace(
                one,
                amount=one.amount - given_back,
                statement=one.statement + less_given_back(given_back),
            )


def _by_rate(ordered: Iterable[Charge], evidence: Evidence) -> Mapping[_Rate, list[Charge]]:
    """Return the charges by fee, service and currency."""
    found: dict[_Rate, list[Charge]] = defaultdict(list)
    for charge in ordered:
        if is_charge(charge) and charge.amount > 0:
            rate = (charge.fee or "", _service(charge, evidence), charge.currency or "")
            found[rate].append(charge)
    return found


def _moved(week: Sequence[Charge], before: Sequence[Decimal], service: str) -> Iterator[Finding]:
    """Yield how a week's charges of one fee and service differ from those of 90 days before."""
    middle = median(before)
    alike = sum(amount == middle for amount in before)
    if len(before) >= _FEWEST_FLAT and alike >= _FLAT_SHARE * len(before):
        yield from _flat_rate_moved(week, middle, alike, len(before), service)
    elif min(len(week), len(before)) >= _FEWEST_VARYING:
        yield from _varying_rate_moved(week, middle, len(before), service)


def _flat_rate_moved(
    week: Sequence[Charge], middle: Decimal, alike: int, before: int, service: str
) -> Iterator[Finding]:
    """Yield each other amount of a fee that was always the same."""
    others: dict[Decimal, list[Charge]] = defaultdict(list)
    for charge in week:
        if charge.amount != middle and not _is_several(charge, middle):
            others[charge.amount].append(charge)
    for amount, charges in sorted(others.items()):
        statement = (
            f"{charges[0].fee} was {middle} in {alike} of {before} charges of the 90 days"
            f" before; {len(charges)} of this week are over {amount}"
        )
        yield _rate_finding(charges, statement, middle, service)


def _is_several(charge: Charge, rate: Decimal) -> bool:
    """Whether a charge is of several units, hours or days at the usual rate."""
    return is_per_unit(charge.fee) and charge.amount % rate == 0


def _varying_rate_moved(
    week: Sequence[Charge], middle: Decimal, before: int, service: str
) -> Iterator[Finding]:
    """Yield a week in which nearly all charges of a varying fee lie on one side of the median."""
    above = [one for one in week if one.amount > middle]
    below = [one for one in week if one.amount < middle]
    side = above if len(above) > len(below) else below
    tossed = len(above) + len(below)
    if not tossed or (2 * len(side) - tossed) / math.sqrt(tossed) < _DEVIATIONS:
        return
    statement = (
        f"{len(side)} of {len(week)} charges of {week[0].fee} in this week lie"
        f" {'above' if side is above else 'below'} {middle}, the median of the {before}"
        f" charges of the 90 days before; their own median is"
        f" {median(one.amount for one in week)}"
    )
    yield _rate_finding(side, statement, middle, service)


def _rate_finding(
    charges: Sequence[Charge], statement: str, middle: Decimal, service: str
) -> Finding:
    more = sum((one.amount - middle for one in charges), Decimal(0))
    why = "it is the median of the 90 days before, for this fee and service"
    found = finding("rate_moved", charges, statement, more, expected=middle, why=why)
    return msgspec.structs.replace(found, service=service, reference="")


def _service(charge: Charge, evidence: Evidence) -> str:
    reference = reference_of(charge)
    cause = evidence.causes.get(reference) if reference else None
    return (cause.service if cause else "") or charge.center or ""


def _mondays(first: date, last: date) -> Iterator[date]:
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield monday
        monday += timedelta(days=7)
