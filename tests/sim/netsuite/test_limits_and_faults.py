"""Requests in flight and faults on demand, over real sockets (reference 10, 14)."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from ml_connector.sim.faults import FaultKind
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.server import serve
from waiting import HANGS_AFTER_SECONDS, wait_until

RECORD = "/services/rest/record/v1"
ADJUST = f"{RECORD}/inventoryAdjustment"


def adjustment(key: str = "mlc-ia-1") -> dict[str, Any]:
    return {
        "externalId": key,
        "account": 254,
        "subsidiary": 2,
        "inventory": {"items": [{"item": 20, "location": 6, "adjustQtyBy": 1}]},
    }


@pytest.fixture
def wire(sim: NetSuiteSim) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {sim.issue_token()}"}
    with (
        serve(sim.app) as served,
        httpx2.Client(base_url=served.url, headers=headers, timeout=HANGS_AFTER_SECONDS) as client,
    ):
        yield client


def post(wire: httpx2.Client, key: str = "mlc-ia-1", **kwargs: Any) -> httpx2.Response:
    return wire.post(ADJUST, json=adjustment(key), **kwargs)


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["o:errorDetails"][0]["o:errorCode"])


def test_more_requests_than_the_limit_get_429(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    whole = threading.Event()

    def post_slowly(number: int) -> httpx2.Response:
        def body() -> Iterator[bytes]:
            whole.wait(HANGS_AFTER_SECONDS)
            yield json.dumps(adjustment(f"mlc-ia-{number}")).encode()

        return wire.post(ADJUST, content=body(), headers={"content-type": "application/json"})

    with ThreadPoolExecutor(5) as pool:
        slow = [pool.submit(post_slowly, number) for number in range(5)]
        wait_until(lambda: sim.limits.in_flight == 5)
        refused = [post(wire, f"mlc-ia-{number}") for number in (5, 6, 7)]
        whole.set()
    done = [one.result().status_code for one in slow]

    assert done == [204] * 5
    assert [answer.status_code for answer in refused] == [429] * 3
    assert sim.limits.refused == 3
    assert refused[0].json() == {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
        "title": "Bad Request",
        "status": 429,
        "o:errorCode": "USER_ERROR",
        "o:errorDetails": [
            {
                "detail": "Concurrent request limit exceeded. Request blocked.",
                "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED",
            }
        ],
    }
    assert "retry-after" not in refused[0].headers
    assert sim.stock() == {("SKU-20", 6): 5}


def test_other_integrations_take_their_share(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.limits.reserved = 5

    assert post(wire).status_code == 429


def test_retry_after_is_sent_on_request(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.limits.reserved = 5
    sim.preferences.retry_after = 7

    assert post(wire).headers["retry-after"] == "7"


def test_a_timeout_after_the_commit_leaves_the_record(
    sim: NetSuiteSim, wire: httpx2.Client
) -> None:
    sim.fault("hang_after_commit", path="inventoryAdjustment$", times=1, seconds=60)
    with pytest.raises(httpx2.ReadTimeout):
        post(wire, timeout=httpx2.Timeout(HANGS_AFTER_SECONDS, read=0.3))
    wait_until(sim.stock)
    found = wire.get(f"{ADJUST}/eid:mlc-ia-1")
    again = post(wire)

    assert found.status_code == 200
    assert again.json()["o:errorDetails"][0]["detail"].endswith("This record already exists.")
    assert sim.stock() == {("SKU-20", 6): 1}


@pytest.mark.parametrize(
    ("kind", "status", "units"),
    [
        ("error_before_commit", 500, 0),
        ("error_after_commit", 500, 1),
        ("rate_limited", 429, 0),
        ("rate_limited_400", 400, 0),
        ("overload_login", 401, 0),
        ("record_changed", 400, 0),
        ("bad_gateway", 502, 0),
        ("unavailable", 503, 0),
        ("gateway_timeout", 504, 1),
        ("hang_before_commit", 504, 0),
    ],
)
def test_faults_answer_as_named_and_commit_or_not(
    sim: NetSuiteSim, wire: httpx2.Client, kind: FaultKind, status: int, units: int
) -> None:
    sim.fault(kind, method="POST", times=1)
    answer = post(wire)

    assert answer.status_code == status
    assert sum(sim.stock().values()) == units
    assert sim.calls[-1]["fault"] == kind


def test_latency_delays_and_does_nothing_else(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.fault("latency", method="POST", times=1, seconds=0.01)
    answer = post(wire)

    assert answer.status_code == 204
    assert sum(sim.stock().values()) == 1
    assert sim.calls[-1]["fault"] == "latency"


def test_a_500_carries_an_error_id_and_a_502_is_html(
    sim: NetSuiteSim, wire: httpx2.Client
) -> None:
    sim.fault("error_before_commit", times=1)
    sim.fault("bad_gateway", times=1)
    first, second = post(wire), post(wire)

    assert code(first) == "UNEXPECTED_ERROR"
    assert "An unexpected error occurred. Error ID: " in first.text
    assert second.headers["content-type"] == "text/html"


@pytest.mark.parametrize(("kind", "units"), [("cut_before_commit", 0), ("cut_after_commit", 1)])
def test_connections_are_cut_before_or_after_the_commit(
    sim: NetSuiteSim, wire: httpx2.Client, kind: FaultKind, units: int
) -> None:
    sim.fault(kind, times=1)
    with pytest.raises(httpx2.TransportError):
        post(wire)

    assert sum(sim.stock().values()) == units
    assert wait_until(lambda: sim.calls)[-1]["status"] == 0
    assert post(wire, "mlc-ia-2").status_code == 204


def test_an_answer_can_end_in_the_middle(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    path = post(wire).headers["location"]
    sim.fault("truncated", times=1)

    with pytest.raises(httpx2.TransportError):
        wire.get(path)


def test_a_revoked_token_stays_revoked(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.fault("token_revoked", times=1)

    assert [post(wire).status_code, post(wire).status_code] == [401, 401]
    assert sim.stock() == {}


def test_an_overload_that_looks_like_a_login_passes(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.fault("overload_login", times=1)
    answers = [post(wire), post(wire)]

    assert code(answers[0]) == "INVALID_LOGIN"
    assert [answer.status_code for answer in answers] == [401, 204]


def test_the_token_endpoint_takes_no_slot(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.limits.reserved = 5

    assert wire.post("/services/rest/auth/oauth2/v1/token", data={}).status_code == 400


def test_calls_are_logged(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    wire.get(f"{ADJUST}?limit=5")
    call = sim.calls[-1]

    assert (call["method"], call["path"], call["status"]) == ("GET", f"{ADJUST}?limit=5", 200)
    assert (call["at"], call["fault"]) == (sim.clock.now(), None)


def test_slots_are_free_again_after_cuts_and_timeouts(
    sim: NetSuiteSim, wire: httpx2.Client
) -> None:
    sim.fault("cut_before_commit", times=6)
    for _ in range(6):
        with pytest.raises(httpx2.TransportError):
            post(wire)

    assert post(wire).status_code == 204
    wait_until(lambda: sim.limits.in_flight == 0)


def test_answers_carry_the_servers_own_time_once(sim: NetSuiteSim, wire: httpx2.Client) -> None:
    sim.sign_in.clock_offset = timedelta(minutes=10)
    answer = wire.get(ADJUST)

    assert answer.headers.get_list("date") == ["Fri, 20 Nov 2026 16:10:00 GMT"]
