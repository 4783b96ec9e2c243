"""All books of one merchant's account, wired to each other and to the webhooks."""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from random import Random
from threading import RLock
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from ml_connector.sim.clock import Clock
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_rules import IDS, REFRESH_GRACE
from ml_connector.sim.readings.shipbob_webhooks import WEBHOOK_HEADERS
from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.after_label import AfterLabel
from ml_connector.sim.shipbob.books.billing import Billing, Tariff
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.fulfilment import Fulfilment
from ml_connector.sim.shipbob.books.orders import Order, Orders, Shipment
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.receiving import Box, Receiving, Wro
from ml_connector.sim.shipbob.books.returns import Return, Returns
from ml_connector.sim.shipbob.books.stock import Stock
from ml_connector.sim.shipbob.books.uros import Uros
from ml_connector.sim.shipbob.values.limit import Limit
from ml_connector.sim.shipbob.webhooks.announcer import Announcer
from ml_connector.sim.shipbob.webhooks.events import Events
from ml_connector.sim.shipbob.webhooks.sender import Sender
from ml_connector.sim.shipbob.webhooks.webhooks import Webhooks

FIRST_OF_ALL: Final = 5001
"""The first id of everything, in a world where the ids of different things are alike."""


class Books:
    """The state of the simulated account. ``lock`` guards all of it.

    Args:
        clock: simulated time.
        seed: repeats every choice by chance.
        per_minute: the rate limit, 0 for none.
        signing_clock: where ``webhook-timestamp`` comes from.
        webhook_timeout_seconds: how long a webhook receiver may take.
        tariff: what is charged by itself; nothing when left out.
        readings: of what the references leave open.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int,
        per_minute: int,
        signing_clock: Clock,
        webhook_timeout_seconds: float,
        tariff: Tariff | None,
        readings: Readings,
    ) -> None:
        seeds = Random(seed)  # noqa: S311 - a seed must repeat a run; nothing here is secret

        def chance() -> Random:
            return Random(seeds.getrandbits(64))  # noqa: S311 - same

        self.clock = clock
        self.readings = readings
        self.lock = RLock()
        self.tariff = tariff
        self.random = chance()
        self.access = Access(chance(), grace=readings[REFRESH_GRACE] == "once-more")
        self.limit = Limit(per_minute)
        self.centers = Centers()
        self.products = Products()
        self.stock = Stock()
        self.uros = Uros()
        first = FIRST_OF_ALL if readings[IDS] == "the-same" else None
        self.orders = Orders(first)
        self.webhooks = Webhooks(chance())
        self.sender = Sender(
            webhooks=self.webhooks,
            lock=self.lock,
            clock=clock,
            signing_clock=signing_clock,
            timeout_seconds=webhook_timeout_seconds,
            prefix=readings[WEBHOOK_HEADERS],
        )
        self.announcer = Announcer(
            webhooks=self.webhooks,
            random=chance(),
            now=clock.now,
            send=self.sender.send,
            readings=readings,
        )
        self.events = Events(
            announcer=self.announcer,
            access=self.access,
            centers=self.centers,
            products=self.products,
            now=clock.now,
        )
        self.receiving = Receiving(
            products=self.products,
            centers=self.centers,
            stock=self.stock,
            random=chance(),
            now=clock.now,
            announce=self._wro_event,
            first=first,
        )
        self.fulfilment = Fulfilment(
            orders=self.orders,
            products=self.products,
            centers=self.centers,
            stock=self.stock,
            now=clock.now,
            announce=self.events.of_order,
            labelled=self._charge_shipment,
        )
        self.after_label = AfterLabel(
            orders=self.orders, fulfilment=self.fulfilment, stock=self.stock, now=clock.now
        )
        self.returns = Returns(
            products=self.products,
            stock=self.stock,
            now=clock.now,
            announce=self.events.of_return,
            completed=self._charge_return,
            first=first,
        )
        self.billing = Billing(
            random=chance(), now=clock.now, announce=self.events.of_transaction, first=first
        )

    def _wro_event(self, topic: str, wro: Wro, box: Box | None) -> None:
        self.events.of_wro(topic, wro, box)
        if topic == "wro.box.stowed":
            self.fulfilment.allocate_exceptions()
        if topic == "wro.completed" and self.tariff is not None:
            self.billing.charge(
                "WRO Receiving Fee",
                self.tariff.receiving,
                reference_type="WRO",
                reference_id=str(wro.id),
                center_name=self.centers[wro.center_id].name,
            )

    def _charge_shipment(self, _: Order, shipment: Shipment) -> None:
        if self.tariff is None:
            return
        center = self.centers[shipment.center_id].name
        numbers = [parcel.tracking_number for parcel in shipment.parcels]
        amount = self.tariff.shipping * len(shipment.parcels)
        shipment.invoice_amount = amount
        self.billing.charge(
            "Shipping",
            amount,
            reference_id=str(shipment.id),
            center_name=center,
            details={"TrackingId": numbers[0] if numbers else None},
        )
        units = sum(pick.quantity for pick in shipment.picks) - 1
        if units > 0:
            self.billing.charge(
                "Per Pick Fee",
                self.tariff.pick * units,
                reference_id=str(shipment.id),
                center_name=center,
            )

    def _charge_return(self, found: Return) -> None:
        if self.tariff is None:
            return
        fee = "Return Processed by Operations Fee"
        amount: Decimal = self.tariff.returned
        found.fees.append((fee, amount))
        self.billing.charge(
            fee,
            amount,
            reference_type="Return",
            reference_id=str(found.id),
            center_name=self.centers[found.center_id].name,
        )


class HasBooks(Protocol):
    """Whoever works on the books."""

    books: Books


Worker = TypeVar("Worker", bound=HasBooks)
Given = ParamSpec("Given")
Result = TypeVar("Result")


def locked(
    method: Callable[Concatenate[Worker, Given], Result],
) -> Callable[Concatenate[Worker, Given], Result]:
    """Hold the books' lock during a method, so that any thread may call it."""

    @wraps(method)
    def with_lock(worker: Worker, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        with worker.books.lock:
            return method(worker, *args, **kwargs)

    return with_lock
