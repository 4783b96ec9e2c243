"""Laws of the tie-out, over drawn worlds: red exactly where somebody or a flow went wrong.

A world is drawn as what really happens to stock at ShipBob, and what a right connector and honest
people book of it. A fault changes one of both systems' books without telling anybody; a fault of
a flow books something else than the fact. The tie-out knows nothing of how a world was drawn.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieItem, TieOut, TiePlace

PLACES = [TiePlace(f"SKU-{at}", where) for at in range(6) for where in ("6", "7")]

Units = dict[TiePlace, int]


@dataclass
class World:
    """Both systems' own books of a month, and what is told of open items."""

    shipbob: Units = field(default_factory=lambda: defaultdict(int))
    netsuite: Units = field(default_factory=lambda: defaultdict(int))
    items: list[TieItem] = field(default_factory=list)

    def tell(self, kind: OpenKind, place: TiePlace, units: int) -> None:
        self.items.append(
            TieItem(kind=kind, place=place, quantity=Decimal(units), says=f"{len(self.items)}")
        )

    def tied(self) -> TieOut:
        return tie_out(
            Balances(
                shipbob={at: Side(moved=Decimal(units)) for at, units in self.shipbob.items()},
                netsuite={at: Side(moved=Decimal(units)) for at, units in self.netsuite.items()},
            ),
            self.items,
        )


Happening = Callable[[World, TiePlace, int], None]


def _posted(world: World, place: TiePlace, units: int) -> None:
    world.shipbob[place] += units
    world.netsuite[place] += units


def _open(kind: OpenKind) -> Happening:
    def happens(world: World, place: TiePlace, units: int) -> None:
        world.shipbob[place] += units
        world.tell(kind, place, units)

    return happens


def _from_earlier(world: World, place: TiePlace, units: int) -> None:
    world.netsuite[place] += units
    world.tell(OpenKind.POSTED_FROM_EARLIER, place, -units)


def _refused_and_booked_by_others(world: World, place: TiePlace, units: int) -> None:
    _posted(world, place, units)
    world.tell(OpenKind.REFUSED, place, units)
    world.tell(OpenKind.MOVED_BY_OTHERS, place, -units)


def _counted_and_corrected(world: World, place: TiePlace, units: int) -> None:
    _posted(world, place, units)
    world.tell(OpenKind.MOVED_AT_SHIPBOB, place, units)


def _on_both_sides_by_others(world: World, place: TiePlace, units: int) -> None:
    _posted(world, place, units)
    world.tell(OpenKind.MOVED_AT_SHIPBOB, place, units)
    world.tell(OpenKind.MOVED_BY_OTHERS, place, -units)


def _between_centers(world: World, place: TiePlace, units: int) -> None:
    other = TiePlace(place.what, "7" if place.where == "6" else "6")
    for at, moved in ((place, -units), (other, units)):
        _posted(world, at, moved)
        world.tell(OpenKind.MOVED_AT_SHIPBOB, at, moved)
        world.tell(OpenKind.MOVED_BY_OTHERS, at, -moved)


def _quarantined(world: World, place: TiePlace, units: int) -> None:
    world.shipbob[place] += abs(units)
    held = TiePlace(place.what, "9")
    world.netsuite[held] += abs(units)
    world.tell(OpenKind.QUARANTINED, place, abs(units))
    world.tell(OpenKind.QUARANTINED, held, -abs(units))


def _partly_posted(world: World, place: TiePlace, units: int) -> None:
    part = units // 2
    _posted(world, place, part)
    _open(OpenKind.WAITING)(world, place, units - part)


def _in_two_lines(world: World, place: TiePlace, units: int) -> None:
    """Two lines of one item: one is posted, of the other nobody keeps stock or knows the order."""
    _posted(world, place, units)
    _open(OpenKind.REFUSED)(world, place, units)


def _kit(world: World, place: TiePlace, units: int) -> None:
    """A kit of two of one SKU and one of another leaves; NetSuite knows its members."""
    _posted(world, place, 2 * units)
    _posted(world, _beside(place), units)


def _kit_that_waits(world: World, place: TiePlace, units: int) -> None:
    _open(OpenKind.WAITING)(world, place, 2 * units)
    _open(OpenKind.WAITING)(world, _beside(place), units)


def _bundle_from_two_centers(world: World, place: TiePlace, units: int) -> None:
    for where in ("6", "7"):
        _posted(world, TiePlace(place.what, where), units)
        _posted(world, TiePlace(_beside(place).what, where), units)


def _beside(place: TiePlace) -> TiePlace:
    return TiePlace(f"SKU-{(int(place.what[-1]) + 1) % 6}", place.where)


def _earlier(kind: OpenKind) -> Happening:
    """Moved at ShipBob in an earlier month, and posted in this one."""

    def happens(world: World, place: TiePlace, units: int) -> None:
        world.netsuite[place] += units
        world.tell(kind, place, -units)

    return happens


def _handled(world: World, place: TiePlace, units: int) -> None:
    _posted(world, place, units)
    world.tell(OpenKind.HANDLED, place, units)
    world.tell(OpenKind.MOVED_BY_OTHERS, place, -units)


