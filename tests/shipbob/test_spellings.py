"""Whole numbers that are written otherwise than documented are read as what they are."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.shipbob import payloads
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.billing import Transaction
from ml_connector.shipbob.resources.returns import Return
from ml_connector.shipbob.resources.shipments import Shipment
from ml_connector.shipbob.spellings import whole

NOT_WHOLE = ["60.5", '"60.5"', '"060"', '"6e1"', '" 60"', '""', "true", "[]", '"\u0666\u0660"']


def read(text: str, kind: type[Any]) -> Any:
    return payloads.decode(payloads.read(text.encode()), kind)


def wro(quantity: str, wro_id: str = "7") -> Wro:
    line = f'{{"inventory_id": 1, "expected_quantity": 9, "stowed_quantity": {quantity}}}'
    found: Wro = read(
        f'{{"id": {wro_id}, "status": "Arrived", "fulfillment_center": {{"id": 1}},'
        f' "inventory_quantities": [{line}, {line}]}}',
        Wro,
    )
    return found


@pytest.mark.parametrize("spelled", ["60", "60.0", '"60"', '"60.0"', "6E1", "60.000"])
def test_a_whole_quantity_is_read_in_any_spelling(spelled: str) -> None:
    found = wro(spelled, wro_id='"900001"')

    assert [one.stowed_quantity for one in found.inventory_quantities] == [60, 60]
    assert found.id == 900001


@pytest.mark.parametrize("spelled", [*NOT_WHOLE, '"-1"', "-1.0", "1E400"])
def test_what_is_no_whole_quantity_spoils_its_row(spelled: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="stowed_quantity"):
        wro(spelled)


@pytest.mark.parametrize("amount", ["12.10", '"12.10"', "12.1"])
def test_money_is_exact_as_number_or_text(amount: str) -> None:
    charge = read(
        f'{{"transaction_id": "01A", "amount": {amount}, "currency_code": "USD",'
        ' "invoice_id": "71"}',
        Transaction,
    )

    assert charge.amount == Decimal("12.10")
    assert charge.invoice_id == 71


def test_other_payloads_are_read_so_too() -> None:
    shipment = read(
        '{"id": "5", "order_id": 8.0, "products": [{"inventory_items":'
        ' [{"id": "3", "quantity": "2.0"}]}]}',
        Shipment,
    )
    back = read('{"id": "5", "inventory": [{"id": 3.0, "quantity": "2"}]}', Return)

    assert (shipment.id, shipment.order_id) == (5, 8)
    assert [item.quantity for one in shipment.products for item in one.inventory_items] == [2]
    assert (back.id, back.inventory[0].id, back.inventory[0].quantity) == (5, 3, 2)


class Row(msgspec.Struct):
    units: int
    name: str = ""
    note: int | str | None = None


@given(st.lists(st.tuples(st.integers(-(10**15), 10**15), st.integers(0, 3)), max_size=30))
def test_every_row_of_a_list_is_read_whatever_each_one_writes(rows: list[tuple[int, int]]) -> None:
    spelled = [(f"{n}", f"{n}.0", f'"{n}"', f'"{n}.0"')[how] for n, how in rows]
    text = ", ".join(f'{{"units": {one}, "name": "60"}}' for one in spelled)
    found = read(f"[{text}]", list[Row])

    assert [one.units for one in found] == [n for n, _ in rows]
    assert {one.name for one in found} <= {"60"}


def test_a_text_where_texts_may_be_stays_one() -> None:
    assert read('{"units": "1.0", "note": "60"}', Row).note == "60"


@given(st.text(max_size=6) | st.decimals(allow_nan=True))
def test_nothing_is_taken_for_a_whole_number_that_is_none(value: str | Decimal) -> None:
    found = whole(value)

    if found is not None:
        assert Decimal(value) == found
        assert json.loads(str(found)) == found
