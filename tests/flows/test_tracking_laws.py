"""Laws of tracking that hold for every order, every split and every history of news."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import settings as modest
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.tracking.delivery import Delivery, told_before
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
from ml_connector.flows.tracking.source_lines import source_lines
from ml_connector.ledger.postings.documents import (
    Document,
    Posted,
    TransformRecord,
    UpdateRecord,
)
from ml_connector.netsuite.records.fulfillments import Package, as_packages, merged

SKUS = ("TEE", "CAP", "SOCK")
INVENTORY = {sku: number for number, sku in enumerate(SKUS, 1)}
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
RANKS = ("Completed", "InTransit", "OutForDelivery", "Delivered")
DETAILS = {"Completed": 200, "InTransit": 201, "OutForDelivery": 202, "Delivered": 203}

parts = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 9), min_size=1, max_size=3)
splits = st.lists(parts, min_size=1, max_size=4)
states = st.tuples(st.sampled_from(RANKS), st.integers(0, 6))
settings = ConnectionSettings.model_validate(SETTINGS)


def shipment(number: int, part: dict[str, int], word: str, hours: int) -> ShipmentFact:
    moment = START + timedelta(hours=hours)
    return ShipmentFact(
        id=number,
        status="Completed",
        details={DETAILS[word]: word},
        shipped_at=START,
        delivered_at=moment if word == "Delivered" else None,
        as_of=moment,
        center_id=228,
        products=tuple(
            StoreProduct(
                key=sku,
                sku=sku,
                units=(Units(inventory_id=INVENTORY[sku], sku=sku, quantity=quantity),),
            )
            for sku, quantity in part.items()
        ),
        parcels=(Parcel(number=f"9400-{number}", carrier="USPS"),),
    )


class NetSuite:
    """A sales order in NetSuite, and what our books know of each shipment."""

    def __init__(self, split: Sequence[dict[str, int]], more: int) -> None:
        self.split = split
        self.ordered: dict[str, int] = defaultdict(int)
        for part in split:
            for sku, quantity in part.items():
                self.ordered[sku] += quantity
        if more:
            self.ordered["SOCK"] += more
        self.lines = dict(enumerate(sorted(self.ordered), 3))
        self.taken: dict[int, int] = defaultdict(int)
        self.fulfillments: dict[str, FulfillmentFact] = {}
        self.packages: dict[str, tuple[Package, ...]] = {}
        self.posted: dict[int, list[Posted]] = defaultdict(list)
        self.writes = 0

    def order(self) -> SalesOrderFact:
        return SalesOrderFact(
            id="766",
            number="SO-1",
            status="D",
            lines=tuple(
                OrderLineFact(
                    line=line,
                    item=sku,
                    name=sku,
                    kind="InvtPart",
                    open=self.ordered[sku] - self.taken[line],
                )
                for line, sku in self.lines.items()
            ),
            fulfillments=tuple(self.fulfillments.values()),
        )

    def facts(self, shipments: Sequence[ShipmentFact], shipment_id: int) -> TrackingFacts:
        return TrackingFacts(
            order_id=1,
            shipment_id=shipment_id,
            reference="SO-1",
            shipments=tuple(shipments),
            products=tuple(
                OrderedProduct(key=sku, quantity=quantity)
                for sku, quantity in self.ordered.items()
            ),
            sales_orders=(self.order(),),
        )

    def converge(self, shipments: Sequence[ShipmentFact], shipment_id: int) -> int:
        """Settle what is planned; return how many documents that were."""
        facts = self.facts(shipments, shipment_id)
        decided = plan(facts, self.posted[shipment_id], settings)
        for document in decided.documents:
            remote_id = self._write(document)
            self.posted[shipment_id].append(
                Posted(
                    system=document.system,
                    kind=document.kind,
                    external_id=document.external_id,
                    remote_id=remote_id,
                    lines=document.lines,
                )
            )
        return len(decided.documents)

    def _write(self, document: Document) -> str:
        if isinstance(document.request, TransformRecord):
            self.writes += 1
            remote_id = str(9000 + len(self.fulfillments))
            body = document.request.body
            self.fulfil(
                remote_id,
                {line["orderLine"]: line["quantity"] for line in _received(body)},
                external_id=document.external_id,
                memo=body["memo"],
            )
            self._pack(remote_id, as_packages(body["package"]["items"]))
            return remote_id
        if isinstance(document.request, UpdateRecord):
            self.writes += 1
            remote_id = document.request.record_id
            there = self.packages.get(remote_id, ())
            self._pack(remote_id, merged(there, as_packages(document.request.packages)))
            memo = document.request.body.get("memo", self.fulfillments[remote_id].memo)
            self.fulfillments[remote_id] = msgspec.structs.replace(
                self.fulfillments[remote_id], memo=memo
            )
            return remote_id
        return "1"

    def fulfil(
        self,
        remote_id: str,
        quantities: dict[int, int],
        *,
        external_id: str | None = None,
        memo: str = "",
    ) -> None:
        for line, quantity in quantities.items():
            assert 0 < quantity <= self.ordered[self.lines[line]] - self.taken[line]
            self.taken[line] += quantity
        self.fulfillments[remote_id] = FulfillmentFact(
            id=remote_id,
            external_id=external_id,
            status="C",
            memo=memo,
            lines=tuple(
                FulfilledUnits(item=self.lines[line], quantity=quantity, location="6")
                for line, quantity in quantities.items()
            ),
        )

    def _pack(self, remote_id: str, packages: tuple[Package, ...]) -> None:
        assert set(self.packages.get(remote_id, ())) <= set(packages), "a package was lost"
        self.packages[remote_id] = packages
        self.fulfillments[remote_id] = msgspec.structs.replace(
            self.fulfillments[remote_id],
            tracking_numbers=tuple(
                one.package_tracking_number for one in packages if one.package_tracking_number
            ),
        )

    def by_hand(self, part: dict[str, int]) -> None:
        """A person fulfils exactly this part, with a package of their own."""
        lines = {sku: line for line, sku in self.lines.items()}
        remote_id = str(8000 + len(self.fulfillments))
        self.fulfil(remote_id, {lines[sku]: quantity for sku, quantity in part.items()})
        self._pack(remote_id, (Package(package_descr="By hand"),))

    def units(self) -> dict[str, int]:
        return {self.lines[line]: quantity for line, quantity in self.taken.items() if quantity}


def _received(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in body["item"]["items"] if line["itemReceive"]]


@modest(max_examples=40)
@given(splits, st.integers(0, 5), st.data())
def test_what_is_fulfilled_is_what_has_shipped_line_by_line(
    split: list[dict[str, int]], more: int, data: st.DataObject
) -> None:
    netsuite = NetSuite(split, more)
    shipments = [shipment(n, part, "InTransit", 1) for n, part in enumerate(split, 1)]
    order = data.draw(st.permutations([one.id for one in shipments] * 2))
    for shipment_id in order:
        netsuite.converge(shipments, shipment_id)
    shipped: dict[str, int] = defaultdict(int)
    for part in split:
        for sku, quantity in part.items():
            shipped[sku] += quantity

    assert netsuite.units() == shipped
    assert netsuite.writes == len(split)
    assert sorted(one.external_id or "" for one in netsuite.fulfillments.values()) == sorted(
        f"mlc-if-{one.id}" for one in shipments
    )


@modest(max_examples=40)
@given(splits, st.integers(0, 5), st.lists(st.tuples(st.integers(0, 3), states), max_size=12))
def test_converging_twice_posts_nothing_and_no_package_is_lost(
    split: list[dict[str, int]], more: int, news: list[tuple[int, tuple[str, int]]]
) -> None:
    netsuite = NetSuite(split, more)
    shipments = [shipment(n, part, "Completed", 0) for n, part in enumerate(split, 1)]
    for which, (word, hours) in news:
        number = which % len(split)
        shipments[number] = shipment(number + 1, split[number], word, hours)
        netsuite.converge(shipments, number + 1)

        assert netsuite.converge(shipments, number + 1) == 0


@modest(max_examples=40)
@given(parts, st.lists(states, min_size=1, max_size=12))
def test_the_delivery_state_never_goes_backwards(
    part: dict[str, int], history: list[tuple[str, int]]
) -> None:
    netsuite = NetSuite([part], 0)
    told: list[Delivery] = []
    for word, hours in history:
        netsuite.converge([shipment(1, part, word, hours)], 1)
        before = told_before(netsuite.posted[1])
        assert before is not None
        told.append(before)

    for earlier, later in pairwise(told):
        assert earlier.as_of is not None
        assert later.as_of is not None
        assert later.as_of >= earlier.as_of
        assert earlier.word != "Delivered" or later.word == "Delivered"
        if later.as_of == earlier.as_of:
            assert RANKS.index(later.word) >= RANKS.index(earlier.word)


@modest(max_examples=40)
@given(splits, st.data())
def test_what_a_person_fulfilled_is_never_fulfilled_again(
    split: list[dict[str, int]], data: st.DataObject
) -> None:
    netsuite = NetSuite(split, 0)
    shipments = [shipment(n, part, "InTransit", 1) for n, part in enumerate(split, 1)]
    for one in data.draw(st.lists(st.sampled_from(range(len(split))), unique=True)):
        netsuite.by_hand(split[one])
    for shipment_id in data.draw(st.permutations([one.id for one in shipments])):
        netsuite.converge(shipments, shipment_id)
    numbers = [number for one in netsuite.fulfillments.values() for number in one.tracking_numbers]

    assert netsuite.units() == netsuite.ordered
    assert len(netsuite.fulfillments) == len(split)
    assert sorted(numbers) == sorted(one.parcels[0].number for one in shipments)


@modest(max_examples=40)
@given(parts, states)
def test_every_source_line_is_posted_or_refused(
    part: dict[str, int], state: tuple[str, int]
) -> None:
    for by_hand in (False, True):
        netsuite = NetSuite([part], 0)
        if by_hand:
            netsuite.by_hand(part)
        facts = netsuite.facts([shipment(1, part, *state)], 1)
        decided = plan(facts, (), settings)
        posted = {line.source_line for one in decided.documents for line in one.lines}
        refused = {line.source_line for line in decided.refused}

        assert posted | refused == {line.source_line for line in source_lines(facts, settings)}
        assert not posted & refused


def test_a_date_is_the_merchants() -> None:
    late = msgspec.structs.replace(
        shipment(1, {"TEE": 1}, "InTransit", 1),
        shipped_at=datetime(2026, 11, 21, 3, tzinfo=UTC),
    )
    [first, _] = plan(NetSuite([{"TEE": 1}], 0).facts([late], 1), (), settings).documents

    assert {line.fact_date for line in first.lines} == {date(2026, 11, 20)}  # in Chicago
