"""``token``: with which programs call the API."""

from datetime import datetime
from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.users import api_tokens
from ml_connector.cli.context import current
from ml_connector.cli.times import later
from ml_connector.cli.users import role_named
from ml_connector.ledger.people import api_tokens as kept
from ml_connector.ledger.people.api_tokens import ApiToken
from ml_connector.secret import Secret

commands = typer.Typer(
    help="Tokens with which programs call the API.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which program it is for.")]


@commands.command("add")
def add(
    name: Name,
    scope: Annotated[
        str,
        typer.Option(
            "--scope", metavar="SCOPE", help="As a role: viewer, warehouse, finance or admin."
        ),
    ],
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            metavar="TIME",
            help="When it ends: 2027-01-31, 2027-01-31T10:00, or a span like 90d.",
            show_default="never",
        ),
    ] = None,
) -> None:
    """Make a token and show it, which happens only once."""
    context = current()
    wanted = role_named(scope, "--scope")
    ends = later(expires, "--expires") if expires else None

    async def do(installation: Installation) -> Secret:
        async with installation.database.transaction() as on:
            return await api_tokens.add(on, name, wanted, expires_at=ends, by=context.person())

    token = context.run(do)
    context.printer.line(token.reveal())
    context.printer.line(
        f"It may do what the role {wanted} may, {_until(ends)}. It is shown only now.",
        style="bold",
    )
    context.printer.answer(
        {"name": name, "scope": wanted, "expires_at": ends, "token": token.reveal()}
    )


@commands.command("list")
def list_tokens() -> None:
    """List the tokens, without what their holders show."""
    context = current()

    async def find(installation: Installation) -> list[ApiToken]:
        async with installation.database.transaction() as on:
            return await kept.every(on)

    found = context.run(find)
    context.printer.table(
        ["name", "scope", "ends", "last used", "made by"],
        [
            [one.name, one.scope, _time(one.expires_at), _time(one.used_at), one.made_by]
            for one in found
        ],
        empty="There is no token. Make one with: ml-connector token add NAME --scope viewer",
    )
    context.printer.answer({"tokens": found})


@commands.command("remove")
def remove(name: Name) -> None:
    """Remove a token: from now on it opens nothing."""
    context = current()

    async def do(installation: Installation) -> ApiToken:
        async with installation.database.transaction() as on:
            return await api_tokens.remove(on, name, by=context.person())

    gone = context.run(do)
    context.printer.line(f"The token {gone.name} opens nothing any more.")
    context.printer.answer({"name": gone.name, "removed": True})


def _until(at: datetime | None) -> str:
    return f"until {_time(at)}" if at else "without end"


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
