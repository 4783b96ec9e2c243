"""What the worker counts for /metrics."""

from typing import Final

from prometheus_client import Counter, Histogram

RUNS: Final = Counter("mlc_runs", "Runs of subjects, by what came of them.", ["flow", "outcome"])

EVENT_SECONDS: Final = Histogram(
    "mlc_event_seconds",
    "Seconds from an event's arrival until its subject had converged.",
    ["flow"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86400),
)
