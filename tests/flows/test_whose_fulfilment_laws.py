"""Whatever people do in NetSuite, every parcel is on exactly one fulfilment, or parked.

Random orders, splits, cancellations, parcels sent again, numbers that are shared and typed by
hand, fulfilments and picks of others, deletions: in any order with looks at the shipments.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from typing import Any, cast

import msgspec
from hypothesis import event, given
from hypothesis import settings as modest
from hypothesis import strategies as st

from golden import SETTINGS, Case
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.flows.tracking.facts import (
    OrderedProduct,
    Parcel,
    ShipmentFact,
    StoreProduct,
    TrackingFacts,
    Units,
)
from ml_connector.flows.tracking.plan import plan
from ml_connector.flows.tracking.sales_orders import (
    FulfilledUnits,
    FulfillmentFact,
    OrderLineFact,
    SalesOrderFact,
)
from ml_connector.ledger.postings.documents import (
    Document,
    Plan,
    Posted,
    TransformRecord,
    UpdateRecord,
)
from ml_connector.netsuite.records.fulfillments import Package, as_packages, merged
from ml_connector.netsuite.records.tracking_numbers import compared_number
from ml_connector.reads.reads import Reads

SKUS = ("TEE", "CAP")
CENTERS = {228: "6", 10: "7"}
NUMBERS = ("1Z999AA10123456784", "940011189922")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)

TypedNumber = str | None


@dataclass
class World:
    """One order in both systems, what our books know, and what people may do."""

    shipments: list[ShipmentFact]
    ordered: Counter[str]
    settings: ConnectionSettings

    def __post_init__(self) -> None:
        self.fulfillments: dict[str, FulfillmentFact] = {}
        self.packages: dict[str, tuple[Package, ...]] = {}
        self.posted: dict[int, list[Posted]] = defaultdict(list)
        self.deleted: set[str] = set()
        self.own_place: dict[int, str | None] = {}
        self.ids = iter(range(9000, 9999))

    # NetSuite

    @property
    def order(self) -> SalesOrderFact:
        return SalesOrderFact(
            id="766",
            number="SO-1",
            status="D",
            lines=tuple(
                OrderLineFact(line=n, item=sku, name=sku, kind="InvtPart", open=self.open(sku))
                for n, sku in enumerate(SKUS, 1)
                if self.ordered[sku]
            ),
            fulfillments=tuple(self.fulfillments.values()),
        )

    def open(self, sku: str) -> int:
        return self.ordered[sku] - sum(self.held(one)[sku] for one in self.fulfillments.values())

    def held(self, fulfillment: FulfillmentFact) -> Counter[str]:
        units: Counter[str] = Counter()
        for line in fulfillment.lines:
            units[line.item] += line.quantity
        return units

    def fulfil(
        self,
        units: Mapping[str, int],
        location: str,
        *,
        number: TypedNumber = None,
        status: str = "C",
        external_id: str | None = None,
        memo: str = "",
    ) -> str | None:
        fits = {sku: min(each, self.open(sku)) for sku, each in units.items()}
        lines = tuple(
            FulfilledUnits(item=sku, quantity=each, location=location)
            for sku, each in fits.items()
            if each
        )
        if not lines:
            return None
        made = str(next(self.ids))
        self.fulfillments[made] = FulfillmentFact(
            id=made, external_id=external_id, status=status, memo=memo, lines=lines
        )
        self.pack(made, (Package(package_tracking_number=number),) if number else ())
        return made

    def pack(self, made: str, packages: tuple[Package, ...]) -> None:
        self.packages[made] = packages
        told = (one.package_tracking_number for one in packages)
        self.fulfillments[made] = msgspec.structs.replace(
            self.fulfillments[made], tracking_numbers=tuple(one for one in told if one)
        )

    def delete(self, which: int) -> None:
        if self.fulfillments:
            made = sorted(self.fulfillments)[which % len(self.fulfillments)]
            del self.fulfillments[made]
            self.deleted.add(made)

    # ShipBob

    def cancel(self, which: int, *, again: bool) -> None:
        place = which % len(self.shipments)
        before = self.shipments[place]
        if before.is_cancelled:
            return
        self.shipments[place] = msgspec.structs.replace(before, status="Cancelled")
        if again:
            number = max(one.id for one in self.shipments) + 1
            self.shipments.append(msgspec.structs.replace(before, id=number))

    # Our books

    def look(self, shipment_id: int) -> Plan | None:
        """Settle what is planned for a shipment; None where it parks."""
        links = self.links()
        own = links.get(shipment_id)
        facts = TrackingFacts(
            order_id=1,
            shipment_id=shipment_id,
            reference="SO-1",
            shipments=tuple(self.shipments),
            products=tuple(OrderedProduct(key=sku, quantity=9) for sku in SKUS),
            sales_orders=(self.order,),
            linked=links,
            gone=(own,) if own in self.deleted else (),
        )
        try:
            decided = plan(facts, tuple(self.posted[shipment_id]), self.settings)
        except ConnectorError:
            self.own_place[shipment_id] = None
            return None
        for document in decided.documents:
            self.settle(document, shipment_id)
        self.own_place[shipment_id] = _place(decided, self.fulfillments) or self.links().get(
            shipment_id
        )
        return decided

    def look_at_all(self) -> None:
        for _ in range(2):
            for shipment in self.shipments:
                self.look(shipment.id)

    def links(self) -> dict[int, str]:
        return {
            key: done[-1]
            for key, documents in self.posted.items()
            if (done := [one.remote_id for one in documents if one.remote_id])
        }

    def settle(self, document: Document, shipment_id: int) -> None:
        request = document.request
        remote_id: str | None = None
        if isinstance(request, TransformRecord):
            body: dict[str, Any] = request.body
            taken = [line for line in body["item"]["items"] if line["itemReceive"]]
            units = {SKUS[line["orderLine"] - 1]: line["quantity"] for line in taken}
            assert all(each <= self.open(sku) for sku, each in units.items())
            assert document.external_id not in {
                one.external_id for one in self.fulfillments.values()
            }
            remote_id = self.fulfil(
                units,
                taken[0]["location"]["id"],
                external_id=document.external_id,
                memo=body["memo"],
            )
            assert remote_id is not None
            self.pack(remote_id, as_packages(body["package"]["items"]))
        elif isinstance(request, UpdateRecord):
            remote_id = request.record_id
            there = self.fulfillments[remote_id]  # never one that is gone
            self.fulfillments[remote_id] = msgspec.structs.replace(
                there,
                memo=request.body.get("memo", there.memo),
                status=request.body.get("shipStatus", {}).get("id", there.status),
            )
            self.pack(remote_id, merged(self.packages[remote_id], as_packages(request.packages)))
        self.posted[shipment_id].append(
            Posted(
                system=document.system,
                kind=document.kind,
                external_id=document.external_id,
                remote_id=remote_id,
                lines=document.lines,
            )
        )


def _place(decided: Plan, fulfillments: Mapping[str, FulfillmentFact]) -> str | None:
    """The fulfilment that a plan counts as the shipment's, where it says so in words."""
    words = decided.note.split()
    if words[:2] == ["Item", "fulfilment"]:
        return words[2] if words[2] in fulfillments else None
    return None


