"""Clean months give no finding; each of twelve kinds of mistakes is always found.

``MLC_TEST_MONTHS`` gives the number of clean months, such as 1000.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from ml_connector.fee_audit.causes import ChargeCause, Evidence, Loss
from ml_connector.fee_audit.fees import audit
from ml_connector.fee_audit.findings import Finding
from ml_connector.ledger.sources.charges import Charge

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
BEFORE = FIRST - timedelta(days=90)
MONTHS = int(os.environ.get("MLC_TEST_MONTHS", "100"))
RATES = ("5.85", "6.12", "7.25", "8.90")


class Month:
    """A month as ShipBob charges it rightly, and the 90 days before."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.charges: list[Charge] = []
        self.causes: dict[tuple[str, str], ChargeCause | None] = {}
        self.losses: list[Loss] = []
        for number in range((LAST - BEFORE).days + 1):
            self._day(BEFORE + timedelta(days=number), number)

    def _day(self, day: date, number: int) -> None:
        shipment = self.thing("Shipment", 210_000_000 + number)
        shipped = self.charge("Shipping", self.random.choice(RATES), shipment, day)
        self._settled_mistake(shipped, day)
        for _ in range(self.random.choice((0, 0, 1, 2, 4))):
            self.charge("Per Pick Fee", "0.25", shipment, day)
        self.charge("Storage per Day", "1.20", ("WRO", "90000"), day)
        self.charge("Warehousing Fee", "1.20", ("FC", "228-8588331-Shelf"), day)
        if number % 3 == 0:
            wro = self.thing("WRO", 91_000 + number)
            self.charge("WRO Receiving Fee", "35.00", wro, day)
            for _ in range(self.random.choice((1, 2, 3))):
                self.charge("Special Handling", "12.00", wro, day)
            hours = self.random.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4))
            self.charge("Hourly Work", str(20 * hours), wro, day)
        if number % 4 == 0:
            self.charge("Return Fee", "3.50", self.thing("Return", 4_000_000 + number), day)
        if number % 7 == 0:
            self._loss_that_is_credited(number, day)
        ticket = ("Ticket Number", "9")
        self.charge("Credit", "-1.00", ticket, day, "Credit", Comment="For 501 boxes")

    def _settled_mistake(self, shipped: Charge, day: date) -> None:
        """Sometimes charge twice, or too much, and give it back in one of the usual ways."""
        reference = (shipped.reference_type or "", shipped.reference_id or "")
        back = f"-{shipped.amount}"
        way = self.random.randrange(12)
        if way in {0, 1, 2, 3}:
            self.again(shipped)
        if way == 0:
            self.charge("Shipping", back, reference, day, "Refund")
        elif way == 1:
            half = shipped.amount / 2
            self.charge("Shipping", f"-{half}", reference, day, "Refund")
            self.charge("Shipping", f"-{shipped.amount - half}", reference, day, "Refund")
        elif way == 2:
            self.charge("Credit", back, reference, day, "Credit")
        elif way == 3:
            comment = f"Duplicate label of {shipped.reference_id}"
            self.charge("Credit", back, ("Ticket Number", "77"), day, "Credit", Comment=comment)
        elif way == 4:
            self.charge("Shipping", back, reference, day, "Refund")
        elif way == 5:
            self.charge("Shipping", "-1.00", reference, day, "Refund")
        elif way == 6:
            wro = self.thing("WRO", 95_000 + len(self.charges))
            self.charge("WRO Receiving Fee", "45.00", wro, day)
            self.charge("WRO Receiving Fee", "-10.00", wro, day, "Refund")
        elif way == 7:
            self.causes["Shipment", f"3{len(self.charges)}"] = None
            gone = ("Shipment", f"3{len(self.charges)}")
            self.charge("Shipping", "6.12", gone, day)
            self.charge("Shipping", "-6.12", gone, day, "Refund")

    def _loss_that_is_credited(self, number: int, day: date) -> None:
        self.lose(700 + number, day)
        names = self.random.choice((f"Lost: {700 + number}.", "2 x TEE-BLK-M", "item 8588331"))
        self.charge("Credit", "-25.00", ("Ticket Number", "8"), day, "Credit", Comment=names)

    def thing(self, kind: str, number: int, *, happened: bool = True) -> tuple[str, str]:
        status = "Completed" if happened else "Cancelled"
        self.causes[kind, str(number)] = ChargeCause(
            status=status, happened=happened, service="Standard" if kind == "Shipment" else ""
        )
        return kind, str(number)

    def lose(self, event: int, day: date, *, sku: str = "TEE-BLK-M") -> None:
        self.losses.append(
            Loss(
                event_id=event,
                inventory_id=8588331 if sku == "TEE-BLK-M" else 8588332,
                sku=sku,
                center="Moreno Valley (CA)",
                day=day,
                units=3,
            )
        )

    def charge(
        self,
        fee: str,
        amount: str,
        reference: tuple[str, str],
        day: date,
        kind: str = "Charge",
        **details: object,
    ) -> Charge:
        made = Charge(
            transaction_id=f"T{len(self.charges):06d}",
            type=kind,
            fee=fee,
            amount=Decimal(amount),
            currency="USD",
            charged_on=day,
            reference_type=reference[0],
            reference_id=reference[1],
            center="Moreno Valley (CA)",
            details=details,
        )
        self.charges.append(made)
        return made

    def again(self, like: Charge, *, later: int = 0) -> Charge:
        assert like.charged_on is not None
        reference = (like.reference_type or "", like.reference_id or "")
        day = like.charged_on + timedelta(days=later)
        return self.charge(like.fee or "", str(like.amount), reference, day)

    def new(self, fee: str, amount: str, kind: str, *, happened: bool = True) -> Charge:
        """Charge a fee for a new thing on some day of the month."""
        day = FIRST + timedelta(days=self.random.randrange(20))
        thing = self.thing(kind, 8_000_000 + len(self.charges), happened=happened)
        return self.charge(fee, amount, thing, day)

    def findings(self) -> tuple[Finding, ...]:
        evidence = Evidence(causes=self.causes, losses=self.losses)
        return audit(self.charges, evidence, first=FIRST, last=LAST).findings


