"""The vendor bill and the vendor credit of an invoice, and the accounts they go to. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import BillingSection
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.billing.invoice_lines import ChargeGroup, InvoiceFact, InvoicePart
from ml_connector.flows.billing.money import said
from ml_connector.ledger.postings.bills import Bill, ExpenseLine, Expenses, Reference
from ml_connector.ledger.postings.documents import CreateBill, Document, JournalLine, Posted
from ml_connector.ledger.sources.charge_words import REFERENCES, TYPES, plain
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

BILLS: Final = frozenset({DocumentKind.VENDOR_BILL, DocumentKind.VENDOR_CREDIT})

_MOST_MEMO: Final = 150


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where money goes: an account and, where the merchant uses them, its dimensions."""

    account: str
    department: str | None = None
    class_: str | None = None
    location: str | None = None


class TargetAmount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount, and where it goes."""

    source_line: str
    detail: str
    memo: str
    count: int
    target: Target
    amount: Decimal


def placed(parts: Sequence[InvoicePart], settings: BillingSection) -> list[TargetAmount]:
    """Return where each part goes.

    A fee goes to its account. A fee without an account, and a charge whose type or reference
    type is not documented (SB-044), goes to the default account if ``unknown`` says so.

    Raises:
        NeedsData: there is no account for some parts; all of them are named.
        NeedsHuman: taxes are lines of their own and have no account.
    """
    found: list[TargetAmount] = []
    missing: dict[tuple[str, str], None] = {}
    for part in parts:
        account = _account(part, settings)
        if account is None:
            missing[part.detail, _why_no_account(part, settings)] = None
            continue
        found.append(
            TargetAmount(
                source_line=part.source_line,
                detail=part.detail,
                memo=_memo(part),
                count=part.group.count if part.group else 0,
                target=target_of(account, part.group, settings),
                amount=part.amount,
            )
        )
    if missing:
        named = "; ".join(f"{fee} ({why})" for fee, why in missing)
        raise NeedsData(
            f"No account for {named}",
            cause=Cause.ACCOUNT_UNMAPPED,
            waiting_for=list(dict.fromkeys(AwaitedKind.ACCOUNT.named(fee) for fee, _ in missing)),
            remedy=(
                'Add "<fee>" = "<NetSuite account id>" under [billing.accounts] for each, or set'
                ' default_account and unknown = "default" under [billing], and apply the'
                " connection again; what waits goes on by itself."
            ),
        )
    return found


def outstanding(wanted: Sequence[TargetAmount], posted: Sequence[Posted]) -> list[TargetAmount]:
    """Return the amounts that are still to be posted, by source line and detail.

    The amount is negative for a line that is smaller now, and for one that is gone. A line
    that is gone goes where it was posted to.
    """
    done: dict[tuple[str, str], Decimal] = {}
    where: dict[tuple[str, str], JournalLine] = {}
    for document in posted:
        for line in document.lines if document.kind in BILLS else ():
            key = (line.source_line, line.detail or "")
            done[key] = done.get(key, Decimal(0)) + (line.amount or Decimal(0))
            where[key] = line
    rest: list[TargetAmount] = []
    for one in wanted:
        before = done.pop((one.source_line, one.detail), None)
        if before is None:
            rest.append(one)
        else:
            rest.append(msgspec.structs.replace(one, amount=one.amount - before, count=0))
    for key, amount in done.items():
        target = Target(account=where[key].account or "", location=where[key].location)
        rest.append(
            TargetAmount(
                source_line=key[0],
                detail=key[1],
                memo=key[1],
                count=0,
                target=target,
                amount=-amount,
            )
        )
    changed: dict[str, Decimal] = {}
    for one in rest:
        changed[one.source_line] = changed.get(one.source_line, Decimal(0)) + one.amount
    # When the settings for taxes change, money moves within a source line: no correction.
    return [one for one in rest if one.amount and changed[one.source_line]]


def bill(
    invoice: InvoiceFact,
    postings: Sequence[TargetAmount],
    settings: BillingSection,
    *,
    number: int,
    fact_date: date,
    day: date,
    currency: str | None,
) -> Document:
    """Return the vendor bill of an invoice, or the vendor credit where the sum is below 0.

    Args:
        invoice: the head.
        postings: what to post, not empty.
        settings: vendor and dimensions.
        number: of the document among those of this invoice, from 1. From 2 on it is a
            correction, since what is posted is never edited.
        fact_date: the date of the invoice.
        day: the date that the document carries.
        currency: NetSuite's internal id; None: the vendor's.

    Source: netsuite.md sections 8.7 and 13.
    """
    total = sum((one.amount for one in postings), Decimal(0))
    credit = total < 0
    suffix = "" if number == 1 else f"-{number}"
    prefix = ExternalIdPrefix.VENDOR_CREDIT if credit else ExternalIdPrefix.VENDOR_BILL
    external_id = f"{prefix}{invoice.id}{suffix}"
    true_date = fact_date if day != fact_date else None
    what = _described(invoice, correction=number > 1, true_date=true_date)
    body = Bill(
        external_id=external_id,
        entity=Reference(settings.vendor or ""),
        tran_id=f"{invoice.id}{suffix}",
        tran_date=day,
        memo=f"{what[:_MOST_MEMO]} [{external_id}]",
        subsidiary=_reference(settings.subsidiary),
        currency=_reference(currency),
        department=_reference(settings.department),
        class_=_reference(settings.class_),
        location=_reference(settings.location),
        expense=Expenses(_expense_lines(postings, -1 if credit else 1)),
    )
    kind = "Vendor credit" if credit else "Vendor bill"
    return Document(
        system="netsuite",
        kind=DocumentKind.VENDOR_CREDIT if credit else DocumentKind.VENDOR_BILL,
        external_id=external_id,
        title=f"{kind} over {said(abs(total), invoice.currency)} for {what}",
        request=CreateBill(record_type="vendorCredit" if credit else "vendorBill", body=body),
        lines=tuple(_journal_line(one, invoice, fact_date, day) for one in postings),
    )


def lines_of(
    postings: Sequence[TargetAmount], invoice: InvoiceFact, day: date
) -> tuple[JournalLine, ...]:
    """Return journal lines of these amounts, all of one day."""
    return tuple(_journal_line(one, invoice, day, day) for one in postings)


def _described(invoice: InvoiceFact, *, correction: bool, true_date: date | None) -> str:
    """Return what a bill is for, with the invoice's date where the bill has another."""
    return "".join(
        (
            f"ShipBob invoice {invoice.id}",
            f", {invoice.type}" if invoice.type else "",
            ", correction" if correction else "",
            f", dated {true_date}" if true_date else "",
        )
    )


