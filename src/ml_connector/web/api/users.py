"""``/users``: who may sign in to the console."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from msgspec import Meta

from ml_connector.app.users import users
from ml_connector.app.users.users import OpenSession
from ml_connector.ledger.people import users as people
from ml_connector.ledger.people.users import User
from ml_connector.secret import Secret
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import Role


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody who may sign in."""

    users: list[User]


class NewUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is to sign in."""

    name: Annotated[str, Meta(max_length=64, examples=["dana"])]
    role: Role
    password: Annotated[
        str, Meta(min_length=10, max_length=256, examples=["four odd words there"])
    ]


class NewRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another role."""

    role: Role


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password."""

    password: Annotated[
        str, Meta(min_length=10, max_length=256, examples=["four odd words there"])
    ]


@get("/users", guards=[needs("users")], summary="List users", tags=["Users"])
async def list_users(request: WebRequest) -> Users:
    """Return who may sign in to the console."""
    async with Console.of(request).database.single() as on:
        return Users(users=await people.every(on))


@post("/users", guards=[needs("users")], summary="Add a user", tags=["Users"])
async def add_user(request: WebRequest, who: Who, data: NewUser) -> User:
    """Let somebody sign in."""
    console, password = Console.of(request), Secret(data.password)
    users.check_new(data.name, password, where="password")
    hashed = await console.comparing.hashed(password)
    async with console.database.transaction() as on:
        return await users.add(on, data.name, data.role, hashed, by=who.name)


@put("/users/{name:str}/role", guards=[needs("users")], summary="Set a role", tags=["Users"])
async def set_role(request: WebRequest, who: Who, name: str, data: NewRole) -> User:
    """Give somebody another role."""
    async with Console.of(request).database.transaction() as on:
        return await users.set_role(on, name, data.role, by=who.name)


@put(
    "/users/{name:str}/password",
    guards=[needs("users")],
    status_code=HTTPStatus.NO_CONTENT,
    summary="Set a password",
    tags=["Users"],
)
async def set_password(request: WebRequest, who: Who, name: str, data: NewPassword) -> None:
    """Give somebody another password; their sessions end."""
    console, password = Console.of(request), Secret(data.password)
    users.check_new(name, password, where="password")
    hashed = await console.comparing.hashed(password)
    async with console.database.transaction() as on:
        await users.set_password(on, name, hashed, by=who.name)


@delete("/users/{name:str}", guards=[needs("users")], summary="Remove a user", tags=["Users"])
async def remove_user(request: WebRequest, who: Who, name: str) -> None:
    """Let somebody not sign in any more; their sessions end."""
    async with Console.of(request).database.transaction() as on:
        await users.remove(on, name, by=who.name)


class OpenSessions(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is signed in."""

    sessions: list[OpenSession]


class EndedSessions(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions ended."""

    sessions_ended: int


@get(
    "/users/{name:str}/sessions",
    guards=[needs("users")],
    summary="Where a user is signed in",
    tags=["Users"],
)
async def list_sessions(request: WebRequest, name: str) -> OpenSessions:
    """Return the sessions of somebody that go on."""
    async with Console.of(request).database.transaction() as on:
        return OpenSessions(sessions=await users.open_sessions(on, name))


@delete(
    "/users/{name:str}/sessions",
    guards=[needs("users")],
    status_code=HTTPStatus.OK,
    summary="Sign a user out everywhere",
    tags=["Users"],
)
async def end_sessions(request: WebRequest, who: Who, name: str) -> EndedSessions:
    """End all sessions of somebody."""
    async with Console.of(request).database.transaction() as on:
        return EndedSessions(sessions_ended=await users.end_sessions(on, name, by=who.name))


@delete(
    "/users/{name:str}/sessions/{session:str}",
    guards=[needs("users")],
    status_code=HTTPStatus.OK,
    summary="End a session of a user",
    tags=["Users"],
)
async def end_session(request: WebRequest, who: Who, name: str, session: str) -> EndedSessions:
    """End one session of somebody; none ends where it was over."""
    async with Console.of(request).database.transaction() as on:
        ended = await users.end_session(on, name, session, by=who.name)
    return EndedSessions(sessions_ended=ended)


ROUTES = (
    list_users,
    add_user,
    set_role,
    set_password,
    remove_user,
    list_sessions,
    end_sessions,
    end_session,
)
