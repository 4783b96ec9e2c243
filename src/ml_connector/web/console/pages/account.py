"""A person's own account: their password, and where they are signed in."""

from http import HTTPStatus

from litestar import Response, get, post

from ml_connector.app.users import sign_in, users
from ml_connector.app.users.users import check_new
from ml_connector.errors import UserError
from ml_connector.ledger.people import sessions
from ml_connector.web.address import WebRequest
from ml_connector.web.console import cookies
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH = "/account"


@get(_PATH)
async def account_page(request: WebRequest, who: Who) -> Response[bytes]:
    """Show where the person is signed in."""
    return await _shown(request, who)


@post(f"{_PATH}/password", status_code=HTTPStatus.SEE_OTHER)
async def change_password(request: WebRequest, who: Who) -> Response[bytes]:
    """Take another password, from whoever knows the present one; other sessions end."""
    console = Console.of(request)
    typed = await Typed.into(request)
    wanted = typed.secret("password")
    assert who.session is not None  # noqa: S101 - a person
    try:
        check_new(who.name, wanted, where="the new password")
        await users.check_present(
            console.database, console.comparing, who.name, typed.secret("present")
        )
        hashed = await console.comparing.hashed(wanted)
        async with console.database.transaction() as on:
            await users.set_password(
                on, who.name, hashed, by=who.name, but_session=who.session.hash
            )
    except UserError as error:
        return await _shown(request, who, error=error)
    return see_other(f"{_PATH}?changed=1")


@post(f"{_PATH}/sessions/{{session:str}}/end", status_code=HTTPStatus.SEE_OTHER)
async def end_session(request: WebRequest, who: Who, session: str) -> Response[bytes]:
    """End one of the person's sessions."""
    async with Console.of(request).database.transaction() as on:
        await users.end_session(on, who.name, session, by=who.name)
    return see_other(_PATH)


@post(f"{_PATH}/sign-out-everywhere", status_code=HTTPStatus.SEE_OTHER)
async def sign_out_everywhere(request: WebRequest, who: Who) -> Response[bytes]:
    """End all sessions of the person, this one too."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        await users.end_sessions(on, who.name, by=who.name)
    return see_other("/sign-in", cookies=[cookies.no_session(request, console.settings)])


async def _shown(
    request: WebRequest, who: Who, *, error: UserError | None = None
) -> Response[bytes]:
    async with Console.of(request).database.single() as on:
        found = await sessions.of(on, who.name, sign_in.ENDS)
    return page(
        request,
        "account.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        sessions=found,
        ends=sign_in.ENDS,
        over_at=sign_in.over_at,
        error=error,
        changed=request.query_params.get("changed") == "1" and error is None,
    )


ROUTES = (account_page, change_password, end_session, sign_out_everywhere)
