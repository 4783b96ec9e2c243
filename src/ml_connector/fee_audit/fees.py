"""The fee audit: what ShipBob charged, held against what it did. Pure.

Findings are statements with numbers. Four kinds:

- ``no_cause``: a charge for a thing that ShipBob does not have, or that came to nothing.
- ``charged_twice``: the same fee for the same thing more often than once, refunds deducted.
- ``rate_moved``: another rate than the median of the 90 days before, for the same fee and
  service. Of a fee that was always the same, each other amount; of a fee that varies, a week
  in which nearly all charges lie on one side of that median.
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

CLAIM_WITHIN: Final = timedelta(days=90)
LOOK_BACK: Final = timedelta(days=90)

Kind = Literal["no_cause", "charged_twice", "rate_moved", "credit_due"]

# A fee counts as flat when so many charges of 90 days, and nearly all of them, were alike.
_FEWEST_FLAT: Final = 5
_FLAT_SHARE: Final = Decimal("0.9")
# A fee that varies is only judged by many charges, and by what chance does not do: five
# standard deviations of a fair coin.
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
        amount: what may be claimed; None where only units are known.
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
    """The findings, the first to claim first, and how much was looked at.

    Attributes:
        charges: of the period.
        unchecked: charges that name nothing which could be looked up.
    """

    findings: tuple[Finding, ...]
    charges: int
    unchecked: int


def audit(charges: Sequence[Charge], evidence: Evidence, *, first: date, last: date) -> Audit:
    """Hold the charges of a period against what caused them.

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
        told = [
            one
            for one in found[-too_many:]
            if too_many > 0 and first <= (one.charged_on or first) <= last
        ]
        if told:
            refunds = f", {refunded[key]} refunded" if refunded[key] else ""
            statement = (
                f"{told[0].fee} for {told[0].reference_type} {told[0].reference_id} was charged"
                f" {len(found)} times{refunds}: {', '.join(_amount(one) for one in found)}"
            )
            yield msgspec.structs.replace(
                _finding("charged_twice", told, statement, _sum(told)),
                transactions=tuple(one.transaction_id for one in found[:_MANY]),
            )


def _thing(charge: Charge) -> tuple[str, ...]:
    """Return what a fee can be charged for once.

    Parcels of a shipment are told apart by their tracking numbers. Storage and the like come
    again each day.
    """
    once = reference_of(charge) is not None
    return (
        (charge.fee or "").casefold(),
        (charge.reference_type or "").casefold(),
        charge.reference_id or "",
        str(charge.details.get("TrackingId") or ""),
        "" if once else str(charge.charged_on),
        charge.currency or "",
    )


def _rates(
    ordered: Sequence[Charge], evidence: Evidence, first: date, last: date
) -> Iterator[Finding]:
    by_rate: dict[_Rate, list[Charge]] = defaultdict(list)
    for charge in ordered:
        if _is_charge(charge) and charge.amount > 0:
            by_rate[charge.fee or "", _service(charge, evidence), charge.currency or ""].append(
                charge
            )
    for (_, service, _), found in sorted(by_rate.items()):
        for monday in _mondays(first, last):
            week = [
                one
                for one in found
                if monday <= (one.charged_on or first) < monday + timedelta(days=7)
                and first <= (one.charged_on or first) <= last
            ]
            before = [
                one.amount
                for one in found
                if monday - LOOK_BACK <= (one.charged_on or first) < monday
            ]
            if week and before:
                yield from _moved(week, before, service)


def _moved(week: Sequence[Charge], before: Sequence[Decimal], service: str) -> Iterator[Finding]:
    middle = median(before)
    alike = sum(amount == middle for amount in before)
    if len(before) >= _FEWEST_FLAT and alike >= _FLAT_SHARE * len(before):
        others: dict[Decimal, list[Charge]] = defaultdict(list)
        for charge in week:
            if charge.amount != middle:
                others[charge.amount].append(charge)
        for amount, charges in sorted(others.items()):
            statement = (
                f"{charges[0].fee} was {middle} in {alike} of {len(before)} charges of the 90 days"
                f" before; {len(charges)} of this week are over {amount}"
            )
            yield _rate_finding(charges, statement, middle, service)
        return
    above = [one for one in week if one.amount > middle]
    below = [one for one in week if one.amount < middle]
    if len(week) < _FEWEST_VARYING or len(before) < _FEWEST_VARYING:
        return
    side = above if len(above) > len(below) else below
    tossed = len(above) + len(below)
    if not tossed or (2 * len(side) - tossed) / math.sqrt(tossed) < _DEVIATIONS:
        return
    statement = (
        f"{len(side)} of {len(week)} charges of {week[0].fee} in this week lie"
        f" {'above' if side is above else 'below'} {middle}, the median of the {len(before)}"
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
    """Return the words of a credit that may name what it is for."""
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
