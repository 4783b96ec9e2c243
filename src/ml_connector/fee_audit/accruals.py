"""Accruals: charges that are on no invoice yet, by account. Pure."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.config.connection import BillingSection
from ml_connector.flows.billing.documents import account_of, target_of
from ml_connector.flows.billing.invoice_lines import ChargeGroup


class Accrual(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of one fee, kind and fulfillment center, not invoiced at the end of a day.

    Attributes:
        account: NetSuite's internal id; None where the fee has none.
        amount: signed, as ShipBob gave it.
        tax: the taxes named with the charges. Whether ``amount`` includes them is only known
            once they are invoiced.
    """

    account: str | None
    department: str | None
    class_: str | None = msgspec.field(name="class")
    location: str | None
    fee: str
    type: str
    center: str | None
    currency: str | None
    charges: int
    amount: Decimal
    tax: Decimal


def accruals(groups: Sequence[ChargeGroup], settings: BillingSection) -> list[Accrual]:
    """Return the accruals of these charges, by account.

    Payments and balances are no costs and are left out.
    """
    found = []
    for group in groups:
        if group.never_billed:
            continue
        account = account_of(group, settings)
        target = target_of(account or "", group, settings)
        found.append(
            Accrual(
                account=account,
                department=target.department,
                class_=target.class_,
                location=target.location,
                fee=group.fee,
                type=group.type,
                center=group.center,
                currency=group.currency,
                charges=group.count,
                amount=group.amount,
                tax=group.tax,
            )
        )
    return sorted(found, key=lambda one: (one.currency or "", one.account or "", one.fee))


def totals(found: Sequence[Accrual]) -> dict[tuple[str, str], Decimal]:
    """Return the amounts by account and currency."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in found:
        key = (one.account or "", one.currency or "")
        sums[key] = sums.get(key, Decimal(0)) + one.amount
    return sums
