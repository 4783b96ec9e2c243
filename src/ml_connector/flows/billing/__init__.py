"""Billing: what ShipBob has invoiced becomes vendor bills in NetSuite that tie to the cent.

Charges are pulled every hour and kept for ever, since ShipBob forgets the lines of an invoice
after seven days (shipbob.md section 9.7). One vendor bill for each invoice, with the invoice's
number as reference number (netsuite.md section 8.7); its expense lines are the charges by fee
and fulfillment center, credits negative; one that comes to less than zero is a vendor credit.
Payments and balances are never billed. A bill that does not come to the invoice's amount to
the cent is not posted. What is posted is never edited: when an invoice changes, the difference
is a bill or credit of its own.

The subject is an invoice. A webhook names a charge, which may not be on an invoice yet, so its
subject is ``next``: the run of that subject pulls what was charged.
"""

from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine import rounds
from ml_connector.engine.flow import Flow, Section, Waking
from ml_connector.flows.billing.decidable import DECIDABLE
from ml_connector.flows.billing.facts import NEXT, BillingFacts
from ml_connector.flows.billing.found import found_document
from ml_connector.flows.billing.net import sweep
from ml_connector.flows.billing.plan import NO_COST, always_refused, plan, source_lines
from ml_connector.flows.billing.read import read
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.rules.missing import missing
from ml_connector.rules.wakings import wake
from ml_connector.transport.spoiled import SpoiledRow, by_id
from ml_connector.words import Cause, ExternalIdPrefix


def key_of(topic: str, body: bytes) -> str:
    """Return the subject of a billing webhook: always ``next``, whose run pulls charges."""
    del topic, body
    return NEXT


def spoils(row: SpoiledRow) -> str | None:
    """Return the invoice that a row which can't be read is of; None where it is on none yet."""
    return by_id(row.kind, name="invoice_id")(row)


FLOW: Final = Flow(
    name="billing",
    source="invoice",
    topics=frozenset(
        {"billing.charge.created", "billing.refund.created", "billing.credit.created"}
    ),
    key_of=key_of,
    rules="billing-4",
    facts=BillingFacts,
    read=read,
    plan=as_it_is(plan, source_lines, (Cause.INVOICE_DOES_NOT_TIE, Cause.CURRENCY_DIFFERS)),
    source_lines=source_lines,
    always_refused=always_refused,
    schedule="billing",
    look_back=rounds.SPAN,
    missing=lambda key, reads: missing(
        reads.billing.invoice(int(key)), f"ShipBob has no invoice {key}"
    ),
    sweep=sweep,
    spoils=spoils,
    wakings=(
        wake.ACCOUNT,
        wake.BILL_PERIOD,
        Waking(kind=AwaitedKind.VENDOR, by_applying=True),
        Waking(kind=AwaitedKind.CURRENCY, by_applying=True),
    ),
    found_document=found_document,
    decidable=DECIDABLE,
    documents=frozenset(
        {
            ExternalIdPrefix.VENDOR_BILL,
            ExternalIdPrefix.VENDOR_CREDIT,
            ExternalIdPrefix.ACCEPTED_BILL,
            ExternalIdPrefix.ACCEPTED_DIFFERENCE,
        }
    ),
    sections=(
        Section(
            key="fees",
            title="Fees",
            facts="Invoices",
            types=frozenset({"VendBill", "VendCred"}),
            money=True,
        ),
        Section(
            key="payments",
            title="Payments and balances",
            money=True,
            open_facts=False,
            never_posted=NO_COST,
        ),
    ),
)