# What is drawn

# Few sorts of parcels, so that many are alike.
parts = st.dictionaries(
    st.sampled_from(("TEE", "TEE", "CAP")), st.sampled_from((1, 1, 2)), min_size=1, max_size=2
)
typed = st.sampled_from(
    [
        None,
        *NUMBERS,
        "1z 999-aa1 0123456784",
        " 9400 1118-9922 ",
        "1Z999AA1012345678",
        "0940011189922",
    ]
)
locations = st.sampled_from(["6", "6", "6", "7"])
acts = st.one_of(
    *(st.tuples(st.just("look"), st.integers(0, 9)) for _ in range(4)),
    *(st.tuples(st.just("fulfil one"), st.integers(0, 9), st.just("6"), st.none()) for _ in "ab"),
    st.tuples(st.just("fulfil"), parts, locations, typed),
    st.tuples(st.just("fulfil one"), st.integers(0, 9), locations, typed),
    st.tuples(st.just("fulfil all"), locations, typed),
    st.tuples(st.just("pick"), parts, locations, typed),
    st.tuples(st.just("pick one"), st.integers(0, 9), locations, st.none()),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.booleans()),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    shipments = [
        _shipment(
            number,
            part,
            center=draw(st.sampled_from([228, 228, 228, 10])),
            tracking=draw(st.sampled_from([NUMBERS[0], *NUMBERS, f"OWN{number}"])),
        )
        for number, part in enumerate(draw(st.lists(parts, min_size=1, max_size=3)), 1)
    ]
    ordered: Counter[str] = Counter()
    for one in shipments:
        ordered.update({unit.sku or "": unit.quantity for unit in one.units})
    ordered.update(draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 3), max_size=2)))
    table = dict(SETTINGS)
    if draw(st.booleans()):
        table["tracking"] = {"delivery_status": "custbody_state"}  # so nothing is in the memo
    if draw(st.integers(0, 4)) == 0:
        table["policies"] = {"fulfillment": "update"}
    return World(shipments, ordered, ConnectionSettings.model_validate(table))


def _shipment(number: int, part: Mapping[str, int], *, center: int, tracking: str) -> ShipmentFact:
    return ShipmentFact(
        id=number,
        status="Completed",
        details={201: "InTransit"},
        shipped_at=START,
        as_of=START + timedelta(hours=1),
        center_id=center,
        products=tuple(
            StoreProduct(
                key=sku,
                sku=sku,
                units=(Units(inventory_id=SKUS.index(sku) + 1, sku=sku, quantity=quantity),),
            )
            for sku, quantity in part.items()
        ),
        parcels=(Parcel(number=tracking, carrier="UPS"),),
    )


