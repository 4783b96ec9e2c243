"""ShipBob's four styles of pagination, one class or function each (reference shipbob.md, 6)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from ml_connector.sim.shipbob.http.answers import Answer
from ml_connector.sim.shipbob.http.call import BadValueError, Call, Query

Row = TypeVar("Row")
View = Callable[[Row], object]

DEFAULT_SIZE = 50
LARGEST_SIZE = 250


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """What an opaque cursor holds: where to go on, and the filters of the first call."""

    start: int
    query: str

    def text(self) -> str:
        """As it travels."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @staticmethod
    def read(text: str) -> "Cursor":
        """The cursor of a text that ``text`` made.

        Raises:
            BadValueError: it is something else.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Cursor)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            raise BadValueError("Cursor", "The cursor is not valid.") from None


def page_size(query: Query, names: Sequence[str], *, default: int, largest: int) -> int:
    """The page size under any of its names.

    Raises:
        BadValueError: it is not between 1 and ``largest``.
    """
    for name in names:
        size = query.number(name)
        if size is not None:
            if not 1 <= size <= largest:
                text = f"The field {name} must be between 1 and {largest}."
                raise BadValueError(name, text)
            return size
    return default


def numbered_page(call: Call, rows: Sequence[Row], view: View[Row], *, size: int) -> Answer:
    """``/order``, ``/receiving``: a bare array with the page in the headers.

    A page past the end is an empty array.
    """
    page = call.query.number("Page")
    page = 1 if page is None else page
    if page < 1:
        raise BadValueError("Page", "The field Page must be at least 1.")
    pages = max(-(-len(rows) // size), 1)
    shown = rows[(page - 1) * size : page * size]

    def href(number: int) -> str:
        kept = [
            pair
            for pair in parse_qsl(call.query.raw, keep_blank_values=True)
            if pair[0].lower() != "page"
        ]
        return f"/{call.version}{call.path}?{urlencode([*kept, ('Page', number)], safe=',:')}"

    headers = {
        "page-number": str(page),
        "page-size": str(size),
        "total-pages": str(pages),
        "total-count": str(len(rows)),
        "first-page": href(1),
        "last-page": href(pages),
    }
    if page < pages:
        headers["next-page"] = href(page + 1)
    if page > 1:
        headers["prev-page"] = href(min(page - 1, pages))
    return Answer(200, [view(row) for row in shown], headers)


class CursorPages(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """``/product``, ``/inventory*``, ``/channel``, ``/webhook``: ``{items, next, prev}``.

    Attributes:
        path: what ``next`` begins with; ``/Product`` without a version was seen live.
        ends: ``first`` and ``last`` are given too.
        default: the page size when none is asked for.
        cap: a size that is never exceeded whatever is asked, as seen on some endpoints.
        overlap: how many rows of a page come again on the next one, as was reported.
    """

    path: str
    ends: bool = True
    default: int = DEFAULT_SIZE
    cap: int = LARGEST_SIZE
    overlap: int = 0

    def query(self, call: Call) -> Query:
        """The filters that count: with a cursor, those of the first call."""
        text = call.query.text("Cursor")
        return Query(Cursor.read(text).query) if text else call.query

    def answer(self, call: Call, rows: Sequence[Row], view: View[Row]) -> Answer:
        """One page of ``rows``."""
        text = call.query.text("Cursor")
        query = self.query(call)
        asked = page_size(
            query, ("PageSize", "RecordsPerPage"), default=self.default, largest=LARGEST_SIZE
        )
        size = min(asked, self.cap)
        step = max(size - self.overlap, 1)
        start = Cursor.read(text).start if text else 0

        def link(position: int) -> str:
            return f"{self.path}?cursor={Cursor(start=position, query=query.raw).text()}"

        body: dict[str, object] = {
            "items": [view(row) for row in rows[start : start + size]],
            "next": link(start + step) if start + size < len(rows) else None,
            "prev": link(max(start - step, 0)) if start > 0 else None,
        }
        if self.ends:
            body["first"] = link(0)
            body["last"] = link(max((len(rows) - 1) // size, 0) * size)
        return Answer(200, body)


def return_page(call: Call, rows: Sequence[Row], view: View[Row], *, size: int) -> Answer:
    """``/return``: the cursor is a page number and the links are absolute URLs."""
    page = call.query.number("Cursor")
    page = 1 if page is None else page
    if page < 1:
        raise BadValueError("Cursor", "The field Cursor must be at least 1.")
    pages = max(-(-len(rows) // size), 1)

    def href(number: int) -> str:
        kept = [
            pair
            for pair in parse_qsl(call.query.raw, keep_blank_values=True)
            if pair[0].lower() != "cursor"
        ]
        query = urlencode([*kept, ("Cursor", number)], safe=",:")
        return f"{call.base_url}/{call.version}{call.path}?{query}"

    body = {
        "items": [view(row) for row in rows[(page - 1) * size : page * size]],
        "first": href(1),
        "last": href(pages),
        "next": href(page + 1) if page < pages else None,
        "prev": href(min(page - 1, pages)) if page > 1 else None,
    }
    headers = {
        "page-number": str(page),
        "page-size": str(size),
        "total-pages": str(pages),
        "total-count": str(len(rows)),
    }
    return Answer(200, body, headers)


def token_page(
    rows: Sequence[Row], view: View[Row], *, cursor: Cursor, size: int
) -> dict[str, object]:
    """Billing: ``{items, next, prev, first, last}`` where the four are opaque tokens."""

    def token(position: int) -> str:
        return Cursor(start=position, query=cursor.query).text()

    start = cursor.start
    return {
        "items": [view(row) for row in rows[start : start + size]],
        "first": token(0),
        "last": token(max((len(rows) - 1) // size, 0) * size),
        "next": token(start + size) if start + size < len(rows) else None,
        "prev": token(max(start - size, 0)) if start > 0 else None,
    }
