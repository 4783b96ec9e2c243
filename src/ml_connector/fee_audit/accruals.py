"""Accruals: charges that are on no invoice yet, or on one that is not posted. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from ml_connector.config.connection import BillingSection
from ml_connector.flows.billing.documents import account_of, target_of
from ml_connector.flows.billing.invoice_lines import GONE, ChargeGroup
from ml_connector.ledger.sources.unposted import UnpostedLine


class Accrual(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of one fee, kind and fulfillment center, not posted at the end of a day.

    Attributes:
        invoice: that they are on, dated by then; None where they were on none.
        charges: how many; 0 for a part of an invoice's line, of which the rest is posted.
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
    invoice: int | None = None


def accruals(groups: Sequence[ChargeGroup], settings: BillingSection) -> list[Accrual]:
    """Return the accruals of these charges, by account.

    Payments and balances are no costs and are left out.
    """
    return in_order([_accrual(group, settings) for group in groups if not group.never_billed])


def of_invoices(
    lines: Sequence[UnpostedLine],
    groups: Mapping[int, Sequence[ChargeGroup]],
    settings: BillingSection,
) -> list[Accrual]:
    """Return the accruals of lines of invoices that are dated by a day and not posted by it.

    Args:
        lines: what was not posted.
        groups: the kept charges of their invoices.
        settings: accounts and dimensions.
    """
    found: list[Accrual] = []
    for line in lines:
        named = {group.name: group for group in groups.get(line.invoice_id, ())}
        group = named.get(line.name)
        if group is not None and group.never_billed:
            continue
        whole = group is not None and line.amount in {group.amount, group.amount + group.tax}
        account = account_of(group, settings)
        target = target_of(account or "", group, settings)
        found.append(
            Accrual(
                account=account,
                department=target.department,
                class_=target.class_,
                location=target.location,
                fee=group.fee if group else line.name,
                type=group.type if group else "" if line.name == GONE else "Charge",
                center=group.center if group else None,
                currency=line.currency,
                charges=group.count if group is not None and whole else 0,
                amount=line.amount,
                tax=group.tax if group is not None and line.amount == group.amount else Decimal(0),
                invoice=line.invoice_id,
            )
        )
    return in_order(found)


def _accrual(group: ChargeGroup, settings: BillingSection) -> Accrual:
    account = account_of(group, settings)
    target = target_of(account or "", group, settings)
    return Accrual(
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


def in_order(found: Sequence[Accrual]) -> list[Accrual]:
    """Return accruals by currency, account, fee and invoice."""
    return sorted(
        found,
        key=lambda one: (one.currency or "", one.account or "", one.fee, one.invoice or 0),
    )


def totals(found: Sequence[Accrual]) -> dict[tuple[str, str], Decimal]:
    """Return the amounts by account and currency."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in found:
        key = (one.account or "", one.currency or "")
        sums[key] = sums.get(key, Decimal(0)) + one.amount
    return sums
