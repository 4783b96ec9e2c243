"""Carrier tracking reads and the sandbox simulation (reference shipbob.md, 9.5 and 9.8)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import msgspec

from ml_connector.sim.shipbob.books.orders import Orders, Shipment
from ml_connector.sim.shipbob.http.answers import Answer, fields, text_error
from ml_connector.sim.shipbob.http.call import BadValueError, Call, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint
from ml_connector.sim.shipbob.values.dates import stamp
from ml_connector.sim.shipbob.webhooks.order_views import parcel_view

READ = ("tracking_read", "orders_read", "fulfillments_read")
"""A personal access token shows no ``tracking_read``, yet has full access (3.1)."""

MOST_IDS = 25
LONGEST_DELAY = 2880
MOST_STEPS = 5


class Step(msgspec.Struct):
    """One step of a simulation; the delay is in minutes."""

    action: str
    delay: int | None = 0
    next: "Step | None" = None


class Simulation(msgspec.Struct):
    """The body of ``POST /simulate/shipment``."""

    shipment_id: str | int
    simulation: Step


class Planned(msgspec.Struct, kw_only=True):
    """A step with its outcome."""

    action: str
    due: datetime
    status: str = "Pending"
    message: str | None = None


class Simulated(msgspec.Struct, kw_only=True):
    """A simulation under way."""

    id: str
    shipment_id: int
    steps: list[Planned]


class TrackingApi:
    """The handlers. ``act`` ships or delivers a shipment, and may refuse with ValueError."""

    def __init__(
        self,
        *,
        orders: Orders,
        now: Callable[[], datetime],
        act: Callable[[str, Shipment], None],
    ) -> None:
        self._orders = orders
        self._now = now
        self._act = act
        self._ids = count(1)
        self.simulations: dict[str, Simulated] = {}
        self._unfinished: list[Simulated] = []

    def endpoints(self) -> list[Endpoint]:
        """The routes of these resources."""
        return [
            Endpoint(
                method="GET", path="/shipments-tracking", handler=self.of_shipments, scopes=READ
            ),
            Endpoint(method="GET", path="/tracking", handler=self.of_numbers, scopes=READ),
            Endpoint(
                method="POST",
                path="/simulate/shipment",
                handler=self.simulate,
                scopes=("orders_write",),
            ),
            Endpoint(
                method="GET",
                path="/simulate/status/{id:key}",
                handler=self.simulation,
                scopes=("orders_read",),
            ),
        ]

    def of_shipments(self, call: Call) -> Answer:
        """``GET /shipments-tracking?ShipmentIds=``: 1 to 25 ids, a row for each parcel."""
        try:
            ids = call.query.numbers("ShipmentIds")
        except BadValueError as bad:
            raise text_error(400, bad.text) from None
        if not 1 <= len(ids) <= MOST_IDS:
            raise text_error(400, f"Between 1 and {MOST_IDS} shipment ids are required.")
        found = [self._orders.shipments[each] for each in ids if each in self._orders.shipments]
        rows = [parcel_view(each, parcel) for each in found for parcel in each.parcels]
        return Answer(200, rows)

    def of_numbers(self, call: Call) -> Answer:
        """``GET /tracking?TrackingIds=``: the same by the carriers' numbers."""
        numbers = set(call.query.many("TrackingIds"))
        if not 1 <= len(numbers) <= MOST_IDS:
            raise text_error(400, f"Between 1 and {MOST_IDS} tracking ids are required.")
        rows = [
            parcel_view(each, parcel)
            for each in self._orders.shipments.values()
            for parcel in each.parcels
            if parcel.tracking_number in numbers
        ]
        return Answer(200, rows)

    def simulate(self, call: Call) -> Answer:
        """``POST /simulate/shipment``: up to five steps, each after its delay."""
        asked = call.body(Simulation, lambda errors: fields(400, errors))
        text = str(asked.shipment_id)
        if whole(text) not in self._orders.shipments:
            raise fields(400, {"shipment_id": ["The shipment does not exist."]})
        steps, step, due = [], asked.simulation, self._now()
        while True:
            delay = step.delay or 0
            if step.action not in {"ShipOrder", "DeliverOrder"} or not 0 <= delay <= LONGEST_DELAY:
                raise fields(400, {"simulation": ["The action or its delay is not valid."]})
            due += timedelta(minutes=delay)
            steps.append(Planned(action=step.action, due=due))
            if step.next is None:
                break
            step = step.next
        if len(steps) > MOST_STEPS:
            raise fields(400, {"simulation": [f"At most {MOST_STEPS} steps are allowed."]})
        number = next(self._ids)
        made = Simulated(
            id=f"00000000-0000-4000-8000-{number:012d}", shipment_id=int(text), steps=steps
        )
        self.simulations[made.id] = made
        self._unfinished.append(made)
        self.run_due()
        return Answer(200, {"simulation_id": made.id, "message": "Simulation scheduled"})

    def simulation(self, call: Call) -> Answer:
        """``GET /simulate/status/{id}``: the steps, nested as they were asked."""
        made = self.simulations.get(call.ids["id"])
        if made is None:
            return Answer(404)
        view: dict[str, object] | None = None
        for step in reversed(made.steps):
            view = {
                "action": step.action,
                "status": step.status,
                "schedule_time": stamp(step.due),
                "message": step.message,
                "next": view,
            }
        body = {
            "simulation_id": made.id,
            "entity_id": str(made.shipment_id),
            "entity_type": "Shipment",
            "simulation": view,
        }
        return Answer(200, body)

    def run_due(self) -> None:
        """Do the steps whose time has come; after a failure the rest is skipped."""
        now = self._now()
        for made in self._unfinished:
            failed = False
            for step in made.steps:
                if failed and step.status == "Pending":
                    step.status = "Skipped"
                if step.status == "Pending" and step.due <= now:
                    self._run(step, self._orders.shipments[made.shipment_id])
                failed = step.status in {"Failed", "Skipped"}
        self._unfinished = [
            made
            for made in self._unfinished
            if any(step.status == "Pending" for step in made.steps)
        ]

    def _run(self, step: Planned, shipment: Shipment) -> None:
        try:
            self._act(step.action, shipment)
        except ValueError as error:
            step.status, step.message = "Failed", str(error)
        else:
            step.status, step.message = "Success", "Done"
