"""Things and losses that can't be read are named by the fee audit, and never claimed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.errors import Unreadable
from ml_connector.fee_audit.fees import audit
from ml_connector.fee_audit.gathering import gather
from ml_connector.ledger.sources.charges import Charge
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.inventory_history import ADJUSTED
from ml_connector.transport.call import Answer, Call

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 20)
CENTERS = [{"id": 228, "name": "Moreno Valley (CA)"}]


def charge(reference: str) -> Charge:
    return Charge(
        transaction_id=f"01J{reference}",
        charged_on=FIRST,
        amount=Decimal("6.13"),
        currency="USD",
        fee="Shipping",
        type="Charge",
        reference_type="WRO",
        reference_id=reference,
    )


def movement(number: int, inventory_id: int, change: object) -> dict[str, Any]:
    return {
        "inventory_audit_event_id": number,
        "inventory_id": inventory_id,
        "decrement": {"quantity_change": change, "sku": "TEE"},
        "event_datetime": "2026-11-05T10:00:00Z",
        "event_category": ADJUSTED,
    }


async def test_a_thing_that_cannot_be_read_is_named_and_not_claimed(
    connected: Connect, answer: MakeAnswer
) -> None:
    cancelled = {
        "id": 8,
        "status": "Cancelled",
        "fulfillment_center": CENTERS[0],
        "inventory_quantities": [],
    }
    odd = {"id": 7, "status": {"odd": True}}
    client, _ = connected(
        answer([odd, cancelled], 200, total_pages="1"),
        answer(odd),
        answer(CENTERS),
        answer({"items": [], "next": None}),
    )
    charges = [charge("7"), charge("8")]
    evidence = await gather(client, charges, first=FIRST, last=LAST)
    found = audit(charges, evidence, first=FIRST, last=LAST)

    assert [one.reference for one in found.findings] == ["WRO 8"]
    assert len(found.unread) == 1
    assert "`$.status`" in found.unread[0]


async def test_units_of_an_item_whose_history_cannot_be_read_are_not_claimed(
    connected: Connect, answer: MakeAnswer
) -> None:
    rows = [movement(1, 5, 2), movement(2, 5, {"odd": True}), movement(3, 6, 1)]
    client, _ = connected(answer(CENTERS), answer({"items": rows, "next": None}))
    evidence = await gather(client, [], first=FIRST, last=LAST)

    assert [(one.inventory_id, one.units) for one in evidence.losses] == [(6, 1)]
    assert len(evidence.unread) == 1


@pytest.mark.parametrize("in_use", [[228], [228, 30]])
async def test_a_center_of_which_only_the_id_can_be_read_is_listed_all_the_same(
    connected: Connect, answer: MakeAnswer, in_use: list[int]
) -> None:
    listed = [*CENTERS, {"id": 30, "name": {"odd": True}}]
    client, _ = connected(answer(listed))
    reads = Reads(client, None, centers_in_use=in_use)  # type: ignore[arg-type]  # not asked

    assert [one.id for one in await reads.centers()] == [228, 30]


async def test_a_row_without_an_id_stops_those_who_miss_a_center(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer([*CENTERS, {"id": {"odd": True}}]))
    whole = Reads(client, None, centers_in_use=[228])  # type: ignore[arg-type]  # not asked

    assert [one.id for one in await whole.centers()] == [228]
    client, _ = connected(answer([*CENTERS, {"id": {"odd": True}}]))
    lacking = Reads(client, None, centers_in_use=[30])  # type: ignore[arg-type]  # not asked
    with pytest.raises(Unreadable, match=r"`\$\.id`"):
        await lacking.centers()
