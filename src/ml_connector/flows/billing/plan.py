"""Decides which part of an invoice is billed, and says why the rest is not. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman
from ml_connector.flows.billing.currency import check_posted, currency_of, is_in
from ml_connector.flows.billing.documents import (
    BILLS,
    TargetAmount,
    bill,
    outstanding,
    placed,
)
from ml_connector.flows.billing.facts import NEXT, BillingFacts
from ml_connector.flows.billing.invoice_lines import (
    GONE,
    NEVER_BILLED,
    WHOLE,
    InvoiceFact,
    InvoicePart,
    parts,
    plain,
)
from ml_connector.flows.billing.money import said
from ml_connector.ledger.postings.documents import Plan, Posted, RefusedUnits, SourceLine
from ml_connector.rules.posting_dates import posting_date
from ml_connector.rules.refused import refusal
from ml_connector.rules.start_date import before_start
from ml_connector.words import Cause, ExternalIdPrefix

_OURS: Final = (ExternalIdPrefix.VENDOR_BILL, ExternalIdPrefix.VENDOR_CREDIT)


def plan(facts: BillingFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what to post of an invoice beyond what is posted.

    Raises:
        NeedsData: the lines do not add up to the invoice's amount, a fee has no account, or
            there is no such invoice. Nothing is planned then.
        NeedsHuman: no vendor is set, currencies differ, the period is closed, or somebody
            has entered the bill with another amount.
    """
    if facts.key == NEXT:
        return Plan(note="Charges are kept" if facts.pulled else "Charges were pulled just now")
    invoice = invoice_of(facts)
    kept_out = _kept_out(invoice, settings)
    if kept_out:
        return refusal(source_lines(facts, settings), kept_out)
    check_posted(invoice, posted, settings.billing)
    if posted and _total(posted) == invoice.amount:
        return Plan(note="All of it is posted")
    fact_date = day_of(invoice)
    all_parts = _parts(facts, settings)
    refused = _refused(all_parts, invoice)
    rest = _outstanding(all_parts, posted, settings)
    if not rest:
        return Plan(refused=refused, note="All of it is posted" if posted else "It is over 0")
    by_hand = _by_hand(facts, invoice, _vendor(invoice, settings), settings)
    if by_hand:
        return refusal(source_lines(facts, settings), by_hand)
    document = bill(
        invoice,
        rest,
        settings.billing,
        number=1 + sum(one.kind in BILLS for one in posted),
        fact_date=fact_date,
        day=_posting_date(invoice, fact_date, facts, settings),
        currency=currency_of(facts, invoice, settings.billing),
    )
    return Plan(documents=(document,), refused=refused)


def _posting_date(
    invoice: InvoiceFact, fact_date: date, facts: BillingFacts, settings: ConnectionSettings
) -> date:
    return posting_date(
        fact_date,
        facts.periods,
        settings.policies.closed_period,
        document=f"the bill of invoice {invoice.id}",
        awaited=AwaitedKind.BILL_PERIOD,
    )


def _vendor(invoice: InvoiceFact, settings: ConnectionSettings) -> str:
    if settings.billing.vendor is None:
        raise NeedsHuman(
            f"Invoice {invoice.id} can't be billed: no vendor is set",
            cause=Cause.VENDOR_MISSING,
            remedy="Set vendor under [billing] and apply the connection again.",
            waiting_for=[AwaitedKind.VENDOR.named("billing")],
        )
    return settings.billing.vendor


def _total(posted: Sequence[Posted]) -> Decimal:
    return sum(
        (line.amount or Decimal(0) for document in posted for line in document.lines), Decimal(0)
    )


def invoice_of(facts: BillingFacts) -> InvoiceFact:
    """Return the head of the invoice.

    Raises:
        NeedsData: ShipBob has no such invoice.
    """
    if facts.invoice is None:
        raise NeedsData(
            f"ShipBob has no invoice {facts.key}",
            cause=Cause.RECORD_NOT_FOUND,
            waiting_for=[AwaitedKind.INVOICE.named(facts.key)],
            remedy="Check the number at ShipBob; an invoice just made is found later.",
        )
    return facts.invoice


def _kept_out(invoice: InvoiceFact, settings: ConnectionSettings) -> str:
    """Return why nothing of an invoice is ever posted; empty when it may be."""
    if plain(invoice.type) in NEVER_BILLED:
        return f"An invoice of type {invoice.type} is no cost: never billed"
    return before_start(invoice.day, settings)


