"""Process of the invoice measure: the systems with a large invoice, or the run that bills it.

``python -m ml_connector.bench.large_invoice systems LINES FOLDER`` serves both simulators and
writes ``bench.toml`` into the folder; its input ends it. ``... bill INVOICE`` syncs it in the
installation that the environment names.
"""

import asyncio
import resource
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.app.connections.apply import apply_connection
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.sync import sync_flow
from ml_connector.config import connection as connection_file
from ml_connector.config import logs
from ml_connector.config.settings import Settings, load
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections.connections import find
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.world import world

FILE: Final = "bench.toml"
_NO_LIMIT: Final = 10_000_000


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """The time and memory that billing the invoice took.

    Attributes:
        seconds: of the process's own time, on its one core.
        megabytes: the most memory it ever held.
        state: of the invoice afterwards.
        posted: its amount in the journal.
        lines: its lines that are stored.
    """

    seconds: float
    megabytes: float
    state: str
    posted: Decimal
    lines: int


def serve_systems(lines: int, folder: Path) -> None:
    """Serve both simulators, with one invoice of this number of lines, until the input ends."""
    shipbob = ShipBobSim(clock=Clock(), per_minute=_NO_LIMIT)
    with world(shipbob=shipbob) as both:
        both.netsuite.add_subsidiary("Bench", internal_id=1)
        both.netsuite.add_vendor("ShipBob", internal_id=301, subsidiary=1)
        for account in (62, 63):
            both.netsuite.add_account(
                f"Fees {account}", internal_id=account, account_type="Expense"
            )
        for center in (10, 228):
            shipbob.add_fulfillment_center(center, f"Center {center}")
        for number in range(lines):
            shipbob.charge(
                "Shipping",
                Decimal(500 + number % 900) / 100,
                reference_id=str(number),
                fulfillment_center_id=10 if number % 3 else 228,
                details={"TrackingId": f"9400111899{number:012}"},
            )
        [invoice] = shipbob.invoice()
        start = (shipbob.clock.now() - timedelta(days=5)).date().isoformat()
        (folder / FILE).write_text(
            both.connection_file(
                None,
                head=f"start_date = {start}",
                billing='vendor = "301"\ndefault_account = "62"',
                limits="shipbob_per_minute = 1000000\nnetsuite_concurrency = 4",
            ),
            "utf-8",
        )
        told = {"invoice": invoice.id, "amount": str(invoice.amount)}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        sys.stdout.flush()
        sys.stdin.read()


async def bill(settings: Settings, invoice: int) -> Billed:
    """Sync the invoice, as the command does."""
    async with open_installation(settings) as installation:
        await apply_connection(
            installation,
            connection_file.read(settings.data_dir / FILE),
            person="bench",
            ping_first=False,
        )
        async with installation.database.transaction() as on:
            applied = await find(on, "acme")
        if applied is None:
            raise LookupError("the connection was not applied")
        before = time.process_time()
        synced = await sync_flow(
            installation, applied, FLOWS["billing"], ids=[str(invoice)], since=None
        )
        seconds = time.process_time() - before
        [row] = await installation.database.fetch(
            "select (select coalesce(sum(amount), 0) from journal) as posted,"
            " (select count(*) from charge) as lines"
        )
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Billed(
        seconds=seconds,
        megabytes=most,
        state=str(synced.subjects[0]["state"]),
        posted=row["posted"],
        lines=row["lines"],
    )


def main() -> None:
    """Do what the arguments say."""
    what, *rest = sys.argv[1:]
    if what == "systems":
        serve_systems(int(rest[0]), Path(rest[1]))
        return
    logs.configure("json", "warning")
    billed = asyncio.run(bill(load(None), int(rest[0])))
    sys.stdout.write(msgspec.json.encode(billed).decode() + "\n")
