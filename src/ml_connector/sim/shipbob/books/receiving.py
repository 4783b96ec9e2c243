"""WROs and their boxes: the books of receiving (reference shipbob.md, 9.4).

Quantities are cumulative eaches. What is sellable is what was *stowed*.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from random import Random

import msgspec

from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.products import Products, Variant
from ml_connector.sim.shipbob.books.stock import Stock
from ml_connector.sim.shipbob.values.vocabulary import WRO_STATUSES

OPEN_STATUSES = frozenset(WRO_STATUSES) - {"Completed", "Cancelled", "Incomplete"}


class BoxItem(msgspec.Struct, kw_only=True):
    """One inventory id, and lot, in one box. ``quantity`` is what was announced.

    Attributes:
        stowed_before: what was stowed before somebody stowed of its WRO last.
    """

    inventory_id: int
    quantity: int
    received: int = 0
    stowed: int = 0
    stowed_before: int = 0
    lot_number: str | None = None
    lot_date: datetime | None = None


class Box(msgspec.Struct, kw_only=True):
    """One carton, pallet or container."""

    id: int
    number: int
    tracking_number: str
    items: list[BoxItem]
    status: str = "Awaiting"
    arrived: datetime | None = None
    received: datetime | None = None
    counting_started: datetime | None = None


class Wro(msgspec.Struct, kw_only=True):
    """A warehouse receiving order.

    Attributes:
        center_id: what the answer shows as its center; the hub, if there is one.
        destination_id: where the stock ends up.
        split_from: known to the simulator only. ShipBob's answer has no link back.
    """

    id: int
    purchase_order_number: str | None
    package_type: str
    box_packaging_type: str
    expected_arrival: datetime
    inserted: datetime
    updated: datetime
    center_id: int
    destination_id: int
    boxes: list[Box]
    status: str = "Awaiting"
    history: list[tuple[str, datetime]] = []
    completed: datetime | None = None
    external_sync: datetime | None = None
    freight: dict[str, object] | None = None
    final_destination_id: int | None = None
    split_from: int | None = None

    @property
    def via_hub(self) -> bool:
        """Stock goes through a hub before it reaches its center."""
        return self.center_id != self.destination_id

    @property
    def open(self) -> bool:
        """More may still be stowed."""
        return self.status in OPEN_STATUSES


Announce = Callable[[str, Wro, Box | None], None]
"""Tells the webhooks: topic, WRO, and the box for box topics."""


class Receiving:
    """All WROs of the merchant and what happens to them.

    Every change is stamped, moves stock where stock moves, and is announced.
    """

    def __init__(
        self,
        *,
        products: Products,
        centers: Centers,
        stock: Stock,
        random: Random,
        now: Callable[[], datetime],
        announce: Announce,
        first: int | None = None,
    ) -> None:
        self._products = products
        self._centers = centers
        self._stock = stock
        self._random = random
        self._now = now
        self._announce = announce
        self._wro_ids = count(first or 900_001)
        self._box_ids = count(1_500_001)
        self.wros: dict[int, Wro] = {}

    def create(
        self,
        *,
        center_id: int,
        boxes: Iterable[tuple[str, Sequence[BoxItem]]],
        expected_arrival: datetime,
        purchase_order_number: str | None = None,
        package_type: str = "Package",
        box_packaging_type: str = "EverythingInOneBox",
        freight: dict[str, object] | None = None,
        final_destination_id: int | None = None,
        split_from: int | None = None,
    ) -> Wro:
        """A new WRO. A center with a hub makes the hub the WRO's center (9.1)."""
        now = self._now()
        destination = final_destination_id or center_id
        hub_id = self._centers[center_id].hub_id
        wro = Wro(
            id=next(self._wro_ids),
            purchase_order_number=purchase_order_number,
            package_type=package_type,
            box_packaging_type=box_packaging_type,
            expected_arrival=expected_arrival,
            inserted=now,
            updated=now,
            center_id=hub_id or center_id,
            destination_id=destination,
            boxes=[
                Box(
                    id=next(self._box_ids),
                    number=number,
                    tracking_number=tracking_number,
                    items=list(items),
                )
                for number, (tracking_number, items) in enumerate(boxes, start=1)
            ],
            history=[("Awaiting", now)],
            freight=freight,
            final_destination_id=destination if hub_id or final_destination_id else None,
            split_from=split_from,
        )
        self.wros[wro.id] = wro
        self._await(wro, 1)
        self._announce("wro.created", wro, None)
        return wro

    def arrive(self, wro: Wro, box_numbers: Iterable[int] | None = None) -> None:
        """Boxes reach the dock: all of them, or those named."""
        self._need_open(wro)
        chosen = set(box_numbers) if box_numbers is not None else {b.number for b in wro.boxes}
        arrived = [box for box in wro.boxes if box.number in chosen and box.arrived is None]
        for box in arrived:
            box.status, box.arrived = "Arrived", self._now()
        everything = all(box.arrived is not None for box in wro.boxes)
        if wro.status in {"Awaiting", "PartiallyArrived", "PartiallyArrivedAtHub"}:
            status = "Arrived" if everything else "PartiallyArrived"
            self._set_status(wro, f"{status}AtHub" if wro.via_hub else status)
        for box in arrived:
            self._announce("wro.box.arrived", wro, box)
        self._announce("wro.updated", wro, None)

    def transfer(self, wro: Wro) -> None:
        """A hub has counted the boxes and sends them on to their center."""
        self._need_open(wro)
        self._set_status(wro, "ProcessingAtHub")
        self._announce("wro.updated", wro, None)
        for box in wro.boxes:
            box.status = "InternalTransfer"
        self._set_status(wro, "InternalTransfer")
        self._announce("wro.updated", wro, None)

    def stow(
        self, wro: Wro, quantities: Mapping[int, int], lot: str | None, box_number: int | None
    ) -> None:
        """Put units on the shelf, in addition to what was stowed before.

        Args:
            wro: an open WRO.
            quantities: units by inventory id; a negative number takes a recount back.
            lot: only items of this lot.
            box_number: only items of this box.
        """
        self._need_open(wro)
        now = self._now()
        touched: list[Box] = []
        for item in (one for box in wro.boxes for one in box.items):
            item.stowed_before = item.stowed
        for inventory_id, quantity in quantities.items():
            for box, item, units in self._spread(wro, inventory_id, quantity, lot, box_number):
                item.stowed += units
                item.received = max(item.received, item.stowed) if units > 0 else item.stowed
                self._shelve(wro, item, units, now)
                if box not in touched:
                    touched.append(box)
        self._set_status(wro, "Processing")
        for box in touched:
            first = box.counting_started is None
            box.arrived = box.arrived or now
            box.counting_started = box.counting_started or now
            box.received = box.received or now
            box.status = "Stowing"
            if first:
                self._announce("wro.box.scanned", wro, box)
            self._announce("wro.box.stowed", wro, box)
        self._announce("wro.updated", wro, None)

    def complete(self, wro: Wro, status: str = "Completed") -> None:
        """Receiving is over; short and over stay as they were stowed."""
        self._need_open(wro)
        self._await(wro, -1)
        for box in wro.boxes:
            box.status = "Completed"
            box.arrived = box.arrived or self._now()
            box.received = box.received or self._now()
        self._set_status(wro, status)
        wro.completed = self._now()
        self._announce("wro.completed", wro, None)

    def cancel(self, wro: Wro) -> None:
        """Cancel whatever the status; what may be cancelled by API is the API's rule."""
        self._need_open(wro)
        self._await(wro, -1)
        for box in wro.boxes:
            box.status = "Cancelled"
        self._set_status(wro, "Cancelled")
        self._announce("wro.updated", wro, None)

    def split(self, wro: Wro, parts: Sequence[Mapping[int, int]]) -> list[Wro]:
        """ShipBob's people split a WRO: new ones with the same PO number and no link back.

        What no part takes stays on the old WRO; when nothing stays it is cancelled.
        """
        self._need_open(wro)
        self._need_units(wro, parts)
        self._await(wro, -1)
        made = [self._part(wro, part) for part in parts]
        left = sum(item.quantity for box in wro.boxes for item in box.items)
        self._await(wro, 1)
        if left:
            wro.updated = self._now()
            self._announce("wro.updated", wro, None)
        else:
            self.cancel(wro)
        return made

    def set_external_sync(self, wro: Wro, synced: bool) -> None:  # noqa: FBT001 - the API's own flag
        """Mark as taken over by the merchant's own system, or not."""
        wro.external_sync = self._now() if synced else None

    def _need_units(self, wro: Wro, parts: Sequence[Mapping[int, int]]) -> None:
        for inventory_id in {number for part in parts for number in part}:
            wanted = sum(part.get(inventory_id, 0) for part in parts)
            items = [i for box in wro.boxes for i in box.items if i.inventory_id == inventory_id]
            left = sum(max(item.quantity - item.stowed, 0) for item in items)
            if wanted > left:
                raise ValueError(f"WRO {wro.id} has {left} open of inventory {inventory_id}.")

    def _part(self, wro: Wro, part: Mapping[int, int]) -> Wro:
        items = []
        for inventory_id, quantity in part.items():
            left = quantity
            for item in (i for box in wro.boxes for i in box.items):
                taken = min(left, item.quantity - item.stowed)
                if item.inventory_id == inventory_id and taken > 0:
                    item.quantity -= taken
                    left -= taken
                    items.append(
                        BoxItem(
                            inventory_id=inventory_id,
                            quantity=taken,
                            lot_number=item.lot_number,
                            lot_date=item.lot_date,
                        )
                    )
        return self.create(
            center_id=wro.destination_id,
            boxes=[(f"SPLIT-{self._random.getrandbits(48):012X}", items)],
            expected_arrival=wro.expected_arrival,
            purchase_order_number=wro.purchase_order_number,
            package_type=wro.package_type,
            box_packaging_type=wro.box_packaging_type,
            split_from=wro.id,
        )

    def _spread(
        self,
        wro: Wro,
        inventory_id: int,
        quantity: int,
        lot: str | None,
        box_number: int | None,
    ) -> list[tuple[Box, BoxItem, int]]:
        """Fill announced quantities first; a surplus goes to the last item, or a new one."""
        candidates = [
            (box, item)
            for box in wro.boxes
            if box_number in {None, box.number}
            for item in box.items
            if item.inventory_id == inventory_id and lot in {None, item.lot_number}
        ]
        if not candidates:
            box = next((b for b in wro.boxes if box_number in {None, b.number}), wro.boxes[0])
            item = BoxItem(inventory_id=inventory_id, quantity=0, lot_number=lot)
            box.items.append(item)
            candidates = [(box, item)]
        spread, left = [], quantity
        for box, item in candidates:
            room = max(item.quantity - item.stowed, 0) if quantity > 0 else -item.stowed
            units = min(left, room) if quantity > 0 else max(left, room)
            if units:
                spread.append((box, item, units))
                left -= units
        if left:
            spread.append((*candidates[-1], left))
        return spread

    def _shelve(self, wro: Wro, item: BoxItem, units: int, now: datetime) -> None:
        place = (item.inventory_id, wro.destination_id, item.lot_number or "")
        expected_before = max(item.quantity - (item.stowed - units), 0)
        self._stock.at(place).awaiting -= expected_before - max(item.quantity - item.stowed, 0)
        self._stock.move(
            place,
            units,
            sku=self._variant(item.inventory_id).sku,
            category="ReceivingStow",
            at=now,
            lot_date=item.lot_date,
            references=(("WRO", str(wro.id)),),
        )

    def _await(self, wro: Wro, sign: int) -> None:
        for item in (i for box in wro.boxes for i in box.items):
            place = (item.inventory_id, wro.destination_id, item.lot_number or "")
            self._stock.at(place).awaiting += sign * max(item.quantity - item.stowed, 0)

    def _set_status(self, wro: Wro, status: str) -> None:
        wro.updated = self._now()
        if wro.status != status:
            wro.status = status
            wro.history.append((status, wro.updated))

    def _variant(self, inventory_id: int) -> Variant:
        return self._products.by_inventory_id[inventory_id]

    def _need_open(self, wro: Wro) -> None:
        if not wro.open:
            raise ValueError(f"WRO {wro.id} is {wro.status}: nothing more can happen to it.")
