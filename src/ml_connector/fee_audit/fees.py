"""The fee audit: compares what ShipBob charged with what it did. Pure.

Findings are statements with numbers. Four kinds:

- ``no_cause``: a charge for a thing that ShipBob does not have, or that came to nothing.
- ``charged_twice``: more for the same fee and thing than it costs once, refunds and credits
  deducted. Fees per unit or per day are left out: they rightly come several times.
- ``rate_moved``: another rate than the median of the 90 days before, for the same fee and
  service. For a fee that was always the same, each other amount is a finding; for a fee that
  varies, a week in which nearly all charges lie on one side of that median.
- ``credit_due``: units that ShipBob took out of stock, with no credit that names them.

ShipBob settles its mistakes within 90 days, so each finding has a day to claim it by.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Final, Literal

import msgspec

from ml_connector.fee_audit.causes import Evidence, reference_of
from ml_connector.fee_audit.repeated import is_per_unit, repeated_fees
from ml_connector.fee_audit.settled import Settlements, names_loss, parcel_of
from ml_connector.ledger.sources.charges import Charge

CLAIM_WITHIN: Final = timedelta(days=90)
LOOK_BACK: Final = timedelta(days=90)

Kind = Literal["no_cause", "charged_twice", "rate_moved", "credit_due"]

# A fee counts as flat when 90 days have at least this many charges of it, and at least this
# share of them is the same amount.
_FEWEST_FLAT: Final = 5
_FLAT_SHARE: Final = Decimal("0.9")
# A fee that varies is judged only by at least this many charges, and only when chance can't
# explain it: five standard deviations of a fair coin.
_FEWEST_VARYING: Final = 20
_DEVIATIONS: Final = 5.0

_Rate = tuple[str, str, str]
_MANY: Final = 20


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to ask ShipBob about.

    Attributes:
        claim_by: the last of the 90 days.
        service: how it was shipped, or where it happened.
        reference: what the charges are for, such as ``Shipment 210000101``.
        amount: the money that may be claimed; None where only units are known.
        expected: what one charge, or the thing, should have come to; None where only units
            are known.
        why: that is expected.
        transactions: the charges that show it.
        invoices: that they are on.
    """

    kind: Kind
    claim_by: date
    statement: str
    fee: str = ""
    service: str = ""
    reference: str = ""
    amount: Decimal | None = None
    currency: str = ""
    units: int | None = None
    expected: Decimal | None = None
    why: str = ""
    transactions: tuple[str, ...] = ()
    invoices: tuple[int, ...] = ()


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The findings, ordered by the day to claim by, and how many charges were checked.

    Attributes:
        charges: number of charges in the period.
        unchecked: of those, the number that name nothing which could be looked up.
    """

    findings: tuple[Finding, ...]
    charges: int
    unchecked: int


def audit(charges: Sequence[Charge], evidence: Evidence, *, first: date, last: date) -> Audit:
    """Compare the charges of a period with the things that they are for.

    Args:
        charges: of the period and of the 90 days before it, each once, in any order.
        evidence: what the charges of the period refer to.
        first: day of the period.
        last: day of the period.
    """
    ordered = sorted(
        (charge for charge in charges if charge.charged_on is not None),
        key=lambda charge: (charge.charged_on or first, charge.transaction_id),
    )
    period = [one for one in ordered if first <= (one.charged_on or first) <= last]
    settled = Settlements(ordered)
    findings = [
        *_without_cause(period, evidence, settled),
        *_charged_twice(ordered, evidence, first, last, settled),
        *_rates(ordered, evidence, first, last, settled),
        *_credits_due(ordered, evidence),
    ]
    findings.sort(key=lambda one: (one.claim_by, one.kind, one.statement))
    return Audit(
        findings=tuple(findings),
        charges=len(period),
        unchecked=sum(_is_charge(one) and reference_of(one) is None for one in period),
    )


def _is_charge(charge: Charge) -> bool:
    return (charge.type or "").casefold() == "charge"


def _without_cause(
    period: Iterable[Charge], evidence: Evidence, settled: Settlements
) -> Iterator[Finding]:
    things: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in period:
        reference = reference_of(charge)
        if not _is_charge(charge) or reference is None or reference not in evidence.causes:
            continue
        if _came_to_nothing(reference, evidence):
            things[_thing(charge)].append(charge)
    for found in things.values():
        rest = _sum(found) - settled.take(found, _sum(found))
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
        statement = f"{', '.join(map(_said, found))}: {why}{_given_back(_sum(found) - rest)}"
        yield _finding("no_cause", found, statement, rest, expected=Decimal(0), why=why)


def _came_to_nothing(reference: tuple[str, str] | None, evidence: Evidence) -> bool:
    """Whether a charge names a thing that is known not to be, or to have come to nothing."""
    if reference is None or reference not in evidence.causes:
        return False
    cause = evidence.causes[reference]
    return cause is None or not cause.happened


def _charged_twice(
    ordered: Iterable[Charge], evidence: Evidence, first: date, last: date, settled: Settlements
) -> Iterator[Finding]:
    """Yield the things of which more was charged than once, by sums.

    What a thing costs once is its dearest charge: the claim is never more than is sure.
    """
    groups: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    for charge in ordered:
        nothing = _came_to_nothing(reference_of(charge), evidence)  # all of it is claimed so
        if charge.reference_id and _is_charge(charge) and charge.amount > 0 and not nothing:
            groups[_thing(charge)].append(charge)
    repeated = repeated_fees(groups, settled)
    for found in groups.values():
        in_period = [one for one in found[1:] if first <= (one.charged_on or first) <= last]
        if not in_period or (found[0].fee or "").casefold() in repeated:
            continue
        once = max(one.amount for one in found)
        too_much = _sum(found) - once
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
        f" {len(found)} times: {', '.join(map(_amount, found))}; once is {once:f}"
        f"{_given_back(given_back)}"
    )
    amount = min(rest, _sum(in_period))
    return msgspec.structs.replace(
        _finding("charged_twice", in_period, statement, amount, expected=once, why=why),
        transactions=tuple(charge.transaction_id for charge in found[:_MANY]),
    )


def _given_back(amount: Decimal) -> str:
    return f"; {amount:f} was given back" if amount else ""


def _thing(charge: Charge) -> tuple[str, ...]:
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


def _rates(
    ordered: Sequence[Charge],
    evidence: Evidence,
    first: date,
    last: date,
    settled: Settlements,
) -> Iterator[Finding]:
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
        listed = len(one.transactions) < _MANY
        its_own = [
            charge for charge in week if not listed or charge.transaction_id in one.transactions
        ]
        given_back = settled.take(its_own, one.amount)
        if given_back < one.amount:
            yield msgspec.structs.replace(
                one,
                amount=one.amount - given_back,
                statement=one.statement + _given_back(given_back),
            )


def _by_rate(ordered: Iterable[Charge], evidence: Evidence) -> Mapping[_Rate, list[Charge]]:
    """Return the charges by fee, service and currency."""
    found: dict[_Rate, list[Charge]] = defaultdict(list)
    for charge in ordered:
        if _is_charge(charge) and charge.amount > 0:
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
    found = _finding("rate_moved", charges, statement, more, expected=middle, why=why)
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


def _credits_due(ordered: Iterable[Charge], evidence: Evidence) -> Iterator[Finding]:
    credited = [
        one
        for one in ordered
        if (one.type or "").casefold() in {"credit", "refund"} and one.amount < 0
    ]
    for loss in evidence.losses:
        names = {str(loss.event_id), str(loss.inventory_id), loss.sku.casefold()} - {""}
        if any(
            one.charged_on is not None and one.charged_on >= loss.day and names_loss(one, names)
            for one in credited
        ):
            continue
        reason = f" ({loss.reason})" if loss.reason else ""
        yield Finding(
            kind="credit_due",
            claim_by=loss.day + CLAIM_WITHIN,
            statement=(
                f"{loss.units} x {loss.sku or loss.inventory_id} were taken out of stock at"
                f" {loss.center} on {loss.day}{reason}; no credit names them"
            ),
            service=loss.center,
            reference=f"inventory event {loss.event_id}",
            units=loss.units,
            why="units that are lost at a fulfillment center are credited by ShipBob",
        )


def _finding(
    kind: Kind,
    charges: Sequence[Charge],
    statement: str,
    amount: Decimal,
    *,
    expected: Decimal,
    why: str,
) -> Finding:
    charge = charges[0]
    day = min(one.charged_on for one in charges if one.charged_on is not None)
    return Finding(
        kind=kind,
        claim_by=day + CLAIM_WITHIN,
        statement=statement,
        fee=charge.fee or "",
        service=charge.center or "",
        reference=f"{charge.reference_type or ''} {charge.reference_id or ''}".strip(),
        amount=amount,
        currency=charge.currency or "",
        expected=expected,
        why=why,
        transactions=tuple(one.transaction_id for one in charges[:_MANY]),
        invoices=tuple(sorted({one.invoice_id for one in charges if one.invoice_id is not None})),
    )


def _sum(charges: Iterable[Charge]) -> Decimal:
    return sum((one.amount for one in charges), Decimal(0))


def _said(charge: Charge) -> str:
    return f"{charge.fee} over {_amount(charge)} on {charge.charged_on}"


def _amount(charge: Charge) -> str:
    return f"{charge.amount:f} {charge.currency or ''}".strip()
