"""Laws of decisions: no unit counts twice, and none holds for what it did not name."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.decided import lapses
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
    StowedLine,
)
from ml_connector.flows.receiving.plan import plan
from ml_connector.flows.receiving.stowed import source_lines
from ml_connector.ledger.conservation.equation import of_subject
from ml_connector.ledger.decisions.decisions import NamedDocument, NamedUnits
from ml_connector.ledger.postings.documents import HandledUnits, Plan, Posted
from ml_connector.rules.decisions.decided import (
    Decided,
    UnitsToHandle,
    free_units,
    handled_units,
    lapse,
)
from ml_connector.rules.facts import ItemFact
from ml_connector.words import Cause, DecisionKind

TERMS = ConnectionSettings.model_validate({**SETTINGS, "policies": {"over_receipt": "adjust"}})
DAY = date(2026, 11, 20)
SKUS = ("TEE", "CAP")


def document(units: Mapping[tuple[str, str], int], *, number: str = "IR9") -> NamedDocument:
    return NamedDocument(
        id=f"id of {number}",
        type="ItemRcpt",
        number=number,
        day=DAY,
        units=tuple(
            NamedUnits(item=item, location=location, quantity=quantity)
            for (item, location), quantity in sorted(units.items())
            if quantity
        ),
    )


def handled(
    then: NamedDocument,
    now: NamedDocument | None = None,
    *,
    number: int = 1,
    taken: tuple[NamedUnits, ...] = (),
) -> Decided:
    return Decided(
        id=number,
        kind=DecisionKind.HANDLED,
        cause=Cause.RECEIVED_BY_OTHERS,
        then=then,
        now=now or then,
        taken=taken,
    )


class Dock:
    """Two WROs of one order, each decided to be handled by documents; and what was kept of them.

    Attributes:
        taken: what the decisions of each WRO have taken, as the ledger keeps it.
    """

    def __init__(self, documents: list[NamedDocument], ordered: Mapping[str, int]) -> None:
        self.documents = documents
        self.ordered = ordered
        self.stowed: list[Counter[str]] = [Counter(), Counter()]
        self.posted: list[list[Posted]] = [[], []]
        self.taken: list[tuple[HandledUnits, ...]] = [(), ()]
        self.received: Counter[str] = Counter()
        for one in documents:
            for units in one.units:
                self.received[units.item] += units.quantity

    def facts(self, wro: int) -> ReceivingFacts:
        others = self.taken[1 - wro]
        return ReceivingFacts(
            wro_id=90311 + wro,
            status="Processing",
            purchase_order_number="PO4711",
            fulfillment_center_id=228,
            fulfillment_center_name="Moreno Valley (CA)",
            stowed_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
            lines=tuple(
                StowedLine(inventory_id=number, sku=sku, expected=0, stowed=self.stowed[wro][sku])
                for number, sku in enumerate(SKUS, 1)
            ),
            items={sku: (ItemFact(id=sku, name=sku),) for sku in SKUS},
            orders=(self._order(wro),),
            periods=(),
            synced=False,
            decisions=tuple(
                handled(one, number=10 * wro + number, taken=_of(one, others))
                for number, one in enumerate(self.documents)
                if any(units.location == "6" for units in one.units)
            ),
        )

    def _order(self, wro: int) -> ReceivingOrder:
        del wro
        return ReceivingOrder(
            id="4711",
            number="PO4711",
            status="B",
            lines=tuple(
                ReceivingOrderLine(
                    line=number,
                    item_id=sku,
                    location="6",
                    open_quantity=max(0, self.ordered.get(sku, 0) - self.received[sku]),
                )
                for number, sku in enumerate(SKUS, 1)
            ),
            receipts=tuple(
                OrderReceipt(
                    item_id=units.item,
                    quantity=units.quantity,
                    document=one.id,
                    number=one.number,
                    location=units.location,
                    day=DAY,
                )
                for one in self.documents
                for units in one.units
            ),
        )

    def run(self, wro: int) -> Plan:
        """Converge a WRO: what is planned is posted, and what is handled is kept."""
        decided = plan(self.facts(wro), self.posted[wro], TERMS)
        self.taken[wro] = decided.handled
        for one in decided.documents:
            self.posted[wro].append(
                Posted(
                    system=one.system,
                    kind=one.kind,
                    external_id=one.external_id,
                    remote_id="1",
                    lines=one.lines,
                )
            )
            if one.kind == "itemReceipt":
                for line in one.lines:
                    self.received[line.sku or ""] += line.quantity or 0
        return decided


def _of(document: NamedDocument, units: tuple[HandledUnits, ...]) -> tuple[NamedUnits, ...]:
    taken: Counter[tuple[str, str]] = Counter()
    for one in units:
        if one.document == document.id:
            taken[one.item, one.location] += one.quantity
    return tuple(
        NamedUnits(item=item, location=location, quantity=quantity)
        for (item, location), quantity in sorted(taken.items())
    )


places = st.dictionaries(
    st.tuples(st.sampled_from(SKUS), st.sampled_from(["6", "7"])), st.integers(0, 40), max_size=4
)
stows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(SKUS), st.integers(1, 30)), min_size=1, max_size=8
)


@pytest.mark.parametrize("sent_on", [False, True])
def test_what_was_handled_is_not_booked_again_where_its_wro_is_later(
    sent_on: bool,  # noqa: FBT001 - a parameter
) -> None:
    dock = Dock([document({("TEE", "6"): 60})], {"TEE": 100})
    dock.stowed[0]["TEE"] = 60
    before = dock.run(0)
    moved = msgspec.structs.replace(dock.facts(0), fulfillment_center_id=10, sent_on=sent_on)

    assert [one.quantity for one in before.handled] == [60]
    if sent_on:
        assert plan(moved, (), TERMS).handled == before.handled
    else:
        with pytest.raises(NeedsHuman, match='decision 0, "handled IR9", names units at another'):
            plan(moved, (), TERMS)


@given(
    st.lists(places, max_size=3), stows, st.dictionaries(st.sampled_from(SKUS), st.integers(0, 60))
)
def test_no_unit_of_a_document_and_no_unit_of_a_wro_counts_twice(
    shown: list[dict[tuple[str, str], int]],
    stowing: list[tuple[int, str, int]],
    ordered: dict[str, int],
) -> None:
    documents = [document(units, number=f"IR{number}") for number, units in enumerate(shown)]
    dock = Dock(documents, ordered)
    for wro, sku, units in stowing:
        dock.stowed[wro][sku] += units
        decided = dock.run(wro)
        again = dock.run(wro)
        equation = of_subject(
            source_lines(dock.facts(wro), TERMS),
            [line for one in dock.posted[wro] for line in one.lines],
            again.not_posted,
            waits=False,
        )

        assert again.documents == ()
        assert again.handled == decided.handled
        assert equation.holds

    taken: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in (*dock.taken[0], *dock.taken[1]):
        taken[one.document, one.item, one.location] += one.quantity
    there = {
        (one.id, units.item, units.location): units.quantity
        for one in documents
        for units in one.units
    }
    assert all(quantity <= there[key] for key, quantity in taken.items())
    assert {location for _, _, location in taken} <= {"6"}


@given(places, places, places, places)
def test_of_a_document_counts_what_it_showed_then_and_shows_now_less_what_others_took(
    then: dict[tuple[str, str], int],
    now: dict[tuple[str, str], int],
    taken: dict[tuple[str, str], int],
    wanted: dict[tuple[str, str], int],
) -> None:
    decided = handled(document(then), document(now), taken=document(taken).units)
    lines = [
        UnitsToHandle(f"{item} at {location}", item, location, quantity)
        for (item, location), quantity in sorted(wanted.items())
    ]
    found = handled_units([decided], lines)
    counted = {(one.item, one.location): one.quantity for one in found}

    for place in {*then, *now, *wanted}:
        free = min(then.get(place, 0), now.get(place, 0) - taken.get(place, 0))
        assert free_units(decided)[place] == max(0, free)
        assert counted.get(place, 0) == min(wanted.get(place, 0), max(0, free))


IR9 = msgspec.structs.replace(document({("TEE", "6"): 60}), subsidiary="1")
PO9 = NamedDocument(id="9", type="PurchOrd", number="PO9", subsidiary="1")


@pytest.mark.parametrize(
    ("then", "change", "said"),
    [
        (IR9, {}, ""),
        (IR9, {"subsidiary": None}, ""),
        (IR9, {"number": "IR10", "created_from": "7", "ours": False}, ""),
        (IR9, {"voided": True}, "item receipt IR9 is voided"),
        (IR9, {"day": date(2026, 12, 1)}, "its date is 2026-12-01, and was 2026-11-20"),
        (IR9, {"subsidiary": "2"}, "its subsidiary is another one"),
        (IR9, {"units": ()}, "it shows 0 of item TEE at location 6, and showed 60"),
        (
            IR9,
            {"units": (NamedUnits(item="TEE", location="7", quantity=60),)},
            "it shows 60 of item TEE at location 7, and showed 0",
        ),
        (PO9, {}, ""),
        (PO9, {"number": "PO9-OLD"}, "its number is PO9-OLD"),
    ],
)
def test_a_decision_lapses_when_what_it_names_changes(
    then: NamedDocument, change: dict[str, object], said: str
) -> None:
    why = lapse(handled(then, msgspec.structs.replace(then, **change)), "PO4711")

    assert said in why
    assert bool(why) == bool(said)


def test_a_decision_lapses_when_what_it_names_is_gone_or_the_match_changes() -> None:
    gone = msgspec.structs.replace(handled(IR9), now=None)
    matched = msgspec.structs.replace(handled(PO9), match="PO4711")

    assert lapse(gone, "PO4711") == "item receipt IR9 is not in NetSuite any more"
    assert lapse(matched, "PO4711") == ""
    assert lapse(matched, "PO4712") == "its number is PO4712 now, and was PO4711"
    assert lapse(matched, "") == "its number is empty now, and was PO4711"


def test_a_lapsed_decision_stops_its_wro_with_the_cause_it_answered() -> None:
    dock = Dock([IR9], {"TEE": 100})
    dock.stowed[0]["TEE"] = 90
    facts = dock.facts(0)
    less = document({("TEE", "6"): 50})
    changed = msgspec.structs.replace(
        facts, decisions=(msgspec.structs.replace(facts.decisions[0], now=less),)
    )
    decided = plan(changed, (), TERMS)

    assert decided.documents == ()
    assert sum(one.quantity for one in decided.handled) == 50
    assert isinstance(decided.remaining_failure, NeedsHuman)
    assert decided.remaining_failure.cause is Cause.RECEIVED_BY_OTHERS
    assert "events undecide 0" in decided.remaining_failure.remedy
    assert lapses(changed, TERMS)[0].startswith("item receipt IR9 was changed")
