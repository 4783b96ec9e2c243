"""A stop for each cause that both simulated systems can play, and its cure as the remedy says.

A story is a generator: it brings its subject to where it stops and yields flow, key and what
must be run for it; run on, it does what the remedy says in one of the systems, and nothing else.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.retail import Part
from acceptance.returning import Desk
from acceptance.test_goods_that_come_in import receive_by_hand
from acceptance.test_purchase_orders import order_id, wros_of
from acceptance.test_whose_fulfilment import Desk as Packing
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.words import Cause


class Stop(NamedTuple):
    """The subject that stops."""

    flow: str
    key: str


Story = Callable[["World"], Iterator[Stop]]


class World:
    """One merchant, and the desks where the stories begin."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.netsuite = acme.world.netsuite
        self.shipbob = acme.world.shipbob
        self.returns = Desk(acme)
        self.packing = Packing(acme)

    def edit(self, number: str, kind: str = "purchaseOrder", **body: Any) -> None:
        """Change the order of this number."""
        ids = [one["id"] for one in self.netsuite.documents(kind) if one["tranId"] == number]
        self.netsuite.edit(kind, int(ids[0]), body)

    def quantity(self, number: str, quantity: int, kind: str = "purchaseOrder") -> None:
        self.edit(number, kind, item={"items": [{"line": 1, "quantity": quantity}]})

    def item(self, item: int, **values: object) -> None:
        self.netsuite.company.books.update("_item", values, id=item)

    def sell(self, *parts: Part, entered: dict[str, int] | None = None) -> Order:
        """Sell these parts; where ``entered`` is given, NetSuite's order has those units."""
        order = self.packing.retail.sell(*parts, in_netsuite=entered is None)
        if entered is not None:
            self.enter(order, entered)
        return order

    def enter(self, order: Order, units: dict[str, int]) -> int:
        made: int = self.netsuite.add_sales_order(
            order.reference_id,
            customer=self.packing.retail.customer,
            location=6,
            lines=[
                {"item": sku, "quantity": count, "rate": "9", "location": 6}
                for sku, count in units.items()
            ],
        )
        return made

    def shipped(self, order: Order) -> Shipment:
        shipment: Shipment = order.shipments[0]
        self.packing.ship(shipment, f"1Z{shipment.id}")
        return shipment

    def posted(self, order: Order) -> int:
        """Return the one fulfilment of an order."""
        [made] = self.packing.retail.fulfillments(order)
        return int(made["id"])


def wro_of(found: Any) -> Stop:
    return Stop("receiving", str(found.id))


def parcel(shipment: Shipment) -> Stop:
    return Stop("tracking", str(shipment.id))


def comes_back(found: Any) -> Stop:
    return Stop("returns", str(found.id))


