"""Clients that others have published talk with NetSuite's simulator as with an account.

ShipBob's are held by its official file (``test_schemathesis.py``), and its webhooks by the
library of the standard that they follow (``tests/shipbob/test_signature.py``).
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.netsuite.http.tba import AccessToken
from ml_connector.sim.world import World, world

RECORD = "/services/rest/record/v1"
QUERY = "/services/rest/query/v1/suiteql"


@pytest.fixture(scope="module")
def both() -> Iterator[World]:
    with world() as made:
        netsuite = made.netsuite
        netsuite.add_subsidiary("Acme", internal_id=1)
        netsuite.add_location("ShipBob 228", internal_id=6, subsidiary=1)
        netsuite.add_vendor("Norfolk Mills", internal_id=301, subsidiary=1)
        for sku in ("TEE", "CAP"):
            netsuite.add_item(sku, cost="4.20")
        yield made


@pytest.fixture(scope="module")
def token(both: World) -> AccessToken:
    return both.netsuite.add_access_token()


def order(netsuite: NetSuiteSim) -> int:
    lines = [{"item": sku, "quantity": 12, "rate": 2} for sku in ("TEE", "CAP")]
    return netsuite.add_purchase_order(vendor=301, location=6, lines=lines)


def test_restsuite_queries_receives_and_reads_back(both: World, token: AccessToken) -> None:
    client: Any = import_module("restsuite.rest").NetSuiteRest(
        both.netsuite.account_id,
        token.consumer_key,
        token.consumer_secret,
        token.token_id,
        token.token_secret,
    )
    url, number = both.netsuite_server.url, order(both.netsuite)
    body = {
        "externalId": "public-1",
        "item": {
            "items": [
                {"orderLine": 1, "quantity": 5, "location": {"id": "6"}},
                {"orderLine": 2, "itemReceive": False},
            ]
        },
    }
    made = client.request(
        "POST", f"{url}{RECORD}/purchaseOrder/{number}/!transform/itemReceipt", body=body
    )
    again = client.request(
        "POST", f"{url}{RECORD}/purchaseOrder/{number}/!transform/itemReceipt", body=body
    )
    read = client.request("GET", made.headers["Location"])
    sql = f"SELECT l.quantityshiprecv FROM transactionline l WHERE l.transaction = {number}"  # noqa: S608 - our own number
    rows = client.request("POST", f"{url}{QUERY}?limit=5", body={"q": f"{sql} AND l.id = 1"})

    assert (made.status_code, again.status_code) == (204, 400)
    assert read.json()["externalId"] == "public-1"
    assert [row["quantityshiprecv"] for row in rows.json()["items"]] == ["5"]


def test_netsuite_client_queries_and_reads(both: World, token: AccessToken) -> None:
    client: Any = import_module("netsuite_client").NetSuiteClient(
        realm=both.netsuite.account_id,
        account="tstdrv1234567-sb1",
        consumer_key=token.consumer_key,
        consumer_secret=token.consumer_secret,
        token_id=token.token_id,
        token_secret=token.token_secret,
        max_retries=0,
    )
    url, number = both.netsuite_server.url, order(both.netsuite)
    q = f"SELECT t.id, t.status FROM transaction t WHERE t.id = {number}"  # noqa: S608 - our own number
    found = client.post(f"{url}{QUERY}", {"q": q})
    read = client.get(f"{url}{RECORD}/purchaseOrder/{number}", {"expandSubResources": "true"})

    assert [(row["id"], row["status"]) for row in found["items"]] == [(str(number), "B")]
    assert [line["quantity"] for line in read["item"]["items"]] == [12.0, 12.0]
