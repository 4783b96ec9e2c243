"""Asynchronous jobs, idempotency keys and batches (reference 10.5-10.7)."""

from typing import Any

from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
ADJUST = f"{RECORD}/inventoryAdjustment"
ASYNC = {"Prefer": "respond-async"}
KEY = {"X-NetSuite-Idempotency-Key": "cac827ea-3543-4cda-add2-bae634326c27"}


def adjustment(key: str = "mlc-ia-1") -> dict[str, Any]:
    return {
        "externalId": key,
        "account": 254,
        "subsidiary": 2,
        "inventory": {"items": [{"item": 20, "location": 6, "adjustQtyBy": 1}]},
    }


def test_a_job_is_pending_then_its_result_answers_as_the_call_would(
    client: TestClient, sim: NetSuiteSim
) -> None:
    submitted = client.post(ADJUST, json=adjustment(), headers=ASYNC)
    job = submitted.headers["location"]
    before = sim.stock()
    pending = client.get(job).json()
    done = client.get(job).json()
    task = client.get(f"{job}/task").json()["items"][0]
    single = client.get(f"{job}/task/1").json()
    result = client.get(f"{job}/task/1/result")

    assert submitted.status_code == 202
    assert submitted.headers["preference-applied"] == "respond-async"
    assert before == {}
    assert (pending["completed"], pending["progress"]) == (False, "pending")
    assert (done["completed"], done["id"]) == (True, job.rpartition("/")[2])
    assert task["progress"] == single["progress"] == "succeeded"
    assert single["startTime"] == single["endTime"] == "2026-11-20T16:00:00Z"
    assert (result.status_code, "location" in result.headers) == (204, True)
    assert sim.stock() == {("SKU-20", 6): 1}


def test_a_repeated_key_points_to_the_first_job(client: TestClient, sim: NetSuiteSim) -> None:
    headers = ASYNC | KEY
    first = client.post(ADJUST, json=adjustment(), headers=headers)
    again = client.post(ADJUST, json=adjustment(), headers=headers)

    assert again.status_code == 400
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["title"] == "Conflict"
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert sim.documents() == []


def test_a_key_on_a_synchronous_call_is_ignored(client: TestClient, sim: NetSuiteSim) -> None:
    for number in range(2):
        answer = client.post(ADJUST, json=adjustment(f"mlc-ia-{number}"), headers=KEY)

        assert answer.status_code == 204
    assert sim.stock() == {("SKU-20", 6): 2}


def test_a_failed_task_says_so(client: TestClient) -> None:
    job = client.post(ADJUST, json={"memo": "x"}, headers=ASYNC).headers["location"]
    client.get(job)

    assert client.get(f"{job}/task/1").json()["progress"] == "failed"
    assert client.get(f"{job}/task/1/result").status_code == 400


def test_a_batch_has_a_task_for_each_record(client: TestClient, sim: NetSuiteSim) -> None:
    kind = {"Content-Type": "application/vnd.oracle.resource+json; type=collection"}
    items = [adjustment("a"), adjustment("b"), {"memo": "wrong"}]
    job = client.post(ADJUST, json={"items": items}, headers=ASYNC | kind).headers["location"]
    client.get(job)
    tasks = client.get(f"{job}/task").json()["items"]

    assert [task["progress"] for task in tasks] == ["succeeded", "succeeded", "failed"]
    assert sim.stock() == {("SKU-20", 6): 2}


def test_a_batch_has_a_hundred_records_at_most(client: TestClient) -> None:
    kind = {"Content-Type": "application/vnd.oracle.resource+json; type=collection"}
    body = {"items": [adjustment(str(number)) for number in range(101)]}

    assert client.post(ADJUST, json=body, headers=ASYNC | kind).status_code == 400


def test_unknown_jobs_and_tasks_are_not_found(client: TestClient) -> None:
    job = client.post(ADJUST, json=adjustment(), headers=ASYNC).headers["location"]

    assert client.get("/services/rest/async/v1/job/99").status_code == 404
    assert client.get(f"{job}/task/2").status_code == 404
    assert client.get(f"{job}/task/1/result").status_code == 404


def test_queries_run_as_jobs_too(client: TestClient) -> None:
    headers = {"Prefer": "transient, respond-async"}
    body = {"q": "SELECT COUNT(*) AS n FROM item"}
    answer = client.post("/services/rest/query/v1/suiteql", json=body, headers=headers)
    job = answer.headers["location"]
    client.get(job)

    assert answer.status_code == 202
    assert client.get(f"{job}/task/1/result").json()["items"] == [{"links": [], "n": "3"}]
