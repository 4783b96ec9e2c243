"""Laws of goods that come in: two WROs, one order, and people who receive by hand as well."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, get_args

import msgspec
from hypothesis import given
from hypothesis import settings as of_examples
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings, Policies
from ml_connector.errors import ConnectorError
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
    StowedLine,
)
from ml_connector.flows.receiving.plan import plan
from ml_connector.flows.receiving.stowed import by_lot, source_lines
from ml_connector.ledger.conservation.equation import of_subject
from ml_connector.ledger.decisions.decisions import NamedDocument, NamedUnits
from ml_connector.ledger.postings.documents import Document, Plan, Posted, TransformRecord
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.external_ids import is_receipt_of_other
from ml_connector.rules.facts import ItemFact
from ml_connector.shipbob.payloads import Box, BoxItem
from ml_connector.words import Cause, DecisionKind

SKUS = ("TEE", "CAP", "SERUM")
BY_LOT = "SERUM"
BY_CASE = "CAP"
"""What its order lines count in cases of ``CASE``."""
CASE = 6
CENTERS = (228, 10)
PLACES = ("6", "7")
"""The location of each WRO's center; 9 is the merchant's own warehouse."""
ANNOUNCED, BEFORE, SINCE = date(2026, 11, 12), date(2026, 11, 2), date(2026, 11, 20)


class Carton(NamedTuple):
    """Units that come to a center, of one lot where the item has lots."""

    wro: int
    sku: str
    lot: str
    units: int


class Act(NamedTuple):
    """What somebody does: stow the next carton, run, or change the order's line by hand.

    ``same``: of ``receive``, which WRO's goods they are; None for goods of another delivery.
    """

    what: str
    wro: int = 0
    line: int = 0
    units: int = 0
    same: int | None = None
    day: date = SINCE


class Line(NamedTuple):
    sku: str
    ordered: int
    location: str | None

    @property
    def each(self) -> int:
        return CASE if self.sku == BY_CASE else 1


class ByHand(NamedTuple):
    receipt: OrderReceipt
    same: int | None


class World:
    """NetSuite's order, two WROs and our books."""

    def __init__(self, lines: Sequence[Line], cartons: Sequence[Carton], policy: str) -> None:
        self.terms = ConnectionSettings.model_validate(
            {**SETTINGS, "policies": {"over_receipt": policy}}
        )
        self.policy = policy
        self.lines = list(lines)
        self.closed: set[int] = set()
        self.received = Counter[int]()
        self.receipts: list[OrderReceipt] = []
        self.by_hand: list[ByHand] = []
        self.cartons = [[one for one in cartons if one.wro == wro] for wro in (0, 1)]
        self.stowed: list[list[Carton]] = [[], []]
        self.posted: list[list[Posted]] = [[], []]
        self.decisions: list[list[Decided]] = [[], []]
        self.ended: list[Plan | None] = [None, None]

    # NetSuite

    def open_of(self, number: int) -> int:
        if number in self.closed:
            return 0
        return max(0, self.lines[number - 1].ordered - self.received[number])

    def post(self, wro: int, document: Document) -> None:
        if isinstance(document.request, TransformRecord):
            self._receive(wro, document.external_id, document.request)
        self.posted[wro].append(
            Posted(
                system=document.system,
                kind=document.kind,
                external_id=document.external_id,
                remote_id="1",
                lines=document.lines,
            )
        )

    def _receive(self, wro: int, external_id: str, request: TransformRecord) -> None:
        named = {line["orderLine"]: line for line in request.body["item"]["items"]}
        assert {*named} == {n for n in range(1, len(self.lines) + 1) if self.open_of(n)}
        for number, said in named.items():
            if not said["itemReceive"]:
                continue
            line = self.lines[number - 1]
            units = said["quantity"] * line.each
            assert line.location in {None, PLACES[wro]}
            assert said["location"]["id"] == PLACES[wro]
            assert units <= self.open_of(number) or self.policy == "receive"
            self.received[number] += units
            self.receipts.append(
                OrderReceipt(
                    item_id=line.sku,
                    quantity=units,
                    document=external_id,
                    external_id=external_id,
                    line=number,
                    location=PLACES[wro],
                    day=SINCE,
                )
            )

    def receive_by_hand(self, act: Act) -> None:
        number = 1 + act.line % len(self.lines)
        line = self.lines[number - 1]
        place = line.location or PLACES[act.same or 0]
        most = min(act.units, self.open_of(number))
        if act.same is not None:
            if place != PLACES[act.same]:
                return
            most = min(most, self._to_come(act.same, line.sku))
        units = most - most % line.each
        if not units:
            return
        self.received[number] += units
        receipt = OrderReceipt(
            item_id=line.sku,
            quantity=units,
            document=str(9000 + len(self.by_hand)),
            number=f"IR{len(self.by_hand)}.",
            line=number,
            location=place,
            day=SINCE if act.same is not None else act.day,
        )
        self.by_hand.append(ByHand(receipt, act.same))

    def _to_come(self, wro: int, sku: str) -> int:
        """Units of a WRO that nobody has booked, whether they are stowed yet or not."""
        cartons = (*self.stowed[wro], *self.cartons[wro])
        return (
            sum(one.units for one in cartons if one.sku == sku)
            - self.booked(wro)[sku]
            - self.same(wro)[sku]
        )

    # What is known in the end

    def booked(self, wro: int) -> Counter[str]:
        units = Counter[str]()
        for document in self.posted[wro]:
            for line in document.lines:
                assert line.location == PLACES[wro]
                units[line.sku or ""] += line.quantity or 0
        return units

    def same(self, wro: int) -> Counter[str]:
        units = Counter[str]()
        for one in self.by_hand:
            if one.same == wro:
                units[one.receipt.item_id] += one.receipt.quantity
        return units

    def on_shelf(self, wro: int) -> Counter[str]:
        units = Counter[str]()
        for one in self.stowed[wro]:
            units[one.sku] += one.units
        return units

    # Ours

    def facts(self, wro: int) -> ReceivingFacts:
        shelf = self.on_shelf(wro)
        lines = [
            StowedLine(inventory_id=number, sku=sku, expected=0, stowed=shelf[sku])
            for number, sku in enumerate(SKUS, 1)
        ]
        boxes = [
            Box(
                box_id=number,
                box_items=(
                    BoxItem(
                        inventory_id=1 + SKUS.index(one.sku),
                        quantity=one.units,
                        stowed_quantity=one.units,
                        lot_number=one.lot,
                    ),
                ),
            )
            for number, one in enumerate(self.stowed[wro])
        ]
        return ReceivingFacts(
            wro_id=90311 + wro,
            status="Processing" if self.cartons[wro] else "Completed",
            purchase_order_number="PO4711",
            fulfillment_center_id=CENTERS[wro],
            fulfillment_center_name="",
            stowed_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
            lines=by_lot(lines, boxes, {1 + SKUS.index(BY_LOT)}),
            items={sku: (ItemFact(id=sku, name=sku, lot_tracked=sku == BY_LOT),) for sku in SKUS},
            orders=(self._order(wro),),
            periods=(),
            synced=False,
            announced_at=datetime(2026, 11, 12, 15, tzinfo=UTC),
            decisions=tuple(self.decisions[wro]),
        )

    def _order(self, wro: int) -> ReceivingOrder:
        before = self.ended[1 - wro]
        taken = Counter({one.document: one.quantity for one in before.handled} if before else {})
        hands = [
            msgspec.structs.replace(one.receipt, quantity=left)
            for one in self.by_hand
            if (left := one.receipt.quantity - taken[one.receipt.document]) > 0
        ]
        ours = [
            one for one in self.receipts if not is_receipt_of_other(90311 + wro, one.external_id)
        ]
        return ReceivingOrder(
            id="4711",
            number="PO4711",
            status="B",
            lines=tuple(
                ReceivingOrderLine(
                    line=number,
                    item_id=line.sku,
                    open_quantity=self.open_of(number),
                    location=line.location,
                    unit="case" if line.each > 1 else None,
                    per_unit=line.each if line.each > 1 else 0,
                )
                for number, line in enumerate(self.lines, 1)
            ),
            receipts=(*ours, *hands),
        )

    def run(self, wro: int) -> None:
        """Converge a WRO; a person says the truth about each receipt that stops it."""
        asked = True
        while asked:
            failure: ConnectorError | None = None
            try:
                decided = plan(self.facts(wro), self.posted[wro], self.terms)
            except ConnectorError as error:
                self.ended[wro], failure = None, error
            else:
                for document in decided.documents:
                    self.post(wro, document)
                self.ended[wro], failure = decided, decided.remaining_failure
            asked = failure is not None and failure.cause is Cause.RECEIVED_BY_OTHERS
            if asked:
                self._decide(wro, str(failure))

    def _decide(self, wro: int, sentence: str) -> None:
        asked = [one for one in self.by_hand if f"{one.receipt.number} of" in sentence]
        known = {one.then.id for one in self.decisions[wro] if one.then}
        assert asked
        for one in asked:
            assert one.receipt.document not in known
            document = NamedDocument(
                id=one.receipt.document,
                type="ItemRcpt",
                number=one.receipt.number or "",
                units=(
                    NamedUnits(
                        item=one.receipt.item_id,
                        location=one.receipt.location or "",
                        quantity=one.receipt.quantity,
                    ),
                ),
            )
            self.decisions[wro].append(
                Decided(
                    id=len(self.decisions[wro]) + 1,
                    kind=DecisionKind.HANDLED if one.same == wro else DecisionKind.SEPARATE,
                    cause=Cause.RECEIVED_BY_OTHERS,
                    then=document,
                    now=document,
                )
            )

    def do(self, act: Act) -> None:
        number = 1 + act.line % len(self.lines)
        if act.what == "stow" and self.cartons[act.wro]:
            self.stowed[act.wro].append(self.cartons[act.wro].pop(0))
        elif act.what == "receive":
            self.receive_by_hand(act)
        elif act.what == "close":
            self.closed.add(number)
        elif act.what == "raise":
            line = self.lines[number - 1]
            self.lines[number - 1] = line._replace(ordered=line.ordered + CASE * act.units)
        self.run(act.wro)


