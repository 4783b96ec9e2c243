"""Names with characters that act or can't be stored are shown, and end nothing."""

from datetime import UTC, datetime

import pytest

from acceptance.merchant import Merchant
from ml_connector.shown import visible

ODD = "TEE\0\x1b]52;c;ZXZpbA==\x07\u202e"


@pytest.fixture
def odd(quiet: Merchant) -> str:
    """A SKU with odd characters, of which some were stowed."""
    sku = quiet.sku(ODD, in_netsuite=False)
    wro = quiet.deliver({sku: 5})
    quiet.command("sync", "receiving", "--id", str(wro.id))
    return sku


def test_a_sku_that_postgresql_cannot_hold_ends_no_month(quiet: Merchant, odd: str) -> None:
    month = datetime.now(UTC).strftime("%Y-%m")
    report = quiet.command("reconcile", month, "--out", str(quiet.folder / "report"))
    files = [path for path in (quiet.folder / "report").rglob("*") if path.is_file()]
    shown = "".join(path.read_text("utf-8") for path in files if path.suffix in {".csv", ".html"})

    assert "A bug" not in report.err + report.out
    assert visible(odd) in shown
    assert not {"\0", "\x1b", "\x07", "\u202e"} & set(shown)


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["people", "json"])
def test_odd_names_act_on_no_terminal(quiet: Merchant, odd: str, as_json: list[str]) -> None:
    listed = quiet.command("events", "list", "--status", "parked", *as_json)
    shown = quiet.command("events", "show", "1", *as_json)
    said = listed.out + listed.err + shown.out + shown.err

    assert "TEE" in said
    assert not {"\0", "\x1b", "\x07", "\u202e"} & set(said)
    if not as_json:
        assert visible(odd)[:12] in said
