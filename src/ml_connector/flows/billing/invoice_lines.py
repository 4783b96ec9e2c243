"""The lines of a ShipBob invoice: its charges in groups, and whether they add up to it. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.billing.money import in_whole_units, is_whole, said, smallest_unit
from ml_connector.ledger.sources.charge_words import is_no_cost
from ml_connector.ledger.sources.charges import Charge, Summed
from ml_connector.words import Cause

GONE: Final = "lines that ShipBob has forgotten"
WHOLE: Final = "the whole invoice"

# A float that went through JSON may be wrong by less than this behind its real digits.
_DUST: Final = Decimal("0.000001")


class InvoiceFact(msgspec.Struct, frozen=True, kw_only=True):
    """The head of an invoice. ``amount`` is signed; ``type`` as ShipBob writes it."""

    id: int
    type: str | None
    day: date | None
    amount: Decimal
    currency: str | None


class TaxSum(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of a group's taxes of one type."""

    type: str
    amount: Decimal


class ChargeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Charges of an invoice that are posted alike: one line of the source.

    Attributes:
        name: how the journal names it.
        count: of charges in it.
        amount: the sum of their ``amount``, signed.
        taxes: by type.
    """

    name: str
    fee: str
    type: str
    reference_type: str | None
    center: str | None
    currency: str | None
    count: int
    amount: Decimal
    taxes: tuple[TaxSum, ...] = ()

    @property
    def tax(self) -> Decimal:
        """All its taxes."""
        return sum((tax.amount for tax in self.taxes), Decimal(0))

    @property
    def never_billed(self) -> bool:
        """Whether these are payments or balances."""
        return is_no_cost(self.type)


class _GroupKey(NamedTuple):
    """The values that all charges of one group have in common."""

    fee: str
    type: str
    reference_type: str | None
    center: str | None
    currency: str | None

    @classmethod
    def of(cls, charge: Summed) -> "_GroupKey":
        return cls(
            (charge.fee or "").strip() or "(no fee)",
            (charge.type or "").strip() or "(no type)",
            (charge.reference_type or "").strip() or None,
            (charge.center or "").strip() or None,
            (charge.currency or "").strip().upper() or None,
        )


class _Sums:
    def __init__(self) -> None:
        self.count = 0
        self.amount = Decimal(0)
        self.taxes: dict[str, Decimal] = {}

    def add(self, charge: Summed) -> None:
        self.count += charge.count
        self.amount += charge.amount
        for tax in charge.taxes:
            kind = tax.tax_type or "tax"
            self.taxes[kind] = self.taxes.get(kind, Decimal(0)) + tax.tax_amount


def grouped(charges: Iterable[Summed]) -> tuple[ChargeGroup, ...]:
    """Group charges by fee, type, reference type, fulfillment center and currency.

    The result does not depend on their order, nor on which of them are added up already.
    """
    groups: dict[_GroupKey, _Sums] = {}
    for charge in charges:
        groups.setdefault(_GroupKey.of(charge), _Sums()).add(charge)
    return tuple(
        ChargeGroup(
            name=", ".join(part or "-" for part in key),
            fee=key.fee,
            type=key.type,
            reference_type=key.reference_type,
            center=key.center,
            currency=key.currency,
            count=sums.count,
            amount=sums.amount,
            taxes=tuple(
                TaxSum(type=kind, amount=amount) for kind, amount in sorted(sums.taxes.items())
            ),
        )
        for key, sums in sorted(groups.items(), key=lambda entry: [str(part) for part in entry[0]])
    )


class InvoicePart(msgspec.Struct, frozen=True, kw_only=True):
    """Money of one line of the source that goes to one place.

    Attributes:
        source_line: the group's name.
        detail: the fee, or the type of a tax that is a line of its own.
        group: None for lines that ShipBob has forgotten.
        tax: whether it is a tax on a line of its own.
        amount: whole units of the currency, signed.
    """

    source_line: str
    detail: str
    group: ChargeGroup | None
    tax: bool = False
    amount: Decimal


def parts(
    invoice: InvoiceFact,
    groups: Sequence[ChargeGroup],
    *,
    listed: int,
    separate_taxes: bool,
    fill_the_gap: bool,
) -> list[InvoicePart]:
    """Split an invoice into parts that add up to its amount to the cent.

    Payments and balances that the amount does not count come beside that.

    It is not documented whether the lines' amounts include their taxes (SB-042), so both sums
    are compared with the invoice and the nearer one is taken.

    Args:
        invoice: the head.
        groups: all its lines that were ever seen.
        listed: how many lines ShipBob still lists.
        separate_taxes: make a part of each tax.
        fill_the_gap: where ShipBob has forgotten lines, make the gap a part of its own.

    Raises:
        NeedsData: the lines do not add up to the amount, or ShipBob lists them no longer.
        NeedsHuman: the lines are in another currency, or the amount has fractions of a cent.
    """
    unit = smallest_unit(invoice.currency)
    amount = _without_dust(invoice.amount, unit)
    _check_currency(invoice, groups, amount, unit)
    counted = _counted(groups, amount, unit)
    net, gross = _sums(counted)
    on_top = abs(gross - amount) < abs(net - amount)
    total = gross if on_top else net
    gap = amount - total
    found = _split(counted, on_top=on_top, separate_taxes=separate_taxes)
    if abs(gap) * 2 >= unit:
        if not (fill_the_gap and listed == 0):
            raise _does_not_tie(invoice, groups, total, gap, listed)
        found.append(InvoicePart(source_line=GONE, detail=GONE, group=None, amount=gap))
    whole = in_whole_units([part.amount for part in found], amount, unit)
    beside = [group for group in groups if group not in counted]
    return [
        *(
            msgspec.structs.replace(part, amount=exact)
            for part, exact in zip(found, whole, strict=True)
        ),
        *_split(beside, on_top=False, separate_taxes=False),
    ]


def _sums(groups: Iterable[ChargeGroup]) -> tuple[Decimal, Decimal]:
    """Return the sum of the amounts, and the same with the taxes on top."""
    net = tax = Decimal(0)
    for group in groups:
        net += group.amount
        tax += group.tax
    return net, net + tax


def _counted(
    groups: Sequence[ChargeGroup], amount: Decimal, unit: Decimal
) -> Sequence[ChargeGroup]:
    """Return the groups that the invoice's amount counts: all, or all but payments and balances.

    It is not documented whether it counts those (SB-045); whichever ties is taken.
    """
    costs = [group for group in groups if not group.never_billed]

    def ties(some: Sequence[ChargeGroup]) -> bool:
        return any(abs(total - amount) * 2 < unit for total in _sums(some))

    return costs if ties(costs) and not ties(groups) else groups


def completes(
    invoice: InvoiceFact, groups: Sequence[ChargeGroup], forgotten: Sequence[Charge]
) -> bool:
    """Return whether the charges that ShipBob has forgotten are the missing lines of an invoice.

    ShipBob may forget a line before it says which invoice it is on. If all forgotten charges
    of the invoice's type together make up the gap to the cent, all of them are on it;
    otherwise none is.
    """
    unit = smallest_unit(invoice.currency)
    amount = _without_dust(invoice.amount, unit)
    if not forgotten or any(one.currency != invoice.currency for one in forgotten):
        return False
    net = sum((group.amount for group in groups), Decimal(0))
    tax = sum((group.tax for group in groups), Decimal(0))
    if any(abs(total - amount) * 2 < unit for total in (net, net + tax)):
        return False  # it ties without them
    net += sum((one.amount for one in forgotten), Decimal(0))
    tax += sum((one.tax for one in forgotten), Decimal(0))
    return any(abs(total - amount) * 2 < unit for total in (net, net + tax))


def _without_dust(amount: Decimal, unit: Decimal) -> Decimal:
    whole = round(amount / unit) * unit
    return whole if abs(amount - whole) < _DUST else amount


def _check_currency(
    invoice: InvoiceFact, groups: Sequence[ChargeGroup], amount: Decimal, unit: Decimal
) -> None:
    costs = [group for group in groups if not group.never_billed]
    others = {group.currency for group in costs if group.currency} - {invoice.currency}
    if others and invoice.currency:
        raise NeedsHuman(
            f"Invoice {invoice.id} is in {invoice.currency}, but it has lines in"
            f" {', '.join(sorted(map(str, others)))}",
            cause=Cause.INVOICE_DOES_NOT_TIE,
            remedy="Ask ShipBob for an invoice in one currency, or enter the bill by hand.",
        )
    if not is_whole(amount, unit):
        raise NeedsHuman(
            f"Invoice {invoice.id} is over {said(amount, invoice.currency)}, which is more exact"
            f" than {invoice.currency or 'its currency'} can be",
            cause=Cause.INVOICE_DOES_NOT_TIE,
            remedy="Ask ShipBob what the invoice is over, and enter the bill by hand.",
        )


def _does_not_tie(
    invoice: InvoiceFact,
    groups: Sequence[ChargeGroup],
    total: Decimal,
    gap: Decimal,
    listed: int,
) -> NeedsData:
    count = sum(group.count for group in groups)
    sums = (
        f"Invoice {invoice.id} is over {said(invoice.amount, invoice.currency)}; the {count}"
        f" lines that are kept of it come to {said(total, invoice.currency)}; the gap is"
        f" {said(gap, invoice.currency)}"
    )
    waiting = [AwaitedKind.INVOICE.named(invoice.id), AwaitedKind.POLICY.named("forgotten_lines")]
    if listed == 0:
        return NeedsData(
            f"{sums}. ShipBob lists no lines of it any more (it forgets them after seven days),"
            " so the missing ones can no longer be had",
            cause=Cause.INVOICE_DOES_NOT_TIE,
            waiting_for=waiting,
            remedy=(
                "Ask ShipBob for the lines of this invoice and enter the bill by hand with the"
                f" reference number {invoice.id}; or set"
                ' forgotten_lines = "default" under [billing] to post the gap to the default'
                " account."
            ),
        )
    return NeedsData(
        sums,
        cause=Cause.INVOICE_DOES_NOT_TIE,
        waiting_for=waiting[:1],
        remedy=(
            "Nothing yet: fees may take hours to appear, and they are looked for at each"
            f" billing sweep. If it stays so, ask ShipBob; a bill entered by hand with the"
            f" reference number {invoice.id} is recognised by itself."
        ),
    )


def _split(
    groups: Sequence[ChargeGroup], *, on_top: bool, separate_taxes: bool
) -> list[InvoicePart]:
    found: list[InvoicePart] = []
    for group in groups:
        amount = group.amount + (group.tax if on_top else 0)
        if separate_taxes:
            amount -= group.tax
        found.append(
            InvoicePart(source_line=group.name, detail=group.fee, group=group, amount=amount)
        )
        if separate_taxes:
            found += [
                InvoicePart(
                    source_line=group.name,
                    detail=tax.type,
                    group=group,
                    tax=True,
                    amount=tax.amount,
                )
                for tax in group.taxes
            ]
    return found
