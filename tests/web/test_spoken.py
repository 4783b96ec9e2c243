from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ml_connector.app.views import words
from ml_connector.app.views.overview import Hour
from ml_connector.app.views.stock import StockPoint
from ml_connector.web.console import spoken
from ml_connector.web.console.charts import hours_chart, stock_chart

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "\u2013"),
        (0.84, "0.8 s"),
        (42, "42 s"),
        (2520, "42 min"),
        (7300, "2 h"),
        (90_000, "25 h"),
        (172_800, "2 days"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float | None, said: str) -> None:
    assert spoken.span(seconds) == said


def test_numbers_have_real_signs_and_no_digits_that_say_nothing() -> None:
    assert spoken.signed(-12) == "\u221212"
    assert spoken.signed(Decimal("1204.50")) == "+1,204.5"
    assert spoken.signed(0) == "0"
    assert spoken.whole(Decimal("40.00")) == "40"
    assert spoken.share(1, 3) == 33.33
    assert spoken.share(1, 0) == 0
    assert spoken.size(1_500_000) == "1.4 MB"


def test_things_are_counted_in_words() -> None:
    assert [spoken.of(number, "row") for number in (0, 1, 2000)] == [
        "0 rows",
        "1 row",
        "2,000 rows",
    ]


def test_documents_are_counted_in_words() -> None:
    assert words.document_count("itemReceipt", 1) == "1 item receipt"
    assert words.document_count("vendorBill", 1200) == "1,200 vendor bills"
    assert words.document_count("wro", 2) == "2 WROs at ShipBob"
    assert spoken.target("itemReceipt 5002") == "Item receipt 5002"


def test_a_chart_of_hours_has_the_whole_day_and_fits_its_axis() -> None:
    hours = [Hour(at=NOON + timedelta(hours=n), done=90 * n, open=1, stopped=2) for n in range(3)]
    found = hours_chart(hours, "America/Chicago")

    assert len(found.bars) == 24
    assert found.bars[0].label == "06:00"
    assert found.top >= 183
    assert found.steps[0] == 0


@pytest.mark.parametrize("levels", [(), (40,), (40, 40), (0, -3, 100_000)])
def test_a_chart_of_stock_is_drawn_of_any_levels(levels: tuple[int, ...]) -> None:
    points = [
        StockPoint(at=NOON + timedelta(days=n), shipbob=Decimal(level), netsuite=Decimal(level))
        for n, level in enumerate(levels)
    ]
    found = stock_chart(points, "UTC")

    assert found.bottom <= min(levels, default=0)
    assert found.bottom + found.span >= max(levels, default=0)
    assert all(len(line.points.split()) == len(levels) for line in found.lines)
