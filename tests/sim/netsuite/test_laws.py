"""Laws that hold whatever happens: balanced ledgers, stock that adds up, no unforeseen error."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.netsuite.values.refusal import Refusal

ITEMS = (20, 21)
PLACES = (6, 7)
units = st.integers(min_value=1, max_value=30)
cents = st.decimals(min_value=0, max_value=99, places=2)
item = st.sampled_from(ITEMS)
place = st.sampled_from(PLACES)


def company() -> NetSuiteSim:
    sim = NetSuiteSim(clock=Clock(datetime(2026, 11, 20, 16, tzinfo=UTC), speed=0))
    sim.add_subsidiary("Acme", internal_id=2)
    for number in PLACES:
        sim.add_location(f"Place {number}", internal_id=number, subsidiary=2)
    for number in ITEMS:
        sim.add_item(f"SKU-{number}", internal_id=number, cost="1.37")
    sim.add_vendor("Supply", internal_id=1722, subsidiary=2)
    sim.add_customer("Jane", internal_id=164, subsidiary=2)
    sim.add_account("Freight", internal_id=61)
    return sim


class Books(RuleBasedStateMachine):
    """A company whose people and integrations do things in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.sim = company()

    def attempt(self, act: Callable[[], object]) -> None:
        """NetSuite may refuse; then nothing may have changed."""
        before = (self.sim.stock(), self.sim.balances(), len(self.sim.documents()))
        try:
            act()
        except Refusal:
            assert before == (self.sim.stock(), self.sim.balances(), len(self.sim.documents()))

    def pick(self, kind: str, number: int) -> int | None:
        known = self.sim.documents(kind)
        return int(known[number % len(known)]["id"]) if known else None

    @rule(item=item, place=place, quantity=st.integers(-20, 40), cost=cents)
    def adjust(self, item: int, place: int, quantity: int, cost: Decimal) -> None:
        self.attempt(lambda: self.sim.add_to_stock(item, place, quantity, cost=cost))

    @rule(quantities=st.lists(units, min_size=1, max_size=3), rate=cents, place=place)
    def order(self, quantities: list[int], rate: Decimal, place: int) -> None:
        lines = [
            {"item": ITEMS[at % 2], "quantity": quantity, "rate": rate}
            for at, quantity in enumerate(quantities)
        ]
        self.sim.add_purchase_order(vendor=1722, location=place, lines=lines)

    @rule(quantity=units, place=place)
    def sell(self, quantity: int, place: int) -> None:
        lines = [{"item": 20, "quantity": quantity, "rate": 9}]
        self.sim.add_sales_order(customer=164, location=place, lines=lines)

    @rule(number=units, line=st.integers(1, 3), quantity=units, place=place)
    def receive(self, number: int, line: int, quantity: int, place: int) -> None:
        order = self.pick("purchaseOrder", number)
        if order is not None:
            entry = {"orderLine": line, "quantity": quantity, "location": place}
            body = {"item": {"items": [entry]}}
            self.attempt(lambda: self.sim.transform("purchaseOrder", order, "itemReceipt", body))

    @rule(number=units, shipped=st.booleans())
    def fulfil(self, number: int, shipped: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        order = self.pick("salesOrder", number)
        if order is not None:
            body = {"shipStatus": "C" if shipped else "A"}
            self.attempt(lambda: self.sim.transform("salesOrder", order, "itemFulfillment", body))

    @rule(number=units, quantity=units)
    def give_back(self, number: int, quantity: int) -> None:
        order = self.pick("salesOrder", number)
        if order is not None:
            body = {"item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
            self.attempt(
                lambda: self.sim.transform("salesOrder", order, "returnAuthorization", body)
            )

    @rule(number=units)
    def receive_return(self, number: int) -> None:
        back = self.pick("returnAuthorization", number)
        if back is not None:
            self.attempt(lambda: self.sim.transform("returnAuthorization", back, "itemReceipt"))

    @rule(number=units)
    def bill(self, number: int) -> None:
        order = self.pick("purchaseOrder", number)
        if order is not None:
            self.attempt(lambda: self.sim.transform("purchaseOrder", order, "vendorBill"))

    @rule(number=units, quantity=units)
    def change_receipt(self, number: int, quantity: int) -> None:
        receipt = self.pick("itemReceipt", number)
        if receipt is not None:
            body = {"item": {"items": [{"line": 1, "quantity": quantity}]}}
            self.attempt(lambda: self.sim.edit("itemReceipt", receipt, body))

    @rule(
        kind=st.sampled_from(
            [
                "itemReceipt",
                "itemFulfillment",
                "inventoryAdjustment",
                "purchaseOrder",
                "vendorBill",
            ]
        ),
        number=units,
    )
    def delete(self, kind: str, number: int) -> None:
        document = self.pick(kind, number)
        if document is not None:
            self.attempt(lambda: self.sim.delete(kind, document))

    @precondition(lambda self: len(self.sim.documents()) > 3)
    @rule()
    def close_and_reopen(self) -> None:
        self.sim.close_period("2026-11")
        self.attempt(lambda: self.sim.add_to_stock(20, 6, 1))
        self.sim.reopen_period("2026-11")

    @invariant()
    def debits_equal_credits(self) -> None:
        rows = self.sim.books.rows(
            'SELECT "transaction" AS id, ROUND(SUM(amount), 6) AS sum '
            'FROM transactionaccountingline GROUP BY "transaction"'
        )

        assert [row for row in rows if row["sum"]] == []

    @invariant()
    def stock_is_the_sum_of_what_documents_moved(self) -> None:
        moved: dict[tuple[str, int], Decimal] = {}
        for row in self.sim.books.rows(
            "SELECT i.itemid AS sku, m.location, m.quantity FROM _move m "
            "JOIN _item i ON i.id = m.item"
        ):
            key = (str(row["sku"]), int(row["location"] or 0))
            moved[key] = moved.get(key, Decimal(0)) + Decimal(str(row["quantity"]))

        assert {key: value for key, value in moved.items() if value} == self.sim.stock()

    @invariant()
    def queries_see_the_same_stock(self) -> None:
        rows = self.sim.books.rows("SELECT * FROM inventoryitemlocations")
        seen = {
            (f"SKU-{row['item']}", row["location"]): Decimal(str(row["quantityonhand"]))
            for row in rows
            if row["quantityonhand"]
        }

        assert seen == self.sim.stock()

    @invariant()
    def the_inventory_account_is_worth_what_is_held(self) -> None:
        held = self.sim.books.value("SELECT ROUND(SUM(worth), 2) FROM _cost")
        account = self.sim.balances().get(self.sim.company.account("inventory"), Decimal(0))

        assert Decimal(str(held or 0)) == account

    @invariant()
    def orders_know_what_their_receipts_took(self) -> None:
        rows = self.sim.books.rows(
            'SELECT l."transaction" AS id, l.id AS line, l.quantityshiprecv AS known, '
            "(SELECT COALESCE(SUM(k.quantity), 0) FROM _link k WHERE k.previousdoc = "
            "l.\"transaction\" AND k.previousline = l.id AND k.linktype = 'ShipRcpt') AS linked "
            "FROM transactionline l WHERE l.quantityshiprecv IS NOT NULL"
        )

        assert [row for row in rows if row["known"] != row["linked"]] == []


Books.TestCase.settings = settings(max_examples=25, stateful_step_count=25, derandomize=True)
TestBooks = Books.TestCase


words = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "id",
        ",",
        "*",
        "(",
        ")",
        "=",
        "'x'",
        "''",
        "1",
        "?",
        "transaction",
        "transactionline",
        "item",
        "t",
        ".",
        "tranid",
        "trandate",
        "JOIN",
        "ON",
        "AND",
        "OR",
        "NOT",
        "NULL",
        "IS",
        "IN",
        "LIKE",
        "BETWEEN",
        "GROUP",
        "BY",
        "ORDER",
        "HAVING",
        "UNION",
        "ALL",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "COUNT",
        "SUM",
        "NVL",
        "TO_CHAR",
        "TO_DATE",
        "TRUNC",
        "SYSDATE",
        "BUILTIN.DF",
        "||",
        "+",
        "-",
        "/",
        "ROWNUM",
        "<=",
        "FETCH",
        "FIRST",
        "ROWS",
        "ONLY",
        "LISTAGG",
        "WITHIN",
        "DISTINCT",
        "AS",
        "EXISTS",
        "dual",
        "(+)",
        "quantity",
        "DECODE",
    ]
)


