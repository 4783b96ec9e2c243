"""What happens to orders in the warehouse and on the road, called from Python."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.orders import Line, Order, Parcel, Shipment
from ml_connector.sim.shipbob.people.dock import Item
from ml_connector.sim.shipbob.values.dates import stamp

OrderKey = Order | int
ShipmentKey = Shipment | int

RECIPIENT: Final[dict[str, object]] = {
    "name": "Pat Doe",
    "email": "pat@example.test",
    "phone_number": None,
    "address": {
        "address1": "100 N Racine Ave",
        "address2": None,
        "company_name": None,
        "city": "Chicago",
        "state": "IL",
        "country": "US",
        "zip_code": "60607",
    },
}


class Floor:
    """The warehouse floor and the carriers. Every method may be called from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @locked
    def create_order(
        self,
        reference_id: str,
        items: Mapping[Item, int],
        *,
        order_number: str | None = None,
        channel: int | None = None,
        fulfillment_center_id: int | None = None,
        shipments: Sequence[Mapping[Item, int]] | None = None,
        prices: Mapping[str, Decimal] | None = None,
        order_type: str = "DTC",
        shipping_method: str = "Standard",
        purchase_date: datetime | None = None,
        recipient: dict[str, object] | None = None,
    ) -> Order:
        """An order as a sales channel brings it in. Stock is allocated at once.

        Args:
            reference_id: unique in its channel.
            items: units by SKU or inventory id; an unknown SKU makes a stock exception.
            order_number: the reference id when left out.
            channel: the channel's id; the first token's channel when left out.
            fulfillment_center_id: the first that has everything when left out.
            shipments: what goes into which shipment; one shipment when left out.
            prices: unit prices by SKU.
            order_type: DTC, DropShip or B2B.
            shipping_method: any name.
            purchase_date: now when left out.
            recipient: somebody when left out.

        Raises:
            ValueError: the reference id exists in this channel.
            LookupError: there is no channel that can write.
        """
        books = self.books
        channel_id = channel or books.access.writing_channel().id
        if (channel_id, reference_id) in books.orders.by_reference:
            raise ValueError(f"Channel {channel_id} has an order {reference_id!r} already.")
        now = books.clock.now()
        lines = {
            item: self._line(item, quantity, prices or {}) for item, quantity in items.items()
        }
        order = Order(
            id=next(books.orders.order_ids),
            channel_id=channel_id,
            reference_id=reference_id,
            order_number=order_number or reference_id,
            type=order_type,
            created=now,
            updated=now,
            shipping_method=shipping_method,
            recipient=recipient or RECIPIENT,
            lines=list(lines.values()),
            asked={"purchase_date": stamp(purchase_date or now)},
        )
        parts = [
            [(lines[item], quantity) for item, quantity in part.items()]
            for part in (shipments or [items])
        ]
        books.fulfilment.place(order, parts, fulfillment_center_id)
        return order

    @locked
    def pick(self, shipment: ShipmentKey) -> Shipment:
        """Status detail Picked."""
        found = self.find_shipment(shipment)
        self.books.fulfilment.pick(found)
        return found

    @locked
    def pack(self, shipment: ShipmentKey) -> Shipment:
        """Status detail Packed."""
        found = self.find_shipment(shipment)
        self.books.fulfilment.pack(found)
        return found

    @locked
    def label(
        self,
        shipment: ShipmentKey,
        tracking_number: str | None = None,
        *,
        parcels: int = 1,
        carrier: str = "USPS",
        service: str = "Priority",
        tracking: bool = True,
    ) -> Shipment:
        """Print the label: stock leaves, ``order.shipped`` is sent.

        Args:
            shipment: the shipment or its id.
            tracking_number: of the first parcel; made up when left out.
            parcels: how many boxes; each has a number of its own.
            carrier: its name.
            service: its service.
            tracking: without, the label has no number yet, as was seen (9.5).
        """
        found = self.find_shipment(shipment)
        numbers = [tracking_number or self._tracking_number()] if tracking else [""]
        numbers += [self._tracking_number() for _ in range(parcels - 1)]
        self.books.fulfilment.label(
            found,
            [
                self._parcel(found, index, number, carrier, service)
                for index, number in enumerate(numbers, start=1)
            ],
        )
        return found

    @locked
    def number(self, shipment: ShipmentKey, tracking_number: str | None = None) -> Shipment:
        """A label that was printed without a number gets one."""
        found = self.find_shipment(shipment)
        for parcel in found.parcels:
            if not parcel.tracking_number:
                parcel.tracking_number = tracking_number or self._tracking_number()
                parcel.url = f"https://track.example.test/{parcel.tracking_number}"
        found.tracking_updated = self.books.clock.now()
        topic = "order.shipment.tracking.updated"
        self.books.fulfilment.edited(found, topic, "Tracking number assigned")
        return found

    @locked
    def ship(self, shipment: ShipmentKey) -> Shipment:
        """It leaves ShipBob: Completed. What is not done yet is done first, up to the label."""
        found = self.find_shipment(shipment)
        if found.status == "Processing":
            self.label(found)
        self.books.fulfilment.hand_over(found)
        return found

    @locked
    def track(
        self,
        shipment: ShipmentKey,
        status: str = "InTransit",
        *,
        message: str = "",
        location: str = "Chicago, IL",
        parcel: int | None = None,
    ) -> Shipment:
        """A carrier says something about all parcels, or the one with this number (from 1).

        Args:
            shipment: the shipment or its id.
            status: InTransit, OutForDelivery, Delivered, DeliveryException, or another word of
                ``/shipments-tracking``, such as ``Return to sender``.
            message: the carrier's own words.
            location: where the parcel is.
            parcel: its number.
        """
        found = self.find_shipment(shipment)
        self.books.fulfilment.track(found, status, message, location, parcel)
        return found

    @locked
    def deliver(self, shipment: ShipmentKey, parcel: int | None = None) -> Shipment:
        """All parcels are delivered, or the one with this number (from 1)."""
        return self.track(shipment, "Delivered", parcel=parcel)

    @locked
    def move(self, shipment: ShipmentKey, fulfillment_center_id: int) -> Shipment:
        """It is to leave from another center, while no label is printed."""
        found = self.find_shipment(shipment)
        self.books.fulfilment.move(found, fulfillment_center_id)
        return found

    @locked
    def hold(
        self,
        shipment: ShipmentKey,
        reason: str = "InvalidAddress",
        messages: Sequence[str] = ("Address could not be validated",),
    ) -> Shipment:
        """On hold: InvalidAddress, PaymentDeclined, ..."""
        found = self.find_shipment(shipment)
        self.books.fulfilment.hold(found, reason, messages)
        return found

    @locked
    def resume(self, shipment: ShipmentKey) -> Shipment:
        """The hold is over."""
        found = self.find_shipment(shipment)
        self.books.fulfilment.resume(found)
        return found

    @locked
    def cancel_shipment(self, shipment: ShipmentKey) -> bool:
        """Cancel; ``False`` once the label is printed."""
        return self.books.fulfilment.cancel(self.find_shipment(shipment))

    @locked
    def recall(self, shipment: ShipmentKey) -> Shipment:
        """ShipBob's people cancel it after its label, before it has left; units come back."""
        found = self.find_shipment(shipment)
        self.books.after_label.recall(found)
        return found

    @locked
    def pull_back(self, shipment: ShipmentKey, reason: str = "InvalidAddress") -> Shipment:
        """ShipBob's people take it back after its label: on hold, or in exception, by the reason.

        Its label is void. After ``resume`` it is labelled anew.
        """
        found = self.find_shipment(shipment)
        self.books.after_label.pull_back(found, reason)
        return found

    @locked
    def repack(self, shipment: ShipmentKey, units: Mapping[Item, int]) -> Shipment:
        """ShipBob's people change what is in it after its label.

        Args:
            shipment: the shipment or its id.
            units: by SKU or inventory id, all that is in it from then on.
        """
        found = self.find_shipment(shipment)
        quantities = {
            self.books.products.find(item).inventory_id: count for item, count in units.items()
        }
        self.books.after_label.repack(found, quantities)
        return found

    @locked
    def relabel(self, shipment: ShipmentKey, tracking_number: str | None = None) -> Shipment:
        """ShipBob's people print its label again, under another number, made up if left out."""
        found = self.find_shipment(shipment)
        carrier, service = found.parcels[0].carrier, found.parcels[0].service
        parcel = self._parcel(
            found, 1, tracking_number or self._tracking_number(), carrier, service
        )
        self.books.after_label.relabel(found, [parcel])
        return found

    @locked
    def reship(self, shipment: ShipmentKey) -> Shipment:
        """ShipBob's people send the same units once more: a new shipment of the order."""
        return self.books.after_label.reship(self.find_shipment(shipment))

    @locked
    def adjust(
        self,
        item: Item,
        quantity: int,
        fulfillment_center_id: int | None = None,
        *,
        lot: str = "",
        category: str = "InventoryAdjusted",
        reference: str = "",
    ) -> None:
        """Stock is found or lost: a movement without any document, as a cycle count makes it."""
        variant = self.books.products.find(item)
        center_id = fulfillment_center_id or self.books.centers.first().id
        self.books.stock.move(
            (variant.inventory_id, center_id, lot),
            quantity,
            sku=variant.sku,
            category=category,
            at=self.books.clock.now(),
            references=(("Reason", reference),) if reference else (),
        )
        self.books.fulfilment.allocate_exceptions()

    def act(self, action: str, shipment: Shipment) -> None:
        """What the sandbox's simulation does: ``ShipOrder`` or ``DeliverOrder`` (9.8)."""
        if action == "ShipOrder":
            self.ship(shipment)
        else:
            self.deliver(shipment)

    def find_shipment(self, shipment: ShipmentKey) -> Shipment:
        """The shipment with this id.

        Raises:
            LookupError: there is none.
        """
        number = shipment.id if isinstance(shipment, Shipment) else shipment
        if number not in self.books.orders.shipments:
            raise LookupError(f"There is no shipment {number}.")
        return self.books.orders.shipments[number]

    def _line(self, item: Item, quantity: int, prices: Mapping[str, Decimal]) -> Line:
        try:
            variant = self.books.products.find(item)
        except LookupError:
            text = str(item)
            number = next(self.books.orders.order_ids)
            return Line(id=number, reference_id=text, sku=text, name=text, quantity=quantity)
        return Line(
            id=variant.id,
            reference_id=variant.sku,
            sku=variant.sku,
            name=variant.name,
            quantity=quantity,
            variant_id=variant.id,
            unit_price=prices.get(variant.sku),
        )

    def _parcel(
        self, shipment: Shipment, index: int, number: str, carrier: str, service: str
    ) -> Parcel:
        return Parcel(
            carrier=carrier,
            service=service,
            tracking_number=number,
            url=f"https://track.example.test/{number}",
            barcode=f"C{shipment.id}-{index}",
        )

    def _tracking_number(self) -> str:
        return f"94{self.books.random.randrange(10**20):020d}"
