"""A large invoice: pulled, kept, grouped, tied and posted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.app import setup
from ml_connector.app.server import database_server
from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.large_invoice import Billed
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError

LINES: Final = 100_000
MOST_SECONDS: Final = 10.0
MOST_MEGABYTES: Final = 300.0


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    invoice: int
    amount: str


def invoice(settings: Settings, folder: Path, *, quick: bool) -> Measured:
    """Measure what billing an invoice of 100,000 lines takes of the process that does it.

    Both simulators and PostgreSQL are processes of their own and don't count.

    Args:
        settings: say nothing of the installation, which is made in the folder.
        folder: an existing one, for everything.
        quick: a tenth of the lines.

    Raises:
        UserError: a process did not do its part.
    """
    lines = LINES // 10 if quick else LINES
    own = settings.model_copy(
        update={
            "data_dir": folder,
            "database_url": None,
            "master_key": None,
            "master_key_file": None,
        }
    )
    setup.initialise(own)
    with database_server(own) as server, (folder / "systems.log").open("wb") as log:
        systems = subprocess.Popen(  # noqa: S603 - our own command
            [*_MODULE, "systems", str(lines), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            told = msgspec.json.decode(_line(systems), type=_Told)
            billed = _billed(folder, told.invoice, server.url)
        finally:
            systems.communicate()
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


_MODULE: Final = (sys.executable, "-m", "ml_connector.bench.large_invoice")


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    told = process.stdout.readline() if process.stdout else b""
    if not told:
        raise UserError("The systems with the invoice did not start", where="bench invoice")
    return told


def _billed(folder: Path, number: int, database_url: str) -> Billed:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
    done = subprocess.run(  # noqa: S603 - our own command
        [*_MODULE, "bill", str(number)],
        env={**kept, "MLC_DATA_DIR": str(folder), "MLC_DATABASE_URL": database_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UserError(f"The invoice could not be billed: {' '.join(last)}", where="bench")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Billed)