def sku_missing_in_netsuite(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("NEW", in_netsuite=False)
    item = world.netsuite.add_item(sku, cost="4.20")
    number = world.acme.order({sku: 5})
    world.item(item, itemid=f"{sku}-TYPO", fullname=f"{sku}-TYPO")
    yield wro_of(world.acme.deliver({sku: 5}, number=number))
    world.item(item, itemid=sku, fullname=sku)


def sku_ambiguous(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("TWICE")
    number = world.acme.order({sku: 5})
    second = world.netsuite.add_item(sku)
    yield wro_of(world.acme.deliver({sku: 5}, number=number))
    world.item(second, isinactive=True)


def sku_inactive(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("OFF", in_netsuite=False)
    item = world.netsuite.add_item(sku, cost="4.20")
    number = world.acme.order({sku: 5})
    world.item(item, isinactive=True)
    yield wro_of(world.acme.deliver({sku: 5}, number=number))
    world.item(item, isinactive=False)


def purchase_order_not_found(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    yield wro_of(world.acme.deliver({sku: 5}, number="PO-LATE"))
    world.acme.order({sku: 5}, number="PO-LATE")


def purchase_order_ambiguous(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    for _ in range(2):
        world.acme.order({sku: 5}, number="PO-TWICE")
    yield wro_of(world.acme.deliver({sku: 5}, number="PO-TWICE"))
    world.edit("PO-TWICE", tranId="PO-ONCE")


def transfer_order(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    world.netsuite.add_transfer_order(
        "TO-STOPS",
        source=7,
        target=6,
        subsidiary={"id": 1},
        lines=[{"item": sku, "quantity": 5}],
    )
    wro = world.acme.deliver({sku: 5}, number="TO-STOPS")
    yield wro_of(wro)
    wro.purchase_order_number = world.acme.order({sku: 5})


def purchase_order_closed(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    number = world.acme.order({sku: 5})
    world.edit(number, orderStatus={"id": "A"})
    yield wro_of(world.acme.deliver({sku: 5}, number=number))
    world.edit(number, orderStatus={"id": "B"})


def over_receipt(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    number = world.acme.order({sku: 5})
    yield wro_of(world.acme.deliver({sku: 8}, number=number))
    world.quantity(number, 8)


def received_by_others(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    number = world.acme.order({sku: 5})
    wro = world.acme.deliver({sku: 5}, number=number)
    receive_by_hand(world.acme, number, 1, 5)
    theirs = world.netsuite.documents("itemReceipt")[-1]
    yield wro_of(wro)
    world.netsuite.delete("itemReceipt", int(theirs["id"]))


def item_without_stock(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("SERVICE", in_netsuite=False)
    item = world.netsuite.add_item(sku, kind="Service")
    number = world.acme.order({world.acme.sku(): 5})
    yield wro_of(world.acme.deliver({sku: 5}, number=number))
    world.netsuite.company.books.update("_item", {"itemtype": "InvtPart"}, id=item)
    world.edit(number, tranId=f"{number}-OLD")
    world.acme.order({sku: 5}, number=number)


def date_missing(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro = world.acme.deliver({sku: 9}, number=world.acme.order({sku: 9}))
    said = wro.history[-1]
    wro.history[-1] = (said[0], datetime(1, 1, 1, tzinfo=UTC))
    yield wro_of(wro)
    wro.history[-1] = said


def quantity_went_down(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro = world.acme.announce({sku: 10}, number=world.acme.order({sku: 10}))
    world.shipbob.stow(wro, {sku: 8})
    sync(world.acme, "receiving", [str(wro.id)])
    world.shipbob.stow(wro, {sku: -3})
    yield wro_of(wro)
    world.shipbob.stow(wro, {sku: 5})


def status_unknown(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro = world.acme.deliver({sku: 5}, number=world.acme.order({sku: 5}))
    wro.status = "Pondering"
    yield wro_of(wro)
    wro.status = "Completed"


def lot_tracked(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("LOT", in_netsuite=False)
    world.netsuite.add_item(sku, cost="4.20", lot=True)
    wro = world.acme.deliver({sku: 5}, number=world.acme.order({sku: 5}))
    yield wro_of(wro)
    wro.boxes[0].items[0].lot_number = "L1"


def posted_document_differs(world: World) -> Iterator[Stop]:
    sku, other = world.acme.sku(), world.acme.sku()
    wro = world.acme.deliver({sku: 5}, number=world.acme.order({sku: 5}))
    theirs = world.netsuite.transform(
        "purchaseOrder",
        int(order_id(world.acme, world.acme.order({other: 3}))),
        "itemReceipt",
        {"externalId": f"mlc-ir-{wro.id}-1"},
    )
    yield wro_of(wro)
    world.netsuite.delete("itemReceipt", theirs)


def unidentified_stock(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    uro = world.shipbob.add_uro({sku: 5})
    yield Stop("unidentified", str(uro.id))
    wro = world.acme.deliver({sku: 5}, number=world.acme.order({sku: 5}))
    world.shipbob.books.uros.by_id[uro.id].linked_wro_id = wro.id


def sku_missing_in_shipbob(world: World) -> Iterator[Stop]:
    sku = f"LATER-{next(world.acme.numbers)}"
    world.netsuite.add_item(sku, cost="4.20")
    yield Stop("purchase-orders", order_id(world.acme, world.acme.order({sku: 5})))
    world.shipbob.add_product(sku)


def unit_differs(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    number = world.acme.order({sku: 5})
    world.edit(number, item={"items": [{"line": 1, "quantity": 1.5}]})
    yield Stop("purchase-orders", order_id(world.acme, number))
    world.quantity(number, 2)


def item_type_unknown(world: World) -> Iterator[Stop]:
    sku = world.acme.sku("SET", in_netsuite=False)
    item = world.netsuite.add_item(sku, kind="Bundle", cost="4.20")
    number = world.acme.order({world.acme.sku(): 5, sku: 5})
    yield Stop("purchase-orders", order_id(world.acme, number))
    world.item(item, itemtype="InvtPart")


def announced(world: World) -> tuple[str, Any]:
    sku = world.acme.sku()
    number = world.acme.order({sku: 5})
    sync(world.acme, "purchase-orders", [order_id(world.acme, number)])
    [wro] = wros_of(world.acme, number)
    return number, wro


def purchase_order_changed(world: World) -> Iterator[Stop]:
    number, wro = announced(world)
    world.shipbob.arrive(wro)
    world.quantity(number, 3)
    yield Stop("purchase-orders", order_id(world.acme, number))
    world.shipbob.complete(world.shipbob.stow(wro))


def wro_cancelled(world: World) -> Iterator[Stop]:
    number, wro = announced(world)
    world.shipbob.cancel(wro)
    yield Stop("purchase-orders", order_id(world.acme, number))
    world.edit(number, item={"items": [{"line": 1, "isClosed": True}]})


def sales_order_not_found(world: World) -> Iterator[Stop]:
    order = world.packing.retail.sell({world.packing.retail.sku(): 2}, in_netsuite=False)
    yield parcel(world.shipped(order))
    world.packing.retail.enter(order)


def sales_order_ambiguous(world: World) -> Iterator[Stop]:
    order = world.sell({world.packing.retail.sku(): 2})
    second = world.packing.retail.enter(order)
    yield parcel(world.shipped(order))
    world.netsuite.delete("salesOrder", second)


def sales_order_closed(world: World) -> Iterator[Stop]:
    order = world.sell({world.packing.retail.sku(): 2})
    world.edit(order.reference_id, "salesOrder", orderStatus={"id": "A"})
    yield parcel(world.shipped(order))
    world.edit(order.reference_id, "salesOrder", orderStatus={"id": "B"})


def sku_not_on_order(world: World) -> Iterator[Stop]:
    tee, cap = world.packing.retail.sku(), world.packing.retail.sku()
    order = world.sell({tee: 2, cap: 1}, entered={tee: 2})
    yield parcel(world.shipped(order))
    world.netsuite.delete("salesOrder", world.packing.order_id(order))
    world.packing.retail.enter(order)


def over_fulfillment(world: World) -> Iterator[Stop]:
    tee = world.packing.retail.sku()
    order = world.sell({tee: 3}, entered={tee: 2})
    yield parcel(world.shipped(order))
    world.quantity(order.reference_id, 3, "salesOrder")


def fulfilled_by_others(world: World) -> Iterator[Stop]:
    tee = world.packing.retail.sku()
    order = world.sell({tee: 2}, entered={tee: 4})
    theirs = world.packing.fulfil(order, {tee: 2})
    shipment = world.shipped(order)
    yield parcel(shipment)
    named = {"packageTrackingNumber": f"1Z{shipment.id}", "packageWeight": 1}
    world.packing.edit(theirs, package={"items": [named]})


def fulfillment_not_found(world: World) -> Iterator[Stop]:
    tee = world.packing.retail.sku()
    order = world.sell({tee: 2})
    shipment = world.shipped(order)
    sync(world.acme, "tracking", [str(shipment.id)])
    world.netsuite.delete("itemFulfillment", world.posted(order))
    yield parcel(shipment)
    world.packing.fulfil(order, {tee: 2}, f"1Z{shipment.id}")


def cancelled_after_shipping(world: World) -> Iterator[Stop]:
    order = world.sell({world.packing.retail.sku(): 2})
    [shipment] = order.shipments
    world.shipbob.label(shipment)
    sync(world.acme, "tracking", [str(shipment.id)])
    world.shipbob.pull_back(shipment)
    world.shipbob.cancel_shipment(shipment)
    yield parcel(shipment)
    world.netsuite.delete("itemFulfillment", world.posted(order))


def shipment_changed(world: World) -> Iterator[Stop]:
    tee = world.packing.retail.sku()
    order = world.sell({tee: 2})
    [shipment] = order.shipments
    world.shipbob.label(shipment)
    sync(world.acme, "tracking", [str(shipment.id)])
    world.shipbob.repack(shipment, {tee: 1})
    yield parcel(shipment)
    world.packing.edit(str(world.posted(order)), item={"items": [{"line": 1, "quantity": 1}]})


def sales_order_not_fulfilled(world: World) -> Iterator[Stop]:
    tee = world.acme.sku()
    _, order, shipment = world.returns.sell({tee: 2}, fulfilled=False)
    found = world.returns.announce({tee: 2}, shipment=shipment)
    world.returns.complete(found)
    yield comes_back(found)
    world.returns.fulfil(order)


def return_authorization_not_found(world: World) -> Iterator[Stop]:
    tee = world.acme.sku()
    found = world.returns.announce({tee: 2}, "RMA-LATE")
    world.returns.complete(found)
    yield comes_back(found)
    world.returns.authorize({tee: 2}, number="RMA-LATE")


def return_authorization_not_open(world: World) -> Iterator[Stop]:
    tee = world.acme.sku()
    number = world.returns.authorize({tee: 2})
    world.edit(number, "returnAuthorization", orderStatus={"id": "A"})
    found = world.returns.announce({tee: 2}, number)
    world.returns.complete(found)
    yield comes_back(found)
    world.edit(number, "returnAuthorization", orderStatus={"id": "B"})


def return_unclear(world: World) -> Iterator[Stop]:
    tee = world.acme.sku()
    found = world.returns.announce({tee: 2}, world.returns.authorize({tee: 2}))
    [line] = found.lines
    line.untold = True
    world.returns.complete(found, {tee: {"Restock": 2}})
    yield comes_back(found)
    line.untold = False


def return_reopened(world: World) -> Iterator[Stop]:
    tee = world.acme.sku()
    found = world.returns.announce({tee: 2}, world.returns.authorize({tee: 2}))
    world.returns.complete(found)
    sync(world.acme, "returns", [str(found.id)])
    found.status = "Processing"
    yield comes_back(found)
    found.status = "Completed"


def billed_by_others(world: World) -> Iterator[Stop]:
    world.shipbob.charge("Shipping", Decimal("6.13"))
    [invoice] = world.shipbob.invoice()
    theirs = world.netsuite.create(
        "vendorBill",
        {
            "entity": {"id": 302},
            "tranId": str(invoice.id),
            "expense": {"items": [{"account": {"id": 63}, "amount": 4.10}]},
        },
    )
    yield Stop("billing", str(invoice.id))
    world.netsuite.delete("vendorBill", theirs)


def record_not_found(world: World) -> Iterator[Stop]:
    sku = world.acme.sku()
    wro = world.acme.announce({sku: 5}, number=world.acme.order({sku: 5}))
    sync(world.acme, "receiving", [str(wro.id)])
    shown = world.shipbob.books.receiving.wros
    del shown[wro.id]
    yield wro_of(wro)
    shown[wro.id] = wro


APPLIED: Final = MappingProxyType(
    {
        "policies": (
            'over_receipt = "park"\nunmatched_wro = "park"\nunmatched_return = "park"'
            '\nquarantine_location = "9"'
        ),
        "accounts": 'inventory_adjustment = "54"\nwrite_off = "55"',
        "limits": "shipbob_per_minute = 100000",
    }
)
"""Tables of the connection file: whatever can stop stops."""

STORIES: Final[tuple[Story, ...]] = (
    sku_missing_in_netsuite,
    sku_ambiguous,
    sku_inactive,
    purchase_order_not_found,
    purchase_order_ambiguous,
    transfer_order,
    purchase_order_closed,
    over_receipt,
    received_by_others,
    item_without_stock,
    date_missing,
    quantity_went_down,
    status_unknown,
    lot_tracked,
    posted_document_differs,
    unidentified_stock,
    sku_missing_in_shipbob,
    unit_differs,
    item_type_unknown,
    purchase_order_changed,
    wro_cancelled,
    sales_order_not_found,
    sales_order_ambiguous,
    sales_order_closed,
    sku_not_on_order,
    over_fulfillment,
    fulfilled_by_others,
    fulfillment_not_found,
    cancelled_after_shipping,
    shipment_changed,
    sales_order_not_fulfilled,
    return_authorization_not_found,
    return_authorization_not_open,
    return_unclear,
    return_reopened,
    billed_by_others,
    record_not_found,
)

BY_APPLYING: Final = "what applies the connection wakes it; see the waking of its kind"

BY_ITSELF: Final = "it stops whatever comes, so test_emptying plays it by itself"

NOT_PLAYED: Final = MappingProxyType(
    {
        Cause.LOCATION_UNMAPPED: BY_APPLYING,
        Cause.ACCOUNT_UNMAPPED: BY_APPLYING,
        Cause.VENDOR_MISSING: BY_APPLYING,
        Cause.CURRENCY_DIFFERS: BY_APPLYING,
        Cause.SUBSIDIARY_UNCLEAR: BY_ITSELF,
        Cause.FLOW_OFF: BY_ITSELF,
        Cause.SETTINGS_UNREADABLE: BY_ITSELF,
        Cause.CREDENTIALS_INVALID: BY_ITSELF,
        Cause.PERMISSION_MISSING: BY_ITSELF,
        Cause.LINE_NUMBERS_UNCLEAR: BY_ITSELF,
        Cause.PERIOD_CLOSED: "of the whole account: see the test of parking",
        Cause.KIT_UNCLEAR: "goes on by a change of its order, like sku_not_on_order",
        Cause.INVOICE_DOES_NOT_TIE: "news of its own: the sweep sees the charge that came late",
        Cause.STOCK_DRIFT: "the next comparison ends it",
        Cause.REFUSED_BY_NETSUITE: BY_ITSELF,
        Cause.REFUSED_BY_SHIPBOB: "refuses only what no plan holds: test_against_simulator",
        Cause.EVENT_UNREADABLE: "goes on when the row can be read: test_poison_rows plays it",
        Cause.UNEXPLAINED: "a fault of this software",
        Cause.BUG: "a fault of this software",
    }
)
