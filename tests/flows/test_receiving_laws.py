"""Laws of receiving that hold for every history of stowing, every order and every policy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings, Policies
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
    StowedLine,
)
from ml_connector.flows.receiving.plan import plan
from ml_connector.flows.receiving.stowed import by_lot, name_of, source_lines
from ml_connector.ledger.conservation.equation import of_subject
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted, TransformRecord
from ml_connector.rules.external_ids import is_receipt_of_other
from ml_connector.rules.facts import ItemFact
from ml_connector.shipbob.payloads import Box, BoxItem
from ml_connector.words import DocumentKind

SKUS = ("TEE", "CAP", "SOCK")
OVER_RECEIPT = get_args(Policies.model_fields["over_receipt"].annotation)

Units = Mapping[str, int]

histories = st.lists(
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 40), max_size=3), min_size=1, max_size=5
)
HERE = "6"
"""Where the units are, in NetSuite; another location is the merchant's own warehouse."""

Ordered = tuple[str, int, str | None]
"""SKU, units and location of an order line."""

orders = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(0, 60), st.sampled_from([HERE, "9", None])),
    max_size=5,
)


class Books:
    """NetSuite's order and what was posted, as plan will see them next time."""

    def __init__(self, ordered: Sequence[Ordered]) -> None:
        self.ordered = ordered
        self.received: dict[int, int] = defaultdict(int)
        self.receipts: list[OrderReceipt] = []
        self.posted: list[Posted] = []

    def order(self) -> ReceivingOrder:
        return ReceivingOrder(
            id="4711",
            number="PO4711",
            status="B",
            lines=tuple(
                ReceivingOrderLine(
                    line=line,
                    item_id=sku,
                    open_quantity=max(0, quantity - self.received[line]),
                    location=location,
                )
                for line, (sku, quantity, location) in enumerate(self.ordered, 1)
            ),
            receipts=tuple(self.receipts),
        )

    def post(self, document: Document) -> None:
        if isinstance(document.request, TransformRecord):
            for line in document.request.body["item"]["items"]:
                if line["itemReceive"]:
                    self.receive(line["orderLine"], line["quantity"], document.external_id)
        self.posted.append(
            Posted(
                system=document.system,
                kind=document.kind,
                external_id=document.external_id,
                remote_id=str(len(self.posted)),
                lines=document.lines,
            )
        )

    def receive(self, line: int, quantity: int, external_id: str | None, day: int = 20) -> None:
        """An item receipt of one line at its location, or at that of the WRO without one."""
        sku, _, location = self.ordered[line - 1]
        self.received[line] += quantity
        self.receipts.append(
            OrderReceipt(
                item_id=sku,
                quantity=quantity,
                document=str(9000 + len(self.receipts)),
                external_id=external_id,
                line=line,
                location=location or HERE,
                day=date(2026, 11, day),
            )
        )

    def booked(self) -> Units:
        units: dict[str, int] = defaultdict(int)
        for document in self.posted:
            for line in document.lines:
                units[line.sku or ""] += line.quantity or 0
        return units


def facts(stowed: Units, books: Books, *, numbered: bool) -> ReceivingFacts:
    return ReceivingFacts(
        wro_id=90311,
        status="Processing",
        purchase_order_number="PO4711" if numbered else None,
        fulfillment_center_id=228,
        fulfillment_center_name="Moreno Valley (CA)",
        stowed_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
        lines=tuple(
            StowedLine(inventory_id=number, sku=sku, expected=0, stowed=stowed.get(sku, 0))
            for number, sku in enumerate(SKUS, 1)
        ),
        items={sku: (ItemFact(id=sku, name=sku),) for sku in SKUS},
        orders=(books.order(),) if numbered else (),
        periods=(),
        synced=False,
        announced_at=datetime(2026, 11, 12, 15, tzinfo=UTC),
    )


def settings(**policies: str) -> ConnectionSettings:
    table: dict[str, Any] = {**SETTINGS, "policies": policies}
    return ConnectionSettings.model_validate(table)


def converge(stowed: Units, books: Books, terms: ConnectionSettings, *, numbered: bool) -> int:
    """Plan and post once; return how many documents it took."""
    try:
        decided = plan(facts(stowed, books, numbered=numbered), books.posted, terms)
    except (NeedsData, NeedsHuman):
        return 0
    for document in decided.documents:
        books.post(document)
    return len(decided.documents)


