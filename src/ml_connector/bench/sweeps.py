"""Sweeps: a look through very many WROs that ShipBob awaits, with the limits that users have."""

import subprocess
from math import ceil
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.bench.child import MODULE, child, next_line, say
from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.inbound_work import Done, Work
from ml_connector.bench.many_wros import Calls

INTERVAL_MINUTES: Final = 15
"""Between two sweeps, unless a user says otherwise."""

_WROS: Final = 100_000
_A_PAGE: Final = 50
_ONE_IN: Final = 100
"""One of so many WROs has arrived, and is worked on."""

_DAY_MINUTES: Final = 24 * 60
_FIRST_PAGES: Final = 3
_AT_MIDNIGHT: Final = 2


def sweeps(folder: Path, *, quick: bool) -> Measured:
    """Measure a sweep over many awaited WROs, at the limit that a connection has by itself.

    The bound of its calls is that of the cost table: a page for each fifty WROs that are worked
    on, and of all pages the part that the interval is of a day.
    """
    wros = _WROS // 50 if quick else _WROS
    arrived = wros // _ONE_IN
    with (
        child([*MODULE, "many_wros", str(wros), str(arrived)], folder / "books.log") as systems,
        child([*MODULE, "inbound_work"], folder / "inbound.log") as worker,
    ):
        connection = msgspec.json.decode(_line(systems), type=str)
        work = Work(
            folder=str(folder), connection=connection, do="sweep", minutes=INTERVAL_MINUTES
        )
        say(worker, msgspec.json.encode(work))
        _line(worker)
        say(worker)
        done = msgspec.json.decode(_line(worker), type=Done)
        say(systems)
        calls = msgspec.json.decode(_line(systems), type=Calls)
    of_the_day = wros / _A_PAGE * INTERVAL_MINUTES / _DAY_MINUTES
    return Measured(
        name="sweeps",
        about=f"a sweep over {wros:,} WROs, of which {arrived:,} have arrived",
        figures=(
            Figure(
                name="calls to ShipBob",
                value=calls.all,
                unit="",
                at_most=_FIRST_PAGES + ceil(arrived / _A_PAGE) + ceil(of_the_day) + _AT_MIDNIGHT,
            ),
            Figure(name="floor: calls for those that arrived", value=arrived / _A_PAGE, unit=""),
            Figure(name="in all", value=done.seconds, unit="s", at_most=INTERVAL_MINUTES * 60.0),
            Figure(name="processor time", value=done.cpu_seconds, unit="s"),
            Figure(name="memory", value=done.megabytes, unit="MB"),
        ),
        wrong=tuple(_wrong(done, calls, arrived)),
    )


def _wrong(done: Done, calls: Calls, arrived: int) -> list[str]:
    wrong = []
    if done.count != arrived:
        wrong.append(f"{done.count} of {arrived} WROs that have arrived were found")
    if calls.refused:
        wrong.append(f"ShipBob refused {calls.refused} calls for its limit")
    return wrong


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    return next_line(process, "A process of the bench ended too soon")
