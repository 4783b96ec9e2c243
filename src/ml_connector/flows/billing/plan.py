"""Decides which part of an invoice is billed, and says why the rest is not. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman, Retryable
from ml_connector.flows.billing.by_hand import (
    entered_by_hand,
    entered_whole,
    resting_on,
    taken_bill,
)
from ml_connector.flows.billing.currency import check_posted, currency_of
from ml_connector.flows.billing.documents import (
    BILLS,
    TargetAmount,
    bill,
    lines_of,
    outstanding,
    placed,
)
from ml_connector.flows.billing.facts import NEXT, BillingFacts
from ml_connector.flows.billing.invoice_lines import (
    GONE,
    WHOLE,
    InvoiceFact,
    InvoicePart,
    parts,
)
from ml_connector.flows.billing.standing import (
    others_at_the_same_total,
    settled_by,
    standing,
)
from ml_connector.flows.billing.taken import PlannedInvoice, TakenBill, rows
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.documents import Plan, Posted, RefusedUnits, SourceLine
from ml_connector.ledger.sources.charge_words import is_no_cost
from ml_connector.rules.posting_dates import posting_date
from ml_connector.rules.refused import refusal, refused
from ml_connector.rules.start_date import before_start
from ml_connector.words import Cause

NO_COST: Final = "is no cost: never billed"
"""Why payments and balances are refused, whoever pays or owes them."""

_OVER_NOTHING: Final = "The invoice's charges come to 0: nothing is owed, and no bill is made"


def plan(facts: BillingFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Decide what to post of an invoice beyond what is posted.

    Raises:
        Retryable: charges were pulled a moment before the webhook of another came.
        NeedsData: the lines do not add up to the invoice's amount, a fee has no account, or
            there is no such invoice. Nothing is planned then.
        NeedsHuman: no vendor is set, currencies differ, the period is closed, or somebody
            has entered the bill with another amount.
    """
    try:
        decided, taken = _planned(facts, posted, settings)
    except (NeedsData, NeedsHuman) as failure:
        taken_back = rows(facts.key, posted, None)
        if not taken_back:
            raise
        return Plan(documents=taken_back, remaining_failure=failure)
    by_decision = rows(facts.key, posted, taken)
    if not by_decision:
        return decided
    return msgspec.structs.replace(decided, documents=(*by_decision, *decided.documents))


