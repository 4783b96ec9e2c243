"""The simulated ShipBob: one merchant's account with its books, over HTTP and from Python."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.types import ASGIApp

from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import Fault, FaultPlan
from ml_connector.sim.shipbob.access import PAT_APPLICATION, Application, Channel
from ml_connector.sim.shipbob.apis import Apis
from ml_connector.sim.shipbob.auth import Auth, auth_app
from ml_connector.sim.shipbob.billing import Tariff
from ml_connector.sim.shipbob.books import Books, locked
from ml_connector.sim.shipbob.centers import FulfillmentCenter
from ml_connector.sim.shipbob.consent import Consent
from ml_connector.sim.shipbob.control import Control
from ml_connector.sim.shipbob.desk import Desk
from ml_connector.sim.shipbob.dock import Dock
from ml_connector.sim.shipbob.floor import Floor
from ml_connector.sim.shipbob.gate import CallRecord, Gate
from ml_connector.sim.shipbob.vocabulary import OAUTH_SCOPES, PAT_SCOPES, TOPICS
from ml_connector.sim.shipbob.webhooks import Delivery


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

    Attributes:
        api: the API host as an ASGI application, with a control surface under ``/_sim``.
        auth: the OAuth host as an ASGI application.
        books: everything the account holds.
        faults: what goes wrong, for which calls, see ``sim.faults``.
        consent_page: the browser's part of OAuth; ``consent_page.automatic`` shows no page.
        announcer: body variants, duplicates, losses and disorder of webhooks.
        gate: the API's front door; ``gate.login_redirect`` answers 302 instead of 401.
        create_wro, arrive, transfer, stow, complete, cancel, split, add_uro: see ``Dock``.
        create_order, pick, pack, label, number, ship, track, deliver, hold, resume,
            cancel_shipment, adjust: see ``Floor``.
        create_return, return_shipment, move_return, arrive_return, complete_return, charge,
            credit, invoice, pay: see ``Desk``.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        per_minute: int = 150,
        seed: int = 1,
        signing_clock: Clock | None = None,
        webhook_timeout_seconds: float = 15.0,
        tariff: Tariff | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.books = Books(
            clock=self.clock,
            seed=seed,
            per_minute=per_minute,
            signing_clock=signing_clock or Clock(),
            webhook_timeout_seconds=webhook_timeout_seconds,
            tariff=tariff,
        )
        self.announcer = self.books.announcer
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
        self.faults = FaultPlan(seed, system="shipbob")
        self.apis = Apis(self.books, act=self.floor.act)
        self.control = Control(
            books=self.books,
            calls=lambda: self.calls,
            faults=self.faults,
            actions=self._actions(),
        )
        self.gate = Gate(
            access=self.books.access,
            limit=self.books.limit,
            clock=self.clock,
            lock=self.books.lock,
            endpoints=self.apis.endpoints(),
            control=self.control.routes(),
            lifespan=self._lifespan,
            faults=self.faults,
        )
        self.api: ASGIApp = self.gate
        self.consent_page = Consent(
            access=self.books.access, clock=self.clock, lock=self.books.lock
        )
        self.auth: ASGIApp = auth_app(
            Auth(access=self.books.access, clock=self.clock, lock=self.books.lock),
            self.consent_page,
        )

    @locked
    def add_fulfillment_center(
        self, center_id: int, name: str, hub: int | None = None, *, receiving: bool = True
    ) -> FulfillmentCenter:
        """A warehouse. ``hub`` is the id of the receiving hub that its stock goes through."""
        center = FulfillmentCenter(id=center_id, name=name, hub_id=hub, receiving=receiving)
        self.books.centers.add(center)
        return center

    @locked
    def add_product(
        self,
        sku: str,
        *,
        name: str | None = None,
        variant: str | None = None,
        product_id: int | None = None,
        inventory_id: int | None = None,
        lot: bool = False,
        active: bool = True,
        digital: bool = False,
        barcodes: Collection[str] = (),
    ) -> int:
        """A product with one variant, or one more variant of ``product_id``.

        The SKU may exist already: ShipBob has the same SKU on inactive and merged variants.

        Returns:
            the inventory id.

        Raises:
            LookupError: there is no such product.
            ValueError: the inventory id is taken.
        """
        books, now = self.books, self.clock.now()
        if product_id is None:
            product = books.products.add(name or sku, now)
        elif product_id in books.products.by_id:
            product = books.products.by_id[product_id]
        else:
            raise LookupError(f"There is no product {product_id}.")
        made = books.products.add_variant(product, sku, variant or name or sku, now, inventory_id)
        made.lot, made.active, made.digital = lot, active, digital
        made.barcodes = tuple(barcodes) or (sku,)
        return made.inventory_id

    @locked
    def add_channel(
        self,
        name: str = "My store",
        *,
        application_name: str = PAT_APPLICATION,
        scopes: Collection[str] = PAT_SCOPES,
        channel_id: int | None = None,
    ) -> Channel:
        """A channel; those of other applications can be read but not written to."""
        return self.books.access.add_channel(
            name=name, application_name=application_name, scopes=scopes, channel_id=channel_id
        )

    @locked
    def add_token(
        self,
        token: str | None = None,
        *,
        scopes: Collection[str] | None = None,
        channel: Channel | int | None = None,
    ) -> str:
        """A personal access token. The first one creates the application ``SMA`` (3.1).

        Args:
            token: its text; made up when left out.
            scopes: all of a recent personal access token's when left out.
            channel: the channel it writes to; that of ``SMA`` when left out.

        Returns:
            the token.
        """
        access = self.books.access
        own = access.channels[channel] if isinstance(channel, int) else channel
        return access.add_token(token, scopes, own)

    @locked
    def revoke_token(self, token: str) -> None:
        """From now on the token gets 401."""
        self.books.access.revoke_token(token)

    @locked
    def add_application(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        name: str = "My application",
        redirect_uris: Collection[str] = (),
        scopes: Collection[str] = OAUTH_SCOPES,
    ) -> Application:
        """Register an OAuth application."""
        return self.books.access.add_application(
            client_id=client_id,
            client_secret=client_secret,
            name=name,
            redirect_uris=redirect_uris,
            scopes=scopes,
        )

    @locked
    def consent(self, client_id: str, scopes: Collection[str] | None = None) -> str:
        """What a person's consent in the browser leads to, without the browser.

        Returns:
            a refresh token.
        """
        access = self.books.access
        application = access.applications[client_id]
        asked = tuple(application.scopes if scopes is None else scopes)
        channel = access.install(application, asked)
        return access.grant(client_id, channel.id, asked, self.clock.now()).refresh_token

    @locked
    def subscribe(
        self, url: str, topics: Collection[str] = TOPICS, secret: str | None = None
    ) -> tuple[str, str]:
        """A webhook subscription of the application ``SMA``.

        Returns:
            its id and its secret.
        """
        made = self.books.webhooks.subscribe(
            url=url,
            topics=topics,
            now=self.clock.now(),
            application=f"pat:{PAT_APPLICATION}",
            secret=secret,
        )
        return made.id, made.secret

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver a webhook, oldest first."""
        with self.books.lock:
            return list(self.books.webhooks.deliveries)

    @locked
    def redeliver(self, webhook_id: str) -> None:
        """Send a webhook again, under the same ``webhook-id``, as the portal can.

        Raises:
            LookupError: there is no such message.
        """
        message = self.books.webhooks.messages.get(webhook_id)
        if message is None:
            raise LookupError(f"There is no webhook {webhook_id}.")
        self.books.sender.send(message)

    def wait_for_webhooks(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until every webhook has had its due attempts.

        Those that failed and wait for their next attempt don't count.

        Returns:
            whether that was reached in time.
        """
        with self.books.lock:
            self.announcer.flush()
        return self.books.sender.wait_until_quiet(timeout_seconds)

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
            self.add_fault,
            self.clear_faults,
        ]
        return {
            **{action.__name__: action for action in actions},
            "tune_webhooks": self.announcer.tune,
            "hold_webhooks": self.announcer.hold,
            "release_webhooks": self.announcer.release,
        }

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        self.close()
