"""The life of an order: from its creation to the buyer's door (reference shipbob.md, 9.5)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.orders import (
    DETAIL_IDS,
    EDITABLE,
    GONE,
    Line,
    Note,
    Order,
    Orders,
    Parcel,
    Pick,
    Scan,
    Shipment,
)
from ml_connector.sim.shipbob.books.products import Products, Variant
from ml_connector.sim.shipbob.books.stock import Levels, Stock

Part = Sequence[tuple[Line, int]]
"""What one shipment takes of which line."""

CARRIER_STATUSES: Final = {
    "InTransit": ("InTransit", "InTransit"),
    "OutForDelivery": ("InTransit", "OutForDelivery"),
    "Delivered": ("Delivered", "Delivered"),
    "DeliveryException": ("DeliveryException", "DeliveryException"),
    "Available for Pickup": ("Available for Pickup", "InTransit"),
    "Delivery attempt Failed": ("Delivery attempt Failed", "DeliveryException"),
    "Return to sender": ("Return to sender", "DeliveryException"),
    "Exception": ("Exception", "DeliveryException"),
    "Failed": ("Failed", "DeliveryException"),
}
"""What a carrier says: what ``/shipments-tracking`` calls it, and the shipment's detail."""

Announce = Callable[[str, Order, Shipment], None]