def _planned(
    facts: BillingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> PlannedInvoice:
    """Decide what to post of an invoice; raises as ``plan`` does."""
    if facts.key == NEXT:
        return PlannedInvoice(_kept(facts))
    invoice = invoice_of(facts)
    kept_out = _kept_out(invoice, settings)
    if kept_out:
        return PlannedInvoice(refusal(source_lines(facts, settings), kept_out))
    lines = source_lines(facts, settings)
    no_cost = _no_cost(facts, lines)
    named = {one.source_line for one in no_cost}
    settled = settled_by([line for line in lines if line.source_line not in named], posted)
    if settled:
        return PlannedInvoice(Plan(note=settled, refused=no_cost))
    return _of_the_rest(facts, invoice, posted, settings)


def _kept(facts: BillingFacts) -> Plan:
    """Account for a pull of charges; what was told of right after another pull is pulled later."""
    if facts.rests_seconds:
        raise Retryable(
            "Charges were pulled just now; what ShipBob has told of since is pulled in a moment",
            cause=Cause.RATE_LIMITED,
            retry_after_seconds=facts.rests_seconds,
        )
    return Plan(note="Charges are kept" if facts.pulled else "Charges were pulled just now")


def _of_the_rest(
    facts: BillingFacts,
    invoice: InvoiceFact,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> PlannedInvoice:
    """Decide what is posted of an invoice whose lines are not what stands of it."""
    lines = source_lines(facts, settings)
    kept = standing(posted)
    check_posted(invoice, kept, settings.billing)
    fact_date = day_of(invoice)
    no_cost = _no_cost(facts, lines)
    try:
        all_parts = _parts(facts, settings)
    except (NeedsData, NeedsHuman):
        by_hand = "" if kept else entered_whole(facts, invoice, settings.billing)
        if not by_hand:
            raise
        return PlannedInvoice(
            _not_billed(
                lines, no_cost, by_hand, rests_on=resting_on(facts, settings.billing.vendor)
            )
        )
    rest = _outstanding(all_parts, kept, settings)
    if not rest:
        note = "All of it is posted" if kept else "It is over 0"
        return PlannedInvoice(Plan(refused=no_cost, note=note))
    owed = sum((one.amount for one in rest), Decimal(0))
    by_hand = entered_by_hand(
        facts, invoice, settings.billing, vendor=_vendor(invoice, settings), kept=kept, owed=owed
    )
    if by_hand:
        rests_on = resting_on(facts, settings.billing.vendor)
        found = taken_bill(facts, invoice, settings.billing, owed=owed)
        if found is None:
            return PlannedInvoice(_not_billed(lines, no_cost, by_hand, rests_on=rests_on))
        return PlannedInvoice(
            Plan(note=by_hand, refused=no_cost, rests_on=rests_on),
            TakenBill(*found, lines_of(rest, invoice, fact_date)),
        )
    if not owed:
        if kept:
            raise others_at_the_same_total(invoice, rest, kept)
        return PlannedInvoice(_not_billed(lines, no_cost, _OVER_NOTHING))
    document = bill(
        invoice,
        rest,
        settings.billing,
        number=1 + sum(one.kind in BILLS for one in posted),
        fact_date=fact_date,
        day=_posting_date(invoice, fact_date, facts, settings),
        currency=currency_of(facts, invoice, settings.billing),
    )
    return PlannedInvoice(Plan(documents=(document,), refused=no_cost))


def _not_billed(
    lines: Sequence[SourceLine],
    no_cost: Sequence[RefusedUnits],
    reason: str,
    *,
    rests_on: tuple[NamedDocument, ...] = (),
) -> Plan:
    """Return the plan for an invoice that no bill is made of."""
    named = {one.source_line for one in no_cost}
    others = refused((one for one in lines if one.source_line not in named), reason)
    return Plan(note=reason, refused=(*no_cost, *others), rests_on=rests_on)


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
    if is_no_cost(invoice.type):
        return f"An invoice of type {invoice.type} {NO_COST}"
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
        Retryable: charges were pulled a moment before the webhook of another came.
        NeedsData: the lines do not add up to the invoice's amount, or a fee has no account.
        NeedsHuman: currencies differ.
    """
    return _outstanding(_parts(facts, settings), posted, settings)


def _outstanding(
    all_parts: Sequence[InvoicePart], posted: Sequence[Posted], settings: ConnectionSettings
) -> list[TargetAmount]:
    wanted = placed([part for part in all_parts if not _is_no_cost(part)], settings.billing)
    return outstanding(wanted, standing(posted))


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


def _no_cost(facts: BillingFacts, lines: Sequence[SourceLine]) -> tuple[RefusedUnits, ...]:
    """Return the payments and balances among the lines, which are never billed."""
    types = {group.name: group.type for group in facts.groups if group.never_billed}
    return tuple(
        RefusedUnits(
            source_line=line.source_line,
            reason=f"A {types[line.source_line]} {NO_COST}",
            amount=line.amount,
            currency=line.currency,
        )
        for line in lines
        if line.source_line in types
    )


def always_refused(facts: BillingFacts, settings: ConnectionSettings) -> tuple[RefusedUnits, ...]:
    """Return what of an invoice is never billed, whatever becomes of the rest."""
    return _no_cost(facts, source_lines(facts, settings))


def source_lines(facts: BillingFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return the lines of an invoice; those that it counts add up to its amount."""
    invoice = facts.invoice
    if invoice is None:
        return ()

    def line(name: str, amount: Decimal) -> SourceLine:
        return SourceLine(
            source_line=name, fact_date=invoice.day, amount=amount, currency=invoice.currency
        )

    if is_no_cost(invoice.type):
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
