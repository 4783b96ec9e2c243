# ruff: noqa: S608 - the queries under test are put together from the tests' own texts
"""Each switch of NetSuite's changes what it says, and nothing else has to be told to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.readings import Readings, Switch, of_system
from ml_connector.sim.readings import netsuite as ns
from ml_connector.sim.readings import netsuite_accounts as accounts
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


LEAD: Final = "Invalid search query. Detailed unprocessed description follows. "
BUSINESS: Final = "Error while accessing a resource. "
SEEN: Final[Mapping[Switch[Any], tuple[Callable[[World], object], Mapping[str, object]]]] = {
    ns.EXTERNAL_ID_IN_TRANSFORM: (
        external_id,
        {
            "stored": ([204, 400], ["mlc-1"]),
            "ignored": ([204, 204], [None, None]),
            "repeatable": ([204, 204], ["mlc-1", "mlc-1"]),
        },
    ),
    ns.LINE_NUMBERS: (
        line_numbers,
        {
            "equal": ([1, 2], [1, 2]),
            "shifted": ([1, 2], [2, 3]),
            "gaps": ([1, 4], [1, 4]),
            "sequence": ([1, 4], [1, 2]),
        },
    ),
    ns.PREFILLED_PACKAGE: (packages, {"none": ["1Z"], "empty-line": [None, "1Z"]}),
    ns.REPLACE_ITEM: (lines_of_a_return, {"honoured": [1.0], "ignored": [1.0, 2.0]}),
    ns.REPLACE_PACKAGE: (changed_packages, {"honoured": ["2Z"], "ignored": ["1Z", "2Z"]}),
    ns.COMPLETED_LINE: (completed_line, {"refuses": 400, "passed-over": 204}),
    ns.SEVERAL_LOCATIONS: (two_locations, {"refused": 400, "accepted": 204}),
    ns.NOTHING_LEFT: (
        nothing_left,
        {
            "already-closed": (
                "You have an invalid sales order SO1 or the order is already closed."
            ),
            "no-valid-line": "You must have at least one valid line item for this transaction.",
        },
    ),
    ns.PICKED_COUNT: (picked, {"left-out": [("0",)], "counted": [("2",)]}),
    ns.ORDER_TOUCHED: (touched, {"moved": [("10:30",)], "kept": [("10:00",)]}),
    ns.ERROR_TEXTS: (
        sentence,
        {
            "known": f"{BUSINESS}This record already exists.",
            "reworded": f"{BUSINESS}A record with the same external ID is in the account already.",
            "german": (
                "Fehler beim Zugriff auf eine Ressource. Dieser Datensatz ist bereits vorhanden."
            ),
        },
    ),
    ns.LIMIT_FACE: (
        crowded,
        {
            "429": (429, None),
            "429-retry-after": (429, "1"),
            "400": (400, None),
            "400-retry-after": (400, "1"),
        },
    ),
    ns.PERMISSION_FACE: (
        forbidden,
        {"mixed": (400, 403), "403": (403, 403), "400": (400, 400)},
    ),
    queries.PURCHASE_TOTALS: (
        totals,
        {
            "negative": [("-48", "-48"), ("-12", "-12")],
            "positive": [("48", "48"), ("12", "12")],
        },
    ),
    queries.PURCHASE_QUANTITIES: (
        quantities("PurchOrd"),
        {"positive": [("12",)], "negative": [("-12",)]},
    ),
    queries.SALES_QUANTITIES: (
        quantities("SalesOrd"),
        {"negative": [("-2",)], "positive": [("2",)]},
    ),
    queries.RETURN_QUANTITIES: (
        quantities("RtnAuth"),
        {"negative": [("-2",)], "positive": [("2",)]},
    ),
    queries.BILL_AMOUNTS: (
        amounts("vendorBill"),
        {"positive": [("12", "12")], "negative": [("-12", "-12")]},
    ),
    queries.CREDIT_AMOUNTS: (
        amounts("vendorCredit"),
        {"negative": [("-12", "-12")], "positive": [("12", "12")]},
    ),
    queries.LINKED_LINES: (linked, {"ids": [("4", "1")], "places": [("1", "1")]}),
    queries.MISSING_NAME: (missing, {name: name for name in queries.MISSING_NAME.readings}),
    queries.MISSING_WORDS: (
        words,
        {
            "unknown": (
                (
                    f"{LEAD}Search error occurred: Unknown identifier 'nosuch'. Available"
                    " identifiers are: {t=transaction}."
                ),
                f"{LEAD}Invalid search type: nosuch.",
            ),
            "removed": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found. Reason: REMOVED - Field is removed"
                ),
                (
                    f"{LEAD}Search error occurred: Record 'nosuch' was not found. Reason:"
                    " REMOVED - Field is removed"
                ),
            ),
            "not-exposed": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found. Reason: NOT_EXPOSED - Field is not exposed"
                ),
                (
                    f"{LEAD}Search error occurred: Record 'nosuch' was not found. Reason:"
                    " NOT_EXPOSED - Field is not exposed"
                ),
            ),
            "not-found": (
                (
                    f"{LEAD}Search error occurred: Field 'nosuch' for record 'transaction' was not"
                    " found."
                ),
                f"{LEAD}Search error occurred: Record 'nosuch' was not found.",
            ),
        },
    ),
    queries.TIMES: (
        times,
        {
            "account": [("20 10:00", "20 10:00", "20 00:00", "10:00")],
            "user-ahead": [("21 01:00", "21 01:00", "20 00:00", "10:00")],
            "user-behind": [("20 06:00", "20 06:00", "20 00:00", "10:00")],
        },
    ),
    queries.WRITES_SEEN: (
        late,
        {"at-once": ([2, 2, 2], 200), "seconds-later": ([1, 1, 2], 200)},
    ),
    queries.DATE_FORMAT: (
        bare_date,
        {
            "month-first": ("11/20/2026", 1),
            "day-first": ("20/11/2026", 1),
            "year-first": ("2026-11-20", 1),
        },
    ),
    queries.RESULT_KEYS: (
        keys,
        {"lower": ["id", "links", "name"], "upper": ["ID", "NAME", "links"]},
    ),
    queries.NULLS: (
        empty,
        {
            "left-out": {"links": [], "id": "20"},
            "null": {"links": [], "id": "20", "upccode": None},
        },
    ),
    accounts.COMPANY: (
        subsidiaries,
        {
            "one-world": ([("2",)], []),
            "single-entity": (
                f"{LEAD}Invalid search type: subsidiary.",
                (
                    f"{LEAD}Search error occurred: Unknown identifier 'subsidiary'. Available"
                    " identifiers are: {t=transaction}."
                ),
            ),
        },
    ),
    accounts.TAX: (
        tax_lines,
        {
            "suitetax": ([("T",)], [("0",)], [("F",)]),
            "legacy": ([("F",)], [("1",)], [("F",)]),
        },
    ),
    accounts.PICKING: (picking, {"on": [("A",)], "off": [("C",)]}),
    accounts.OVER_RECEIPTS: (over_receipt, {"refused": 400, "accepted": 204}),
    accounts.BINS: (inventory_detail, {"none": (0, 204, 17), "everywhere": (1, 400, 5)}),
    accounts.LOTS: (inventory_detail, {"none": (0, 204, 17), "everywhere": (1, 400, 5)}),
    accounts.UNITS: (
        cases,
        {"eaches": (24.0, 48.0, 24, [("25",)]), "cases": (2.0, 48.0, 24, [("25",)])},
    ),
    accounts.TOKEN_LIFE: (seen_sign_in, {"number": (False, False), "text": (True, False)}),
    accounts.AUDIENCE: (seen_sign_in, {"any": (False, False), "exact": (False, True)}),
}

CASES: Final = [
    pytest.param(switch, reading, id=f"{switch.name}={reading}")
    for switch, (_, readings) in SEEN.items()
    for reading in readings
]


def test_every_switch_is_held_with_every_reading() -> None:
    held = {switch.name: set(readings) for switch, (_, readings) in SEEN.items()}

    assert held == {switch.name: set(switch.readings) for switch in of_system("netsuite")}


@pytest.mark.parametrize(("switch", "reading"), CASES)
def test_a_switch_changes_what_it_says(switch: Switch[Any], reading: str) -> None:
    see, expected = SEEN[switch]
    with world(Readings({switch: reading})) as one:
        assert see(one) == expected[reading]
