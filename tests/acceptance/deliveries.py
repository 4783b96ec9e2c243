"""Deliveries that are drawn: orders, WROs and what people do with both, in one merchant's world.

An order and those that share its items are a story. Each round something happens in every story,
on both sides, before and after what the installation does. What was done is kept, so that a test
can tell what must be booked without asking the product.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Literal

from acceptance.merchant import Merchant
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.receiving import OPEN_STATUSES, BoxItem, Wro
from ml_connector.sim.shipbob.people.dock import Item

PLACES: Final = {228: 6, 10: 7, 300: 8, 301: 11}
"""ShipBob's centers and NetSuite's locations; 300 is the hub before 301."""

OWN_WAREHOUSE: Final = 9
HUB: Final = 300
BEHIND_HUB: Final = 301
CASE: Final = 12
ROUNDS: Final = 6

Kind = Literal["each", "lot", "lot at ShipBob only", "case"]


class Receipt:
    """An item receipt that a person made.

    Attributes:
        same_as: the WRO whose units it holds; None where it is another matter.
        units: by SKU and location.
    """

    def __init__(
        self, document: int, number: str, same_as: int | None, units: Mapping[tuple[str, int], int]
    ) -> None:
        self.document, self.number, self.same_as, self.units = document, number, same_as, units


@dataclass
class Order:
    """A purchase order, and what came of it.

    Attributes:
        wros: ids of those that are of this order, whatever their number says.
    """

    id: int
    number: str
    wros: set[int] = field(default_factory=set)
    receipts: list[Receipt] = field(default_factory=list)
    changed: bool = True
    has_closed_line: bool = False


@dataclass
class Story:
    """Orders that share items, and the deliveries of these.

    Attributes:
        strays: ids of WROs that are of no order: without a number, or with a wrong one.
        recounted: ids of WROs of which units were taken back.
        looked_at: ids of WROs that changed since the installation looked.
    """

    number: int
    kinds: dict[str, Kind]
    orders: list[Order] = field(default_factory=list)
    strays: set[int] = field(default_factory=set)
    recounted: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    has_fraction: bool = False

    @property
    def wros(self) -> list[int]:
        return sorted({*self.strays, *(one for order in self.orders for one in order.wros)})

    def order_of(self, wro: int) -> Order | None:
        return next((order for order in self.orders if wro in order.wros), None)


class Deliveries:
    """A merchant's orders and deliveries, drawn by one random number generator."""

    def __init__(self, acme: Merchant, clock: Clock, random: Random) -> None:
        self.acme, self.clock, self.random = acme, clock, random
        self.stories: list[Story] = []
        self._netsuite, self._shipbob = acme.world.netsuite, acme.world.shipbob
        self._books = self._netsuite.company.books
        self._inventory_ids: dict[str, int] = {}
        self._freight = f"FREIGHT-{next(acme.numbers)}"
        self._netsuite.add_item(self._freight, kind="Service")

    # Drawing

    def enter(self, orders: int) -> None:
        """Enter so many orders, some of them beside another one of their items."""
        while sum(len(story.orders) for story in self.stories) < orders:
            story = self._story()
            self.stories.append(story)
            self._order(story, f"PO{story.number}")
            if self._chance(0.12):
                self._order(story, f"PO{story.number}-2")

    def _story(self) -> Story:
        kinds: list[Kind] = ["each", "lot", "lot at ShipBob only", "case"]
        number = next(self.acme.numbers) + 1000
        drawn = self.random.choices(kinds, [12, 2, 1, 3], k=self.random.randint(1, 3))
        named = {f"SKU-{number}-{at}": kind for at, kind in enumerate(drawn)}
        for sku, kind in named.items():
            by_lot = kind in {"lot", "lot at ShipBob only"}
            made = self._shipbob.add_product(sku, lot=by_lot)
            self._inventory_ids[sku] = made
            if kind == "case":
                units = self._netsuite.add_units(f"Count {sku}", {"Each": 1, "Case": CASE})
                self._netsuite.add_item(sku, units=units, purchase_unit="Case", cost="4.20")
            else:
                self._netsuite.add_item(sku, lot=kind == "lot", cost="4.20")
        return Story(number, named)

    def _order(self, story: Story, number: str) -> None:
        places = self.random.choices(
            [[6], [7], [6, 7], [6, OWN_WAREHOUSE], [6, 7, OWN_WAREHOUSE], [11], [11, 6]],
            [5, 2, 6, 2, 2, 1, 1],
        )[0]
        lines: list[dict[str, object]] = []
        for sku in story.kinds:
            for place in places:
                several = self.random.choices([0, 1, 2], [1, 6, 1])[0]
                lines += [self._line(story, sku, place) for _ in range(several)]
        if not lines:
            sku = next(iter(story.kinds))
            lines.append(self._line(story, sku, places[0]))
        if self._chance(0.15):
            lines.append({"item": self._freight, "quantity": 1, "rate": "9", "location": 6})
        self.random.shuffle(lines)
        made = self._netsuite.add_purchase_order(
            number, vendor=301, location=places[0], lines=lines
        )
        story.orders.append(Order(made, number))

    def _line(self, story: Story, sku: str, place: int) -> dict[str, object]:
        kind = story.kinds[sku]
        quantity: object = self.random.randint(1, 5) if kind == "case" else self._few(40)
        if kind == "each" and self._chance(0.015):
            quantity = f"{quantity}.5"
            story.has_fraction = True
        rate = self.random.choice(["4.20", "4.50"])
        return {"item": sku, "quantity": quantity, "rate": rate, "location": place}

    # What happens

    def before_announcing(self) -> None:
        """People may receive, or tell ShipBob by hand, before anything is announced."""
        for story in self.stories:
            if self._chance(0.05):
                self.receive_by_hand(story)
            if self._needs_hands(story) or self._chance(0.1):
                self.announce_by_hand(story)

    def happen(self, *, last: bool = False) -> None:
        """Let a day pass in every story."""
        self.clock.advance(timedelta(days=1))
        acts: Sequence[Callable[[Story], object]] = (
            self.stow,
            self.stow_beyond,
            self.stow_another,
            self.complete,
            self.split,
            self.recount,
            self.cancel,
            self.send_on,
            self.announce_by_hand,
            self.deliver_unordered,
            self.receive_by_hand,
            self.close_line,
            self.raise_line,
            self.enter_namesake,
        )
        weights = [24, 3, 2, 6, 1, 0.5, 1, 2, 1.2, 0.5, 2.5, 0.8, 1, 0.3]
        for story in self.stories:
            if last:
                self.finish(story)
                continue
            for act in self.random.choices(acts, weights, k=self.random.choice([0, 1, 1, 2])):
                act(story)

    def finish(self, story: Story) -> None:
        """Stow what is left of most WROs, and end them."""
        for wro in self._open(story):
            if self._chance(0.1):
                continue
            if self._chance(0.8):
                self._stow(story, wro, None)
            if wro.center_id == HUB and self._chance(0.8):
                self._sent(story, wro)
            self._ended(story, wro)

    def stow(self, story: Story) -> None:
        for wro in self._open(story):
            left = _open_units(wro)
            if self._chance(0.3):
                self._stow(story, wro, None)
            elif left:
                chosen = self.random.sample(sorted(left), self.random.randint(1, len(left)))
                self._stow(story, wro, {one: self.random.randint(1, left[one]) for one in chosen})

    def stow_beyond(self, story: Story) -> None:
        for wro in self._open(story)[:1]:
            held = sorted({item.inventory_id for box in wro.boxes for item in box.items})
            over: dict[Item, int] = {self.random.choice(held): self.random.randint(1, 15)}
            self._stow(story, wro, None)
            self._stow(story, wro, over)

    def stow_another(self, story: Story) -> None:
        """Something is in a box that was not announced in it."""
        sku = self.random.choice(sorted(story.kinds))
        if story.kinds[sku] in {"lot", "lot at ShipBob only"} and self._chance(0.7):
            return
        for wro in self._open(story)[:1]:
            self._stow(story, wro, {self.inventory_id(sku): self.random.randint(1, 9)})

    def complete(self, story: Story) -> None:
        for wro in self._open(story):
            if self.random.random() < 0.6 and wro.status != "Awaiting":
                self._ended(story, wro)

    def split(self, story: Story) -> None:
        for wro in self._open(story):
            left = _open_units(wro)
            if not left or wro.center_id == HUB:
                continue
            one = self.random.choice(sorted(left))
            order = story.order_of(wro.id)
            for part in self._shipbob.split(wro, {one: self.random.randint(1, left[one])}):
                (story.strays if order is None else order.wros).add(part.id)
            story.changed.add(wro.id)
            return

    def recount(self, story: Story) -> None:
        for wro in self._open(story):
            held = [item for box in wro.boxes for item in box.items if item.stowed > 1]
            if held:
                self._shipbob.stow(wro, {held[0].inventory_id: -1})
                story.recounted.add(wro.id)
                story.changed.add(wro.id)
                return

    def cancel(self, story: Story) -> None:
        for wro in self._open(story)[:1]:
            self._shipbob.cancel(wro)
            story.changed.add(wro.id)
            self._touch(story, wro)

    def send_on(self, story: Story) -> None:
        for wro in self._open(story):
            if wro.center_id == HUB:
                self._sent(story, wro)
                if self._chance(0.3):  # from then on ShipBob shows the center itself
                    wro.center_id = BEHIND_HUB

    def announce_by_hand(self, story: Story) -> None:
        """Somebody at the merchant's makes a WRO for an order, by hand."""
        order = self.random.choice(story.orders)
        number = order.number
        if len(story.orders) == 1 and self._chance(0.1):
            number = f"{number}-{self.random.choice(['2', '3', '0', '01'])}"
        if self._chance(0.1):
            number += " "
        order.wros.add(self._made_by_hand(story, order, number).id)

    def deliver_unordered(self, story: Story) -> None:
        number = self.random.choice([None, None, f"X{story.number}"])
        story.strays.add(self._made_by_hand(story, story.orders[0], number).id)

    def receive_by_hand(self, story: Story) -> None:
        """A person receives a part of a line, or all: the units of a WRO, or others."""
        order = self.random.choice(story.orders)
        lines = [one for one in self.lines(order) if one.open >= 1 and not one.lot]
        if not lines:
            return
        line = self.random.choice(lines)
        most, same = line.open, None
        for wro in self._wros(order.wros):
            waiting = self._unbooked(wro, line.sku)
            if PLACES[wro.destination_id] == line.location and waiting > 0 and self._chance(0.5):
                most, same = min(most, waiting), wro.id
                break
        units = most if self._chance(0.4) else self.random.randint(1, most)
        units -= units % line.per_unit
        if units:
            receipt = self._receive(order, line, units, same)
            if receipt.same_as:
                story.changed.add(receipt.same_as)
            self._touch(story)

    def close_line(self, story: Story) -> None:
        order = self.random.choice(story.orders)
        line = self.random.choice(self.lines(order))
        order.has_closed_line = True
        self._edit(order, line.number, {"isClosed": True})

    def raise_line(self, story: Story) -> None:
        order = self.random.choice(story.orders)
        lines = [one for one in self.lines(order) if not one.closed]
        if lines:
            line = self.random.choice(lines)
            more = line.ordered // line.per_unit + self.random.randint(1, 9)
            self._edit(order, line.number, {"quantity": more})

    def enter_namesake(self, story: Story) -> None:
        """An order gets the number that a second WRO of another one may have."""
        if len(story.orders) == 1:
            self._order(story, f"PO{story.number}-2")

    # What stands in the books of both systems

    def wro(self, number: int) -> Wro:
        return self._shipbob.dock.find(number)

    def inventory_id(self, sku: str) -> int:
        return self._inventory_ids[sku]

    def lines(self, order: Order) -> "list[OrderLine]":
        rows = self._books.rows(
            "SELECT l.id, i.itemid, i.islotitem, i.itemtype, l.location, l.quantity,"
            " l.quantityshiprecv, l.isclosed, u.conversionrate FROM transactionline l"
            " JOIN _item i ON i.id = l.item LEFT JOIN unitstypeuom u ON u.internalid = l.units"
            " WHERE l.\"transaction\" = ? AND l.mainline = 'F' AND l.taxline = 'F'"
            " AND i.itemtype <> 'Service'",
            (order.id,),
        )
        return [
            OrderLine(
                number=int(str(row["id"])),
                sku=str(row["itemid"]),
                location=int(str(row["location"])),
                ordered=int(float(str(row["quantity"]))),
                received=int(float(str(row["quantityshiprecv"] or 0))),
                closed=row["isclosed"] == "T",
                per_unit=int(float(str(row["conversionrate"] or 1))),
                lot=row["islotitem"] == "T",
            )
            for row in rows
        ]

    def moves(self) -> Iterator[tuple[str, str, int, int]]:
        """Yield external id, SKU, location and units of all that moved stock in NetSuite."""
        for row in self._books.rows(
            "SELECT t.externalid, i.itemid, m.location, m.quantity FROM _move m"
            ' JOIN "transaction" t ON t.id = m."transaction" JOIN _item i ON i.id = m.item'
        ):
            units = int(float(str(row["quantity"])))
            yield (
                str(row["externalid"] or ""),
                str(row["itemid"]),
                int(str(row["location"])),
                units,
            )

    def received(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Yield external id, order, its line, that line's location, and units received on it."""
        for row in self._books.rows(
            "SELECT t.externalid, k.previousdoc, k.previousline, l.location, k.quantity"
            ' FROM _link k JOIN "transaction" t ON t.id = k.nextdoc'
            ' JOIN transactionline l ON l."transaction" = k.previousdoc AND l.id = k.previousline'
            " WHERE k.linktype = 'ShipRcpt'"
        ):
            ids = (int(str(row[name])) for name in ("previousdoc", "previousline", "location"))
            order, line, location = ids
            yield str(row["externalid"] or ""), order, line, location, int(str(row["quantity"]))

    # Small things

    def _made_by_hand(self, story: Story, order: Order, number: str | None) -> Wro:
        lines = [one for one in self.lines(order) if one.location in {6, 7, 11}]
        places = sorted({one.location for one in lines}) or [6]
        place = self.random.choice(places)
        [center] = [one for one, location in PLACES.items() if location == place]
        units: Counter[str] = Counter()
        for line in lines:
            if line.location == place:
                units[line.sku] += max(line.ordered - line.received, 0)
        content: dict[Item, int] = {sku: n for sku, n in units.items() if n} or {
            next(iter(story.kinds)): 3
        }
        boxes: list[dict[Item, int]] = [dict(content)]
        if self._chance(0.5):  # two boxes, with rows of the same SKUs
            part: dict[Item, int] = {sku: n // 2 for sku, n in content.items() if n > 1}
            boxes = [{sku: n - part.get(sku, 0) for sku, n in content.items()}]
            boxes += [part] if part else []
        wro = self._shipbob.create_wro(
            boxes=boxes, purchase_order_number=number, fulfillment_center_id=center
        )
        for box in wro.boxes:
            for item in box.items:
                self._name_lot(story, item)
        story.changed.add(wro.id)
        return wro

    def _name_lot(self, story: Story, item: BoxItem) -> None:
        sku = next(one for one in story.kinds if self.inventory_id(one) == item.inventory_id)
        if story.kinds[sku] in {"lot", "lot at ShipBob only"}:
            item.lot_number = self.random.choice(["L1", "L1", "L2"])
            day = self.clock.now() + timedelta(days=self.random.choice([300, 300, 400]))
            item.lot_date = self.random.choice([None, day])

    def _stow(self, story: Story, wro: Wro, units: Mapping[Item, int] | None) -> None:
        if wro.status == "Awaiting":
            self._shipbob.arrive(wro)
        self._shipbob.stow(wro, units)
        self._touch(story, wro)

    def _ended(self, story: Story, wro: Wro) -> None:
        if wro.status == "Awaiting":
            self._shipbob.arrive(wro)
        self._shipbob.complete(wro, self.random.choice(["Completed"] * 5 + ["Incomplete"]))
        self._touch(story, wro)

    def _sent(self, story: Story, wro: Wro) -> None:
        self._shipbob.transfer(wro)
        self._touch(story, wro)

    def _touch(self, story: Story, wro: Wro | None = None) -> None:
        if wro is not None:
            story.changed.add(wro.id)
        for order in story.orders:
            order.changed = True

    def _edit(self, order: Order, line: int, changes: Mapping[str, object]) -> None:
        body = {"item": {"items": [{"line": line, **changes}]}}
        self._netsuite.edit("purchaseOrder", order.id, body)
        order.changed = True

    def _receive(self, order: Order, line: "OrderLine", units: int, same: int | None) -> Receipt:
        items: list[dict[str, object]] = [
            {"orderLine": line.number, "quantity": units // line.per_unit}
        ]
        rows = self._books.rows(
            'SELECT id FROM transactionline WHERE "transaction" = ?'
            " AND mainline = 'F' AND taxline = 'F' AND item IS NOT NULL AND id <> ?",
            (order.id, line.number),
        )
        items += [{"orderLine": int(str(row["id"])), "itemReceive": False} for row in rows]
        made = self._netsuite.transform(
            "purchaseOrder", order.id, "itemReceipt", {"item": {"items": items}}
        )
        number = self._books.value('SELECT tranid FROM "transaction" WHERE id = ?', (made,))
        receipt = Receipt(made, str(number), same, {(line.sku, line.location): units})
        order.receipts.append(receipt)
        return receipt

    def _unbooked(self, wro: Wro, sku: str) -> int:
        """Return the units of a WRO that neither we nor people have received yet."""
        booked = sum(n for name, item, _, n in self.moves_of(wro.id) if item == sku)
        order = next(
            (one for story in self.stories for one in story.orders if wro.id in one.wros), None
        )
        theirs = order.receipts if order else []
        same = sum(
            n
            for one in theirs
            if one.same_as == wro.id
            for (it, _), n in one.units.items()
            if it == sku
        )
        return stowed(wro, self.inventory_id(sku)) - booked - same

    def moves_of(self, wro: int) -> list[tuple[str, str, int, int]]:
        return [one for one in self.moves() if wro_of(one[0]) == wro]

    def _open(self, story: Story) -> list[Wro]:
        found = [one for one in self._wros(story.wros) if one.status in OPEN_STATUSES]
        self.random.shuffle(found)
        return found

    def _wros(self, ids: "set[int] | list[int]") -> list[Wro]:
        return [self.wro(one) for one in sorted(ids)]

    def _needs_hands(self, story: Story) -> bool:
        """Whether nothing announces it: lots, and parts of a unit."""
        lots = {"lot", "lot at ShipBob only"}
        return not lots.isdisjoint(story.kinds.values()) or story.has_fraction

    def _few(self, most: int) -> int:
        return self.random.randint(1, most)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


@dataclass(frozen=True)
class OrderLine:
    """A line of an order as NetSuite's books have it, in eaches."""

    number: int
    sku: str
    location: int
    ordered: int
    received: int
    closed: bool
    per_unit: int
    lot: bool

    @property
    def open(self) -> int:
        return 0 if self.closed else max(self.ordered - self.received, 0)


def wro_of(external_id: str) -> int | None:
    """The WRO that a document of ours names."""
    parts = external_id.split("-")
    return int(parts[2]) if parts[0] == "mlc" and len(parts) > 2 else None


def stowed(wro: Wro, inventory_id: int) -> int:
    return sum(
        item.stowed for box in wro.boxes for item in box.items if item.inventory_id == inventory_id
    )


def _open_units(wro: Wro) -> dict[int, int]:
    left: Counter[int] = Counter()
    for box in wro.boxes:
        for item in box.items:
            left[item.inventory_id] += max(item.quantity - item.stowed, 0)
    return {one: units for one, units in left.items() if units}


def start(days: int = ROUNDS + 2) -> Clock:
    return Clock(datetime.now(UTC) - timedelta(days=days))