@given(histories, orders, st.sampled_from(OVER_RECEIPT), st.booleans())
def test_never_more_is_booked_than_was_stowed_and_nothing_twice(
    history: list[dict[str, int]],
    ordered: list[Ordered],
    policy: str,
    numbered: bool,  # noqa: FBT001 - drawn
) -> None:
    books, terms = Books(ordered), settings(over_receipt=policy)
    stowed: dict[str, int] = defaultdict(int)
    for increase in history:
        for sku, units in increase.items():
            stowed[sku] += units
        converge(stowed, books, terms, numbered=numbered)
        again = converge(stowed, books, terms, numbered=numbered)

        assert again == 0
        assert all(units <= stowed[sku] for sku, units in books.booked().items())


@given(histories, orders)
def test_by_the_policy_adjust_every_stowed_unit_is_booked(
    history: list[dict[str, int]], ordered: list[Ordered]
) -> None:
    books, terms = Books(ordered), settings(over_receipt="adjust")
    stowed: dict[str, int] = defaultdict(int)
    for increase in history:
        for sku, units in increase.items():
            stowed[sku] += units
        converge(stowed, books, terms, numbered=True)

    assert {sku: units for sku, units in books.booked().items() if units} == {
        sku: units for sku, units in stowed.items() if units
    }


@given(histories, orders)
def test_by_the_policy_refuse_no_line_takes_more_than_was_ordered(
    history: list[dict[str, int]], ordered: list[Ordered]
) -> None:
    books, terms = Books(ordered), settings(over_receipt="refuse")
    stowed: dict[str, int] = defaultdict(int)
    for increase in history:
        for sku, units in increase.items():
            stowed[sku] += units
        converge(stowed, books, terms, numbered=True)

    assert all(books.received[at] <= line[1] for at, line in enumerate(ordered, 1))
    for sku in SKUS:
        wanted = sum(
            quantity for name, quantity, location in ordered if name == sku and location != "9"
        )
        assert books.booked().get(sku, 0) == min(wanted, stowed[sku])


@given(histories, orders, st.sampled_from(OVER_RECEIPT))
def test_the_same_facts_give_the_same_documents_byte_for_byte(
    history: list[dict[str, int]], ordered: list[Ordered], policy: str
) -> None:
    books, terms = Books(ordered), settings(over_receipt=policy)
    seen = facts(history[0], books, numbered=True)
    stored = msgspec.json.decode(msgspec.json.encode(seen), type=ReceivingFacts)

    def encoded(one: ReceivingFacts) -> list[bytes] | str:
        try:
            return [document.encoded() for document in plan(one, (), terms).documents]
        except NeedsHuman as error:
            return str(error)

    assert encoded(seen) == encoded(stored)


tellings = st.lists(st.integers(0, 2), max_size=12)
"""Events, by the WRO that they are about: in any order, each any number of times."""

steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(SKUS), st.integers(1, 30)), max_size=6
)
"""What is stowed: of a WRO, so many more units of a SKU."""


class Told:
    """Three WROs of one order, and the books that come of telling of them."""

    def __init__(self, ordered: Sequence[Ordered], terms: ConnectionSettings) -> None:
        self.books = Books(ordered)
        self.terms = terms
        self.stowed: list[dict[str, int]] = [defaultdict(int) for _ in range(3)]
        self.posted: list[list[Posted]] = [[], [], []]

    def tell(self, wro: int) -> None:
        """An event about a WRO: it is converged."""
        self.books.posted = self.posted[wro]
        seen = facts(self.stowed[wro], self.books, numbered=True)
        # Reading leaves out what the external ids of other WROs explain.
        receipts = tuple(
            one
            for one in seen.orders[0].receipts
            if not is_receipt_of_other(90311 + wro, one.external_id)
        )
        order = msgspec.structs.replace(seen.orders[0], receipts=receipts)
        seen = msgspec.structs.replace(seen, wro_id=90311 + wro, orders=(order,))
        for document in plan(seen, self.books.posted, self.terms).documents:
            self.books.post(document)

    def outcome(self) -> tuple[Units, Mapping[int, int], Units]:
        """Units booked of each SKU, received on each line, and put into stock beside it."""
        booked: dict[str, int] = defaultdict(int)
        beside: dict[str, int] = defaultdict(int)
        for document in (one for several in self.posted for one in several):
            for line in document.lines:
                booked[line.sku or ""] += line.quantity or 0
                if document.kind == "inventoryAdjustment":
                    beside[line.sku or ""] += line.quantity or 0
        return dict(booked), dict(self.books.received), dict(beside)


