"""Whether a worker is dead: how long it gives no sign of life."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

HEARTBEAT_SECONDS: Final = 2.0
STALLED_AFTER_SECONDS: Final = 15.0


class Heartbeat(NamedTuple):
    """A worker's last sign of life, as it was seen.

    Attributes:
        at: what the worker's row says, in seconds.
        seen_at: when that was seen first, by a clock of this process that nobody sets.
    """

    at: float
    seen_at: float


def silent_workers(
    known: Mapping[int, Heartbeat], found: Iterable[Mapping[str, Any]], *, now: float
) -> tuple[dict[int, Heartbeat], list[int]]:
    """Return the heartbeats that were found, and the workers that give no sign of life. Pure.

    One look is not enough: when the database was away, nobody could give a sign. And a row that
    says so of the future tells nothing: the clock was put right since.

    Args:
        known: what the look before has found.
        found: the workers' rows: ``id``, ``at`` and ``age`` in seconds.
        now: by the clock of ``Heartbeat.seen_at``.
    """
    seen: dict[int, Heartbeat] = {}
    silent: list[int] = []
    for row in found:
        before = known.get(row["id"])
        if before is None or before.at != row["at"]:
            seen[row["id"]] = Heartbeat(row["at"], now)
            continue
        seen[row["id"]] = before
        if max(row["age"], now - before.seen_at) > STALLED_AFTER_SECONDS:
            silent.append(row["id"])
    return seen, silent
