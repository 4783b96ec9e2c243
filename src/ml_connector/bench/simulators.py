"""The simulators: calls a second on one core, and a month of the retailer."""

import asyncio
import re
import subprocess
import time
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.bench.child import MODULE, child, finished, next_line, say
from ml_connector.bench.figures import Figure, Measured, of_rounds
from ml_connector.bench.simulated import Ask, Month

LEAST_CALLS: Final = 1_000.0
MOST_SECONDS: Final = 10.0
MOST_MEGABYTES: Final = 300.0
_SHIPMENTS: Final = 10_000
_CONNECTIONS: Final = 4
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_OK: Final = b"200"


def simulators(folder: Path, *, seconds: float, rounds: int, quick: bool) -> Measured:
    """Measure how many simple calls the simulators answer per second of processor time.

    That is what they answer in a second on one core. The month is planned, with the books that
    both systems must have at its end, and then played into both simulators.

    Args:
        folder: for the log of the measured processes.
        seconds: of each call in each round.
        rounds: number of rounds.
        quick: a tenth of the month.

    Raises:
        UserError: a measured process did not start.
    """
    rates: dict[str, list[float]] = {}
    wrong: list[str] = []
    with child([*MODULE, "simulated"], folder / "simulated.log") as process:
        asks = msgspec.json.decode(_line(process), type=list[Ask])
        for _ in range(rounds):
            for ask in asks:
                before = _used(process)
                answered, refused = asyncio.run(_send(ask, seconds))
                rates.setdefault(ask.name, []).append(answered / (_used(process) - before))
                if refused:
                    wrong.append(f"{ask.name}: {refused} answers were not 200")
    month = _month(_SHIPMENTS // 10 if quick else _SHIPMENTS)
    return Measured(
        name="simulators",
        about="calls a second on one core; a month of the retailer (processor seconds)",
        figures=(
            *(of_rounds(name, found, "/s", at_least=LEAST_CALLS) for name, found in rates.items()),
            Figure(
                name="month planned", value=month.planned_seconds, unit="s", at_most=MOST_SECONDS
            ),
            Figure(
                name="month planned, memory",
                value=month.planned_megabytes,
                unit="MB",
                at_most=MOST_MEGABYTES,
            ),
            Figure(name="month played", value=month.played_seconds, unit="s"),
            Figure(
                name="month played, memory",
                value=month.played_megabytes,
                unit="MB",
                at_most=MOST_MEGABYTES,
            ),
        ),
        wrong=tuple(wrong),
    )


async def _send(ask: Ask, seconds: float) -> tuple[int, int]:
    """Return how many answers came, and how many of them were not 200."""
    until = time.monotonic() + seconds
    found = await asyncio.gather(*(_line_of_calls(ask, until) for _ in range(_CONNECTIONS)))
    return sum(answered for answered, _ in found), sum(refused for _, refused in found)


async def _line_of_calls(ask: Ask, until: float) -> tuple[int, int]:
    answered = refused = 0
    reader, writer = await asyncio.open_connection(ask.host, ask.port)
    try:
        while time.monotonic() < until:
            writer.write(ask.request)
            head = await reader.readuntil(_HEAD_END)
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
            answered += 1
            refused += head[9:12] != _OK
    finally:
        writer.close()
    return answered, refused


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    return next_line(process, "The simulators did not start")


def _used(process: "subprocess.Popen[bytes]") -> float:
    say(process)
    return msgspec.json.decode(_line(process), type=float)


def _month(shipments: int) -> Month:
    told = finished(
        [*MODULE, "simulated", "month", str(shipments)], what="The month could not be played"
    )
    return msgspec.json.decode(told, type=Month)
