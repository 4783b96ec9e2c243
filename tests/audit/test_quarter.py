"""A quarter of the retailer's story: every cent of every invoice, and every mistake in it."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from audit.conftest import Quarter
from ml_connector.app.operations.fee_audit import accrue, audit_fees
from ml_connector.fee_audit.accruals import Accrual
from ml_connector.sim.shipbob.books.billing import Transaction


async def test_all_invoices_are_posted_and_every_cent_is_accounted_for(quarter: Quarter) -> None:
    invoices = quarter.world.shipbob.books.billing.invoices.values()
    bills = {
        str(document["tranId"]): (document["recordType"], document["userTotal"])
        for document in quarter.world.netsuite.documents()
        if document["recordType"] in {"vendorBill", "vendorCredit"}
    }
    async with quarter.installation() as (installation, _):
        states = await installation.database.fetch(
            "select state, count(*) as n from subject where flow = 'billing' group by 1"
        )
        [booked] = await installation.database.fetch(
            "select sum(amount) as amount from journal where flow = 'billing'"
        )

    assert [row["state"] for row in states] == ["done"]
    assert bills == {
        str(one.id): ("vendorCredit" if one.amount < 0 else "vendorBill", abs(one.amount))
        for one in invoices
        if one.type != "Payment"
    }
    assert booked["amount"] == sum(
        (one.amount for one in invoices if one.type != "Payment"), Decimal(0)
    )
    assert any(one.type == "Payment" for one in invoices)


async def test_what_is_not_invoiced_is_accrued(quarter: Quarter) -> None:
    billing = quarter.world.shipbob.books.billing
    days = {invoice.id: invoice.day for invoice in billing.invoices.values()}
    last = max(days.values())
    async with quarter.installation() as (installation, applied):
        at_the_end, _ = await accrue(installation, applied, at=last)
        before, _ = await accrue(installation, applied, at=last - timedelta(days=1))
    not_invoiced = [one for one in billing.transactions.values() if one.invoice_id is None]
    on_the_last = [
        one for one in billing.transactions.values() if days.get(one.invoice_id or 0) == last
    ]

    assert _sum(at_the_end) == _sum(not_invoiced)
    assert on_the_last
    assert _sum(before) == _sum(not_invoiced) + _sum(on_the_last)


def _sum(charges: Iterable[Accrual] | Iterable[Transaction]) -> Decimal:
    return sum((one.amount for one in charges), Decimal(0))


async def test_what_was_charged_rightly_gives_no_alarm(quarter: Quarter) -> None:
    last = quarter.before_the_mistakes
    async with quarter.installation() as (installation, applied):
        audit, _, _ = await audit_fees(installation, applied, first=None, last=last)

    assert audit.findings == ()
    assert audit.charges > 0


async def test_the_audit_finds_each_of_twelve_kinds_of_mistakes_and_nothing_else(
    quarter: Quarter,
) -> None:
    async with quarter.installation() as (installation, applied):
        audit, _, _ = await audit_fees(installation, applied, first=None, last=None)
    found = {
        one.what: finding
        for one in quarter.planted
        for finding in audit.findings
        if finding.kind == one.kind
        and one.shown_by in (*finding.transactions, *finding.statement.split())
    }

    assert found.keys() == {one.what for one in quarter.planted}
    assert len(found) == len(audit.findings) == 12
    assert [found[one.what].amount for one in quarter.planted] == [
        one.amount for one in quarter.planted
    ]


async def test_each_finding_shows_its_charges_and_what_was_expected_and_why(
    quarter: Quarter,
) -> None:
    charges = quarter.world.shipbob.books.billing.transactions
    async with quarter.installation() as (installation, applied):
        audit, _, _ = await audit_fees(installation, applied, first=None, last=None)

    for finding in audit.findings:
        assert finding.why
        assert finding.expected is not None or finding.kind == "credit_due"
        assert finding.transactions or finding.kind == "credit_due"
        for transaction in finding.transactions:
            assert f"{charges[transaction].amount:f}" in finding.statement
