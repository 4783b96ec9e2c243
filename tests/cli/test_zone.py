"""Moments that people type are of the connection's time zone, as those that they see are."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.conftest import Command
from ml_connector.cli.times import moment, moments

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-20T10:00", datetime(2026, 11, 20, 16, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        ("2026-11-20T10:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_of_the_connections(typed: str, meant: datetime) -> None:
    assert moment(typed, "--since", zone=CHICAGO) == meant


def test_a_day_ends_when_it_ends_there() -> None:
    _, end = moments(None, "2026-11-20", zone=CHICAGO)

    assert end == datetime(2026, 11, 21, 6, tzinfo=UTC)


def test_the_zone_is_named_once(cli: Command) -> None:
    assert cli("connection", "pause").status == 0
    assert cli("connection", "resume").status == 0
    shown = cli("audit", "acts").out

    assert shown.count("Times: America/Chicago") == 1
    assert "UTC" not in shown
