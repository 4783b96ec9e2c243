"""Rules of order_match: what they take, and what each makes of ShipBob's order."""

from typing import Any

import pydantic
import pytest

from ml_connector.config.connection import Policies
from ml_connector.config.order_match import PRESETS, OrderRule, rules_of


def values(setting: str | list[str], reference: str | None, number: str | None) -> list[Any]:
    return [(rule.field, rule.value(reference, number)) for rule in rules_of(setting)]


@pytest.mark.parametrize("field", ["tranid", "otherrefnum", "externalid", "custbody_shop", "id"])
def test_one_field_is_compared_with_the_reference_as_it_is(field: str) -> None:
    assert rules_of(field) == rules_of([f"reference_id = {field}"])
    assert rules_of(field) == (OrderRule("reference_id", "", "", field),)


@pytest.mark.parametrize(
    ("setting", "reference", "number", "found"),
    [
        ("shipbob-guide", "766", "SO-1", [("id", "766"), ("tranid", "SO-1")]),
        ("shipbob-guide", "A-766", "SO-1", [("id", None), ("tranid", "SO-1")]),
        ("shipbob-guide", "0766", None, [("id", None), ("tranid", None)]),
        ("shopify", "55443", "#1001", [("externalid", "55443"), ("otherrefnum", "1001")]),
        ("shopify", "55443", "1001", [("externalid", "55443"), ("otherrefnum", "1001")]),
        ("shopify", None, "#", [("externalid", None), ("otherrefnum", None)]),
        ("amazon", "111-5", "x", [("otherrefnum", "111-5"), ("externalid", "111-5")]),
        (["order_number - '#' + 'SHOP-' = tranid"], "5", " #7 ", [("tranid", "SHOP-7")]),
        (["reference_id+'A'=custbody_x"], " 5 ", None, [("custbody_x", "A5")]),
    ],
)
def test_a_rule_makes_a_value_of_the_order(
    setting: str | list[str], reference: str | None, number: str | None, found: list[Any]
) -> None:
    assert values(setting, reference, number) == found


@pytest.mark.parametrize(
    "setting",
    [
        "memo",
        "shopfy",
        [],
        ["tranid"],
        ["number = tranid"],
        ["reference_id = memo"],
        ["reference_id - # = tranid"],
        ["reference_id + 'A' - 'B' = tranid"],
        7,
        [7],
    ],
)
def test_a_setting_that_is_no_rule_is_refused(setting: Any) -> None:
    with pytest.raises(pydantic.ValidationError, match="order_match"):
        Policies.model_validate({"order_match": setting})


def test_channels_have_rules_of_their_own() -> None:
    policies = Policies.model_validate(
        {"order_match_by_channel": {"100102": "shopify", "100103": ["order_number = tranid"]}}
    )
    rules = policies.order_rules

    assert rules.of(None) == rules.of(5) == rules_of("tranid")
    assert rules.of(100102) == rules_of(PRESETS["shopify"])
    assert rules.of(100103) == rules_of(["order_number = tranid"])
    assert Policies.model_validate(policies.model_dump(mode="json")) == policies


@pytest.mark.parametrize("channel", ["Shop", "0", "-1", ""])
def test_a_channel_is_named_by_its_number(channel: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="no channel id"):
        Policies.model_validate({"order_match_by_channel": {channel: "tranid"}})
