import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.shipbob.webhooks.topics import (
    TOPIC_GROUPS,
    TOPIC_KINDS,
    NamedParcel,
    Resource,
    parcel_named,
    resource,
    subject_id,
)


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def test_there_are_25_topics_each_in_one_group() -> None:
    grouped = [topic for group in TOPIC_GROUPS.values() for topic in group]

    assert len(TOPIC_KINDS) == 25
    assert sorted(grouped) == sorted(TOPIC_KINDS)


def test_the_topics_are_those_of_the_contract(reference: Path) -> None:
    path = reference / "shipbob" / "openapi-2026-07.derived.json"
    posted = json.loads(path.read_text("utf-8"))["paths"]["/2026-07/webhook"]["post"]
    document = json.dumps([posted, json.loads(path.read_text("utf-8"))["components"]["schemas"]])

    assert all(f'"{topic}"' in document for topic in TOPIC_KINDS)


EXPECTED = {"order": "190000501", "shipment": "210000101", "return": "3300123", "wro": "756713"}


def test_every_sample_says_what_it_is_about(reference: Path, sample: Callable[[str], Any]) -> None:
    found = {}
    for path in sorted((reference / "shipbob" / "samples" / "webhooks").glob("*.json")):
        found[path.stem] = subject_id(path.stem, body(sample(f"webhooks/{path.stem}")))
    special = {
        "order.shipment.on_hold": "107414278",
        "order.shipment.tracking_received": "100000001",
    }
    expected = {topic: EXPECTED.get(kind, "") for topic, kind in TOPIC_KINDS.items()} | special

    assert {k: v for k, v in found.items() if not k.startswith("billing")} == {
        k: v for k, v in expected.items() if not k.startswith("billing")
    }
    assert found["billing.charge.created"] == "01K9ZQ4Z07BY79KA1307SR9X4M"
    assert None not in found.values()


@pytest.mark.parametrize(
    "value",
    [
        {"id": 756713},
        {"id": "756713"},
        {"wro_id": 756713, "id": None},
        {"wroId": 756713},
        {"receiving_id": "756713", "id": 5},
        {"receiving_order_id": 756713},
        {"topic": "wro.completed", "data": {"id": 756713}},
        {"topic": "wro.completed", "data": {"data": [{"Id": 756713}]}},
        {"wro": {"id": 756713}},
        {"id": 756713.0, "surprise": {"deep": [None]}},
        {"data": None, "id": 756713},
    ],
)
def test_a_wro_is_found_in_every_variant(value: object) -> None:
    assert subject_id("wro.completed", body(value)) == "756713"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": 1571187, "wro_id": 756713}, "756713"),
        ({"id": 756713, "box_id": 1571187}, "756713"),
        ({"box": {"id": 1}, "receiving": {"id": "756713"}}, "756713"),
        ({"data": {"warehouse_receiving_order_id": 756713}}, "756713"),
        ({"id": 1571187, "box_number": 1}, None),
        ({"box_id": 1571187}, None),
    ],
)
def test_a_box_event_is_about_its_wro_and_never_about_the_box(
    value: object, expected: str | None
) -> None:
    assert subject_id("wro.box.stowed", body(value)) == expected


@pytest.mark.parametrize(
    ("topic", "value", "expected"),
    [
        ("order.shipped", {"id": 7, "shipments": [{"id": 9}]}, Resource(kind="order", id="7")),
        ("order.shipped", {"id": 9, "order_id": 7}, Resource(kind="order", id="7")),
        ("order.shipped", {"shipment_id": 9}, Resource(kind="shipment", id="9")),
        ("order.shipped", {"id": 9, "tracking": None}, Resource(kind="shipment", id="9")),
        ("order.shipment.delivered", {"shipment_id": 9}, Resource(kind="shipment", id="9")),
        ("order.shipment.delivered", {"id": 9, "order_id": 7}, Resource(kind="shipment", id="9")),
        (
            "order.shipment.delivered",
            {"id": 7, "shipments": []},
            Resource(kind="order", id="7"),
        ),
        ("order.shipment.delivered", {"order_id": 7}, Resource(kind="order", id="7")),
        ("return.completed", {"return_id": 88, "id": 1}, Resource(kind="return", id="88")),
        ("billing.charge.created", {"id": "01K9ZQ"}, Resource(kind="transaction", id="01K9ZQ")),
    ],
)
def test_a_body_may_name_another_kind_than_its_topic(
    topic: str, value: object, expected: Resource
) -> None:
    assert resource(topic, body(value)) == expected


