"""Users: who may sign in, added, removed, given another role or password."""

from http import HTTPStatus

from litestar import Response, get, post

from ml_connector.app.users import users
from ml_connector.errors import UserError
from ml_connector.ledger.people import users as people
from ml_connector.web.address import WebRequest
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import Role

_PATH = "/users"


@get(_PATH, guards=[needs("users")])
async def users_page(request: WebRequest) -> Response[bytes]:
    """List who may sign in."""
    return await _listed(request)


@post(_PATH, guards=[needs("users")], status_code=HTTPStatus.SEE_OTHER)
async def add_user(request: WebRequest, who: Who) -> Response[bytes]:
    """Let somebody sign in."""
    console = Console.of(request)
    typed = await Typed.into(request)
    name, password = typed.text("name").lower(), typed.secret("password")
    try:
        role = typed.role("role")
        users.check_new(name, password)
        hashed = await console.comparing.hashed(password)
        async with console.database.transaction() as on:
            await users.add(on, name, role, hashed, by=who.name)
    except UserError as error:
        return await _listed(request, error=error, name=name)
    return see_other(f"{_PATH}#user-{name}")


@post(f"{_PATH}/{{name:str}}/role", guards=[needs("users")], status_code=HTTPStatus.SEE_OTHER)
async def set_role(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Give somebody another role."""
    typed = await Typed.into(request)
    try:
        async with Console.of(request).database.transaction() as on:
            await users.set_role(on, name, typed.role("role"), by=who.name)
    except UserError as error:
        return await _listed(request, error=error)
    return see_other(_PATH)


@post(f"{_PATH}/{{name:str}}/password", guards=[needs("users")], status_code=HTTPStatus.SEE_OTHER)
async def set_password(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Give somebody another password; their sessions end."""
    console = Console.of(request)
    password = (await Typed.into(request)).secret("password")
    try:
        users.check_new(name, password)
        hashed = await console.comparing.hashed(password)
        async with console.database.transaction() as on:
            await users.set_password(on, name, hashed, by=who.name)
    except UserError as error:
        return await _listed(request, error=error)
    return see_other(_PATH)


@post(f"{_PATH}/{{name:str}}/sign-out", guards=[needs("users")], status_code=HTTPStatus.SEE_OTHER)
async def end_sessions(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Sign somebody out everywhere."""
    async with Console.of(request).database.transaction() as on:
        await users.end_sessions(on, name, by=who.name)
    return see_other(_PATH)


@post(f"{_PATH}/{{name:str}}/remove", guards=[needs("users")], status_code=HTTPStatus.SEE_OTHER)
async def remove_user(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let somebody not sign in any more."""
    try:
        async with Console.of(request).database.transaction() as on:
            await users.remove(on, name, by=who.name)
    except UserError as error:
        return await _listed(request, error=error)
    return see_other(_PATH)


async def _listed(
    request: WebRequest, *, error: UserError | None = None, name: str = ""
) -> Response[bytes]:
    async with Console.of(request).database.single() as on:
        found = await people.every(on)
    return page(
        request,
        "users.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        users=found,
        roles=list(Role),
        error=error,
        name=name,
    )


ROUTES = (users_page, add_user, set_role, set_password, end_sessions, remove_user)
