from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ml_connector.app.views.flow_pages import flow_figures, flow_subjects
from ml_connector.app.views.invoices import invoice, invoice_list, not_invoiced
from ml_connector.app.views.subject_rows import NOTHING_KNOWN, subject_facts
from ml_connector.storage.database import Database
from views.shop import NOW, Shop, line

WRO = {
    "wro_id": 90311,
    "status": "Completed",
    "purchase_order_number": "PO4711",
    "fulfillment_center_id": 228,
    "fulfillment_center_name": "Moreno Valley",
    "stowed_at": "2026-11-17T10:00:00Z",
    "lines": [{"inventory_id": 1, "sku": "HM-0042", "expected": 24, "stowed": 36}],
    "items": {},
    "orders": [],
    "periods": [],
    "synced": True,
}

ORDER = {
    "order_id": "4711",
    "number": "PO4711",
    "status": "D",
    "lines": [
        {
            "line": 1,
            "item_name": "HM-0042",
            "item_type": "InvtPart",
            "open_quantity": 24,
            "received": 12,
        }
    ],
    "variants": {},
    "wros": [
        {
            "id": 90311,
            "number": "PO4711",
            "status": "Processing",
            "fulfillment_center_id": 228,
            "expected": {"1": 36},
            "stowed": {"1": 14},
            "booked": {"1": 12},
        }
    ],
    "centers": [228],
    "read_at": "2026-11-17T10:00:00Z",
}

PARCEL = {
    "order_id": 1,
    "shipment_id": 5512,
    "order_number": "#1001",
    "shipments": [
        {
            "id": 5512,
            "status": "Completed",
            "details": {"201": "Delivered"},
            "shipped_at": "2026-11-16T10:00:00Z",
            "delivered_at": "2026-11-17T10:00:00Z",
            "center_id": 228,
            "center_name": "Moreno Valley",
            "products": [
                {
                    "key": "product 1",
                    "sku": "TEE",
                    "units": [{"inventory_id": 1, "quantity": 2, "sku": "TEE"}],
                }
            ],
            "parcels": [{"number": "1Z999", "carrier": "UPS", "url": "https://ups.example/1Z999"}],
        },
        {"id": 5513, "status": "Processing"},
    ],
}


