"""The day of an invoice is a day of the calendar, in whatever time zone the merchant is."""

from datetime import timedelta
from decimal import Decimal

import pytest

from acceptance.closing import MONTH, close
from acceptance.closing import sync as compared
from acceptance.merchant import Merchant
from acceptance.test_bills_after_posting import BILLING, Office
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.month import Month


@pytest.fixture
def office(quiet: Merchant) -> Office:
    quiet.world.shipbob.announcer.tune(losses=1.0)
    quiet.apply(billing=BILLING)
    return Office(quiet)


def fees(report: Report) -> Decimal:
    """Return what NetSuite owes ShipBob in a month by bills of ours."""
    return sum((row.netsuite for key, row in report.rows if key.section == "fees"), Decimal(0))


@pytest.mark.parametrize("zone", ["America/Chicago", "Pacific/Auckland"])
def test_an_invoice_of_the_months_first_day_is_billed_on_that_day_and_in_that_month(
    office: Office, zone: str
) -> None:
    office.acme.apply(billing=BILLING, schedule=f'timezone = "{zone}"')
    before = Month.of(MONTH.first - timedelta(days=1))
    had = fees(close(office.acme, month=before).report), fees(close(office.acme).report)
    first, last = office.invoice("12.34", day=MONTH.first), office.invoice("5.00", day=before.last)
    told = [office.bill(one) for one in (first, last)]
    days = {str(one["tranId"]): one["tranDate"] for one in office.netsuite.documents("vendorBill")}
    reports = [close(office.acme, month=month).report for month in (before, MONTH)]

    assert [one.state for one in told] == ["done", "done"]
    assert days[str(first.id)] == MONTH.first.isoformat()
    assert days[str(last.id)] == before.last.isoformat()
    assert [fees(report) for report in reports] == [
        had[0] + Decimal("5.00"),
        had[1] + Decimal("12.34"),
    ]
    assert [report.open for report in reports] == [(), ()]
    assert [row for row in compared(office.acme, "inventory").details if row["drift"]] == []
