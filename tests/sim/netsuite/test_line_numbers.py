"""How lines of orders are numbered, in queries and over REST (reference 5.2, 7.3, 15, 16.2)."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]

WORLDS = {
    "equal": (["1", "2", "3"], [1, 2, 3]),
    "gaps": (["1", "4", "9"], [1, 4, 9]),
    "shifted": (["1", "2", "3"], [2, 3, 4]),
    "sequence": (["1", "4", "9"], [1, 2, 3]),
}
"""By numbering: the ids of an order's lines in queries, and their numbers over REST."""

LINES = [
    {"item": 20, "quantity": 10, "rate": "2.00", "location": 7},
    {"item": 21, "quantity": 5, "rate": "1.10", "location": 6},
    {"item": 20, "quantity": 3, "rate": "2.00", "location": 7},
]


def order(sim: NetSuiteSim, numbering: str, record_type: str = "purchaseOrder") -> int:
    sim.preferences.line_numbers = numbering  # type: ignore[assignment] # names of WORLDS
    if record_type == "purchaseOrder":
        return sim.add_purchase_order("PO1", vendor=1722, location=7, lines=LINES)
    for sku in ("SKU-20", "SKU-21"):
        sim.add_to_stock(sku, 7, 50)
    if record_type == "salesOrder":
        return sim.add_sales_order("SO1", customer=164, location=7, lines=LINES)
    return sim.add_return_authorization("RA1", customer=164, location=7, lines=LINES)


def record(client: TestClient, record_type: str, order_id: int) -> list[dict[str, Any]]:
    shown = client.get(f"{RECORD}/{record_type}/{order_id}?expandSubResources=true").json()
    items: list[dict[str, Any]] = shown["item"]["items"]
    return items


@pytest.mark.parametrize("numbering", WORLDS)
@pytest.mark.parametrize("record_type", ["purchaseOrder", "salesOrder", "returnAuthorization"])
def test_an_orders_lines_have_their_numbers_in_queries_and_on_its_record(
    client: TestClient, sim: NetSuiteSim, query: Query, numbering: str, record_type: str
) -> None:
    made = order(sim, numbering, record_type)
    asked = "SELECT id FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id"
    in_queries = [row["id"] for row in query(asked, str(made))]
    shown = record(client, record_type, made)
    numbers = [line["line"] for line in shown]
    last = client.get(f"{RECORD}/{record_type}/{made}/item/{numbers[2]}").json()

    assert (in_queries, numbers) == WORLDS[numbering]
    assert [line["item"]["id"] for line in shown] == ["20", "21", "20"]
    assert [line["quantity"] for line in shown] == [10, 5, 3]
    assert [line["location"]["id"] for line in shown] == ["7", "6", "7"]
    assert (last["line"], last["quantity"]) == (numbers[2], 3)


@pytest.mark.parametrize("numbering", WORLDS)
@pytest.mark.parametrize(
    ("record_type", "target"),
    [
        ("purchaseOrder", "itemReceipt"),
        ("returnAuthorization", "itemReceipt"),
        ("salesOrder", "itemFulfillment"),
    ],
)
def test_a_transform_takes_the_line_of_that_number_on_the_record(
    client: TestClient,
    sim: NetSuiteSim,
    query: Query,
    *,
    numbering: str,
    record_type: str,
    target: str,
) -> None:
    made = order(sim, numbering, record_type)
    ids, numbers = WORLDS[numbering]
    lines = [{"orderLine": number, "itemReceive": number == numbers[1]} for number in numbers]
    answer = client.post(
        f"{RECORD}/{record_type}/{made}/!transform/{target}", json={"item": {"items": lines}}
    )
    [taken] = record(client, target, int(answer.headers["location"].rpartition("/")[2]))
    links = query(
        "SELECT previousline FROM nexttransactionlinelink WHERE previousdoc = ?", str(made)
    )

    assert (taken["item"]["id"], taken["quantity"], taken["orderLine"]) == ("21", 5, numbers[1])
    assert {row["previousline"] for row in links} == {ids[1]}


def test_a_change_of_the_numbering_shows_at_once(client: TestClient, sim: NetSuiteSim) -> None:
    made = order(sim, "shifted")
    before = [line["line"] for line in record(client, "purchaseOrder", made)]
    answer = client.patch("/_sim/preferences", json={"line_numbers": "equal"})
    after = [line["line"] for line in record(client, "purchaseOrder", made)]

    assert answer.status_code == 200
    assert (before, after) == ([2, 3, 4], [1, 2, 3])


def test_a_numbering_that_is_none_is_refused(client: TestClient, sim: NetSuiteSim) -> None:
    refused = client.patch("/_sim/preferences", json={"line_numbers": "random"})
    on_page = client.post("/_sim/page/number-lines", data={"numbering": "random"})

    assert refused.status_code == 400
    assert "Not done: lines can&#x27;t be numbered" in on_page.text
    assert sim.preferences.line_numbers == "equal"


def test_people_choose_the_numbering_on_the_page(client: TestClient, sim: NetSuiteSim) -> None:
    said = client.post("/_sim/page/number-lines", data={"numbering": "shifted"}).text

    assert "Lines of orders are numbered shifted." in said
    assert sim.preferences.line_numbers == "shifted"


@pytest.mark.parametrize(
    ("record_type", "target"),
    [("purchaseOrder", "itemReceipt"), ("salesOrder", "itemFulfillment")],
)
def test_naming_a_line_that_is_done_is_refused_even_when_it_is_not_to_be_taken(
    client: TestClient, sim: NetSuiteSim, record_type: str, target: str
) -> None:
    made = order(sim, "equal", record_type)
    path = f"{RECORD}/{record_type}/{made}/!transform/{target}"
    others = [{"orderLine": number, "itemReceive": False} for number in (2, 3)]
    client.post(path, json={"item": {"items": [{"orderLine": 1}, *others]}})
    named = [{"orderLine": 1, "itemReceive": False}, {"orderLine": 2}]
    answer = client.post(path, json={"item": {"items": named}})

    assert answer.status_code == 400
    assert "access a field on a non-existent line" in answer.text


def test_a_sales_order_that_is_fulfilled_says_that_it_is_closed(
    client: TestClient, sim: NetSuiteSim
) -> None:
    made = order(sim, "equal", "salesOrder")
    path = f"{RECORD}/salesOrder/{made}/!transform/itemFulfillment"
    lines = [{"orderLine": number, "location": {"id": "7"}} for number in (1, 2, 3)]
    done = client.post(path, json={"shipStatus": {"id": "C"}, "item": {"items": lines}})
    answer = client.post(path, json={})

    assert done.status_code == 204
    assert answer.status_code == 400
    assert "You have an invalid sales order SO1 or the order is already closed." in answer.text


def test_a_purchase_order_that_is_received_has_no_valid_line_left(
    client: TestClient, sim: NetSuiteSim
) -> None:
    path = f"{RECORD}/purchaseOrder/{order(sim, 'equal')}/!transform/itemReceipt"
    client.post(path, json={})

    assert "at least one valid line item for this transaction" in client.post(path, json={}).text
