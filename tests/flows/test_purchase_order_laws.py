"""Laws of announcing that hold for all edits of an order and all that happens to its WROs.

A small world plays NetSuite's order, ShipBob's WROs and what receiving books; pushes come in
between at any moment.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.flows.purchase_orders.facts import (
    OrderedLine,
    PurchaseOrderFacts,
    ReceivedAstray,
    VariantFact,
    WroFact,
)
from ml_connector.flows.purchase_orders.plan import plan
from ml_connector.flows.purchase_orders.wro_receipts import with_hand_receipts
from ml_connector.ledger.postings.documents import CancelWro, CreateWro, Document, Posted
from ml_connector.shipbob.resources.receiving import AWAITED, ENDED
from ml_connector.words import Cause

TERMS: Final = ConnectionSettings.model_validate(dict(SETTINGS))
ITEMS: Final = {"501": 1, "502": 2}
"""NetSuite's item id to ShipBob's inventory id."""
CENTERS: Final = {"6": 228, "7": 10, "9": 0}
"""Location to fulfillment center; location 9 is none of ShipBob's."""


@dataclass
class Line:
    item: str
    location: str
    ordered: int
    received: int = 0
    by_hand: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)
    closed: bool = False

    @property
    def open(self) -> int:
        return 0 if self.closed else max(0, self.ordered - self.received)