some_lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(SKUS),
        st.integers(1, 8).map(lambda cases: CASE * cases),
        st.sampled_from([*PLACES, *PLACES, "9", None]),
    ),
    min_size=2,
    max_size=6,
)
some_cartons = st.lists(
    st.builds(
        Carton,
        st.integers(0, 1),
        st.sampled_from(SKUS),
        st.sampled_from(["L1", "L2"]),
        st.integers(1, 20),
    ),
    min_size=3,
    max_size=9,
)
some_acts = st.lists(
    st.builds(
        Act,
        st.sampled_from(["stow", "stow", "receive", "receive", "receive", "close", "raise"]),
        st.integers(0, 1),
        st.integers(0, 5),
        st.integers(1, 20),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([BEFORE, ANNOUNCED, SINCE]),
    ),
    min_size=3,
    max_size=14,
)


@of_examples(max_examples=300)
@given(
    some_lines,
    some_cartons,
    some_acts,
    st.sampled_from(get_args(Policies.model_fields["over_receipt"].annotation)),
)
def test_what_lies_on_the_shelf_is_booked_once_where_it_lies_or_a_person_is_told(
    lines: list[Line], cartons: list[Carton], acts: list[Act], policy: str
) -> None:
    world = World(lines, cartons, policy)
    for act in acts:
        world.do(act)
    for wro in (0, 1, 0, 1):
        while world.cartons[wro]:
            world.do(Act("stow", wro))
        world.run(wro)

    for wro in (0, 1):
        shelf, accounted = world.on_shelf(wro), world.booked(wro) + world.same(wro)
        decided = world.ended[wro]

        assert accounted <= shelf
        if decided is None or decided.remaining_failure or decided.waiting:
            continue
        refused = Counter[str]()
        for one in decided.refused:
            refused[SKUS[int(one.source_line.split()[1]) - 1]] += one.quantity or 0
        posted = [line for one in world.posted[wro] for line in one.lines]
        assert accounted + refused == shelf
        assert of_subject(
            source_lines(world.facts(wro), world.terms), posted, decided.not_posted, waits=False
        ).holds
