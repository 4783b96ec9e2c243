"""The condensed story: all flows once, with what they get wrong most easily.

A purchase order with two lines of one item and a line at another location, goods too many,
goods that nobody ordered, an order with a kit that leaves from two centers, a return of which a
part is thrown away, a week's invoices.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from ml_connector.sim.shipbob.books.orders import Order
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.books.returns import Return
from ml_connector.sim.world import World

LOCATIONS: Final = {228: 6, 10: 7}
"""ShipBob's fulfillment centers and NetSuite's locations."""

ORDER: Final = "PO4711"
ORDERED: Final = {("TEE", 6): 100, ("CAP", 7): 30}
"""Units by SKU and location; the tees are on two lines."""

SALES_ORDER: Final = "SO1001"
SHIPBOBS_VENDOR: Final = 302

_TABLES: Final = {
    "locations": '"228" = "6"\n"10" = "7"',
    "accounts": 'inventory_adjustment = "54"\nwrite_off = "55"',
    "schedule": 'timezone = "America/Chicago"',
    "billing": f'vendor = "{SHIPBOBS_VENDOR}"\ndefault_account = "62"\n'
    'accounts = {"Per Pick Fee" = "63"}',
    "limits": "shipbob_per_minute = 100000",
}
_SOLD: Final = {"MUG": 2, "GIFT": 1, "PEN": 4}
_COST: Final = "4.20"
_A_WHILE: Final = timedelta(minutes=5)


class CondensedStory:
    """Plays the story in both simulators.

    Attributes:
        purchase_order: internal id.
        sales_order: likewise.
        order: ShipBob's.
        returned: ShipBob's return, once it was announced.
        unordered: the WRO that nobody ordered.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._netsuite, self._shipbob = world.netsuite, world.shipbob
        self.purchase_order = self.sales_order = 0
        self.order: Order | None = None
        self.returned: Return | None = None
        self.unordered: Wro | None = None

    def set_up(self) -> None:
        """Enter what both systems know before the story begins."""
        netsuite, shipbob = self._netsuite, self._shipbob
        shipbob.books.limit.per_minute = 0
        if netsuite.preferences.one_world:
            netsuite.add_subsidiary("Acme", internal_id=1)
        for center, location in LOCATIONS.items():
            netsuite.add_location(f"ShipBob {center}", internal_id=location)
            shipbob.add_fulfillment_center(center, f"Center {center}")
        for account, name in ((54, "Inventory adjustment"), (55, "Write-off")):
            netsuite.add_account(name, internal_id=account, account_type="COGS")
        for account, name in ((62, "Fulfillment costs"), (63, "Picking")):
            netsuite.add_account(name, internal_id=account, account_type="Expense")
        netsuite.add_vendor("Norfolk Mills", internal_id=301)
        netsuite.add_vendor("ShipBob", internal_id=SHIPBOBS_VENDOR)
        netsuite.add_customer("Pat Doe", internal_id=501)
        for sku in ("TEE", "CAP", "NEW", "MUG", "PEN", "BEAN", "BAG"):
            netsuite.add_item(sku, cost=_COST)
            shipbob.add_product(sku)
        parts = {"BEAN": 2, "BAG": 1}
        netsuite.add_item("GIFT", kind="Kit", members=parts)
        shipbob.add_product("GIFT", parts=parts)
        for sku in ("MUG", "BEAN", "BAG", "PEN"):
            for center, location in LOCATIONS.items():
                netsuite.add_to_stock(sku, location, 20, cost=_COST)
                shipbob.adjust(sku, 20, center, reference="Opening stock")

    def connection_tables(self) -> dict[str, str]:
        """Return the tables of the connection file that the story wants."""
        return dict(_TABLES)

    def acts(self) -> Iterator[Callable[[], None]]:
        """Yield what happens; after each, everybody has time to look."""
        yield self._order
        yield self._deliver_a_part
        yield self._deliver_the_rest
        yield self._sell_and_ship
        yield self._send_back
        yield self._invoice

    def wros(self) -> list[Wro]:
        """The WROs of the purchase order, those that are cancelled left out."""
        found = self._shipbob.books.receiving.wros.values()
        return [
            one
            for one in found
            if str(one.purchase_order_number or "").startswith(ORDER) and one.status != "Cancelled"
        ]

    def _order(self) -> None:
        lines = [("TEE", 60, 6), ("CAP", 30, 7), ("TEE", 40, 6)]
        self.purchase_order = self._netsuite.add_purchase_order(
            ORDER,
            vendor=301,
            location=6,
            lines=[
                {"item": sku, "quantity": units, "rate": _COST, "location": place}
                for sku, units, place in lines
            ],
        )

    def _deliver_a_part(self) -> None:
        """Where nobody has announced the order, its people do so by hand."""
        announced = {one.center_id for one in self.wros()}
        for center, place in LOCATIONS.items():
            if center not in announced:
                units: dict[str | int, int] = {
                    sku: units for (sku, at), units in ORDERED.items() if at == place
                }
                made = self._shipbob.create_wro(
                    units, purchase_order_number=ORDER, fulfillment_center_id=center
                )
                made.inserted -= _A_WHILE  # it is listed by now in every world
        for wro in self.wros():
            self._shipbob.arrive(wro)
            if wro.center_id == 228:  # noqa: PLR2004 - the center of the tees
                self._shipbob.stow(wro, {"TEE": 70})

    def _deliver_the_rest(self) -> None:
        """The answer to one receipt is lost, after it was made; both systems are too busy once."""
        self._netsuite.fault("rate_limited", times=1)
        self._shipbob.fault("rate_limited", times=1)
        self._lose_an_answer("itemReceipt")
        for wro in self.wros():
            self._shipbob.stow(wro)
            if wro.center_id == 10:  # noqa: PLR2004 - the center of the caps
                self._shipbob.stow(wro, {"CAP": 3})
            self._shipbob.complete(wro)
        self.unordered = self._shipbob.create_wro({"NEW": 5}, fulfillment_center_id=228)
        self._shipbob.arrive(self.unordered)
        self._shipbob.stow(self.unordered)
        self._shipbob.complete(self.unordered)

    def _sell_and_ship(self) -> None:
        """The answer to one fulfilment is lost, after it was made."""
        self._lose_an_answer("itemFulfillment")
        places = {"MUG": 6, "GIFT": 6, "PEN": 7}
        self.sales_order = self._netsuite.add_sales_order(
            SALES_ORDER,
            customer=501,
            location=6,
            lines=[
                {"item": sku, "quantity": units, "rate": "9", "location": places[sku]}
                for sku, units in _SOLD.items()
            ],
        )
        self.order = self._shipbob.create_order(
            SALES_ORDER,
            dict[str | int, int](_SOLD.items()),
            shipments=[{"MUG": 2, "GIFT": 1}, {"PEN": 4}],
            fulfillment_center_id=228,
        )
        first, second = self.order.shipments
        self._shipbob.move(second, 10)
        for shipment in (first, second):
            self._shipbob.ship(shipment)
            for fee, amount in (("Shipping", "5.25"), ("Per Pick Fee", "0.40")):
                self._shipbob.charge(fee, Decimal(amount), reference_id=str(shipment.id))

    def _send_back(self) -> None:
        """NetSuite's token is revoked before it has run out."""
        if self.order is None:
            return
        self._netsuite.fault("token_revoked", times=1)
        first = self.order.shipments[0]
        self._shipbob.deliver(first)
        self.returned = self._shipbob.create_return("RET-1", {"MUG": 2}, shipment=first.id)
        self._shipbob.arrive_return(self.returned)
        self._shipbob.complete_return(self.returned, {"MUG": {"Restock": 1, "Dispose": 1}})
        self._shipbob.credit(Decimal("-1.10"), "Lost parcel", reference_id="T-1")

    def _invoice(self) -> None:
        self._shipbob.invoice()

    def _lose_an_answer(self, record_type: str) -> None:
        """In some worlds nothing tells then whose document it is."""
        self._netsuite.fault(
            "error_after_commit", method="POST", path=f"!transform/{record_type}", times=1
        )
