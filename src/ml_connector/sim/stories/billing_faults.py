"""Mistakes in what ShipBob charges, planted on purpose, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.billing import Transaction

NO_SUCH_SHIPMENT: Final = "999000111"

_SHIPPING: Final = "Shipping"
_RECEIVING: Final = "WRO Receiving Fee"
_RETURN: Final = "Return Processed by Operations Fee"


@dataclass(frozen=True)
class Planted:
    """One mistake.

    Attributes:
        kind: as an auditor names it.
        shown_by: the charge or SKU that shows it.
        amount: what may be claimed; None where only units are known.
        what: in words.
    """

    kind: str
    shown_by: str
    amount: Decimal | None
    what: str


def plant(shipbob: ShipBobSim, *, sku: str, other_sku: str) -> list[Planted]:
    """Plant twelve kinds of mistakes among what was charged lately.

    Args:
        shipbob: where; shipping, receiving and returns must have been charged lately, and
            receiving since the last invoice.
        sku: what ShipBob loses units of; there must be stock of it at the first center.
        other_sku: likewise.
    """
    faults = _Faults(shipbob, sku=sku, other_sku=other_sku)
    return [
        Planted(kind, shown_by, amount, mistake.__name__.strip("_").replace("_", " "))
        for kind, mistakes in _MISTAKES.items()
        for mistake in mistakes
        for shown_by, amount in [mistake(faults)]
    ]


class _Faults:
    """What mistakes are made of; each charge is taken for one mistake only."""

    def __init__(self, shipbob: ShipBobSim, *, sku: str, other_sku: str) -> None:
        self.shipbob = shipbob
        self.sku, self.other_sku = sku, other_sku
        with shipbob.books.lock:
            every = shipbob.books.billing.transactions.values()
            self._charges = sorted(
                (one for one in every if one.type == "Charge"), key=lambda one: one.charged
            )

    def latest(self, fee: str, *, not_invoiced: bool = False) -> Transaction:
        """Take the latest charge of a fee that no mistake was made of.

        Raises:
            LookupError: there is none.
        """
        for one in reversed(self._charges):
            if one.fee == fee and not (not_invoiced and one.invoice_id is not None):
                self._charges.remove(one)
                return one
        raise LookupError(f"{fee} was not charged lately.")

    def again(self, like: Transaction, *, at: datetime | None = None) -> Transaction:
        """Charge the same for the same thing."""
        return self.charge(like, like.reference_id, at=at)

    def charge(
        self, like: Transaction, reference_id: str, *, at: datetime | None = None
    ) -> Transaction:
        """Charge the same for another thing."""
        return self.shipbob.books.billing.charge(
            like.fee,
            like.amount,
            reference_type=like.reference_type,
            reference_id=reference_id,
            center_name=like.center_name,
            details=like.details,
            at=at,
        )

    def refund(self, of: Transaction, amount: Decimal, *, fee: str = "") -> None:
        """Give a part of a charge back."""
        self.shipbob.charge(
            fee or of.fee,
            amount,
            kind="Refund",
            reference_type=of.reference_type,
            reference_id=of.reference_id,
        )

    def lose(self, sku: str) -> int:
        """Lose three units; return the id of the event in the inventory's history."""
        books = self.shipbob.books
        self.shipbob.adjust(sku, -3, books.centers.first().id, reference="Damaged by forklift")
        with books.lock:
            return books.stock.movements[-1].id


_Shown = tuple[str, Decimal | None]


def _twice_on_a_day(faults: _Faults) -> _Shown:
    one = faults.latest(_SHIPPING)
    return faults.again(one, at=one.charged + timedelta(minutes=5)).id, one.amount


def _twice_on_two_days(faults: _Faults) -> _Shown:
    one = faults.latest(_RETURN)
    return faults.again(one).id, one.amount


def _three_times(faults: _Faults) -> _Shown:
    one = faults.latest(_SHIPPING)
    faults.again(one)
    return faults.again(one).id, 2 * one.amount


def _twice_and_given_back_in_part(faults: _Faults) -> _Shown:
    one = faults.latest(_SHIPPING)
    again = faults.again(one)
    faults.refund(one, Decimal("2.00"))
    return again.id, one.amount - Decimal("2.00")


def _twice_with_a_refund_of_another_fee_of_another_shipment(faults: _Faults) -> _Shown:
    one, other = faults.latest(_SHIPPING), faults.latest(_SHIPPING)
    faults.refund(other, one.amount, fee="Per Pick Fee")
    return faults.again(one).id, one.amount


def _twice_with_a_credit_that_only_has_its_number_in_it(faults: _Faults) -> _Shown:
    one = faults.latest(_RECEIVING)
    faults.shipbob.credit(one.amount, f"Ticket 1{one.reference_id}9 about boxes")
    return faults.again(one).id, one.amount


def _for_an_unknown_shipment(faults: _Faults) -> _Shown:
    one = faults.latest(_SHIPPING)
    return faults.charge(one, NO_SUCH_SHIPMENT).id, one.amount


def _for_a_cancelled_wro(faults: _Faults) -> _Shown:
    like = faults.latest(_RECEIVING)
    wro = faults.shipbob.cancel(faults.shipbob.create_wro({faults.sku: 1}))
    return faults.charge(like, str(wro.id)).id, like.amount


def _for_a_cancelled_return_given_back_in_part(faults: _Faults) -> _Shown:
    like = faults.latest(_RETURN)
    made = faults.shipbob.create_return("RMA-CANCELLED", {faults.sku: 1})
    with faults.shipbob.books.lock:
        faults.shipbob.books.returns.cancel(made)
    charged = faults.charge(like, str(made.id))
    faults.refund(charged, Decimal("1.00"))
    return charged.id, like.amount - Decimal("1.00")


def _at_another_rate(faults: _Faults) -> _Shown:
    one = faults.latest(_RECEIVING, not_invoiced=True)
    with faults.shipbob.books.lock:
        one.amount += Decimal("12.50")
    return one.id, Decimal("12.50")


def _lost_without_a_credit(faults: _Faults) -> _Shown:
    faults.lose(faults.sku)
    return faults.sku, None


def _lost_with_a_credit_that_only_has_the_number_in_it(faults: _Faults) -> _Shown:
    event = faults.lose(faults.other_sku)
    faults.shipbob.credit(Decimal("25.00"), f"Lost parcel, ticket 1{event}9")
    return faults.other_sku, None


# The rate first: of what is not invoiced there may be one charge only.
_MISTAKES: Final[dict[str, tuple[Callable[[_Faults], _Shown], ...]]] = {
    "rate_moved": (_at_another_rate,),
    "charged_twice": (
        _twice_on_a_day,
        _twice_on_two_days,
        _three_times,
        _twice_and_given_back_in_part,
        _twice_with_a_refund_of_another_fee_of_another_shipment,
        _twice_with_a_credit_that_only_has_its_number_in_it,
    ),
    "no_cause": (
        _for_an_unknown_shipment,
        _for_a_cancelled_wro,
        _for_a_cancelled_return_given_back_in_part,
    ),
    "credit_due": (
        _lost_without_a_credit,
        _lost_with_a_credit_that_only_has_the_number_in_it,
    ),
}
