"""A quarter of the retailer's story: every cent of every invoice, and every mistake in it."""

from decimal import Decimal

from audit.conftest import Quarter
from ml_connector.app.audits import accrue, audit_fees


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
    async with quarter.installation() as (installation, applied):
        found, _ = await accrue(installation, applied, at=None)
        last = max(one.day for one in quarter.world.shipbob.books.billing.invoices.values())
        before, _ = await accrue(installation, applied, at=last)
    charges = quarter.world.shipbob.books.billing.transactions.values()

    assert sum((one.amount for one in found), Decimal(0)) == sum(
        (one.amount for one in charges if one.invoice_id is None), Decimal(0)
    )
    assert before == found


async def test_what_was_charged_rightly_gives_no_alarm(quarter: Quarter) -> None:
    last = quarter.before_the_mistakes
    async with quarter.installation() as (installation, applied):
        audit, _, _ = await audit_fees(installation, applied, first=None, last=last)

    assert audit.findings == ()
    assert audit.charges > 0


async def test_the_audit_finds_exactly_the_planted_mistakes(quarter: Quarter) -> None:
    async with quarter.installation() as (installation, applied):
        audit, _, _ = await audit_fees(installation, applied, first=None, last=None)
    found = {
        (one.kind, shown_by.shown_by)
        for one in audit.findings
        for shown_by in quarter.planted
        if shown_by.shown_by in (*one.transactions, *one.statement.split())
        and shown_by.kind == one.kind
    }

    assert found == {(one.kind, one.shown_by) for one in quarter.planted}
    assert len(audit.findings) == len(quarter.planted)
