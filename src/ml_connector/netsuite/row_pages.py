"""The rows of one page of a SuiteQL answer, typed (netsuite.md section 4.2)."""

from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.words import Cause

T = TypeVar("T")

_DECODERS: Final[dict[type[Any], "msgspec.json.Decoder[RowPage[Any]]"]] = {}


class RowPage(msgspec.Struct, Generic[T], frozen=True, kw_only=True, rename="camel"):
    """One page.

    Attributes:
        items: its rows.
        total_results: rows of all pages, where the answer says so.
    """

    items: list[T] = []
    has_more: bool = False
    total_results: int | None = None


def read_page(body: bytes, row_type: type[T], operation: str) -> RowPage[T]:
    """Return the page that an answer holds.

    Args:
        body: the raw bytes.
        row_type: a struct with the columns in lower case.
        operation: name of the call, for the failure.

    Raises:
        NeedsHuman: a row has another shape than is documented.
        Retryable: it is no JSON.
    """
    try:
        if _in_lower_case(body):
            try:
                return _decoder(row_type).decode(body)
            except msgspec.ValidationError:
                pass  # perhaps a NULL that is written out: read it leniently below
        return _patiently(body, row_type, operation)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
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


def _patiently(body: bytes, row_type: type[T], operation: str) -> RowPage[T]:
    """Read keys of any case, and NULLs that are not left out."""
    page = msgspec.json.decode(body, type=RowPage[dict[str, Any]])
    rows = [
        {key.lower(): value for key, value in item.items() if value is not None}
        for item in page.items
    ]
    try:
        typed = msgspec.convert(rows, type=list[row_type], strict=False)  # type: ignore[valid-type]  # a type made at run time
    except msgspec.ValidationError as error:
        raise NeedsHuman(
            f"A row of {operation} is not what NetSuite is documented to answer: {error}",
            cause=Cause.BUG,
            remedy="Report it as a fault of this software, with the text above.",
        ) from error
    return RowPage(items=typed, has_more=page.has_more, total_results=page.total_results)
