"""What a person may decide about an invoice, and which bills of others are none of it."""

from dataclasses import replace
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.billing.facts import BillingFacts
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.accepted import accepting
from ml_connector.rules.decisions.bills import named_bill
from ml_connector.rules.decisions.named import named_documents
from ml_connector.words import Cause, DecisionKind


def lapses(facts: BillingFacts, _settings: ConnectionSettings) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, "")


async def name(new: NewDecision, text: str, reads: Reads) -> NamedDocument | None:
    """Look up the bill that a person names as another matter; to accept names the stop itself.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    if new.kind is DecisionKind.SEPARATE:
        return await named_bill(new.subject.key, text, reads)
    return None


def in_question(facts: BillingFacts) -> frozenset[str]:
    """Return the bills with the number of an invoice, and what decisions about it name."""
    return frozenset((*(one.id for one in facts.bills), *named_documents(facts.decisions)))


_ACCEPTING: Final = accepting(
    Cause.BILLED_BY_OTHERS, Cause.INVOICE_DOES_NOT_TIE, Cause.CURRENCY_DIFFERS
)

DECIDABLE: Final = replace(
    _ACCEPTING,
    offers={
        **_ACCEPTING.offers,
        Cause.BILLED_BY_OTHERS: (DecisionKind.ACCEPT, DecisionKind.SEPARATE),
    },
    name=name,
    lapses=lapses,
    in_question=in_question,
    separates_copies=True,
)
