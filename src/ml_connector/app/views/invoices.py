"""ShipBob's invoices: their bills, until when they can be claimed, what is not billed yet."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.app.views.flow_pages import ShownDocument, documents_of
from ml_connector.app.views.paging import Listed, listed
from ml_connector.app.views.subject_rows import claim_by
from ml_connector.ledger.figures import invoices
from ml_connector.storage.database import Connection


class ShownInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as a row.

    Attributes:
        amount: its total, signed.
        claim_by: the last day on which all of its charges can be claimed back; None where no
            charge of it is kept.
        state: of its subject; None where it has none, such as a payment.
    """

    id: int
    type: str | None
    day: date | None
    amount: Decimal
    currency: str | None
    claim_by: date | None
    subject: int | None
    state: str | None
    attempt: int
    cause: str | None
    sentence: str | None
    remedy: str | None
    documents: tuple[ShownDocument, ...]


class FeeSum(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice charges for one fee."""

    fee: str
    currency: str | None
    charges: int
    amount: Decimal


class NotInvoiced(msgspec.Struct, frozen=True, kw_only=True):
    """Charges that are on no invoice yet, of one currency."""

    currency: str | None
    charges: int
    amount: Decimal
    first_day: date | None


class InvoiceStory(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice with its fees."""

    invoice: ShownInvoice
    fees: tuple[FeeSum, ...]


async def invoice_list(
    on: Connection, name: str, *, limit: int, after: int | None = None
) -> Listed[ShownInvoice]:
    """Return a part of a connection's invoices, the highest number first."""
    return await _invoices(on, name, limit=limit, after=after, number=None)


async def invoice(on: Connection, name: str, number: int) -> InvoiceStory | None:
    """Return one invoice with its fees; None where there is none of that number."""
    found = (await _invoices(on, name, limit=1, after=None, number=number)).rows
    if not found:
        return None
    fees = await invoices.fees(on, name, number)
    return InvoiceStory(invoice=found[0], fees=tuple(FeeSum(**row) for row in fees))


async def not_invoiced(on: Connection, name: str) -> tuple[NotInvoiced, ...]:
    """Return the charges that are on no invoice yet, by currency."""
    return tuple(NotInvoiced(**row) for row in await invoices.not_invoiced(on, name))


async def _invoices(
    on: Connection, name: str, *, limit: int, after: int | None, number: int | None
) -> Listed[ShownInvoice]:
    found = await invoices.listed(on, name, limit=limit + 1, after=after, number=number)
    ids = [row["subject_id"] for row in found[:limit] if row["subject_id"] is not None]
    documents = await documents_of(on, ids)
    rows = [_invoice(row, documents.get(row["subject_id"], ())) for row in found]
    return listed(rows, limit, lambda one: one.id)


def _invoice(row: Mapping[str, Any], documents: tuple[ShownDocument, ...]) -> ShownInvoice:
    return ShownInvoice(
        id=row["id"],
        type=row["type"],
        day=row["day"],
        amount=row["amount"],
        currency=row["currency"],
        claim_by=claim_by(row["first_day"]),
        subject=row["subject_id"],
        state=row["state"],
        attempt=row["attempt"] or 0,
        cause=row["cause"],
        sentence=row["sentence"],
        remedy=row["remedy"],
        documents=documents,
    )
