"""The fee audit finds every planted mistake, and nothing where there is none."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ml_connector.fee_audit.causes import ChargeCause, Evidence, Loss
from ml_connector.fee_audit.fees import audit
from ml_connector.fee_audit.findings import CLAIM_WITHIN
from ml_connector.fee_audit.gathering import lost
from ml_connector.ledger.sources.charges import Charge
from ml_connector.shipbob.resources.inventory_history import Change, StockMovement

FIRST, LAST = date(2026, 9, 1), date(2026, 11, 29)
BEFORE = FIRST - timedelta(days=90)


class Books:
    """Charges of half a year as they should be, and what they refer to."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.charges: list[Charge] = []
        self.causes: dict[tuple[str, str], ChargeCause | None] = {}
        self.losses: list[Loss] = []
        for number in range((LAST - BEFORE).days + 1):
            day = BEFORE + timedelta(days=number)
            for index in range(4):
                shipment = str(210_000_000 + 10 * number + index)
                self.causes["Shipment", shipment] = ChargeCause(
                    status="Completed", service="Standard"
                )
                rate = self.random.choice(("5.85", "6.12", "7.25", "8.90"))
                self.charge("Shipping", rate, ("Shipment", shipment), day)
                self.charge("Per Pick Fee", "0.25", ("Shipment", shipment), day)
            if number % 5 == 0:
                self.causes["WRO", str(90_000 + number)] = ChargeCause(status="Completed")
                self.charge("WRO Receiving Fee", "35.00", ("WRO", str(90_000 + number)), day)
            self.charge("Warehousing Fee", "1.20", ("FC", "228-8588331-Shelf"), day)

    def charge(
        self,
        fee: str,
        amount: str,
        reference: tuple[str, str],
        day: date,
        *,
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

    def day(self) -> date:
        return FIRST + timedelta(days=self.random.randrange(85))

    def some(self, fee: str) -> Charge:
        found = [
            one
            for one in self.charges
            if one.fee == fee and one.charged_on and one.charged_on >= FIRST
        ]
        return self.random.choice(found)

    def again(self, like: Charge, tracking: str | None = None) -> Charge:
        reference = (like.reference_type or "", like.reference_id or "")
        assert like.charged_on is not None
        return self.charge(
            like.fee or "", str(like.amount), reference, like.charged_on, TrackingId=tracking
        )

    def evidence(self) -> Evidence:
        return Evidence(causes=self.causes, losses=self.losses)

    def found(self) -> set[tuple[str, str]]:
        """What the audit says: its kinds, and the last charge, or the event, that shows it."""
        findings = audit(self.charges, self.evidence(), first=FIRST, last=LAST).findings
        return {
            (one.kind, one.transactions[-1] if one.transactions else one.reference)
            for one in findings
        }


def charged_twice(books: Books) -> str:
    return books.again(books.some("Shipping")).transaction_id


def for_nothing(books: Books) -> str:
    books.causes["Shipment", "777"] = None
    return books.charge("Per Pick Fee", "0.25", ("Shipment", "777"), books.day()).transaction_id


def for_what_was_cancelled(books: Books) -> str:
    books.causes["WRO", "778"] = ChargeCause(status="Cancelled", happened=False)
    made = books.charge("WRO Receiving Fee", "35.00", ("WRO", "778"), books.day())
    return made.transaction_id


def at_another_rate(books: Books) -> str:
    books.causes["WRO", "779"] = ChargeCause(status="Completed")
    made = books.charge("WRO Receiving Fee", "45.00", ("WRO", "779"), books.day())
    return made.transaction_id


def lost_units(books: Books) -> str:
    books.losses.append(
        Loss(
            event_id=501,
            inventory_id=8588331,
            sku="TEE-BLK-M",
            center="Moreno Valley (CA)",
            day=books.day(),
            units=3,
        )
    )
    return "inventory event 501"


MISTAKES: dict[Callable[[Books], str], str] = {
    charged_twice: "charged_twice",
    for_nothing: "no_cause",
    for_what_was_cancelled: "no_cause",
    at_another_rate: "rate_moved",
    lost_units: "credit_due",
}


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), planted=st.sets(st.sampled_from(sorted(MISTAKES, key=str))))
def test_the_audit_finds_what_was_planted_and_nothing_else(
    seed: int, planted: set[Callable[[Books], str]]
) -> None:
    books = Books(seed)
    expected = {(MISTAKES[plant], plant(books)) for plant in planted}

    assert books.found() == expected


def test_a_rate_that_rises_for_all_shipments_is_seen_in_its_week() -> None:
    books = Books(1)
    monday = date(2026, 11, 2)
    books.charges = [
        replace(one, amount=one.amount * 2)
        if one.fee == "Shipping" and (one.charged_on or FIRST) >= monday
        else one
        for one in books.charges
    ]
    findings = audit(books.charges, books.evidence(), first=FIRST, last=LAST).findings
    first = findings[0]

    assert {one.kind for one in findings} == {"rate_moved"}
    assert (first.fee, first.service, first.claim_by) == (
        "Shipping",
        "Standard",
        monday + CLAIM_WITHIN,
    )
    assert "28 of 28 charges" in first.statement
    assert first.amount is not None
    assert first.amount > 0


def test_a_second_charge_that_was_refunded_is_no_finding() -> None:
    books = Books(1)
    again = books.again(books.some("Shipping"))
    assert again.charged_on is not None
    reference = (again.reference_type or "", again.reference_id or "")
    books.charge("Shipping", str(-again.amount), reference, LAST, kind="Refund")

    assert books.found() == set()


def test_parcels_of_one_shipment_are_told_apart_by_their_tracking_numbers() -> None:
    books = Books(1)
    books.again(books.some("Shipping"), "1Z2")

    assert books.found() == set()


@pytest.mark.parametrize("names", ["501", "TEE-BLK-M", "8588331"])
def test_a_credit_that_names_the_loss_settles_it(names: str) -> None:
    books = Books(1)
    lost_units(books)
    books.charge(
        "Credit", "-25.00", ("Ticket Number", "9"), LAST, kind="Credit", Comment=f"Lost: {names}."
    )

    assert books.found() == set()


def test_charges_that_name_nothing_are_counted() -> None:
    found = audit(Books(1).charges, Evidence(), first=FIRST, last=LAST)

    assert found.unchecked == (LAST - FIRST).days + 1


def movement(number: int, change: int, inventory_id: int = 7) -> StockMovement:
    side = Change(quantity_change=change, sku="TEE")
    return StockMovement(
        inventory_audit_event_id=number,
        inventory_id=inventory_id,
        event_datetime=datetime(2026, 11, 2, 10, tzinfo=UTC),
        increment=side if change > 0 else None,
        decrement=side if change < 0 else None,
    )


def test_units_that_are_found_again_make_up_for_the_oldest_loss() -> None:
    losses = lost([movement(1, -3), movement(2, -2), movement(3, 4), movement(4, -1, 8)], "X")

    assert [(one.event_id, one.units) for one in losses] == [(2, 1), (4, 1)]


def test_a_parcel_is_the_same_however_its_number_is_written() -> None:
    books = Books(1)
    shipping = books.some("Shipping")
    books.charges.remove(shipping)
    books.again(shipping, tracking="1Z999AA10123456784")
    twice = books.again(shipping, tracking="1z 999 aa1 01-2345-6784")

    assert books.found() == {("charged_twice", twice.transaction_id)}
