"""What invoices cost by account: ShipBob's charges, and the settings that say where they go. Pure.

Nothing here is taken from the flow that makes bills: a rule that is wrong there shows here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.config.connection import BillingSection
from ml_connector.ledger.currencies import digits_of
from ml_connector.ledger.sources.charge_words import REFERENCES, TYPES, is_no_cost, plain
from ml_connector.ledger.sources.charges import StoredInvoice, Summed
from ml_connector.reconcile.money.rows import NO_ACCOUNT, InvoiceCosts

_DUST: Final = Decimal("0.000001")


class FeeChart(msgspec.Struct, frozen=True, kw_only=True):
    """Which account a charge goes to.

    Attributes:
        accounts: by fee, in plain spelling.
        default: for charges without an account of their own; empty where there is none.
        has_default: whether unknown fees go to the default account.
        taxes: the account of taxes that are lines of their own; None where they are included.
        gaps: whether what ShipBob has forgotten goes to the default account.
    """

    accounts: Mapping[str, str]
    default: str = NO_ACCOUNT
    has_default: bool = True
    taxes: str | None = None
    gaps: bool = False

    @property
    def of_fees(self) -> frozenset[str]:
        """All accounts that charges may go to."""
        named = {*self.accounts.values(), self.default, self.taxes or NO_ACCOUNT}
        return frozenset(named - {NO_ACCOUNT})


def chart(settings: BillingSection) -> FeeChart:
    """Return which account each charge goes to, by the settings."""
    return FeeChart(
        accounts={plain(fee): account for fee, account in settings.accounts.items()},
        default=settings.default_account or NO_ACCOUNT,
        has_default=settings.unknown == "default",
        taxes=(settings.tax_account or NO_ACCOUNT) if settings.taxes == "separate" else None,
        gaps=settings.forgotten_lines == "default",
    )


def account_of(charge: Summed, known: FeeChart) -> str:
    """Return the account of a charge; empty where there is none."""
    documented = plain(charge.type) in TYPES and plain(charge.reference_type) in REFERENCES
    own = known.accounts.get(plain(charge.fee))
    if own is not None and documented:
        return own
    return known.default if known.has_default else NO_ACCOUNT


def smallest(currency: str) -> Decimal:
    """Return the smallest coin of a currency."""
    return Decimal(1).scaleb(-digits_of(currency))


class _Reading(NamedTuple):
    """One way to add an invoice up: with or without taxes on top, payments counted or not."""

    total: Decimal
    on_top: bool


def costs(invoice: StoredInvoice, lines: Iterable[Summed], known: FeeChart) -> InvoiceCosts:
    """Return what an invoice costs by account.

    It is not documented whether amounts include their taxes (SB-042), nor whether the invoice's
    amount counts payments (SB-045): what comes nearest to it is taken. What its lines do not come
    to is on no account, unless the settings name one for it.

    Args:
        invoice: the head, as ShipBob lists it.
        lines: its charges.
        known: where they go.
    """
    every = list(lines)
    paid = [one for one in every if is_no_cost(one.type)]
    own = [one for one in every if not is_no_cost(one.type)]
    currency = (invoice.currency or "").strip().upper()
    reading = _nearest(own, paid, invoice.amount)
    sums = _by_account(own, known, on_top=reading.on_top)
    gap = invoice.amount - reading.total
    if abs(gap) * 2 >= smallest(currency):
        sums[known.default if known.gaps else NO_ACCOUNT] += gap
    return InvoiceCosts(
        id=invoice.id,
        day=invoice.day,
        type=invoice.type or "",
        currency=currency,
        accounts={account: amount for account, amount in sorted(sums.items()) if amount},
        no_cost=sum((one.amount for one in paid), Decimal(0)),
        exact=_is_exact(own, smallest(currency)),
        lines=len(own) + sum(len(one.taxes) for one in own),
    )


def _by_account(
    own: Iterable[Summed], known: FeeChart, *, on_top: bool
) -> defaultdict[str, Decimal]:
    """Return what charges come to by account; taxes on one of their own where there is one."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in own:
        tax = _tax(one)
        amount = one.amount + (tax if on_top else 0)
        if known.taxes is not None:
            sums[known.taxes] += tax
            amount -= tax
        sums[account_of(one, known)] += amount
    return sums


def _is_exact(own: Iterable[Summed], coin: Decimal) -> bool:
    return all(_is_whole(one.amount, coin) and _is_whole(_tax(one), coin) for one in own)


def _nearest(own: Sequence[Summed], paid: Sequence[Summed], amount: Decimal) -> _Reading:
    """Return how the lines come nearest to the invoice's amount; with payments where both do."""
    readings = [
        _Reading(
            sum((one.amount + (_tax(one) if on_top else 0) for one in some), Decimal(0)), on_top
        )
        for some in ([*own, *paid], own)
        for on_top in (False, True)
    ]
    return min(readings, key=lambda one: abs(one.total - amount))


def _tax(one: Summed) -> Decimal:
    return sum((tax.tax_amount for tax in one.taxes), Decimal(0))


def _is_whole(amount: Decimal, coin: Decimal) -> bool:
    return abs(amount - round(amount / coin) * coin) < _DUST


def before_start(day: date | None, start: date | None) -> bool:
    """Whether an invoice is from before the connection started."""
    return day is not None and start is not None and day < start