def _journal_line(
    posting: TargetAmount, invoice: InvoiceFact, fact_date: date, day: date
) -> JournalLine:
    return JournalLine(
        source=f"invoice {invoice.id}",
        source_line=posting.source_line,
        fact_date=fact_date,
        posting_date=day,
        location=posting.target.location,
        amount=posting.amount,
        currency=invoice.currency,
        account=posting.target.account,
        detail=posting.detail,
    )


def _expense_lines(postings: Sequence[TargetAmount], sign: int) -> tuple[ExpenseLine, ...]:
    """Return one expense line for each memo and target; none where the sum is zero."""
    together: dict[tuple[str, Target], tuple[Decimal, int]] = {}
    for one in postings:
        amount, count = together.get((one.memo, one.target), (Decimal(0), 0))
        together[one.memo, one.target] = (amount + one.amount, count + one.count)
    lines = [(key, amount, count) for key, (amount, count) in together.items() if amount]
    return tuple(
        ExpenseLine(
            line=number,
            account=Reference(target.account),
            amount=sign * amount,
            memo=memo[:_MOST_MEMO] + _charges(count),
            department=_reference(target.department),
            class_=_reference(target.class_),
            location=_reference(target.location),
        )
        for number, ((memo, target), amount, count) in enumerate(lines, 1)
    )


def _charges(count: int) -> str:
    return "" if not count else f", {count} charge{'s' if count > 1 else ''}"


def _account(part: InvoicePart, settings: BillingSection) -> str | None:
    if part.tax:
        if settings.tax_account is None:
            raise NeedsHuman(
                'Taxes are to be lines of their own (taxes = "separate") without an account',
                cause=Cause.ACCOUNT_UNMAPPED,
                remedy="Set tax_account under [billing] and apply the connection again.",
                waiting_for=[AwaitedKind.ACCOUNT.named("tax_account")],
            )
        return settings.tax_account
    return account_of(part.group, settings)


def account_of(group: ChargeGroup | None, settings: BillingSection) -> str | None:
    """Return the account of a group of charges; None where there is none.

    Args:
        group: None for lines that ShipBob has forgotten.
        settings: accounts and policies.
    """
    if group is None:
        return settings.default_account
    by_fee = {plain(fee): account for fee, account in settings.accounts.items()}
    mapped = by_fee.get(plain(group.fee))
    if mapped is not None and not _undocumented(group):
        return mapped
    return settings.default_account if settings.unknown == "default" else None


def _undocumented(group: ChargeGroup) -> str:
    """Return the type or reference type of a group that is not known (SB-044); else nothing."""
    if plain(group.type) not in TYPES:
        return f"transaction type {group.type}"
    if plain(group.reference_type) not in REFERENCES:
        return f"reference type {group.reference_type}"
    return ""


def _why_no_account(part: InvoicePart, settings: BillingSection) -> str:
    strange = _undocumented(part.group) if part.group else ""
    if strange:
        return strange
    where = "under [billing.accounts]"
    return f"not {where}" + ("" if settings.default_account else ", and no default_account is set")


def _memo(part: InvoicePart) -> str:
    if part.tax or part.group is None:
        return part.detail
    kind = part.group.type
    words = [part.group.fee if plain(kind) == "charge" else f"{part.group.fee} ({kind})"]
    if part.group.center:
        words.append(part.group.center)
    return ", ".join(words)


def target_of(account: str, group: ChargeGroup | None, settings: BillingSection) -> Target:
    """Return an account with the dimensions of a group's fulfillment center."""
    center = plain(group.center) if group else ""
    own = next((one for name, one in settings.centers.items() if plain(name) == center), None)
    return Target(
        account=account,
        department=(own and own.department) or settings.department,
        class_=(own and own.class_) or settings.class_,
        location=(own and own.location) or settings.location,
    )


def _reference(internal_id: str | None) -> Reference | None:
    return None if internal_id is None else Reference(internal_id)
