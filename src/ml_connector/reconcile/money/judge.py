"""Ties money out, invoice by invoice and account by account. Pure: no clock, no database.

NetSuite's bills are matched with ShipBob's invoices by what both show: the invoice's number on the
bill, or its external id. What the flows say of an invoice (that it waits, that it is refused) is
only a name for a difference that was measured; where its amount does not fit, it explains nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from ml_connector.reconcile.amounts import shown
from ml_connector.reconcile.money.charges import before_start, smallest
from ml_connector.reconcile.money.rows import (
    ChargedFee,
    FeeItem,
    FeeKind,
    FeeLine,
    FeePlace,
    InvoiceCosts,
    MoneyTie,
    NoCost,
    OddBill,
    OpenInvoice,
    Uninvoiced,
    VendorBill,
)
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.currency import currency_named
from ml_connector.words import ExternalIdPrefix

_NUMBER: Final = re.compile(r"(\d{1,18})(?:-(?:\d+|undo))*", re.ASCII)
_OURS: Final = re.compile(
    rf"(?:{ExternalIdPrefix.REVERSAL}(?:vb-|vc-)|{ExternalIdPrefix.VENDOR_BILL}"
    rf"|{ExternalIdPrefix.VENDOR_CREDIT})(\d{{1,18}})(?:-.*)?",
    re.ASCII,
)
_NOTHING: Final = OpenInvoice()


class MoneySides(msgspec.Struct, frozen=True, kw_only=True):
    """Both systems' money of a month, and what may explain its difference.

    Attributes:
        vendor: ShipBob's, in NetSuite.
        start: the connection's start date; None where it has none.
        invoices: those of the month, and those that bills of the month may be of.
        uninvoiced: charges that are on no invoice at the end of the month.
        bills: of the vendor and ours, posted in the month or near it.
        open: what is not posted, by invoice.
        told: by invoice, account and currency, what differences of bills of ours come to; with an
            empty account, that all of the invoice is told so.
        told_bills: bills that a difference of their own names, by internal id.
        taken: by internal id of a bill of others, the invoice it is taken for, by decision.
        separate: by internal id, what a bill of others is another matter than, by decision.
        elsewhere: invoices of other connections.
        of_fees: the accounts of fees.
        subsidiary: that bills must be in; empty where the settings name none.
        fees: what was charged, by account and fee.
        no_cost: payments and balances of the month.
        notes: what could not be had.
        accounts: the names of accounts.
    """

    vendor: str = ""
    start: date | None = None
    invoices: Mapping[int, InvoiceCosts] = MappingProxyType({})
    uninvoiced: Sequence[Uninvoiced] = ()
    bills: Sequence[VendorBill] = ()
    open: Mapping[int, OpenInvoice] = MappingProxyType({})
    told: Mapping[tuple[int, str, str], Decimal] = MappingProxyType({})
    told_bills: frozenset[str] = frozenset()
    taken: Mapping[str, int] = MappingProxyType({})
    separate: Mapping[str, str] = MappingProxyType({})
    elsewhere: frozenset[int] = frozenset()
    of_fees: frozenset[str] = frozenset()
    subsidiary: str = ""
    fees: Sequence[ChargedFee] = ()
    no_cost: Sequence[NoCost] = ()
    notes: Sequence[str] = ()
    accounts: Mapping[str, str] = MappingProxyType({})


class _Ledger:
    """The amounts of both systems, as they are added up."""

    def __init__(self) -> None:
        self.charged: dict[FeePlace, Decimal] = defaultdict(Decimal)
        self.billed: dict[FeePlace, Decimal] = defaultdict(Decimal)
        self.items: dict[FeePlace, list[FeeItem]] = defaultdict(list)

    def add(self, one: FeeItem) -> None:
        """Add an item; one of nothing is left out."""
        if one.amount:
            self.items[one.place].append(one)

    def bill(self, bill: VendorBill, currency: str) -> None:
        """Add what a bill of the month holds."""
        for account, amount in bill.accounts.items():
            self.billed[FeePlace(account, currency)] += amount

    def lines(self) -> list[FeeLine]:
        """Return all accounts, those that are red first."""
        places = {*self.charged, *self.billed, *self.items}
        found = [
            FeeLine(
                place=place,
                charged=self.charged[place],
                billed=self.billed[place],
                items=tuple(sorted(self.items[place], key=_rank)),
            )
            for place in places
        ]
        return sorted(found, key=lambda one: (not one.red, one.place))


_ORDER: Final = {kind: at for at, kind in enumerate(FeeKind)}


def _rank(one: FeeItem) -> tuple[object, ...]:
    return _ORDER[one.kind], one.invoice or 0, one.says, one.amount


def tie_money(month: Month, sides: MoneySides) -> MoneyTie:
    """Tie the money of a month out.

    Args:
        month: which.
        sides: both systems' money.
    """
    ledger = _Ledger()
    by_invoice, beside = _matched(sides)
    for number, costs in sorted(sides.invoices.items()):
        bills = by_invoice.pop(number, [])
        if costs.day is None or costs.day in month:
            _of_month(ledger, month, costs, bills, sides)
        else:
            _of_another(ledger, month, costs, bills, sides)
    beside += [bill for bills in by_invoice.values() for bill in bills]
    for bill in beside:
        if bill.posted in month and not before_start(bill.day, sides.start):
            _beside(ledger, bill, sides)
    for one in sides.uninvoiced:
        place = FeePlace(one.account, one.currency)
        ledger.charged[place] += one.amount
        ledger.add(
            FeeItem(
                kind=FeeKind.NOT_INVOICED,
                place=place,
                amount=one.amount,
                says=f"{one.charges:,} charge{'' if one.charges == 1 else 's'}",
            )
        )
    return MoneyTie(
        vendor=sides.vendor,
        lines=tuple(ledger.lines()),
        odd=tuple(_odd(month, sides)),
        fees=tuple(sides.fees),
        no_cost=tuple(sides.no_cost),
        notes=tuple(sides.notes),
        accounts=sides.accounts,
    )


def invoice_of(bill: VendorBill, taken: Mapping[str, int]) -> int | None:
    """Return the number of the invoice that a bill is of, as it says itself."""
    if bill.id in taken:
        return taken[bill.id]
    found = _OURS.fullmatch(bill.external_id) or _NUMBER.fullmatch(bill.number.strip())
    return int(found[1]) if found else None


def _matched(sides: MoneySides) -> tuple[dict[int, list[VendorBill]], list[VendorBill]]:
    """Return the bills by invoice, and those that name none that ShipBob has."""
    by_invoice: dict[int, list[VendorBill]] = defaultdict(list)
    beside: list[VendorBill] = []
    for bill in sides.bills:
        number = invoice_of(bill, sides.taken)
        if bill.id in sides.separate or number is None:
            beside.append(bill)
        elif number not in sides.elsewhere or number in sides.invoices:
            by_invoice[number].append(bill)
    return by_invoice, beside


def _too_much(costs: InvoiceCosts, bills: Sequence[VendorBill]) -> Decimal:
    """Return what bills hold beyond what an invoice costs.

    Nothing where one was taken back: what is left then is as a person wanted it, which is told in
    the invoice's own month.
    """
    if any(bill.external_id.startswith(ExternalIdPrefix.REVERSAL) for bill in bills):
        return Decimal(0)
    return max(sum((bill.total for bill in bills), Decimal(0)) - costs.total, Decimal(0))


class _Split(NamedTuple):
    """The bills of an invoice.

    Attributes:
        like: in its currency.
        other: in others.
        told: that a difference of their own names.
    """

    like: list[VendorBill]
    other: list[VendorBill]
    told: list[VendorBill]


def _split(costs: InvoiceCosts, bills: Sequence[VendorBill], sides: MoneySides) -> _Split:
    told = [one for one in bills if one.id in sides.told_bills]
    rest = [one for one in bills if one.id not in sides.told_bills]
    like = [one for one in rest if _is_like(one.currency, costs.currency)]
    return _Split(like, [one for one in rest if one not in like], told)


class _InCurrency(NamedTuple):
    """An invoice, in the currency in which it is counted."""

    costs: InvoiceCosts
    currency: str

    def item(
        self,
        kind: FeeKind,
        account: str,
        amount: Decimal,
        says: str,
        bills: Iterable[VendorBill] = (),
    ) -> FeeItem:
        """Return an item of it."""
        return FeeItem(
            kind=kind,
            place=FeePlace(account, self.currency),
            amount=amount,
            invoice=self.costs.id,
            says=says,
            documents=tuple(bill.ref for bill in bills),
        )


def _is_like(one: str, other: str) -> bool:
    return not one or not other or one == other


def _currency(costs: InvoiceCosts, bills: Sequence[VendorBill]) -> str:
    """Return the currency that an invoice is counted in: its own, or that of its bills."""
    return costs.currency or next((one.currency for one in bills if one.currency), "")


def _of_month(
    ledger: _Ledger,
    month: Month,
    costs: InvoiceCosts,
    bills: Sequence[VendorBill],
    sides: MoneySides,
) -> None:
    """Tie an invoice of the month out."""
    split, currency = _split(costs, bills, sides), _currency(costs, bills)
    split = split._replace(like=_without_later_copies(costs, split.like, month))
    of = _InCurrency(costs, currency)
    rest: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in costs.accounts.items():
        ledger.charged[FeePlace(account, currency)] += amount
        rest[account] += amount
    for bill in split.like:
        for account, amount in bill.accounts.items():
            rest[account] -= amount
        if bill.posted in month:
            ledger.bill(bill, currency)
            continue
        kind = FeeKind.BILLED_LATER if bill.posted >= month.after else FeeKind.BILLED_EARLIER
        says = f"invoice {costs.id}: {_named(bill)}, posted in {bill.posted:%Y-%m}"
        for account, amount in bill.accounts.items():
            ledger.add(of.item(kind, account, amount, says, [bill]))
    _beside_it(ledger, month, costs, split)
    for one in _explained(of, {a: v for a, v in rest.items() if v}, split, sides):
        ledger.add(one)


def _without_later_copies(
    costs: InvoiceCosts, like: list[VendorBill], month: Month
) -> list[VendorBill]:
    """Leave out the bills of later months that are too many: they are told in their month."""
    over = _too_much(costs, like)
    later = [bill for bill in like if bill.posted >= month.after]
    if not over:
        return like
    for copies in (later, *([bill] for bill in reversed(later))):
        if copies and sum((bill.total for bill in copies), Decimal(0)) == over:
            return [bill for bill in like if bill not in copies]
    return like


def _beside_it(ledger: _Ledger, month: Month, costs: InvoiceCosts, split: _Split) -> None:
    """Add the bills of an invoice that are in another currency, or told already.

    What was billed in another currency and taken back again is no difference any more.
    """
    back = _taken_back(split.other)
    for bill in (*split.other, *split.told):
        if bill.posted not in month:
            continue
        currency = bill.currency or costs.currency
        ledger.bill(bill, currency)
        of = _InCurrency(costs, currency)
        kind, says = FeeKind.DIFFERS, f"invoice {costs.id}: {_named(bill)}"
        if bill in split.other:
            kind = FeeKind.REFUSED if currency in back else FeeKind.OTHER_CURRENCY
            says = f"invoice {costs.id} is in {costs.currency}, {_named(bill)}{_in(bill)}"
        for account, amount in bill.accounts.items():
            ledger.add(of.item(kind, account, -amount, says, [bill]))


def _taken_back(bills: Sequence[VendorBill]) -> set[str]:
    """Return the currencies in which bills come to nothing on every account."""
    return {
        currency
        for currency in {bill.currency for bill in bills}
        if not any(_by_account(bill for bill in bills if bill.currency == currency).values())
    }


def _of_another(
    ledger: _Ledger,
    month: Month,
    costs: InvoiceCosts,
    bills: Sequence[VendorBill],
    sides: MoneySides,
) -> None:
    """Add the bills of the month of an invoice of another one: what it costs was accrued there."""
    split, currency = _split(costs, bills, sides), _currency(costs, bills)
    of = _InCurrency(costs, currency)
    here = [bill for bill in split.like if bill.posted in month]
    _beside_it(ledger, month, costs, split)
    if not here:
        return
    for bill in here:
        ledger.bill(bill, currency)
    over = _too_much(costs, split.like)
    too_many = _too_many(here, over)
    for bill in here:
        kind = FeeKind.BILLED_TWICE if bill in too_many else FeeKind.FROM_EARLIER
        said = f"invoice {costs.id} of {costs.day}: {_named(bill)}"
        if kind is FeeKind.BILLED_TWICE:
            said = f"{said}; {_over(over, currency)}"
        for account, amount in bill.accounts.items():
            ledger.add(of.item(kind, account, -amount, said, [bill]))


def _too_many(bills: Sequence[VendorBill], over: Decimal) -> Sequence[VendorBill]:
    """Return which bills are more than an invoice costs: one over just as much, else the last."""
    if not over:
        return ()
    alike = [bill for bill in bills if bill.total == over]
    if alike:
        return alike[-1:]
    return bills[-1:] if over <= sum((bill.total for bill in bills), Decimal(0)) else ()


def _explained(
    of: _InCurrency, rest: Mapping[str, Decimal], split: _Split, sides: MoneySides
) -> Iterator[FeeItem]:
    """Say what is left of an invoice of the month, once its bills are taken off."""
    costs, currency = of
    told = {account: sides.told.get((costs.id, account, currency), Decimal(0)) for account in rest}
    whole = (costs.id, "", currency) in sides.told
    left = {account: amount - told[account] for account, amount in rest.items()}
    for some, rests in ((rest, {}), (left, told)):
        kind, says = _reason(costs, some, split, sides)
        if kind is not None:
            for account, amount in some.items():
                yield of.item(kind, account, amount, says, split.like)
            for account, amount in rests.items():
                yield of.item(FeeKind.DIFFERS, account, amount, _bill_of(costs))
            return
    if whole:
        for account, amount in rest.items():
            yield of.item(FeeKind.DIFFERS, account, amount, _bill_of(costs))
        return
    for account, amount in told.items():
        yield of.item(FeeKind.DIFFERS, account, amount, _bill_of(costs))
    yield from _unexplained(of, left, split, sides.open.get(costs.id, _NOTHING))


def _bill_of(costs: InvoiceCosts) -> str:
    return f"invoice {costs.id}: its bill has a difference of its own"


def _reason(
    costs: InvoiceCosts, rest: Mapping[str, Decimal], split: _Split, sides: MoneySides
) -> tuple[FeeKind | None, str]:
    """Return what exactly accounts for what is left of an invoice; None where nothing does."""
    if not any(rest.values()):
        return FeeKind.WAITING, ""
    if before_start(costs.day, sides.start) and not split.like:
        return FeeKind.REFUSED, f"invoice {costs.id} of {costs.day}: before the start date"
    total = sum(rest.values(), Decimal(0))
    known = sides.open.get(costs.id, _NOTHING)
    if not total and not known.lines:
        return _moved_only(costs, rest, split)
    return _told_of(costs, total, known, split)


def _told_of(
    costs: InvoiceCosts, total: Decimal, known: OpenInvoice, split: _Split
) -> tuple[FeeKind | None, str]:
    """Return what is told of an invoice that comes to exactly what is left of it."""
    # Payments are never billed, whoever says so: ShipBob's own lists show which there are.
    refused = {known.refused, known.refused - costs.no_cost} if known.refused else {Decimal(0)}
    beside = {*refused, Decimal(0), costs.no_cost}
    why = f"invoice {costs.id}: {known.says}" if known.says else f"invoice {costs.id}"
    if total and total == known.decided:
        return FeeKind.DECIDED, f"invoice {costs.id}: its bill is taken as it is, by decision"
    if total and total in refused:
        return FeeKind.REFUSED, why
    if known.lines and (total - known.waiting in beside or _in_part(total, known.waiting, split)):
        return FeeKind.WAITING, why
    return None, ""


def _in_part(total: Decimal, waiting: Decimal, split: _Split) -> bool:
    """Whether bills that others entered hold a part of what waits, and the rest is left."""
    by_others = any(not bill.ours for bill in split.like)
    return by_others and abs(total) < abs(waiting) and (total > 0) == (waiting > 0)


def _moved_only(
    costs: InvoiceCosts, rest: Mapping[str, Decimal], split: _Split
) -> tuple[FeeKind | None, str]:
    """Return why an invoice ties, and its accounts do not; None where nothing says why."""
    if not costs.total and not any(_by_account(split.like).values()):
        return FeeKind.REFUSED, f"invoice {costs.id} comes to 0: nothing is owed"
    coin = smallest(costs.currency)
    if not costs.exact and all(abs(one) < coin * costs.lines for one in rest.values()):
        return FeeKind.ROUNDING, f"invoice {costs.id} has fractions of the smallest coin"
    by_others = [bill for bill in split.like if not bill.ours]
    ours = _by_account(bill for bill in split.like if bill.ours)
    if by_others and not any(ours.values()):
        named = ", ".join(map(_named, by_others))
        return FeeKind.OTHER_ACCOUNTS, f"invoice {costs.id}: {named}"
    return None, ""


def _by_account(bills: Iterable[VendorBill]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for bill in bills:
        for account, amount in bill.accounts.items():
            sums[account] += amount
    return sums


def _unexplained(
    of: _InCurrency, rest: Mapping[str, Decimal], split: _Split, known: OpenInvoice
) -> Iterator[FeeItem]:
    costs, currency = of
    total = sum(rest.values(), Decimal(0))
    back = _taken_back(split.other)
    other = [bill for bill in split.other if bill.currency not in back]
    bills = [*split.like, *other]
    named = ", ".join(map(_named, bills)) or "no bill"
    if other:
        kind = FeeKind.OTHER_CURRENCY
        named = ", ".join([*map(_named, split.like), *(_named(one) + _in(one) for one in other)])
        says = f"invoice {costs.id} is in {costs.currency}, and NetSuite has {named}"
    elif total < 0 and not any(one > 0 for one in rest.values()):
        kind = FeeKind.BILLED_TWICE
        says = f"invoice {costs.id}: NetSuite has {named}; {_over(-total, currency)}"
    else:
        kind = FeeKind.UNEXPLAINED
        says = (
            f"invoice {costs.id} costs {shown(costs.total, currency)} {currency}; NetSuite has"
            f" {named}"
        )
        if known.says and not known.lines:
            says = f'{says}. It is not billed for "{known.says}", and nothing shows that'
    for account, amount in rest.items():
        yield of.item(kind, account, amount, says, bills)


def _over(amount: Decimal, currency: str) -> str:
    return f"{shown(amount, currency)} {currency} more than ShipBob charged"


def _beside(ledger: _Ledger, bill: VendorBill, sides: MoneySides) -> None:
    """Add a bill of the month that is of no invoice."""
    if bill.id in sides.told_bills or bill.id in sides.separate:
        kind = FeeKind.DIFFERS if bill.id in sides.told_bills else FeeKind.OTHER_MATTER
        says = sides.separate.get(bill.id, "it has a difference of its own")
        ledger.bill(bill, bill.currency)
        for account, amount in bill.accounts.items():
            place = FeePlace(account, bill.currency)
            ledger.add(
                FeeItem(
                    kind=kind,
                    place=place,
                    amount=-amount,
                    says=f"{_named(bill)}: {says}",
                    documents=(bill.ref,),
                )
            )
        return
    like = _as_much_as(bill, sides)
    accounts = {
        account: amount
        for account, amount in bill.accounts.items()
        if bill.ours or like or account in sides.of_fees
    }
    says = _named(bill) + (f"; of the day of invoice {like}, and over as much" if like else "")
    for account, amount in accounts.items():
        place = FeePlace(account, bill.currency)
        ledger.billed[place] += amount
        ledger.add(
            FeeItem(
                kind=FeeKind.NOT_CHARGED,
                place=place,
                amount=-amount,
                says=says,
                documents=(bill.ref,),
            )
        )


def _as_much_as(bill: VendorBill, sides: MoneySides) -> int | None:
    """Return the only invoice of the same day that comes to exactly as much, and is billed.

    A bill with a number of its own is that invoice's, whatever it comes to.
    """
    if invoice_of(bill, sides.taken) is not None:
        return None
    billed: dict[int | None, Decimal] = defaultdict(Decimal)
    for one in sides.bills:
        billed[invoice_of(one, sides.taken)] += one.total
    found = [
        one.id
        for one in sides.invoices.values()
        if one.total == bill.total
        and bill.total > 0
        and one.day == bill.day
        and billed[one.id] == one.total
        and _is_like(one.currency, bill.currency)
    ]
    return found[0] if len(found) == 1 else None


def _odd(month: Month, sides: MoneySides) -> Iterator[OddBill]:
    """Yield bills of the month in another subsidiary or posting period than they must be."""
    for bill in sides.bills:
        number = invoice_of(bill, sides.taken)
        if number is None or number not in sides.invoices or bill.id in sides.separate:
            continue
        here = bill.posted in month or bill.day in month
        if here and sides.subsidiary and bill.subsidiary not in {"", sides.subsidiary}:
            yield OddBill(
                what="subsidiary",
                bill=bill,
                invoice=number,
                says=(
                    f"{_named(bill)} of invoice {number} is in subsidiary {bill.subsidiary}; the"
                    f" settings say {sides.subsidiary}"
                ),
            )
        if here and bill.ours and Month.of(bill.day) != Month.of(bill.posted):
            yield OddBill(
                what="period",
                bill=bill,
                invoice=number,
                says=(
                    f"{_named(bill)} of invoice {number} is dated {bill.day}, and is posted in"
                    f" {bill.posted:%Y-%m}"
                ),
            )


def _in(bill: VendorBill) -> str:
    return f" in {currency_named(bill.currency)}"


def _named(bill: VendorBill) -> str:
    kind = "credit" if bill.type == "VendCred" else "bill"
    return f"{kind} {bill.number or bill.id}"
