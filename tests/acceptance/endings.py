"""What a person decides about each stop of ``stops``, so that the list of open items empties.

An ending does in NetSuite what the person says has happened there, such as a receipt made by
hand, and returns the options of ``events decide``.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from acceptance.further_stops import ITS_LOCATION, UNMAPPED_CENTER, UNMAPPED_FEE
from acceptance.stops import Stop, World
from acceptance.test_purchase_orders import order_id
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.books.receiving import BoxItem, Wro
from ml_connector.sim.shipbob.books.returns import Return

Options = tuple[str, ...]
Ending = Callable[[World, Stop], Options]


def wro(world: World, stop: Stop) -> Wro:
    found: Wro = world.shipbob.books.receiving.wros[int(stop.key)]
    return found


def shipped(world: World, stop: Stop) -> tuple[Order, Shipment]:
    """Return the shipment of a stop, and its order."""
    [found] = [
        (order, one)
        for order in world.shipbob.books.orders.by_id.values()
        for one in order.shipments
        if one.id == int(stop.key)
    ]
    return found


def returned(world: World, stop: Stop) -> Return:
    found: Return = world.shipbob.books.returns.by_id[int(stop.key)]
    return found


def sku_of(world: World, stop: Stop) -> str:
    """Return the one SKU of a WRO or of a return."""
    if stop.flow == "receiving":
        [sku] = {name(world, item.inventory_id) for item in items(world, stop)}
    else:
        [sku] = {name(world, line.inventory_id) for line in returned(world, stop).lines}
    return sku


def items(world: World, stop: Stop) -> list[BoxItem]:
    return [item for box in wro(world, stop).boxes for item in box.items]


def name(world: World, inventory_id: int) -> str:
    return str(world.shipbob.books.products.find(inventory_id).sku)


def adjusted(world: World, sku: str, units: int, location: int = 6) -> Options:
    """Adjust stock by hand in NetSuite, and say that this handled it."""
    number = f"IA-{next(world.acme.numbers)}"
    world.netsuite.add_to_stock(sku, location, units, tranId=number)
    return ("handled", "--document", number)


def documents(world: World, kind: str, number: str) -> list[dict[str, Any]]:
    return [one for one in world.netsuite.documents(kind) if one.get("tranId") == number]


def not_ours(world: World, stop: Stop) -> Options:
    del world, stop
    return ("not-ours",)


def accepted(world: World, stop: Stop) -> Options:
    del world, stop
    return ("accept",)


def by_policy(world: World, stop: Stop) -> Options:
    del world, stop
    return ("adjust",)


def again(world: World, stop: Stop) -> Options:
    del world, stop
    return ("again",)


def corrected(world: World, stop: Stop) -> Options:
    del world, stop
    return ("correct",)


def named_otherwise(world: World, stop: Stop) -> Options:
    sku = sku_of(world, stop)
    return ("map", "--value", f"{sku}={sku}-TYPO")


def of_the_first_order(world: World, stop: Stop) -> Options:
    number = wro(world, stop).purchase_order_number
    first = documents(world, "purchaseOrder", str(number))[0]
    return ("belongs", "--value", str(first["id"]))


def of_a_new_order(world: World, stop: Stop) -> Options:
    return ("belongs", "--value", world.acme.order({sku_of(world, stop): 5}))


def came_in_by_hand(world: World, stop: Stop) -> Options:
    units = sum(item.stowed for item in items(world, stop))
    return adjusted(world, sku_of(world, stop), units)


def received_by_hand(world: World, stop: Stop) -> Options:
    order = order_id(world.acme, str(wro(world, stop).purchase_order_number))
    [receipt] = [
        one for one in world.netsuite.documents("itemReceipt") if one["createdFrom"]["id"] == order
    ]
    return ("handled", "--document", str(receipt["tranId"]))


def of_the_first_sale(world: World, stop: Stop) -> Options:
    order, _ = shipped(world, stop)
    first = documents(world, "salesOrder", order.reference_id)[0]
    return ("belongs", "--value", str(first["id"]))


def went_out_by_hand(world: World, stop: Stop) -> Options:
    _, shipment = shipped(world, stop)
    [pick] = shipment.picks
    return adjusted(world, str(pick.line.sku), -pick.quantity)


def the_rest_by_hand(world: World, stop: Stop) -> Options:
    """Of the last SKU of a parcel, one unit was on no order."""
    _, shipment = shipped(world, stop)
    return adjusted(world, str(shipment.picks[-1].line.sku), -1)


def of_another_parcel(world: World, stop: Stop) -> Options:
    order, _ = shipped(world, stop)
    [theirs] = world.packing.retail.fulfillments(order)
    return ("separate", "--document", str(theirs["tranId"]))


def came_back_by_hand(world: World, stop: Stop) -> Options:
    return adjusted(world, sku_of(world, stop), 2)


def of_a_new_authorization(world: World, stop: Stop) -> Options:
    return ("belongs", "--value", world.returns.authorize({sku_of(world, stop): 2}))


def mapped(setting: str) -> Ending:
    def map_it(world: World, stop: Stop) -> Options:
        del world, stop
        return ("map", "--value", setting)

    return map_it


def the_kit_by_hand(world: World, stop: Stop) -> Options:
    _, shipment = shipped(world, stop)
    [pick] = shipment.picks
    return adjusted(world, name(world, pick.inventory_id), -pick.quantity)


ENDINGS: Final = MappingProxyType(
    {
        "sku_missing_in_netsuite": named_otherwise,
        "sku_ambiguous": not_ours,
        "sku_inactive": not_ours,
        "purchase_order_not_found": by_policy,
        "purchase_order_ambiguous": of_the_first_order,
        "transfer_order": came_in_by_hand,
        "purchase_order_closed": of_a_new_order,
        "over_receipt": by_policy,
        "received_by_others": received_by_hand,
        "item_without_stock": not_ours,
        "date_missing": came_in_by_hand,
        "quantity_went_down": corrected,
        "status_unknown": accepted,
        "lot_tracked": not_ours,
        "posted_document_differs": accepted,
        "unidentified_stock": not_ours,
        "sku_missing_in_shipbob": not_ours,
        "unit_differs": not_ours,
        "purchase_order_changed": accepted,
        "wro_cancelled": again,
        "sales_order_not_found": by_policy,
        "sales_order_ambiguous": of_the_first_sale,
        "sales_order_closed": went_out_by_hand,
        "sku_not_on_order": the_rest_by_hand,
        "over_fulfillment": the_rest_by_hand,
        "fulfilled_by_others": of_another_parcel,
        "fulfillment_not_found": went_out_by_hand,
        "cancelled_after_shipping": accepted,
        "shipment_changed": accepted,
        "sales_order_not_fulfilled": came_back_by_hand,
        "return_authorization_not_found": by_policy,
        "return_authorization_not_open": of_a_new_authorization,
        "return_unclear": came_back_by_hand,
        "return_reopened": accepted,
        "billed_by_others": accepted,
        "record_not_found": accepted,
        "item_type_unknown": accepted,
        "location_unmapped": mapped(f"{UNMAPPED_CENTER}={ITS_LOCATION}"),
        "account_unmapped": mapped(f"{UNMAPPED_FEE}=63"),
        "invoice_does_not_tie": accepted,
        "currency_differs": accepted,
        "period_closed": came_in_by_hand,
        "kit_unclear": the_kit_by_hand,
        "event_unreadable": accepted,
    }
)
"""By the cause of the stop."""

AFTERWARDS: Final = MappingProxyType(
    {
        "purchase_order_changed": accepted,
        "event_unreadable": accepted,
    }
)
"""By the cause of what stops because of the others: orders of WROs that were decided about."""
