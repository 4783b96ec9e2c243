"""Whether a person has entered the bill of an invoice in NetSuite. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from ml_connector.config.connection import BillingSection
from ml_connector.errors import NeedsHuman
from ml_connector.flows.billing.currency import is_in
from ml_connector.flows.billing.facts import BillFact, BillingFacts
from ml_connector.flows.billing.invoice_lines import InvoiceFact
from ml_connector.flows.billing.money import said
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.decisions.accepted import is_accepted
from ml_connector.rules.decisions.decided import lapse, of_kind
from ml_connector.rules.decisions.named import settled_documents
from ml_connector.words import Cause, DecisionKind, ExternalIdPrefix

_OURS: Final = (
    ExternalIdPrefix.VENDOR_BILL,
    ExternalIdPrefix.VENDOR_CREDIT,
    ExternalIdPrefix.REVERSAL,
)


def entered_by_hand(
    facts: BillingFacts,
    invoice: InvoiceFact,
    settings: BillingSection,
    *,
    vendor: str,
    kept: Sequence[Posted],
    owed: Decimal,
) -> str:
    """Return that a person has entered the bill already; empty when nobody has.

    Args:
        facts: of the invoice.
        invoice: its head.
        settings: of billing.
        vendor: internal id.
        kept: our documents of the invoice that stand.
        owed: what is to be billed beyond these, signed.

    Raises:
        NeedsHuman: somebody has entered it with another amount, or beside ours, or it can't
            be told.
    """
    others = _others(facts, vendor)
    if not others:
        return ""
    foreign = [one for one in others if not is_in(one, invoice, settings)]
    named = ", ".join(
        f"{one.kind} {one.id}"
        + ("" if one.total is None else f" over {one.total:f}")
        + (f" (in {one.currency_text})" if one in foreign else "")
        for one in others
    )
    if kept:
        raise _beside_ours(invoice, named, kept)
    if not foreign and _is_the_bill(others, owed):
        same = f"{others[0].kind} {others[0].id}"
        return f"Entered by hand as {same} over the same amount: not billed again"
    differs = NeedsHuman(
        f"NetSuite has {named} with the reference number {invoice.id}, which this software has"
        f" not made and which is no {_kind(owed)} over {said(abs(owed), invoice.currency)}",
        cause=Cause.BILLED_BY_OTHERS,
        remedy=(
            "Compare it with ShipBob's invoice. If it is a bill for this invoice, correct it or"
            " delete it; if it is not, give it another reference number. It then goes on by"
            " itself. Or decide accept: it is then taken as the invoice's bill as it is; or"
            " separate: it is another matter, and the invoice is billed."
        ),
    )
    if not is_accepted(facts.decisions, differs):
        raise differs
    return (
        f"As a person decided, {named} is taken as the bill of invoice {invoice.id}, of which"
        f" {said(owed, invoice.currency)} was to be billed: not billed again"
    )


def taken_bill(
    facts: BillingFacts, invoice: InvoiceFact, settings: BillingSection, *, owed: Decimal
) -> tuple[str, Decimal] | None:
    """Return the one bill that a person takes as the invoice's although it differs.

    Only where its amount can be compared: its internal id, and its total, signed as what is owed.
    None where that is another matter: it is the bill anyway, there are several, or it is in
    another currency.

    Args:
        facts: of the invoice.
        invoice: its head.
        settings: of billing.
        owed: what is to be billed, signed.
    """
    others = _others(facts, settings.vendor)
    if len(others) != 1 or _is_the_bill(others, owed) or not is_in(others[0], invoice, settings):
        return None
    [one] = others
    if one.total is None:
        return None
    return one.id, -one.total if one.kind == "vendor credit" else one.total


def entered_whole(facts: BillingFacts, invoice: InvoiceFact, settings: BillingSection) -> str:
    """Return that a person has entered the bill of an invoice that can't be billed from its lines.

    Where the lines do not add up, a person may enter the bill with the invoice's number; it
    must be over the invoice's amount. Empty when nobody has.
    """
    others = _others(facts, settings.vendor)
    if not others or not is_in(others[0], invoice, settings):
        return ""
    if not _is_the_bill(others, invoice.amount):
        return ""
    named = f"{others[0].kind} {others[0].id}"
    return f"Entered by hand as {named} over the invoice's amount: not billed again"


def resting_on(facts: BillingFacts, vendor: str | None) -> tuple[NamedDocument, ...]:
    """Return the bills of others on which it rests that an invoice is not billed."""
    return tuple(
        NamedDocument(
            id=one.id, type="VendCred" if one.kind == "vendor credit" else "VendBill", number=""
        )
        for one in _others(facts, vendor)
    )


def _others(facts: BillingFacts, vendor: str | None) -> list[BillFact]:
    """Return the bills of others with the invoice's number, but those of another matter.

    A bill that has changed since a person decided so is in question again.
    """
    holding = [one for one in facts.decisions if not lapse(one, "")]
    separate = settled_documents(of_kind(holding, DecisionKind.SEPARATE))
    return [
        one
        for one in facts.bills
        if one.vendor in {None, vendor}
        and one.id not in separate
        and not (one.external_id or "").startswith(_OURS)
    ]


def _kind(owed: Decimal) -> str:
    return "vendor credit" if owed < 0 else "vendor bill"


def _is_the_bill(others: Sequence[BillFact], owed: Decimal) -> bool:
    [one, *more] = others
    return not more and one.kind == _kind(owed) and one.total == abs(owed)


def _beside_ours(invoice: InvoiceFact, named: str, kept: Sequence[Posted]) -> NeedsHuman:
    ours = " ".join(one.external_id for one in kept)
    return NeedsHuman(
        f"Invoice {invoice.id} has changed since it was billed as {ours}, and NetSuite has"
        f" {named} with its reference number beside that, which this software has not made",
        cause=Cause.BILLED_BY_OTHERS,
        remedy=(
            "Keep one of the two. Either delete the one entered by hand, or give it another"
            f" reference number: the difference is then billed. Or take ours back"
            f" (journal undo {ours}), correct the one entered by hand to the invoice's amount,"
            " and it goes on by itself. Or decide separate, if the one entered by hand is another"
            " matter: the difference is then billed."
        ),
    )
