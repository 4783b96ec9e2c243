"""A WRO is made once: what was looked up for many serves for a while, and never for a retry."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.test_parcel_calls import Wire, shipbob
from ml_connector.engine.settle.shipbob_target import ShipBobTarget
from ml_connector.errors import AlreadyExists, NeedsHuman
from ml_connector.ledger.postings.documents import CreateWro, Document
from ml_connector.reads.free_numbers import FREE_FOR_SECONDS, FreeNumbers
from ml_connector.reads.order_wros import OrderWroReads
from ml_connector.transport.call import Call, Priority, working_at
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import DocumentKind


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Receiving:
    """ShipBob's WROs, by number and status; the filter is looser than ours."""

    def __init__(self, **statuses: str) -> None:
        self.wros = [wro(*one, wro_id) for wro_id, one in enumerate(statuses.items(), start=1)]
        self.wire = Wire(self)
        self.clock = Clock()
        self.free = FreeNumbers(clock=self.clock)
        self.orders = OrderWroReads(shipbob(self.wire), free=self.free)
        self.turns = 0
        self.elsewhere: set[str] = set()
        self.of_others: set[str] = set()
        self.target = ShipBobTarget(
            shipbob(self.wire),
            free_numbers=self.free,
            take_turn=self._take_turn,
            written_elsewhere=self._elsewhere,
            made_for_others=self._made_for_others,
        )

    def __call__(self, call: Call) -> tuple[int, Any]:
        if call.method == "POST":
            return 201, wro("PO1", "Awaiting")
        asked = parse_qs(urlsplit(call.url).query)["PurchaseOrderNumbers"][0].split(",")
        return 200, [one for one in self.wros if one["purchase_order_number"].upper() in asked]

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.wire.calls]

    async def make(self, number: str, *, first: bool = True) -> None:
        document = create(number)
        turns = await self.target.take_turns(document)
        with turns.in_use():
            await self.target.write(document, send_by=1e9, first=first)

    async def _take_turn(self, turns: Turns) -> None:
        self.turns += 1
        turns.add("")

    async def _elsewhere(self, number: str, external_id: str) -> bool:
        assert external_id == f"mlc-wro-{number}"
        return number in self.elsewhere

    async def _made_for_others(self, wro_ids: Sequence[str], external_id: str) -> set[str]:
        assert external_id.startswith("mlc-wro-")
        return self.of_others & set(wro_ids)


def wro(number: str, status: str, wro_id: int = 7) -> Mapping[str, Any]:
    return {
        "id": wro_id,
        "status": status,
        "purchase_order_number": number,
        "fulfillment_center": {"id": 228, "name": "Moreno Valley"},
        "inventory_quantities": [],
    }


def create(number: str) -> Document:
    body = {
        "purchase_order_number": number,
        "fulfillment_center": {"id": 228},
        "package_type": "Package",
        "box_packaging_type": "EverythingInOneBox",
        "expected_arrival_date": "2026-12-01T00:00:00Z",
        "boxes": [{"tracking_number": number, "box_items": [{"inventory_id": 1, "quantity": 2}]}],
    }
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO,
        external_id=f"mlc-wro-{number}",
        title="a WRO",
        request=CreateWro(number=number, body=body),
    )


async def test_the_numbers_of_forty_orders_are_looked_up_in_one_call() -> None:
    shop = Receiving(PO1="Completed", PO2="Cancelled")
    found = await asyncio.gather(*(shop.orders.of_order(f"PO{one}") for one in range(40)))

    assert [len(one) for one in found] == [0, 1, 1, *[0] * 37]
    assert shop.methods == ["GET"]


async def test_an_order_that_was_looked_up_is_announced_with_one_call_more() -> None:
    shop = Receiving()
    await shop.orders.of_order("PO1")
    await shop.make("PO1")

    assert (shop.methods, shop.turns) == (["GET", "POST"], 1)


async def test_a_retry_looks_up_alone() -> None:
    shop = Receiving()
    await shop.orders.of_order("PO1")
    await shop.make("PO1", first=False)

    assert shop.methods == ["GET", "GET", "POST"]


async def test_a_look_up_serves_for_a_minute_from_its_beginning() -> None:
    shop = Receiving()
    await shop.orders.of_order("PO1")
    shop.clock.now += FREE_FOR_SECONDS + 0.1
    await shop.make("PO1")

    assert (shop.methods, shop.turns) == (["GET", "GET", "POST"], 2)


async def test_a_number_that_was_written_is_looked_up_again_and_again() -> None:
    shop = Receiving()
    await shop.orders.of_order("PO1")
    await shop.make("PO1")
    await shop.orders.of_order("PO1")  # it may have been asked before the create ended
    await shop.make("PO1")

    assert shop.methods == ["GET", "POST", "GET", "GET", "POST"]


async def test_a_number_written_by_another_process_is_looked_up() -> None:
    shop = Receiving()
    shop.elsewhere.add("PO1")
    await shop.orders.of_order("PO1")
    await shop.make("PO1")

    assert shop.methods == ["GET", "GET", "POST"]


@pytest.mark.parametrize("status", ["Completed", "Awaiting", "Processing", "Incomplete"])
async def test_a_wro_of_any_status_but_cancelled_counts(status: str) -> None:
    shop = Receiving(PO1=status)
    await shop.orders.of_order("PO1")
    with pytest.raises(AlreadyExists):
        await shop.make("PO1")

    assert "POST" not in shop.methods


async def test_a_cancelled_wro_and_one_of_another_spelling_do_not_count() -> None:
    shop = Receiving(PO1="Cancelled", po1="Awaiting")
    await shop.orders.of_order("PO1")
    await shop.make("PO1")

    assert shop.methods == ["GET", "POST"]


async def test_a_number_that_can_t_be_searched_for_harms_nobody_else() -> None:
    shop = Receiving()
    harmed, found = await asyncio.gather(
        shop.orders.of_order("PO,1"), shop.orders.of_order("PO2"), return_exceptions=True
    )

    assert isinstance(harmed, NeedsHuman)
    assert found == ()


async def test_the_channel_is_asked_for_once_however_many_need_it() -> None:
    answer = {
        "items": [{"id": 4, "name": "SMA", "application_name": "SMA", "scopes": ["a_write"]}]
    }
    wire = Wire(lambda _: (200, answer))
    client = shipbob(wire, channel_id=None)
    found = await asyncio.gather(*(client.channel_id() for _ in range(20)))

    assert (set(found), len(wire.calls)) == ({4}, 1)


async def test_urgent_reads_share_no_call_with_those_of_a_push() -> None:
    shop = Receiving()

    async def pushed() -> None:
        with working_at(Priority.PUSH):
            await shop.orders.of_order("PO1")

    await asyncio.gather(pushed(), shop.orders.of_order("PO2"))

    assert shop.methods == ["GET", "GET"]


async def test_a_wro_that_we_made_for_another_order_is_not_adopted() -> None:
    shop = Receiving(PO1="Awaiting")
    found = await shop.target.find(create("PO1"))
    shop.of_others = {"1"}
    await shop.make("PO1")

    assert found is not None
    assert found.remote_id == "1"
    assert await shop.target.find(create("PO1")) is None
    assert shop.methods.count("POST") == 1
