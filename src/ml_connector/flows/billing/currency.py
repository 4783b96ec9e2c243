"""Which currency a bill is in, and whether two amounts are in one currency. Pure."""

from collections.abc import Sequence

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import BillingSection
from ml_connector.errors import NeedsHuman
from ml_connector.flows.billing.facts import BillFact, BillingFacts
from ml_connector.flows.billing.invoice_lines import InvoiceFact
from ml_connector.ledger.currencies import code_of
from ml_connector.ledger.postings.documents import Posted
from ml_connector.words import Cause


def currency_of(facts: BillingFacts, invoice: InvoiceFact, settings: BillingSection) -> str | None:
    """Return NetSuite's id of the invoice's currency; None: it is the vendor's own.

    A vendor has several currencies where any is named under ``[billing.currencies]``.

    Raises:
        NeedsHuman: the vendor has another currency, or it can't be told which one a bill
            would be in.
    """
    code = _code(invoice)
    mapped = _mapped(settings)
    if code in mapped:
        return mapped[code]
    own = code_of(facts.vendor_currency)
    several = bool(mapped)
    if code and code == own:
        return None
    if not several and (facts.vendor_currency is None or (own and not code)):
        return None  # there is only one currency that a bill can be in
    if not code:
        raise NeedsHuman(
            f"ShipBob does not say which currency invoice {invoice.id} is in, and the vendor's"
            f" bills are in {_bills_in(facts, several=several)}",
            cause=Cause.CURRENCY_DIFFERS,
            remedy=(
                "Ask ShipBob for the currency, and enter the bill by hand with the reference"
                f" number {invoice.id}; it is recognised by itself, as is the currency if"
                " ShipBob names it later."
            ),
        )
    raise NeedsHuman(
        f"Invoice {invoice.id} is in {code}, the vendor's bills are in"
        f" {_bills_in(facts, several=several)}",
        cause=Cause.CURRENCY_DIFFERS,
        remedy=(
            f'Allow the vendor bills in {code} and add "{code}" ='
            ' "<NetSuite currency id>" under [billing.currencies]; then apply the connection'
            " again."
        ),
        waiting_for=[AwaitedKind.CURRENCY.named(code)],
    )


def check_posted(invoice: InvoiceFact, posted: Sequence[Posted], settings: BillingSection) -> None:
    """Check that what is posted of an invoice is in the currency that it is in now.

    Amounts of two currencies are never set off against each other.

    Raises:
        NeedsHuman: it is in another one.
    """
    code = _code(invoice)
    named = {
        line.currency.strip().upper()
        for document in posted
        for line in document.lines
        if line.amount and line.currency
    }
    others = sorted(named - {code})
    if not others or (not code and not settings.currencies):
        return
    undo = " ".join(document.external_id for document in posted)
    raise NeedsHuman(
        f"Invoice {invoice.id} is in {code or 'no currency'} now, but its bills were posted in"
        f" {', '.join(others)}",
        cause=Cause.CURRENCY_DIFFERS,
        remedy=(
            "Ask ShipBob which is right. If it is the currency of now, take the bills back"
            f" (journal undo {undo}): the invoice is then billed whole."
        ),
    )


def is_in(bill: BillFact, invoice: InvoiceFact, settings: BillingSection) -> bool:
    """Whether a bill is known to be in the invoice's currency.

    Where the account shows no currencies, there is only one. Where ShipBob names none, the
    person who entered the bill knew which.
    """
    if bill.currency is None and bill.currency_text is None:
        return True
    code = _code(invoice)
    by_id = {internal_id: one for one, internal_id in _mapped(settings).items()}
    own = by_id.get(bill.currency or "") or code_of(bill.currency_text)
    return not code or own == code


def _code(invoice: InvoiceFact) -> str:
    return (invoice.currency or "").strip().upper()


def _mapped(settings: BillingSection) -> dict[str, str]:
    return {code.upper(): internal_id for code, internal_id in settings.currencies.items()}


def _bills_in(facts: BillingFacts, *, several: bool) -> str:
    """Return what is known of the vendor's currencies, in words."""
    text = facts.vendor_currency
    if text and not code_of(text):
        return f'"{text}", which is no currency code'
    return (text or "other currencies") + (" and others" if text and several else "")
