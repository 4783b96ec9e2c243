"""Stops that a setting, a closed month or an odd answer makes, each with what a person decides.

They are told beside those of ``stops``: nobody cures them but by a decision.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from acceptance.closing import TODAY
from acceptance.in_process import sync
from acceptance.stops import Stop, Story, World, parcel, wro_of
from acceptance.test_bills_after_posting import Office
from acceptance.test_kits import Packing
from acceptance.test_poison_rows import poison
from ml_connector.sim.shipbob.books.receiving import Wro

MONTH_BEFORE: Final = TODAY.replace(day=1) - timedelta(days=1)

UNMAPPED_CENTER: Final = 20
ITS_LOCATION: Final = 8
UNMAPPED_FEE: Final = "Kitting Fee"


def location_unmapped(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    world.netsuite.add_location("ShipBob 20", internal_id=ITS_LOCATION, subsidiary=1)
    world.shipbob.add_fulfillment_center(UNMAPPED_CENTER, "Center 20")
    world.netsuite.add_purchase_order(
        "PO-ELSEWHERE",
        vendor=301,
        location=ITS_LOCATION,
        lines=[{"item": sku, "quantity": 5, "rate": "4.20", "location": ITS_LOCATION}],
    )
    yield wro_of(world.acme.deliver({sku: 5}, number="PO-ELSEWHERE", center=UNMAPPED_CENTER))


def account_unmapped(world: World) -> Iterator[Stop]:
    world.shipbob.charge(UNMAPPED_FEE, Decimal("3.20"))
    [invoice] = world.shipbob.invoice()
    yield Stop("billing", str(invoice.id))


def invoice_does_not_tie(world: World) -> Iterator[Stop]:
    world.shipbob.charge("Shipping", Decimal("8.00"))
    [invoice] = world.shipbob.invoice()
    sync(world.acme, "billing", [str(invoice.id)])
    late = world.shipbob.charge("Shipping", Decimal("1.00"))
    with world.shipbob.books.lock:
        world.shipbob.books.billing.put_on(late, invoice)
    yield Stop("billing", str(invoice.id))


def currency_differs(world: World) -> Iterator[Stop]:
    invoice = Office(world.acme).invoice("10.00", currency="EUR")
    yield Stop("billing", str(invoice.id))


def period_closed(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro: Wro = world.acme.deliver({sku: 5}, number=world.acme.order({sku: 5}))
    ago = timedelta(days=(TODAY - MONTH_BEFORE).days)
    wro.history = [(status, at - ago) for status, at in wro.history]
    world.netsuite.close_period(f"{MONTH_BEFORE:%Y-%m}")
    yield wro_of(wro)


def kit_unclear(world: World) -> Iterator[Stop]:
    packing = Packing(world.acme)
    kit, parts = packing.bundle(kind="Kit", coffee=1, mug=1)
    order = packing.retail.sell({kit: 1})
    [shipment] = order.shipments
    coffee = world.shipbob.books.products.find(parts[0]).inventory_id
    with world.shipbob.books.lock:
        world.shipbob.books.fulfilment.repick(shipment, {coffee: 1})
    yield parcel(world.shipped(order))


def event_unreadable(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro = world.acme.announce({sku: 5}, number=world.acme.order({sku: 5}))
    poison(world.acme, "receiving", wro.id)
    yield wro_of(wro)


FURTHER: Final[tuple[Story, ...]] = (
    location_unmapped,
    account_unmapped,
    invoice_does_not_tie,
    currency_differs,
    period_closed,
    kit_unclear,
    event_unreadable,
)
