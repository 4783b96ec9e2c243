"""The table of measures, and running them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml_connector.bench.ack_latency import ack_latency
from ml_connector.bench.acks import acks
from ml_connector.bench.audit import audit
from ml_connector.bench.figures import Measured
from ml_connector.bench.forgeries import FORGED, QUICK, forged
from ml_connector.bench.inbound import first_poll, large_wro
from ml_connector.bench.invoice import invoice
from ml_connector.bench.lanes import lanes
from ml_connector.bench.month_end import month_end
from ml_connector.bench.page_views import page_views
from ml_connector.bench.parcels import IN_FLIGHT, PER_MINUTE
from ml_connector.bench.pushes import Push, pushes
from ml_connector.bench.rig import Rig, bench_folder, rig, upstream
from ml_connector.bench.simulators import simulators
from ml_connector.bench.sweeps import sweeps
from ml_connector.bench.tracking import tracking
from ml_connector.bench.writes import writes
from ml_connector.config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a measure runs, and for how long.

    Attributes:
        settings: have the data folder.
        folder: of this run alone, removed at the end.
        seconds: of each round, or in all for latencies; measures of fixed work ignore it.
        quick: whether a smaller amount of fixed work is enough.
        push: the one to measure instead of the usual ones.
    """

    settings: Settings
    folder: Path
    seconds: float
    rounds: int
    quick: bool
    push: Push | None = None


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure: its function, and how long it takes unless told otherwise."""

    do: Callable[[Place], Measured]
    seconds: float = 4.0
    quick_seconds: float = 1.5
    rounds: int = 3


def _on_rig(measure: Callable[[Rig, str, Place], Measured]) -> Callable[[Place], Measured]:
    """Return a measure that gets a whole installation, with systems that answer at once."""

    def do(place: Place) -> Measured:
        with (
            upstream(place.folder) as systems_url,
            rig(place.settings, place.folder, systems_url) as made,
        ):
            return measure(made, systems_url, place)

    return do


def _tracking(place: Place) -> Measured:
    with (
        upstream(place.folder, "parcels") as systems_url,
        rig(
            place.settings, place.folder, systems_url, in_flight=IN_FLIGHT, per_minute=PER_MINUTE
        ) as made,
    ):
        return tracking(made, systems_url, quick=place.quick)


def _pushes(place: Place) -> Measured:
    usual = (Push(40, 3.0),) if place.quick else _USUAL_PUSHES
    measured = usual if place.push is None else (place.push,)
    return pushes(place.settings, place.folder, measured=measured)


_USUAL_PUSHES: Final = (Push(40, 1.0), Push(400, 3.0), Push(400, 3.0, kill_every_seconds=20.0))

MEASURES: Final = {
    "acks": Measure(
        do=_on_rig(lambda rig, _, at: acks(rig, seconds=at.seconds, rounds=at.rounds)), rounds=5
    ),
    "ack-latency": Measure(
        do=_on_rig(lambda rig, _, at: ack_latency(rig, seconds=at.seconds, rounds=at.rounds)),
        seconds=30.0,
        quick_seconds=6.0,
    ),
    "writes": Measure(
        do=_on_rig(lambda rig, url, at: writes(rig, url, seconds=at.seconds, rounds=at.rounds)),
        seconds=30.0,
        quick_seconds=6.0,
    ),
    "tracking": Measure(do=_tracking),
    "invoice": Measure(do=lambda at: invoice(at.settings, at.folder, quick=at.quick)),
    "first-poll": Measure(do=lambda at: first_poll(at.folder, quick=at.quick), rounds=1),
    "large-wro": Measure(do=lambda at: large_wro(at.folder, quick=at.quick), rounds=1),
    "sweeps": Measure(do=lambda at: sweeps(at.folder, quick=at.quick), rounds=1),
    "pushes": Measure(do=_pushes, rounds=1),
    "lanes": Measure(
        do=_on_rig(
            lambda rig, url, at: lanes(
                rig, url, seconds=at.seconds, rounds=at.rounds, quick=at.quick
            )
        ),
        seconds=180.0,
        quick_seconds=20.0,
        rounds=6,
    ),
    "simulators": Measure(
        do=lambda at: simulators(at.folder, seconds=at.seconds, rounds=at.rounds, quick=at.quick)
    ),
    "forgeries": Measure(do=lambda at: forged(count=QUICK if at.quick else FORGED), rounds=1),
    "audit": Measure(do=lambda at: audit(at.folder, quick=at.quick)),
    "month-end": Measure(do=lambda at: month_end(at.folder, quick=at.quick)),
    "pages": Measure(do=lambda at: page_views(at.folder, quick=at.quick)),
}

NAMES: Final[Sequence[str]] = tuple(MEASURES)
ALL: Final = "all"


def run(
    settings: Settings,
    name: str,
    *,
    quick: bool = False,
    seconds: float | None = None,
    rounds: int | None = None,
    push: Push | None = None,
    measured: Callable[[Measured], object] = lambda _: None,
) -> list[Measured]:
    """Run one measure, or all, each in a folder of its own.

    Args:
        settings: have the data folder, in which the bench makes a folder of its own.
        name: one of ``NAMES``, or ``all``.
        quick: short runs, enough to see whether something got much worse.
        seconds: replaces the measure's own.
        rounds: likewise.
        push: the one to measure instead of the usual ones.
        measured: called with the result of each measure.
    """
    found: list[Measured] = []
    for one in NAMES if name == ALL else (name,):
        measure = MEASURES[one]
        with bench_folder(settings) as folder:
            result = measure.do(
                Place(
                    settings=settings,
                    folder=folder,
                    seconds=seconds or (measure.quick_seconds if quick else measure.seconds),
                    rounds=rounds or measure.rounds,
                    quick=quick,
                    push=push,
                )
            )
        measured(result)
        found.append(result)
    return found
