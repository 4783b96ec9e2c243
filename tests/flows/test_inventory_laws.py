"""What holds of every comparison of stock, whatever lies where."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory.facts import Level, Move, OpenItem, StockFacts
from ml_connector.flows.inventory.levels import levels, open_items, unmapped
from ml_connector.ledger.sources.stock import OpenLine, Standing
from ml_connector.netsuite.queries.stock import OnHand
from ml_connector.reads.stock.stock import Expected, Snapshot
from ml_connector.shipbob.resources.stock import CenterLevel, StockLevel
from ml_connector.words import Cause

UNITS = st.integers(0, 500)
STANDINGS: list[Standing] = ["moving", "refused"]


@dataclass(frozen=True)
class Thing:
    """One SKU at one location: what is at ShipBob, and what of it is not in NetSuite yet."""

    shipbob: int
    waiting: tuple[int, ...]


THINGS = st.lists(
    st.builds(
        Thing,
        UNITS,
        st.lists(st.integers(-9, 9).filter(bool), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=5,
)


def facts(things: list[Thing]) -> StockFacts:
    """Books that agree but for what waits."""
    return StockFacts(
        location="6",
        centers=("228",),
        taken_at=datetime(2026, 11, 25, 11, tzinfo=UTC),
        looked_back_to=date(2026, 10, 21),
        levels=tuple(
            Level(
                sku=f"SKU-{number}",
                item=str(number),
                inventory_ids=(number,),
                shipbob=one.shipbob,
                netsuite=Decimal(one.shipbob - sum(one.waiting)),
            )
            for number, one in enumerate(things)
        ),
        open=tuple(
            OpenItem(
                key=f"item {number}",
                sku=f"SKU-{number}",
                quantity=quantity,
                standing="waiting",
                what=f"receiving {number}{part}",
            )
            for number, one in enumerate(things)
            for part, quantity in enumerate(one.waiting)
        ),
    )


@given(THINGS)
def test_equal_books_with_open_items_have_no_drift(things: list[Thing]) -> None:
    found = drift.judge(facts(things))

    assert [one.drift for one in found if one.drift] == []
    assert {one.level.key for one in found} == {
        f"item {number}" for number, one in enumerate(things) if one.waiting
    }


@given(THINGS, st.data())
def test_one_planted_difference_is_exactly_that_drift(
    things: list[Thing], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(things) - 1))
    planted = data.draw(st.integers(-50, 50).filter(bool))
    before = facts(things)
    levels = list(before.levels)
    levels[number] = msgspec.structs.replace(
        levels[number], netsuite=levels[number].netsuite - planted
    )
    after = msgspec.structs.replace(before, levels=tuple(levels))

    drifts = [(one.level.sku, one.drift) for one in drift.judge(after) if one.drift]

    assert drifts == [(f"SKU-{number}", Decimal(planted))]


@given(THINGS, st.data())
def test_every_difference_is_explained_and_drift_to_the_unit(
    things: list[Thing], data: st.DataObject
) -> None:
    before = facts(things)
    quantity = st.integers(-20, 20)
    more = tuple(
        OpenItem(
            key=level.key,
            sku=level.sku,
            quantity=data.draw(quantity),
            standing=data.draw(st.sampled_from(STANDINGS)),
            what="returns 88",
        )
        for level in before.levels
    )
    levels = tuple(
        msgspec.structs.replace(
            level,
            netsuite=level.netsuite + data.draw(quantity),
            transfer=data.draw(st.integers(0, 5)),
            quarantined=Decimal(data.draw(st.integers(0, 5))),
        )
        for level in before.levels
    )
    moves = tuple(
        Move(
            key=level.key,
            side=data.draw(st.sampled_from(("netsuite", "shipbob"))),
            quantity=Decimal(data.draw(quantity)),
            day=date(2026, 11, 20),
            what="movement",
            standing=data.draw(st.sampled_from(("recent", "picked", "untold", "other"))),
        )
        for level in before.levels
    )
    after = msgspec.structs.replace(before, levels=levels, open=before.open + more, moves=moves)

    found = drift.judge(after)

    for one in found:
        explained = sum(part.quantity for part in one.explained)
        assert explained + one.drift == one.level.shipbob - one.level.netsuite
        assert (one.verdict is None) == (not one.drift)
    silent = {level.key for level in levels} - {one.level.key for one in found}
    assert all(level.shipbob == level.netsuite for level in levels if level.key in silent)


@given(
    st.lists(st.tuples(st.sampled_from((228, 10, 99)), st.integers(1, 3), UNITS), max_size=12),
    st.lists(st.tuples(st.sampled_from(("6", "7", "9")), st.integers(1, 3), UNITS), max_size=12),
)
def test_no_unit_of_a_mapped_location_is_lost_or_counted_twice(
    shipbob: list[tuple[int, int, int]], netsuite: list[tuple[str, int, int]]
) -> None:
    locations = {"228": "6", "10": "6"}
    snapshot = Snapshot(
        taken_at=datetime(2026, 11, 25, tzinfo=UTC),
        # Each inventory id comes once; two of them are the same item.
        shipbob=[
            StockLevel(
                inventory_id=inventory_id,
                sku=f"SKU-{inventory_id}",
                locations=tuple(
                    CenterLevel(location_id=center, on_hand_quantity=units)
                    for center, one, units in shipbob
                    if one == inventory_id
                ),
            )
            for inventory_id in (1, 2, 3)
        ],
        netsuite=[
            OnHand(
                item=f"50{number}",
                itemid=f"SKU-{number}",
                location=location,
                quantityonhand=Decimal(units),
            )
            for location, number, units in netsuite
        ],
    )

    def item_of(inventory_id: int, sku: str) -> str | Cause:
        del sku
        return {1: "501", 2: "501"}.get(inventory_id, Cause.SKU_MISSING_IN_NETSUITE)

    found = levels(snapshot, "6", locations=locations, quarantine="9", item_of=item_of)

    mapped = sum(units for center, _, units in shipbob if str(center) in locations)
    assert sum(level.shipbob for level in found) == mapped
    at_six = sum(units for location, _, units in netsuite if location == "6")
    assert sum(level.netsuite for level in found) == at_six
    assert sum(unmapped(snapshot, locations).values()) == sum(
        units for center, _, units in shipbob if str(center) not in locations
    )


def test_what_waits_counts_at_the_location_of_its_center_only() -> None:
    waiting = OpenLine(
        flow="receiving",
        key="90311",
        name="inventory 8588331 lot A",
        sku="TEE",
        center=10,
        quantity=5,
        standing="waiting",
    )
    expected, locations = Expected(open=[waiting]), {"228": "6", "10": "7"}

    def item_of(inventory_id: int, sku: str) -> str | Cause:
        return f"{inventory_id}" if sku == "TEE" else Cause.SKU_MISSING_IN_NETSUITE

    assert open_items(expected, "6", locations, item_of) == ()
    [item] = open_items(expected, "7", locations, item_of)
    assert (item.key, item.quantity, item.what) == ("item 8588331", 5, "receiving 90311")
