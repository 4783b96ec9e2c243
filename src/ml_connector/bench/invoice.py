"""A large invoice: pulled, kept, grouped, tied and posted."""

from pathlib import Path
from typing import Final

import msgspec

from ml_connector.app.installation import setup
from ml_connector.app.installation.database_server import database_server
from ml_connector.bench.child import MODULE, child, finished, next_line
from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.large_invoice import Billed
from ml_connector.config.settings import Settings

LINES: Final = 100_000
MOST_SECONDS: Final = 10.0
MOST_MEGABYTES: Final = 300.0


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    invoice: int
    amount: str


def invoice(settings: Settings, folder: Path, *, quick: bool) -> Measured:
    """Measure the time and memory that billing an invoice of 100,000 lines takes.

    Both simulators and PostgreSQL are processes of their own and are not counted.

    Args:
        settings: not those of the measured installation, which is made in the folder.
        folder: an existing one, for everything.
        quick: a tenth of the lines.

    Raises:
        UserError: a process did not do its part.
    """
    lines = LINES // 10 if quick else LINES
    own = settings.of_its_own_in(folder)
    setup.initialise(own)
    with (
        database_server(own) as server,
        child(
            [*MODULE, "large_invoice", "systems", str(lines), str(folder)], folder / "systems.log"
        ) as systems,
    ):
        line = next_line(systems, "The systems with the invoice did not start")
        told = msgspec.json.decode(line, type=_Told)
        billed = _billed(folder, told.invoice, server.url)
    wrong = []
    if (billed.state, f"{billed.posted:f}", billed.lines) != ("done", told.amount, lines):
        wrong.append(
            f"{billed.state}: {billed.posted} of {told.amount} posted, {billed.lines} lines kept"
        )
    return Measured(
        name="invoice",
        about=f"an invoice of {lines:,} lines becomes a bill (processor seconds of the worker)",
        figures=(
            Figure(name="own time", value=billed.seconds, unit="s", at_most=MOST_SECONDS),
            Figure(name="memory", value=billed.megabytes, unit="MB", at_most=MOST_MEGABYTES),
        ),
        wrong=tuple(wrong),
    )


def _billed(folder: Path, number: int, database_url: str) -> Billed:
    told = finished(
        [*MODULE, "large_invoice", "bill", str(number)],
        what="The invoice could not be billed",
        more={"MLC_DATA_DIR": str(folder), "MLC_DATABASE_URL": database_url},
    )
    return msgspec.json.decode(told.splitlines()[-1], type=Billed)
