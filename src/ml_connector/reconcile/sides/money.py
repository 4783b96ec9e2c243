"""Both systems' own word on money: ShipBob's invoices and charges, and NetSuite's vendor bills.

ShipBob forgets the lines of an invoice after seven days and keeps its head (shipbob.md section
9.7). So heads are read from its list, and lines from its list as far as they are there, else from
the charges that are kept.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from ml_connector.ledger.sources import charge_sums
from ml_connector.ledger.sources.charge_words import is_no_cost
from ml_connector.ledger.sources.charges import ALIKE, StoredInvoice, StoredTax, Summed
from ml_connector.netsuite.queries.bills import VendorBillLine, vendor_bills
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reconcile.money.charges import FeeChart, account_of, costs
from ml_connector.reconcile.money.judge import invoice_of
from ml_connector.reconcile.money.rows import (
    NO_ACCOUNT,
    ChargedFee,
    InvoiceCosts,
    NoCost,
    Uninvoiced,
    VendorBill,
)
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides.currency import currency_shown
from ml_connector.shipbob.resources.billing import BillingApi, Invoice, Transaction
from ml_connector.storage.database import Database
from ml_connector.transport.call import Priority
from ml_connector.words import OUR_EXTERNAL_IDS

NEAR: Final = timedelta(days=100)
"""How far from a month an invoice or a bill may lie that has to do with it."""

CHARGED_BEFORE: Final = timedelta(days=45)
"""How long before a month something may have been charged that is invoiced in it."""


class ShipBobMoney(NamedTuple):
    """What ShipBob lists of its money.

    Attributes:
        invoices: heads, dated near the month.
        lines: its charges by invoice, those alike added up; those on none under None.
        listed: the transactions that these are made of.
    """

    invoices: Mapping[int, StoredInvoice]
    lines: Mapping[int | None, list[Summed]]
    listed: tuple[str, ...]


NOT_ASKED: Final = ShipBobMoney({}, {}, ())


async def shipbob_money(billing: BillingApi, month: Month) -> ShipBobMoney:
    """Read ShipBob's invoices near a month, and the charges that it still lists.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    since = datetime.combine(month.first - NEAR, time.min, UTC)
    heads = [_head(row) async for row in billing.invoices(since, priority=Priority.REPORT)]
    sums: dict[tuple[object, ...], Summed] = {}
    listed: list[str] = []
    first = month.first - CHARGED_BEFORE
    async for row, _ in billing.transactions(first, priority=Priority.REPORT):
        if row.charged_on is not None and row.charged_on > month.last and row.invoice_id is None:
            continue
        one = _summed(row)
        listed.append(row.transaction_id)
        key = (row.invoice_id, *(getattr(one, name) for name in ALIKE))
        sums[key] = _together(sums[key], one) if key in sums else one
    lines: dict[int | None, list[Summed]] = defaultdict(list)
    for key, one in sums.items():
        number = key[0]
        lines[number if isinstance(number, int) else None].append(one)
    return ShipBobMoney({one.id: one for one in heads}, lines, tuple(listed))


def _head(row: Invoice) -> StoredInvoice:
    return StoredInvoice(
        id=row.invoice_id,
        type=row.invoice_type,
        day=row.day,
        amount=row.amount,
        currency=(row.currency_code or "").strip().upper() or None,
    )


def _summed(row: Transaction) -> Summed:
    return Summed(
        fee=row.transaction_fee,
        type=row.transaction_type,
        reference_type=row.reference_type,
        center=row.fulfillment_center,
        currency=row.currency_code,
        amount=row.amount,
        taxes=(StoredTax(tax_amount=row.tax_amount),) if row.tax_amount else (),
    )


def _together(one: Summed, other: Summed) -> Summed:
    tax = sum((tax.tax_amount for tax in (*one.taxes, *other.taxes)), Decimal(0))
    return msgspec.structs.replace(
        one,
        count=one.count + other.count,
        amount=one.amount + other.amount,
        taxes=(StoredTax(tax_amount=tax),) if tax else (),
    )


