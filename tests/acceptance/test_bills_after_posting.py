"""Invoices that change after they were billed, and what the month end then says."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from acceptance.closing import close
from acceptance.in_process import book_month, decide_month, sync, undecide
from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations import undo as undoing
from ml_connector.app.operations.fee_audit import accrue
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.month import Month
from ml_connector.sim.shipbob.books.billing import Invoice, Transaction

BILLING = 'vendor = "302"\ndefault_account = "62"\naccounts = {"Per Pick Fee" = "63"}\n'


@dataclass(frozen=True)
class Told:
    """What came of an invoice."""

    state: str
    cause: str | None
    sentence: str
    documents: list[dict[str, Any]]


class Office:
    """ShipBob's invoices, and the people who keep the books of them."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.netsuite, self.shipbob = acme.world.netsuite, acme.world.shipbob
        self.books = acme.world.shipbob.books.billing

    # At ShipBob

    def invoice(self, *amounts: str, day: date | None = None, currency: str = "USD") -> Invoice:
        made = self.books.begin_invoice(
            "AdditionalFee", day or self.shipbob.clock.now().date(), currency=currency
        )
        for amount in amounts:
            self.add(made, amount)
        made.amount = sum(map(Decimal, amounts), Decimal(0))
        return made

    def add(self, invoice: Invoice, amount: str, kind: str = "Charge") -> Transaction:
        line = self.books.charge("Shipping", Decimal(amount), kind=kind, center_name="Ontario")
        self.books.put_on(line, invoice)
        return line

    def lines(self, invoice: Invoice) -> list[Transaction]:
        return self.books.lines(invoice.id)

    # In NetSuite

    def enter(
        self,
        invoice: Invoice,
        amount: str,
        *,
        currency: int = 1,
        day: date | None = None,
        number: str = "",
    ) -> int:
        return self.netsuite.create(
            "vendorBill",
            {
                "entity": {"id": 302},
                "tranId": number or str(invoice.id),
                "tranDate": str(day or self.shipbob.clock.now().date()),
                "currency": {"id": currency},
                "expense": {"items": [{"account": {"id": 62}, "amount": Decimal(amount)}]},
            },
        )

    def bills(self, invoice: Invoice) -> dict[str, Decimal]:
        """Ours by number; a credit is negative."""
        return {
            str(one["tranId"]): Decimal(str(one["userTotal"]))
            * (1 if one["recordType"] == "vendorBill" else -1)
            for one in self.netsuite.documents()
            if one.get("externalId") and str(one["tranId"]).startswith(str(invoice.id))
        }

    def posted(self, invoice: Invoice) -> int:
        """NetSuite's id of our bill of an invoice."""
        [bill] = [
            one
            for one in self.netsuite.documents()
            if one.get("externalId") == f"mlc-vb-{invoice.id}"
        ]
        return int(bill["id"])

    # With the installation

    def bill(self, invoice: Invoice) -> Told:
        [row] = sync(self.acme, "billing", [str(invoice.id)])
        return Told(row["state"], row["cause"], row["sentence"] or "", row["documents"])

    def undo(self, external_id: str) -> None:
        async def undo() -> None:
            async with open_installation(self.acme.settings) as installation:
                [proposed] = await undoing.propose(installation, ["acme"], [external_id])
                await undoing.undo_posting(installation, proposed, person="clerk")

        asyncio.run(undo())

    def accrued(self, invoice: Invoice, at: date) -> Decimal:
        async def accrued() -> Decimal:
            async with open_installation(self.acme.settings) as installation:
                async with installation.database.transaction() as on:
                    [applied] = await connections.every(on)
                found, _ = await accrue(installation, applied, at=at)
            own = (one.amount for one in found if one.invoice == invoice.id)
            return sum(own, Decimal(0))

        return asyncio.run(accrued())

    def open(self, invoice: Invoice, month: Month | None = None) -> list[Difference]:
        """What the month end leaves open of an invoice."""
        month = month or Month.of(self.shipbob.clock.now().date())
        every = close(self.acme, month=month).report.open
        return [one for one in every if one.source == f"invoice {invoice.id}"]

    def shown(self, difference: Difference, month: Month) -> Difference:
        """A difference as the report of its month shows it."""
        every = close(self.acme, month=month).report.differences
        return next(one for one in every if one.id == difference.id)

    def decided(self, invoice: Invoice) -> dict[str, Decimal]:
        """What the journal has of our bill by decision, by currency."""
        rows = self.acme.rows(
            "select currency, sum(amount) as amount from journal"
            " where source_line = %(line)s and external_id like 'mlc-ad-%%' group by 1",
            line=f"mlc-vb-{invoice.id} / accepted",
        )
        return {row["currency"]: row["amount"] for row in rows}

    def booked_on(self, invoice: Invoice) -> dict[str, Decimal]:
        """The same, by the day that the journal books it on."""
        rows = self.acme.rows(
            "select posting_date, sum(amount) as amount from journal"
            " where source_line = %(line)s and external_id like 'mlc-ad-%%' group by 1",
            line=f"mlc-vb-{invoice.id} / accepted",
        )
        return {str(row["posting_date"]): row["amount"] for row in rows}

    def woken(self, invoice: Invoice) -> list[str]:
        """What woke an invoice, beside what it waits for."""
        rows = self.acme.rows(
            "select e.topic from event as e join subject as s on s.id = e.subject_id"
            " where s.key = %(key)s and e.source = 'wake' order by e.id",
            key=str(invoice.id),
        )
        return [row["topic"] for row in rows]

    def kinds(self, invoice: Invoice) -> set[str]:
        return {str(one.kind) for one in self.open(invoice)}


