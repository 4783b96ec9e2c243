"""What addresses of these pages ask for, and which connection they are about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.exceptions import ClientException
from litestar.params import Parameter

from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown

_LONGEST: Final = 200
_MOST_ID: Final = 2**63 - 1

Id = Annotated[int, Parameter(ge=1, le=_MOST_ID)]
"""A number of the database, in an address."""


async def applied_of(on: Connection, shown: Shown) -> AppliedConnection | None:
    """Return the connection that a page is about; None where there is none yet."""
    return await connections.find(on, shown.connection) if shown.connection else None


def nothing_yet(request: WebRequest, title: str) -> Response[bytes]:
    """Return a page that says that there is no connection yet."""
    return page(request, "no_connection.html.jinja", title=title)


def text_of(request: WebRequest, field: str) -> str | None:
    """Return a field of the address without the spaces around it; None where it is empty."""
    value = request.query_params.get(field)
    return value.strip()[:_LONGEST] or None if isinstance(value, str) else None


def number_of(request: WebRequest, field: str) -> int | None:
    """Return a field of the address that is a number; None where it is empty.

    Raises:
        ClientException: it is no number.
    """
    text = text_of(request, field)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > _MOST_ID:
        raise ClientException(detail=f"{field} is no number")
    return int(text)


def day_of(request: WebRequest, field: str) -> date | None:
    """Return a field of the address that is a day; None where it is empty.

    Raises:
        ClientException: it is no day.
    """
    text = text_of(request, field)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ClientException(detail=f"{field} is no day") from error


def begin_of(day: date | None, zone: str) -> datetime | None:
    """Return when a day begins in a zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) if day else None


def end_of(day: date | None, zone: str) -> datetime | None:
    """Return when a day ends in a zone."""
    return begin_of(day + timedelta(days=1), zone) if day else None


def key_of(after: str | None) -> int | None:
    """Return where a list of numbers goes on."""
    return int(after) if after is not None else None
