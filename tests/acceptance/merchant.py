"""A merchant: both simulated systems, and an installation that connects them."""

import asyncio
import contextlib
import itertools
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy.engine import make_url

import drawn_worlds
from acceptance.service import Answered, Process, command, free_port, serving
from databases import drop_database
from ml_connector.app.connections.apply import Applied, apply_connection
from ml_connector.app.installation import setup
from ml_connector.app.installation.installation import open_installation
from ml_connector.config import connection as connection_file
from ml_connector.config.settings import Settings
from ml_connector.flows import tracking
from ml_connector.sim.clock import Clock
from ml_connector.sim.readings import Readings
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.people.dock import Item
from ml_connector.sim.stories.wro import TOPICS
from ml_connector.sim.world import World, world
from waiting import HANGS_AFTER_SECONDS, wait_until

LOCATIONS = {228: 6, 10: 7}
"""ShipBob fulfillment center to NetSuite location."""

RETURN_TOPICS = ("return.created", "return.updated", "return.completed")

TABLES = {
    "locations": '"228" = "6"\n"10" = "7"',
    "accounts": 'inventory_adjustment = "54"',
    "schedule": 'timezone = "America/Chicago"',
    "billing": 'vendor = "302"\ndefault_account = "62"\naccounts = {"Per Pick Fee" = "63"}',
    "limits": "shipbob_per_minute = 100000",
}
"""What a merchant has set, without a limit: a test of one sets its own."""

BILLING_TOPICS = ("billing.charge.created", "billing.refund.created", "billing.credit.created")

Units = Mapping[tuple[str, int], int]
"""Units by SKU and NetSuite location."""


class Books(NamedTuple):
    """What the three sides say of the same stock."""

    shipbob: Units
    netsuite: Units
    journal: Units

    @property
    def agree(self) -> bool:
        return self.shipbob == self.netsuite == self.journal


@dataclass(frozen=True)
class Merchant:
    """One merchant with an installation on a database of its own."""

    world: World
    folder: Path
    database_url: str | None
    port: int
    secret: str
    numbers: "itertools.count[int]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        ours = {"MLC_DATA_DIR": str(self.folder / "data"), "MLC_LOG_FORMAT": "json"}
        if self.database_url is not None:
            ours["MLC_DATABASE_URL"] = self.database_url
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
        return {**kept, **ours}

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.folder / "data", database_url=self.database_url)

    # The installation

    def command(self, *arguments: str) -> Answered:
        return command(arguments, self.environment, self.folder)

    def serving(
        self, *options: str, console: bool = False
    ) -> contextlib.AbstractContextManager[Process]:
        """Serve for the length of the block; without the console it starts sooner."""
        without = () if console else ("--no-console",)
        return serving(self.port, self.environment, self.folder, *options, *without)

    def connection_file(self, *, mode: str = "live", **tables: str) -> Path:
        """Write the connection file; tables given replace the usual ones."""
        path = self.folder / "acme.toml"
        start = self.world.netsuite.clock.now().date() - timedelta(days=40)
        head = f'start_date = {start.isoformat()}\nmode = "{mode}"'
        path.write_text(
            self.world.connection_file(
                self.secret, subsidiary=1, head=head, **{**TABLES, **tables}
            ),
            "utf-8",
        )
        return path

    def apply(self, *, mode: str = "live", **tables: str) -> Applied:
        """Apply the connection, as the command does."""
        settings = connection_file.read(self.connection_file(mode=mode, **tables))

        async def apply() -> Applied:
            async with open_installation(self.settings) as installation:
                return await apply_connection(
                    installation, settings, person="test", ping_first=False
                )

        return asyncio.run(apply())

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Ask the installation's database."""
        assert self.database_url is not None
        with psycopg.connect(
            self.database_url, autocommit=True, row_factory=dict_row
        ) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def subject(self, wro: Wro) -> dict[str, Any]:
        """Return what the installation knows of a WRO; empty while it knows nothing."""
        found = self.rows("select * from subject where key = %(key)s", key=str(wro.id))
        return found[0] if found else {}

    def wait_for(self, wro: Wro, state: str = "done") -> None:
        """Wait until all webhooks have been sent and the WRO's subject is in this state."""
        assert self.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        wait_until(lambda: self.subject(wro).get("state") == state)

    # The two systems

    def sku(self, name: str = "SKU", *, in_netsuite: bool = True) -> str:
        """Return a SKU that nothing else uses, known to both systems."""
        sku = f"{name}-{next(self.numbers)}"
        self.world.shipbob.add_product(sku)
        if in_netsuite:
            self.world.netsuite.add_item(sku, cost="4.20")
        return sku

    def order(self, units: Mapping[str, int], *, number: str | None = None) -> str:
        """Enter a purchase order; return its number."""
        number = number or f"PO{4711 + next(self.numbers)}"
        self.world.netsuite.add_purchase_order(
            number,
            vendor=301,
            location=6,
            lines=[
                {"item": sku, "quantity": quantity, "rate": "4.20", "location": 6}
                for sku, quantity in units.items()
            ],
        )
        return number

    def deliver(
        self, units: Mapping[Item, int], *, number: str | None = None, center: int = 228
    ) -> Wro:
        """Let a WRO arrive, be stowed whole and completed; return it."""
        wro = self.announce(units, number=number, center=center)
        self.world.shipbob.stow(wro)
        return self.world.shipbob.complete(wro)

    def announce(
        self, units: Mapping[Item, int], *, number: str | None = None, center: int = 228
    ) -> Wro:
        """Let a WRO arrive at the dock; return it."""
        wro = self.world.shipbob.create_wro(
            units, purchase_order_number=number, fulfillment_center_id=center
        )
        return self.world.shipbob.arrive(wro)

    def books(self, *skus: str) -> Books:
        """Return what all three sides say of these SKUs; of all when none is named."""
        shipbob = {
            (sku, LOCATIONS.get(center, 0)): units
            for (sku, center), units in self.world.shipbob.stock().items()
            if not skus or sku in skus
        }
        netsuite = {
            key: int(units)
            for key, units in self.world.netsuite.stock().items()
            if not skus or key[0] in skus
        }
        booked = self.rows(
            "select sku, location, sum(quantity)::int as units from journal"
            " where quantity is not null and (%(all)s or sku = any (%(skus)s)) group by 1, 2",
            all=not skus,
            skus=list(skus),
        )
        journal = {(row["sku"], int(row["location"])): row["units"] for row in booked}
        return Books(shipbob, netsuite, journal)

    def documents(self, wro: Wro) -> list[dict[str, Any]]:
        """Return NetSuite's documents that were made from a WRO, by external id."""
        found = [
            document
            for document in self.world.netsuite.documents()
            if f"-{wro.id}-" in str(document.get("externalId", ""))
        ]
        return sorted(found, key=lambda document: str(document["externalId"]))

    def external_ids(self) -> list[str]:
        """Return the external ids of all documents of ours in NetSuite."""
        every = (str(one.get("externalId", "")) for one in self.world.netsuite.documents())
        return sorted(one for one in every if one.startswith("mlc-"))


