"""The eleven months that were green while both systems held different stock: all are red."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieItem, TiePlace

CASES = tomllib.loads(Path(__file__).with_name("eleven.toml").read_text("utf-8"))["case"]


def _place(written: str) -> TiePlace:
    what, _, where = written.partition(" @ ")
    return TiePlace(what, where)


def _sides(moved: dict[str, Any]) -> dict[TiePlace, Side]:
    return {_place(at): Side(moved=Decimal(str(units))) for at, units in moved.items()}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_is_red_where_it_is_wrong(case: dict[str, Any]) -> None:
    items = [
        TieItem(kind=OpenKind(kind), place=_place(at), quantity=Decimal(units))
        for at, listed in case.get("items", {}).items()
        for kind, units in listed
    ]

    done = tie_out(
        Balances(shipbob=_sides(case["shipbob"]), netsuite=_sides(case["netsuite"])), items
    )

    unexplained = {one.place: one.unexplained for one in done.lines if one.unexplained}
    named = {one.place: [item.kind for item in one.items] for one in done.lines if one.items}
    assert unexplained == {
        _place(at): Decimal(str(units)) for at, units in case.get("unexplained", {}).items()
    }
    assert named == {_place(at): kinds for at, kinds in case.get("named", {}).items()}
    assert {one.place for one in done.red} == {*unexplained, *named}


def test_there_are_eleven() -> None:
    assert len(CASES) == 11