async def test_a_page_of_a_flow_goes_on_where_it_ended(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    for number in range(5):
        await shop.subject("receiving", str(90310 + number), facts=WRO)
    await shop.subject("returns", "88")

    async with database.transaction() as on:
        first = await flow_subjects(on, "acme", "receiving", limit=3)
        assert first.after is not None
        rest = await flow_subjects(on, "acme", "receiving", limit=3, after=int(first.after))
        other = await flow_subjects(on, "other", "receiving", limit=3)

    assert [row.key for row in first.rows] == ["90314", "90313", "90312"]
    assert [row.key for row in rest.rows] == ["90311", "90310"]
    assert rest.after is None
    assert other.rows == ()


async def test_a_row_shows_facts_documents_and_units_booked(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    subject = await shop.subject("receiving", "90311", facts=WRO)
    await shop.document(subject, "itemReceipt", "mlc-ir-90311-1", "5002", [line("HM-0042", 24)])
    await shop.document(subject, "inventoryAdjustment", "mlc-ia-1", "5003", [line("HM-0042", 12)])

    async with database.transaction() as on:
        [row] = (await flow_subjects(on, "acme", "receiving", limit=3)).rows

    assert row.facts.number == "PO4711"
    assert (row.facts.expected, row.facts.done, row.booked) == (24, 36, 36)
    assert [one.number for one in row.documents] == ["5002", "5003"]


async def test_a_flow_is_filtered_by_how_its_subjects_stand(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    for state in ("done", "parked", "dead", "retrying", "working"):
        await shop.subject("receiving", state, state=state)

    async with database.transaction() as on:
        figures = await flow_figures(on, "acme", "receiving")
        stopped = await flow_subjects(on, "acme", "receiving", limit=9, standing="stopped")
        under_way = await flow_subjects(on, "acme", "receiving", limit=9, standing="open")
        one = await flow_subjects(on, "acme", "receiving", limit=9, key="parked")

    assert (figures.open.count, figures.trying_again.count) == (1, 1)
    assert (figures.waiting.count, figures.stopped.count) == (1, 1)
    assert [row.key for row in stopped.rows] == ["dead"]
    assert [row.key for row in under_way.rows] == ["working", "retrying"]
    assert [row.key for row in one.rows] == ["parked"]


def test_a_purchase_order_shows_its_wros_and_what_is_received() -> None:
    found = subject_facts("purchase-orders", ORDER)
    [wro] = found.wros

    assert (found.number, found.status) == ("PO4711", "Partially received")
    assert (found.expected, found.done) == (36, 12)
    assert (wro.expected, wro.stowed, wro.booked) == (36, 14, 12)


def ordered(*lines: tuple[int, int, int]) -> dict[str, Any]:
    """Facts of PO4711 that was seen with lines: number, ordered, received."""
    return {
        **ORDER,
        "status": "B",
        "wros": [],
        "lines": [
            {
                "line": number,
                "item_name": f"SKU-{number}",
                "item_type": "InvtPart",
                "open_quantity": units - received,
                "received": received,
            }
            for number, units, received in lines
        ],
    }


def receipt(*lines: tuple[int, int]) -> dict[str, Any]:
    """Return the request of a receipt from PO4711 of these lines: number, units."""
    return {
        "from_id": "4711",
        "body": {
            "item": {
                "items": [
                    {"orderLine": number, "itemReceive": units > 0, "quantity": units}
                    for number, units in lines
                ]
            }
        },
    }


def seen_by_receiving(stowed: int, *lines: tuple[int, int]) -> dict[str, Any]:
    """Facts of a WRO of PO4711, which was seen with lines: number, received."""
    seen = [
        {"line": number, "item_id": "1", "open_quantity": 0, "received": str(units)}
        for number, units in lines
    ]
    return {
        **WRO,
        "lines": [{"inventory_id": 1, "sku": "SKU-1", "expected": 160, "stowed": stowed}],
        "orders": [{"id": "4711", "number": "PO4711", "status": "B", "lines": seen}],
    }


async def test_an_order_shows_what_was_received_since_its_own_run(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    order = await shop.subject(
        "purchase-orders", "4711", facts=ordered((1, 100, 0), (2, 60, 0)), at=NOW
    )
    await shop.document(order, "wro", "mlc-wro-4711-1", "90311", flow="purchase-orders")
    at = NOW + timedelta(minutes=5)
    facts = {**seen_by_receiving(150), "orders": []}
    began = NOW - timedelta(minutes=1)  # the run that posts was under way when the order was read
    wro = await shop.subject("receiving", "90311", facts=facts, at=began)
    first, second = receipt((1, 100), (2, 0)), receipt((2, 50))
    await shop.document(wro, "itemReceipt", "mlc-ir-90311-1", "5002", at=at, request=first)
    await shop.document(wro, "itemReceipt", "mlc-ir-90311-2", "5003", at=at, request=second)
    other = receipt((1, 7)) | {"from_id": "4712"}
    await shop.document(wro, "itemReceipt", "mlc-ir-90311-3", "5004", at=at, request=other)

    async with database.transaction() as on:
        [row] = (await flow_subjects(on, "acme", "purchase-orders", limit=3)).rows

    assert (row.facts.expected, row.facts.done, row.facts.received_at) == (160, 150, at)
    assert [(one.line, one.received) for one in row.facts.lines] == [(1, 100), (2, 50)]
    [shown] = row.facts.wros
    assert (shown.id, shown.stowed, shown.booked) == (90311, 150, 150)


async def test_a_receipt_that_the_order_saw_is_not_counted_twice(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    facts = ordered((1, 36, 17)) | {"wros": ORDER["wros"]}  # 12 of ours, and 5 of others
    await shop.subject("purchase-orders", "4711", facts=facts, at=NOW)
    wro = await shop.subject("receiving", "90311", facts=WRO)
    settled = NOW + timedelta(seconds=1)  # a moment after the order was read
    await shop.document(
        wro, "itemReceipt", "mlc-ir-90311-1", "5002", at=settled, request=receipt((1, 12))
    )

    async with database.transaction() as on:
        [row] = (await flow_subjects(on, "acme", "purchase-orders", limit=3)).rows

    assert row.facts.done == 17
    assert [one.booked for one in row.facts.wros] == [12]


async def test_what_others_received_is_known_once_receiving_saw_it(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    await shop.subject("purchase-orders", "4711", facts=ordered((1, 160, 0)), at=NOW)
    at = NOW + timedelta(hours=1)
    wro = await shop.subject("receiving", "90311", facts=seen_by_receiving(100, (1, 40)), at=at)
    await shop.document(
        wro, "itemReceipt", "mlc-ir-90311-1", "5002", at=at, request=receipt((1, 100))
    )
    async with database.transaction() as on:
        await on.execute(
            "insert into subject_number values ('acme', 'po4711', 'order', %s)", (wro,)
        )

    async with database.transaction() as on:
        [row] = (await flow_subjects(on, "acme", "purchase-orders", limit=3)).rows

    assert row.facts.done == 140


def test_a_shipment_shows_its_own_parcels_and_the_carriers_word() -> None:
    found = subject_facts("tracking", PARCEL)

    assert found.number == "#1001"
    assert [one.number for one in found.parcels] == ["1Z999"]
    assert found.details == ("Delivered",)
    assert found.delivered_at == datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert (found.done, found.skus) == (2, ("TEE",))


def test_facts_that_cant_be_read_show_nothing() -> None:
    assert subject_facts("receiving", {"wro_id": "none"}) == NOTHING_KNOWN
    assert subject_facts("receiving", None) == NOTHING_KNOWN
    assert subject_facts("nothing", {}) == NOTHING_KNOWN


async def test_an_invoice_says_until_when_it_can_be_claimed(database: Database) -> None:
    shop = Shop(database)
    await shop.open()
    for number in (71823, 71824, 71825):
        await shop.invoice(number, "2.50")
    subject = await shop.subject("billing", "71823")
    await shop.document(subject, "vendorBill", "mlc-vb-71823", "6617", flow="billing")

    async with database.transaction() as on:
        first = await invoice_list(on, "acme", limit=2)
        story = await invoice(on, "acme", 71823)
        missing = await invoice(on, "acme", 1)
        open_charges = await not_invoiced(on, "acme")

    assert [row.id for row in first.rows] == [71825, 71824]
    assert first.after == "71824"
    assert story is not None
    assert story.invoice.claim_by == date(2027, 2, 8)  # 90 days after 10 November
    assert story.invoice.state == "done"
    assert [one.number for one in story.invoice.documents] == ["6617"]
    assert [(one.fee, one.charges, one.amount) for one in story.fees] == [
        ("Per Pick Fee", 2, Decimal("2.50"))
    ]
    assert missing is None
    assert open_charges == ()
