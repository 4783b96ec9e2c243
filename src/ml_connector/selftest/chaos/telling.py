"""What is said of a run of chaos. Pure."""

from collections.abc import Sequence
from typing import Final

from ml_connector.selftest.chaos.run import ChaosResult

_SHOWN: Final = 20
"""So many of each kind are shown."""


def lines_of(result: ChaosResult) -> list[str]:
    """Say what is wrong, a line for each thing; then how it was played."""
    said = [
        *_of("lost", result.lost),
        *_of("doubled", result.doubled),
        *_of("stuck", result.stuck),
        *_of("differs", result.differences),
    ]
    return [
        *said,
        _played(result),
        _recovered(result),
        *(f"not as planned: {one}" for one in result.replaced),
        *(f"not played: {one}" for one in result.not_played),
    ]


def _played(result: ChaosResult) -> str:
    return (
        f"{result.events} events, {result.kills} kills, database ended {result.restarts} times,"
        f" in {result.seconds:.0f} s"
    )


def _recovered(result: ChaosResult) -> str:
    return (
        f"longest recovery {result.longest(database=False):.1f} s;"
        f" after an end of the database {result.longest(database=True):.1f} s"
    )


def summary(result: ChaosResult) -> str:
    """Say how it ended, in a line."""
    differing = f", {len(result.differences)} differ" if result.differences else ""
    return (
        f"{len(result.lost)} lost, {len(result.doubled)} doubled, {len(result.stuck)} stuck"
        f"{differing}; seed {result.seed}"
    )


def _of(name: str, sentences: Sequence[str]) -> list[str]:
    shown = [f"{name}: {one}" for one in sentences[:_SHOWN]]
    more = len(sentences) - len(shown)
    return [*shown, *([f"{name}: {more} more"] if more else [])]


def as_json(result: ChaosResult) -> dict[str, object]:
    """Return everything for programs."""
    return {
        "seed": result.seed,
        "holds": result.holds,
        "events": result.events,
        "kills": result.kills,
        "database_ends": result.restarts,
        "replaced": list(result.replaced),
        "seconds": round(result.seconds, 1),
        "lost": list(result.lost),
        "doubled": list(result.doubled),
        "stuck": list(result.stuck),
        "differences": list(result.differences),
        "longest_recovery_seconds": round(result.longest(database=False), 2),
        "longest_recovery_of_the_database_seconds": round(result.longest(database=True), 2),
        "recoveries": [
            {"victim": one.victim, "seconds": round(one.seconds, 2)} for one in result.recoveries
        ],
        "not_played": list(result.not_played),
    }
