import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ml_connector.shipbob.new_payloads import FulfillmentCenterChoice, NewBox, NewBoxItem, NewWro
from ml_connector.shipbob.payloads import (
    Box,
    BoxItem,
    Channel,
    Product,
    StatusChange,
    Wro,
    calendar_day,
    decode,
    encode,
    read,
)
from ml_connector.shipbob.resources.returns import ReturnLot

MINIMAL_WRO = {
    "id": 1,
    "status": "Awaiting",
    "fulfillment_center": {"id": 10},
}


def test_a_captured_wro_is_read(sample: Callable[[str], Any]) -> None:
    wro = decode(sample("api/wro_completed"), Wro)

    assert (wro.id, wro.status, wro.purchase_order_number) == (443001, "Completed", "POTEST1")
    assert wro.fulfillment_center.id == 10
    assert [(line.sku, line.stowed_quantity) for line in wro.inventory_quantities] == [
        ("100", 100),
        ("101", 100),
        ("102", 100),
    ]


def test_dates_of_seven_digits_become_aware_utc_datetimes(sample: Callable[[str], Any]) -> None:
    wro = decode(sample("api/wro_completed"), Wro)

    assert wro.insert_date == datetime(2025, 2, 19, 3, 14, 23, 756596, tzinfo=UTC)
    assert wro.external_sync_timestamp == datetime(2025, 2, 19, 17, 31, 49, 944398, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T12:00:00Z", "2026-11-23T12:00:00", "2026-11-23T06:00:00.0000000-06:00"],
)
def test_every_date_is_in_utc_whatever_zone_it_was_written_in(text: str) -> None:
    change = decode({"status": "Arrived", "timestamp": text}, StatusChange)

    assert change.timestamp == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert change.timestamp.tzinfo is UTC


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "2026-11-23", "soon"])
def test_a_date_that_is_none_is_refused_with_its_path(text: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"insert_date|range"):
        decode({**MINIMAL_WRO, "insert_date": text}, Wro)


def test_captured_boxes_are_read(sample: Callable[[str], Any]) -> None:
    raw = json.dumps(sample("api/wro_boxes_completed")).encode()
    boxes = decode(read(raw), list[Box])

    assert [box.box_id for box in boxes] == [1571187, 1571188]
    assert [item.inventory_id for item in boxes[1].box_items] == [8588349, 8588348]
    assert boxes[0].box_items[0].lot_number is None
    assert boxes[0].arrived_date == datetime(2025, 2, 19, 1, 50, 36, 133333, tzinfo=UTC)


def test_captured_products_are_read(sample: Callable[[str], Any]) -> None:
    raw = json.dumps(sample("api/products_2_0")).encode()
    (product,) = decode(read(raw), list[Product])
    (variant,) = product.variants

    assert (variant.sku, variant.status) == ("100", "Active")
    assert variant.inventory is not None
    assert variant.inventory.inventory_id == 8598495
    assert variant.lot_information is not None
    assert variant.lot_information.is_lot


def test_scopes_in_one_text_are_split(sample: Callable[[str], Any]) -> None:
    (channel,) = decode(sample("api/channel_v1_legacy"), list[Channel])

    assert "receiving_write" in channel.scopes
    assert len(channel.scopes) == 10
    assert channel.writable


def test_a_null_and_a_missing_key_mean_the_same() -> None:
    nulls = dict.fromkeys(Wro.__struct_fields__) | MINIMAL_WRO
    with_nulls = decode(read(json.dumps(nulls).encode()), Wro)

    assert with_nulls == decode(MINIMAL_WRO, Wro)
    assert with_nulls.inventory_quantities == ()


def test_unknown_fields_and_unknown_words_are_no_failure() -> None:
    wro = decode({**MINIMAL_WRO, "status": "Teleported", "surprise": [{}]}, Wro)

    assert wro.status == "Teleported"


@pytest.mark.parametrize("stowed", [-1, "three", "3.5", 1.5, None])
def test_a_quantity_we_book_must_be_a_whole_number(stowed: object) -> None:
    line = {"inventory_id": 1, "expected_quantity": 1, "stowed_quantity": stowed}
    raw = json.dumps({**MINIMAL_WRO, "inventory_quantities": [line]}).encode()

    with pytest.raises(msgspec.ValidationError, match=r"inventory_quantities"):
        decode(read(raw), Wro)


def test_money_is_read_digit_by_digit() -> None:
    assert read(b'{"amount": 1234567890123456.78}') == {"amount": Decimal("1234567890123456.78")}


@pytest.mark.parametrize("raw", [b"", b"<html>", b'{"a": ', b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_one_kind_of_error(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(raw)


def test_a_request_has_the_same_bytes_each_time_and_nothing_that_was_not_said() -> None:
    new = NewWro(
        fulfillment_center=FulfillmentCenterChoice(id=10),
        package_type="Package",
        box_packaging_type="EverythingInOneBox",
        expected_arrival_date=datetime(2026, 12, 1, 6, tzinfo=UTC),
        purchase_order_number="PO4711",
        boxes=(NewBox(tracking_number="C-1", box_items=(NewBoxItem(sku="A", quantity=3),)),),
    )

    assert json.loads(encode(new)) == {
        "fulfillment_center": {"id": 10},
        "package_type": "Package",
        "box_packaging_type": "EverythingInOneBox",
        "expected_arrival_date": "2026-12-01T06:00:00Z",
        "purchase_order_number": "PO4711",
        "boxes": [{"tracking_number": "C-1", "box_items": [{"sku": "A", "quantity": 3}]}],
    }
    assert encode(new) == encode(new)


@pytest.mark.parametrize(
    "text",
    [
        "2027-05-01",
        "2027-05-01T00:00:00Z",
        "2027-05-01T00:00:00+02:00",
        "2027-05-01T23:30:00.0000000-08:00",
    ],
)
def test_the_day_a_lot_expires_on_is_the_same_in_every_zone(text: str) -> None:
    item = decode(
        {"inventory_id": 1, "quantity": 1, "stowed_quantity": 1, "lot_date": text}, BoxItem
    )
    lot = decode({"number": "L1", "expiration": text}, ReturnLot)

    assert (item.expires_on, lot.expires_on) == (date(2027, 5, 1),) * 2


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00:00", "2027-02-30T00:00:00Z"])
def test_a_day_that_cant_be_read_is_none(text: str) -> None:
    assert calendar_day(text) is None


@pytest.mark.parametrize("text", ["", "soon", "2026-11-23", "0001-01-01T00:00:00", "null"])
def test_a_moment_that_is_none_is_no_moment(text: str) -> None:
    body = {**MINIMAL_WRO, "last_updated_date": text, "external_sync_timestamp": text}
    change = {"status": "Completed", "timestamp": text}
    wro = decode(read(json.dumps({**body, "status_history": [change]}).encode()), Wro)

    assert (wro.last_updated_date, wro.external_sync_timestamp) == (None, None)
    assert [one.timestamp for one in wro.status_history] == [None]