def test_the_id_of_another_kind_is_never_taken_for_the_topic_s() -> None:
    assert subject_id("order.shipped", body({"shipment_id": 9})) is None
    assert subject_id("order.shipment.delivered", body({"order_id": 7})) is None


@pytest.mark.parametrize(
    "value",
    [0, -1, True, None, "", "abc", "12.5", 1.5, "٣", [1], {"id": 1}, 2**63, "9" * 30, "1; drop"],
)
def test_what_can_not_be_an_id_is_none(value: object) -> None:
    assert subject_id("wro.created", body({"id": value})) is None


def test_one_id_has_one_text() -> None:
    assert subject_id("wro.created", b'{"id": " 00756713 "}') == "756713"


@pytest.mark.parametrize("topic", ["order_shipped", "shipment_delivered", "", "wro.deleted"])
def test_legacy_and_unknown_topics_are_about_nothing(topic: str) -> None:
    assert subject_id(topic, b'{"id": 1}') is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b"null",
        b"1",
        b'"id"',
        b"[1, 2]",
        b'{"id": ' + b"9" * 10_000 + b"}",
        b'{"id": NaN}',
        b'{"id": 1e999}',
        b'{"data": "x"}',
    ],
)
@pytest.mark.parametrize("topic", ["wro.created", "order.shipped", "billing.charge.created"])
def test_a_body_that_says_nothing_is_about_nothing(raw: bytes, topic: str) -> None:
    assert subject_id(topic, raw) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "wro_id", "data", "order_id", "shipment_id", "shipments", "wro"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([*TOPIC_KINDS, "no.such.topic"]),
    st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()),
)
def test_any_bytes_give_an_answer(topic: str, raw: bytes) -> None:
    found = subject_id(topic, raw)

    assert found is None or (0 < len(found) <= 64 and found.isascii())


PARCELS = [
    (
        "order.shipped",
        {"id": 7, "shipments": [{"id": 1}]},
        NamedParcel(kind="shipment", id="1", within="7"),
    ),
    (
        "order.shipped",
        {"id": 7, "shipments": [{"id": 1}, {"id": 2}]},
        NamedParcel(kind="order", id="7"),
    ),
    ("order.shipped", {"id": 7, "shipments": []}, NamedParcel(kind="order", id="7")),
    ("order.delivered", {"data": {"id": 7, "shipments": [{"shipment_id": 1}]}}, "1"),
    (
        "order.shipped",
        {"id": 1, "order_id": 7, "tracking": None},
        NamedParcel(kind="order", id="7"),
    ),
    ("order.shipped", {"id": 1, "tracking": None}, NamedParcel(kind="shipment", id="1")),
    (
        "order.shipment.on_hold",
        {"id": 1, "order_id": 7},
        NamedParcel(kind="shipment", id="1", within="7"),
    ),
    ("order.shipment.delivered", {"shipment_id": "1"}, NamedParcel(kind="shipment", id="1")),
    ("order.shipment.cancelled", {"order_id": 7}, NamedParcel(kind="order", id="7")),
    ("order.shipment.tracking_received", {"order_id": 7}, NamedParcel(kind="order", id="7")),
    ("wro.completed", {"id": 1}, None),
    ("order.shipped", [], None),
    ("order.shipped", {"id": True, "shipments": "none"}, None),
    ("return.completed", {"id": 1, "order_id": 7}, None),
]


@pytest.mark.parametrize(("topic", "value", "expected"), PARCELS)
def test_a_webhook_names_a_shipment_or_else_an_order(
    topic: str, value: object, expected: NamedParcel | str | None
) -> None:
    found = parcel_named(topic, body(value))

    assert (found.id if found and isinstance(expected, str) else found) == expected


@pytest.mark.parametrize(
    "topic", sorted(topic for topic, kind in TOPIC_KINDS.items() if kind in {"order", "shipment"})
)
def test_every_sample_of_the_reference_names_its_parcel(topic: str, reference: Path) -> None:
    path = reference / "shipbob" / "samples" / "webhooks" / f"{topic}.json"
    found = parcel_named(topic, body(json.loads(path.read_text("utf-8"))["body"]))

    assert found is not None
    assert found.kind == ("order" if topic.endswith("tracking_received") else "shipment")


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(body))
def test_no_body_makes_it_fail(raw: bytes) -> None:
    for topic in TOPIC_KINDS:
        parcel_named(topic, raw)
