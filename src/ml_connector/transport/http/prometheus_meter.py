"""Counting calls for Prometheus."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from ml_connector.transport.call import Call

# From a quick read to NetSuite's slowest transforms.
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)


class PrometheusMeter:
    """Counts into Prometheus: ``mlc_calls_total``, ``mlc_call_seconds``, ``mlc_calls_in_flight``.

    Args:
        registry: where they are registered; one meter per registry.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._calls = Counter(
            "mlc_calls",
            "Calls sent to NetSuite and ShipBob.",
            ("system", "connection", "operation", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "mlc_call_seconds",
            "Time of a call from sending to the last byte.",
            ("system", "operation"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "mlc_calls_in_flight",
            "Calls under way.",
            ("system", "connection"),
            registry=registry,
        )

    def call_began(self, call: Call) -> None:
        """Count it as under way."""
        self._in_flight.labels(call.system, call.connection).inc()

    def call_ended(self, call: Call, outcome: str, seconds: float) -> None:
        """Count it with its outcome."""
        self._in_flight.labels(call.system, call.connection).dec()
        self._calls.labels(call.system, call.connection, call.operation, outcome).inc()
        self._seconds.labels(call.system, call.operation).observe(seconds)
