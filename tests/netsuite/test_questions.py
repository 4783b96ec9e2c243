"""The questions that ping sends: all that the flows ask, from where they take them."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ml_connector import netsuite
from ml_connector.netsuite import dialect
from ml_connector.netsuite.questions import ALL, MONTH_END, Question, questions, unmatched

FOLDER = Path(netsuite.__file__).parent
QUERIES = FOLDER / "queries"

NO_FLOW_ASKS = {
    "setup.CLOCK": "the check SuiteQL",
    "transactions.BY_EXTERNAL_ID": "one by one it is asked of the record service",
    "transactions.BY_MEMO": "likewise",
}
PARTS = {
    "line_links._OF_TYPE",
    "month._MONEY_COLUMNS",
    "month._STOCK_COLUMNS",
    "return_authorizations._HEADERS",
    "stock._BESIDE_KITS",
    "stock._MOVED_BY",
}
"""What queries are made of."""

PING_ASKS = {
    "setup._ACCOUNTS",
    "setup._FEATURES",
    "setup._LISTED",
    "setup._ONE_ROW",
    "setup._OPEN_ORDERS",
    "setup._SUBSIDIARIES",
    "setup._VENDORS",
}
"""What is compared with the settings, by checks of its own."""

ASKED = [
    pytest.param(one, id=f"{one.about} {number}")
    for number, one in enumerate(questions(frozenset(), ["tranid", "custbody_shop"]))
]


def queries() -> Iterator[str]:
    """Yield the constants of the query modules that hold a query, or part of one."""
    for path in sorted(QUERIES.rglob("*.py")):
        if "offered" in path.parts:
            continue  # what a person chooses from while a connection is set up
        inside = path.relative_to(FOLDER).with_suffix("").parts
        module = importlib.import_module(".".join(["ml_connector.netsuite", *inside]))
        for name, value in vars(module).items():
            texts = value.values() if isinstance(value, Mapping) else [value]
            is_query = any(isinstance(text, str) and "SELECT " in text for text in texts)
            if is_query and name.isupper():
                yield f"{path.stem}.{name}"


def named() -> set[str]:
    """Return what the table of questions takes from the query modules."""
    tree = ast.parse((FOLDER / "questions.py").read_text("utf-8"))
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.attr.isupper()
    }


def test_every_query_of_a_flow_is_a_question() -> None:
    assert set(queries()) - named() == NO_FLOW_ASKS.keys() | PARTS | PING_ASKS


@pytest.mark.parametrize("one", ASKED)
def test_a_question_is_sent_with_parameters_that_no_row_has(one: Question) -> None:
    for text in filter(None, (one.text, one.instead)):
        query, params = unmatched(text)

        dialect.check(dialect.without(query, frozenset()), params)
        assert params
        assert not re.search(r"\{\w+\}", query)


def test_only_flows_that_are_on_ask() -> None:
    off = ALL - {"billing"}
    asked = {one.about for one in questions(off, ["tranid"])}

    assert asked == {"posting periods", "bills", "the vendor", "documents", "the month"}
    assert {one.about for one in questions(ALL, ["tranid"])} == {"the month"}


def test_the_month_stops_no_flow() -> None:
    assert all(one.without for one in questions(frozenset(), []) if one.flows & MONTH_END)