def _nothing_moved(world: World, place: TiePlace, units: int) -> None:
    """A parcel that ShipBob has cancelled: the fact names units, and none has moved."""
    world.tell(OpenKind.UNFOUNDED, place, units)


HONEST: tuple[Happening, ...] = (
    *[_posted] * 8,
    _partly_posted,
    _in_two_lines,
    _kit,
    _kit_that_waits,
    _bundle_from_two_centers,
    _earlier(OpenKind.PICKED_EARLIER),
    _earlier(OpenKind.RESTOCKED_EARLIER),
    _handled,
    _nothing_moved,
    _open(OpenKind.WAITING),
    _open(OpenKind.REFUSED),
    _open(OpenKind.POSTED_LATER),
    _open(OpenKind.PICKED_NOT_SHIPPED),
    _open(OpenKind.RESTOCKED_EARLY),
    _open(OpenKind.DECIDED),
    _from_earlier,
    _refused_and_booked_by_others,
    _counted_and_corrected,
    _on_both_sides_by_others,
    _between_centers,
    _quarantined,
)
"""What may happen in a month in which nobody does anything wrong."""


def drawn(random: Random, most: int = 40) -> World:
    world = World()
    for _ in range(random.randint(0, most)):
        happens = random.choice(HONEST)
        units = random.choice([-1, 1]) * random.randint(1, 40)
        happens(world, random.choice(PLACES), units)
    return world


def _receipt_doubled_by_hand(world: World, place: TiePlace, units: int) -> None:
    world.netsuite[place] += units
    world.tell(OpenKind.MOVED_BY_OTHERS, place, -units)


def _changed_at_shipbob(world: World, place: TiePlace, units: int) -> None:
    world.shipbob[place] += units
    world.tell(OpenKind.MOVED_AT_SHIPBOB, place, units)


def _lost_by_a_flow(world: World, place: TiePlace, units: int) -> None:
    world.shipbob[place] += units


def _booked_by_a_flow_without_a_fact(world: World, place: TiePlace, units: int) -> None:
    world.netsuite[place] += units


def _at_the_wrong_location(world: World, place: TiePlace, units: int) -> None:
    other = TiePlace(place.what, "7" if place.where == "6" else "6")
    world.netsuite[place] -= units
    world.netsuite[other] += units


def _refused_since_others_are_believed_to_have_it(
    world: World, place: TiePlace, units: int
) -> None:
    world.shipbob[place] += units


FAULTS: tuple[Happening, ...] = (
    _receipt_doubled_by_hand,
    _changed_at_shipbob,
    _lost_by_a_flow,
    _booked_by_a_flow_without_a_fact,
    _at_the_wrong_location,
    _refused_since_others_are_believed_to_have_it,
)
"""What people, ShipBob, and flows whose rules are wrong do."""


def red(world: World) -> set[TiePlace]:
    return {one.place for one in world.tied().red}


def test_no_false_alarm_in_a_thousand_clean_worlds() -> None:
    alarms = [seed for seed in range(1000) if red(drawn(Random(seed)))]

    assert alarms == []


@given(seed=st.integers(0, 2**32), fault=st.sampled_from(FAULTS), at=st.sampled_from(PLACES))
def test_whatever_goes_wrong_is_red_just_there(seed: int, fault: Happening, at: TiePlace) -> None:
    random = Random(seed)
    world = drawn(random)
    # More units than any honest movement has, so that nothing else can fit by chance.
    units = random.choice([-1, 1]) * random.randint(10_000, 20_000)
    fault(world, at, units)

    wrong = {at, TiePlace(at.what, "7" if at.where == "6" else "6")}
    assert red(world) == (wrong if fault is _at_the_wrong_location else {at})


@given(seed=st.integers(0, 2**32), faults=st.lists(st.sampled_from(FAULTS), max_size=5))
def test_the_sum_of_what_is_named_and_what_is_not_is_the_difference(
    seed: int, faults: Sequence[Happening]
) -> None:
    random = Random(seed)
    world = drawn(random)
    for fault in faults:
        fault(world, random.choice(PLACES), random.randint(1, 40))

    for line in world.tied().lines:
        named = sum((one.quantity for one in line.items), Decimal(0))
        assert line.carried + named + line.unexplained == line.gap
        assert line.gap == line.shipbob.moved - line.netsuite.moved


@given(seed=st.integers(0, 2**32))
def test_the_order_in_which_things_are_told_changes_nothing(seed: int) -> None:
    random = Random(seed)
    world = drawn(random)
    before = world.tied()
    random.shuffle(world.items)

    assert [(one.place, one.unexplained) for one in world.tied().lines] == [
        (one.place, one.unexplained) for one in before.lines
    ]


def _small_faults() -> Iterator[tuple[Happening, int]]:
    for fault in (_lost_by_a_flow, _booked_by_a_flow_without_a_fact):
        for units in (1, -1, 2, -3):
            yield fault, units


@pytest.mark.parametrize(("fault", "units"), list(_small_faults()))
def test_small_faults_among_what_is_posted_are_red(fault: Happening, units: int) -> None:
    for seed in range(50):
        random = Random(seed)
        world = World()
        for _ in range(20):
            _posted(world, random.choice(PLACES), random.randint(-9, 9))
        fault(world, PLACES[0], units)

        assert red(world) == {PLACES[0]}
