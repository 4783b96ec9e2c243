"""How long news waits for its month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector.errors import NeedsData
from ml_connector.flows.tracking.facts import Parcel, ShipmentFact
from ml_connector.flows.tracking.recognition.closed_months import ENDS_AFTER, News
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.rules.facts import PeriodFact
from ml_connector.rules.posting_dates import closed_to_news

SAID = datetime(2026, 10, 20, 12, tzinfo=UTC)
OCTOBER = PeriodFact(name="Oct 2026", start=date(2026, 10, 1), end=date(2026, 10, 31), open=False)
NEWS = News(
    shipment=ShipmentFact(id=7, status="Completed", as_of=SAID),
    own=FulfillmentFact(id="5001", number="IF1", day=date(2026, 10, 19)),
    parcels=(Parcel(number="1Z1"),),
    delivered=True,
)


@pytest.mark.parametrize("days", [0, 59])
def test_news_waits_for_its_period(days: int) -> None:
    plan = NEWS.held_back([OCTOBER], SAID + timedelta(days=days))

    assert plan is not None
    assert isinstance(plan.remaining_failure, NeedsData)
    assert plan.remaining_failure.waiting_for == ("period:2026-10",)
    assert [one.source_line for one in plan.refused] == ["parcel 1Z1", "delivery"]
    assert plan.documents == ()


def test_news_that_waited_long_enough_is_refused() -> None:
    plan = NEWS.held_back([OCTOBER], SAID + ENDS_AFTER)

    assert plan is not None
    assert plan.remaining_failure is None
    assert {one.reason for one in plan.refused} == {"Posting period Oct 2026 is closed"}
    assert plan.note.startswith("Refused: posting period Oct 2026 is closed")


@pytest.mark.parametrize(
    ("is_open", "takes_news", "closed"),
    [(True, False, False), (False, True, False), (False, False, True)],
)
def test_a_period_keeps_news_out_where_it_is_closed_to_any_change(
    *, is_open: bool, takes_news: bool, closed: bool
) -> None:
    period = PeriodFact(
        name="Oct 2026",
        start=OCTOBER.start,
        end=OCTOBER.end,
        open=is_open,
        takes_news=takes_news,
    )

    assert bool(closed_to_news(date(2026, 10, 20), [period])) is closed
    assert closed_to_news(date(2026, 9, 20), [period]) is None
    assert closed_to_news(None, [period]) is None
