"""SuiteQL as sqlglot reads it: Oracle's grammar with every function left as it was written.

Oracle's own reader turns TO_CHAR, TRUNC and others into nodes that lose what was meant; here
they stay plain calls, so that the rewriter decides about each (reference 4.4).
"""

import re
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import SqlglotError
from sqlglot.parsers.oracle import OracleParser

from ml_connector.sim.netsuite.values.refusal import Refusal

_AGGREGATES: Final = {"COUNT", "SUM", "MIN", "MAX", "AVG", "COALESCE", "NVL"}
_SPECIAL: Final = {"CAST", "DECODE", "EXTRACT", "LISTAGG", "TRIM"}

_MARKS: Final = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\?", re.DOTALL)

MAX_IN: Final = 1000
"""Values in one IN list (reference 4.4)."""


class SuiteQL(Oracle):
    """The dialect class; use ``parse``."""

    class Parser(OracleParser):
        """Keeps only aggregates and the calls with a grammar of their own."""

        FUNCTIONS = {  # noqa: RUF012 - sqlglot's own way
            name: build for name, build in OracleParser.FUNCTIONS.items() if name in _AGGREGATES
        }
        FUNCTION_PARSERS = {  # noqa: RUF012 - sqlglot's own way
            name: build
            for name, build in OracleParser.FUNCTION_PARSERS.items()
            if name in _SPECIAL
        }


def query_error(text: str) -> Refusal:
    """Any problem in a query: 400 INVALID_PARAMETER at ``q`` (reference 9.2)."""
    return Refusal(
        400,
        "INVALID_PARAMETER",
        f"Invalid search query. Detailed unprocessed description follows. {text}",
        query_param="q",
    )


def search_error(text: str) -> Refusal:
    """The longer form that most query errors have."""
    return query_error(f"Search error occurred: {text}")


def unsupported(what: str) -> Refusal:
    """A construct that SuiteQL doesn't take. The wording after the colon is ours."""
    return search_error(f"Invalid or unsupported search: {what}.")


def number_placeholders(query: str) -> tuple[str, int]:
    """Give every ``?`` outside texts and comments a name: ``:p1``, ``:p2`` ...

    Rewriting moves and copies parts of a query; names keep each value where it belongs.

    Returns:
        the query, and how many there are.
    """
    count = 0

    def name(match: re.Match[str]) -> str:
        nonlocal count
        if match[0] != "?":
            return match[0]
        count += 1
        return f":p{count}"

    return _MARKS.sub(name, query), count


def parse(query: str) -> exp.Query:
    """Read one SELECT and refuse what SuiteQL refuses as a matter of form.

    Raises:
        Refusal: broken syntax, not a SELECT, WITH, LIMIT, a date literal, brackets, an IN list
            above 1000, Oracle and SQL-92 joins in one query (reference 4.4).
    """
    if "[" in _without_texts(query):
        raise unsupported("square brackets")
    try:
        statements = sqlglot.parse(query, read=SuiteQL)
    except SqlglotError as error:
        raise unsupported("the query can't be read") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise unsupported("one SELECT is wanted")
    tree = statements[0]
    _check_form(tree)
    return tree


def _without_texts(query: str) -> str:
    return "".join(query.split("'")[::2])


def _check_form(tree: exp.Query) -> None:
    marks = joins = False
    for node in tree.walk():
        if isinstance(node, exp.With):
            raise unsupported("WITH clause")
        if isinstance(node, exp.Limit):
            raise unsupported("LIMIT")
        if isinstance(node, exp.DateStrToDate | exp.TsOrDsToDate | exp.Introducer):
            raise unsupported("date literal")
        if isinstance(node, exp.In) and len(node.expressions) > MAX_IN:
            raise unsupported(f"more than {MAX_IN} values in an IN list")
        if isinstance(node, exp.Column) and node.args.get("join_mark"):
            marks = True
        if isinstance(node, exp.Join) and (node.args.get("on") or node.args.get("using")):
            joins = True
    if marks and joins:
        raise unsupported("Oracle and SQL-92 joins in one query")