@settings(max_examples=300, derandomize=True)
@given(st.one_of(st.lists(words, max_size=18).map(" ".join), st.text(max_size=40)))
def test_no_query_is_an_unexpected_error(text: str) -> None:
    assert ask(text).status_code in (200, 400), text


@settings(max_examples=300, derandomize=True)
@given(st.lists(words, min_size=1, max_size=8).map(" ".join))
def test_no_expression_is_an_unexpected_error(text: str) -> None:
    assert ask(f"SELECT {text} FROM transaction t").status_code in (200, 400), text  # noqa: S608


SIM = company()
CLIENT = TestClient(SIM.app, headers={"Authorization": f"Bearer {SIM.issue_token()}"})


def ask(text: str) -> Any:
    return CLIENT.post(
        "/services/rest/query/v1/suiteql",
        json={"q": text, "params": []},
        headers={"Prefer": "transient"},
    )


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.sampled_from(
        ["", "6", "20", "x", "2026-11-20", "eid:x", "B", "9" * 30, "NaN", "1e40", 10**40]
    )
)
names = st.sampled_from(
    [
        "id",
        "externalId",
        "refName",
        "item",
        "items",
        "inventory",
        "expense",
        "package",
        "line",
        "orderLine",
        "quantity",
        "location",
        "adjustQtyBy",
        "account",
        "amount",
        "rate",
        "entity",
        "subsidiary",
        "tranDate",
        "memo",
        "itemReceive",
        "shipStatus",
        "units",
        "inventoryDetail",
        "inventoryAssignment",
        "receiptInventoryNumber",
        "postingPeriod",
        "currency",
        "createdFrom",
        "approvalStatus",
        "orderStatus",
        "tranId",
    ]
)
bodies = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
kinds = st.sampled_from(
    [
        "inventoryAdjustment",
        "inventoryTransfer",
        "purchaseOrder",
        "salesOrder",
        "returnAuthorization",
        "transferOrder",
        "vendorBill",
        "vendorCredit",
        "inboundShipment",
        "vendor",
        "itemReceipt",
        "invoice",
    ]
)