Planted = tuple[str, str, str | None]
"""Kind, a charge or event that shows it, and the amount to claim."""


def twice_on_a_day(month: Month) -> Planted:
    again = month.again(month.new("Shipping", "6.12", "Shipment"))
    return "charged_twice", again.transaction_id, "6.12"


def twice_on_two_days(month: Month) -> Planted:
    one = month.new("Return Fee", "3.50", "Return")
    return "charged_twice", month.again(one, later=5).transaction_id, "3.50"


def three_times(month: Month) -> Planted:
    one = month.new("Shipping", "7.25", "Shipment")
    month.again(one)
    return "charged_twice", month.again(one).transaction_id, "14.50"


def twice_and_given_back_in_part(month: Month) -> Planted:
    one = month.new("Shipping", "6.12", "Shipment")
    again = month.again(one)
    reference = (one.reference_type or "", one.reference_id or "")
    month.charge("Shipping", "-2.00", reference, LAST, "Refund")
    return "charged_twice", again.transaction_id, "4.12"


def twice_with_a_credit_for_another_fee_of_another_shipment(month: Month) -> Planted:
    one = month.new("Shipping", "6.12", "Shipment")
    again = month.again(one)
    month.charge("Credit", "-6.12", ("Shipment", "210000001"), LAST, "Credit")
    return "charged_twice", again.transaction_id, "6.12"


def twice_with_a_comment_that_only_has_its_number_in_it(month: Month) -> Planted:
    one = month.new("WRO Receiving Fee", "35.00", "WRO")
    again = month.again(one)
    comment = f"Ticket 1{one.reference_id}9 about {one.reference_id}00 boxes"
    month.charge("Credit", "-35.00", ("Ticket Number", "5"), LAST, "Credit", Comment=comment)
    return "charged_twice", again.transaction_id, "35.00"


def for_an_unknown_shipment(month: Month) -> Planted:
    made = month.new("Shipping", "6.12", "Shipment")
    month.causes["Shipment", made.reference_id or ""] = None
    return "no_cause", made.transaction_id, "6.12"


def for_a_cancelled_wro(month: Month) -> Planted:
    made = month.new("WRO Receiving Fee", "35.00", "WRO", happened=False)
    return "no_cause", made.transaction_id, "35.00"


def for_a_cancelled_return_given_back_in_part(month: Month) -> Planted:
    made = month.new("Return Fee", "3.50", "Return", happened=False)
    reference = (made.reference_type or "", made.reference_id or "")
    month.charge("Return Fee", "-1.00", reference, LAST, "Refund")
    return "no_cause", made.transaction_id, "2.50"


def at_another_rate(month: Month) -> Planted:
    return "rate_moved", month.new("Return Fee", "4.75", "Return").transaction_id, "1.25"


def lost_without_a_credit(month: Month) -> Planted:
    month.losses = [one for one in month.losses if one.day < FIRST]
    month.lose(501, LAST + timedelta(days=1))
    return "credit_due", "inventory event 501", None


def lost_with_a_comment_that_only_has_the_number_in_it(month: Month) -> Planted:
    month.lose(501, LAST, sku="MUG-WHT")  # each day has a credit "For 501 boxes"
    return "credit_due", "inventory event 501", None


MISTAKES: tuple[Callable[[Month], Planted], ...] = (
    twice_on_a_day,
    twice_on_two_days,
    three_times,
    twice_and_given_back_in_part,
    twice_with_a_credit_for_another_fee_of_another_shipment,
    twice_with_a_comment_that_only_has_its_number_in_it,
    for_an_unknown_shipment,
    for_a_cancelled_wro,
    for_a_cancelled_return_given_back_in_part,
    at_another_rate,
    lost_without_a_credit,
    lost_with_a_comment_that_only_has_the_number_in_it,
)


def test_clean_months_give_no_finding() -> None:
    found = {seed: Month(seed).findings() for seed in range(MONTHS)}

    assert {seed: findings for seed, findings in found.items() if findings} == {}


@pytest.mark.parametrize("plant", MISTAKES)
def test_each_of_twelve_kinds_of_mistakes_is_found_with_what_may_be_claimed(
    plant: Callable[[Month], Planted],
) -> None:
    for seed in range(10):
        month = Month(seed)
        kind, shown_by, amount = plant(month)
        [one] = month.findings()

        assert one.kind == kind
        assert shown_by in (*one.transactions, one.reference)
        assert one.amount == (None if amount is None else Decimal(amount))
        assert one.why
        assert one.expected is not None or kind == "credit_due"
        shown = [each for each in month.charges if each.transaction_id in one.transactions]
        assert all(f"{each.amount:f}" in one.statement for each in shown)
