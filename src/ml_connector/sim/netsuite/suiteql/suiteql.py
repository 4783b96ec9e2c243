"""POST /services/rest/query/v1/suiteql (reference 4)."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from ml_connector.sim.netsuite.books.books import Books, Cell
from ml_connector.sim.netsuite.suiteql.dialect import search_error
from ml_connector.sim.netsuite.suiteql.resolver import Hidden
from ml_connector.sim.netsuite.suiteql.rewriter import rewrite
from ml_connector.sim.netsuite.values import formats, instants, numbers
from ml_connector.sim.netsuite.values.refusal import Refusal, invalid_request
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.netsuite_queries import NULLS, NUMBERS, RESULT_KEYS

MAX_LIMIT: Final = 1000
MAX_ROWS: Final = 100_000

_UNSUPPORTED: Final = "Invalid or unsupported search."


def run(
    books: Books,
    *,
    body: object,
    query: Mapping[str, str],
    url: str,
    hidden: Hidden,
    connection: sqlite3.Connection,
    readings: Readings,
) -> dict[str, object]:
    """Answer one query.

    Args:
        books: what is asked.
        body: the decoded JSON body ``{"q": ..., "params": [...]}``.
        query: the URL's parameters ``limit`` and ``offset``.
        url: the address without parameters, for the links.
        hidden: what features and the role hide.
        connection: to the books as queries see them now.
        readings: how rows are written.

    Returns:
        the page of reference 4.2: strings only, NULLs left out, lower-case keys.

    Raises:
        Refusal: the query, its parameters or the paging are wrong.
    """
    text, parameters = _question(body)
    limit, offset = _paging(query)
    rewritten = rewrite(text, hidden)
    if len(parameters) != rewritten.parameters:
        raise search_error(
            f"{rewritten.parameters} parameters are expected, {len(parameters)} are given"
        )
    rows, total = _rows(books, connection, rewritten.sql, parameters, (limit, offset))
    upper = readings[RESULT_KEYS] == "upper"
    names = tuple(map(str.upper, rewritten.names)) if upper else rewritten.names
    shape = _Shape(books.date_format, nulls=readings[NULLS] == "null", numbers=readings[NUMBERS])
    items = [shape.item(names, row) for row in rows]
    return {
        "links": page_links(url, limit, offset, total),
        "count": len(items),
        "hasMore": offset + len(items) < total,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }


def _question(body: object) -> tuple[str, Sequence[Cell]]:
    if not isinstance(body, dict) or not isinstance(body.get("q"), str):
        raise invalid_request("The request body must be a JSON object with a query in q.")
    given = body.get("params") or []
    if not isinstance(given, list):
        raise invalid_request("params must be a list.")
    parameters: list[Cell] = []
    for value in given:
        if isinstance(value, bool):
            parameters.append("T" if value else "F")
        elif value is None or isinstance(value, str):
            parameters.append(value or None)
        else:
            parameters.append(_number(value))
    return body["q"], parameters


def _number(value: object) -> str:
    try:
        return numbers.text(numbers.exact(value))
    except (TypeError, ValueError) as error:
        raise invalid_request("params holds texts and numbers only.") from error


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    limit = _whole(query, "limit", MAX_LIMIT)
    offset = _whole(query, "offset", 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise _bad_paging("limit", f"The limit must be a number between 1 and {MAX_LIMIT}.")
    if offset % limit:
        raise _bad_paging("offset", "The offset must be divisible by the limit.")
    if offset + limit > MAX_ROWS or offset // limit >= MAX_LIMIT:
        raise _bad_paging(
            "offset", f"A query returns at most {MAX_ROWS} rows in at most {MAX_LIMIT} pages."
        )
    return limit, offset


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise _bad_paging(name, f"The {name} must be a number.")
    return int(text)


def _bad_paging(name: str, detail: str) -> Refusal:
    return Refusal(400, "INVALID_PARAMETER", detail, query_param=name)


def _rows(
    books: Books,
    connection: sqlite3.Connection,
    sql: str,
    parameters: Sequence[Cell],
    page: tuple[int, int],
) -> tuple[list[tuple[Cell, ...]], int]:
    """The page's rows, and how many the query has in all."""
    limit, offset = page
    with books.lock:
        cursor = connection.cursor()
        cursor.row_factory = None
        try:
            cursor.execute(sql, {f"p{at}": value for at, value in enumerate(parameters, 1)})
            skipped = len(cursor.fetchmany(offset)) if offset else 0
            rows: list[tuple[Cell, ...]] = cursor.fetchmany(limit)
            total = skipped + len(rows)
            if len(rows) == limit:
                total += len(cursor.fetchall())
        except sqlite3.Error as error:
            raise search_error(books.failures.take() or _UNSUPPORTED) from error
    return rows, total


_SUMS: Final = re.compile(r"quantity|amount|total|rate$|cost$")
"""Names of columns with quantities and amounts."""


class _Shape:
    def __init__(self, date_format: str, *, nulls: bool, numbers: str) -> None:
        self.date_format = date_format
        self.nulls = nulls
        self.numbers = numbers

    def item(self, names: Sequence[str], row: Sequence[Cell]) -> dict[str, object]:
        found: dict[str, object] = {"links": []}
        for name, value in zip(names, row, strict=True):
            if value is None or value == "":
                if self.nulls:
                    found[name] = None
                continue
            found[name] = self.written(name, value)
        return found

    def written(self, name: str, value: float | str | bytes) -> str | float:
        """A value as the account writes it."""
        is_sum = isinstance(value, int | float) and _SUMS.search(name.lower()) is not None
        if self.numbers == "text" or not is_sum:
            return self.text(value)
        if self.numbers == "number":
            return float(value)
        text = self.text(value)
        return text if "." in text else f"{text}.0"

    def text(self, value: float | str | bytes) -> str:
        if isinstance(value, bytes):
            raise search_error(_UNSUPPORTED)
        if isinstance(value, str):
            if instants.is_instant(value):
                return formats.write_date(instants.to_datetime(value), self.date_format)
            return value
        return numbers.plain(value)


def page_links(url: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    """next, prev, first, last and self, as far as they apply (reference 4.2, 4.3)."""

    def link(rel: str, at: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{url}?{urlencode({'limit': limit, 'offset': at})}"}

    links = []
    last = max(0, (total - 1) // limit * limit)
    if offset > 0:
        links += [link("first", 0), link("prev", max(0, offset - limit))]
    if offset + limit < total:
        links += [link("next", offset + limit)]
    if total > limit:
        links += [link("last", last)]
    return [*links, link("self", offset)]
