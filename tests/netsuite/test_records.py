import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ml_connector.netsuite.records.records import (
    InventoryAdjustment,
    InventoryAdjustmentLine,
    InventoryAdjustmentLines,
    InventoryAssignment,
    InventoryAssignments,
    InventoryDetail,
    ItemReceipt,
    ItemReceiptLine,
    ItemReceiptLines,
    ReadTransaction,
    Ref,
    as_body,
    encode,
)


def sample(reference: Path, file: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reference / f"netsuite/samples/{file}.json").read_text())[
        name
    ]
    return found


def properties(reference: Path, record: str, part: str) -> set[str]:
    schema = json.loads((reference / "netsuite/schemas/rest-schema-2026.1.json").read_text())
    return set(schema["records"][record][part])


def receipt() -> ItemReceipt:
    return ItemReceipt(
        external_id="mlc-ir-wro-88123-b1",
        tran_date=date(2026, 11, 20),
        memo="ShipBob WRO 88123 box 1",
        item=ItemReceiptLines(
            items=(
                ItemReceiptLine(
                    order_line=1, item_receive=True, quantity=40, location=Ref(id="6")
                ),
                ItemReceiptLine(order_line=2, item_receive=False),
            )
        ),
    )


def test_an_item_receipt_is_the_body_of_the_reference(reference: Path) -> None:
    expected = sample(reference, "item-receipt", "from_po_partial")["request"]["body"]

    assert as_body(receipt()) == expected


def test_an_inventory_adjustment_is_the_body_of_the_reference(reference: Path) -> None:
    expected = sample(reference, "inventory-adjustment", "single_line_with_external_id")

    adjustment = InventoryAdjustment(
        external_id="mlc-ia-evt-0001",
        tran_date=date(2026, 11, 20),
        account=Ref(id="254"),
        adj_location=Ref(id="6"),
        subsidiary=Ref(id="2"),
        memo="ShipBob recount evt-0001",
        inventory=InventoryAdjustmentLines(
            items=(
                InventoryAdjustmentLine(
                    line=1,
                    item=Ref(id="20"),
                    location=Ref(id="6"),
                    adjust_qty_by=-3,
                    memo="evt-0001",
                ),
            )
        ),
    )

    assert as_body(adjustment) == expected["request"]["body"]


def test_a_lot_is_written_inside_its_line_as_in_the_reference(reference: Path) -> None:
    expected = sample(reference, "inventory-adjustment", "lot_receipt")["request"]["body"]
    lots = InventoryAssignments(
        items=(
            InventoryAssignment(
                receipt_inventory_number="LOT-A", expiration_date=date(2027, 6, 30), quantity=5
            ),
        )
    )

    line = InventoryAdjustmentLine(
        line=1,
        item=Ref(id="31"),
        location=Ref(id="6"),
        adjust_qty_by=5,
        unit_cost=Decimal("2.50"),
        inventory_detail=InventoryDetail(inventory_assignment=lots),
    )

    assert as_body(line) == expected["inventory"]["items"][0]


@pytest.mark.parametrize(
    ("struct", "record", "part"),
    [
        (ItemReceipt, "itemReceipt", "body"),
        (ItemReceiptLine, "itemReceipt", "itemElement"),
        (InventoryAdjustment, "inventoryAdjustment", "body"),
        (InventoryAdjustmentLine, "inventoryAdjustment", "inventoryElement"),
    ],
)
def test_every_property_that_is_written_exists_in_the_schema(
    reference: Path, struct: type[msgspec.Struct], record: str, part: str
) -> None:
    written = {field.encode_name for field in msgspec.structs.fields(struct)}

    assert written <= properties(reference, record, part)


def test_money_is_a_number_with_its_exact_digits() -> None:
    line = InventoryAdjustmentLine(
        line=1,
        item=Ref(id="1"),
        location=Ref(id="6"),
        adjust_qty_by=1,
        unit_cost=Decimal("1234567890123456.78"),
    )

    assert b'"unitCost":1234567890123456.78' in encode(line)


@pytest.mark.parametrize("quantity", [-1, 0])
def test_a_unit_cost_belongs_to_an_increase(quantity: int) -> None:
    with pytest.raises(ValueError, match="increase"):
        InventoryAdjustmentLine(
            line=1,
            item=Ref(id="1"),
            location=Ref(id="6"),
            adjust_qty_by=quantity,
            unit_cost=Decimal(1),
        )


@pytest.mark.parametrize("external_id", ["", "a b", "a|b", "x" * 65, "é"])
def test_an_external_id_that_netsuite_could_not_find_again_is_refused(external_id: str) -> None:
    with pytest.raises(ValueError, match="external id"):
        msgspec.structs.replace(receipt(), external_id=external_id)


def test_a_receipt_is_read_back_as_in_the_reference(reference: Path) -> None:
    body = sample(reference, "other-records", "get_item_receipt")["response"]["body"]

    read = msgspec.json.decode(json.dumps(body), type=ReadTransaction, strict=False)

    assert read.external_id == "mlc-ir-wro-88123-b1"
    assert read.tran_date == date(2026, 11, 20)
    assert read.created_from is not None
    assert read.created_from.is_("2173")
    assert [(line.order_line, line.quantity) for line in read.item.items] == [(1, Decimal(40))]
    assert read.inventory.items == ()
