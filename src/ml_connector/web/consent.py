"""``/oauth/shipbob/start`` and ``/oauth/shipbob/callback``: consent in the browser.

Only the state ties ShipBob's answer to the consent that was begun: a cross-site POST carries no
Lax cookie (ShipBob reference, section 3.2).
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import psycopg
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from ml_connector.app.sign_in.consent_paths import CALLBACK_PATH, START_PATH
from ml_connector.app.sign_in.consent_refusals import TooManyConsents
from ml_connector.errors import ConnectorError, UserError
from ml_connector.storage.database import DatabaseAway
from ml_connector.transport.guard.guard import is_literal_loopback
from ml_connector.web.pages import page, resend_page

MOST_BYTES: Final = 64 * 1024

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_HOST: Final = re.compile(
    r"(?P<name>localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:]{2,39}\])(?::(?P<port>[0-9]{1,5}))?",
    re.IGNORECASE,
)
_LAST_PORT: Final = 65_535
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_AWAY: Final = "The database can't be reached just now"


class Given(Protocol):
    """The result of a consent that was given."""

    @property
    def connection(self) -> str:
        """Name of the connection."""
        ...

    @property
    def channel(self) -> str:
        """The channel that is written to, or why that is not clear."""
        ...

    @property
    def channel_clear(self) -> bool:
        """Whether the channel is clear."""
        ...

    @property
    def missing(self) -> Sequence[str]:
        """Permissions that were not granted."""
        ...

    @property
    def woken(self) -> int:
        """Number of stopped subjects that run again."""
        ...

    @property
    def back(self) -> str:
        """Where the browser goes on; empty: nowhere."""
        ...


class Gives(Protocol):
    """Begins and ends consents."""

    async def begin(self, name: str, *, ticket: str, local_base: str | None) -> str:
        """Return the address at ShipBob that the browser goes to.

        Raises UserError or ConnectorError.
        """
        ...

    async def finish(self, *, state: str, code: str, error: str) -> Given:
        """Store what a consent gave, or raise UserError or ConnectorError."""
        ...


def consent_handlers(consents: Gives) -> list[HTTPRouteHandler]:
    """Return the handlers of both routes."""

    @get(START_PATH)
    async def start(request: Request[Any, Any, State]) -> Response[str]:
        return await _begin(consents, request)

    @get(CALLBACK_PATH)
    async def callback(request: Request[Any, Any, State]) -> Response[str]:
        if "state" not in request.query_params:
            return resend_page(CALLBACK_PATH)
        return await _finish(consents, dict(request.query_params))

    @post(CALLBACK_PATH)
    async def callback_form(request: Request[Any, Any, State]) -> Response[str]:
        size = request.headers.get("content-length", "0")
        if not size.isdigit() or int(size) > MOST_BYTES:
            return page(
                "That is too much",
                ["ShipBob's answer is much smaller."],
                tone="bad",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        body = await request.body()
        fields = dict(parse_qsl(body[:MOST_BYTES].decode("utf-8", "replace")))
        return await _finish(consents, fields)

    return [start, callback, callback_form]


async def _begin(consents: Gives, request: Request[Any, Any, State]) -> Response[str]:
    name = request.query_params.get("connection", "")
    ticket = request.query_params.get("link", "")
    if not _NAME.fullmatch(name):
        return page(
            "Which connection?",
            ["The address does not name a connection that there could be."],
            tone="bad",
            next_step="Use the link that ml-connector connection consent prints.",
            status=HTTPStatus.BAD_REQUEST,
        )
    try:
        there = await consents.begin(name, ticket=ticket, local_base=local_base(request))
    except (DatabaseAway, psycopg.OperationalError):
        return _away()
    except TooManyConsents as error:
        return _refused(error, HTTPStatus.TOO_MANY_REQUESTS)
    except (UserError, ConnectorError) as error:
        return _refused(error, HTTPStatus.FORBIDDEN)
    return _sent_on(there, HTTPStatus.FOUND)


def _sent_on(there: str, status: int) -> Response[str]:
    return Response(
        "",
        status_code=status,
        headers={
            "location": there,
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
        },
    )


async def _finish(consents: Gives, fields: Mapping[str, str]) -> Response[str]:
    try:
        given = await consents.finish(
            state=fields.get("state", ""),
            code=fields.get("code", ""),
            error=fields.get("error", ""),
        )
    except (DatabaseAway, psycopg.OperationalError):
        return _away()
    except (UserError, ConnectorError) as error:
        return _refused(error, HTTPStatus.BAD_REQUEST)
    if given.back:
        return _sent_on(given.back, HTTPStatus.SEE_OTHER)
    facts = {"Connection": given.connection}
    texts = ["From now on the connector renews its access by itself. You can close this page."]
    next_step = ""
    if given.channel_clear and given.channel:
        facts["Writes to channel"] = given.channel
    else:
        next_step = given.channel
    if given.missing:
        facts["Not granted"] = ", ".join(given.missing)
    if given.woken:
        facts["Events that go on"] = str(given.woken)
    return page("ShipBob is connected", texts, tone="good", facts=facts, next_step=next_step)


def local_base(request: Request[Any, Any, State]) -> str | None:
    """Return this service's own address when the browser is surely on this machine.

    That is so when the request comes from a loopback address, asks for a loopback address, was
    not forwarded by a proxy, and was not caused by a page of another site.
    """
    client = request.client.host if request.client else ""
    hosts = request.headers.getall("host", [])
    own = _own_address(hosts[0]) if len(hosts) == 1 else None
    if any(request.headers.get(header) for header in _FORWARDED):
        return None
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return None
    return own if is_literal_loopback(client) else None


def _own_address(host: str) -> str | None:
    """Return the address that a ``Host`` header stands for; None when that is not this machine.

    Nothing but a host and a port gets through (RFC 9110, section 7.2): whatever else stood there
    would become part of where ShipBob sends the browser, with the code in its hands.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name, port = found["name"].lower(), found["port"]
    if not is_literal_loopback(name.strip("[]")) or not 0 < int(port or 80) <= _LAST_PORT:
        return None
    return f"http://{name}:{int(port)}" if port else f"http://{name}"


def _refused(error: UserError | ConnectorError, status: int) -> Response[str]:
    if isinstance(error, UserError):
        where, next_step = error.where, error.next_step
    else:
        where, next_step = "", error.remedy
    return page(
        "ShipBob is not connected",
        [f"{error}.", f"Where: {where}" if where else ""],
        tone="bad",
        next_step=next_step,
        link=(back, "Back to the set-up") if (back := getattr(error, "back", "")) else None,
        status=status,
    )


def _away() -> Response[str]:
    return page(
        "Not just now",
        [f"{_AWAY}."],
        tone="bad",
        next_step="Open the link again in a minute.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )
