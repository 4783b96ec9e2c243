"""A line's number is proved on the order's own record, by item, quantity and location."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.line_proofs import OrderKey, ProvedLines
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries.purchase_orders import OrderLine
from ml_connector.netsuite.records.order_lines import OrderRecord, order_record
from ml_connector.reads.order_lines import OrderLineReads
from ml_connector.reads.reads import Reads
from ml_connector.rules.line_numbers.compare import PROVED, compare
from ml_connector.rules.line_numbers.proof import prove_lines
from ml_connector.rules.line_numbers.wake import proved_orders
from ml_connector.words import Cause

Content = tuple[str, int, str | None]
"""Item, quantity and location of a line."""


def queried(
    number: int, content: Content, *, unit: str | None = None, kept_in: str | None = None
) -> OrderLine:
    item, quantity, location = content
    return OrderLine(
        transaction="4711",
        line=number,
        item=item,
        itemid=item,
        itemtype="InvtPart",
        quantity=Decimal(quantity),
        location=location,
        units=unit,
        stockunit=kept_in,
    )


def shown(number: int, content: Content, **more: Any) -> dict[str, Any]:
    item, quantity, location = content
    place = {"location": {"id": location}} if location else {}
    return {"line": number, "item": {"id": item}, "quantity": quantity, **place, **more}


def record(*lines: dict[str, Any], location: str | None = None) -> OrderRecord:
    head = {"location": {"id": location}} if location else {}
    return order_record({**head, "item": {"items": list(lines)}}, "order")


TEE, CAP = ("501", 10, "6"), ("502", 10, "6")


@pytest.mark.parametrize(
    ("lines", "own"),
    [
        ([queried(1, TEE)], record(shown(1, TEE))),
        ([queried(1, TEE), queried(9, CAP)], record(shown(9, CAP), shown(1, TEE))),
        ([queried(1, ("501", -10, "6"))], record(shown(1, TEE))),
        ([queried(1, ("501", 10, None))], record(shown(1, ("501", 10, None)))),
        ([queried(1, ("501", 10, None))], record(shown(1, ("501", 10, None)), location="6")),
        ([queried(1, TEE)], record(shown(1, ("501", 10, None)), location="6")),
        (
            [queried(1, ("501", 120, "6"), unit="12")],
            record(shown(1, ("501", 10, "6"), units="12")),
        ),
        (
            [queried(1, ("501", 120, "6"), unit="99", kept_in="1")],
            record(shown(1, ("501", 10, "6"), units="99")),
        ),
        ([queried(1, ("501", 120, "6"), unit="12")], record(shown(1, ("501", 10, "6")))),
        ([queried(1, TEE, unit="12")], record(shown(1, TEE, units={"id": "12"}))),
        ([queried(1, TEE)], record(shown(1, TEE, units={"id": "1"}))),
        ([queried(1, TEE)], record(shown(1, TEE, units={"id": "99"}))),
        ([queried(1, ("-2", 0, None))], record({"line": 1, "item": {"id": "-2"}})),
    ],
    ids=[
        "the same",
        "gaps and another order",
        "sold",
        "no location",
        "no location but the header's",
        "the header's location",
        "cases",
        "a unit whose rate is not known",
        "cases by the query's unit",
        "queries that count in cases",
        "eaches by the record only",
        "the same number in a unit that nobody knows",
        "without a quantity",
    ],
)
def test_lines_that_agree_are_proved(lines: Sequence[OrderLine], own: OrderRecord) -> None:
    assert compare(lines, (), own, {"12": Decimal(12), "1": Decimal(1)}) == PROVED


@pytest.mark.parametrize(
    ("lines", "own", "said"),
    [
        ([queried(1, TEE)], record(shown(2, TEE)), "no line 1 (it has: 2)"),
        ([queried(1, TEE)], record(), "no line 1 (it has: none)"),
        ([queried(1, TEE)], record({"item": {"id": "501"}}), "no line 1"),
        ([queried(1, TEE)], record(shown(1, CAP)), "item 501 in queries, of item 502"),
        ([queried(1, TEE)], record(shown(1, ("501", 12, "6"))), "orders 10 in queries, 12"),
        ([queried(1, TEE)], record(shown(1, ("501", 10, "7"))), "location 6 in queries, at 7"),
        ([queried(1, TEE)], record(shown(1, ("501", 10, None))), "location 6 in queries, at none"),
        (
            [queried(1, ("501", 10, None))],
            record(shown(1, TEE)),
            "location none in queries, at 6",
        ),
        (
            [queried(1, ("501", 100, "6"))],
            record(shown(1, ("501", 10, "6"), units="12")),
            "orders 100 in queries, 10",
        ),
        (
            [queried(1, ("501", 120, "6"))],
            record(shown(1, ("501", 10, "6"), units="12")),
            "ordered in unit 12, and queries show no unit",
        ),
        (
            [queried(1, ("501", 120, "6"))],
            record(shown(1, ("501", 10, "6"), units="99")),
            "ordered in unit 99, and queries show no unit",
        ),
        (
            [queried(1, TEE)],
            record(shown(1, TEE, units="12")),
            "ordered in unit 12, and queries show no unit",
        ),
        (
            [queried(1, ("501", 120, "6"), unit="99")],
            record(shown(1, ("501", 10, "6"), units="99")),
            "ordered in unit 99, and queries show not what that holds",
        ),
        ([queried(1, TEE)], record(shown(1, TEE), shown(1, CAP)), "2 lines of number 1"),
    ],
    ids=[
        "shifted and alone",
        "no lines",
        "no number",
        "item",
        "quantity",
        "location",
        "no location there",
        "no location here",
        "units",
        "cases that queries don't tell of",
        "a unit that nobody knows, nor queries",
        "cases in queries that don't say so",
        "a unit of which nothing is told",
        "twice",
    ],
)
def test_what_differs_is_said(lines: Sequence[OrderLine], own: OrderRecord, said: str) -> None:
    assert said in compare(lines, (), own, {"12": Decimal(12)}).problem


def test_two_lines_that_look_alike_are_not_proved_where_a_third_shows_the_shift() -> None:
    """By content alone, lines 2 and 3 would pass."""
    lines = [queried(1, CAP), queried(2, TEE), queried(3, TEE), queried(4, TEE)]
    own = record(shown(1, TEE), shown(2, TEE), shown(3, TEE), shown(4, CAP))

    assert "line 1 is of item 502" in compare(lines, (), own, {}).problem


def test_of_many_differences_some_are_named() -> None:
    lines = [queried(number, TEE) for number in range(1, 6)]

    assert compare(lines, (), record(), {}).problem.endswith("; and 2 more")


def test_an_open_line_that_queries_do_not_show_is_told() -> None:
    own = record(
        shown(1, TEE),
        shown(2, CAP, quantityReceived=4),
        shown(3, CAP, quantityReceived=10),
        shown(4, CAP, isClosed=True),
        shown(5, CAP, quantityFulfilled=10),
        shown(6, CAP),
    )
    [unseen] = compare([queried(1, TEE)], [6], own, {}).unseen

    assert (unseen.line, unseen.item_id, unseen.open_quantity) == (2, "502", Decimal(6))


contents = st.tuples(
    st.sampled_from(["501", "502"]), st.integers(1, 3), st.sampled_from(["6", "7"])
)


@given(st.dictionaries(st.integers(1, 9), contents, min_size=1), st.permutations(range(1, 11)))
def test_no_numbering_is_proved_under_which_a_line_is_another(
    lines: Mapping[int, Content], renumbered: Sequence[int]
) -> None:
    """Whatever numbers the record has: where it is proved, each means the same line's content."""
    numbers = {number: renumbered[number - 1] for number in lines}
    own = record(*(shown(numbers[number], content) for number, content in lines.items()))
    found = compare([queried(*line) for line in lines.items()], (), own, {})
    same = all(
        any(numbers[other] == number and lines[other] == content for other in lines)
        for number, content in lines.items()
    )

    assert (found == PROVED) is same


class Asked:
    """NetSuite's client and units, whose records are given; and proofs that are kept."""

    def __init__(self, lines: Mapping[str, Sequence[OrderLine]], *shifted: str) -> None:
        self.lines = lines
        self.shifted = set(shifted)
        self.reads: list[str] = []
        self.kept: dict[OrderKey, ProvedLines] = {}
        self.refusal: NeedsHuman | None = None

    # As NetSuite.

    async def get(self, _: str, *, record_id: str, shape: object) -> dict[str, Any] | None:
        del shape
        self.reads.append(record_id)
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        more = int(record_id in self.shifted)
        items = [
            shown(one.line + more, (one.item, int(one.quantity), one.location))
            for one in self.lines[record_id]
        ]
        return {"item": {"items": items}}

    # As LineProofs.

    async def of(self, order: OrderKey) -> ProvedLines:
        await asyncio.sleep(0)
        return self.kept.get(order, {})

    async def keep(self, order: OrderKey, lines: ProvedLines) -> None:
        await asyncio.sleep(0)
        self.kept[order] = lines


class OrderLines:
    """As ``reads.order_lines``, but for what queries say."""

    def __init__(self, asked: Asked) -> None:
        self._reads = OrderLineReads(cast("NetSuite", asked), asked)
        self._asked = asked
        self.proofs = asked
        self.trusts_queries = False

    def turn(self, order: OrderKey) -> AbstractAsyncContextManager[None]:
        return self._reads.turn(order)

    async def record(self, order: OrderKey) -> OrderRecord | None:
        return await self._reads.record(order)

    async def queried(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[OrderLine]]:
        return {one: self._asked.lines[one] for one in order_ids if one in self._asked.lines}


class GivenReads:
    def __init__(self, asked: Asked) -> None:
        self.order_lines = OrderLines(asked)
        self.units = self

    async def rates(self, _: object) -> dict[str, Decimal]:
        return {}


def reads(asked: Asked) -> Reads:
    return cast("Reads", GivenReads(asked))


async def test_an_order_is_read_once_however_many_ask() -> None:
    lines = [queried(1, TEE), queried(2, CAP)]
    asked = Asked({"4711": lines})
    shared = reads(asked)
    found = await asyncio.gather(
        *(prove_lines("purchaseOrder", "4711", lines, shared) for _ in range(10))
    )
    again = await prove_lines("purchaseOrder", "4711", lines, reads(asked))

    assert {*found, again} == {PROVED}
    assert asked.reads == ["4711"]
    assert asked.kept == {("purchaseOrder", "4711"): {1: "501", 2: "502"}}


@pytest.mark.parametrize("line", [queried(3, CAP), queried(1, CAP)], ids=["new", "other item"])
async def test_a_line_that_was_not_proved_is_proved(line: OrderLine) -> None:
    asked = Asked({"4711": [queried(1, TEE)]})
    await prove_lines("purchaseOrder", "4711", asked.lines["4711"], reads(asked))
    asked.lines = {"4711": [line]}
    found = await prove_lines("purchaseOrder", "4711", asked.lines["4711"], reads(asked))

    assert found == PROVED
    assert asked.reads == ["4711", "4711"]


async def test_a_line_less_than_was_proved_needs_no_further_proof() -> None:
    lines = [queried(1, TEE), queried(2, CAP)]
    asked = Asked({"4711": lines})
    await prove_lines("purchaseOrder", "4711", lines, reads(asked))
    await prove_lines("purchaseOrder", "4711", lines[:1], reads(asked))

    assert asked.reads == ["4711"]


async def test_what_is_not_proved_is_not_kept() -> None:
    asked = Asked({"4711": [queried(1, TEE)]}, "4711")
    found = await prove_lines("purchaseOrder", "4711", asked.lines["4711"], reads(asked))

    assert found.problem
    assert asked.kept == {}


@pytest.mark.parametrize(
    ("cause", "is_stated"), [(Cause.PERMISSION_MISSING, True), (Cause.CREDENTIALS_INVALID, False)]
)
async def test_a_record_that_is_hidden_is_no_proof(cause: Cause, *, is_stated: bool) -> None:
    asked = Asked({"4711": [queried(1, TEE)]})
    asked.refusal = NeedsHuman("May not be seen", cause=cause, remedy="")
    proving = prove_lines("purchaseOrder", "4711", asked.lines["4711"], reads(asked))

    if is_stated:
        assert (await proving).problem == "its record can't be read: May not be seen"
    else:
        with pytest.raises(NeedsHuman):
            await proving


async def test_an_order_without_lines_is_not_read() -> None:
    asked = Asked({"4711": []})

    assert await prove_lines("salesOrder", "4711", (), reads(asked)) == PROVED
    assert asked.reads == []


async def test_an_order_wakes_its_documents_when_it_can_be_proved() -> None:
    asked = Asked({"1": [queried(1, TEE)], "2": [queried(1, TEE)], "3": []}, "2")
    names = {"purchaseOrder:1", "salesOrder:2", "returnAuthorization:3:all"}
    before = await proved_orders(reads(asked), names)
    asked.shifted.clear()

    assert before == names - {"salesOrder:2"}
    assert await proved_orders(reads(asked), {"salesOrder:2"}) == {"salesOrder:2"}


async def test_of_many_orders_that_can_not_be_proved_only_some_are_looked_at() -> None:
    many = [str(number) for number in range(60)]
    asked = Asked({one: [queried(1, TEE)] for one in many}, *many)
    names = {f"purchaseOrder:{one}" for one in many}
    before, looks = await proved_orders(reads(asked), names), len(asked.reads)
    asked.shifted.clear()

    assert (before, looks) == (set(), 25)
    assert await proved_orders(reads(asked), names) == names
