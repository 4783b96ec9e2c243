"""``user``: who may sign in to the console, and what they may do."""

from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.users import passwords, users
from ml_connector.app.users.users import OpenSession
from ml_connector.cli.context import current
from ml_connector.cli.passwords import choose_password
from ml_connector.errors import UserError
from ml_connector.ledger.people import users as people
from ml_connector.ledger.people.users import User
from ml_connector.words import Role

commands = typer.Typer(
    help="Who may sign in to the console, and what they may do.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="With which they sign in.")]
OfRole = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="viewer, warehouse, finance or admin.")
]

_ONCE = "This password is shown only now."


@commands.command("add")
def add(name: Name, role: OfRole) -> None:
    """Let somebody sign in."""
    context, wanted = current(), role_named(role, "--role")
    password, made_up = choose_password(name, name=name)
    users.check_new(name, password, where="what you typed")
    kept = passwords.hashed(password)

    async def do(installation: Installation) -> User:
        async with installation.database.transaction() as on:
            return await users.add(on, name, wanted, kept, by=context.person())

    user = context.run(do)
    shown = f", password {password.reveal()}" if made_up else ""
    context.printer.line(f"{user.name} may sign in, with the role {user.role}{shown}.")
    if made_up:
        context.printer.line(_ONCE, style="bold")
    context.printer.answer(
        {
            "name": user.name,
            "role": user.role,
            **({"password": password.reveal()} if made_up else {}),
        }
    )


@commands.command("list")
def list_users() -> None:
    """List who may sign in."""
    context = current()

    async def find(installation: Installation) -> list[User]:
        async with installation.database.transaction() as on:
            return await people.every(on)

    found = context.run(find)
    context.printer.table(
        ["name", "role", "last seen", "since"],
        [
            [
                user.name,
                user.role,
                f"{user.seen_at:%Y-%m-%d %H:%M} UTC" if user.seen_at else "",
                f"{user.created_at:%Y-%m-%d %H:%M} UTC",
            ]
            for user in found
        ],
        empty="Nobody may sign in. Run: ml-connector init",
    )
    context.printer.answer({"users": found})


@commands.command("role")
def role(name: Name, role: OfRole) -> None:
    """Give somebody another role, which holds from their next click on."""
    context, wanted = current(), role_named(role, "--role")

    async def do(installation: Installation) -> User:
        async with installation.database.transaction() as on:
            return await users.set_role(on, name, wanted, by=context.person())

    user = context.run(do)
    context.printer.line(f"{user.name} has the role {user.role} now.")
    context.printer.answer({"name": user.name, "role": user.role})


@commands.command("password")
def password(name: Name) -> None:
    """Give somebody another password; their sessions end."""
    context = current()
    wanted, made_up = choose_password(name, name=name)
    kept = passwords.hashed(wanted)

    async def do(installation: Installation) -> int:
        async with installation.database.transaction() as on:
            return await users.set_password(on, name, kept, by=context.person())

    ended = context.run(do)
    shown = f": {wanted.reveal()}" if made_up else ""
    context.printer.line(f"{name} has another password{shown}. Sessions that ended: {ended}.")
    if made_up:
        context.printer.line(_ONCE, style="bold")
    context.printer.answer(
        {
            "name": name,
            "sessions_ended": ended,
            **({"password": wanted.reveal()} if made_up else {}),
        }
    )


@commands.command("sessions")
def list_sessions(name: Name) -> None:
    """List where somebody is signed in."""
    context = current()

    async def find(installation: Installation) -> list[OpenSession]:
        async with installation.database.transaction() as on:
            return await users.open_sessions(on, name)

    found = context.run(find)
    context.printer.table(
        ["id", "since", "last used", "address", "browser"],
        [
            [
                one.id,
                f"{one.began_at:%Y-%m-%d %H:%M} UTC",
                f"{one.seen_at:%Y-%m-%d %H:%M} UTC",
                one.address,
                one.browser,
            ]
            for one in found
        ],
        empty=f"{name} is signed in nowhere.",
    )
    context.printer.answer({"name": name, "sessions": found})


@commands.command("sign-out")
def sign_out(
    name: Name,
    session: Annotated[
        str | None,
        typer.Option("--session", metavar="ID", help="Only this one, as user sessions lists it."),
    ] = None,
) -> None:
    """Sign somebody out everywhere, or end one of their sessions."""
    context = current()

    async def do(installation: Installation) -> int:
        async with installation.database.transaction() as on:
            if session is None:
                return await users.end_sessions(on, name, by=context.person())
            return await users.end_session(on, name, session, by=context.person())

    ended = context.run(do)
    context.printer.line(f"Sessions of {name} that ended: {ended}.")
    context.printer.answer({"name": name, "sessions_ended": ended})


@commands.command("remove")
def remove(name: Name) -> None:
    """Let somebody not sign in any more; their sessions end."""
    context = current()

    async def do(installation: Installation) -> User:
        async with installation.database.transaction() as on:
            return await users.remove(on, name, by=context.person())

    gone = context.run(do)
    context.printer.line(f"{gone.name} may not sign in any more.")
    context.printer.answer({"name": gone.name, "removed": True})


def role_named(text: str, option: str) -> Role:
    """Return the role of that name.

    Raises:
        UserError: there is none.
    """
    try:
        return Role(text)
    except ValueError:
        raise UserError(
            f'There is no role "{text}"',
            where=option,
            next_step=f"Write one of {', '.join(Role)}.",
            usage=True,
        ) from None
