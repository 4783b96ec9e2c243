"""A bill's currency is what NetSuite shows of it, and never another one."""

import pytest

from ml_connector.reconcile.sides.currency import currency_named, currency_shown, name_it


@pytest.mark.parametrize(
    ("internal_id", "text", "shown"),
    [
        (None, None, ""),
        ("3", "Euro", "EUR"),
        ("47", "EU47", "EU47"),
        ("47", None, "47"),
        ("9", "House dollar", "USD"),
    ],
)
def test_a_name_that_is_no_code_stands_for_itself(
    internal_id: str | None, text: str | None, shown: str
) -> None:
    assert currency_shown(internal_id, text, {"9": "USD"}) == shown


def test_a_currency_that_is_not_known_is_named_with_what_ends_it() -> None:
    assert currency_named("USD") == "USD"
    assert name_it("USD") == ""
    assert currency_named("EU47") == 'a currency that is not known ("EU47")'
    assert "[billing.currencies]" in name_it("EU47")
