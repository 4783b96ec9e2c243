"""Whatever a subject may wait for, somebody sees that it has appeared."""

import ast
from pathlib import Path

import pytest

import ml_connector
from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.flows import FLOWS, WAKINGS
from ml_connector.rules.wakings.wake import EVERY_FLOW

PACKAGE = Path(ml_connector.__file__).parent

WHOLE_EACH_TIME = {"inventory"}
"""Flows whose schedule reads each subject whole, so that nobody need look at it in between."""

WITH_THE_SUBJECT = frozenset(
    {
        AwaitedKind.CANCELLED_WRO,
        AwaitedKind.INVENTORY,
        AwaitedKind.INVOICE,
        AwaitedKind.ORDER,
        AwaitedKind.RETURN,
        AwaitedKind.SHIPMENT,
        AwaitedKind.WEBHOOK,
        AwaitedKind.WRO,
    }
)
"""Kinds that nothing looks for alone: the subject itself is looked at, and its source tells."""


def raised() -> set[AwaitedKind]:
    """The kinds that anything in the product names, but for those who only wake them."""
    names = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        if path.name not in {"awaited.py", "wake.py"} and path.parent.name != "wakings"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "AwaitedKind"
    }
    # Named by the module that wakes them.
    names |= {"FULFILLMENT", "FULFILLED_UNITS", "CHANGED_SALES_ORDER", "CHANGED_PURCHASE_ORDER"}
    return {AwaitedKind[name] for name in names}


def test_whatever_is_waited_for_is_woken_by_somebody() -> None:
    unlooked = {
        kind
        for kind in raised()
        if WAKINGS[kind].appeared is None
        and not WAKINGS[kind].by_applying
        and not WAKINGS[kind].by_signing_in
    }
    unwatched = {name for name, flow in FLOWS.items() if not flow.looks_again}
    nobody_wakes = unlooked if unwatched - WHOLE_EACH_TIME else unlooked - WITH_THE_SUBJECT

    assert raised() == set(AwaitedKind)
    assert nobody_wakes == set()


def test_what_is_looked_at_with_its_subject_is_looked_at_nowhere_else() -> None:
    known = {waking.kind for flow in FLOWS.values() for waking in flow.wakings}

    assert known | {waking.kind for waking in EVERY_FLOW} == set(AwaitedKind) - WITH_THE_SUBJECT


def test_flows_agree_how_a_kind_is_woken() -> None:
    wakings = [waking for flow in FLOWS.values() for waking in flow.wakings]

    assert [one for one in wakings if WAKINGS[one.kind] is not one] == []


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("sku:TEE : TEE-BLK-M", AwaitedKind.SKU, "TEE : TEE-BLK-M"),
        ("fulfillment:2:1001", AwaitedKind.FULFILLMENT, "2:1001"),
        ("fulfilled_units:1001>4", AwaitedKind.FULFILLED_UNITS, "1001>4"),
        (
            "changed_sales_order:0a1b2c3d4e5f:SO-1:A",
            AwaitedKind.CHANGED_SALES_ORDER,
            "0a1b2c3d4e5f:SO-1:A",
        ),
        ("account:Per Pick Fee", AwaitedKind.ACCOUNT, "Per Pick Fee"),
        ("credentials", AwaitedKind.CREDENTIALS, ""),
        ("credentials:netsuite", AwaitedKind.CREDENTIALS, "netsuite"),
        ("bill_period:2026-10", AwaitedKind.BILL_PERIOD, "2026-10"),
    ],
)
def test_a_text_that_was_stored_is_read_and_written_the_same(
    text: str, kind: AwaitedKind, name: str
) -> None:
    read = Awaited(text)

    assert (read.kind, read.name) == (kind, name)
    assert str(kind.named(name) if name else kind.any_one) == text
