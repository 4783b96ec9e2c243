"""Findings of the fee audit: statements with numbers, and how they say them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

import msgspec

from ml_connector.ledger.sources.charges import Charge

CLAIM_WITHIN: Final = timedelta(days=90)
MANY: Final = 20
"""At most so many charges are shown with one finding."""

Kind = Literal["no_cause", "charged_twice", "rate_moved", "credit_due"]


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


def finding(
    kind: Kind,
    charges: Sequence[Charge],
    statement: str,
    amount: Decimal,
    *,
    expected: Decimal,
    why: str,
) -> Finding:
    """Return the finding that these charges show; the first says what they are for."""
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
        transactions=tuple(one.transaction_id for one in charges[:MANY]),
        invoices=tuple(sorted({one.invoice_id for one in charges if one.invoice_id is not None})),
    )


def total(charges: Iterable[Charge]) -> Decimal:
    """Return what these charges come to."""
    return sum((one.amount for one in charges), Decimal(0))


def said(charge: Charge) -> str:
    """Return a charge for a person, with its day."""
    return f"{charge.fee} over {amount_said(charge)} on {charge.charged_on}"


def amount_said(charge: Charge) -> str:
    """Return the amount of a charge for a person."""
    return f"{charge.amount:f} {charge.currency or ''}".strip()


def less_given_back(amount: Decimal) -> str:
    """Return how a finding says what was given back; empty where nothing was."""
    return f"; {amount:f} was given back" if amount else ""


def is_charge(charge: Charge) -> bool:
    """Whether it is a charge, and no refund, credit, payment or balance."""
    return (charge.type or "").casefold() == "charge"
