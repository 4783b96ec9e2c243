"""The simulated ShipBob: one merchant's account with its books, over HTTP and from Python."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from starlette.types import ASGIApp

from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import Fault, FaultKind, FaultPlan
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_calls import REFUSED_TOKEN
from ml_connector.sim.readings.shipbob_rules import (
    PO_NUMBERS,
    STOCK_LEVELS,
    SYNC_ANSWER,
    UNLINKED_URO,
    URO_ATTACHMENTS,
)
from ml_connector.sim.readings.shipbob_webhooks import SUBSCRIPTION_STATUS
from ml_connector.sim.readings.shipbob_words import WRO_AWAITED
from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.billing import Tariff
from ml_connector.sim.shipbob.hosts.hosts import Hosts
from ml_connector.sim.shipbob.hosts.switches import Settings, Switches
from ml_connector.sim.shipbob.http.gate import CallRecord
from ml_connector.sim.shipbob.people.desk import Desk
from ml_connector.sim.shipbob.people.dock import Dock
from ml_connector.sim.shipbob.people.floor import Floor
from ml_connector.sim.shipbob.people.office import Office
from ml_connector.sim.shipbob.people.post_room import PostRoom
from ml_connector.sim.shipbob.webhooks.webhooks import Delivery
from ml_connector.sim.shipbob.world_settings import settings_of

LOGIN_PAGE: Final = "/Account/Login"
"""Where a call with a wrong token is sent in some worlds."""


class ShipBobSim:
    """One merchant's ShipBob account.

    Everything in the books lives in simulated time. Three things follow the client's own
    clock instead, because the client is real: the 15 seconds a webhook receiver has, the
    seconds in ``x-retry-after``, and ``webhook-timestamp`` (see ``signing_clock``).

    Args:
        clock: simulated time; real time when left out.
        per_minute: calls a minute of one application (section 4); 0 for no limit.
        seed: repeats ids, secrets and every choice by chance.
        signing_clock: where ``webhook-timestamp`` comes from; real time when left out, so
            that receivers accept it whatever the simulated date is.
        webhook_timeout_seconds: how long a webhook receiver may take (7.5).
        tariff: what is charged by itself for shipments, WROs and returns; nothing when left
            out.
        readings: of what the references leave open; all at their default when left out.

    Attributes:
        api: the API host as an ASGI application, with a control surface under ``/_sim``.
        auth: the OAuth host as an ASGI application.
        books: everything the account holds.
        faults: what goes wrong, for which calls, see ``sim.faults``.
        consent_page: the browser's part of OAuth; ``consent_page.automatic`` shows no page.
        announcer: body variants, duplicates, losses and disorder of webhooks.
        apis: the handlers of each resource, with switches for what varies live.
        gate: the API's front door; ``gate.login_redirect`` answers 302 instead of 401.
        add_fulfillment_center, add_product, add_channel, add_token, revoke_token,
            add_application, consent: see ``Office``.
        create_wro, arrive, transfer, stow, complete, cancel, split, add_uro: see ``Dock``.
        create_order, pick, pack, label, number, ship, track, deliver, hold, resume,
            cancel_shipment, move, recall, pull_back, repack, relabel, reship, adjust: see
            ``Floor``.
        create_return, return_shipment, move_return, arrive_return, complete_return, charge,
            credit, invoice, pay: see ``Desk``.
        subscribe, redeliver, tune_webhooks, hold_webhooks, release_webhooks,
            wait_for_webhooks: see ``PostRoom``.
    """

    def __init__(  # noqa: PLR0915 - a line for each method of the surface
        self,
        clock: Clock | None = None,
        *,
        per_minute: int = 150,
        seed: int = 1,
        signing_clock: Clock | None = None,
        webhook_timeout_seconds: float = 15.0,
        tariff: Tariff | None = None,
        readings: Readings | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.readings = readings or Readings()
        self.books = Books(
            clock=self.clock,
            seed=seed,
            per_minute=per_minute,
            signing_clock=signing_clock or Clock(),
            webhook_timeout_seconds=webhook_timeout_seconds,
            tariff=tariff,
            readings=self.readings,
        )
        self.announcer = self.books.announcer
        self.office = Office(self.books)
        self.add_fulfillment_center = self.office.add_fulfillment_center
        self.add_product = self.office.add_product
        self.add_channel = self.office.add_channel
        self.add_token = self.office.add_token
        self.revoke_token = self.office.revoke_token
        self.add_application = self.office.add_application
        self.consent = self.office.consent
        self.dock = Dock(self.books)
        self.create_wro = self.dock.create_wro
        self.arrive = self.dock.arrive
        self.transfer = self.dock.transfer
        self.stow = self.dock.stow
        self.complete = self.dock.complete
        self.cancel = self.dock.cancel
        self.split = self.dock.split
        self.add_uro = self.dock.add_uro
        self.floor = Floor(self.books)
        self.create_order = self.floor.create_order
        self.pick = self.floor.pick
        self.pack = self.floor.pack
        self.label = self.floor.label
        self.number = self.floor.number
        self.ship = self.floor.ship
        self.track = self.floor.track
        self.move = self.floor.move
        self.recall = self.floor.recall
        self.pull_back = self.floor.pull_back
        self.repack = self.floor.repack
        self.relabel = self.floor.relabel
        self.reship = self.floor.reship
        self.deliver = self.floor.deliver
        self.hold = self.floor.hold
        self.resume = self.floor.resume
        self.cancel_shipment = self.floor.cancel_shipment
        self.adjust = self.floor.adjust
        self.desk = Desk(self.books)
        self.create_return = self.desk.create_return
        self.return_shipment = self.desk.return_shipment
        self.move_return = self.desk.move_return
        self.arrive_return = self.desk.arrive_return
        self.complete_return = self.desk.complete_return
        self.charge = self.desk.charge
        self.credit = self.desk.credit
        self.invoice = self.desk.invoice
        self.pay = self.desk.pay
        self.post_room = PostRoom(self.books)
        self.subscribe = self.post_room.subscribe
        self.redeliver = self.post_room.redeliver
        self.tune_webhooks = self.post_room.tune_webhooks
        self.hold_webhooks = self.post_room.hold_webhooks
        self.release_webhooks = self.post_room.release_webhooks
        self.wait_for_webhooks = self.post_room.wait_for_webhooks
        self.faults = FaultPlan(seed, system="shipbob")
        self.hosts = Hosts(
            self.books, faults=self.faults, act=self.floor.act, actions=self._actions()
        )
        self.switches = Switches(self.books, self.hosts)
        self.apis = self.hosts.apis
        self.switch(settings_of(self.readings))
        self.apis.account.created_status = int(self.readings[SUBSCRIPTION_STATUS])
        self.apis.receiving.awaiting = self.readings[WRO_AWAITED]
        self.apis.receiving.unique_numbers = self.readings[PO_NUMBERS] == "unique"
        self.apis.receiving.sync_answers_wro = self.readings[SYNC_ANSWER] == "wro"
        self.apis.uros.unlinked = 0 if self.readings[UNLINKED_URO] == "zero" else None
        self.apis.uros.attachments = self.readings[URO_ATTACHMENTS]
        self.apis.stock.lags = self.readings[STOCK_LEVELS] == "later"
        self.gate = self.hosts.gate
        if self.readings[REFUSED_TOKEN] == "login-page":
            self.gate.login_redirect = LOGIN_PAGE
        self.consent_page = self.hosts.consent_page
        self.api: ASGIApp = self.hosts.gate
        self.auth: ASGIApp = self.hosts.auth

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver a webhook, oldest first."""
        with self.books.lock:
            return list(self.books.webhooks.deliveries)

    @locked
    def stock(self) -> dict[tuple[str, int], int]:
        """Units on hand by (SKU, fulfillment center id), quarantined ones included."""
        totals: dict[tuple[str, int], int] = {}
        for (inventory_id, center_id, _), levels in self.books.stock:
            variant = self.books.products.by_inventory_id.get(inventory_id)
            if variant is not None and levels.on_hand:
                key = (variant.sku, center_id)
                totals[key] = totals.get(key, 0) + levels.on_hand
        return totals

    @property
    def calls(self) -> list[CallRecord]:
        """What clients asked, oldest first; the control surface does not count."""
        return list(self.gate.calls)

    def switch(self, settings: dict[str, Any] | None = None) -> Settings:
        """Change what varies live, by the names of ``Settings``, and tell all of it.

        Raises:
            ValueError: a name is unknown or a value is not of its type.
        """
        return self.switches.switch(settings)

    def fault(
        self,
        kind: FaultKind,
        *,
        method: str = "*",
        path: str = "",
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        seconds: float = 0.0,
        seconds_max: float | None = None,
    ) -> int:
        """Put a fault in force; see ``ml_connector.sim.faults``.

        Returns:
            its number, for ``faults.remove``.
        """
        return self.faults.add(
            Fault(
                kind=kind,
                method=method,
                path=path,
                times=times,
                skip=skip,
                probability=probability,
                seconds=seconds,
                seconds_max=seconds_max,
            )
        )

    def add_fault(self, fault: Fault) -> int:
        """Put a rule of ``sim.faults`` in force; returns its number."""
        return self.faults.add(fault)

    def clear_faults(self) -> None:
        """Take all rules back."""
        self.faults.clear()

    def close(self) -> None:
        """Stop sending webhooks. The books stay."""
        self.books.sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _actions(self) -> dict[str, Callable[..., object]]:
        """What can be done over HTTP, by the names of the Python surface."""
        actions: list[Callable[..., object]] = [
            self.add_fulfillment_center,
            self.add_product,
            self.add_channel,
            self.add_token,
            self.revoke_token,
            self.add_application,
            self.consent,
            self.create_wro,
            self.arrive,
            self.transfer,
            self.stow,
            self.complete,
            self.cancel,
            self.split,
            self.add_uro,
            self.create_order,
            self.pick,
            self.pack,
            self.label,
            self.number,
            self.ship,
            self.track,
            self.deliver,
            self.hold,
            self.resume,
            self.cancel_shipment,
            self.move,
            self.recall,
            self.pull_back,
            self.repack,
            self.relabel,
            self.reship,
            self.adjust,
            self.create_return,
            self.return_shipment,
            self.move_return,
            self.arrive_return,
            self.complete_return,
            self.charge,
            self.credit,
            self.invoice,
            self.pay,
            self.subscribe,
            self.redeliver,
            self.wait_for_webhooks,
            self.tune_webhooks,
            self.hold_webhooks,
            self.release_webhooks,
            self.switch,
            self.add_fault,
            self.clear_faults,
        ]
        return {action.__name__: action for action in actions}
