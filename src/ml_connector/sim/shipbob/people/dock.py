"""What people at ShipBob and the merchant do with WROs, called from Python."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.products import Variant
from ml_connector.sim.shipbob.books.receiving import BoxItem, Wro
from ml_connector.sim.shipbob.books.uros import Uro

Item = str | int
"""A SKU or an inventory id."""

WroKey = Wro | int
"""A WRO or its id."""


class Dock:
    """The receiving dock. Every method may be called from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @locked
    def create_wro(
        self,
        quantities: Mapping[Item, int] | None = None,
        *,
        boxes: Sequence[Mapping[Item, int]] | None = None,
        purchase_order_number: str | None = None,
        fulfillment_center_id: int | None = None,
        expected_arrival: datetime | None = None,
        lot: str | None = None,
        lot_date: datetime | None = None,
        package_type: str = "Package",
        box_packaging_type: str = "MultipleSkuPerBox",
    ) -> Wro:
        """A WRO made in the dashboard, which the merchant's own software knows nothing of.

        Args:
            quantities: the content of a single box; or
            boxes: the content of each box.
            purchase_order_number: need not be unique.
            fulfillment_center_id: the first center when left out.
            expected_arrival: in three days when left out.
            lot: the lot of everything in it.
            lot_date: the lot's expiration date; in a year when left out.
            package_type: Package, Pallet or FloorLoadedContainer.
            box_packaging_type: EverythingInOneBox, OneSkuPerBox or MultipleSkuPerBox.

        Raises:
            LookupError: there is no such SKU, inventory id or fulfillment center.
            ValueError: no content at all.
        """
        contents = list(boxes or ([quantities] if quantities else []))
        if not contents:
            raise ValueError("A WRO needs at least one box with something in it.")
        now = self.books.clock.now()
        expires = (lot_date or now + timedelta(days=365)) if lot else None
        return self.books.receiving.create(
            center_id=fulfillment_center_id or self.books.centers.first().id,
            boxes=[
                (
                    f"BOX-{self.books.random.getrandbits(48):012X}",
                    [
                        BoxItem(
                            inventory_id=self._variant(item).inventory_id,
                            quantity=quantity,
                            lot_number=lot,
                            lot_date=expires,
                        )
                        for item, quantity in content.items()
                    ],
                )
                for content in contents
            ],
            expected_arrival=expected_arrival or now + timedelta(days=3),
            purchase_order_number=purchase_order_number,
            package_type=package_type,
            box_packaging_type=box_packaging_type,
        )

    @locked
    def arrive(self, wro: WroKey, boxes: Collection[int] | None = None) -> Wro:
        """Boxes reach the dock: all of them, or those with these numbers."""
        found = self.find(wro)
        self.books.receiving.arrive(found, boxes)
        return found

    @locked
    def transfer(self, wro: WroKey) -> Wro:
        """The hub sends the boxes on to their center."""
        found = self.find(wro)
        self.books.receiving.transfer(found)
        return found

    @locked
    def stow(
        self,
        wro: WroKey,
        quantities: Mapping[Item, int] | None = None,
        *,
        lot: str | None = None,
        box: int | None = None,
    ) -> Wro:
        """Put units on the shelf, more than announced or something unannounced if you like.

        Args:
            wro: the WRO.
            quantities: units by SKU or inventory id, on top of what was stowed before; a
                negative number is a recount. Left out: all that is still expected.
            lot: only items of this lot.
            box: only items of the box with this number.
        """
        found = self.find(wro)
        if quantities is None:
            self.books.receiving.stow(found, _expected(found, lot, box), lot, box)
        else:
            units = {self._variant(item).inventory_id: n for item, n in quantities.items()}
            self.books.receiving.stow(found, units, lot, box)
        return found

    @locked
    def complete(self, wro: WroKey, status: str = "Completed") -> Wro:
        """Receiving is over: ``Completed`` or ``Incomplete``.

        Raises:
            ValueError: another status.
        """
        if status not in {"Completed", "Incomplete"}:
            raise ValueError(f"A WRO ends as Completed or Incomplete, not as {status}.")
        found = self.find(wro)
        self.books.receiving.complete(found, status)
        return found

    @locked
    def cancel(self, wro: WroKey) -> Wro:
        """Cancel in the dashboard, which works in every open status."""
        found = self.find(wro)
        self.books.receiving.cancel(found)
        return found

    @locked
    def split(self, wro: WroKey, *parts: Mapping[Item, int]) -> list[Wro]:
        """ShipBob's people move these quantities to new WROs, with no link back.

        Raises:
            ValueError: a part asks for more than is open.
        """
        found = self.find(wro)
        by_id = [
            {self._variant(item).inventory_id: quantity for item, quantity in part.items()}
            for part in parts
        ]
        return self.books.receiving.split(found, by_id)

    @locked
    def add_uro(
        self,
        contents: Mapping[Item, int],
        *,
        fulfillment_center_id: int | None = None,
        reason: str = "NoWROFound",
        comment: str = "",
    ) -> Uro:
        """A box turns up that no WRO announced. Its content is no stock until it has a WRO."""
        center_id = fulfillment_center_id or self.books.centers.first().id
        units = {self._variant(item).inventory_id: quantity for item, quantity in contents.items()}
        return self.books.uros.add(
            now=self.books.clock.now(),
            center_id=center_id,
            contents=units,
            reason=reason,
            comment=comment,
        )

    def find(self, wro: WroKey) -> Wro:
        """The WRO with this id.

        Raises:
            LookupError: there is none.
        """
        number = wro.id if isinstance(wro, Wro) else wro
        if number not in self.books.receiving.wros:
            raise LookupError(f"There is no WRO {number}.")
        return self.books.receiving.wros[number]

    def _variant(self, item: Item) -> Variant:
        return self.books.products.find(item)


def _expected(wro: Wro, lot: str | None, box_number: int | None) -> dict[int, int]:
    expected: dict[int, int] = {}
    for box in wro.boxes:
        for item in box.items:
            if box_number in {None, box.number} and lot in {None, item.lot_number}:
                left = max(item.quantity - item.stowed, 0)
                expected[item.inventory_id] = expected.get(item.inventory_id, 0) + left
    return expected
