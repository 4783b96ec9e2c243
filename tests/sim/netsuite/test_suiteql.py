# ruff: noqa: S608 - the queries under test are put together from the tests' own texts
"""SuiteQL over REST (reference 4, 5, 9)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim, Preferences

PATH = "/services/rest/query/v1/suiteql"
Query = Callable[..., list[dict[str, str]]]
Refused = Callable[..., str]


def test_every_value_is_a_text_and_null_is_left_out(query: Query, purchase_order: int) -> None:
    rows = query("SELECT id, tranid, memo, externalid FROM transaction")

    assert rows == [{"id": str(purchase_order), "tranid": "PO45723"}]


def test_keys_are_lower_case_whatever_the_query_wrote(query: Query, purchase_order: int) -> None:
    rows = query("SELECT T.TranId AS TheNumber, T.TYPE FROM TRANSACTION T")

    assert rows == [{"thenumber": "PO45723", "type": "PurchOrd"}]
    assert purchase_order


def test_counts_are_texts_too(query: Query, purchase_order: int) -> None:
    assert query("SELECT type, COUNT(*) AS n FROM transaction GROUP BY type") == [
        {"type": "PurchOrd", "n": "1"}
    ]
    assert purchase_order


def test_prefer_transient_is_required(client: TestClient) -> None:
    answer = client.post(PATH, json={"q": "SELECT 1 AS x FROM dual"})

    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


def test_parameters_are_bound(query: Query) -> None:
    rows = query("SELECT id, itemid FROM item WHERE id BETWEEN ? AND ? ORDER BY id", "20", "21")

    assert [row["itemid"] for row in rows] == ["SKU-20", "SKU-21"]


def test_a_missing_parameter_is_refused(refused_query: Refused) -> None:
    assert "2 parameters are expected, 1 are given" in refused_query(
        "SELECT id FROM item WHERE id BETWEEN ? AND ?", "1"
    )


@pytest.mark.parametrize("params", [{}, [{}], [[1]], "x"])
def test_parameters_are_texts_and_numbers(client: TestClient, params: object) -> None:
    answer = client.post(
        PATH,
        json={"q": "SELECT ? AS x FROM dual", "params": params},
        headers={"Prefer": "transient"},
    )

    assert answer.status_code == 400


def page(client: TestClient, text: str, parameters: str) -> dict[str, Any]:
    answer = client.post(f"{PATH}?{parameters}", json={"q": text}, headers={"Prefer": "transient"})
    found: dict[str, Any] = answer.json()
    return found | {"status": answer.status_code}


def test_pages_carry_counts_and_links(client: TestClient) -> None:
    text = "SELECT id FROM item ORDER BY id"
    first = page(client, text, "limit=2&offset=0")
    second = page(client, text, "limit=2&offset=2")

    assert (first["count"], first["hasMore"], first["totalResults"]) == (2, True, 3)
    assert (second["count"], second["hasMore"], second["totalResults"]) == (1, False, 3)
    assert [link["rel"] for link in first["links"]] == ["next", "last", "self"]
    assert [link["rel"] for link in second["links"]] == ["first", "prev", "last", "self"]
    assert first["links"][0]["href"] == f"http://netsuite.test{PATH}?limit=2&offset=2"


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ("limit=1001", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=10&offset=5", "offset"),
        ("limit=1000&offset=100000", "offset"),
        ("limit=10&offset=10000", "offset"),
    ],
)
def test_pages_beyond_the_rules_are_refused(
    client: TestClient, parameters: str, wrong: str
) -> None:
    found = page(client, "SELECT id FROM item", parameters)

    assert found["status"] == 400
    assert found["o:errorDetails"][0]["o:errorQueryParam"] == wrong


def test_an_unknown_column_is_named_with_what_there_is(refused_query: Refused) -> None:
    assert refused_query("SELECT nonsense FROM transaction") == (
        "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
        "Unknown identifier 'nonsense'. Available identifiers are: {transaction=transaction}."
    )


def test_an_unknown_table_is_an_invalid_search_type(refused_query: Refused) -> None:
    assert refused_query("SELECT id FROM transactiontablethatdoesnotexist") == (
        "Invalid search query. Detailed unprocessed description follows. "
        "Invalid search type: transactiontablethatdoesnotexist."
    )


@pytest.mark.parametrize("column", ["mainline", "location", "createdfrom", "_values"])
def test_columns_that_belong_elsewhere_are_unknown(refused_query: Refused, column: str) -> None:
    assert f"Unknown identifier '{column}'" in refused_query(f"SELECT {column} FROM transaction")


@pytest.mark.parametrize("table", ["_move", "_stock", "sqlite_master"])
def test_the_simulators_own_tables_cannot_be_seen(refused_query: Refused, table: str) -> None:
    assert "Invalid search type" in refused_query(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM item LIMIT 1",
        "WITH a AS (SELECT id FROM item) SELECT id FROM a",
        "SELECT id FROM item WHERE lastmodifieddate > DATE '2026-01-01'",
        "SELECT 'a' + 'b' AS x FROM dual",
        "SELECT [id] FROM item",
        "SELECT id FROM item; SELECT id FROM item",
        "DELETE FROM item",
        "UPDATE item SET itemid = 'x'",
        "nonsense",
        "SELECT FROM",
        "SELECT load_extension('x') AS x FROM dual",
        (
            "SELECT i.id FROM item i, transactionline l JOIN item j ON j.id = l.item "
            "WHERE i.id = l.item(+)"
        ),
        "SELECT id FROM item WHERE id IN (" + ",".join(str(n) for n in range(1001)) + ")",
    ],
)
def test_what_suiteql_does_not_take_is_refused(refused_query: Refused, text: str) -> None:
    assert refused_query(text).startswith("Invalid search query.")


def test_a_thousand_values_in_a_list_are_taken(query: Query) -> None:
    values = ",".join(str(number) for number in range(1000))

    assert len(query(f"SELECT id FROM item WHERE id IN ({values})")) == 3


def test_bare_dates_come_in_the_accounts_format_without_time(
    query: Query, purchase_order: int
) -> None:
    rows = query("SELECT trandate, lastmodifieddate FROM transaction")

    assert rows == [{"trandate": "11/20/2026", "lastmodifieddate": "11/20/2026"}]
    assert purchase_order


def test_datetimes_are_in_the_accounts_zone_and_records_in_utc(
    client: TestClient, query: Query, purchase_order: int
) -> None:
    text = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS m FROM transaction"
    record = client.get(f"/services/rest/record/v1/purchaseOrder/{purchase_order}").json()

    assert query(text) == [{"m": "2026-11-20T10:00:00"}]
    assert record["lastModifiedDate"] == "2026-11-20T16:00:00Z"


def test_the_accounts_day_can_differ_from_utc() -> None:
    sim = NetSuiteSim(clock=Clock(datetime(2026, 11, 21, 3, tzinfo=UTC), speed=0))

    assert sim.books.today().startswith("2026-11-20")


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS')", "2026-11-20 10:00:00"),
        ("TO_CHAR(TRUNC(SYSDATE) - 7, 'YYYY-MM-DD')", "2026-11-13"),
        ("TO_CHAR(SYSDATE + 1/24, 'HH24:MI')", "11:00"),
        ("TO_CHAR(TO_DATE('2026-02-28', 'YYYY-MM-DD') + 1, 'MM/DD/YYYY')", "03/01/2026"),
        ("TO_DATE('2026-11-20', 'YYYY-MM-DD') - TO_DATE('2026-11-01', 'YYYY-MM-DD')", "19"),
        ("TO_CHAR(ADD_MONTHS(TO_DATE('2026-01-31','YYYY-MM-DD'), 1), 'YYYY-MM-DD')", "2026-02-28"),
        ("TO_CHAR(LAST_DAY(SYSDATE), 'DD MON YYYY')", "30 NOV 2026"),
        ("TO_CHAR(TRUNC(SYSDATE, 'MM'), 'YYYY-MM-DD')", "2026-11-01"),
        ("TO_CHAR(BUILTIN.RELATIVE_RANGES('DAGO30', 'START'), 'YYYY-MM-DD')", "2026-10-21"),
        ("EXTRACT(YEAR FROM SYSDATE)", "2026"),
        ("NVL(NULL, 'x')", "x"),
        ("NVL2(NULL, 'a', 'b')", "b"),
        ("COALESCE(NULL, NULL, 'c')", "c"),
        ("DECODE(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("CASE WHEN 1 = 2 THEN 'no' ELSE 'yes' END", "yes"),
        ("NULL || 'x' || 1", "x1"),
        ("1 / 4", "0.25"),
        ("0.1 + 0.2", "0.3"),
        ("MOD(10, 3)", "1"),
        ("ROUND(2.345, 2)", "2.35"),
        ("TRUNC(2.789, 1)", "2.7"),
        ("UPPER(SUBSTR('abcdef', 2, 3))", "BCD"),
        ("INSTR('hello', 'l')", "3"),
        ("REPLACE('a-b', '-', '+')", "a+b"),
        ("LPAD('7', 3, '0')", "007"),
        ("GREATEST(1, 5, 3)", "5"),
        ("REGEXP_SUBSTR('PO123-2', '[0-9]+')", "123"),
        ("TO_CHAR(1234.5, 'FM9,999.00')", "1,234.50"),
        ("TO_NUMBER('12.50')", "12.5"),
        ("LENGTH('abc')", "3"),
        ("CAST('12' AS INTEGER)", "12"),
    ],
)
def test_oracle_expressions(query: Query, expression: str, answer: str) -> None:
    assert query(f"SELECT {expression} AS x FROM dual") == [{"x": answer}]


def test_an_empty_text_is_null(query: Query) -> None:
    assert query("SELECT '' AS x, NVL('', 'y') AS y FROM dual") == [{"y": "y"}]


def test_texts_compare_by_case(query: Query) -> None:
    assert query("SELECT id FROM item WHERE itemid = 'sku-20'") == []
    assert query("SELECT id FROM item WHERE itemid LIKE 'sku%'") == []
    assert len(query("SELECT id FROM item WHERE itemid LIKE 'SKU%'")) == 2


def test_dates_compare_with_bound_dates(query: Query, purchase_order: int) -> None:
    text = (
        "SELECT id FROM transaction WHERE lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')"
    )

    assert len(query(text, "2026-11-20 10:00:00")) == 1
    assert query(text, "2026-11-20 10:00:01") == []
    assert len(query("SELECT id FROM transaction WHERE trandate = '11/20/2026'")) == 1
    assert purchase_order


def test_a_date_that_does_not_fit_its_format_is_refused(refused_query: Refused) -> None:
    assert refused_query("SELECT TO_DATE('20.11.2026', 'YYYY-MM-DD') AS d FROM dual")


def test_status_is_the_bare_letter(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT status, BUILTIN.DF(status) AS shown, BUILTIN.CF(status) AS composite, "
        "BUILTIN.DF(type) AS kind FROM transaction WHERE status = 'B'"
    )

    assert rows == [
        {
            "status": "B",
            "shown": "Purchase Order : Pending Receipt",
            "composite": "PurchOrd:B",
            "kind": "Purchase Order",
        }
    ]
    assert query("SELECT id FROM transaction WHERE status = 'PurchOrd:B'") == []
    assert purchase_order


def test_display_texts_of_references(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT BUILTIN.DF(t.entity) AS vendor, BUILTIN.DF(l.item) AS item, "
        "BUILTIN.DF(l.location) AS place, BUILTIN.DF(t.subsidiary) AS sub, "
        "BUILTIN.DF(l.isclosed) AS closed, BUILTIN.DF(l.transaction) AS document "
        "FROM transaction t JOIN transactionline l ON l.transaction = t.id WHERE l.id = 1"
    )

    assert rows == [
        {
            "vendor": "Acme Supply",
            "item": "SKU-20",
            "place": "ShipBob",
            "sub": "Acme",
            "closed": "No",
            "document": "Purchase Order #PO45723",
        }
    ]
    assert purchase_order


def test_order_lines_are_found_as_published_queries_find_them(
    query: Query, purchase_order: int
) -> None:
    rows = query(
        "SELECT tl.id, tl.quantity, tl.quantityshiprecv, i.itemid FROM transactionline tl "
        "INNER JOIN item i ON i.id = tl.item WHERE tl.transaction = ? AND tl.mainline = 'F' "
        "AND tl.taxline = 'F' AND (tl.iscogs = 'F' OR tl.iscogs IS NULL) "
        "AND tl.assemblycomponent = 'F' ORDER BY tl.linesequencenumber",
        str(purchase_order),
    )

    assert rows == [
        {"id": "1", "quantity": "100", "quantityshiprecv": "0", "itemid": "SKU-20"},
        {"id": "4", "quantity": "10", "quantityshiprecv": "0", "itemid": "SKU-21"},
    ]


def test_arithmetic_on_columns_compares_with_bound_numbers(
    query: Query, purchase_order: int
) -> None:
    text = (
        "SELECT id FROM transactionline WHERE quantity - quantityshiprecv > ? AND transaction = ?"
    )

    assert len(query(text, "10", str(purchase_order))) == 1
    assert len(query(text, "9", str(purchase_order))) == 2


def test_rownum_limits_before_the_order(query: Query) -> None:
    plain = query("SELECT id FROM item WHERE ROWNUM <= 2")
    ordered = query("SELECT id FROM item WHERE ROWNUM <= 2 ORDER BY id DESC")
    wrapped = query("SELECT id FROM (SELECT id FROM item ORDER BY id DESC) WHERE ROWNUM <= 2")

    assert len(plain) == 2
    assert [row["id"] for row in ordered] == ["21", "20"]
    assert [row["id"] for row in wrapped] == ["31", "21"]


def test_rownum_can_be_shown_and_paged(query: Query) -> None:
    rows = query(
        "SELECT * FROM (SELECT a.id, ROWNUM AS rn FROM (SELECT id FROM item ORDER BY id) a) "
        "WHERE rn BETWEEN 2 AND 3"
    )

    assert rows == [{"id": "21", "rn": "2"}, {"id": "31", "rn": "3"}]


def test_fetch_first_limits_after_the_order(query: Query) -> None:
    rows = query("SELECT id FROM item ORDER BY id DESC FETCH FIRST 1 ROWS ONLY")

    assert rows == [{"id": "31"}]


def test_subqueries_correlated_ones_too(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT i.itemid, (SELECT SUM(l.quantity) FROM transactionline l WHERE l.item = i.id "
        "AND l.mainline = 'F') AS ordered FROM item i WHERE EXISTS (SELECT 1 FROM "
        "transactionline x WHERE x.item = i.id) AND i.id IN (SELECT item FROM transactionline) "
        "ORDER BY i.id"
    )

    assert rows == [
        {"itemid": "SKU-20", "ordered": "100"},
        {"itemid": "SKU-21", "ordered": "10"},
    ]
    assert purchase_order


def test_union_all_group_having_and_listagg(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT kind, LISTAGG(name, ', ') WITHIN GROUP (ORDER BY name DESC) AS names, "
        "COUNT(*) AS n FROM (SELECT 'item' AS kind, itemid AS name FROM item UNION ALL "
        "SELECT 'place' AS kind, name FROM location) GROUP BY kind HAVING COUNT(*) > 2"
    )

    assert rows == [{"kind": "item", "names": "SKU-21, SKU-20, LOT-31", "n": "3"}]
    assert purchase_order


def test_listagg_distinct(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT LISTAGG(DISTINCT l.location, ',') WITHIN GROUP (ORDER BY l.location) AS places "
        "FROM transactionline l"
    )

    assert rows == [{"places": "7"}]
    assert purchase_order


def test_oracle_outer_joins_keep_their_rows(query: Query, purchase_order: int) -> None:
    rows = query(
        "SELECT i.itemid, l.quantity FROM item i, transactionline l WHERE i.id = l.item(+) "
        "ORDER BY i.id"
    )

    assert rows == [
        {"itemid": "SKU-20", "quantity": "100"},
        {"itemid": "SKU-21", "quantity": "10"},
        {"itemid": "LOT-31"},
    ]
    assert purchase_order


def test_parameters_stay_with_their_conditions(query: Query, purchase_order: int) -> None:
    joined = query(
        "SELECT i.itemid, l.quantity FROM item i, transactionline l WHERE i.id > ? "
        "AND i.id = l.item(+) AND l.quantity(+) > ? ORDER BY i.id",
        "20",
        "50",
    )
    decoded = query("SELECT DECODE(?, 'a', 'one', 'b', 'two', ?) AS x FROM dual", "b", "many")
    limited = query(
        "SELECT COUNT(*) AS n, ? AS x FROM item WHERE id > ? AND ROWNUM <= 5 ORDER BY 1",
        "first",
        "20",
    )
    quoted = query("SELECT '?' AS mark, ? AS x FROM dual -- why?", "y")

    assert joined == [{"itemid": "SKU-21"}, {"itemid": "LOT-31"}]
    assert decoded == [{"x": "two"}]
    assert limited == [{"n": "2", "x": "first"}]
    assert quoted == [{"mark": "?", "x": "y"}]
    assert purchase_order


def test_sums_of_money_are_exact(sim: NetSuiteSim, query: Query) -> None:
    vendor = 1722
    for number in range(10):
        sim.create(
            "vendorBill",
            {
                "entity": vendor,
                "tranId": f"B{number}",
                "expense": {"items": [{"account": 61, "amount": "0.10"}]},
            },
        )

    assert query("SELECT SUM(foreigntotal) AS total FROM transaction") == [{"total": "-1"}]
    assert query("SELECT SUM(foreigntotal) * 3 AS total FROM transaction") == [{"total": "-3"}]


def test_nulls_sort_last(query: Query, sim: NetSuiteSim) -> None:
    sim.add_item("A-1", upc="1")

    assert query("SELECT itemid FROM item ORDER BY upccode, id")[0] == {"itemid": "A-1"}


def test_star_shows_what_may_be_seen(query: Query) -> None:
    row = query("SELECT * FROM location WHERE id = 6")[0]

    assert row["name"] == "Warehouse One"
    assert not [key for key in row if key.startswith("_")]


def test_unnamed_expressions_get_names(query: Query) -> None:
    assert query("SELECT COUNT(*), MAX(id) FROM item") == [{"expr1": "3", "expr2": "31"}]


def test_without_oneworld_there_are_no_subsidiaries(clock: Clock) -> None:
    sim = NetSuiteSim(clock=clock, preferences=Preferences(one_world=False))
    client = TestClient(sim.app, headers={"Authorization": f"Bearer {sim.issue_token()}"})
    column = page(client, "SELECT subsidiary FROM transaction", "limit=10")
    table = page(client, "SELECT id FROM subsidiary", "limit=10")

    assert (
        "Unknown identifier 'subsidiary'. Available identifiers are: {transaction=transaction}."
        in column["o:errorDetails"][0]["detail"]
    )
    assert "Invalid search type: subsidiary." in table["o:errorDetails"][0]["detail"]


def test_deleted_records_are_listed(query: Query, sim: NetSuiteSim, purchase_order: int) -> None:
    sim.delete("purchaseOrder", purchase_order)
    rows = query(
        "SELECT recordid, type, TO_CHAR(deleteddate,'YYYY-MM-DD') AS d FROM deletedrecord"
    )

    assert rows == [{"recordid": str(purchase_order), "type": "Purchase Order", "d": "2026-11-20"}]


def test_increments_see_each_change_once_by_the_pair_of_time_and_id(
    sim: NetSuiteSim, clock: Clock, query: Query, purchase_order: int
) -> None:
    text = (
        "SELECT id FROM transaction WHERE lastmodifieddate > TO_DATE(?,'YYYY-MM-DD HH24:MI:SS') "
        "OR (lastmodifieddate = TO_DATE(?,'YYYY-MM-DD HH24:MI:SS') AND id > ?) "
        "ORDER BY lastmodifieddate, id"
    )
    seen = "2026-11-20 10:00:00"
    before = query(text, seen, seen, str(purchase_order))
    clock.advance(timedelta(seconds=5))
    sim.edit("purchaseOrder", purchase_order, {"memo": "changed"})
    after = query(text, seen, seen, str(purchase_order))

    assert before == []
    assert after == [{"id": str(purchase_order)}]


@pytest.mark.parametrize(
    "table",
    [
        "transaction",
        "transactionline",
        "transactionaccountingline",
        "previoustransactionlinelink",
        "nexttransactionlinelink",
        "previoustransactionlink",
        "nexttransactionlink",
        "item",
        "aggregateitemlocation",
        "inventoryitemlocations",
        "inventorybalance",
        "inventorynumber",
        "itembinquantity",
        "location",
        "vendor",
        "vendorsubsidiaryrelationship",
        "customer",
        "entity",
        "subsidiary",
        "account",
        "accountingperiod",
        "transactionshipment",
        "trackingnumbermap",
        "trackingnumber",
        "deletedrecord",
        "systemnote",
        "inboundshipment",
        "inboundshipmentitem",
        "companyfeaturesetup",
        "currency",
        "unitstype",
        "unitstypeuom",
        "kitItemMember",
        "bin",
        "department",
        "classification",
    ],
)
def test_the_tables_of_the_reference_answer(query: Query, table: str) -> None:
    assert query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"].isdigit()


KITS = "SELECT item, quantity FROM kitItemMember WHERE parentitem = ? ORDER BY linenumber"


def test_the_members_of_a_kit_are_listed(query: Query, sim: NetSuiteSim) -> None:
    sim.add_item("SET", internal_id=80, kind="Kit", members={"SKU-21": 1, "SKU-20": 2})

    assert query(KITS, "80") == [
        {"item": "21", "quantity": "1"},
        {"item": "20", "quantity": "2"},
    ]


@pytest.mark.parametrize(
    ("hidden", "text", "says"),
    [
        ("kitItemMember", KITS, "kititemmember"),
        ("item.isfulfillable", "SELECT isfulfillable FROM item WHERE id = ?", "isfulfillable"),
    ],
)
def test_what_a_role_may_not_see_looks_misspelt(
    refused_query: Refused, sim: NetSuiteSim, hidden: str, text: str, says: str
) -> None:
    sim.hide_names(hidden)

    assert says in refused_query(text, "80").lower()
