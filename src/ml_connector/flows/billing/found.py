"""What a bill of an invoice holds that NetSuite shows and the books lack. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundRecord
from ml_connector.flows.billing.documents import bill
from ml_connector.flows.billing.facts import BillingFacts
from ml_connector.flows.billing.plan import day_of, invoice_of, still_to_post
from ml_connector.ledger.postings.documents import Document, Posted


def found_document(
    facts: BillingFacts,
    found: FoundRecord,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return the document that a vendor bill or credit in NetSuite is.

    It must be over exactly what the invoice still has to be billed, account by account where
    the role may see the accounts: then its lines are known.

    Raises:
        NeedsData: ShipBob has no such invoice, its lines do not add up, or a fee has no account.
        NeedsHuman: it is over something else.
    """
    invoice = invoice_of(facts)
    rest = still_to_post(facts, posted, settings)
    if not rest:
        raise found.untold("nothing of the invoice is left to bill")
    document = bill(
        invoice,
        rest,
        settings.billing,
        number=found.number,
        fact_date=day_of(invoice),
        day=found.date,
        currency=None,
    )
    if document.external_id != found.external_id:
        raise found.untold(f"the books would make {document.external_id} of it")
    wanted = _by_account((line.account, line.amount) for line in document.lines)
    there = _by_account((line.account, line.amount) for line in found.lines)
    hidden = None in there  # the role may not see the accounts
    if _total(wanted) != _total(there) or (wanted != there and not hidden):
        raise found.untold("its amounts are not those of the invoice")
    return document


def _by_account(
    lines: Iterable[tuple[str | None, Decimal | None]],
) -> Mapping[str | None, Decimal]:
    amounts: dict[str | None, Decimal] = defaultdict(Decimal)
    for account, amount in lines:
        amounts[account] += amount or Decimal(0)
    return {account: amount for account, amount in amounts.items() if amount}


def _total(amounts: Mapping[str | None, Decimal]) -> Decimal:
    return sum(amounts.values(), Decimal(0))
