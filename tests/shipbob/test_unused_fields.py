"""What no rule uses can't keep a record from being read."""

import ast
from pathlib import Path

import msgspec
import pytest

import ml_connector
from ml_connector.shipbob.payloads import UNUSED, Box, Wro, decode

PACKAGE = Path(ml_connector.__file__).parent
REQUIRED = {"box_id"}
"""What identifies a record is never left out."""


def trees() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for path in PACKAGE.rglob("*.py")
        if "sim" not in path.relative_to(PACKAGE).parts
    }


def declared(tree: ast.Module) -> set[str]:
    return {
        field.target.id
        for one in tree.body
        if isinstance(one, ast.ClassDef) and any("Struct" in ast.unparse(b) for b in one.bases)
        for field in one.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }


def test_the_unused_fields_are_those_that_nobody_reads() -> None:
    known = trees()
    read = {
        node.attr
        for tree in known.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    files = [PACKAGE / "shipbob/payloads.py", *(PACKAGE / "shipbob/resources").glob("*.py")]
    fields = {name for path in files for name in declared(known[path])}

    assert fields - read - REQUIRED == UNUSED


WRO = {"id": 1, "status": "Awaiting", "fulfillment_center": {"id": 10}}


@pytest.mark.parametrize("odd", [7, {"a": 1}, ["x"]])
@pytest.mark.parametrize("field", ["package_type", "expected_arrival_date"])
def test_an_odd_value_of_an_unused_field_spoils_nothing(field: str, odd: object) -> None:
    assert decode({**WRO, field: odd, "box_packaging_type": 3}, Wro) == decode(WRO, Wro)


def test_an_odd_value_within_a_list_is_left_out_there_only() -> None:
    boxes = [{"box_id": 1, "box_status": "Stowed"}, {"box_id": 2, "box_status": 4}]

    assert [one.box_status for one in decode(boxes, list[Box])] == ["Stowed", ""]


def test_an_odd_value_of_a_used_field_is_told_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.status"):
        decode({**WRO, "package_type": 7, "status": 3}, Wro)
