"""Telling of which lines the units are that a record in NetSuite holds. Pure."""

from datetime import date

import pytest

from ml_connector.engine.found import FoundLine, FoundRecord, UnbookedUnits, told_apart
from ml_connector.errors import NeedsHuman

RECORD = FoundRecord(
    id="5002", type="ItemRcpt", external_id="mlc-ir-90311-2", number=2, date=date(2026, 11, 20)
)


@pytest.mark.parametrize(
    ("units", "lines", "told"),
    [
        # The only line of the item: whatever NetSuite shows.
        ({"1": 6}, [("1", 4)], {0: 6}),
        # All that is open of both lines.
        ({"1": 6}, [("1", 4), ("1", 2)], {0: 4, 1: 2}),
        # Nothing is open of one of them.
        ({"1": 3}, [("1", 4), ("1", 0)], {0: 3}),
        ({"1": 3, "2": 5}, [("2", 5), ("1", 3)], {1: 3, 0: 5}),
    ],
)
def test_units_are_told_apart(
    units: dict[str, int], lines: list[tuple[str, int]], told: dict[int, int]
) -> None:
    assert told_apart(RECORD, units, [UnbookedUnits(*line) for line in lines]) == told


@pytest.mark.parametrize(
    ("units", "lines", "why"),
    [
        ({"1": 3}, [("1", 4), ("1", 2)], "3 units of item 1 may be of 2 lines at ShipBob"),
        ({"1": 7}, [("1", 4), ("1", 2)], "7 units of item 1 may be of 2 lines"),
        ({"1": 5}, [("1", 4), ("1", 0)], "5 units of item 1 may be of 2 lines"),
        ({"9": 1}, [("1", 4)], "no line at ShipBob is of item 9"),
    ],
)
def test_what_is_not_certain_is_not_guessed(
    units: dict[str, int], lines: list[tuple[str, int]], why: str
) -> None:
    with pytest.raises(NeedsHuman, match=why) as refused:
        told_apart(RECORD, units, [UnbookedUnits(*line) for line in lines])

    assert "5002" in refused.value.remedy


def test_lines_at_several_locations_have_no_one_location() -> None:
    lines = (FoundLine(item="1", location="6"), FoundLine(item="2", location="7"))
    scattered = FoundRecord(
        id="1", type="ItemRcpt", external_id="mlc-ir-1-1", number=1, date=RECORD.date, lines=lines
    )

    with pytest.raises(NeedsHuman, match="at several locations"):
        _ = scattered.location
