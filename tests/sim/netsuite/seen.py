# ruff: noqa: S608 - the queries under test are put together from the tests' own texts
"""What is seen of one NetSuite account in a world: one look for each switch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings import netsuite_queries as queries
from sim.netsuite.conftest import NOW, Company, fill

RECORD: Final = "/services/rest/record/v1"
QUERY: Final = "/services/rest/query/v1/suiteql"


@dataclass(frozen=True)
class World:
    """One account, and a client that is signed in to it."""

    sim: NetSuiteSim
    client: TestClient
    clock: Clock

    def raw(self, text: str) -> Any:
        answer = self.client.post(QUERY, json={"q": text}, headers={"Prefer": "transient"})
        return answer.json()["items"] if answer.status_code == 200 else said(answer)

    def ask(self, text: str) -> Any:
        found = self.raw(text)
        if isinstance(found, str):
            return found
        return [tuple(row[key] for key in row if key != "links") for row in found]

    def post(self, path: str, body: object) -> Any:
        return self.client.post(f"{RECORD}/{path}", json=body)

    def order(self, *, quantity: int = 12, lines: int = 2) -> int:
        return self.sim.add_purchase_order(
            vendor=1722,
            location=7,
            lines=[
                {"item": sku, "quantity": quantity, "rate": 2}
                for sku in ("SKU-20", "SKU-21")[:lines]
            ],
        )

    def sale(self) -> int:
        return self.sim.add_sales_order(
            "SO1",
            customer=164,
            location=7,
            lines=[{"item": sku, "quantity": 2, "rate": 9} for sku in ("SKU-20", "SKU-21")],
        )

    def bill(self, record: str = "vendorBill") -> int:
        lines = {"items": [{"account": 61, "amount": 12}]}
        return self.sim.create(record, {"entity": 1722, "tranId": "B1", "expense": lines})


def said(answer: Any) -> str:
    return str(answer.json()["o:errorDetails"][0]["detail"])


@contextmanager
def world(readings: Readings) -> Iterator[World]:
    clock = Clock(NOW, speed=0)
    sim = NetSuiteSim(clock=clock, readings=readings)
    fill(sim, Company())
    headers = {"Authorization": f"Bearer {sim.issue_token()}"}
    with TestClient(sim.app, base_url="http://netsuite.test", headers=headers) as client:
        yield World(sim, client, clock)


def external_id(one: World) -> object:
    order = one.order()
    path = f"purchaseOrder/{order}/!transform/itemReceipt"
    body = {"externalId": "mlc-1", "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    return (
        [one.post(path, body).status_code for _ in range(2)],
        [each.get("externalId") for each in one.sim.documents("itemReceipt")],
    )


def line_numbers(one: World) -> object:
    order = one.order()
    url = f"{RECORD}/purchaseOrder/{order}?expandSubResources=true"
    lines = one.client.get(url).json()["item"]["items"]
    ids = one.ask(f"SELECT id FROM transactionline WHERE transaction = {order} AND id > 0")
    return [int(row[0]) for row in ids], [line["line"] for line in lines]


def packages(one: World) -> object:
    body = {"package": {"items": [{"packageTrackingNumber": "1Z"}]}}
    one.post(f"salesOrder/{one.sale()}/!transform/itemFulfillment", body)
    shown = one.sim.documents("itemFulfillment")[0]["package"]["items"]
    return [line.get("packageTrackingNumber") for line in shown]


def lines_of_a_return(one: World) -> object:
    sale = one.sale()
    one.sim.transform("salesOrder", sale, "itemFulfillment", {"shipStatus": "C"})
    body = {"item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    one.post(f"salesOrder/{sale}/!transform/returnAuthorization?replace=item", body)
    lines = one.sim.documents("returnAuthorization")[0]["item"]["items"]
    return [line["quantity"] for line in lines]


def changed_packages(one: World) -> object:
    made = one.sim.transform("salesOrder", one.sale(), "itemFulfillment")
    for number in ("1Z", "2Z"):
        body = {"package": {"items": [{"packageTrackingNumber": number}]}}
        one.client.patch(f"{RECORD}/itemFulfillment/{made}?replace=package", json=body)
    shown = one.sim.documents("itemFulfillment")[0]["package"]["items"]
    return [line["packageTrackingNumber"] for line in shown]


def completed_line(one: World) -> object:
    order = one.order()
    first = {"item": {"items": [{"orderLine": 2, "itemReceive": False}]}}
    one.sim.transform("purchaseOrder", order, "itemReceipt", first)
    body = {"item": {"items": [{"orderLine": 1, "itemReceive": False}, {"orderLine": 2}]}}
    return one.post(f"purchaseOrder/{order}/!transform/itemReceipt", body).status_code


def two_locations(one: World) -> object:
    body = {"item": {"items": [{"orderLine": 1, "location": 6}]}}
    return one.post(f"salesOrder/{one.sale()}/!transform/itemFulfillment", body).status_code


def nothing_left(one: World) -> object:
    sale = one.sale()
    one.sim.transform("salesOrder", sale, "itemFulfillment", {"shipStatus": "C"})
    text = said(one.post(f"salesOrder/{sale}/!transform/itemFulfillment", {}))
    return text.removeprefix("Error while accessing a resource. ")


def picked(one: World) -> object:
    sale = one.sale()
    one.sim.transform("salesOrder", sale, "itemFulfillment", {"shipStatus": "A"})
    return one.ask(
        f"SELECT quantityshiprecv FROM transactionline WHERE transaction = {sale} AND id = 1"
    )


def touched(one: World) -> object:
    order = one.order()
    one.clock.advance(timedelta(minutes=30))
    one.sim.transform("purchaseOrder", order, "itemReceipt")
    return one.ask(
        f"SELECT TO_CHAR(lastmodifieddate, 'HH24:MI') FROM transaction WHERE id = {order}"
    )


def sentence(one: World) -> object:
    body = {"externalId": "mlc-1", "entity": 1722, "expense": {"items": [{"account": 61}]}}
    body["expense"] = {"items": [{"account": 61, "amount": 1}]}
    one.post("vendorBill", body)
    return said(one.post("vendorBill", body))


def crowded(one: World) -> object:
    one.sim.limits.concurrency = 0
    answer = one.client.get(f"{RECORD}/vendor")
    return answer.status_code, answer.headers.get("retry-after")


def wrong_token(one: World) -> object:
    headers = {"Authorization": "Bearer other"}
    return one.client.get(f"{RECORD}/vendor", headers=headers, follow_redirects=False).status_code


def forbidden(one: World) -> object:
    one.sim.withdraw_permission("TRAN_VENDBILL")
    bill = one.bill()
    reading = one.client.get(f"{RECORD}/vendorBill/{bill}").status_code
    return reading, one.post("vendorBill", {}).status_code


def totals(one: World) -> object:
    one.order()
    one.bill()
    return one.ask("SELECT foreigntotal, total FROM transaction ORDER BY id")


def quantities(record: str) -> Callable[[World], object]:
    def see(one: World) -> object:
        made = one.order() if record == "PurchOrd" else one.sale()
        if record == "RtnAuth":
            one.sim.transform("salesOrder", made, "itemFulfillment", {"shipStatus": "C"})
            one.sim.transform("salesOrder", made, "returnAuthorization")
        return one.ask(
            "SELECT l.quantity FROM transactionline l JOIN transaction t ON t.id = l.transaction"
            f" WHERE t.type = '{record}' AND l.id = 1"
        )

    return see


def amounts(record: str) -> Callable[[World], object]:
    def see(one: World) -> object:
        bill = one.bill(record)
        return one.ask(
            f"SELECT foreignamount, netamount FROM transactionline WHERE transaction = {bill}"
            " AND id = 1"
        )

    return see


def linked(one: World) -> object:
    order = one.sim.add_purchase_order(
        vendor=1722, location=7, lines=[{"item": "SKU-20", "quantity": 1, "line": 4}]
    )
    one.sim.transform("purchaseOrder", order, "itemReceipt")
    return one.ask("SELECT previousline, nextline FROM nexttransactionlinelink")


def missing(one: World) -> object:
    name = one.sim.readings[queries.MISSING_NAME]
    if name == "none":
        name = "transaction.voided"
    table, _, column = name.partition(".")
    answer = one.ask(f"SELECT {column or '*'} FROM {table} WHERE 1 = 2")
    if isinstance(answer, str) and (column or table) in answer:
        return name
    return "none"


def words(one: World) -> object:
    return one.ask("SELECT t.nosuch FROM transaction t"), one.ask("SELECT id FROM nosuch")


def times(one: World) -> object:
    order = one.order()
    return one.ask(
        "SELECT TO_CHAR(t.lastmodifieddate, 'DD HH24:MI') AS changed,"
        " TO_CHAR(SYSDATE, 'DD HH24:MI') AS now, TO_CHAR(t.trandate, 'DD HH24:MI') AS day,"
        " TO_CHAR(TO_DATE('20 10', 'DD HH24'), 'HH24:MI') AS given"
        f" FROM transaction t WHERE t.id = {order}"
        " AND t.lastmodifieddate = TO_DATE('2026-11-20 10:00', 'YYYY-MM-DD HH24:MI')"
    )


def late(one: World) -> object:
    one.order()
    one.clock.advance(timedelta(seconds=5))
    order = one.order()
    found = []
    for _ in range(3):
        found.append(len(one.ask("SELECT id FROM transaction")))
        one.clock.advance(timedelta(seconds=1))
    by_record = one.client.get(f"{RECORD}/purchaseOrder/{order}").status_code
    return found, by_record


def bare_date(one: World) -> object:
    one.order()
    day = one.ask("SELECT trandate FROM transaction")[0][0]
    query = {"q": f'tranDate ON "{day}"'}
    return day, one.client.get(f"{RECORD}/purchaseOrder", params=query).json()["count"]


def keys(one: World) -> object:
    return sorted(one.raw("SELECT id, itemid AS Name FROM item WHERE id = 20")[0])


def empty(one: World) -> object:
    return one.raw("SELECT id, upccode FROM item WHERE id = 20")[0]


def subsidiaries(one: World) -> object:
    return one.ask("SELECT id FROM subsidiary"), one.ask("SELECT t.subsidiary FROM transaction t")


def tax_lines(one: World) -> object:
    order = one.order()
    feature = one.ask("SELECT isactive FROM companyfeaturesetup WHERE id = 'TAX_OVERHAULING'")
    one.sim.transform("purchaseOrder", order, "itemReceipt")
    status = one.ask(f"SELECT status FROM transaction WHERE id = {order}")
    lines = one.ask(
        f"SELECT COUNT(*) FROM transactionline WHERE transaction = {order} AND taxline = 'T'"
    )
    return feature, lines, status


def picking(one: World) -> object:
    one.sim.transform("salesOrder", one.sale(), "itemFulfillment")
    return one.ask("SELECT status FROM transaction WHERE type = 'ItemShip'")


def over_receipt(one: World) -> object:
    body = {"item": {"items": [{"orderLine": 1, "quantity": 13}]}}
    return one.post(f"purchaseOrder/{one.order()}/!transform/itemReceipt", body).status_code


def inventory_detail(one: World) -> object:
    one.sim.add_to_stock("SKU-20", 7, 5)
    held = one.ask("SELECT binnumber, inventorynumber FROM inventorybalance")
    answer = one.post(f"purchaseOrder/{one.order()}/!transform/itemReceipt", {})
    return len(held[0]), answer.status_code, one.sim.stock()["SKU-20", 7]


def cases(one: World) -> object:
    order = one.order(quantity=24)
    odd = one.order(quantity=25)
    body = one.client.get(f"{RECORD}/purchaseOrder/{order}?expandSubResources=true").json()
    one.sim.transform("purchaseOrder", order, "itemReceipt")
    counted = one.ask(f"SELECT quantity FROM transactionline WHERE transaction = {odd} AND id = 1")
    line = body["item"]["items"][0]
    return line["quantity"], line["amount"], one.sim.stock()["SKU-20", 7], counted


def seen_sign_in(one: World) -> object:
    sign_in = one.sim.sign_in
    return sign_in.life_as_text, sign_in.strict_audience
