"""Walking through all kinds of ShipBob's pages (ShipBob reference, section 6).

A walk does not stop at a short page, follows ``next`` in all its forms, gives each row once, and
ends even if ShipBob's cursors go in circles. Of a URL in ``next`` only the query is used: the walk
stays at the address where it began.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar
from urllib.parse import unquote

import msgspec

from ml_connector.errors import Retryable
from ml_connector.shipbob import payloads
from ml_connector.transport.call import Answer

T = TypeVar("T")

Parameters = Mapping[str, str]
Spoil = Callable[[object, msgspec.ValidationError], bool]
"""Notes a row that can't be read; returns whether it is news."""

Fetch = Callable[[Parameters], Awaitable[Answer]]
"""Asks for one page with these query parameters, which are not quoted yet."""

# So many pages in a row without a new row mean that the list does not end.
_MOST_STALE_PAGES: Final = 10


class Style(Enum):
    """How a resource divides its lists into pages."""

    NUMBERED = "numbered"
    """``Page`` from 1, a bare array, page headers: /order, /receiving, /shipping-method."""
    CURSOR = "cursor"
    """``{items, next}``, where next is a URL, a path, or an opaque token: the others."""


@dataclass(frozen=True, kw_only=True)
class _Page:
    rows: Sequence[object]
    following: Parameters | None


@dataclass(frozen=True, kw_only=True)
class NumberedPage(Generic[T]):
    """One page of a numbered list.

    Attributes:
        pages: how many there are of this size; None where ShipBob does not say it.
        listed: how many rows it has, with those that can't be read.
    """

    rows: Sequence[T]
    pages: int | None
    listed: int


def _raise(_row: object, error: msgspec.ValidationError) -> bool:
    raise error


def numbered_page(
    answer: Answer, decode: Callable[[object], T], *, size: int, spoil: Spoil = _raise
) -> NumberedPage[T]:
    """Read one page of a numbered list.

    Args:
        answer: ShipBob's; an empty body is an empty page.
        decode: turns one plain row into a payload.
        size: that was asked for. ShipBob may give smaller pages and count larger ones.
        spoil: notes a row that is not what ``decode`` expects; the others are returned.

    Raises:
        Retryable: the page is not JSON.
        msgspec.ValidationError: it is no list; or a row can't be read, and nobody notes it.
    """
    value = _plain(answer)
    listed = value if isinstance(value, list) else _rows(value)
    rows: list[T] = []
    for row in listed:
        try:
            rows.append(decode(row))
        except msgspec.ValidationError as error:
            spoil(row, error)
    pages = _whole(answer.header("total-pages"))
    is_counted = pages is not None and (pages <= 1 or len(listed) >= size)
    return NumberedPage(rows=rows, pages=pages if is_counted else None, listed=len(listed))


async def walk(
    fetch: Fetch,
    decode: Callable[[object], T],
    identity: Callable[[T], Hashable],
    *,
    style: Style,
    parameters: Parameters,
    spoil: Spoil = _raise,
) -> AsyncIterator[T]:
    """Yield every row of a list once, page after page.

    Args:
        fetch: asks for a page; an empty body is an empty page.
        decode: turns one plain row into a payload.
        identity: returns the key of a row; a row with a known key is left out.
        style: of the resource.
        parameters: filters and page size, sent with every page.
        spoil: notes a row that is not what ``decode`` expects; the walk goes on.

    Raises:
        Retryable: the list does not end, or a page is not JSON.
        msgspec.ValidationError: a page is no list; or a row can't be read, and nobody notes it.
    """
    seen: set[Hashable] = set()
    asked: set[tuple[tuple[str, str], ...]] = set()
    received = stale = 0
    wanted: Parameters | None = (
        {**parameters, "Page": "1"} if style is Style.NUMBERED else dict(parameters)
    )
    # A page that was read before brings nothing new: all pages after it were read as well.
    while wanted is not None and (key := _key(wanted)) not in asked:
        asked.add(key)
        answer = await fetch(wanted)
        if style is Style.NUMBERED:
            page = _numbered(answer, wanted, received)
        else:
            page = _cursor(answer, wanted)
        received += len(page.rows)
        fresh = False
        for row in page.rows:
            try:
                item = decode(row)
            except msgspec.ValidationError as error:
                fresh = spoil(row, error) or fresh
                continue
            if (one := identity(item)) not in seen:
                seen.add(one)
                fresh = True
                yield item
        stale = 0 if fresh else stale + 1
        if stale > _MOST_STALE_PAGES:
            raise Retryable("ShipBob's list goes on without an end")
        if not fresh and style is Style.NUMBERED and not _counted(answer):
            return
        wanted = page.following


def _key(parameters: Parameters) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name.lower(), value) for name, value in parameters.items()))


def _numbered(answer: Answer, parameters: Parameters, received: int) -> _Page:
    value = _plain(answer)
    rows = value if isinstance(value, list) else _rows(value)
    number = int(parameters["Page"])
    more = bool(rows)
    if (total := _whole(answer.header("total-pages"))) is not None:
        count = _whole(answer.header("total-count"))
        # The total may count larger pages than those we get, so it does not mean the end.
        missing = count is not None and received + len(rows) < count
        more = more and (number < total or missing)
    elif answer.header("next-page") == "":
        more = False
    return _Page(rows=rows, following={**parameters, "Page": str(number + 1)} if more else None)


def _cursor(answer: Answer, parameters: Parameters) -> _Page:
    value = _plain(answer)
    if isinstance(value, list):  # the old form of /channel: all of it at once (10.5)
        return _Page(rows=value, following=None)
    following = _next_parameters(value.get("next") if isinstance(value, dict) else None)
    if following is None:
        return _Page(rows=_rows(value), following=None)
    names = {name.lower() for name in following}
    kept = {name: one for name, one in parameters.items() if name.lower() not in names}
    return _Page(rows=_rows(value), following={**kept, **following})


def _counted(answer: Answer) -> bool:
    return _whole(answer.header("total-pages")) is not None


def _plain(answer: Answer) -> object:
    if not answer.body.strip():
        return []
    try:
        return payloads.read(answer.body)
    except msgspec.DecodeError:
        raise Retryable("ShipBob's answer broke off or is not JSON") from None


def _rows(value: object) -> Sequence[object]:
    """Return the rows of ``{items}``, or of ``{data}`` as the inventory history has it."""
    if not isinstance(value, dict):
        raise msgspec.ValidationError("Expected an array or an object with items")
    rows = value.get("items", value.get("data", []))
    if not isinstance(rows, list):
        raise msgspec.ValidationError("Expected an array - at `$.items`")
    return rows


def _whole(header: str | None) -> int | None:
    return int(header) if header and re.fullmatch(r"[0-9]{1,9}", header.strip()) else None


def _next_parameters(following: object) -> dict[str, str] | None:
    """Return the query parameters of the next page, from a URL, a path or a bare token."""
    if isinstance(following, int) and not isinstance(following, bool):
        following = str(following)
    if not isinstance(following, str) or not following.strip():
        return None
    text = following.strip()
    if "?" in text:  # which no base64 token has
        return _from_query(text.partition("?")[2].partition("#")[0])
    if text.lower().startswith("cursor="):
        return _from_query(text)
    if re.match(r"https?://", text, re.IGNORECASE):
        return None
    return {"Cursor": text}


def _from_query(query: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name and value:
            # A plus sign stays one: base64 cursors contain it unquoted.
            plain = unquote(name)
            found["Cursor" if plain.lower() == "cursor" else plain] = unquote(value)
    return found or None
