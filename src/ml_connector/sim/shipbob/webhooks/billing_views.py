"""Invoices and transactions as JSON (reference shipbob.md, 9.7)."""

import msgspec

from ml_connector.sim.shipbob.books.billing import LIVE_NAMES, Invoice, Transaction


def invoice_view(invoice: Invoice, *, live_names: bool) -> dict[str, object]:
    """An invoice's head; the date is a bare day."""
    return {
        "invoice_id": invoice.id,
        "invoice_date": invoice.day.isoformat(),
        "invoice_type": _kind(invoice.type, live_names=live_names),
        "amount": invoice.amount,
        "currency_code": invoice.currency,
        "running_balance": invoice.running_balance,
    }


def transaction_view(line: Transaction, *, live_names: bool) -> dict[str, object]:
    """A transaction. Amounts are JSON numbers with all their digits."""
    return {
        "transaction_id": line.id,
        "transaction_type": line.type,
        "transaction_fee": line.fee,
        "amount": line.amount,
        "currency_code": line.currency,
        "charge_date": line.charged.date().isoformat(),
        "reference_type": line.reference_type,
        "reference_id": line.reference_id,
        "fulfillment_center": line.center_name,
        "invoiced_status": line.invoice_id is not None,
        "invoice_id": line.invoice_id,
        "invoice_date": line.invoice_date.isoformat() if line.invoice_date else None,
        "invoice_type": _kind(line.invoice_type, live_names=live_names),
        "taxes": [msgspec.structs.asdict(tax) for tax in line.taxes],
        "additional_details": line.details,
    }


def _kind(invoice_type: str, *, live_names: bool) -> str:
    return LIVE_NAMES.get(invoice_type, invoice_type) if live_names else invoice_type
