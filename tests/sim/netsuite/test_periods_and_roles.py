"""Posting periods with their locks, roles with both faces (reference 12, 13.5, 9.2)."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]


def adjustment(day: str = "2026-10-15", key: str = "mlc-ia-1") -> dict[str, Any]:
    line = {"item": 20, "location": 6, "adjustQtyBy": 1}
    return {
        "externalId": key,
        "tranDate": day,
        "account": 254,
        "subsidiary": 2,
        "inventory": {"items": [line]},
    }


def bill(day: str = "2026-10-15") -> dict[str, Any]:
    return {
        "entity": 1722,
        "tranDate": day,
        "expense": {"items": [{"account": 61, "amount": 5}]},
    }


def post(client: TestClient, kind: str, body: Any) -> Any:
    return client.post(f"{RECORD}/{kind}", json=body)


def detail(answer: Any) -> str:
    return str(answer.json()["o:errorDetails"][0]["detail"])


def test_a_closed_period_takes_no_posting_and_is_named(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.close_period("2026-10")
    refused = post(client, "inventoryAdjustment", adjustment())
    allowed = post(client, "inventoryAdjustment", adjustment("2026-11-01"))

    assert refused.status_code == 400
    assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR"
    assert "posting period Oct 2026 is closed" in detail(refused)
    assert allowed.status_code == 204


def test_a_reopened_period_takes_postings_again(client: TestClient, sim: NetSuiteSim) -> None:
    sim.close_period("2026-10")
    sim.reopen_period("2026-10")

    assert post(client, "inventoryAdjustment", adjustment()).status_code == 204


def test_orders_do_not_post_and_mind_no_period(client: TestClient, sim: NetSuiteSim) -> None:
    sim.close_period("2026-10")
    body = {"entity": 1722, "tranDate": "2026-10-01", "item": {"items": [{"item": 20}]}}

    assert post(client, "purchaseOrder", body).status_code == 204


@pytest.mark.parametrize(
    ("ledger", "stock", "bills"), [("ap", 204, 400), ("ar", 204, 204), ("all", 400, 400)]
)
def test_locks_hold_for_their_own_ledger(
    client: TestClient, sim: NetSuiteSim, ledger: str, stock: int, bills: int
) -> None:
    sim.lock_period("2026-10", ledger)

    assert post(client, "inventoryAdjustment", adjustment()).status_code == stock
    assert post(client, "vendorBill", bill()).status_code == bills


def test_documents_of_a_closed_period_can_be_neither_changed_nor_deleted(
    client: TestClient, sim: NetSuiteSim
) -> None:
    path = post(client, "inventoryAdjustment", adjustment()).headers["location"]
    sim.close_period("2026-10")
    changed = client.patch(path, json={"memo": "late"})
    deleted = client.delete(path)

    assert "is closed" in detail(changed)
    assert "is closed" in detail(deleted)


def test_a_document_cannot_be_moved_out_of_a_closed_period(
    client: TestClient, sim: NetSuiteSim
) -> None:
    path = post(client, "inventoryAdjustment", adjustment()).headers["location"]
    sim.close_period("2026-10")

    assert "is closed" in detail(client.patch(path, json={"tranDate": "2026-11-01"}))


def test_date_and_period_must_agree_unless_the_account_lets_them_differ(
    client: TestClient, sim: NetSuiteSim
) -> None:
    body = adjustment() | {"postingPeriod": {"id": str(sim.period_id("2026-11"))}}
    refused = post(client, "inventoryAdjustment", body)
    sim.preferences.date_outside_period = "allow"
    allowed = post(client, "inventoryAdjustment", body)
    found = client.get(allowed.headers["location"]).json()

    assert "date range of your accounting period" in detail(refused)
    assert (found["tranDate"], found["postingPeriod"]["refName"]) == ("2026-10-15", "Nov 2026")


def test_a_date_without_a_period_is_refused(client: TestClient) -> None:
    answer = post(client, "inventoryAdjustment", adjustment("2001-01-01"))

    assert "No accounting period" in detail(answer)


def test_periods_show_their_state_to_queries(query: Query, sim: NetSuiteSim) -> None:
    sim.close_period("2026-09")
    sim.lock_period("2026-10", "ap")
    rows = query(
        "SELECT periodname, closed, alllocked, aplocked, TO_CHAR(startdate,'YYYY-MM-DD') AS s, "
        "TO_CHAR(enddate,'YYYY-MM-DD') AS e FROM accountingperiod WHERE isposting = 'T' AND "
        "startdate BETWEEN TO_DATE('2026-09-01','YYYY-MM-DD') AND "
        "TO_DATE('2026-11-01','YYYY-MM-DD') ORDER BY startdate"
    )

    assert [(row["periodname"], row["closed"], row["aplocked"]) for row in rows] == [
        ("Sep 2026", "T", "T"),
        ("Oct 2026", "F", "T"),
        ("Nov 2026", "F", "F"),
    ]
    assert (rows[0]["s"], rows[0]["e"]) == ("2026-09-01", "2026-09-30")


@pytest.mark.parametrize(
    ("face", "read", "write"), [("mixed", 400, 403), ("400", 400, 400), ("403", 403, 403)]
)
def test_a_missing_permission_has_two_faces(
    client: TestClient, sim: NetSuiteSim, face: str, read: int, write: int
) -> None:
    sim.roles.face = face
    sim.withdraw_permission("TRAN_INVADJST")
    seen = client.get(f"{RECORD}/inventoryAdjustment/1")
    made = post(client, "inventoryAdjustment", adjustment())
    codes = {400: "USER_ERROR", 403: "INSUFFICIENT_PERMISSION"}

    assert (seen.status_code, made.status_code) == (read, write)
    assert made.json()["o:errorDetails"][0]["o:errorCode"] == codes[write]
    assert detail(seen) == "Your current role does not have permission to perform this action."


def test_a_level_that_only_views_does_not_create(sim: NetSuiteSim) -> None:
    role = sim.add_role(
        "Viewer",
        {"ADMI_RESTWEBSERVICES": "full", "ADMI_LOGIN_OAUTH2": "full", "TRAN_INVADJST": "view"},
    )
    token = sim.issue_token(role=role)
    client = TestClient(sim.app, headers={"Authorization": f"Bearer {token}"})

    assert client.get(f"{RECORD}/inventoryAdjustment").status_code == 200
    assert post(client, "inventoryAdjustment", adjustment()).status_code == 403


def test_receiving_needs_a_permission_of_its_own(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.withdraw_permission("TRAN_PURCHORDRECEIVE")
    path = f"{RECORD}/purchaseOrder/{purchase_order}/!transform/itemReceipt"

    assert client.post(path, json={}).status_code == 403


def ask(client: TestClient, text: str) -> Any:
    return client.post(
        "/services/rest/query/v1/suiteql", json={"q": text}, headers={"Prefer": "transient"}
    )


def test_a_hidden_table_looks_misspelt(client: TestClient, sim: NetSuiteSim) -> None:
    sim.withdraw_permission("LIST_VENDOR", "ADMI_ACCTPERIODS")

    assert "Invalid search type: vendor." in detail(ask(client, "SELECT id FROM vendor"))
    assert "Invalid search type: accountingperiod." in detail(
        ask(client, "SELECT id FROM accountingperiod")
    )


def test_rows_of_hidden_transaction_types_are_not_seen(
    client: TestClient, sim: NetSuiteSim, query: Query, purchase_order: int
) -> None:
    sim.add_to_stock("SKU-20", 6, 1)
    sim.withdraw_permission("TRAN_PURCHORD")

    assert query("SELECT type FROM transaction") == [{"type": "InvAdjst"}]
    assert query(
        "SELECT COUNT(*) AS n FROM transactionline l WHERE l.transaction = ?", str(purchase_order)
    ) == [{"n": "0"}]
    assert client.get(f"{RECORD}/purchaseOrder/{purchase_order}").status_code == 400


def test_queries_need_the_workbook_permission(client: TestClient, sim: NetSuiteSim) -> None:
    sim.withdraw_permission("REPO_ANALYTICS")

    assert ask(client, "SELECT id FROM item").status_code == 400


def test_a_role_that_may_not_log_in_has_an_invalid_login(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.withdraw_permission("ADMI_LOGIN_OAUTH2")

    assert ask(client, "SELECT id FROM item").status_code == 401


def test_governance_limits_answer_administrators_only(
    client: TestClient, sim: NetSuiteSim
) -> None:
    path = "/services/rest/system/v1/governanceLimits"
    administrator = {"Authorization": f"Bearer {sim.issue_token(role=3)}"}
    sim.limits.reserved = 2

    assert client.get(path).status_code == 403
    assert client.get(path, headers=administrator).json() == {
        "accountConcurrencyLimit": 5,
        "accountUnallocatedConcurrencyLimit": 3,
        "integrationLimitType": "accountLimit",
    }


def test_the_server_tells_its_time(client: TestClient) -> None:
    found = client.get("/services/rest/system/v1/serverTime").json()

    assert found == {"serverTime": "2026-11-20T16:00:00Z"}
