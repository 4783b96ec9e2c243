"""The two hosts of the simulated ShipBob: its API and its OAuth server."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from ml_connector.sim.faults import FaultPlan
from ml_connector.sim.shipbob.account import Books
from ml_connector.sim.shipbob.apis import Apis
from ml_connector.sim.shipbob.books.orders import Shipment
from ml_connector.sim.shipbob.hosts.auth import Auth, auth_app
from ml_connector.sim.shipbob.hosts.consent import Consent
from ml_connector.sim.shipbob.hosts.control import Action, Control
from ml_connector.sim.shipbob.http.gate import Gate


class Hosts:
    """The ASGI applications over one account's books.

    Args:
        books: what they serve.
        faults: what goes wrong, for which calls.
        act: what the sandbox simulation does to a shipment.
        actions: what the control surface can do, by name.
    """

    def __init__(
        self,
        books: Books,
        *,
        faults: FaultPlan,
        act: Callable[[str, Shipment], None],
        actions: Mapping[str, Action],
    ) -> None:
        self._books = books
        self.apis = Apis(books, act=act)
        self.control = Control(
            books=books, calls=lambda: list(self.gate.calls), faults=faults, actions=actions
        )
        self.gate = Gate(
            access=books.access,
            limit=books.limit,
            clock=books.clock,
            lock=books.lock,
            endpoints=self.apis.endpoints(),
            control=self.control.routes(),
            lifespan=self._lifespan,
            faults=faults,
            before_each=self.apis.tracking.run_due,
            readings=books.readings,
        )
        self.consent_page = Consent(access=books.access, clock=books.clock, lock=books.lock)
        self.auth = auth_app(
            Auth(access=books.access, clock=books.clock, lock=books.lock), self.consent_page
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        self._books.sender.close()