def act(world: World, one: Sequence[Any]) -> None:
    """Do one thing that people, ShipBob or we may do."""
    match one:
        case ("look", which):
            world.look(world.shipments[which % len(world.shipments)].id)
        case ("fulfil", part, location, number):
            world.fulfil(part, location, number=number)
        case ("fulfil one", which, location, number):
            shipment = world.shipments[which % len(world.shipments)]
            world.fulfil(units_of(shipment), location, number=number)
        case ("fulfil all", location, number):
            world.fulfil({sku: world.open(sku) for sku in SKUS}, location, number=number)
        case ("pick", part, location, number):
            world.fulfil(part, location, number=number, status="A")
        case ("pick one", which, location, _):
            shipment = world.shipments[which % len(world.shipments)]
            world.fulfil(units_of(shipment), location, status="B")
        case ("delete", which):
            world.delete(which)
        case ("cancel", which, again):
            world.cancel(which, again=again)


def units_of(shipment: ShipmentFact) -> Counter[str]:
    return Counter({unit.sku or "": unit.quantity for unit in shipment.units})


def total(shipments: Sequence[ShipmentFact]) -> Counter[str]:
    return sum(map(units_of, shipments), Counter())


def subsets(shipments: Sequence[ShipmentFact]) -> Iterator[tuple[ShipmentFact, ...]]:
    sizes = range(len(shipments) + 1)
    return chain.from_iterable(combinations(shipments, size) for size in sizes)


@modest(max_examples=500)
@given(worlds(), st.lists(acts, min_size=2, max_size=9))
def test_every_parcel_is_on_exactly_one_fulfilment_or_parked(
    world: World, history: list[tuple[Any, ...]]
) -> None:
    for one in history:
        act(world, one)
    world.look_at_all()
    live = [one for one in world.shipments if not one.is_cancelled]
    parked = [one for one in world.shipments if world.own_place[one.id] is None]
    event(f"{len(live)} live, {len(parked)} on none")
    for made, fulfillment in world.fulfillments.items():
        on_it = [one for one in live if world.own_place[one.id] == made]
        if not on_it:
            continue
        holds = world.held(fulfillment)
        ours = (fulfillment.external_id or "").removeprefix("mlc-if-")
        numbers = {compared_number(one) for one in fulfillment.tracking_numbers}

        # Units by item and place: just those of its shipments, or of further ones that wait.
        assert any(holds == total([*on_it, *more]) for more in subsets(parked))
        assert {line.location for line in fulfillment.lines} == {place_of(one) for one in on_it}
        assert fulfillment.status == "C"
        assert all(parcel.compared_number in numbers for one in on_it for parcel in one.parcels)
        assert not ours or [str(one.id) for one in on_it] == [ours]

    # It is there, and looking again changes nothing.
    for shipment in live:
        again = world.look(shipment.id)

        assert again is None or again.documents == ()
        assert world.own_place[shipment.id] in {None, *world.fulfillments}


@modest(max_examples=100)
@given(worlds(), st.lists(st.integers(0, 9), max_size=8))
def test_without_acts_of_people_every_parcel_is_fulfilled_under_whatever_number(
    world: World, looks: list[int]
) -> None:
    for which in looks:
        act(world, ("look", which))
    world.look_at_all()
    if world.settings.policies.fulfillment == "create":
        assert sorted(one.external_id or "" for one in world.fulfillments.values()) == [
            f"mlc-if-{one.id}" for one in world.shipments
        ]


@modest(max_examples=100)
@given(worlds(), st.data())
def test_what_a_person_fulfils_under_its_number_is_the_shipments_however_it_is_typed(
    world: World, data: st.DataObject
) -> None:
    by_hand: dict[int, str] = {}
    for one in data.draw(st.lists(st.sampled_from(world.shipments), unique_by=lambda one: one.id)):
        number = data.draw(st.sampled_from([one.parcels[0].number, typed_by_hand(one)]))
        made = world.fulfil(units_of(one), place_of(one), number=number)
        assert made is not None
        by_hand[one.id] = made
    world.look_at_all()
    alike = {(place_of(one), str(sorted(units_of(one).items()))) for one in world.shipments}
    assert set(by_hand.values()) <= set(world.own_place.values())
    assert set(world.own_place.values()) <= {None, *world.fulfillments}
    if len(alike) == len(world.shipments):  # else those alike may change places
        assert {one: world.own_place[one] for one in by_hand} == by_hand


def typed_by_hand(shipment: ShipmentFact) -> str:
    number = shipment.parcels[0].number.lower()
    return f" {number[:3]} {number[3:7]}-{number[7:]} "


def place_of(shipment: ShipmentFact) -> str:
    return CENTERS[shipment.center_id or 0]


async def test_one_that_a_person_made_is_claimed_against_everybody_else() -> None:
    case = Case("tracking", "number_typed_by_hand_is_the_same_number")
    facts = await FLOWS["tracking"].facts_beside((), case.key, cast("Reads", case))
    claim = plan(facts, (), case.settings()).claim

    assert claim is not None
    assert (claim.against, claim.siblings) == ((), (case.key,))
