"""Mistakes in what ShipBob charges, planted on purpose, and the list of them."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.billing import Transaction

NO_SUCH_SHIPMENT = "999000111"


@dataclass(frozen=True)
class Planted:
    """One mistake: its kind, as an auditor names it, and the charge or SKU that shows it."""

    kind: str
    shown_by: str


def plant(shipbob: ShipBobSim, *, sku: str) -> list[Planted]:
    """Plant one mistake of each kind among what was charged lately and is not invoiced yet.

    Args:
        shipbob: where; shipping and receiving must have been charged lately.
        sku: what ShipBob loses units of; there must be stock of it at the first center.
    """
    books = shipbob.books
    with books.lock:
        lately = [
            one
            for one in books.billing.transactions.values()
            if one.invoice_id is None and one.type == "Charge"
        ]
    shipped = _latest(lately, "Shipping")
    received = _latest(lately, "WRO Receiving Fee")
    again = _charge(shipbob, shipped, shipped.reference_id)
    nothing = _charge(shipbob, shipped, NO_SUCH_SHIPMENT)
    with books.lock:
        received.amount += Decimal("12.50")
    shipbob.adjust(sku, -3, books.centers.first().id, reference="Damaged by forklift")
    return [
        Planted("charged_twice", again.id),
        Planted("no_cause", nothing.id),
        Planted("rate_moved", received.id),
        Planted("credit_due", sku),
    ]


def _latest(lately: list[Transaction], fee: str) -> Transaction:
    found = [one for one in lately if one.fee == fee]
    if not found:
        raise LookupError(f"{fee} was not charged lately.")
    return found[-1]


def _charge(shipbob: ShipBobSim, like: Transaction, reference_id: str) -> Transaction:
    return shipbob.books.billing.charge(
        like.fee,
        like.amount,
        reference_type=like.reference_type,
        reference_id=reference_id,
        center_name=like.center_name,
        details=like.details,
        at=like.charged + timedelta(minutes=5),
    )