def day_of(invoice: InvoiceFact) -> date:
    """Return the date of an invoice.

    Raises:
        NeedsHuman: it has none that can be read.
    """
    if invoice.day is None:
        raise NeedsHuman(
            f"Invoice {invoice.id} has no date that can be read",
            cause=Cause.INVOICE_DOES_NOT_TIE,
            remedy="Ask ShipBob for its date, and enter the bill by hand.",
        )
    return invoice.day


def still_to_post(
    facts: BillingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> list[TargetAmount]:
    """Return what of an invoice is to be billed beyond what is posted.

    Raises:
        NeedsData: the lines do not add up to the invoice's amount, or a fee has no account.
        NeedsHuman: currencies differ.
    """
    return _outstanding(_parts(facts, settings), posted, settings)


def _outstanding(
    all_parts: Sequence[InvoicePart], posted: Sequence[Posted], settings: ConnectionSettings
) -> list[TargetAmount]:
    wanted = placed([part for part in all_parts if not _is_no_cost(part)], settings.billing)
    return outstanding(wanted, posted)


def _parts(facts: BillingFacts, settings: ConnectionSettings) -> list[InvoicePart]:
    return parts(
        invoice_of(facts),
        facts.groups,
        listed=facts.listed,
        separate_taxes=settings.billing.taxes == "separate",
        fill_the_gap=settings.billing.forgotten_lines == "default",
    )


def _is_no_cost(part: InvoicePart) -> bool:
    return part.group is not None and part.group.never_billed


def _refused(all_parts: Sequence[InvoicePart], invoice: InvoiceFact) -> tuple[RefusedUnits, ...]:
    return tuple(
        RefusedUnits(
            source_line=part.source_line,
            reason=f"A {part.group.type if part.group else ''} is no cost: never billed",
            amount=part.amount,
            currency=invoice.currency,
        )
        for part in all_parts
        if _is_no_cost(part)
    )


def _by_hand(
    facts: BillingFacts, invoice: InvoiceFact, vendor: str, settings: ConnectionSettings
) -> str:
    """Return that a person has entered the bill already; empty when nobody has.

    Raises:
        NeedsHuman: somebody has entered it with another amount, or it can't be told.
    """
    others = [
        one
        for one in facts.bills
        if one.vendor in {None, vendor} and not (one.external_id or "").startswith(_OURS)
    ]
    if not others:
        return ""
    foreign = [one for one in others if not is_in(one, invoice, facts, settings.billing)]
    named = ", ".join(
        f"{one.kind} {one.id}" + (f" (in {one.currency_text})" if one in foreign else "")
        for one in others
    )
    kind = "vendor credit" if invoice.amount < 0 else "vendor bill"
    [one, *more] = others
    if not more and not foreign and one.kind == kind and one.total == abs(invoice.amount):
        return f"Entered by hand as {named} over the same amount: not billed again"
    raise NeedsHuman(
        f"NetSuite has {named} with the reference number {invoice.id}, which this software has"
        f" not made and which is no {kind} over {said(abs(invoice.amount), invoice.currency)}",
        cause=Cause.BILLED_BY_OTHERS,
        remedy=(
            "Compare it with ShipBob's invoice. If it is a bill for this invoice, correct it or"
            " delete it; if it is not, give it another reference number. Then replay."
        ),
    )


def source_lines(facts: BillingFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return the lines of an invoice; together they add up to its amount."""
    invoice = facts.invoice
    if invoice is None:
        return ()

    def line(name: str, amount: Decimal) -> SourceLine:
        return SourceLine(
            source_line=name, fact_date=invoice.day, amount=amount, currency=invoice.currency
        )

    if plain(invoice.type) in NEVER_BILLED:
        return (line(WHOLE, invoice.amount),)
    amounts: dict[str, Decimal] = {}
    try:
        for part in _parts(facts, settings):
            amounts[part.source_line] = amounts.get(part.source_line, Decimal(0)) + part.amount
    except ConnectorError:
        # The lines do not add up, so all of it waits: the lines, and what is missing.
        amounts = {group.name: group.amount for group in facts.groups}
        amounts[GONE] = invoice.amount - sum(amounts.values(), Decimal(0))
    return tuple(line(name, amount) for name, amount in amounts.items() if amount)