@pytest.fixture
def office(quiet: Merchant) -> Office:
    quiet.world.shipbob.announcer.tune(losses=1.0)
    quiet.apply(billing=BILLING)
    return Office(quiet)


def test_late_lines_are_billed_as_a_correction_when_the_total_follows(office: Office) -> None:
    made = office.invoice("10.00")
    office.bill(made)
    office.add(made, "4.00")
    told = office.bill(made)

    assert (told.state, told.cause) == ("parked", "invoice_does_not_tie")
    assert office.kinds(made) == {"fact_waiting"}

    made.amount += 4
    told = office.bill(made)

    assert told.state == "done"
    assert office.bills(made) == {f"{made.id}": Decimal(10), f"{made.id}-2": Decimal(4)}
    assert office.open(made) == []


@pytest.mark.parametrize("field", ["fee", "center_name"])
def test_a_fee_or_center_that_is_renamed_is_shown_until_the_bill_is_taken_back(
    office: Office, field: str
) -> None:
    made = office.invoice("10.00")
    office.bill(made)
    [line] = office.lines(made)
    setattr(line, field, "Another name")
    told = office.bill(made)

    assert (told.state, told.cause) == ("dead", "invoice_does_not_tie")
    assert f"journal undo mlc-vb-{made.id}" in str(office.open(made)[0].remedy) or office.open(
        made
    )

    office.undo(f"mlc-vb-{made.id}")
    told = office.bill(made)

    assert told.state == "done"
    assert office.bills(made)[f"{made.id}-2"] == Decimal(10)
    assert office.open(made) == []


def test_a_bill_entered_by_hand_beside_ours_is_shown_and_stops_a_change(office: Office) -> None:
    made = office.invoice("10.00")
    office.bill(made)
    theirs = office.enter(made, "10.00")
    told = office.bill(made)

    assert told.state == "done"
    assert office.kinds(made) == {"document_doubled"}

    office.add(made, "4.00")
    made.amount += 4
    told = office.bill(made)

    assert (told.state, told.cause) == ("dead", "billed_by_others")
    assert office.kinds(made) == {"document_doubled", "fact_waiting"}

    office.netsuite.delete("vendorBill", theirs)
    told = office.bill(made)

    assert told.state == "done"
    assert office.bills(made)[f"{made.id}-2"] == Decimal(4)
    assert office.open(made) == []


def test_a_bill_by_hand_is_a_double_in_whatever_month_it_is_dated(office: Office) -> None:
    last = Month.of(office.shipbob.clock.now().date()).first - timedelta(days=1)
    made = office.invoice("10.00", day=last)
    office.bill(made)
    office.enter(made, "10.00")

    assert office.open(made, Month.of(last)) == []
    assert office.kinds(made) == {"document_doubled"}

    office.undo(f"mlc-vb-{made.id}")

    assert office.open(made) == []


def test_an_undone_bill_whose_invoice_changes_is_billed_whole(office: Office) -> None:
    made = office.invoice("10.00")
    office.bill(made)
    office.undo(f"mlc-vb-{made.id}")

    assert office.bill(made).documents == []
    assert office.open(made) == []

    office.add(made, "5.00")
    told = office.bill(made)

    assert (told.state, told.cause) == ("parked", "invoice_does_not_tie")
    waits = [one for one in office.open(made) if one.shipbob == Decimal(15)]
    assert [one.says.partition(". ")[0].endswith("15.00 USD waits") for one in waits] == [True]

    made.amount = Decimal(15)
    office.bill(made)

    assert office.bills(made)[f"{made.id}-2"] == Decimal(15)
    assert office.open(made) == []

    office.add(made, "10.00")  # by just what was undone
    made.amount += 10
    office.bill(made)

    assert office.bills(made)[f"{made.id}-3"] == Decimal(10)
    assert office.open(made) == []


