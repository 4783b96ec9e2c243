"""``/api/v1/months``: what programs are told of months, and may ask for."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx2
import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process

TODAY = datetime.now(ZoneInfo("America/Chicago"))
THIS_MONTH = f"{TODAY:%Y-%m}"
LAST_MONTH = f"{TODAY.replace(day=1) - timedelta(days=1):%Y-%m}"


@pytest.fixture(scope="module")
def calls(receiver: Merchant, web: Process) -> dict[str, httpx2.Client]:
    """A client for each scope."""
    assert web.process.poll() is None
    made = {}
    for scope in ("viewer", "warehouse", "finance", "admin"):
        answered = receiver.command("token", "add", f"months-{scope}", "--scope", scope, "--json")
        made[scope] = httpx2.Client(
            base_url=receiver.url,
            trust_env=False,
            timeout=60,
            limits=httpx2.Limits(max_keepalive_connections=0),  # nothing stays open
            headers={"authorization": f"Bearer {answered.json['token']}"},
        )
    return made


def test_months_are_listed_and_a_report_is_asked_for_once(
    calls: dict[str, httpx2.Client],
) -> None:
    path = f"/api/v1/months/{THIS_MONTH}?connection=acme"
    assert calls["viewer"].post(path).status_code == 403
    asked = [calls["finance"].post(path) for _ in range(2)]

    assert [one.status_code for one in asked] == [202, 202]
    assert asked[0].json() == asked[1].json()
    month = calls["viewer"].get(path).json()
    assert (month["month"], month["making"]["state"]) == (THIS_MONTH, "waiting")
    listed = calls["viewer"].get("/api/v1/months?connection=acme").json()["months"]
    assert listed[0]["month"] == THIS_MONTH
    assert listed == sorted(listed, key=lambda one: one["month"], reverse=True)


def test_a_report_is_told_as_the_command_tells_it(
    receiver: Merchant, calls: dict[str, httpx2.Client]
) -> None:
    made = receiver.command("reconcile", THIS_MONTH, "--json").json

    month = calls["viewer"].get(f"/api/v1/months/{THIS_MONTH}?connection=acme").json()

    assert month["reports"][0]["id"] == made["report"]
    assert month["shown"]["green"] == made["green"]
    assert month["shown"]["head_hash"] == made["head"]["hash"]
    [csv] = [name for name in month["reports"][0]["files"] if name.endswith(".csv")]
    file = calls["viewer"].get(
        f"/api/v1/months/{THIS_MONTH}/reports/{made['report']}/{csv}?connection=acme"
    )
    assert file.status_code == 200
    assert "attachment" in file.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/months?connection=nowhere", 404),
        ("/months", 400),
        ("/months/2026-13?connection=acme", 400),
        ("/months/2999-01?connection=acme", 400),
        (f"/months/{THIS_MONTH}/reports/1/..%2F..%2Fmaster.key?connection=acme", 404),
        (f"/months/{THIS_MONTH}/reports/99/report.csv?connection=acme", 400),
    ],
)
def test_what_there_is_not_is_said(
    calls: dict[str, httpx2.Client], path: str, status: int
) -> None:
    answer = calls["viewer"].get(f"/api/v1{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )


def test_a_month_is_closed_by_finance_and_opened_by_an_administrator(
    receiver: Merchant, calls: dict[str, httpx2.Client]
) -> None:
    path = f"/api/v1/months/{LAST_MONTH}"
    where = "?connection=acme"
    refused = [calls[one].post(f"{path}/close{where}") for one in ("viewer", "warehouse")]
    asked = calls["finance"].post(f"{path}/close{where}")
    closed = receiver.command("reconcile", LAST_MONTH, "--close", "--json").json["closed"]
    shown = calls["viewer"].get(f"{path}{where}").json()
    why = {"note": "A late box"}
    not_finance = calls["finance"].post(f"{path}/unseal{where}", json=why)
    without_note = calls["admin"].post(f"{path}/unseal{where}", json={"note": " "})
    opened = calls["admin"].post(f"{path}/unseal{where}", json=why)
    again = calls["admin"].post(f"{path}/unseal{where}", json=why)
    after = calls["viewer"].get(f"{path}{where}").json()

    assert [one.status_code for one in refused] == [403, 403]
    assert asked.status_code == 202
    assert (shown["closed"]["by"], shown["closed"]["report"]) == (closed["by"], closed["report"])
    assert (not_finance.status_code, without_note.status_code) == (403, 400)
    assert opened.json() == {"month": LAST_MONTH, "woken": 0}
    assert (again.status_code, "is not closed" in again.text) == (400, True)
    assert (after["closed"], after["opened"][0]["note"]) == (None, "A late box")
    assert "months-admin" in after["opened"][0]["opened_by"]
