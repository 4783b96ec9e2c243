"""The returns desk and the accounts department, called from Python."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.billing import Invoice, Transaction
from ml_connector.sim.shipbob.books.returns import REQUESTED_ACTIONS, Return, ReturnLine
from ml_connector.sim.shipbob.people.dock import Item

ReturnKey = Return | int


class Desk:
    """Returns and billing. Every method may be called from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @locked
    def create_return(
        self,
        reference_id: str,
        items: Mapping[Item, int],
        *,
        shipment: int | None = None,
        requested_action: str = "Default",
        return_type: str = "Regular",
        fulfillment_center_id: int | None = None,
        channel: int | None = None,
        tracking_number: str | None = None,
    ) -> Return:
        """A return as the dashboard makes it, or a parcel that comes back undelivered.

        Args:
            reference_id: unique.
            items: units by SKU or inventory id.
            shipment: the id of the original shipment.
            requested_action: Default, Restock, Quarantine or Dispose.
            return_type: Regular or ReturnToSender, which exists without any RMA.
            fulfillment_center_id: that of the shipment, else the first one.
            channel: that of the shipment's order, else the first that can write.
            tracking_number: of the returning parcel.

        Raises:
            ValueError: the reference exists, or the action doesn't.
            LookupError: there is no such item or shipment.
        """
        books = self.books
        if reference_id in books.returns.by_reference:
            raise ValueError(f"There is a return {reference_id!r} already.")
        if requested_action not in REQUESTED_ACTIONS:
            raise ValueError(f"{requested_action!r} is no requested action: {REQUESTED_ACTIONS}.")
        original = None if shipment is None else books.orders.shipments[shipment]
        order = books.orders.of(original) if original else None
        center_id = original.center_id if original else books.centers.first().id
        parcels = original.parcels if original else []
        return books.returns.create(
            channel_id=channel
            or (order.channel_id if order else books.access.writing_channel().id),
            reference_id=reference_id,
            center_id=fulfillment_center_id or center_id,
            lines=[
                ReturnLine(
                    inventory_id=books.products.find(item).inventory_id,
                    quantity=quantity,
                    requested=requested_action,
                )
                for item, quantity in items.items()
            ],
            kind=return_type,
            original_shipment_id=shipment,
            tracking_number=tracking_number,
            store_order_id=order.order_number if order else None,
            customer_name=str(order.recipient.get("name")) if order else None,
            shipment_tracking_number=parcels[0].tracking_number if parcels else None,
        )

    @locked
    def return_shipment(self, shipment: int) -> Return:
        """Everything in a shipment comes back, under a made-up reference."""
        original = self.books.orders.shipments[shipment]
        number = len(self.books.returns.by_id) + 1
        units: dict[Item, int] = {}
        for pick in original.picks:
            units[pick.inventory_id] = units.get(pick.inventory_id, 0) + pick.quantity
        return self.create_return(f"RMA-{shipment}-{number}", units, shipment=shipment)

    @locked
    def move_return(self, found: ReturnKey, status: str) -> Return:
        """The next status: Arrived, Processing, or one of the newer portal's."""
        made = self.find_return(found)
        self.books.returns.move(made, status)
        return made

    @locked
    def arrive_return(self, found: ReturnKey) -> Return:
        """The parcel is there."""
        return self.move_return(found, "Arrived")

    @locked
    def complete_return(
        self, found: ReturnKey, done: Mapping[Item, Mapping[str, int]] | None = None
    ) -> Return:
        """What was really done, such as ``{"TEE-S": {"Restock": 1, "Dispose": 1}}``.

        Left out: what was asked for, or the product's default.
        """
        made = self.find_return(found)
        by_id = None
        if done is not None:
            by_id = {
                self.books.products.find(item).inventory_id: actions
                for item, actions in done.items()
            }
        self.books.returns.complete(made, by_id)
        self.books.fulfilment.allocate_exceptions()
        return made

    @locked
    def charge(
        self,
        fee: str,
        amount: Decimal,
        *,
        kind: str = "Charge",
        reference_type: str = "Shipment",
        reference_id: str = "",
        fulfillment_center_id: int | None = None,
        details: dict[str, object] | None = None,
        at: datetime | None = None,
    ) -> Transaction:
        """A charge, or with ``kind`` a Credit or Refund, which are negative.

        Args:
            fee: any name; those that ShipBob uses decide the invoice type.
            amount: in USD.
            kind: Charge, Credit, Refund or BalanceAdjustment.
            reference_type: Shipment, Return, WRO, URO, Ticket Number, FC, ...
            reference_id: what it is for.
            fulfillment_center_id: its name is shown.
            details: ``additional_details``.
            at: when it was charged; now when left out.
        """
        center = self.books.centers.get(fulfillment_center_id or 0)
        return self.books.billing.charge(
            fee,
            amount,
            kind=kind,
            reference_type=reference_type,
            reference_id=reference_id,
            center_name=center.name if center else None,
            details=details,
            at=at,
        )

    @locked
    def credit(self, amount: Decimal, reason: str, *, reference_id: str = "") -> Transaction:
        """A credit; its amount becomes negative."""
        return self.charge(
            "Credit",
            amount,
            kind="Credit",
            reference_type="Ticket Number",
            reference_id=reference_id,
            details={"CreditReason": reason, "TicketReference": reference_id},
        )

    @locked
    def invoice(self, before: datetime | None = None) -> list[Invoice]:
        """The weekly invoices, one for each type of what is not invoiced yet."""
        return self.books.billing.invoice(before)

    @locked
    def pay(self, amount: Decimal) -> Invoice:
        """The merchant pays ShipBob: an invoice of type Payment."""
        return self.books.billing.pay(amount)

    def find_return(self, found: ReturnKey) -> Return:
        """The return with this id.

        Raises:
            LookupError: there is none.
        """
        number = found.id if isinstance(found, Return) else found
        if number not in self.books.returns.by_id:
            raise LookupError(f"There is no return {number}.")
        return self.books.returns.by_id[number]