class Fulfilment:
    """Everything that can happen to a shipment. Each change is stamped, noted and announced."""

    def __init__(
        self,
        *,
        orders: Orders,
        products: Products,
        centers: Centers,
        stock: Stock,
        now: Callable[[], datetime],
        announce: Announce,
        labelled: Callable[[Order, Shipment], None],
    ) -> None:
        self._orders = orders
        self._products = products
        self._centers = centers
        self._stock = stock
        self._now = now
        self._announce = announce
        self._labelled = labelled
        self._waiting: dict[int, Shipment] = {}

    def place(self, order: Order, parts: Sequence[Part], center_id: int | None) -> None:
        """Keep a new order and allocate stock for its shipments, one for each part."""
        for part in parts:
            picks = [pick for line, quantity in part for pick in self._picks(line, quantity)]
            shipment = Shipment(
                id=next(self._orders.shipment_ids),
                order_id=order.id,
                center_id=center_id or self._best_center(picks),
                created=self._now(),
                updated=self._now(),
                ship_option=order.shipping_method,
                recipient=order.recipient,
                picks=picks,
                estimated=self._now() + timedelta(days=1),
            )
            order.shipments.append(shipment)
            self.note(shipment, 1, "OrderReceived", "Order received", milestone=True)
        self._orders.add(order)
        for shipment in order.shipments:
            self.allocate(shipment)

    def allocate(self, shipment: Shipment) -> None:
        """Commit stock, or go into exception and say so."""
        self.release(shipment)
        fault = self._stock_fault(shipment)
        if fault is not None:
            detail, shipment.detail_inventory_id = fault
            self.enter(shipment, "Exception", [detail])
            self.note(shipment, 5, "Exception", "Stock exception", milestone=False)
            self.tell("order.shipment.exception", shipment)
            return
        for pick in shipment.picks:
            if not self._products.by_inventory_id[pick.inventory_id].digital:
                pick.committed = pick.quantity
                self.levels(shipment, pick).committed += pick.quantity
        self.enter(shipment, "Processing", [])

    def allocate_exceptions(self) -> None:
        """Stock has come: try again whoever waits for it, oldest first."""
        for shipment in list(self._waiting.values()):
            if self._stock_fault(shipment) is None:
                self.allocate(shipment)

    def pick(self, shipment: Shipment) -> None:
        """Units are in the picker's tote."""
        self.need(shipment, "Processing")
        self.enter(shipment, "Processing", [100])
        self.note(shipment, 2, "Picked", "Picked", milestone=False)

    def pack(self, shipment: Shipment) -> None:
        """Units are in their box."""
        self.need(shipment, "Processing")
        self.enter(shipment, "Processing", [101])
        self.note(shipment, 3, "Packed", "Packed", milestone=False)

    def label(self, shipment: Shipment, parcels: Sequence[Parcel]) -> None:
        """The label is bought and printed: stock is gone, tracking is known, a charge is due."""
        self.need(shipment, "Processing")
        now = self._now()
        for pick in shipment.picks:
            if not pick.committed:
                continue
            self.levels(shipment, pick).committed -= pick.committed
            self._stock.move(
                (pick.inventory_id, shipment.center_id, pick.lot_number),
                -pick.quantity,
                sku=pick.line.sku,
                category="OrderPicked",
                at=now,
                references=(("Shipment", str(shipment.id)),),
                order_id=shipment.order_id,
            )
        shipment.parcels = list(parcels)
        shipment.labelled = now
        if shipment.has_tracking:
            shipment.tracking_updated = now
        self.enter(shipment, "LabeledCreated", [102])
        self.note(shipment, 4, "Labeled", "Label generated", milestone=True)
        order = self._orders.of(shipment)
        self._labelled(order, shipment)
        self.tell("order.shipped", shipment)

    def hand_over(self, shipment: Shipment) -> None:
        """It has left ShipBob: Completed, which is not delivered."""
        self.need(shipment, "LabeledCreated")
        self.enter(shipment, "Completed", [200])
        self.note(shipment, 6, "Fulfilled", "Shipment has left ShipBob", milestone=True)

    def track(
        self, shipment: Shipment, said: str, message: str, location: str, parcel: int | None
    ) -> None:
        """A carrier has scanned all parcels, or the one with this number (from 1).

        Raises:
            ValueError: no such status, or no label yet.
        """
        if said not in CARRIER_STATUSES:
            raise ValueError(f"{said!r} is no carrier status: {sorted(CARRIER_STATUSES)}.")
        if shipment.status not in GONE:
            raise ValueError(f"Shipment {shipment.id} is {shipment.status}: it has no label yet.")
        status, detail = CARRIER_STATUSES[said]
        now = self._now()
        scanned = shipment.parcels if parcel is None else [shipment.parcels[parcel - 1]]
        shipment.scans += [
            Scan(
                tracking_number=each.tracking_number,
                status=status,
                substatus=detail,
                message=message or said,
                location=location,
                at=now,
            )
            for each in scanned
        ]
        shipment.tracking_updated = now
        if detail == "Delivered":
            if not self._all_delivered(shipment):
                detail = "InTransit"
            else:
                shipment.delivered = now
        self.enter(shipment, "Completed", [DETAIL_IDS[detail]])
        self.note(shipment, 7, detail, message or said, milestone=detail == "Delivered")
        self.tell("order.shipment.tracking.updated", shipment)
        if detail == "Delivered":
            self.tell("order.shipment.delivered", shipment)
            order = self._orders.of(shipment)
            alive = [each for each in order.shipments if each.status != "Cancelled"]
            if all(each.delivered is not None for each in alive):
                self.tell("order.delivered", shipment)

    def hold(self, shipment: Shipment, reason: str, messages: Iterable[str]) -> None:
        """Missing or invalid data, or a payment."""
        self._need_editable(shipment)
        shipment.messages = list(messages)
        self.enter(shipment, "OnHold", [DETAIL_IDS[reason]])
        self.note(shipment, 8, "OnHold", reason, milestone=False)
        self.tell("order.shipment.on_hold", shipment)

    def resume(self, shipment: Shipment) -> None:
        """The hold is over."""
        shipment.messages = []
        self.allocate(shipment)

    def cancel(self, shipment: Shipment) -> bool:
        """Cancel while no label is printed.

        Returns:
            whether it is cancelled now.
        """
        if shipment.status == "Cancelled":
            return True
        if shipment.status not in EDITABLE:
            return False
        self.release(shipment)
        self.enter(shipment, "Cancelled", [])
        self.note(shipment, 9, "Cancelled", "Cancelled", milestone=True)
        self.tell("order.shipment.cancelled", shipment)
        self.allocate_exceptions()
        return True

    def move(self, shipment: Shipment, center_id: int) -> None:
        """It is to leave from another fulfillment center."""
        self._need_editable(shipment)
        self.release(shipment)
        shipment.center_id = center_id
        self.allocate(shipment)

    def edited(self, shipment: Shipment, topic: str, text: str) -> None:
        """An edit was made: stamp, note and announce it."""
        shipment.updated = self._orders.of(shipment).updated = self._now()
        self.note(shipment, 10, "Edited", text, milestone=False)
        self.tell(topic, shipment)

    def repick(self, shipment: Shipment, quantities: dict[int, int]) -> None:
        """Change the units of a shipment, by inventory id, and allocate anew."""
        self.release(shipment)
        lines = {pick.inventory_id: pick.line for pick in shipment.picks}
        template = shipment.picks[0].line if shipment.picks else None
        picks = []
        for inventory_id, quantity in quantities.items():
            variant = self._products.by_inventory_id[inventory_id]
            line = lines.get(inventory_id) or self._line_like(template, variant, quantity)
            picks.append(
                Pick(line=line, inventory_id=inventory_id, name=variant.name, quantity=quantity)
            )
        shipment.picks = picks
        self.allocate(shipment)

    def _line_like(self, template: Line | None, variant: Variant, quantity: int) -> Line:
        price = template.unit_price if template else Decimal(0)
        return Line(
            id=variant.id,
            reference_id=variant.sku,
            sku=variant.sku,
            name=variant.name,
            quantity=quantity,
            variant_id=variant.id,
            unit_price=price,
        )

    def _picks(self, line: Line, quantity: int) -> list[Pick]:
        variant = self._products.by_variant_id.get(line.variant_id or 0)
        if variant is None:
            return [Pick(line=line, inventory_id=0, name=line.name, quantity=quantity)]
        parts = [
            (self._products.by_variant_id[variant_id], each)
            for variant_id, each in variant.bundle or ((variant.id, 1),)
        ]
        return [
            Pick(
                line=line,
                inventory_id=part.inventory_id,
                name=part.name,
                quantity=quantity * each,
            )
            for part, each in parts
        ]

    def _best_center(self, picks: Sequence[Pick]) -> int:
        for center in self._centers:
            if all(self._fits(pick, center.id) for pick in picks):
                return center.id
        return self._centers.first().id

    def _fits(self, pick: Pick, center_id: int) -> bool:
        return any(
            place[1] == center_id and levels.fulfillable >= pick.quantity
            for place, levels in self._stock.of(pick.inventory_id).items()
        )

    def _stock_fault(self, shipment: Shipment) -> tuple[int, int | None] | None:
        """The exception detail and inventory id, or ``None``: then every pick has its lot."""
        for pick in shipment.picks:
            if not pick.inventory_id:
                return 304, None
            variant = self._products.by_inventory_id[pick.inventory_id]
            if not variant.active:
                return 302, pick.inventory_id
            if variant.digital:
                continue
            for (_, center_id, lot), levels in self._stock.of(pick.inventory_id).items():
                if center_id == shipment.center_id and levels.fulfillable >= pick.quantity:
                    pick.lot_number, pick.lot_date = lot, levels.lot_date
                    break
            else:
                return 303, pick.inventory_id
        return None

    def levels(self, shipment: Shipment, pick: Pick) -> Levels:
        """Stock of what a pick takes, where it takes it."""
        return self._stock.at((pick.inventory_id, shipment.center_id, pick.lot_number))

    def release(self, shipment: Shipment) -> None:
        """Nothing is promised to it any more."""
        for pick in shipment.picks:
            if pick.committed:
                self.levels(shipment, pick).committed -= pick.committed
                pick.committed = 0

    def _all_delivered(self, shipment: Shipment) -> bool:
        done = {scan.tracking_number for scan in shipment.scans if scan.status == "Delivered"}
        return all(parcel.tracking_number in done for parcel in shipment.parcels)

    def enter(self, shipment: Shipment, status: str, details: list[int]) -> None:
        """It has another status, with these details, from now on."""
        shipment.status, shipment.details = status, details
        if status == "Exception":
            self._waiting[shipment.id] = shipment
        else:
            self._waiting.pop(shipment.id, None)
        shipment.updated = self._now()
        self._orders.of(shipment).updated = shipment.updated

    def note(
        self, shipment: Shipment, type_id: int, name: str, text: str, *, milestone: bool
    ) -> None:
        """Write into its log, and into its timeline if it is a milestone."""
        shipment.notes.append(
            Note(type_id=type_id, name=name, text=text, at=self._now(), milestone=milestone)
        )

    def tell(self, topic: str, shipment: Shipment) -> None:
        """Announce what happened to it."""
        self._announce(topic, self._orders.of(shipment), shipment)

    def need(self, shipment: Shipment, status: str) -> None:
        """Go on with a shipment of this status only.

        Raises:
            ValueError: it has another one.
        """
        if shipment.status != status:
            raise ValueError(f"Shipment {shipment.id} is {shipment.status}, not {status}.")

    def _need_editable(self, shipment: Shipment) -> None:
        if shipment.status not in EDITABLE:
            raise ValueError(f"Shipment {shipment.id} is {shipment.status}: it is too late.")