class Charged(NamedTuple):
    """What ShipBob charged, by account.

    Attributes:
        invoices: dated near the month.
        uninvoiced: on no invoice at the end of the month.
        fees: of the month, by account and fee.
        no_cost: payments and balances of the month.
    """

    invoices: Mapping[int, InvoiceCosts]
    uninvoiced: list[Uninvoiced]
    fees: list[ChargedFee]
    no_cost: list[NoCost]


async def charged(
    database: Database,
    name: str,
    month: Month,
    asked: ShipBobMoney,
    known: FeeChart,
    *,
    named: Collection[int],
) -> Charged:
    """Return what was charged, by ShipBob's lists, and by what is kept where they forget.

    Args:
        database: where charges are kept.
        name: of the connection.
        month: which.
        asked: what ShipBob lists.
        known: which account each charge goes to.
        named: invoices that bills of the month name.
    """
    kept = await charge_sums.invoices_of(
        database, name, month.first, month.after, numbers=sorted(named)
    )
    heads = {**{one.id: one for one in kept}, **asked.invoices}
    wanted = {
        number: head
        for number, head in heads.items()
        if head.day is None or head.day in month or number in named
    }
    lines = await charge_sums.sums_of(database, name, sorted(wanted), besides=asked.listed)
    on_none = await _on_none(database, name, month, asked, heads)
    own = {
        number: [*lines.get(number, ()), *asked.lines.get(number, ())]
        for number, head in wanted.items()
        if not is_no_cost(head.type)
    }
    return Charged(
        invoices={number: costs(wanted[number], some, known) for number, some in own.items()},
        uninvoiced=_uninvoiced(on_none, known),
        fees=_fees(_of_month(own, wanted, month), on_none, known),
        no_cost=_no_cost(wanted.values(), month),
    )


async def _on_none(
    database: Database,
    name: str,
    month: Month,
    asked: ShipBobMoney,
    heads: Mapping[int, StoredInvoice],
) -> list[Summed]:
    """Return what is on no invoice at the end of a month, those alike added up."""
    dated = {one.id for one in heads.values() if one.day is None or one.day <= month.last}
    kept = await charge_sums.sums_on_none(
        database, name, month.last, dated=sorted(dated), besides=asked.listed
    )
    later = heads.keys() - dated
    listed = (
        one for number, some in asked.lines.items() if number in {None, *later} for one in some
    )
    return [*kept, *listed]


def _of_month(
    own: Mapping[int, list[Summed]], heads: Mapping[int, StoredInvoice], month: Month
) -> Iterator[Summed]:
    for number, some in own.items():
        day = heads[number].day
        if day is None or day in month:
            yield from some


def _fees(
    invoiced: Iterable[Summed], on_none: Iterable[Summed], known: FeeChart
) -> list[ChargedFee]:
    sums: dict[tuple[str, str, str, str], ChargedFee] = {}
    for name, some in (("invoiced", invoiced), ("not_invoiced", on_none)):
        for one in some:
            if is_no_cost(one.type):
                continue
            currency = (one.currency or "").strip().upper()
            key = (account_of(one, known), currency, one.fee or "", one.type or "")
            before = sums.get(key) or ChargedFee(
                account=key[0], currency=key[1], fee=key[2], type=key[3]
            )
            sums[key] = msgspec.structs.replace(
                before,
                charges=before.charges + one.count,
                **{name: getattr(before, name) + one.amount},
            )
    return [one for _, one in sorted(sums.items())]


def _uninvoiced(found: Iterable[Summed], known: FeeChart) -> list[Uninvoiced]:
    sums: dict[tuple[str, str], tuple[Decimal, int]] = {}
    for one in found:
        if is_no_cost(one.type):
            continue
        key = (account_of(one, known), (one.currency or "").strip().upper())
        amount, count = sums.get(key, (Decimal(0), 0))
        sums[key] = (amount + one.amount, count + one.count)
    return [
        Uninvoiced(account=account, currency=currency, amount=amount, charges=count)
        for (account, currency), (amount, count) in sorted(sums.items())
    ]


