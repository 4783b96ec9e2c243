"""Signing in and out."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get, post

from ml_connector.app.users import sign_in
from ml_connector.app.users.sign_in import Came, SignInPaused, SignInRefused
from ml_connector.errors import UserError
from ml_connector.web.address import WebRequest, client_address
from ml_connector.web.console import cookies, csrf
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_FRONT: Final = "/"


@get("/sign-in")
async def sign_in_page(request: WebRequest) -> Response[bytes]:
    """Ask for name and password; who is signed in already goes on."""
    console = Console.of(request)
    held = cookies.shown_session(request, console.settings)
    there = local(request.query_params.get("next", ""))
    if await sign_in.session(console.database, held) is not None:
        return see_other(there)
    return _asked(request, console, there=there)


@post("/sign-in", status_code=HTTPStatus.SEE_OTHER)
async def signing_in(request: WebRequest) -> Response[bytes]:
    """Begin a session, and end the one that the browser had."""
    console = Console.of(request)
    typed = await Typed.into(request)
    there, name = local(typed.text("next")), typed.text("name")
    visit = cookies.shown_visit(request, console.settings)
    came = Came(
        address=client_address(request, console.settings.trusted_proxies),
        browser=request.headers.get("user-agent", ""),
    )
    try:
        await csrf.check(request, visit)
        held = await sign_in.sign_in(
            console.database, console.comparing, name, typed.secret("password"), came
        )
    except UserError as error:
        return _asked(request, console, there=there, name=name, error=error)
    before = cookies.shown_session(request, console.settings)
    if before:
        async with console.database.transaction() as on:
            await sign_in.sign_out(on, sign_in.session_hash(before))
    return see_other(there, cookies=[cookies.session_cookie(request, console.settings, held)])


@post("/sign-out", status_code=HTTPStatus.SEE_OTHER)
async def sign_out(request: WebRequest, who: Who) -> Response[bytes]:
    """End this session."""
    console = Console.of(request)
    if who.session is not None:
        async with console.database.transaction() as on:
            await sign_in.sign_out(on, who.session.hash)
    return see_other("/sign-in", cookies=[cookies.no_session(request, console.settings)])


def local(path: str) -> str:
    """Return where to go on to after signing in: a page of ours, whatever the address says."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_ours or parts.scheme or parts.netloc or not path.isprintable() or "\\" in path:
        return _FRONT
    return path


def _asked(
    request: WebRequest,
    console: Console,
    *,
    there: str,
    name: str = "",
    error: UserError | None = None,
) -> Response[bytes]:
    """Return the page that asks; its form is tied to the browser by a cookie."""
    visit = cookies.shown_visit(request, console.settings)
    set_now = []
    if len(visit) != csrf.BYTES:
        visit = cookies.new_visit()
        set_now = [cookies.visit_cookie(request, console.settings, visit)]
    status = HTTPStatus.OK
    if error is not None:
        status = HTTPStatus.FORBIDDEN
    if isinstance(error, SignInRefused):
        status = HTTPStatus.UNAUTHORIZED
    if isinstance(error, SignInPaused):
        status = HTTPStatus.TOO_MANY_REQUESTS
    answer = page(
        request,
        "sign_in.html.jinja",
        status=status,
        cookies=set_now,
        form_csrf=csrf.masked(visit),
        there=there,
        name=name,
        error=error,
    )
    if isinstance(error, SignInPaused):
        answer.headers["retry-after"] = str(error.seconds)
    return answer


OPEN = (sign_in_page, signing_in)
"""Handlers that need no session."""

ROUTES = (sign_out,)