@dataclass
class Order:
    """A purchase order, its WROs, and what pushes have made of it."""

    lines: list[Line] = field(default_factory=list)
    wros: dict[int, WroFact] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    approved: bool = True
    deleted: bool = False

    @property
    def ours(self) -> set[int]:
        return {int(one.remote_id or 0) for one in self.posted if one.kind == "wro"}

    @property
    def status(self) -> str:
        if not self.approved:
            return "A"
        if any(line.open for line in self.lines):
            return "D" if any(line.received for line in self.lines) else "B"
        if self.lines and not any(line.closed for line in self.lines):
            return "F"
        return "H"

    def facts(self) -> PurchaseOrderFacts:
        return PurchaseOrderFacts(
            order_id="4711",
            number="" if self.deleted else "PO4711",
            status="" if self.deleted else self.status,
            lines=()
            if self.deleted
            else tuple(
                OrderedLine(
                    line=number,
                    item=line.item,
                    item_name=line.item,
                    item_type="InvtPart",
                    open_quantity=line.open,
                    received=line.received,
                    closed=line.closed,
                    location=line.location,
                )
                for number, line in enumerate(self.lines, 1)
            ),
            variants={
                item: (VariantFact(inventory_id=number, active=True),)
                for item, number in ITEMS.items()
            },
            wros=tuple(self.wros.values()),
            centers=(228, 10),
            read_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
            ordered_on=date(2026, 11, 10),
            announce_again=tuple(sorted(self.answered)),
            astray=tuple(
                ReceivedAstray(item=item, location=location, units=units)
                for (item, location), units in sorted(self.astray().items())
                if units
            ),
        )

    def astray(self) -> Counter[tuple[str, str]]:
        """Units, by item and location, received there of other locations' lines, less others'."""
        units: Counter[tuple[str, str]] = Counter()
        for line in () if self.deleted else self.lines:
            for location, some in line.elsewhere.items():
                units[line.item, location] += some
                units[line.item, line.location] -= some
        return units

    def received_by_hand_at(self, item: str, location: str) -> int:
        """Units of an item that people have received at a location, of whatever line."""
        there = [one for one in self.lines if (one.item, one.location) == (item, location)]
        return sum(line.by_hand for line in there) + self.astray()[item, location]

    def stray(self, *, sign: int) -> Counter[tuple[int, int]]:
        """Units received astray of one sign, by fulfillment center and inventory id."""
        units = Counter(
            {
                (CENTERS[location], ITEMS[item]): sign * some
                for (item, location), some in self.astray().items()
            }
        )
        return +units

    def add_wro(
        self, number: str, center: int, units: dict[int, int], *, of_other: str = ""
    ) -> int:
        wro_id = 900 + len(self.wros)
        self.wros[wro_id] = WroFact(
            id=wro_id,
            number=number,
            status="Awaiting",
            fulfillment_center_id=center,
            expected=units,
            stowed=dict.fromkeys(units, 0),
            booked={},
            items={item: ITEMS[item] for item in ITEMS if ITEMS[item] in units},
            of_other=of_other,
        )
        return wro_id

    def change(self, wro_id: int, **changes: object) -> None:
        self.wros[wro_id] = msgspec.structs.replace(self.wros[wro_id], **changes)

    def post(self, document: Document) -> None:
        match document.request:
            case CancelWro(wro_id=wro_id):
                assert wro_id in self.ours, "somebody else's WRO is never cancelled"
                assert self.wros[wro_id].status in AWAITED, "what ShipBob has begun with stays"
                self.change(wro_id, status="Cancelled")
                remote = wro_id
            case CreateWro(number=number, body=body):
                assert number not in {wro.number for wro in self.wros.values()}
                units: Counter[int] = Counter()
                for box in body["boxes"]:
                    for one in box["box_items"]:
                        units[one["inventory_id"]] += one["quantity"]
                remote = self.add_wro(number, body["fulfillment_center"]["id"], dict(units))
            case other:
                raise AssertionError(other)
        self.posted.append(
            Posted(
                system="shipbob",
                kind=document.kind,
                external_id=document.external_id,
                remote_id=str(remote),
                lines=(),
            )
        )

    def push(self) -> tuple[list[Document], ConnectorError | None]:
        """Plan and post; return the documents, and what stops the order."""
        try:
            decided = plan(self.facts(), tuple(self.posted), TERMS)
        except ConnectorError as error:
            documents: list[Document] = []
            failure: ConnectorError | None = error
        else:
            documents, failure = list(decided.documents), decided.remaining_failure
        for document in documents:
            self.post(document)
        self.asked = set()
        if isinstance(failure, NeedsHuman):
            self.asked = {
                int(thing.name)
                for thing in failure.waiting_for
                if thing.kind is AwaitedKind.CANCELLED_WRO
            }
        return documents, failure

    # What the two systems say, for the laws.

    def open(self) -> Counter[tuple[int, int]]:
        """Units that NetSuite still expects, by fulfillment center and inventory id."""
        units: Counter[tuple[int, int]] = Counter()
        if self.status in "BD" and not self.deleted:
            for line in self.lines:
                if CENTERS[line.location]:
                    units[CENTERS[line.location], ITEMS[line.item]] += line.open
        return +units

    def standing(self) -> list[WroFact]:
        wros = self.wros.values() if self.deleted else with_hand_receipts(self.facts(), TERMS)
        return [wro for wro in wros if wro.status != "Cancelled" and not wro.of_other]

    def on_its_way(self) -> Counter[tuple[int, int]]:
        """Units that WROs bring, by fulfillment center and inventory id."""
        units: Counter[tuple[int, int]] = Counter()
        for wro in self.standing():
            for inventory_id in {*wro.expected, *wro.stowed}:
                units[wro.fulfillment_center_id, inventory_id] += wro.on_its_way(inventory_id)
        return +units

    def promised(self, *, ours: bool) -> Counter[tuple[int, int]]:
        """Units that WROs announce and that were not received yet: no surplus is among them.

        Ours that are not ended, or all of them.
        """
        units: Counter[tuple[int, int]] = Counter()
        for wro in self.standing():
            if ours and (wro.id not in self.ours or wro.status in ENDED):
                continue
            for inventory_id, expected in wro.expected.items():
                announced = (
                    min(expected, wro.stowed[inventory_id]) if wro.status in ENDED else expected
                )
                done = wro.booked.get(inventory_id, 0) + wro.adjusted.get(inventory_id, 0)
                units[wro.fulfillment_center_id, inventory_id] += max(0, announced - done)
        return +units

    def taken_back(self) -> Counter[tuple[int, int]]:
        """Units of our WROs that a person cancelled and has not said to announce again."""
        by_us = {int(one.remote_id or 0) for one in self.posted if one.kind == "wroCancellation"}
        units: Counter[tuple[int, int]] = Counter()
        for wro in self.wros.values():
            if wro.status == "Cancelled" and wro.id in self.ours - by_us - self.answered:
                for inventory_id, quantity in wro.expected.items():
                    units[wro.fulfillment_center_id, inventory_id] += quantity
        return units


# What people and systems do. Each picks what it can do something to by a number.


def _pick(some: list[int], number: int) -> int | None:
    return some[number % len(some)] if some else None


