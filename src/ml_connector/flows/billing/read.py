"""Reads an invoice, its lines and its bills in NetSuite; stores new charges on the way."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from ml_connector.errors import NeedsData
from ml_connector.flows.billing.facts import NEXT, BillFact, BillingFacts
from ml_connector.flows.billing.invoice_lines import (
    InvoiceFact,
    completes,
    grouped,
)
from ml_connector.ledger.decisions.differences import MONTH_END
from ml_connector.ledger.sources.charge_words import is_no_cost
from ml_connector.netsuite.queries.bills import ReferencedBill
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import read_decided
from ml_connector.rules.facts import PeriodFact
from ml_connector.words import Cause


async def read(key: str, reads: Reads) -> BillingFacts:
    """Gather an invoice, its lines and its bills in NetSuite; store new charges on the way."""
    if key == NEXT:
        rests = await reads.billing.pull_lately()
        return BillingFacts(key=key, pulled=not rests, rests_seconds=rests)
    head = await reads.billing.invoice(int(key))
    if head is None:
        return BillingFacts(key=key, decisions=await read_decided("billing", key, reads))
    invoice = InvoiceFact(
        id=head.id, type=head.type, day=head.day, amount=head.amount, currency=head.currency
    )
    if is_no_cost(invoice.type):
        return BillingFacts(key=key, invoice=invoice)
    listed = await _listed(head.id, reads)
    groups = grouped(await reads.billing.kept_lines(head.id))
    if sum((group.amount for group in groups), Decimal(0)) != head.amount:
        forgotten = await reads.billing.forgotten(head)
        if completes(invoice, groups, forgotten):
            await reads.billing.assign(head.id, forgotten)
            groups = grouped(await reads.billing.kept_lines(head.id))
    found = await reads.billing.bills(str(head.id))
    elsewhere = await _taken_elsewhere(key, found, reads)
    vendor = await reads.billing.vendor()
    return BillingFacts(
        key=key,
        invoice=invoice,
        groups=groups,
        listed=listed,
        bills=tuple(_bill_fact(one) for one in found if one.id not in elsewhere),
        vendor_currency=vendor.currencyname if vendor else None,
        periods=tuple(
            PeriodFact(
                name=period.periodname,
                start=period.startdate,
                end=period.enddate,
                open=period.open_for_bills,
            )
            for period in (await reads.periods(invoice.day) if invoice.day else ())
        ),
        decisions=await read_decided("billing", key, reads),
    )


async def _taken_elsewhere(
    key: str, found: Sequence[ReferencedBill], reads: Reads
) -> Collection[str]:
    """Return those of these bills that stand for another invoice's, as a person decided."""
    ids = {one.id for one in found}
    named = await reads.decisions.naming_documents(MONTH_END) if found else {}
    standing = [
        one.decision.about
        for difference, documents in named.items()
        if ids & documents
        for one in await reads.decisions.standing(MONTH_END, difference)
    ]
    return {
        about.document.id
        for about in standing
        if about.document and about.difference and about.difference.source != f"invoice {key}"
    }


async def _listed(invoice_id: int, reads: Reads) -> int:
    try:
        return await reads.billing.pull_lines(invoice_id)
    except NeedsData as gone:
        # The detail of an old invoice has answered 404 (shipbob.md section 9.7).
        if gone.cause is not Cause.RECORD_NOT_FOUND:
            raise
        return 0


def _bill_fact(row: ReferencedBill) -> BillFact:
    return BillFact(
        id=row.id,
        kind="vendor credit" if row.type == "VendCred" else "vendor bill",
        vendor=row.entity,
        external_id=row.externalid,
        total=None if row.foreigntotal is None else abs(row.foreigntotal),
        currency=row.currency,
        currency_text=row.currencyname,
    )