def test_an_invoice_over_nothing_is_no_bill_until_it_is_more(office: Office) -> None:
    made = office.invoice("10.00")
    office.add(made, "10.00", kind="Refund")
    office.add(made, "2.50", kind="BalanceTransfer")
    made.amount = Decimal("2.50")
    told = office.bill(made)

    assert (told.state, told.documents) == ("done", [])
    assert office.open(made) == []

    office.add(made, "3.00")
    made.amount += 3
    office.bill(made)

    assert office.bills(made) == {f"{made.id}": Decimal(3)}
    assert office.open(made) == []


def test_a_bill_by_hand_is_recognised_where_the_lines_are_gone_until_it_changes(
    office: Office,
) -> None:
    made = office.invoice("10.00")
    made.amount += 5
    office.enter(made, "15.00")
    told = office.bill(made)

    assert (told.state, told.documents) == ("done", [])
    assert office.open(made) == []

    made.amount += 5
    told = office.bill(made)

    assert (told.state, told.cause) == ("parked", "invoice_does_not_tie")
    assert office.kinds(made) == {"fact_waiting"}
    assert office.accrued(made, made.day) == Decimal(20)


def test_no_bill_is_made_in_a_currency_that_is_not_known(office: Office) -> None:
    euro = office.netsuite.add_currency("EUR", "1.10")
    office.acme.apply(billing=BILLING + f'currencies = {{"EUR" = "{euro}"}}')
    made = office.invoice("10.00", currency="")
    told = office.bill(made)

    assert (told.state, told.cause) == ("dead", "currency_differs")
    assert office.kinds(made) == {"fact_waiting"}

    office.enter(made, "10.00", currency=euro)

    assert office.bill(made).state == "done"
    assert office.open(made) == []


def test_a_vendor_whose_currency_says_nothing_gets_no_bill_until_it_is_mapped(
    office: Office,
) -> None:
    """NetSuite shows a currency by the name that people gave it (netsuite.md section 13.2)."""
    named = office.netsuite.add_currency("Dollar of the house", "1")
    office.netsuite.add_vendor("ShipBob of the house", internal_id=399, currency=named)
    vendor = BILLING.replace('"302"', '"399"')
    office.acme.apply(billing=vendor)
    made = office.invoice("10.00")
    told = office.bill(made)

    assert (told.state, told.cause) == ("dead", "currency_differs")
    assert office.kinds(made) == {"fact_waiting"}

    office.acme.apply(billing=vendor + f'currencies = {{"USD" = "{named}"}}')

    assert office.bill(made).state == "done"
    assert office.open(made) == []


def test_a_bill_in_the_wrong_currency_is_red_at_the_end_of_the_month(office: Office) -> None:
    made = office.invoice("10.00")
    office.bill(made)
    canadian = office.netsuite.add_currency("CAD", "0.70")
    [bill] = [
        one for one in office.netsuite.documents() if one.get("externalId") == f"mlc-vb-{made.id}"
    ]
    office.netsuite.edit("vendorBill", int(bill["id"]), {"currency": {"id": canadian}})
    [difference] = office.open(made)

    assert difference.kind == "currency_changed"
    assert "was posted in USD and is in CAD" in difference.says

    looked = office.acme.command(
        *("month", "decide", difference.id, "--as", "accept", "--note", "Right", "--dry-run")
    )
    kept = decide_month(office.acme, difference, "accept")

    assert looked.status == 0, looked.err
    assert "\u221210.00 USD" in looked.out
    assert "10 CAD" in looked.out
    assert office.open(made) == []
    assert office.decided(made) == {"USD": Decimal(-10), "CAD": Decimal(10)}

    office.netsuite.edit("vendorBill", int(bill["id"]), {"currency": {"id": "1"}})
    undecide(office.acme, kept.id)
    book_month(office.acme)

    assert office.open(made) == []
    assert office.decided(made) == {"USD": Decimal(0), "CAD": Decimal(0)}
    assert office.acme.command("audit", "verify").status == 0


def test_a_bill_moved_to_another_month_is_taken_as_it_is_in_both(office: Office) -> None:
    made = office.invoice("10.00", "2.50")
    office.bill(made)
    here = Month.of(office.shipbob.clock.now().date())
    before = Month.of(here.first - timedelta(days=1))
    bill = office.posted(made)
    office.netsuite.edit("vendorBill", bill, {"tranDate": str(before.last)})
    [then], [now] = office.open(made, before), office.open(made, here)
    kept = decide_month(office.acme, now, "accept")

    assert (then.kind, now.kind) == ("period_changed", "period_changed")
    assert office.open(made, before) == office.open(made, here) == []
    assert office.booked_on(made) == {
        str(before.last): Decimal("12.50"),
        str(office.shipbob.clock.now().date()): Decimal("-12.50"),
    }
    assert f"(decision {kept.id})" in office.shown(then, before).decided

    office.netsuite.edit("vendorBill", bill, {"tranDate": str(before.first)})
    [moved] = office.open(made, before)
    again = decide_month(office.acme, moved, "accept")

    assert "does not hold any more" in moved.remedy
    assert again.key == kept.key
    assert office.open(made, before) == office.open(made, here) == []
    assert office.booked_on(made)[str(before.last)] == 0
    assert office.booked_on(made)[str(before.first)] == Decimal("12.50")
    assert office.acme.command("audit", "verify").status == 0


