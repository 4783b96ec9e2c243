"""What people and systems do to stock, and by which name each is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import pytest

from ml_connector.rules.stock_causes.kinds import CauseKind
from reconcile.tie_out.stock_worlds import ADJUSTED, FACILITY, IN, OUT, Tampering, World, honest


@dataclass(frozen=True)
class Kind:
    """One kind of tampering.

    Attributes:
        named: the causes that are named, by location.
        possible: those that are only shown.
    """

    name: str
    tamper: Tampering
    named: Mapping[str, tuple[str, ...]]
    possible: Mapping[str, tuple[str, ...]]


def kind(
    name: str, tamper: Tampering, *named: str, at: tuple[str, ...] = ("6",), maybe: str = ""
) -> Kind:
    possible = tuple(maybe.split())
    return Kind(
        name,
        tamper,
        {where: named for where in at if named},
        {where: possible for where in at if possible},
    )


def receipt(world: World) -> str:
    return world.posted[0].document


def twice_on_the_fifth(world: World) -> None:
    world.netsuite(-2, 5, "ItemShip", order="SO1")
    world.netsuite(-3, 5, "ItemShip", order="SO2")


def other_connector(world: World) -> None:
    world.netsuite(60, 3, "ItemRcpt", order="PO1", tag="mlc-ir-other-90311-1")
    world.netsuite(-2, 5, "ItemShip", order="SO1", tag="mlc-if-other-71-1")


def transferred(world: World) -> None:
    document = world.netsuite(-7, 10, "InvTrnfr")
    world.add_line(document, 7, 10, "InvTrnfr", at="7")


def between_centers(world: World) -> None:
    world.shipbob(-8, 10, FACILITY)
    world.shipbob(8, 10, FACILITY, at="7")


def stowed_again(world: World) -> None:
    world.shipbob(11, 20, IN, "receiving 90311")


def refused(world: World) -> None:
    world.shipbob(24, 21, IN, "receiving 90401")
    world.told.add("receiving 90401")


def cancelled(world: World) -> None:
    world.shipbob(4, 8, "InventoryRestocked", "order 73")


def copied_with_its_memo(world: World) -> None:
    world.netsuite(60, 18, "ItemRcpt", tag=world.posted[0].external_id)


def line_taken_out(world: World) -> None:
    world.delete(receipt(world))
    world.standing.add(receipt(world))  # with lines of other items


def an_adjustment_like_ours(world: World) -> None:
    world.shipbob(5, 16, ADJUSTED, "returns 32")
    world.post(5, 16, "InvAdjst", "returns 32", "")
    world.netsuite(5, 16, "InvAdjst")


def one_of_two_counts_followed(world: World) -> None:
    world.shipbob(-6, 20, ADJUSTED, reason="cycle count")
    world.shipbob(-6, 21, ADJUSTED, reason="damaged")
    world.netsuite(-6, 22, "InvAdjst")


def lost_without_a_trace(world: World) -> None:
    world.unseen["6"] = -9


def counted_and_lost(world: World) -> None:
    world.shipbob(-6, 20, ADJUSTED, reason="cycle count")
    world.unseen["6"] = -9


KINDS = [
    kind(
        "a receipt doubled by hand",
        lambda world: world.netsuite(60, 4, "ItemRcpt", order="PO1"),
        "entered_twice",
    ),
    kind("a receipt copied with its memo", copied_with_its_memo, "entered_twice"),
    kind(
        "the quantity of a receipt changed",
        lambda world: world.change(receipt(world), quantity=world.booked[0].quantity - 7),
        "document_changed",
    ),
    kind("units taken out of a receipt", line_taken_out, "document_changed"),
    kind(
        "a receipt deleted",
        lambda world: world.delete(receipt(world)),
        "document_deleted",
    ),
    kind(
        "a fulfilment deleted",
        lambda world: world.delete(world.posted[3].document),
        "document_deleted",
    ),
    kind(
        "a fulfilment on an order that ShipBob did not ship",
        lambda world: world.netsuite(-2, 11, "ItemShip", order="SO9"),
        "wrong_order",
    ),
    kind(
        "a receipt moved to another location",
        lambda world: world.change(receipt(world), location="7"),
        "wrong_location",
        at=("6", "7"),
    ),
    kind(
        "a receipt posted at another location than the center's",
        lambda world: world.repost("receiving 90320", 48, "7"),
        "posted_elsewhere",
        at=("6", "7"),
    ),
    kind(
        "a kit exploded twice",
        lambda world: world.repost("order 72", -6),
        "kit_exploded_twice",
    ),
    kind(
        "a receipt's unit of measure changed to cases",
        lambda world: world.change(receipt(world), quantity=world.booked[0].quantity * 12),
        "unit_of_measure",
    ),
    kind(
        "a receipt posted in cases",
        lambda world: world.repost("receiving 90320", 4),
        "posted_in_other_unit",
    ),
    kind(
        "one unit too many posted",
        lambda world: world.repost("order 73", -5),
        "posted_otherwise",
    ),
    kind(
        "adjusted by somebody in NetSuite",
        lambda world: world.netsuite(-13, 20, "InvAdjst"),
        "adjusted_in_netsuite",
    ),
    kind(
        "adjusted by somebody at ShipBob",
        lambda world: world.shipbob(9, 20, ADJUSTED, reason="found"),
        "adjusted_in_shipbob",
    ),
    kind(
        "transferred between locations in NetSuite",
        transferred,
        "transferred_in_netsuite",
        at=("6", "7"),
    ),
    kind(
        "moved between centers at ShipBob", between_centers, "moved_between_centers", at=("6", "7")
    ),
    kind(
        "counted anew at ShipBob",
        lambda world: world.shipbob(-6, 20, ADJUSTED, reason="cycle count"),
        "counted_at_shipbob",
    ),
    kind(
        "a write-off that was not booked",
        lambda world: world.shipbob(-6, 20, ADJUSTED, reason="damaged"),
        "written_off_at_shipbob",
    ),
    kind("a WRO stowed again", stowed_again, "stowed_again"),
    kind("a shipment cancelled after its label", cancelled, "cancelled_after_label"),
    kind(
        "a shipment made again, and not posted",
        lambda world: world.shipbob(-4, 8, OUT, "order 73"),
        "picked_again",
    ),
    kind("an import that doubled a day", twice_on_the_fifth, *["day_imported_twice"] * 2),
    kind("two connectors on one account", other_connector, *["other_connector"] * 2),
    kind(
        "a return restocked twice",
        lambda world: world.shipbob(1, 13, "InventoryRestocked", "returns 31"),
        "restocked_twice",
    ),
    kind(
        "a WRO that nothing told of",
        lambda world: world.shipbob(24, 21, IN, "receiving 90400"),
        "never_told",
    ),
    kind("a WRO that was refused, and that nobody booked", refused, "not_posted"),
    kind(
        "kitted at ShipBob",
        lambda world: world.shipbob(-10, 21, "KittingStow"),
        "kitted_at_shipbob",
    ),
    kind(
        "taken apart for an assembly in NetSuite",
        lambda world: world.netsuite(-10, 21, "Build"),
        "built_in_netsuite",
    ),
    kind(
        "received by somebody for another order",
        lambda world: world.netsuite(17, 21, "ItemRcpt", order="PO8"),
        "received_by_others",
    ),
    kind(
        "sold over the counter in NetSuite",
        lambda world: world.netsuite(-2, 21, "CashSale"),
        "moved_in_netsuite",
    ),
    kind(
        "an adjustment like one of ours: entered again, or another one",
        an_adjustment_like_ours,
        maybe="adjusted_in_netsuite/entered_twice",
    ),
    kind(
        "two counts of which somebody followed one",
        one_of_two_counts_followed,
        maybe="adjusted_in_netsuite counted_at_shipbob written_off_at_shipbob",
    ),
    kind("lost without a trace in either history", lost_without_a_trace),
    kind(
        "counted anew, and lost without a trace",
        counted_and_lost,
        maybe="counted_at_shipbob",
    ),
]


def named(world: World) -> dict[str, tuple[str, ...]]:
    return {
        where: tuple(one.kind.value for one in finding.causes)
        for where, finding in world.found().items()
        if finding.causes
    }


def possible(world: World) -> dict[str, tuple[str, ...]]:
    return {
        where: tuple(sorted("/".join(one.kinds) for one in finding.possible))
        for where, finding in world.found().items()
        if finding.possible
    }


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case.name.replace(" ", "_"))
def test_each_kind_is_found_and_named(case: Kind) -> None:
    world = honest()
    case.tamper(world)

    assert world.gaps  # found: the two systems differ
    assert named(world) == case.named
    assert possible(world) == case.possible


def test_so_many_kinds_are_found_and_named() -> None:
    by_name = [case for case in KINDS if case.named]

    assert len(KINDS) >= 20
    assert len(by_name) >= 18
    assert {one for case in KINDS for some in case.named.values() for one in some} == {
        *CauseKind
    } - {CauseKind.CORRECTED, CauseKind.FULFILLED_BY_OTHERS}


def test_nothing_is_found_where_nobody_tampered() -> None:
    assert honest().gaps == {}
    assert honest().found() == {}


def test_nothing_is_named_where_the_order_of_a_shipment_is_not_known() -> None:
    world = honest()
    stowed_again(world)
    world.post(-2, 6, "ItemShip", "shipment 501", "SO7")
    world.shipbob(-2, 6, OUT, "order 75")

    assert named(world) == {}


def test_a_bill_paid_twice_is_no_matter_of_stock() -> None:
    world = honest()
    world.netsuite(0, 20, "VendBill")

    assert world.found() == {}


ALSO_TRUE = {
    "day_imported_twice": {"entered_twice", "fulfilled_by_others"},
    "unit_of_measure": {"document_changed"},
    "wrong_location": {"document_changed"},
}
"""The wider names of what met another change of the same document."""


def wrongly_named(seed: int) -> set[str]:
    """Return the names that were given to what nobody did, in a world tampered with at random."""
    random = Random(seed)
    world = honest()
    done = random.sample(KINDS, random.randint(1, 4))
    for case in done:
        case.tamper(world)
    for where in ("6", "7"):
        if random.random() < 0.3:
            world.unseen[where] = world.unseen.get(where, 0) + random.randint(-9, 9)
    true = {one for case in done for some in case.named.values() for one in some}
    maybe = {one for case in done for some in case.possible.values() for one in some}
    true |= {wider for one in true for wider in ALSO_TRUE.get(one, ())}
    told = {one for some in named(world).values() for one in some}
    return told - true - {one for kinds in maybe for one in kinds.split("/")}


def test_tampering_at_random_never_gets_a_wrong_name() -> None:
    wrong = {seed: found for seed in range(500) if (found := wrongly_named(seed))}

    assert wrong == {}
