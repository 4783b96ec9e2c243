"""Returns: what the buyer sent back and what was done with it (reference shipbob.md, 9.6)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Final

import msgspec

from ml_connector.sim.shipbob.books.product_views import RETURN_ACTIONS
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.stock import Stock

ACTIONS: Final = ("Restock", "Quarantine", "Dispose")
REQUESTED_ACTIONS: Final = ("Default", *ACTIONS)

REASONS: Final = {
    "Restock": "Item in sellable condition",
    "Quarantine": "Item needs inspection",
    "Dispose": "Damaged",
}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with some units."""

    action: str
    reason: str
    quantity: int


class ReturnLine(msgspec.Struct, kw_only=True):
    """One inventory id of a return: what was announced and what was done.

    Attributes:
        untold: what was done is not shown, as some completed returns have it.
    """

    inventory_id: int
    quantity: int
    requested: str = "Default"
    lot_number: str | None = None
    lot_date: datetime | None = None
    taken: list[Taken] = []
    untold: bool = False


class Return(msgspec.Struct, kw_only=True):
    """A return order; its history holds every status with its instant.

    Attributes:
        nowhere: at which center it is is not shown.
    """

    id: int
    channel_id: int
    reference_id: str
    center_id: int
    inserted: datetime
    lines: list[ReturnLine]
    type: str = "Regular"
    status: str = "AwaitingArrival"
    store_order_id: str | None = None
    customer_name: str | None = None
    original_shipment_id: int | None = None
    tracking_number: str | None = None
    shipment_tracking_number: str | None = None
    history: list[tuple[str, datetime]] = []
    fees: list[tuple[str, Decimal]] = []
    nowhere: bool = False

    def at(self, status: str) -> datetime | None:
        """When it reached a status, if it did."""
        return next((at for name, at in self.history if name == status), None)


Announce = Callable[[str, Return], None]


class Returns:
    """All returns of the merchant and what happens to them."""

    def __init__(
        self,
        *,
        products: Products,
        stock: Stock,
        now: Callable[[], datetime],
        announce: Announce,
        completed: Callable[[Return], None],
        first: int | None = None,
    ) -> None:
        self._products = products
        self._stock = stock
        self._now = now
        self._announce = announce
        self._completed = completed
        self._ids = count(first or 3_300_001)
        self.by_id: dict[int, Return] = {}
        self.by_reference: dict[str, Return] = {}

    def create(
        self,
        *,
        channel_id: int,
        reference_id: str,
        center_id: int,
        lines: Sequence[ReturnLine],
        kind: str = "Regular",
        original_shipment_id: int | None = None,
        tracking_number: str | None = None,
        store_order_id: str | None = None,
        customer_name: str | None = None,
        shipment_tracking_number: str | None = None,
    ) -> Return:
        """A return that is awaited."""
        now = self._now()
        made = Return(
            id=next(self._ids),
            channel_id=channel_id,
            reference_id=reference_id,
            center_id=center_id,
            inserted=now,
            lines=list(lines),
            type=kind,
            original_shipment_id=original_shipment_id,
            tracking_number=tracking_number,
            store_order_id=store_order_id,
            customer_name=customer_name,
            shipment_tracking_number=shipment_tracking_number,
            history=[("AwaitingArrival", now)],
        )
        self.by_id[made.id] = made
        self.by_reference[reference_id] = made
        self._announce("return.created", made)
        return made

    def rename(self, found: Return, reference_id: str) -> None:
        """Give a return another reference."""
        del self.by_reference[found.reference_id]
        found.reference_id = reference_id
        self.by_reference[reference_id] = found

    def edited(self, found: Return) -> None:
        """Say that a return was edited."""
        self._announce("return.updated", found)

    def correct(self, found: Return, status: str) -> None:
        """Another status after the end, as ShipBob's people give it when they correct one."""
        found.status = status
        found.history.append((status, self._now()))
        self._announce("return.updated", found)

    def move(self, found: Return, status: str) -> None:
        """The next status; arrived, processing, and those of the newer portal."""
        if found.status in {"Completed", "Cancelled"}:
            raise ValueError(
                f"Return {found.id} is {found.status}: nothing more can happen to it."
            )
        found.status = status
        found.history.append((status, self._now()))
        self._announce("return.updated", found)

    def cancel(self, found: Return) -> bool:
        """Cancel while it is awaited.

        Returns:
            whether it is cancelled now.
        """
        if found.status == "Cancelled":
            return True
        if found.status != "AwaitingArrival":
            return False
        self.move(found, "Cancelled")
        return True

    def complete(self, found: Return, done: Mapping[int, Mapping[str, int]] | None) -> None:
        """What was really done, by inventory id and action; what was asked when left out.

        Restocked units can be sold again, quarantined ones lie there, disposed ones are gone.
        The sum may differ from what was announced.
        """
        chosen = self._as_requested(found) if done is None else done
        if found.status != "Processing":
            self.move(found, "Processing")
        lines = {line.inventory_id: line for line in found.lines}
        for inventory_id, actions in chosen.items():
            line = lines.get(inventory_id)
            if line is None:
                line = ReturnLine(inventory_id=inventory_id, quantity=0)
                found.lines.append(line)
            for action, quantity in actions.items():
                self._take(found, line, action, quantity)
        found.status = "Completed"
        found.history.append(("Completed", self._now()))
        self._completed(found)
        self._announce("return.completed", found)

    def _as_requested(self, found: Return) -> dict[int, dict[str, int]]:
        return {
            line.inventory_id: {self._default(line): line.quantity}
            for line in found.lines
            if line.quantity
        }

    def _default(self, line: ReturnLine) -> str:
        if line.requested != "Default":
            return line.requested
        return RETURN_ACTIONS[self._products.by_inventory_id[line.inventory_id].return_action_id]

    def _take(self, found: Return, line: ReturnLine, action: str, quantity: int) -> None:
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no return action: {ACTIONS}.")
        line.taken.append(Taken(action=action, reason=REASONS[action], quantity=quantity))
        if action == "Dispose" or not quantity:
            return
        place = (line.inventory_id, found.center_id, line.lot_number or "")
        self._stock.move(
            place,
            quantity,
            sku=self._products.by_inventory_id[line.inventory_id].sku,
            category="InventoryRestocked",
            at=self._now(),
            references=(("Return", str(found.id)),),
        )
        if action == "Quarantine":
            self._stock.at(place).exception += quantity
