"""Both systems, the month that is played in them, and the connections beside it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ml_connector import private_files
from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.config import connection as connection_file
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.selftest.chaos.judging import PUSHED_TO
from ml_connector.selftest.chaos.plan import DAYS, ChaosPlan, faults
from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.stories.retailer import SUBSIDIARY, RetailerStory
from ml_connector.sim.stories.wro import TOPICS, WroStory
from ml_connector.sim.world import World, world

CONNECTION: Final = "acme"
BEHIND: Final = "backlog"
BROKEN: Final = "broken"

_ZONE: Final = ZoneInfo("America/Chicago")
_SKEW: Final = timedelta(seconds=90)
_SLOW: Final = 0.25
_LOST, _DOUBLED, _SHUFFLED = 0.05, 0.1, 0.5
_UNITS: Final = 24
_A_MINUTE: Final = 6
"""Calls to ShipBob that the connection with a backlog may make: its backlog lasts."""
_PLENTY: Final = 100_000
_BACKLOG: Final = 40


@dataclass
class Happening:
    """What happens in the two systems.

    Attributes:
        both: the systems of the month.
        behind: those of the connection with a backlog.
        broken: those of the connection whose secrets are of no use.
        story: the month.
        pushed: units by SKU of each order that the service announces, once they came in.
    """

    both: World
    behind: World
    broken: World
    story: RetailerStory
    plan: ChaosPlan
    pushed: dict[str, dict[str, int]] = field(default_factory=dict)
    _ordered: dict[str, int] = field(default_factory=dict)

    def play(self, number: int) -> None:
        """Play the event of this number of the month."""
        clock = self.both.shipbob.clock
        if number == self.plan.jump:
            clock.advance(2 * _SKEW)
        if number == self.plan.slow_clock[0]:
            clock.set_speed(_SLOW)
        if number == self.plan.slow_clock[1]:
            clock.set_speed(1.0)
        self.story.play(self.story.month.events[number])

    def order(self) -> int:
        """Enter a purchase order that the service is to announce; return its internal id."""
        number = f"PUSH{len(self._ordered) + 1}"
        sku = self._sku_of(number)
        self._ordered[number] = self.both.netsuite.add_purchase_order(
            number,
            vendor=self.both.netsuite.add_vendor(f"Vendor of {number}"),
            location=PUSHED_TO,
            lines=[{"item": sku, "quantity": _UNITS, "rate": "4.20", "location": PUSHED_TO}],
        )
        return self._ordered[number]

    def _sku_of(self, number: str) -> str:
        articles = self.story.month.articles
        return articles[int(number.removeprefix("PUSH")) % len(articles)].sku

    def waits_for_dock(self) -> str | None:
        """Name the first order whose goods have not come in; None: there is none."""
        return next((one for one in self._ordered if one not in self.pushed), None)

    def announced(self, number: str) -> Wro | None:
        """Return the first WRO of an order; None while nobody has announced it."""
        with self.both.shipbob.books.lock:
            return next(
                (
                    wro
                    for wro in self.both.shipbob.books.receiving.wros.values()
                    if wro.purchase_order_number == number
                ),
                None,
            )

    def dock(self, number: str, wro: Wro) -> None:
        """Let the goods of an order come in."""
        shipbob = self.both.shipbob
        self.pushed[number] = {self._sku_of(number): _UNITS}
        shipbob.arrive(wro)
        shipbob.complete(shipbob.stow(wro))

    def calm(self) -> None:
        """End all faults; from now on webhooks arrive."""
        self.both.netsuite.faults.clear()
        self.both.shipbob.clear_faults()
        self.both.shipbob.clock.set_speed(1.0)
        self.both.shipbob.tune_webhooks(losses=0.0, duplicates=0.0, disorder=0.0)

    def trouble(self) -> None:
        """Begin with faults, and with webhooks that are lost, doubled and in disorder."""
        for fault in faults():
            self.both.netsuite.faults.add(fault)
            self.both.shipbob.add_fault(fault)
        self.both.shipbob.tune_webhooks(
            variant="mixed", losses=_LOST, duplicates=_DOUBLED, disorder=_SHUFFLED
        )

    async def connect(self, installation: Installation, port: int) -> None:
        """Subscribe and apply all three connections."""
        topics = {topic for flow in FLOWS.values() for topic in flow.topics}
        _, secret = self.both.shipbob.subscribe(_endpoint(port, CONNECTION), topics)
        tables = self.story.connection_tables()
        never = (datetime.now(_ZONE) + timedelta(hours=12)).strftime("%H:%M")
        tables["schedule"] += f'\nsweep = "30s"\nbilling = "30s"\npurchase_orders = "{never}"'
        tables["limits"] = f"shipbob_per_minute = {_PLENTY}"
        await _apply(
            installation,
            self.both.connection_file(secret, subsidiary=SUBSIDIARY, head=_head(), **tables),
        )
        for name, beside in ((BEHIND, self.behind), (BROKEN, self.broken)):
            _, secret = beside.shipbob.subscribe(_endpoint(port, name), set(TOPICS))
            if name == BROKEN:  # it knows the secret of another subscription
                _, secret = beside.shipbob.subscribe(_endpoint(port, "nobody"), set(TOPICS))
            text = beside.connection_file(
                secret,
                subsidiary=SUBSIDIARY,
                head=_head(),
                locations='"228" = "6"\n"10" = "7"',
                accounts='inventory_adjustment = "54"',
                schedule='timezone = "America/Chicago"',
                limits=f"shipbob_per_minute = {_A_MINUTE if name == BEHIND else _PLENTY}",
            )
            await _apply(installation, text.replace('name = "acme"', f'name = "{name}"'))
        self.broken.shipbob.revoke_token(self.broken.token)

    def fill_backlog(self) -> None:
        """Let goods come in at the two other connections, more than their limits allow."""
        for beside in (self.behind, self.broken):
            for _ in range(_BACKLOG):
                wro = beside.shipbob.arrive(beside.shipbob.create_wro({"TEE-BLK-M": 1}))
                beside.shipbob.complete(beside.shipbob.stow(wro))


def _head() -> str:
    first = (datetime.now(_ZONE) - timedelta(hours=1)).date().replace(day=1)
    return f"start_date = {first.isoformat()}"


def _endpoint(port: int, name: str) -> str:
    return f"http://127.0.0.1:{port}/webhooks/shipbob/{name}"


async def _apply(installation: Installation, text: str) -> None:
    path = installation.settings.data_dir / "connection.toml"
    with private_files.replacing_text(path) as file:
        file.write(text)
    applied = await apply_connection(
        installation, connection_file.read(path), person="selftest", ping_first=True
    )
    if not applied.saved:
        failed = "; ".join(one.found for one in applied.checks if one.outcome != "ok")
        raise UserError(f"The simulators can't be reached: {failed}", where="selftest")


@contextlib.contextmanager
def happening(plan: ChaosPlan, *, seed: int) -> Iterator[Happening]:
    """Serve both systems, and those beside, with everything entered that stands before."""
    clock = Clock(start=datetime.now(UTC) - _SKEW)
    shipbob = ShipBobSim(clock=clock, seed=seed, per_minute=0)
    with (
        world(shipbob=shipbob, seed=seed) as both,
        _another(1) as behind,
        _another(2) as broken,
    ):
        story = RetailerStory(
            both.netsuite, both.shipbob, shipments=plan.shipments, days=DAYS, seed=seed
        )
        story.set_up()
        yield Happening(both=both, behind=behind, broken=broken, story=story, plan=plan)


@contextlib.contextmanager
def _another(number: int) -> Iterator[World]:
    """Serve the systems of another merchant: other accounts, and channels of its own."""
    shipbob = ShipBobSim(seed=number, per_minute=0)
    shipbob.books.access.channels.clear()
    shipbob.add_channel(f"Merchant {number}", channel_id=200_000 + number)
    netsuite = NetSuiteSim(clock=Clock(), account_id=f"BESIDE{number}_SB1")
    with world(shipbob=shipbob, netsuite=netsuite) as made:
        WroStory(made.netsuite, made.shipbob).set_up()
        yield made
