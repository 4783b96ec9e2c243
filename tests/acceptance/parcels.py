"""Sales that are drawn: orders of two shops, their parcels, and what people do with both.

Each round something happens in every sale, on both sides. What was done is kept, so that a test
can tell what must be fulfilled without asking the product.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any, Final

from acceptance.merchant import Merchant
from acceptance.sales import (
    OTHER_SHOP,
    OWN_WAREHOUSE,
    PLACES,
    STOCK,
    Fulfillment,
    Hand,
    Line,
    Sale,
    Units,
)
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.orders import GONE, Shipment
from ml_connector.sim.shipbob.people.dock import Item

_TAG: Final = re.compile(r"\[mlc-if-(\d+)\]")


class Parcels:
    """A merchant's sales, drawn by one random number generator."""

    def __init__(self, acme: Merchant, clock: Clock, random: Random) -> None:
        self.acme, self.clock, self.random = acme, clock, random
        self.sales: list[Sale] = []
        self.kits: set[str] = set()
        self._netsuite, self._shipbob = acme.world.netsuite, acme.world.shipbob
        self._books = self._netsuite.company.books
        self._customer = self._netsuite.add_customer("Pat Doe", subsidiary=1)
        self.own_shop = acme.world.channel_id
        self._protection = f"PROTECTION-{next(acme.numbers)}"
        self._gift_card = f"CARD-{next(acme.numbers)}"
        self._netsuite.add_item(self._protection, kind="Service")
        self._netsuite.add_item(self._gift_card, kind="GiftCert")

    # Drawing

    def enter(self, orders: int) -> None:
        """Bring in so many orders; some shops have one of the same number and goods."""
        while len(self.sales) < orders:
            number = f"{next(self.acme.numbers) + 1000}"
            goods, made_of, loose = self._goods(number)
            shops = [self.own_shop, OTHER_SHOP]
            self.random.shuffle(shops)
            for shop in shops if self._chance(0.3) else shops[:1]:
                self._sale(number, shop, goods, made_of, loose)

    def _goods(
        self, number: str
    ) -> tuple[list[str], dict[str, Mapping[str, int]], frozenset[str]]:
        """Make what is sold: goods by themselves, kits, and packs of one kind."""
        goods = [self._good(f"TEE-{number}-{at}") for at in range(self.random.randint(1, 3))]
        made_of: dict[str, Mapping[str, int]] = {}
        loose: set[str] = set()
        if self._chance(0.35):
            kit, kinds = f"SET-{number}", self.random.choices([1, 2, 3], [2, 3, 1])[0]
            parts = {
                self._good(f"PART-{number}-{at}"): self.random.randint(1 if kinds > 1 else 2, 3)
                for at in range(kinds)
            }
            as_kit = kinds > 1 or self._chance(0.4)
            self._netsuite.add_item(
                kit,
                kind="Kit" if as_kit else self.random.choice(["InvtPart", "Assembly"]),
                cost="9",
                members=parts if as_kit else None,
            )
            if as_kit:
                self.kits.add(kit)
            else:
                for location in PLACES.values():
                    self._netsuite.add_to_stock(kit, location, STOCK)
            if as_kit and kinds > 1 and self._chance(0.3):
                loose.add(kit)
            else:
                self._shipbob.add_product(kit, parts=parts)
            made_of[kit] = parts
            goods.append(kit)
        return goods, made_of, frozenset(loose)

    def _good(self, sku: str) -> str:
        self._shipbob.add_product(sku)
        self._netsuite.add_item(sku, cost="4.20")
        for center, location in PLACES.items():
            self._shipbob.adjust(sku, STOCK, center)
            self._netsuite.add_to_stock(sku, location, STOCK)
        return sku

    def _sale(
        self,
        number: str,
        shop: int,
        goods: Sequence[str],
        made_of: Mapping[str, Mapping[str, int]],
        loose: frozenset[str],
    ) -> None:
        ordered = {sku: self.random.randint(1, 4) for sku in goods if self._chance(0.8)}
        ordered = ordered or {goods[0]: 2}
        parts: list[dict[Item, int]] = [{} for _ in range(self.random.choice([1, 1, 2, 2, 3]))]
        for sku, quantity in ordered.items():
            for _ in range(quantity):
                part = self.random.choice(parts)
                for one, each in (made_of[sku] if sku in loose else {sku: 1}).items():
                    part[one] = part.get(one, 0) + each
        parts = [part for part in parts if part]
        units: dict[Item, int] = {}
        for part in parts:
            for item, quantity in part.items():
                units[item] = units.get(item, 0) + quantity
        order = self._shipbob.create_order(
            number, units, shipments=parts, channel=shop, fulfillment_center_id=228
        )
        sale = Sale(number, order, made_of, loose)
        for shipment in order.shipments:
            if self._chance(0.35):
                self._shipbob.move(shipment, 10)
        self.sales.append(sale)
        if self._chance(0.06):
            sale.may_stop.add("sales_order_not_found")
        else:
            self.enter_order(sale)

    def enter_order(self, sale: Sale) -> None:
        """Enter its sales order, of which either shop's is found by another field."""
        sale.may_stop.discard("sales_order_not_found")
        lines: list[dict[str, object]] = []
        by_place = self._chance(0.4)
        at: dict[int, Units] = {}
        for shipment in sale.order.shipments:
            place = sale.place(shipment) if by_place else 6
            at.setdefault(place, Counter()).update(sale.units(shipment) or {})
        for place, units in at.items():
            for sku, quantity in units.items():
                parts = [quantity]
                if quantity > 1 and self._chance(0.2):
                    first = self.random.randint(1, quantity - 1)
                    parts = [first, quantity - first]
                located = {"location": place} if self._chance(0.85) else {}
                lines += [{"item": sku, "quantity": one, "rate": "9", **located} for one in parts]
        for extra, share in ((self._protection, 0.1), (self._gift_card, 0.1)):
            if self._chance(share):
                lines.append({"item": extra, "quantity": 1, "rate": "2"})
        self.random.shuffle(lines)
        own = sale.order.channel_id == self.own_shop
        fields: dict[str, object] = {} if own else {"otherRefNum": sale.number}
        sale.sales_order = self._netsuite.add_sales_order(
            sale.number if own else f"B{sale.number}",
            customer=self._customer,
            location=6,
            lines=lines,
            **fields,
        )
        sale.changed = True

    # What happens

    def happen(self, *, last: bool = False) -> None:
        """Let a day pass in every sale."""
        self.clock.advance(timedelta(days=1))
        acts: dict[Callable[[Sale], object], float] = {
            self.ship: 14,
            self.deliver: 3,
            self.cancel: 0.8,
            self.recall: 1,
            self.relabel: 0.6,
            self.reship_lost: 0.4,
            self.hold: 0.6,
            self.repack: 0.6,
            self.move: 0.5,
            self.tear: 0.6,
            self.fulfil_by_hand: 2.5,
            self.fulfil_partly: 0.7,
            self.fulfil_elsewhere: 0.4,
            self.fulfil_something_else: 0.5,
            self.delete_ours: 0.8,
            self.close_line: 0.3,
        }
        for sale in self.sales:
            if sale.sales_order is None and self._chance(0.4):
                self.enter_order(sale)
            for act in self.random.choices(
                list(acts), list(acts.values()), k=self.random.choice([0, 1, 1, 2])
            ):
                act(sale)
            if last:
                for shipment in self._with(sale, "Processing"):
                    self._label(sale, shipment)
                for shipment in self._with(sale, "LabeledCreated"):
                    self._shipbob.ship(shipment)
                    sale.changed = True

    def ship(self, sale: Sale) -> None:
        for shipment in self._with(sale, "Processing")[: self.random.randint(1, 3)]:
            self._label(sale, shipment)
        for shipment in self._with(sale, "LabeledCreated"):
            if self._chance(0.4):
                self._shipbob.ship(shipment)
                sale.changed = True

    def deliver(self, sale: Sale) -> None:
        for shipment in self._with(sale, "Completed")[:1]:
            status = self.random.choice(["InTransit", "Delivered", "DeliveryException"])
            self._shipbob.track(shipment, status)
            sale.changed = True

    def cancel(self, sale: Sale) -> None:
        for shipment in self._with(sale, "Processing")[:1]:
            self._shipbob.cancel_shipment(shipment)
            if shipment.id in {one.shipment for one in self.of(sale)}:  # held after its label
                sale.let(shipment, "cancelled_after_shipping")
            self._unclaimed(sale, shipment)

    def recall(self, sale: Sale) -> None:
        """ShipBob cancels it after its label, and mostly sends the same again."""
        for shipment in self._with(sale, "LabeledCreated")[:1]:
            number = shipment.parcels[0].tracking_number
            self._shipbob.recall(shipment)
            sale.let(shipment, "cancelled_after_shipping")
            self._unclaimed(sale, shipment)
            if self._chance(0.6):
                again = self._shipbob.reship(shipment)
                if again.status == "Processing":
                    self._label(sale, again, number if self._chance(0.4) else None)

    def relabel(self, sale: Sale) -> None:
        for shipment in self._with(sale, "LabeledCreated")[:1]:
            self._shipbob.relabel(shipment, self._number())
            self._renamed(sale, shipment)

    def reship_lost(self, sale: Sale) -> None:
        """A parcel is lost, and the same is sent again: more than was ordered."""
        for shipment in self._with(sale, "Completed")[:1]:
            if shipment.id in sale.torn:
                return
            self._shipbob.reship(shipment)
            sale.may_stop |= {"over_fulfillment", "fulfilled_by_others", "sales_order_closed"}
            sale.changed = True

    def hold(self, sale: Sale) -> None:
        """It is held after its label; later it goes on, or not."""
        for shipment in self._with(sale, "LabeledCreated")[:1]:
            self._shipbob.pull_back(shipment, self.random.choice(["InvalidAddress", "OutOfStock"]))
            sale.let(shipment, "shipment_changed")
            self._unclaimed(sale, shipment)

    def repack(self, sale: Sale) -> None:
        for shipment in self._with(sale, "LabeledCreated")[:1]:
            if sale.made_of or self._claimed(sale, shipment):
                return
            before: dict[Item, int] = {p.inventory_id: p.quantity for p in shipment.picks}
            one = self.random.choice(sorted(before, key=str))
            after = {**before, one: max(before[one] + self.random.choice([-1, 1, 2]), 0)}
            if not any(after.values()):
                return
            self._shipbob.repack(shipment, after)
            sale.repacked.setdefault(shipment.id, before)
            sale.let(shipment, "shipment_changed")
            sale.may_stop |= {"over_fulfillment", "fulfilled_by_others", "sales_order_closed"}
            sale.changed = True

    def move(self, sale: Sale) -> None:
        for shipment in self._with(sale, "Processing")[:1]:
            if not self._claimed(sale, shipment) and shipment.id not in sale.torn:
                self._shipbob.move(shipment, 10 if shipment.center_id == 228 else 228)

    def tear(self, sale: Sale) -> None:
        """A part of a kit goes with another shipment than the rest of it."""
        pair = [
            one
            for one in self._with(sale, "Processing")
            if not self._claimed(sale, one)
            and one.center_id == 228
            and any(pick.line.sku in sale.made_of for pick in one.picks)
        ][:2]
        kits = {p.line.sku for one in pair for p in one.picks if p.line.sku in sale.made_of}
        if len(pair) < 2 or not all(len(sale.made_of[one]) > 1 for one in kits):
            return
        first, second = (Counter({p.inventory_id: p.quantity for p in one.picks}) for one in pair)
        part = next(p.inventory_id for p in pair[0].picks if p.line.sku in kits)
        if first.total() < 2:
            return
        first[part] -= 1
        second[part] += 1
        with self._shipbob.books.lock:
            for shipment, units in zip(pair, (first, second), strict=True):
                self._shipbob.books.fulfilment.repick(
                    shipment, {one: count for one, count in units.items() if count}
                )
                sale.let(shipment, "kit_unclear", "fulfilled_by_others")
                sale.torn.add(shipment.id)
        sale.may_stop |= {"fulfilled_by_others"}

    # What people do in NetSuite

    def fulfil_by_hand(self, sale: Sale) -> None:
        """A person fulfils what a shipment holds, or several from one place, or only picks it."""
        free = [one for one in sale.live if self.is_free(sale, one)]
        if not free:
            return
        together = free[:1]
        if self._chance(0.25):
            together = [one for one in free if one.center_id == free[0].center_id]
        units = sale.units(*together)
        if units is None:
            return
        labelled = all(one.parcels for one in together)
        named = labelled and self._chance(0.6)
        picked = len(together) == 1 and self._chance(0.15)
        self.by_hand(sale, together, units, named=named, picked=picked)

    def fulfil_partly(self, sale: Sale) -> None:
        """A person fulfils one fewer of something than a shipment holds."""
        for shipment in [one for one in sale.live if self.is_free(sale, one)][:1]:
            units = sale.units(shipment)
            if units is None or units.total() < 2:
                return
            less = Counter(units)
            less[self.random.choice(sorted(units))] -= 1
            others = [sale.units(one) for one in sale.live]
            named = bool(shipment.parcels) and self._chance(0.6)
            if +less in others and not named:
                return
            of = [shipment] if named else []
            self.by_hand(sale, of, +less, named=named, exact=False, location=sale.place(shipment))

    def fulfil_elsewhere(self, sale: Sale) -> None:
        """The same units leave the merchant's own warehouse."""
        for shipment in [one for one in sale.live if self.is_free(sale, one)][:1]:
            units = sale.units(shipment)
            if units is not None:
                self.by_hand(sale, [], units, exact=False, location=OWN_WAREHOUSE)

    def fulfil_something_else(self, sale: Sale) -> None:
        """More is ordered, and a person fulfils just as much as a shipment holds."""
        for shipment in [one for one in sale.live if self.is_free(sale, one)][:1]:
            units = sale.units(shipment)
            if units is not None and self.raise_lines(sale, units):
                self.by_hand(sale, [], units, location=sale.place(shipment))

    def by_hand(
        self,
        sale: Sale,
        shipments: Sequence[Shipment],
        units: Units,
        *,
        named: bool = False,
        exact: bool = True,
        picked: bool = False,
        location: int = 0,
    ) -> Hand | None:
        """Fulfil units of an order by hand, where it has them open."""
        location = location or sale.place(shipments[0])
        items: list[dict[str, object]] = []
        rest = Counter(units)
        for line in self.lines(sale):
            taken = min(rest[line.sku], line.open)
            rest[line.sku] -= taken
            if line.open:
                items.append(
                    {
                        "orderLine": line.number,
                        "itemReceive": bool(taken),
                        "location": location,
                        **({"quantity": taken} if taken else {}),
                    }
                )
        if +rest or not items or sale.sales_order is None:
            return None
        packages = [self._typed(one) for one in shipments] if named else []
        made = self._netsuite.transform(
            "salesOrder",
            sale.sales_order,
            "itemFulfillment",
            {
                "memo": "by hand",
                "shipStatus": {"id": "A" if picked else "C"},
                "item": {"items": items},
                **({"package": {"items": packages}} if packages else {}),
            },
        )
        number = self._books.value('SELECT tranid FROM "transaction" WHERE id = ?', (made,))
        hand = Hand(
            int(made),
            str(number),
            frozenset(one.id for one in shipments),
            units,
            location,
            exact,
            named,
        )
        sale.hands.append(hand)
        sale.may_stop |= {"fulfilled_by_others", "over_fulfillment", "sales_order_closed"}
        sale.changed = True
        return hand

    def name_hand(self, sale: Sale, hand: Hand) -> None:
        """Put the numbers of its shipments on a fulfilment."""
        packages = [self._typed(sale.find(one)) for one in sorted(hand.shipments)]
        self._netsuite.edit("itemFulfillment", hand.document, {"package": {"items": packages}})
        hand.is_named = True
        sale.changed = True

    def delete(self, sale: Sale, document: int) -> None:
        sale.deleted |= {one.external_id for one in self.of(sale) if one.id == document}
        self._netsuite.delete("itemFulfillment", document)
        sale.hands = [one for one in sale.hands if one.document != document]
        sale.changed = True

    def delete_ours(self, sale: Sale) -> None:
        """A person deletes a fulfilment that we made, and mostly makes it again."""
        if sale.torn:
            return
        for made in self.of(sale):
            if made.shipment is None or self._chance(0.5):
                continue
            shipment = sale.find(made.shipment)
            units = sale.units(shipment)
            if shipment.status not in GONE or shipment.id in sale.repacked or units is None:
                continue
            self.delete(sale, made.id)
            sale.let(shipment, "fulfillment_not_found", "fulfilled_by_others")
            if self._chance(0.5):
                self.by_hand(sale, [shipment], units, named=self._chance(0.5))
            return

    def correct_ours(self, sale: Sale, shipment: Shipment) -> None:
        """Let the fulfilment that we made hold what is in its shipment now."""
        units = sale.units(shipment) or Counter()
        [made] = [one for one in self.of(sale) if one.shipment == shipment.id]
        ordered = {line.number: line.ordered for line in self.lines(sale)}
        items: list[dict[str, object]] = []
        for number, order_line, sku in self._lines_of(made.id):
            count = units.pop(sku, 0)
            items.append({"line": number, "quantity": count, "itemReceive": count > 0})
            more = ordered[order_line] + count
            self._edit(sale, order_line, {"quantity": more, "isClosed": False})
        self._netsuite.edit("itemFulfillment", made.id, {"item": {"items": items}})

    def relocate_ours(self, sale: Sale, shipment: Shipment) -> None:
        """Let the fulfilment that we made be at the location of its shipment's center."""
        for made in self.of(sale):
            if made.shipment == shipment.id and {at for _, at in made.units} != {
                sale.place(shipment)
            }:
                items = [
                    {"line": number, "location": sale.place(shipment)}
                    for number, _, _ in self._lines_of(made.id)
                ]
                self._netsuite.edit("itemFulfillment", made.id, {"item": {"items": items}})

    def _lines_of(self, document: int) -> list[tuple[int, int, str]]:
        rows = self._books.rows(
            "SELECT k.nextline, k.previousline, i.itemid FROM _link k JOIN transactionline l"
            ' ON l."transaction" = k.nextdoc AND l.id = k.nextline JOIN _item i ON i.id = l.item'
            " WHERE k.nextdoc = ? ORDER BY k.nextline",
            (document,),
        )
        return [
            (int(str(row["nextline"])), int(str(row["previousline"])), str(row["itemid"]))
            for row in rows
        ]

    def close_line(self, sale: Sale) -> None:
        lines = [line for line in self.lines(sale) if line.open]
        if lines:
            self._edit(sale, self.random.choice(lines).number, {"isClosed": True})
            sale.may_stop |= {"over_fulfillment", "sales_order_closed", "fulfilled_by_others"}

    def raise_lines(self, sale: Sale, units: Units) -> bool:
        """Order so many more, on lines that are not closed; closed ones are opened."""
        if sale.sales_order is None:
            return False
        for sku, quantity in units.items():
            lines = [line for line in self.lines(sale) if line.sku == sku]
            if not lines:
                return False
            line = next((one for one in lines if not one.closed), lines[0])
            self._edit(sale, line.number, {"quantity": line.ordered + quantity, "isClosed": False})
        return True

    def reopen(self, sale: Sale) -> None:
        for line in self.lines(sale):
            if line.closed:
                self._edit(sale, line.number, {"isClosed": False})

    def _edit(self, sale: Sale, line: int, changes: Mapping[str, object]) -> None:
        assert sale.sales_order is not None
        body = {"item": {"items": [{"line": line, **changes}]}}
        self._netsuite.edit("salesOrder", sale.sales_order, body)
        sale.changed = True

    # What stands in the books of both systems

    def is_free(self, sale: Sale, shipment: Shipment) -> bool:
        """Whether nothing is fulfilled for a shipment yet, so that a person may think of it."""
        ours = {one.shipment for one in self.of(sale)}
        return (
            sale.sales_order is not None
            and shipment.id not in ours
            and shipment.status in {"Processing", *GONE}
            and not self._claimed(sale, shipment)
            and shipment.id not in sale.torn
        )

    def lines(self, sale: Sale) -> list[Line]:
        rows = self._books.rows(
            "SELECT l.id, i.itemid, l.location, l.quantity, l.isclosed,"
            " (SELECT COALESCE(SUM(k.quantity), 0)"
            ' FROM _link k WHERE k.previousdoc = l."transaction" AND k.previousline = l.id'
            " AND k.linktype IN ('ShipRcpt', 'PickPack')) AS taken FROM transactionline l"
            " JOIN _item i ON i.id = l.item WHERE l.\"transaction\" = ? AND l.mainline = 'F'"
            " AND l.taxline = 'F' AND COALESCE(l._side, '') <> 'cogs' AND i.isfulfillable = 'T'",
            (sale.sales_order,),
        )
        return [
            Line(
                number=int(str(row["id"])),
                sku=str(row["itemid"]),
                location=int(str(row["location"] or 0)),
                ordered=_count(row["quantity"]),
                open=0
                if row["isclosed"] == "T"
                else max(_count(row["quantity"]) - _count(row["taken"]), 0),
                closed=row["isclosed"] == "T",
            )
            for row in rows
        ]

    def fulfillments(self, of: int | None = None) -> dict[int, list[Fulfillment]]:
        """Return NetSuite's item fulfilments by sales order; of one where it is named."""
        found: dict[int, Fulfillment] = {}
        for row in self._books.rows(
            "SELECT t.id, t.externalid, t.memo, t.status, k.previousdoc, i.itemid, l.location,"
            " k.quantity, o.location AS ordered_at"
            ' FROM _link k JOIN "transaction" t ON t.id = k.nextdoc'
            ' JOIN transactionline l ON l."transaction" = k.nextdoc AND l.id = k.nextline'
            ' JOIN transactionline o ON o."transaction" = k.previousdoc AND o.id = k.previousline'
            " JOIN _item i ON i.id = l.item WHERE t.type = 'ItemShip'"
            " AND (? IS NULL OR k.previousdoc = ?)",
            (of, of),
        ):
            made = found.setdefault(
                int(str(row["id"])),
                Fulfillment(
                    id=int(str(row["id"])),
                    external_id=str(row["externalid"] or ""),
                    status=str(row["status"]),
                    sales_order=int(str(row["previousdoc"])),
                    units=Counter(),
                    tags=frozenset(
                        map(int, _TAG.findall(f"[{row['externalid']}] {row['memo'] or ''}"))
                    ),
                ),
            )
            made.units[str(row["itemid"]), int(str(row["location"]))] += _count(row["quantity"])
            if row["ordered_at"] is not None:
                made.ordered_at.add((str(row["itemid"]), int(str(row["ordered_at"]))))
        by_order: dict[int, list[Fulfillment]] = {}
        for made in found.values():
            by_order.setdefault(made.sales_order, []).append(made)
        return by_order

    def of(self, sale: Sale) -> list[Fulfillment]:
        return self.fulfillments(sale.sales_order or 0).get(sale.sales_order or 0, [])

    def shipments(self) -> Iterator[tuple[Sale, Shipment]]:
        for sale in self.sales:
            for shipment in sale.order.shipments:
                yield sale, shipment

    def stock_apart(self, settled: Collection[int]) -> list[str]:
        """Return where stock that left does not agree: item, location, and units of each side.

        What left ShipBob with shipments that are settled is on the fulfilments that name these;
        and nothing else moved ShipBob's stock than shipments that have left.

        Args:
            settled: shipments that are said to be fulfilled.
        """
        shipped: Counter[tuple[str, int]] = Counter()
        waiting: Counter[tuple[str, int]] = Counter()
        fulfilled: Counter[tuple[str, int]] = Counter()
        every = self.fulfillments()
        for sale in self.sales:
            # A fulfilment of several waits with one of them that was cancelled.
            over = {one.id for one in sale.order.shipments if one.status == "Cancelled"}
            over &= set(settled)
            live = {one.id: one for one in sale.live if one.status in GONE}
            done = set(settled) & live.keys()
            by_hand = {hand.document: hand.shipments for hand in sale.hands}
            named = [
                (one, (one.tags | by_hand.get(one.id, set())) - over)
                for one in every.get(sale.sales_order or 0, [])
                if one.tags
            ]
            done -= {each for _, names in named if not names <= done for each in names}
            for one, names in named:
                if names and names <= done:
                    fulfilled += _in_parts(sale, one.units)
            for number, shipment in live.items():
                left = Counter({(p.name, sale.place(shipment)): 0 for p in shipment.picks})
                for pick in shipment.picks:
                    left[pick.name, sale.place(shipment)] += pick.quantity
                shipped += left
                waiting += left if number not in done else Counter()
        gone = {
            (sku, PLACES[center]): STOCK - units
            for (sku, center), units in self._shipbob.stock().items()
            if center in PLACES
        }
        return [
            f"{place}: {gone.get(place, 0)} left ShipBob, {shipped[place]} of them in shipments,"
            f" {waiting[place]} of these wait; {fulfilled[place]} are fulfilled:"
            f" {[one for of in every.values() for one in of if place in one.units]}"
            for place in sorted({*shipped, *fulfilled, *gone})
            if gone.get(place, 0) != shipped[place]
            or shipped[place] != waiting[place] + fulfilled[place]
        ]

    def stock_of_both(self) -> dict[tuple[str, int], tuple[int, int]]:
        """Units at ShipBob and in NetSuite, by SKU and location, where they are not as many."""
        shipbob = {
            (sku, PLACES[center]): units for (sku, center), units in self._shipbob.stock().items()
        }
        netsuite = {place: int(units) for place, units in self._netsuite.stock().items()}
        return {
            place: (units, netsuite.get(place, 0))
            for place in {*shipbob, *netsuite}
            if place[1] in PLACES.values()
            and (units := shipbob.get(place, 0)) != netsuite.get(place, 0)
        }

    # Small things

    def _label(self, sale: Sale, shipment: Shipment, number: str | None = None) -> None:
        if number is None:
            others = [
                one.parcels[0].tracking_number
                for one in sale.order.shipments
                if one.parcels and one.id != shipment.id
            ]
            number = others[0] if others and self._chance(0.1) else self._number()
        self._shipbob.label(shipment, number, carrier="UPS")
        sale.changed = True

    def _number(self) -> str:
        return f"1Z{self.random.randrange(10**10):010d}AB"

    def _typed(self, shipment: Shipment) -> dict[str, Any]:
        number = shipment.parcels[0].tracking_number
        typed = self.random.choice(
            [number, f" {number[:2]} {number[2:6]} {number[6:]} ", f"{number[:7]}-{number[7:]}"]
        )
        if self._chance(0.3):
            typed = typed.lower()
        return {"packageTrackingNumber": typed, "packageWeight": 1}

    def _claimed(self, sale: Sale, shipment: Shipment) -> bool:
        return any(shipment.id in hand.shipments for hand in sale.hands)

    def _unclaimed(self, sale: Sale, shipment: Shipment) -> None:
        """What was for it may be doubtful from now on."""
        sale.may_stop |= {"fulfilled_by_others", "over_fulfillment", "sales_order_closed"}
        if self._claimed(sale, shipment):
            sale.let(shipment, "cancelled_after_shipping", "fulfilled_by_others")
        sale.changed = True

    def _renamed(self, sale: Sale, shipment: Shipment) -> None:
        for hand in sale.hands:
            if shipment.id in hand.shipments and hand.is_named:
                sale.may_stop |= {"fulfilled_by_others", "over_fulfillment"}
        sale.changed = True

    def _with(self, sale: Sale, status: str) -> list[Shipment]:
        found = [one for one in sale.order.shipments if one.status == status]
        self.random.shuffle(found)
        return found

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


def _in_parts(sale: Sale, units: Mapping[tuple[str, int], int]) -> Counter[tuple[str, int]]:
    """Return units of what ShipBob keeps, of units that NetSuite may know as packs or kits."""
    parts: Counter[tuple[str, int]] = Counter()
    for (sku, place), count in units.items():
        for part, each in sale.made_of.get(sku, {sku: 1}).items():
            parts[part, place] += count * each
    return parts


def _count(value: object) -> int:
    return abs(int(float(str(value or 0))))
