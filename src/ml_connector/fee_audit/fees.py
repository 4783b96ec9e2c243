"""The fee audit: compares what ShipBob charged with what it did. Pure.

Findings are statements with numbers. Four kinds:

- ``no_cause``: a charge for a thing that ShipBob does not have, or that came to nothing.
- ``charged_twice``: the same fee for the same thing more often than once, refunds deducted.
- ``rate_moved``: another rate than the median of the 90 days before, for the same fee and
  service. For a fee that was always the same, each other amount is a finding; for a fee that
  varies, a week in which nearly all charges lie on one side of that median.
- ``credit_due``: units that ShipBob took out of stock, with no credit that names them.

ShipBob settles its mistakes within 90 days, so each finding has a day to claim it by.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Final, Literal

import msgspec

from ml_connector.fee_audit.causes import Evidence, reference_of
from ml_connector.ledger.sources.charges import Charge
from ml_connector.netsuite.records.tracking_numbers import compared_number

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
    findings = [
        *_without_cause(period, evidence),
        *_charged_twice(ordered, first, last),
        *_rates(ordered, evidence, first, last),
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


def _without_cause(period: Iterable[Charge], evidence: Evidence) -> Iterator[Finding]:
    for charge in period:
        reference = reference_of(charge)
        if not _is_charge(charge) or reference is None or reference not in evidence.causes:
            continue
        cause = evidence.causes[reference]
        if cause is not None and cause.happened:
            continue
        named = " ".join(reference)
        why = (
            f"ShipBob has no {named}"
            if cause is None
            else f"{named} is {cause.status} and came to nothing"
        )
        yield _finding("no_cause", [charge], f"{_said(charge)}: {why}", charge.amount)


def _charged_twice(ordered: Iterable[Charge], first: date, last: date) -> Iterator[Finding]:
    groups: dict[tuple[str, ...], list[Charge]] = defaultdict(list)
    refunded: Counter[tuple[str, ...]] = Counter()
    for charge in ordered:
        if not charge.reference_id:
            continue
        if _is_charge(charge) and charge.amount > 0:
            groups[_thing(charge)].append(charge)
        elif (charge.type or "").casefold() == "refund":
            refunded[_thing(charge)] += 1
    for key, found in groups.items():
        too_many = len(found) - 1 - refunded[key]
        latest = found[-too_many:] if too_many > 0 else ()
        in_period = [one for one in latest if first <= (one.charged_on or first) <= last]
        if in_period:
            yield _charged_again(found, in_period, refunded[key])


def _charged_again(found: Sequence[Charge], in_period: Sequence[Charge], refunds: int) -> Finding:
    """Return the finding of one thing that was charged more often than once.

    Args:
        found: all charges for it.
        in_period: those of the period that are too many.
        refunds: how many refunds there are for it.
    """
    one = in_period[0]
    refunded = f", {refunds} refunded" if refunds else ""
    statement = (
        f"{one.fee} for {one.reference_type} {one.reference_id} was charged"
        f" {len(found)} times{refunded}: {', '.join(map(_amount, found))}"
    )
    return msgspec.structs.replace(
        _finding("charged_twice", in_period, statement, _sum(in_period)),
        transactions=tuple(charge.transaction_id for charge in found[:_MANY]),
    )


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
        compared_number(str(charge.details.get("TrackingId") or "")),
        "" if once else str(charge.charged_on),
        charge.currency or "",
    )


def _rates(
    ordered: Sequence[Charge], evidence: Evidence, first: date, last: date
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
                yield from _moved(week, earlier, service)


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
        if charge.amount != middle:
            others[charge.amount].append(charge)
    for amount, charges in sorted(others.items()):
        statement = (
            f"{charges[0].fee} was {middle} in {alike} of {before} charges of the 90 days"
            f" before; {len(charges)} of this week are over {amount}"
        )
        yield _rate_finding(charges, statement, middle, service)


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
    found = _finding("rate_moved", charges, statement, more)
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
        (one.charged_on, _words(one))
        for one in ordered
        if (one.type or "").casefold() in {"credit", "refund"}
    ]
    for loss in evidence.losses:
        names = {str(loss.event_id), str(loss.inventory_id), loss.sku.casefold()} - {""}
        if any(day is not None and day >= loss.day and names & words for day, words in credited):
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
        )


def _words(charge: Charge) -> set[str]:
    """Return the words of a credit, any of which may name what it is for."""
    texts = [charge.reference_id or "", *(_texts(charge.details))]
    whole = {text.strip().casefold() for text in texts}
    return whole | {word.strip(".,;:()#") for text in whole for word in text.split()}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _finding(kind: Kind, charges: Sequence[Charge], statement: str, amount: Decimal) -> Finding:
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
        transactions=tuple(one.transaction_id for one in charges[:_MANY]),
        invoices=tuple(sorted({one.invoice_id for one in charges if one.invoice_id is not None})),
    )


def _sum(charges: Iterable[Charge]) -> Decimal:
    return sum((one.amount for one in charges), Decimal(0))


def _said(charge: Charge) -> str:
    return f"{charge.fee} over {_amount(charge)} on {charge.charged_on}"


def _amount(charge: Charge) -> str:
    return f"{charge.amount:f} {charge.currency or ''}".strip()
