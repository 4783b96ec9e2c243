"""What checks something ends with a total and with what to do first."""

from ml_connector.cli.checks import counted_checks


def test_checks_are_counted_by_how_they_ended() -> None:
    ended = ["ok", "warning", "ok", "MISSING", "warning"]

    assert counted_checks(ended) == "5 checks: 2 ok, 2 warnings, 1 MISSING"
    assert counted_checks(["ok"]) == "1 check: 1 ok"