@given(steps, tellings, st.permutations([0, 1, 2]), orders)
def test_any_order_and_multiplicity_of_events_gives_the_same_books(
    stowing: list[tuple[int, str, int]],
    events: list[int],
    last: list[int],
    ordered: list[Ordered],
) -> None:
    terms = settings(over_receipt="adjust")
    once, often = Told(ordered, terms), Told(ordered, terms)
    for at in range(max(len(stowing), len(events))):
        for wro, sku, units in stowing[at : at + 1]:
            once.stowed[wro][sku] += units
            often.stowed[wro][sku] += units
        for wro in events[at : at + 1]:
            often.tell(wro)
    for wro in (0, 1, 2):
        once.tell(wro)
    for wro in (*last, *reversed(last)):
        often.tell(wro)

    assert often.outcome() == once.outcome()


rows = st.lists(
    st.tuples(
        st.sampled_from([("TEE", None), ("CAP", None), ("SOCK", "L1"), ("SOCK", "L2")]),
        st.integers(1, 30),
        st.sampled_from([None, date(2027, 6, 30), date(2027, 7, 31)]),
    ),
    max_size=8,
)
"""Rows of a WRO and its boxes: a SKU, of SOCK with its lot, which may stand there many times."""


def in_rows(stowed: Sequence[tuple[tuple[str, str | None], int, date | None]]) -> ReceivingFacts:
    seen = facts({}, Books([]), numbered=False)
    return msgspec.structs.replace(
        seen,
        status="Completed",
        lines=tuple(
            StowedLine(
                inventory_id=1 + SKUS.index(sku),
                sku=sku,
                expected=0,
                stowed=units,
                lot=lot,
                lot_date=day if lot else None,
            )
            for (sku, lot), units, day in stowed
        ),
        items={sku: (ItemFact(id=sku, name=sku, lot_tracked=sku == "SOCK"),) for sku in SKUS},
    )


@given(rows, st.integers(0, 8))
def test_what_stands_twice_is_summed_by_lot_and_marked_when_all_is_booked(
    stowed: list[tuple[tuple[str, str | None], int, date | None]], first: int
) -> None:
    books, terms = Books([]), settings()
    for status, part in (
        ("Processing", stowed[:first]),
        ("Completed", stowed),
        ("Completed", stowed),
    ):
        seen = msgspec.structs.replace(in_rows(part), status=status)
        documents = plan(seen, books.posted, terms).documents
        for document in documents:
            books.post(document)
        lines = [line for one in books.posted for line in one.lines]
        wanted: dict[tuple[str, str | None], int] = defaultdict(int)
        for key, units, _ in part:
            wanted[key] += units
        booked: dict[tuple[str, str | None], int] = defaultdict(int)
        for line in lines:
            booked[line.sku or "", line.lot] += line.quantity or 0

        assert booked == wanted
        assert of_subject(source_lines(seen, terms), lines, (), waits=False).holds
        assert all(
            len({line.source_line for line in one.lines}) == len(one.lines) for one in documents
        )
    assert books.posted[-1].kind == DocumentKind.WRO_MARK


boxes = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([None, "L1", "L2"]), st.integers(0, 30)),
    max_size=8,
)


@given(boxes, st.lists(st.integers(0, 60), min_size=3, max_size=3), st.sets(st.integers(1, 3)))
def test_lots_never_hold_more_than_wro_or_boxes_say_and_only_of_items_kept_by_lot(
    inside: list[tuple[int, str | None, int]], stowed: list[int], lot_tracked: set[int]
) -> None:
    whole = [
        StowedLine(inventory_id=number, sku=str(number), expected=0, stowed=units)
        for number, units in enumerate(stowed, 1)
    ]
    box = Box(
        box_id=1,
        box_items=tuple(
            BoxItem(inventory_id=number, quantity=units, stowed_quantity=units, lot_number=lot)
            for number, lot, units in inside
        ),
    )
    split = by_lot(whole, [box], lot_tracked)
    in_box: dict[tuple[int, str | None], int] = defaultdict(int)
    for number, lot, units in inside:
        in_box[number, lot] += units

    assert len({name_of(line) for line in split}) == len(split)
    for line in whole:
        parts = [one for one in split if one.inventory_id == line.inventory_id]
        assert sum(one.stowed for one in parts) == line.stowed
        assert all(one.stowed >= 0 for one in parts)
        assert line.inventory_id in lot_tracked or [one.lot for one in parts] == [None]
        assert all(one.stowed <= in_box[one.inventory_id, one.lot] for one in parts if one.lot)


