"""Returns that are drawn: sales, authorizations, parcels that come back, and what people do.

A sale and all that comes back of it is a story. Each day something happens in every story, on
both sides, before and after what the installation does. What was done is kept, so that a test can
tell what must be booked without asking the product.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final, Literal

from acceptance.merchant import LOCATIONS, Merchant
from acceptance.returning import QUARANTINE
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob.books.returns import Return, ReturnLine, Taken
from ml_connector.sim.shipbob.people.dock import Item

CUSTOMERS: Final = (401, 402, 403, 404)
DAYS: Final = 4

Kind = Literal["each", "lot", "part"]
"""A part is sold in a kit only; an item by lot is in no order, and comes back all the same."""

Units = Mapping[str, int]


@dataclass
class HandReceipt:
    """An item receipt that a person made from an authorization.

    Attributes:
        units: by SKU and location.
    """

    document: int
    number: str
    units: dict[tuple[str, int], int]


@dataclass
class Authorization:
    """A return authorization that a person entered.

    Attributes:
        is_of_order: whether it was made from the order, or from an invoice of it.
        is_open: whether it can be received from.
    """

    id: int
    number: str
    customer: int
    is_of_order: bool
    is_open: bool = True
    receipts: list[HandReceipt] = field(default_factory=list)


@dataclass
class Parcel:
    """A return at ShipBob.

    Attributes:
        knows_order: whether ShipBob names its shipment or at least the store's order.
        is_lowered: whether ShipBob said once that more was done than it says now.
        lot_is_missing: whether ShipBob names no lot of units that NetSuite keeps by lot.
    """

    sim: Return
    knows_order: bool
    is_lowered: bool = False
    lot_is_missing: bool = False

    @property
    def id(self) -> int:
        return self.sim.id

    @property
    def is_unclear(self) -> bool:
        """Whether ShipBob does not say what was done, or says it oddly."""
        odd = (one.action == "Recycle" for line in self.sim.lines for one in line.taken)
        return any(odd) or any(line.untold for line in self.sim.lines)

    @property
    def is_to_sender(self) -> bool:
        return self.sim.type != "Regular"


@dataclass
class Story:
    """A sale, and what comes back of it.

    Attributes:
        sold: units by SKU; of a kit its parts.
        is_fulfilled: whether NetSuite knows that it has left.
        changed: ids of returns that changed since the installation looked.
    """

    number: int
    customer: int
    kinds: dict[str, Kind]
    order: int = 0
    order_number: str = ""
    shipment: int = 0
    sold: dict[str, int] = field(default_factory=dict)
    is_fulfilled: bool = True
    authorizations: list[Authorization] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)


class ParcelsBack:
    """A merchant's sales and returns, drawn by one random number generator."""

    def __init__(self, acme: Merchant, clock: Clock, random: Random) -> None:
        self.acme, self.clock, self.random = acme, clock, random
        self.stories: list[Story] = []
        self._netsuite, self._shipbob = acme.world.netsuite, acme.world.shipbob
        self._books = self._netsuite.company.books
        self._inventory_ids: dict[str, int] = {}

    # Drawing

    def enter(self, sales: int) -> None:
        """Sell so often, and let some of it come back."""
        for _ in range(sales):
            story = self._sell()
            self.stories.append(story)
            for _ in range(self.random.choices([0, 1, 2], [5, 5, 1])[0]):
                self.authorize(story)
                if self._chance(0.3):
                    self.receive_by_hand(story)
            for _ in range(self.random.choices([1, 2], [4, 1])[0]):
                self.send_back(story)

    def _sell(self) -> Story:
        number = next(self.acme.numbers) + 1000
        story = Story(number, self.random.choice(CUSTOMERS), {})
        lines: list[dict[str, object]] = []
        ordered: Counter[Item] = Counter()
        for at in range(self._few(2)):
            sku = self._item(story, f"SKU-{number}-{at}", "each")
            for _ in range(self.random.choices([1, 2], [4, 1])[0]):
                units = self._few(5)
                lines.append({"item": sku, "quantity": units, "rate": "9", "location": 6})
                story.sold[sku] = story.sold.get(sku, 0) + units
                ordered[sku] += units
        if self._chance(0.15):
            part = self._item(story, f"PART-{number}", "part")
            kit = f"KIT-{number}"
            self._shipbob.add_product(kit, parts={part: 2})
            self._netsuite.add_item(kit, kind="Kit", cost="9", members={part: 2})
            lines.append({"item": kit, "quantity": 2, "rate": "19", "location": 6})
            story.sold[part] = 4
            ordered[kit] += 2
        if self._chance(0.15):
            self._item(story, f"LOT-{number}", "lot")
        self._ship(story, ordered, lines)
        return story

    def _item(self, story: Story, sku: str, kind: Kind) -> str:
        self._inventory_ids[sku] = self._shipbob.add_product(sku, lot=kind == "lot")
        self._netsuite.add_item(sku, lot=kind == "lot", cost="4.20")
        story.kinds[sku] = kind
        return sku

    def _ship(
        self, story: Story, ordered: Mapping[Item, int], lines: Sequence[Mapping[str, object]]
    ) -> None:
        for sku, units in story.sold.items():
            self._shipbob.adjust(sku, units, 228)
            self._netsuite.add_to_stock(sku, 6, units, cost="4.20")
        story.order_number = f"SO-{story.number}"
        story.order = self._netsuite.add_sales_order(
            story.order_number, customer=story.customer, location=6, lines=lines
        )
        story.is_fulfilled = self._chance(0.93)
        if story.is_fulfilled:
            self._fulfil(story)
        sold = self._shipbob.create_order(story.order_number, ordered, fulfillment_center_id=228)
        [shipment] = sold.shipments
        self._shipbob.ship(shipment)
        story.shipment = shipment.id

    def _fulfil(self, story: Story) -> None:
        body = {"shipStatus": {"id": "C"}}
        self._netsuite.transform("salesOrder", story.order, "itemFulfillment", body)
        story.is_fulfilled = True

    # What happens

    def happen(self, *, last: bool = False) -> None:
        """Let a day pass in every story."""
        self.clock.advance(timedelta(days=1))
        acts: Sequence[Callable[[Story], object]] = (
            self.complete,
            self.send_back,
            self.authorize,
            self.receive_by_hand,
            self.close_authorization,
            self.find_more,
            self.lower,
            self.do_otherwise,
            self.take_up_again,
            self.tell,
            self.fulfil,
        )
        weights = [16, 1, 1, 7, 0.7, 1.5, 0.4, 0.4, 0.8, 2, 2]
        for story in self.stories:
            for act in self.random.choices(acts, weights, k=self.random.choice([0, 1, 1, 2])):
                act(story)
            if last:
                self.complete(story)
                self.tell(story)

    def authorize(self, story: Story) -> None:
        """A person enters an authorization: for the order, the customer, or somebody else."""
        number = f"RMA-{story.number}-{len(story.authorizations)}"
        if story.authorizations and self._chance(0.15):
            number = story.authorizations[0].number
        way = self.random.choices(["order", "invoice", "customer", "another"], [4, 1, 5, 2])[0]
        if way in {"order", "invoice"} and not (
            story.is_fulfilled and self._order_has_units(story)
        ):
            way = "customer"
        customer = story.customer
        if way == "another":
            customer = self.random.choice([one for one in CUSTOMERS if one != customer])
        if way == "order":
            made = self._authorized_from("salesOrder", story.order, number)
        elif way == "invoice":
            invoice = self._netsuite.transform("salesOrder", story.order, "invoice")
            made = self._authorized_from("invoice", invoice, number)
        else:
            made = self._authorized(story, customer, number)
        story.authorizations.append(
            Authorization(made, number, customer, way in {"order", "invoice"})
        )
        self._touch(story)

    def _order_has_units(self, story: Story) -> bool:
        """Whether the order has units that are on no invoice and no authorization yet."""
        theirs = any(one.is_of_order for one in story.authorizations)
        ours = any(
            self._books.value('SELECT id FROM "transaction" WHERE externalid = ?', (name,))
            for name in (f"mlc-ra-{parcel.id}" for parcel in story.parcels)
        )
        return not theirs and not ours

    def _authorized_from(self, record_type: str, record: int, number: str) -> int:
        return self._netsuite.transform(
            record_type, record, "returnAuthorization", {"tranId": number}
        )

    def _authorized(self, story: Story, customer: int, number: str) -> int:
        lines: list[dict[str, object]] = []
        for sku in story.kinds:
            for _ in range(self.random.choices([0, 1, 2], [1, 5, 1])[0]):
                units = self._few(5)
                lines.append({"item": sku, "quantity": units, "rate": "9", "location": 6})
        if not lines:
            sku = next(iter(story.kinds))
            lines.append({"item": sku, "quantity": 1, "rate": "9", "location": 6})
        return self._netsuite.add_return_authorization(
            number, customer=customer, location=6, lines=lines
        )

    def send_back(self, story: Story) -> None:
        """A customer sends a parcel back, or it never reached him."""
        if len(story.parcels) > 2:
            return
        to_sender = self._chance(0.2)
        reference = f"BOX-{next(self.acme.numbers)}"
        taken = {parcel.sim.reference_id for parcel in story.parcels}
        free = sorted({one.number for one in story.authorizations} - taken)
        if free and self._chance(0.3 if to_sender else 0.8):
            reference = self.random.choice(free)
        units: dict[Item, int] = {}
        for sku in story.kinds:
            if self._chance(0.7):
                units[sku] = self._few(story.sold.get(sku, 3) + self._chance(0.1))
        units = units or {next(iter(story.kinds)): 1}
        known = self.random.choices(["shipment", "store's order", "neither"], [7, 1, 1])[0]
        made = self._shipbob.create_return(
            reference,
            units,
            shipment=story.shipment,
            return_type=self.random.choice(["ReturnToSender", "RTS"]) if to_sender else "Regular",
            fulfillment_center_id=self.random.choices([228, 10], [5, 1])[0],
        )
        if known != "shipment":
            made.original_shipment_id = None
        if known == "neither":
            made.store_order_id = None
        parcel = Parcel(made, known != "neither")
        for line in made.lines:
            if story.kinds[self.sku_of(line)] == "lot":
                line.lot_number = None if self._chance(0.2) else "L1"
                parcel.lot_is_missing |= line.lot_number is None
        story.parcels.append(parcel)
        if self._chance(0.7):
            self._complete(story, parcel)

    def complete(self, story: Story) -> None:
        for parcel in story.parcels:
            if parcel.sim.status not in {"Completed", "Cancelled"}:
                self._complete(story, parcel)

    def _complete(self, story: Story, parcel: Parcel) -> None:
        found = parcel.sim
        if found.at("Completed"):  # taken up again before
            self._shipbob.books.returns.correct(found, "Completed")
            story.changed.add(parcel.id)
            return
        if self._chance(0.04):
            self._shipbob.books.returns.cancel(found)
            story.changed.add(parcel.id)
            return
        done: dict[Item, dict[str, int]] = {}
        for line in found.lines:
            units = line.quantity
            if self._chance(0.12):
                units = max(0, units + self.random.choice([-1, 1]))
            actions: Counter[str] = Counter()
            for _ in range(units):
                actions[
                    self.random.choices(["Restock", "Quarantine", "Dispose"], [8, 1, 1])[0]
                ] += 1
            done[line.inventory_id] = dict(actions)
        self._shipbob.arrive_return(found)
        self._shipbob.complete_return(found, done)
        if self._chance(0.15):
            self._split_line(found)
        line = self.random.choice(found.lines)
        if self._chance(0.04):
            line.untold = True
        elif self._chance(0.04) and line.taken:
            line.taken.append(Taken(action="Recycle", reason="?", quantity=1))
        story.changed.add(parcel.id)

    def _split_line(self, found: Return) -> None:
        """One item stands on two lines of the return."""
        line = found.lines[0]
        if len(line.taken) > 1:
            moved = line.taken.pop()
            line.quantity -= min(line.quantity, moved.quantity)
            found.lines.append(
                ReturnLine(
                    inventory_id=line.inventory_id,
                    quantity=moved.quantity,
                    lot_number=line.lot_number,
                    taken=[moved],
                )
            )

    def receive_by_hand(self, story: Story) -> None:
        """A person receives a part of an authorization, or all of it."""
        if not story.authorizations:
            return
        found = self.random.choice(story.authorizations)
        lines = [one for one in self.lines(found.id) if one.open and one.sku in story.kinds]
        lines = [one for one in lines if story.kinds[one.sku] == "each"]
        if not lines or not found.is_open:
            return
        line = self.random.choice(lines)
        units = line.open if self._chance(0.5) else self._few(line.open)
        location = self.random.choices([6, 7], [6, 1])[0]
        items: list[dict[str, object]] = [
            {"orderLine": line.number, "quantity": units, "location": {"id": str(location)}}
        ]
        items += [
            {"orderLine": one.number, "itemReceive": False}
            for one in self.lines(found.id)
            if one.number != line.number
        ]
        made = self._netsuite.transform(
            "returnAuthorization", found.id, "itemReceipt", {"item": {"items": items}}
        )
        number = self._books.value('SELECT tranid FROM "transaction" WHERE id = ?', (made,))
        found.receipts.append(HandReceipt(made, str(number), {(line.sku, location): units}))
        self._touch(story)

    def close_authorization(self, story: Story) -> None:
        for found in story.authorizations:
            still = [one for one in self.lines(found.id) if one.open]
            if found.is_open and still:
                items = [{"line": one.number, "isClosed": True} for one in self.lines(found.id)]
                self._netsuite.edit("returnAuthorization", found.id, {"item": {"items": items}})
                found.is_open = False
                self._touch(story)
                return

    def find_more(self, story: Story) -> None:
        """ShipBob finds another unit of a return that is completed."""
        for parcel in self._completed(story):
            line = self.random.choice(parcel.sim.lines)
            self._put(parcel, line, "Restock", 1)
            story.changed.add(parcel.id)
            return

    def lower(self, story: Story) -> None:
        """ShipBob says that less came back than it had said."""
        for parcel, line, taken in self._taken(story):
            self._put(parcel, line, taken.action, -1)
            parcel.is_lowered = True
            story.changed.add(parcel.id)
            return

    def do_otherwise(self, story: Story) -> None:
        """ShipBob says that something else was done with a unit."""
        for parcel, line, taken in self._taken(story):
            other = "Quarantine" if taken.action == "Restock" else "Restock"
            self._put(parcel, line, taken.action, -1)
            self._put(parcel, line, other, 1)
            parcel.is_lowered = True
            story.changed.add(parcel.id)
            return

    def take_up_again(self, story: Story) -> None:
        """ShipBob takes a completed return up again, or says that it was cancelled."""
        for parcel in self._completed(story):
            status = self.random.choices(["Processing", "Cancelled"], [3, 1])[0]
            self._shipbob.books.returns.correct(parcel.sim, status)
            story.changed.add(parcel.id)
            return

    def tell(self, story: Story) -> None:
        """ShipBob says what was not said, or said oddly."""
        for parcel in story.parcels:
            for line in parcel.sim.lines:
                odd = [one for one in line.taken if one.action == "Recycle"]
                if (line.untold or odd) and self._chance(0.7):
                    line.untold = False
                    line.taken = [one for one in line.taken if one not in odd]
                    story.changed.add(parcel.id)

    def fulfil(self, story: Story) -> None:
        """NetSuite comes to know that the order has left."""
        if not story.is_fulfilled:
            self._fulfil(story)
            self._touch(story)

    def _completed(self, story: Story) -> list[Parcel]:
        return [one for one in story.parcels if one.sim.status == "Completed"]

    def _taken(self, story: Story) -> Iterator[tuple[Parcel, ReturnLine, Taken]]:
        for parcel in self._completed(story):
            for line in parcel.sim.lines:
                for taken in line.taken:
                    is_known = taken.action in {"Restock", "Quarantine"}
                    if taken.quantity and is_known and line.lot_number is None:
                        yield parcel, line, taken

    def _put(self, parcel: Parcel, line: ReturnLine, action: str, units: int) -> None:
        """Change what was done, and the stock with it."""
        for at, one in enumerate(line.taken):
            if one.action == action:
                line.taken[at] = Taken(
                    action=action, reason=one.reason, quantity=one.quantity + units
                )
                break
        else:
            line.taken.append(Taken(action=action, reason="Found", quantity=units))
        place = (line.inventory_id, parcel.sim.center_id, line.lot_number or "")
        self._shipbob.books.stock.move(
            place,
            units,
            sku=self.sku_of(line),
            category="InventoryRestocked",
            at=self.clock.now(),
            references=(("Return", str(parcel.id)),),
        )

    def _touch(self, story: Story) -> None:
        story.changed |= {one.id for one in story.parcels}

    # What stands in the books of both systems

    def sku_of(self, line: ReturnLine) -> str:
        return self.sku_with(line.inventory_id)

    def sku_with(self, inventory_id: int) -> str:
        return next(sku for sku, one in self._inventory_ids.items() if one == inventory_id)

    def order_behind(self, record: int) -> int:
        """The sales order itself, or that an invoice was made from."""
        made_from = self._books.value(
            "SELECT createdfrom FROM transactionline WHERE \"transaction\" = ? AND mainline = 'T'",
            (record,),
        )
        return record if made_from is None else int(str(made_from))

    def done(self, parcel: Parcel) -> Counter[tuple[str, str]]:
        """Units by SKU and what was really done with them."""
        found: Counter[tuple[str, str]] = Counter()
        for line in parcel.sim.lines:
            for one in line.taken:
                if one.action != "Recycle":
                    found[self.sku_of(line), one.action.lower()] += one.quantity
        return +found

    def lines(self, authorization: int) -> "list[LineOfAuthorization]":
        rows = self._books.rows(
            "SELECT l.id, i.itemid, l.quantity, l.quantityshiprecv, l.isclosed"
            " FROM transactionline l JOIN _item i ON i.id = l.item"
            " WHERE l.\"transaction\" = ? AND l.mainline = 'F' AND l.taxline = 'F'",
            (authorization,),
        )
        return [
            LineOfAuthorization(
                number=int(str(row["id"])),
                sku=str(row["itemid"]),
                authorized=abs(int(float(str(row["quantity"])))),
                received=abs(int(float(str(row["quantityshiprecv"] or 0)))),
                closed=row["isclosed"] == "T",
            )
            for row in rows
        ]

    def moves(self) -> Iterator[tuple[str, str, int, int]]:
        """Yield external id, SKU, location and units of all that moved stock in NetSuite."""
        for row in self._books.rows(
            "SELECT t.externalid, i.itemid, m.location, m.quantity FROM _move m"
            ' JOIN "transaction" t ON t.id = m."transaction" JOIN _item i ON i.id = m.item'
        ):
            yield (
                str(row["externalid"] or ""),
                str(row["itemid"]),
                int(str(row["location"])),
                int(float(str(row["quantity"]))),
            )

    def received(self) -> "Iterator[ReceivedFrom]":
        """Yield all receipts from authorizations."""
        for row in self._books.rows(
            "SELECT DISTINCT t.externalid, a.externalid AS own, a.tranid, a.entity, m.createdfrom"
            ' FROM _link k JOIN "transaction" t ON t.id = k.nextdoc'
            ' JOIN "transaction" a ON a.id = k.previousdoc'
            " JOIN transactionline m ON m.\"transaction\" = a.id AND m.mainline = 'T'"
            " WHERE k.linktype = 'ShipRcpt' AND a.type = 'RtnAuth'"
        ):
            made_from = row["createdfrom"]
            yield ReceivedFrom(
                external_id=str(row["externalid"] or ""),
                own=str(row["own"] or ""),
                number=str(row["tranid"]),
                customer=int(str(row["entity"])),
                made_from=None if made_from is None else int(str(made_from)),
            )

    # Small things

    def _few(self, most: int) -> int:
        return self.random.randint(1, most)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


@dataclass(frozen=True)
class ReceivedFrom:
    """A receipt from an authorization.

    Attributes:
        external_id: of the receipt; empty where a person made it.
        own: external id of the authorization.
        made_from: what the authorization was made from; None where it was entered.
    """

    external_id: str
    own: str
    number: str
    customer: int
    made_from: int | None


@dataclass(frozen=True)
class LineOfAuthorization:
    """A line of an authorization as NetSuite's books have it, in eaches."""

    number: int
    sku: str
    authorized: int
    received: int
    closed: bool

    @property
    def open(self) -> int:
        return 0 if self.closed else max(self.authorized - self.received, 0)


def place_of(parcel: Parcel, action: str) -> int:
    """The location at which units of a return lie with which something was done."""
    return QUARANTINE if action == "quarantine" else LOCATIONS[parcel.sim.center_id]


def return_of(external_id: str) -> int | None:
    """The return that a document of ours names."""
    parts = external_id.split("-")
    if parts[0] != "mlc":
        return None
    numbers = [part for part in parts[2:] if part.isdigit()]
    return int(numbers[0]) if numbers else None