def edit(order: Order, what: str, at: int, units: int) -> None:
    """A person edits the order in NetSuite, as far as NetSuite lets him."""
    if order.deleted:
        return
    if what == "add":
        order.lines.append(Line(("501", "502")[at % 2], ("6", "7", "9")[units % 3], units))
        return
    if not order.lines:
        return
    line = order.lines[at % len(order.lines)]
    if what == "quantity":
        line.ordered = max(units, line.received)
    elif what == "move" and not line.received:
        line.location = ("6", "7", "9")[units % 3]
    elif what == "close":
        line.closed = not line.closed
    elif what == "remove" and not line.received and len(order.lines) > 1:
        order.lines.remove(line)
    elif what == "by hand" and order.status in "BD":
        receive_by_hand(line, min(units, line.open), line.location)
    elif what == "by hand elsewhere" and order.status in "BD":
        receive_by_hand(line, min(units, line.open), ("6", "7", "9")[units % 3])


def receive_by_hand(line: Line, units: int, location: str) -> None:
    line.received += units
    line.by_hand += units
    if location != line.location:
        line.elsewhere[location] += units


def administer(order: Order, what: str) -> None:
    """A person approves, deletes, or says to announce again what was cancelled."""
    if what == "approval":
        order.approved = not order.approved
    elif what == "delete" and not any(line.received for line in order.lines):
        order.deleted = True
    elif what == "replay":
        order.answered |= order.asked


def work(order: Order, what: str, at: int, units: int) -> None:
    """ShipBob works on a WRO, or a person cancels it there."""
    wro_id = _pick([one.id for one in order.wros.values() if one.status not in ENDED], at)
    if wro_id is None:
        return
    wro = order.wros[wro_id]
    if what == "arrive":
        order.change(wro_id, status="Arrived")
    elif what == "stow":
        inventory_id = sorted(wro.expected)[units % len(wro.expected)]
        stowed = wro.stowed | {inventory_id: wro.stowed[inventory_id] + units}
        order.change(wro_id, status="Processing", stowed=stowed)
    elif what == "complete":
        order.change(wro_id, status="Completed")
    elif what == "cancel" and not any(wro.stowed.values()):
        order.change(wro_id, status="Cancelled")


def announce_by_hand(order: Order, at: int, units: int) -> None:
    """A person makes a WRO for the order, with a number that is free."""
    numbers = {wro.number for wro in order.wros.values()}
    number = next(
        n for n in ("PO4711", *(f"PO4711-{n}" for n in range(2, 99))) if n not in numbers
    )
    order.add_wro(number, (228, 10)[at % 2], {1 + at % 2: units})


