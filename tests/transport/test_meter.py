from prometheus_client import CollectorRegistry

from ml_connector.transport.call import Call
from ml_connector.transport.http.prometheus_meter import PrometheusMeter

CALL = Call(
    connection="acme", system="shipbob", operation="receiving.get", method="GET", url="http://x"
)


def test_calls_are_counted_by_outcome_and_timed() -> None:
    registry = CollectorRegistry()
    meter = PrometheusMeter(registry)
    for _ in range(3):
        meter.call_began(CALL)
    meter.call_ended(CALL, "ok", 0.2)
    meter.call_ended(CALL, "rate_limited", 0.1)
    where = {"system": "shipbob", "operation": "receiving.get"}
    whose = {"connection": "acme"}

    assert registry.get_sample_value("mlc_calls_total", where | whose | {"outcome": "ok"}) == 1
    assert registry.get_sample_value("mlc_call_seconds_count", where) == 2
    assert registry.get_sample_value("mlc_calls_in_flight", {"system": "shipbob"} | whose) == 1
