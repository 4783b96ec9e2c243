"""The filter of a collection: ``?q=`` as a condition on its rows (reference 6.8, 16.6)."""

import re
from typing import Final

from ml_connector.sim.netsuite.books.books import Books, Cell
from ml_connector.sim.netsuite.values import formats, instants
from ml_connector.sim.netsuite.values.record_types import RecordType
from ml_connector.sim.netsuite.values.refusal import Refusal

_CONDITION: Final = re.compile(
    r"\s*(?P<field>\w+)\s+(?P<operator>\w+)(?:\s+(?:\"(?P<text>[^\"]*)\"|(?P<word>\S+)))?\s*"
)
_OPERATORS: Final = {
    "IS": "=",
    "IS_NOT": "<>",
    "EQUAL": "=",
    "EQUAL_NOT": "<>",
    "CONTAIN": "LIKE",
    "START_WITH": "LIKE",
    "ON": "=",
    "AFTER": ">",
    "BEFORE": "<",
    "ON_OR_AFTER": ">=",
    "ON_OR_BEFORE": "<=",
    "GREATER": ">",
    "LESS": "<",
    "GREATER_OR_EQUAL": ">=",
    "LESS_OR_EQUAL": "<=",
}
_OF_TRANSACTIONS: Final = frozenset(
    [
        "id",
        "externalid",
        "tranid",
        "trandate",
        "memo",
        "entity",
        "createddate",
        "lastmodifieddate",
        "otherrefnum",
    ]
)
_OF_SHIPMENTS: Final = frozenset(["id", "externalid", "shipmentnumber"])


def condition(books: Books, kind: RecordType, text: str) -> tuple[str, list[Cell]]:
    """The rows of a record type that a filter lets through, as SQL with its parameters.

    Raises:
        Refusal: the filter means nothing, or holds a date that is not in the account's format.
    """
    own = f"_record = '{kind.name}'" if kind.table == "transaction" else kind.only
    if not text.strip():
        return own, []
    parts: list[str] = []
    parameters: list[Cell] = []
    for at, piece in enumerate(re.split(r"\s+(AND|OR)\s+", text)):
        if at % 2:
            parts.append(piece)
            continue
        part, values = _condition(books, kind, piece)
        parts.append(part)
        parameters += values
    return f"{own} AND ({' '.join(parts)})", parameters


def _condition(books: Books, kind: RecordType, piece: str) -> tuple[str, list[Cell]]:
    match = _CONDITION.fullmatch(piece)
    operator = match["operator"].upper() if match else ""
    column = _column(kind, match["field"].lower()) if match else None
    if match is None or column is None:
        raise _bad_filter()
    if operator in ("EMPTY", "EMPTY_NOT"):
        return f'"{column}" IS {"NOT " if operator == "EMPTY_NOT" else ""}NULL', []
    value = match["text"] if match["text"] is not None else match["word"]
    if operator not in _OPERATORS or value is None:
        raise _bad_filter()
    if operator in ("CONTAIN", "START_WITH"):
        value = f"{'%' if operator == 'CONTAIN' else ''}{value}%"
    if column.endswith("date"):
        value = _date(books, value)
    return f'"{column}" {_OPERATORS[operator]} ?', [value]


def _date(books: Books, text: str) -> str:
    """A bare date in the account's format and zone; with a time it is not taken (16.6)."""
    try:
        return instants.from_datetime(formats.read_date(text, books.date_format))
    except formats.FormatError as error:
        raise _refused(
            f'Invalid search query. Parse of date/time "{text}" failed with date format '
            f'"{_spelling(books.date_format)}" in time zone {books.zone.key}'
        ) from error


def _spelling(pattern: str) -> str:
    """The account's date format as that sentence writes it: ``M/d/yy``."""
    letters = {"YYYY": "yy", "MON": "MMM", "MM": "M", "DD": "d"}
    return re.sub("YYYY|MON|MM|DD", lambda part: letters[part[0]], pattern.upper())


def _column(kind: RecordType, name: str) -> str | None:
    if kind.table == "transaction":
        return name if name in _OF_TRANSACTIONS else None
    if kind.table == "inboundshipment":
        return name if name in _OF_SHIPMENTS else None
    return name if name == "id" else kind.columns.get(name)


def _bad_filter() -> Refusal:
    return _refused("Invalid search query. Provide a valid search query.")


def _refused(detail: str) -> Refusal:
    return Refusal(400, "INVALID_PARAMETER", detail, query_param="q")