def test_a_wro_is_not_marked_while_a_line_is_unexplained() -> None:
    seen = in_rows([(("TEE", None), 5, None)])
    stray = JournalLine(
        source="wro 90311",
        source_line="lost at the dock",
        fact_date=date(2026, 11, 20),
        posting_date=date(2026, 11, 20),
        quantity=-1,
    )
    posted = Posted(
        system="netsuite",
        kind=DocumentKind.INVENTORY_ADJUSTMENT,
        external_id="mlc-ia-90311-1",
        remote_id="1",
        lines=(stray,),
    )
    decided = plan(seen, (posted,), settings())

    assert [one.kind for one in decided.documents] == [DocumentKind.INVENTORY_ADJUSTMENT]
    assert "not marked" in decided.note


@given(histories, orders, st.sampled_from(OVER_RECEIPT))
def test_nothing_is_received_on_a_line_of_another_location(
    history: list[dict[str, int]], ordered: list[Ordered], policy: str
) -> None:
    books, terms = Books(ordered), settings(over_receipt=policy)
    stowed: dict[str, int] = defaultdict(int)
    for increase in history:
        for sku, units in increase.items():
            stowed[sku] += units
        converge(stowed, books, terms, numbered=True)

    places = {line: location for line, (_, _, location) in enumerate(ordered, 1)}
    assert {places[line] for line, units in books.received.items() if units} <= {HERE, None}


hands = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 20), st.sampled_from([2, 20])),
    min_size=1,
    max_size=3,
)
"""Receipts that people make: of which line, how many units, on which day of November."""

some_orders = orders.filter(bool)


@given(histories, some_orders, hands, st.sampled_from(OVER_RECEIPT))
def test_what_people_received_here_since_the_announcement_is_never_booked_again(
    history: list[dict[str, int]],
    ordered: list[Ordered],
    receipts: list[tuple[int, int, int]],
    policy: str,
) -> None:
    books, terms = Books(ordered), settings(over_receipt=policy)
    theirs: set[str] = set()
    for line, units, day in receipts:
        at = line % len(ordered)
        sku, _, location = ordered[at]
        books.receive(at + 1, units, None, day)
        if location != "9" and day > 12:
            theirs.add(sku)
    stowed: dict[str, int] = defaultdict(int)
    for increase in history:
        for sku, units in increase.items():
            stowed[sku] += units
        converge(stowed, books, terms, numbered=True)

    assert not theirs & {sku for sku, units in books.booked().items() if units}


@given(histories, some_orders, hands)
def test_what_people_received_elsewhere_or_before_stops_nothing_that_has_room(
    history: list[dict[str, int]],
    ordered: list[Ordered],
    receipts: list[tuple[int, int, int]],
) -> None:
    books, terms = Books([*ordered, ("TEE", 1000, HERE)]), settings(over_receipt="park")
    for line, units, day in receipts:
        at = line % len(ordered)
        if day < 12 or ordered[at][2] == "9":
            books.receive(at + 1, units, None, day)
    tees = 0
    for increase in history:
        tees += increase.get("TEE", 0)
        converge({"TEE": tees}, books, terms, numbered=True)

    assert books.booked().get("TEE", 0) == tees


CENTERS = {10: "7", 228: "6"}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(CENTERS)), st.integers(0, 30)), min_size=1),
    st.booleans(),
)
def test_units_are_booked_once_where_they_were_stowed_and_only_a_hub_moves_them_on(
    stowing: list[tuple[int, int]],
    sent_on: bool,  # noqa: FBT001 - drawn
) -> None:
    books, terms = Books([]), settings()
    stowed = 0
    expected: dict[str | None, int] = defaultdict(int)
    for place, (center, units) in enumerate((*stowing, (stowing[-1][0], 0))):
        stowed += units
        expected[CENTERS[center]] += units
        ended = place == len(stowing)
        seen = msgspec.structs.replace(
            facts({"TEE": stowed}, books, numbered=False),
            fulfillment_center_id=center,
            status="Completed" if ended else "Processing",
            sent_on=sent_on,
        )
        for document in plan(seen, books.posted, terms).documents:
            books.post(document)
        if ended and sent_on:
            expected = defaultdict(int, {CENTERS[center]: stowed})
        lines = [line for one in books.posted for line in one.lines]
        booked: dict[str | None, int] = defaultdict(int)
        for line in lines:
            booked[line.location] += line.quantity or 0

        assert {at: some for at, some in booked.items() if some} == {
            at: some for at, some in expected.items() if some
        }
        assert of_subject(source_lines(seen, terms), lines, (), waits=False).holds
        assert plan(seen, books.posted, terms).documents == ()
