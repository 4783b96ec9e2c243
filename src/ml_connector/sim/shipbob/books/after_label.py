"""What ShipBob's people do with a shipment whose label is printed, and merchants can't.

No call does any of it: an edit or a cancellation is refused then (reference shipbob.md, 9.5).
That labelled shipments are cancelled, sent again and held is seen by their statuses (9.5, 13.5).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from ml_connector.sim.shipbob.books.fulfilment import Fulfilment
from ml_connector.sim.shipbob.books.orders import (
    DETAIL_IDS,
    STOCK_DETAILS,
    Orders,
    Parcel,
    Pick,
    Shipment,
)
from ml_connector.sim.shipbob.books.stock import Stock


class AfterLabel:
    """Cancels, holds, repacks, relabels and sends again. Each is stamped, noted and announced."""

    def __init__(
        self,
        *,
        orders: Orders,
        fulfilment: Fulfilment,
        stock: Stock,
        now: Callable[[], datetime],
    ) -> None:
        self._orders = orders
        self._fulfilment = fulfilment
        self._stock = stock
        self._now = now

    def recall(self, shipment: Shipment) -> None:
        """It is cancelled although its label is printed: its units go back on the shelf."""
        self._fulfilment.need(shipment, "LabeledCreated")
        self._shelve(shipment)
        self._fulfilment.enter(shipment, "Cancelled", [])
        self._fulfilment.note(shipment, 9, "Cancelled", "Cancelled", milestone=True)
        self._fulfilment.tell("order.shipment.cancelled", shipment)
        self._fulfilment.allocate_exceptions()

    def pull_back(self, shipment: Shipment, reason: str) -> None:
        """It is on hold again, or in exception: its label is void, its units go on the shelf.

        From then on it is like any shipment without a label.

        Raises:
            ValueError: the reason is none of either; or it has no label, or has left.
        """
        detail = DETAIL_IDS.get(reason, 0)
        if detail < STOCK_DETAILS.start:
            names = [name for name, one in DETAIL_IDS.items() if one >= STOCK_DETAILS.start]
            raise ValueError(f"{reason!r} neither holds a shipment nor is an exception: {names}.")
        self._fulfilment.need(shipment, "LabeledCreated")
        self._shelve(shipment)
        shipment.parcels, shipment.labelled = [], None
        is_stock = detail in STOCK_DETAILS
        status, topic = ("Exception", "exception") if is_stock else ("OnHold", "on_hold")
        if is_stock and shipment.picks:
            shipment.detail_inventory_id = shipment.picks[0].inventory_id
        self._fulfilment.enter(shipment, status, [detail])
        self._fulfilment.note(shipment, 8, status, reason, milestone=False)
        self._fulfilment.tell(f"order.shipment.{topic}", shipment)

    def repack(self, shipment: Shipment, quantities: Mapping[int, int]) -> None:
        """Other units, by inventory id, are in the labelled parcel than were."""
        self._fulfilment.need(shipment, "LabeledCreated")
        parcels, labelled = shipment.parcels, shipment.labelled
        before = {pick.inventory_id: pick.quantity for pick in shipment.picks}
        self._shelve(shipment)
        shipment.parcels, shipment.labelled = [], None
        self._fulfilment.repick(
            shipment, {key: units for key, units in quantities.items() if units}
        )
        if shipment.status != "Processing":
            return  # there is too little of something: it is in exception now
        self._take(shipment)
        shipment.parcels, shipment.labelled = parcels, labelled
        self._fulfilment.enter(shipment, "LabeledCreated", [DETAIL_IDS["Labeled"]])
        for key in sorted({*before, *quantities}):
            was, units = before.get(key, 0), quantities.get(key, 0)
            if was != units:
                verb = "added" if not was else "updated" if units else "removed"
                topic = f"order.shipment.line_item.{verb}"
                self._fulfilment.edited(shipment, topic, f"Line item {verb}")

    def relabel(self, shipment: Shipment, parcels: Sequence[Parcel]) -> None:
        """Its label is printed again, under another number."""
        self._fulfilment.need(shipment, "LabeledCreated")
        shipment.parcels = list(parcels)
        shipment.tracking_updated = self._now()
        topic = "order.shipment.tracking.updated"
        self._fulfilment.edited(shipment, topic, "Label printed again")

    def reship(self, shipment: Shipment) -> Shipment:
        """Another shipment of the same order takes the same units from the same center."""
        order = self._orders.of(shipment)
        made = Shipment(
            id=next(self._orders.shipment_ids),
            order_id=order.id,
            center_id=shipment.center_id,
            created=self._now(),
            updated=self._now(),
            ship_option=shipment.ship_option,
            recipient=shipment.recipient,
            picks=[
                Pick(
                    line=pick.line,
                    inventory_id=pick.inventory_id,
                    name=pick.name,
                    quantity=pick.quantity,
                )
                for pick in shipment.picks
            ],
            estimated=self._now() + timedelta(days=1),
        )
        order.shipments.append(made)
        self._orders.shipments[made.id] = made
        self._fulfilment.note(made, 1, "OrderReceived", "Order received", milestone=True)
        self._fulfilment.allocate(made)
        return made

    def _shelve(self, shipment: Shipment) -> None:
        """Its units are back in stock, and none are promised to it."""
        for pick in shipment.picks:
            if pick.committed:
                self._move(shipment, pick, pick.quantity, "InventoryRestocked")
                pick.committed = 0

    def _take(self, shipment: Shipment) -> None:
        """Its units leave the stock, and the promise of them ends."""
        for pick in shipment.picks:
            if pick.committed:
                self._fulfilment.levels(shipment, pick).committed -= pick.committed
                self._move(shipment, pick, -pick.quantity, "OrderPicked")

    def _move(self, shipment: Shipment, pick: Pick, units: int, category: str) -> None:
        self._stock.move(
            (pick.inventory_id, shipment.center_id, pick.lot_number),
            units,
            sku=pick.line.sku,
            category=category,
            at=self._now(),
            references=(("Shipment", str(shipment.id)),),
            order_id=shipment.order_id,
        )