def test_a_bill_entered_again_under_another_number_stands_for_ours(office: Office) -> None:
    made = office.invoice("10.00")
    office.add(made, "4.00", kind="Charge")
    made.amount += 4
    office.bill(made)
    other = office.invoice("3.00")
    office.bill(other)
    for one in (made, other):
        office.netsuite.delete("vendorBill", office.posted(one))
    wrong = office.enter(made, "13.99", number="BY-HAND-1")
    [gone], [gone_too] = office.open(made), office.open(other)
    with pytest.raises(UserError, match=r"is over 13\.99"):
        decide_month(office.acme, gone, "handled", document="BY-HAND-1")
    rival = office.invoice("20.00")
    number = str(rival.id)
    theirs = office.enter(made, "14.00", number=number)
    stopped = office.bill(rival)
    kept = decide_month(office.acme, gone, "handled", document=number)
    taken = office.woken(rival)
    billed = office.bill(rival)
    with pytest.raises(UserError, match=f"no bill and no credit {number} that stands for"):
        decide_month(office.acme, gone_too, "handled", document=number)

    assert gone.kind == "document_deleted"
    assert kept.document == number
    assert stopped.cause == "billed_by_others"
    assert (billed.state, office.bills(rival)) == ("done", {number: Decimal(20)})
    assert taken == [f"document {theirs} was taken or freed by month-end {gone.id}"]
    assert office.open(made) == []
    assert office.decided(made) == {"USD": Decimal(-14)}

    office.netsuite.edit(
        "vendorBill", theirs, {"expense": {"items": [{"line": 1, "amount": Decimal("15.00")}]}}
    )
    [changed] = office.open(made)

    assert "total is" in changed.remedy
    assert wrong != theirs


def test_an_invoice_hears_of_a_bill_of_its_number_that_stands_for_another_no_more(
    office: Office,
) -> None:
    made, rival = office.invoice("3.00"), office.invoice("20.00")
    office.bill(made)
    office.netsuite.delete("vendorBill", office.posted(made))
    instead, beside = (office.enter(rival, amount) for amount in ("3.00", "5.00"))
    both = office.bill(rival)
    [gone] = office.open(made)
    kept = decide_month(office.acme, gone, "handled", document=str(rival.id))
    one = office.bill(rival)
    undecide(office.acme, kept.id)
    woken = office.acme.rows(
        "select e.topic from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = 'billing' and s.key = %(key)s order by e.id desc limit 1",
        key=str(rival.id),
    )
    again = office.bill(rival)

    assert (both.state, one.state, again.state) == ("dead", "dead", "dead")
    assert str(instead) in both.sentence
    assert str(instead) not in one.sentence
    assert str(beside) in one.sentence
    assert woken == [{"topic": f"events undecide {kept.id}"}]
    assert again.sentence == both.sentence


def test_an_invoice_that_is_parked_or_posted_later_is_accrued_in_its_month(office: Office) -> None:
    last = Month.of(office.shipbob.clock.now().date()).first - timedelta(days=1)
    office.netsuite.add_adjusting_period(f"{last:%Y-%m}")
    office.netsuite.lock_period(f"{last:%Y-%m}", "ap")
    office.acme.apply(billing=BILLING, policies='closed_period = "park"')
    made = office.invoice("10.00", day=last)
    told = office.bill(made)

    assert (told.state, told.cause) == ("dead", "period_closed")
    assert office.accrued(made, last) == Decimal(10)

    office.acme.apply(billing=BILLING, policies='closed_period = "next-open"')
    office.bill(made)
    [bill] = [
        one for one in office.netsuite.documents() if one.get("externalId") == f"mlc-vb-{made.id}"
    ]

    assert str(bill["tranDate"])[:10] == str(last + timedelta(days=1))
    assert int(bill["postingPeriod"]["id"]) == office.netsuite.period_id(
        f"{Month.of(last).after:%Y-%m}"
    )
    assert office.accrued(made, last) == Decimal(10)
    assert office.accrued(made, last + timedelta(days=1)) == Decimal(0)
    assert office.open(made, Month.of(last)) == office.open(made) == []
    office.netsuite.reopen_period(f"{last:%Y-%m}")
