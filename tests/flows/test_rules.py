"""What several flows decide alike."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.sales_orders import OrderLineFact
from ml_connector.ledger.postings.documents import JournalLine, Posted, RefusedUnits, SourceLine
from ml_connector.rules.booked import booked_units, refuse_fewer_units
from ml_connector.rules.external_ids import is_receipt_of, is_receipt_of_other, receipt_id
from ml_connector.rules.facts import PeriodFact
from ml_connector.rules.items import sku_of
from ml_connector.rules.locations import location_of
from ml_connector.rules.posting_dates import local_day, needed_day, posting_date
from ml_connector.rules.refused import refusal
from ml_connector.rules.start_date import before_start, is_before_start
from ml_connector.words import Cause, DocumentKind

DAY = date(2026, 10, 5)
ANY = ConnectionSettings.model_validate(SETTINGS)


def posted(source_line: str, quantity: int) -> Posted:
    line = JournalLine(
        source="wro 1", source_line=source_line, fact_date=DAY, posting_date=DAY, quantity=quantity
    )
    return Posted(
        system="netsuite",
        kind=DocumentKind.ITEM_RECEIPT,
        external_id=receipt_id(1, 1),
        remote_id="9",
        lines=(line,),
    )


def test_a_receipt_is_of_its_own_wro_only() -> None:
    made = receipt_id(9, 1)

    assert made == "mlc-ir-9-1"
    assert is_receipt_of(9, made)
    assert not is_receipt_of(90, made)
    assert is_receipt_of_other(90, made)


@pytest.mark.parametrize("external_id", [None, "", "ASN-9-1"])
def test_a_receipt_of_somebody_else_is_of_no_wro(external_id: str | None) -> None:
    assert not is_receipt_of(9, external_id)
    assert not is_receipt_of_other(9, external_id)


def test_booked_units_add_up_and_are_none_for_other_lines() -> None:
    booked = booked_units([posted("inventory 5", 7), posted("inventory 5", -2)])

    assert booked["inventory 5"] == 5
    assert booked["inventory 6"] == 0


def test_units_that_went_down_stop_and_units_that_went_up_do_not() -> None:
    booked = booked_units([posted("inventory 5", 7)])
    refuse_fewer_units("WRO 1", booked, {"inventory 5": 8}, remedy_ends="receipt.")

    with pytest.raises(NeedsHuman, match="inventory 5: ShipBob now says 0, but 7 are booked"):
        refuse_fewer_units("WRO 1", booked, {}, remedy_ends="receipt.")


def test_a_fact_of_the_start_date_itself_is_posted() -> None:
    settings = ConnectionSettings.model_validate({**SETTINGS, "start_date": DAY})

    assert before_start(DAY, settings) == ""
    assert (
        before_start(date(2026, 10, 4), settings) == "Before the start date 2026-10-05: not booked"
    )
    assert not is_before_start(None, settings)
    assert not is_before_start(date(1990, 1, 1), ANY.model_copy(update={"start_date": None}))


def test_refused_lines_keep_their_units_and_their_money() -> None:
    lines = (
        SourceLine(source_line="inventory 5", fact_date=DAY, quantity=7),
        SourceLine(source_line="fee", fact_date=DAY, amount=Decimal("1.10"), currency="USD"),
    )
    plan = refusal(lines, "too old")

    assert plan.note == "too old"
    assert plan.refused == (
        RefusedUnits(source_line="inventory 5", reason="too old", quantity=7),
        RefusedUnits(source_line="fee", reason="too old", amount=Decimal("1.10"), currency="USD"),
    )


def test_an_unmapped_center_waits_for_its_location() -> None:
    with pytest.raises(NeedsData) as waits:
        location_of(404, "Nowhere", ANY)

    assert list(waits.value.waiting_for) == ["location:404"]
    assert '"404" = "<NetSuite location id>"' in waits.value.remedy


def test_a_product_without_a_sku_is_shown_to_a_person() -> None:
    with pytest.raises(NeedsHuman, match="inventory item 5 has no SKU"):
        sku_of(5, None)


def period(name: str, start: str, end: str, *, is_open: bool) -> PeriodFact:
    return PeriodFact(
        name=name, start=date.fromisoformat(start), end=date.fromisoformat(end), open=is_open
    )


OCTOBER = ("2026-10-01", "2026-10-31")
LAST_DAY = ("2026-10-31", "2026-10-31")


@pytest.mark.parametrize(
    ("october", "last_day", "expected"),
    [
        (True, False, date(2026, 10, 31)),
        (True, True, date(2026, 10, 31)),
        (False, True, date(2026, 11, 1)),
        (False, False, date(2026, 11, 1)),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_a_period_within_the_month_does_not_decide_whether_the_month_is_open(
    october: bool,  # noqa: FBT001 - a parameter
    last_day: bool,  # noqa: FBT001 - a parameter
    expected: date,
    order: int,
) -> None:
    periods = [
        period("Oct", *OCTOBER, is_open=october),
        period("Adj Oct", *LAST_DAY, is_open=last_day),
        period("Nov", "2026-11-01", "2026-11-30", is_open=True),
    ][::order]
    day = posting_date(date(2026, 10, 31), periods, "next-open", document="it")
    earlier = posting_date(DAY, periods, "next-open", document="it")

    assert day == expected
    assert earlier == (DAY if october else date(2026, 11, 1))


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_periods_of_the_same_days_a_closed_one_closes_the_month(order: int) -> None:
    periods = [
        period("Oct", *OCTOBER, is_open=False),
        period("Adj Oct", *OCTOBER, is_open=True),
        period("Nov", "2026-11-01", "2026-11-30", is_open=True),
    ][::order]

    assert posting_date(DAY, periods, "next-open", document="it") == date(2026, 11, 1)


def test_a_day_that_is_needed_and_missing_stops_and_is_never_another() -> None:
    late = datetime(2026, 10, 6, 3, tzinfo=UTC)  # still the 5th in Chicago

    assert needed_day(late, ANY, of="it came") == local_day(late, ANY) == DAY
    assert local_day(None, ANY) is None
    with pytest.raises(NeedsHuman, match="does not say when it came") as stops:
        needed_day(None, ANY, of="it came")
    assert stops.value.cause is Cause.DATE_MISSING


def test_an_empty_sku_is_no_name_of_a_line_without_a_full_name() -> None:
    line = OrderLineFact(line=1, item="501", name="TEE", open=1)

    assert not line.is_called("")
    assert line.is_called("TEE")
