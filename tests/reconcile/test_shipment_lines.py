"""Shipment lines that are not wholly ours, and whether documents hold what is refused for them."""

from datetime import date
from decimal import Decimal

from ml_connector.ledger.decisions.decisions import NamedDocument, NamedUnits
from ml_connector.reconcile.compare.handled import HandlingDocument
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.sides import Fact, Waiting
from ml_connector.reconcile.compare.sources import SourceState
from ml_connector.reconcile.shipment_lines import judge, rows
from reconcile.worlds import MONTH, SECTIONS

KEY = SECTIONS.of_movement("ItemShip", None).key


def state(
    number: int, shipped: int, *, posted: int = 0, refused: int = 0, waits: str = ""
) -> SourceState:
    """A line of a shipment; units out of stock are negative."""
    fact = Fact(
        flow="tracking",
        source=f"shipment {number}",
        source_line="inventory 1",
        fact_date=date(2026, 11, 7),
        sku="TEE",
        quantity=-shipped,
        refused=Decimal(-refused),
        reason="IF9 has it" if refused else "",
        waiting=Waiting(state="parked", sentence=waits) if waits else None,
    )
    return SourceState(section=KEY, fact=fact, posted=Decimal(-posted))


def resting(number: int, held: int) -> HandlingDocument:
    document = NamedDocument(
        id="9",
        type="ItemShip",
        number="IF9",
        units=(NamedUnits(item="501", location="6", quantity=held),),
    )
    return HandlingDocument(
        decision=0, flow="tracking", source=f"shipment {number}", then=document, now=document
    )


NAMES = SkuNames({"501": "TEE"})


def test_each_line_says_who_has_its_units() -> None:
    states = [
        state(1, 5, posted=5),
        state(2, 4, refused=4),
        state(3, 3, posted=1, waits="No order"),
        state(4, 2, refused=2),
    ]
    found = {row.source: row for row in rows(MONTH, states, [resting(2, 4)], SECTIONS)}

    assert set(found) == {"shipment 2", "shipment 3", "shipment 4"}
    assert (found["shipment 2"].others, found["shipment 2"].refused) == (Decimal(4), Decimal(0))
    assert [ref.number for ref in found["shipment 2"].documents] == ["IF9"]
    assert (found["shipment 3"].ours, found["shipment 3"].waiting) == (Decimal(1), Decimal(2))
    assert found["shipment 3"].says == "No order"
    assert (found["shipment 4"].others, found["shipment 4"].refused) == (Decimal(0), Decimal(2))
    for row in found.values():
        assert row.shipped == row.ours + row.others + row.waiting + row.refused


def test_a_document_that_two_shipments_rest_on_must_hold_both() -> None:
    states = [state(2, 4, refused=4), state(3, 3, refused=3)]

    assert list(judge(states, [resting(2, 7), resting(3, 7)], NAMES, SECTIONS)) == []

    [short] = judge(states, [resting(2, 4), resting(3, 4)], NAMES, SECTIONS)

    assert short.kind is Kind.REFUSAL_NOT_HELD
    assert not short.explained
    assert (short.shipbob, short.netsuite) == (Decimal(7), Decimal(4))
    assert "shipment 2, shipment 3: 7 x TEE is not posted because of" in short.says