def _no_cost(heads: Iterable[StoredInvoice], month: Month) -> list[NoCost]:
    sums: dict[tuple[str, str], tuple[Decimal, int]] = {}
    for one in heads:
        if is_no_cost(one.type) and one.day is not None and one.day in month:
            key = (one.type or "", one.currency or "")
            amount, count = sums.get(key, (Decimal(0), 0))
            sums[key] = (amount + one.amount, count + 1)
    return [
        NoCost(type=kind, currency=currency, invoices=count, amount=amount)
        for (kind, currency), (amount, count) in sorted(sums.items())
    ]


class NetSuiteMoney(NamedTuple):
    """NetSuite's bills near a month.

    Attributes:
        bills: those that stand.
        accounts: the names of their accounts, by internal id.
        hidden: whether the role may not read which accounts they go to.
    """

    bills: list[VendorBill]
    accounts: Mapping[str, str]
    hidden: bool


async def netsuite_money(
    suiteql: SuiteQL, vendor: str, month: Month, currencies: Mapping[str, str]
) -> NetSuiteMoney:
    """Read the vendor's bills and credits, and ours, near a month.

    Args:
        suiteql: the account.
        vendor: ShipBob's, in NetSuite.
        month: which.
        currencies: NetSuite's internal ids of currencies by their codes.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    first, after = month.first - NEAR, month.after + NEAR
    lines = [line async for page in vendor_bills(suiteql, vendor, first, after) for line in page]
    return of_lines(lines, currencies)


def of_lines(lines: Iterable[VendorBillLine], currencies: Mapping[str, str]) -> NetSuiteMoney:
    """Return the bills that lines are of. Pure.

    Each line counts once, though an account with several accounting books lists it in each.
    """
    codes = {internal_id: code.upper() for code, internal_id in currencies.items()}
    by_id: dict[str, dict[int, VendorBillLine]] = defaultdict(dict)
    accounts: dict[str, str] = {}
    for line in lines:
        if line.posting and not line.voided:
            by_id[line.id].setdefault(line.line, line)
            if line.account and line.accountname:
                accounts[line.account] = line.accountname
    hidden = bool(by_id) and not any(
        line.account for bill in by_id.values() for line in bill.values()
    )
    return NetSuiteMoney(
        [_bill(list(one.values()), codes) for one in by_id.values()], accounts, hidden
    )


def _bill(lines: list[VendorBillLine], codes: Mapping[str, str]) -> VendorBill:
    head = lines[0]
    total = sum((line.foreignamount for line in lines), Decimal(0))
    is_credit = head.type == "VendCred"
    sign = -1 if (total > 0 if is_credit else total < 0) else 1
    accounts: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        accounts[line.account or NO_ACCOUNT] += line.foreignamount * sign
    return VendorBill(
        id=head.id,
        type=head.type,
        number=head.tranid or "",
        external_id=head.externalid or "",
        day=head.trandate,
        posted=posted_in(head.trandate, head.periodstart, head.periodend),
        currency=currency_shown(head.currency, head.currencyname, codes),
        accounts=dict(accounts),
        subsidiary=head.subsidiary or "",
        ours=(head.externalid or "").startswith(OUR_EXTERNAL_IDS),
    )


def posted_in(day: date, start: date | None, end: date | None) -> date:
    """Return the first day of the month that a bill is posted in.

    Its posting period says so where it does not hold the bill's own day; periods need not be
    calendar months (netsuite.md section 13.5).
    """
    if start is None or end is None or start <= day <= end:
        return day.replace(day=1)
    return (start if start > day else end).replace(day=1)


def named_invoices(found: NetSuiteMoney, taken: Mapping[str, int]) -> set[int]:
    """Return the invoices that bills name."""
    return {number for one in found.bills if (number := invoice_of(one, taken)) is not None}


def without_accounts(found: Charged) -> Charged:
    """Return what was charged with all accounts as one: NetSuite does not show them."""
    return Charged(
        {
            number: msgspec.structs.replace(one, accounts={NO_ACCOUNT: one.total})
            for number, one in found.invoices.items()
        },
        [msgspec.structs.replace(one, account=NO_ACCOUNT) for one in found.uninvoiced],
        found.fees,
        found.no_cost,
    )
