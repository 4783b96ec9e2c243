"""The measures by name, and running them."""

from collections.abc import Callable, Mapping
from typing import Final

from ml_connector.bench.ack_latency import ack_latency
from ml_connector.bench.acks import acks
from ml_connector.bench.figures import Measured
from ml_connector.bench.rig import Rig, bench_folder, rig, upstream
from ml_connector.bench.writes import writes
from ml_connector.config.settings import Settings

ALL: Final = "all"
_SECONDS: Final[Mapping[str, float]] = {"acks": 4.0, "ack-latency": 30.0, "writes": 30.0}
_ROUNDS: Final[Mapping[str, int]] = {"acks": 5, "ack-latency": 3, "writes": 3}
_QUICK_SECONDS: Final[Mapping[str, float]] = {"acks": 1.5, "ack-latency": 6.0, "writes": 6.0}
_QUICK_ROUNDS: Final = 3

NAMES: Final = tuple(_SECONDS)


def run(
    settings: Settings,
    name: str,
    *,
    quick: bool = False,
    seconds: float | None = None,
    rounds: int | None = None,
    measured: Callable[[Measured], object] = lambda _: None,
) -> list[Measured]:
    """Run one measure, or all, each on an installation of its own.

    Args:
        settings: say where the data folder is; the bench has a folder of its own in it.
        name: one of ``NAMES``, or ``all``.
        quick: short runs: enough to see whether something got much worse.
        seconds: instead of the measure's own.
        rounds: likewise.
        measured: is told of each as it is done.
    """
    found: list[Measured] = []
    for one in NAMES if name == ALL else (name,):
        length = seconds or (_QUICK_SECONDS if quick else _SECONDS)[one]
        times = rounds or (_QUICK_ROUNDS if quick else _ROUNDS[one])
        with (
            bench_folder(settings) as folder,
            upstream(folder) as systems_url,
            rig(settings, folder, systems_url) as made,
        ):
            result = _measure(one, made, systems_url, length, times)
        measured(result)
        found.append(result)
    return found


def _measure(name: str, made: Rig, systems_url: str, seconds: float, rounds: int) -> Measured:
    match name:
        case "acks":
            return acks(made, seconds=seconds, rounds=rounds)
        case "ack-latency":
            return ack_latency(made, seconds=seconds, rounds=rounds)
        case "writes":
            return writes(made, systems_url, seconds=seconds, rounds=rounds)
        case _:
            raise LookupError(name)
