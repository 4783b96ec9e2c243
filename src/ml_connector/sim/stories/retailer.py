"""A month of an apparel retailer with two fulfillment centers, told to both simulators."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial, singledispatchmethod
from itertools import groupby
from typing import Final

from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.orders import Order
from ml_connector.sim.stories.retail_catalogue import STYLES, VENDORS
from ml_connector.sim.stories.retail_events import (
    Announced,
    Arrived,
    Cancelled,
    Credited,
    Delivered,
    Event,
    Expected,
    Inspected,
    Invoiced,
    Labelled,
    Month,
    Paid,
    PurchaseOrdered,
    Received,
    SentBack,
    Sold,
    Stowed,
    Units,
)
from ml_connector.sim.stories.retail_plan import RECEIVING_FEE, Wish, plan_month
from ml_connector.sim.stories.story import Difference, Step

SUBSIDIARY: Final = 1
BILLING_VENDOR: Final = 301
CUSTOMER: Final = 501

SMALL: Final = 100
"""A month of so few orders needs few SKUs."""

_ACCOUNTS: Final = {
    54: ("Inventory adjustment", "COGS"),
    55: ("Inventory write-off", "COGS"),
    62: ("Fulfilment fees", "Expense"),
    63: ("Pick fees", "Expense"),
}


class RetailerStory:
    """Plays a planned month, event by event or day by day.

    Args:
        netsuite: gets the items, purchase orders and sales orders, as people enter them.
        shipbob: gets everything that happens in the warehouses. It must have no tariff of its
            own, since the story says what is charged.
        shipments: how many sales orders the month has.
        days: how long it is.
        seed: another seed is another month.
        first_day: the day after the simulated present when left out.
        keep_time: set the simulated clock to each event's instant. Without, everything happens
            now: then a service that runs in real time can follow the story.

    Attributes:
        month: the plan: everybody and everything in it.
    """

    name = "retailer"

    def __init__(
        self,
        netsuite: NetSuiteSim,
        shipbob: ShipBobSim,
        *,
        shipments: int = 300,
        days: int = 30,
        seed: int = 1,
        first_day: date | None = None,
        keep_time: bool = False,
    ) -> None:
        self.netsuite = netsuite
        self.shipbob = shipbob
        start = first_day or (shipbob.clock.now() + timedelta(days=1)).date()
        wish = Wish(
            first_day=start,
            days=days,
            shipments=shipments,
            seed=seed,
            styles=2 if shipments <= SMALL else len(STYLES),
        )
        self.month: Month = plan_month(wish)
        self._keep_time = keep_time
        self._wros: dict[str, int] = {}
        self._orders: dict[str, Order] = {}
        self._returns: dict[str, int] = {}
        self._vendors: dict[str, int] = {}
        self._prices = {each.sku: each.price for each in self.month.articles}
        self._costs = {each.sku: each.cost for each in self.month.articles}
        self._locations = {each.id: each.location for each in self.month.centers}

    @property
    def expected(self) -> Expected:
        """The books of both sides at the end of the month."""
        return self.month.expected

    def set_up(self) -> None:
        """Enter what both systems know before the month begins, opening stock included."""
        netsuite, shipbob, month = self.netsuite, self.shipbob, self.month
        if netsuite.preferences.one_world:
            netsuite.add_subsidiary("Retailer", internal_id=SUBSIDIARY)
        for center in month.centers:
            netsuite.add_location(f"ShipBob {center.name}", internal_id=center.location)
            shipbob.add_fulfillment_center(center.id, center.name)
        netsuite.add_location("ShipBob quarantine", internal_id=month.quarantine)
        for number, (name, kind) in _ACCOUNTS.items():
            netsuite.add_account(name, internal_id=number, account_type=kind)
        netsuite.add_vendor("ShipBob", internal_id=BILLING_VENDOR)
        self._vendors = {name: netsuite.add_vendor(name) for name in VENDORS}
        netsuite.add_customer("Web store", internal_id=CUSTOMER)
        self._add_articles()
        for (sku, center_id), quantity in month.opening.items():
            netsuite.add_to_stock(sku, self._locations[center_id], quantity, cost=self._costs[sku])
            shipbob.adjust(sku, quantity, center_id, reference="Opening stock")
        if not any(
            scope.endswith("_write")
            for channel in shipbob.books.access.channels.values()
            for scope in channel.scopes
        ):
            shipbob.add_channel("Web store")

    def connection_tables(self) -> dict[str, str]:
        """Return the tables of the connection file that this story wants."""
        locations = "\n".join(f'"{c.id}" = "{c.location}"' for c in self.month.centers)
        return {
            "locations": locations,
            "accounts": 'inventory_adjustment = "54"\nwrite_off = "55"',
            "billing": f'vendor = "{BILLING_VENDOR}"\ndefault_account = "62"',
            "billing.accounts": '"Per Pick Fee" = "63"',
            "policies": f'quarantine_location = "{self.month.quarantine}"',
            "schedule": 'timezone = "America/Chicago"',
        }

    def opening(self) -> dict[tuple[str, int], int]:
        """Return the stock of before the month, by SKU and NetSuite location."""
        return {
            (sku, self._locations[center]): units
            for (sku, center), units in self.month.opening.items()
        }

    def steps(self) -> Iterator[Step]:
        """Yield the days of the month, one step each."""
        days = groupby(self.month.events, key=lambda event: event.at.date())
        for day, events in days:
            today = list(events)
            yield Step(says=_says(day, today), do=partial(self.play_all, today))

    def play_all(self, events: list[Event] | None = None) -> None:
        """Play some events, or the whole month."""
        for event in self.month.events if events is None else events:
            self.play(event)

    def play(self, event: Event) -> None:
        """Play one event, at its instant if the story keeps the time."""
        if self._keep_time:
            self.shipbob.clock.advance_to(event.at)
        self._do(event)

    def play_at(self, speed: float) -> None:
        """Play the month in simulated time, so many times as fast as real time.

        Each event waits for its instant; the simulated clock keeps the speed afterwards.
        """
        clock = self.shipbob.clock
        clock.set_speed(speed)
        with asyncio.Runner() as waiting:
            for event in self.month.events:
                waiting.run(clock.sleep_until(event.at))
                self._do(event)

    def differences(self) -> list[Difference]:
        """Compare the stock of both systems, SKU by SKU and place by place.

        What ShipBob quarantines is compared with the quarantine location at its center.
        """
        shipbob, netsuite = self._sellable(), self.netsuite.stock()
        centers = {location: center for center, location in self._locations.items()}
        places = set(shipbob) | {
            (sku, centers[location]) for sku, location in netsuite if location in centers
        }
        return [
            Difference(
                sku=sku,
                fulfillment_center=center,
                location=self._locations[center],
                shipbob=shipbob.get((sku, center), 0),
                netsuite=netsuite.get((sku, self._locations[center]), Decimal(0)),
            )
            for sku, center in sorted(places)
        ]

    def _sellable(self) -> dict[tuple[str, int], int]:
        books = self.shipbob.books
        found: dict[tuple[str, int], int] = {}
        with books.lock:
            for (inventory_id, center_id, _), levels in books.stock:
                key = (books.products.by_inventory_id[inventory_id].sku, center_id)
                found[key] = found.get(key, 0) + levels.on_hand - levels.exception
        return {key: quantity for key, quantity in found.items() if quantity}

    def _add_articles(self) -> None:
        products: dict[str, int] = {}
        for article in self.month.articles:
            self.netsuite.add_item(article.sku, name=article.name, cost=article.cost)
            inventory_id = self.shipbob.add_product(
                article.sku,
                name=article.style,
                variant=article.name,
                product_id=products.get(article.style),
            )
            variant = self.shipbob.books.products.by_inventory_id[inventory_id]
            products[article.style] = variant.product_id

    @singledispatchmethod
    def _do(self, event: object) -> None:
        raise TypeError(f"{event!r} is no event of this story.")

    @_do.register
    def _(self, event: PurchaseOrdered) -> None:
        location = self._locations[event.center]
        self.netsuite.add_purchase_order(
            event.number,
            vendor=self._vendors[event.vendor],
            location=location,
            lines=[
                {"item": sku, "quantity": units, "rate": self._costs[sku], "location": location}
                for sku, units in event.units.items()
            ],
        )

    @_do.register
    def _(self, event: Announced) -> None:
        made = self.shipbob.create_wro(
            boxes=[_items(box) for box in event.boxes],
            purchase_order_number=event.number,
            fulfillment_center_id=event.center,
        )
        self._wros[event.wro] = made.id

    @_do.register
    def _(self, event: Arrived) -> None:
        self.shipbob.arrive(self._wros[event.wro])

    @_do.register
    def _(self, event: Stowed) -> None:
        self.shipbob.stow(self._wros[event.wro], _items(event.units))

    @_do.register
    def _(self, event: Received) -> None:
        wro = self.shipbob.complete(self._wros[event.wro])
        self.shipbob.charge(
            "WRO Receiving Fee",
            RECEIVING_FEE,
            reference_type="WRO",
            reference_id=str(wro.id),
            fulfillment_center_id=wro.center_id,
        )

    @_do.register
    def _(self, event: Sold) -> None:
        units: dict[str | int, int] = {}
        for part in event.parts:
            for sku, quantity in part.items():
                units[sku] = units.get(sku, 0) + quantity
        location = self._locations[event.center]
        self.netsuite.add_sales_order(
            event.number,
            customer=CUSTOMER,
            location=location,
            lines=[
                {
                    "item": sku,
                    "quantity": quantity,
                    "rate": self._prices[str(sku)],
                    "location": location,
                }
                for sku, quantity in units.items()
            ],
        )
        self._orders[event.number] = self.shipbob.create_order(
            event.number,
            units,
            fulfillment_center_id=event.center,
            shipments=[_items(part) for part in event.parts],
            prices=self._prices,
        )

    @_do.register
    def _(self, event: Cancelled) -> None:
        for shipment in self._orders[event.number].shipments:
            self.shipbob.cancel_shipment(shipment)

    @_do.register
    def _(self, event: Labelled) -> None:
        shipment = self._orders[event.number].shipments[event.part]
        self.shipbob.label(shipment, parcels=event.parcels)
        self.shipbob.ship(shipment)
        for fee, amount in (("Shipping", event.shipping), ("Per Pick Fee", event.picking)):
            if amount:
                self.shipbob.charge(
                    fee,
                    amount,
                    reference_id=str(shipment.id),
                    fulfillment_center_id=shipment.center_id,
                )

    @_do.register
    def _(self, event: Delivered) -> None:
        self.shipbob.deliver(self._orders[event.number].shipments[event.part])

    @_do.register
    def _(self, event: SentBack) -> None:
        shipment = self._orders[event.number].shipments[event.part]
        made = self.shipbob.create_return(
            event.reference, _items(event.units), shipment=shipment.id
        )
        self._returns[event.reference] = made.id

    @_do.register
    def _(self, event: Inspected) -> None:
        found = self._returns[event.reference]
        self.shipbob.arrive_return(found)
        self.shipbob.complete_return(found, dict[str | int, Mapping[str, int]](event.done.items()))
        self.shipbob.charge(
            "Return Processed by Operations Fee",
            event.fee,
            reference_type="Return",
            reference_id=str(found),
        )

    @_do.register
    def _(self, event: Credited) -> None:
        self.shipbob.credit(event.amount, "Lost parcel", reference_id=event.ticket)

    @_do.register
    def _(self, _: Invoiced) -> None:
        self.shipbob.invoice()

    @_do.register
    def _(self, event: Paid) -> None:
        self.shipbob.pay(event.amount)


def _items(units: Units) -> dict[str | int, int]:
    return dict[str | int, int](units.items())


def _says(day: date, events: list[Event]) -> str:
    counts = {
        "purchase orders": PurchaseOrdered,
        "WROs completed": Received,
        "orders": Sold,
        "shipments": Labelled,
        "deliveries": Delivered,
        "returns": Inspected,
        "invoicing runs": Invoiced,
    }
    told = [
        f"{number} {name}"
        for name, kind in counts.items()
        if (number := sum(isinstance(event, kind) for event in events))
    ]
    return f"{day:%A %d %B}: {', '.join(told) or 'nothing'}"
