"""The rows of one page of a SuiteQL answer, typed (netsuite.md section 4.2)."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from ml_connector.errors import Retryable
from ml_connector.transport.spoiled import Spoiled

T = TypeVar("T")

# What Decimal also takes for a number; a name may be such a text as well.
_NO_NUMBER: Final = re.compile(rb'"\s*[+-]?(?:s?nan[0-9]*|inf(?:inity)?)\s*"', re.IGNORECASE)

_DECODERS: Final[dict[type[Any], "msgspec.json.Decoder[RowPage[Any]]"]] = {}


class TypedPage(NamedTuple, Generic[T]):
    """One page, typed.

    Attributes:
        items: the rows that can be read.
        listed: how many rows it has in all.
        has_more: whether another page follows.
        total_results: rows of all pages, where the answer says so.
    """

    items: list[T]
    listed: int
    has_more: bool
    total_results: int | None


class RowPage(msgspec.Struct, Generic[T], frozen=True, kw_only=True, rename="camel"):
    """One page.

    Attributes:
        items: its rows.
        total_results: rows of all pages, where the answer says so.
    """

    items: list[T] = []
    has_more: bool = False
    total_results: int | None = None


def read_page(body: bytes, row_type: type[T], operation: str, *, spoiled: Spoiled) -> TypedPage[T]:
    """Return the page that an answer holds.

    Args:
        body: the raw bytes.
        row_type: a struct with the columns in lower case.
        operation: name of the call, for the failure.
        spoiled: takes the rows that have another shape than is documented.

    Raises:
        Retryable: it is no JSON.
    """
    try:
        if _in_lower_case(body) and _NO_NUMBER.search(body) is None:
            try:
                page = _decoder(row_type).decode(body)
            except msgspec.ValidationError:
                pass  # perhaps a NULL that is written out: read it leniently below
            else:
                rows = page.items
                return TypedPage(rows, len(rows), page.has_more, page.total_results)
        return _patiently(body, row_type, spoiled)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Retryable(f"NetSuite's answer to {operation} can't be read") from error


def _decoder(row_type: type[Any]) -> msgspec.json.Decoder[RowPage[Any]]:
    decoder = _DECODERS.get(row_type)
    if decoder is None:
        page_type = RowPage[row_type]  # type: ignore[valid-type]  # a type made at run time
        decoder = _DECODERS[row_type] = msgspec.json.Decoder(page_type, strict=False)
    return decoder


def _in_lower_case(body: bytes) -> bool:
    """Whether the names of columns are in lower case, as documented, in the first and last row.

    A release of NetSuite may change their case, and a column that may be NULL would then be read
    as NULL. All rows have names of the same case.
    """
    items = msgspec.json.decode(body, type=RowPage[msgspec.Raw]).items
    names = {name for item in (*items[:1], *items[-1:]) for name in _names(item)}
    return all(name == name.lower() for name in names)


def _names(item: msgspec.Raw) -> Iterable[str]:
    return msgspec.json.decode(item, type=dict[str, Any])


def _patiently(body: bytes, row_type: type[T], spoiled: Spoiled) -> TypedPage[T]:
    """Read keys of any case, NULLs that are not left out, and each row by itself."""
    page = msgspec.json.decode(body, type=RowPage[dict[str, Any]])
    rows = [
        {key.lower(): value for key, value in item.items() if value is not None}
        for item in page.items
    ]
    typed: list[T] = []
    for row in rows:
        try:
            typed.append(_finite(msgspec.convert(row, row_type, strict=False)))
        except msgspec.ValidationError as error:
            spoiled.add(row, error)
    return TypedPage(typed, len(rows), page.has_more, page.total_results)


def _finite(row: T) -> T:
    """Return a row whose numbers are numbers: a ``Decimal`` is also made of the text NaN.

    Raises:
        msgspec.ValidationError: one is none.
    """
    for name in getattr(row, "__struct_fields__", ()):
        value = getattr(row, name)
        if isinstance(value, Decimal) and not value.is_finite():
            raise msgspec.ValidationError(f"Expected a number, got `{value}` - at `$.{name}`")
    return row