def quantities(document: Mapping[str, Any]) -> list[Decimal]:
    """Return the quantities of an item receipt's or an adjustment's lines."""
    lines = document.get("item") or document["inventory"]
    return [Decimal(line.get("quantity") or line["adjustQtyBy"]) for line in lines["items"]]


@contextlib.contextmanager
def fresh_database(server_url: str, template: str) -> Iterator[str]:
    """A migrated database for the length of the block."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            url = make_url(server_url).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            drop_database(server_url, name)


@contextlib.contextmanager
def merchant(
    folder: Path,
    database_url: str | None,
    *,
    clock: Clock | None = None,
    readings: Readings | None = None,
) -> Iterator[Merchant]:
    """Both systems with what a merchant has set up there, and an installation, not served yet.

    Without a database URL the installation uses the embedded server. Both systems have the
    real time unless a clock is given, and are in the world of ``drawn_worlds`` unless readings
    are given.
    """
    with world(clock=clock, readings=readings or drawn_worlds.of_environment()) as both:
        netsuite, shipbob = both.netsuite, both.shipbob
        shipbob.books.limit.per_minute = 0
        netsuite.add_subsidiary("Acme", internal_id=1)
        for center, location in LOCATIONS.items():
            netsuite.add_location(f"ShipBob {center}", internal_id=location, subsidiary=1)
            shipbob.add_fulfillment_center(center, f"Center {center}")
        netsuite.add_account("Inventory adjustment", internal_id=54, account_type="COGS")
        netsuite.add_vendor("Norfolk Mills", internal_id=301, subsidiary=1)
        netsuite.add_vendor("ShipBob", internal_id=302, subsidiary=1)
        for account, name in ((62, "Fulfillment costs"), (63, "Picking")):
            netsuite.add_account(name, internal_id=account, account_type="Expense")
        port = free_port()
        _, secret = shipbob.subscribe(
            f"http://127.0.0.1:{port}/webhooks/shipbob/acme",
            {*TOPICS, *RETURN_TOPICS, *BILLING_TOPICS, *tracking.FLOW.topics},
        )
        made = Merchant(both, folder, database_url, port, secret, itertools.count(1))
        setup.initialise(made.settings)
        made.apply()
        yield made