@settings(
    max_examples=400,
    derandomize=True,
)
@given(kinds, st.dictionaries(names, bodies, max_size=6))
def test_no_body_is_an_unexpected_error(kind: str, body: dict[str, Any]) -> None:
    answer = CLIENT.post(f"/services/rest/record/v1/{kind}", json=body)

    assert answer.status_code < 500, (kind, body, answer.text)


FULL: dict[str, dict[str, Any]] = {
    "purchaseOrder": {"entity": 1722, "item": {"items": [{"item": 20, "quantity": 1}]}},
    "inventoryAdjustment": {
        "account": 61,
        "subsidiary": 2,
        "inventory": {"items": [{"item": 20, "location": 6, "adjustQtyBy": 1}]},
    },
    "vendorBill": {"entity": 1722, "expense": {"items": [{"account": 61, "amount": 1}]}},
}


@settings(max_examples=300, derandomize=True)
@given(st.sampled_from(sorted(FULL)), names, bodies, names, bodies)
def test_no_change_of_a_good_body_is_an_unexpected_error(
    kind: str, name: str, value: Any, column: str, cell: Any
) -> None:
    body = {**FULL[kind], name: value}
    sublist = next(key for key in FULL[kind] if key in ("item", "inventory", "expense"))
    if name != sublist:
        good = FULL[kind][sublist]["items"][0]
        body[sublist] = {"items": [{**good, column: cell}]}
    answer = CLIENT.post(f"/services/rest/record/v1/{kind}", json=body)

    assert answer.status_code < 500, (body, answer.text)


@settings(max_examples=200, derandomize=True)
@given(
    st.sampled_from(["GET", "PATCH", "PUT", "DELETE", "POST"]),
    kinds,
    st.sampled_from(["1", "9" * 40, "-1", "eid:", "eid:x", "x", "²", "1/item", "1/item/x/y"]),
    st.dictionaries(
        st.sampled_from(["limit", "offset", "q", "replace", "fields", "ids", "expandRecords"]),
        st.sampled_from(["0", "1", "9" * 40, "x", "²", "", 'memo IS "x"', "true", "id EMPTY"]),
        max_size=3,
    ),
)
def test_no_address_is_an_unexpected_error(
    method: str, kind: str, key: str, query: dict[str, str]
) -> None:
    for path in (f"/services/rest/record/v1/{kind}/{key}", f"/services/rest/record/v1/{kind}"):
        answer = CLIENT.request(method, path, params=query)

        assert answer.status_code < 500, (method, path, query, answer.text)