def announce_for_another_order(order: Order, number: int, at: int, units: int) -> None:
    """Another order, such as ``PO4711-2``, is announced with a number like the order's own."""
    named = "PO4711" if number == 1 else f"PO4711-{number}"
    if named not in {wro.number for wro in order.wros.values()}:
        order.add_wro(named, (228, 10)[at % 2], {1 + at // 2: units}, of_other="4755")


def book(order: Order, at: int) -> None:
    """Receiving books what was stowed of a WRO: received from open lines, the rest adjusted.

    Where others have received the item and the order has no room, it stops for a person.
    """
    own = [one for one in order.wros.values() if not one.of_other]
    wro_id = _pick([one.id for one in own if any(one.stowed.values())], at)
    if wro_id is None or order.status not in "BDF" or order.deleted:
        return
    wro = order.wros[wro_id]
    location = {center: location for location, center in CENTERS.items()}[
        wro.fulfillment_center_id
    ]
    booked, adjusted = dict(wro.booked), dict(wro.adjusted)
    for item, inventory_id in wro.items.items():
        rest = wro.unbooked(inventory_id)
        lines = [one for one in order.lines if (one.item, one.location) == (item, location)]
        room = sum(line.open for line in lines)
        if rest > room and order.received_by_hand_at(item, location):
            order.change(wro_id, left_to_people=True)
            return
        for line in lines:
            taken = min(rest, line.open)
            line.received += taken
            booked[inventory_id] = booked.get(inventory_id, 0) + taken
            rest -= taken
        adjusted[inventory_id] = adjusted.get(inventory_id, 0) + rest
    order.change(wro_id, booked=booked, adjusted=adjusted, left_to_people=False)


EDITS: Final = ("add", "quantity", "move", "close", "remove", "by hand", "by hand elsewhere")
WORK: Final = ("arrive", "stow", "complete", "cancel")

steps = st.one_of(
    st.tuples(st.just(edit), st.sampled_from(EDITS), st.integers(0, 5), st.integers(0, 9)),
    st.tuples(st.just(work), st.sampled_from(WORK), st.integers(0, 5), st.integers(1, 9)),
    st.tuples(st.just(administer), st.sampled_from(("approval", "delete", "replay"))),
    st.tuples(st.just(announce_by_hand), st.integers(0, 3), st.integers(1, 9)),
    st.tuples(
        st.just(announce_for_another_order),
        st.integers(1, 4),
        st.integers(0, 3),
        st.integers(1, 9),
    ),
    st.tuples(st.just(book), st.integers(0, 5)),
    st.just((Order.push,)),
    st.just((Order.push,)),
)
histories = st.lists(steps, max_size=14)
first_lines = st.lists(
    st.tuples(st.sampled_from(("501", "502")), st.sampled_from(("6", "7")), st.integers(1, 9)),
    min_size=1,
    max_size=3,
)


def after(lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]) -> Order:
    """Return an order that was announced, and then lived through all this."""
    order = Order([Line(*line) for line in lines])
    order.push()
    for act, *arguments in history:
        assert callable(act)
        act(order, *arguments)
    return order


@settings(max_examples=400)
@given(first_lines, histories)
def test_what_is_announced_is_what_is_open_or_a_person_is_told_why_not(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    _, failure = order.push()
    opened, coming, promised = order.open(), order.on_its_way(), order.promised(ours=True)
    came, gone = order.stray(sign=1), order.stray(sign=-1)
    short = {
        place: units for place, units in opened.items() if coming[place] < units - came[place]
    }
    beyond = {
        place: units
        for place, units in promised.items()
        if units > (opened[place] + gone[place] if opened[place] else 0)
    }

    if failure is None:
        assert short == {}
        assert beyond == {}
    else:
        assert failure.cause in {Cause.PURCHASE_ORDER_CHANGED, Cause.WRO_CANCELLED}
        everybody = order.promised(ours=False)

        assert short or beyond or any(everybody[place] > opened[place] for place in opened)


@settings(max_examples=300)
@given(first_lines, histories)
def test_a_wro_of_another_order_is_neither_counted_nor_touched_whatever_its_number(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    order.push()
    said = order.push()[1]
    for at, wro in enumerate(list(order.wros.values()), 100):
        announce_for_another_order(order, at, at, 1 + sum(wro.expected.values()))
    theirs = {wro.id: wro.status for wro in order.wros.values() if wro.of_other}
    documents, failure = order.push()

    assert documents == []
    assert str(failure) == str(said)
    assert theirs == {wro.id: wro.status for wro in order.wros.values() if wro.of_other}


@settings(max_examples=300)
@given(first_lines, histories)
def test_units_received_astray_neither_announce_nor_cancel_anything(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    order.push()
    before = {wro.id: wro.status for wro in order.wros.values()}
    open_lines = [line for line in order.lines if line.open and order.status in "BD"]
    if not open_lines or any(order.astray().values()):
        return
    line = open_lines[0]
    receive_by_hand(line, line.open // 2, "7" if line.location == "6" else "6")
    documents, _ = order.push()

    assert documents == []
    assert before == {wro.id: wro.status for wro in order.wros.values()}


@settings(max_examples=200)
@given(first_lines, histories)
def test_a_push_after_a_push_does_nothing_and_says_the_same(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    _, first = order.push()
    documents, second = order.push()

    assert documents == []
    assert str(first) == str(second)


@settings(max_examples=300)
@given(first_lines, histories)
def test_what_a_person_cancelled_is_announced_again_only_at_his_word(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    before, opened, withheld = order.on_its_way(), order.open(), order.taken_back()
    order.push()

    for place, units in order.on_its_way().items():
        assert units <= max(before[place], opened[place] - withheld[place])


@settings(max_examples=300)
@given(first_lines, histories)
def test_no_wro_is_cancelled_whose_cartons_may_be_on_the_road(
    lines: list[tuple[str, str, int]], history: list[tuple[object, ...]]
) -> None:
    order = after(lines, history)
    before = order.open()
    documents, _ = order.push()
    for document in documents:
        if isinstance(document.request, CancelWro):
            wro = order.wros[document.request.wro_id]

            assert order.deleted or order.status != "A"
            assert not _received_by_hand(order, wro, before)


def _received_by_hand(order: Order, wro: WroFact, opened: Counter[tuple[int, int]]) -> bool:
    """Whether people have received all that a WRO announces, and nothing is open beside it."""
    if (
        order.deleted
        or order.status in "HC"
        or any(c == wro.fulfillment_center_id for c, _ in opened)
    ):
        return False
    return any(
        line.by_hand and not line.closed and line.item in wro.items
        for line in order.lines
        if CENTERS[line.location] == wro.fulfillment_center_id
    )
