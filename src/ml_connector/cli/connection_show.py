"""``connection show``: one connection as it was applied."""

from typing import Annotated, Any

import typer

from ml_connector.app.connections.apply import webhook_url
from ml_connector.app.connections.as_file import applied_as_file
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.health import health
from ml_connector.cli.context import current
from ml_connector.ledger.connections import consents
from ml_connector.ledger.connections.subscriptions import SECRET_FIELD

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of the connection.")]


def show_connection(
    name: Name = None,
    toml: Annotated[
        bool,
        typer.Option("--toml", help="As the file that connection apply reads, without secrets."),
    ] = False,
) -> None:
    """Show one connection as it was applied; secrets are only named."""
    context = current()
    if name is not None:
        context.named(name)
    if toml:
        _show_file()
        return

    async def find(installation: Installation) -> dict[str, Any]:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            kept = await installation.vault.fields(one.name, on=on)
            grant = await consents.granted(on, one.name)
            arrives = await health(on, one.name)
        ours = sum(field.startswith(SECRET_FIELD) for field in kept)
        return {
            **one.stored,
            "mode": one.mode,
            "paused": one.paused,
            "held": one.held_at is not None,
            "held_at": one.held_at,
            "backup_made_at": one.backup_made_at,
            "applied_at": one.applied_at,
            "secrets": sorted(
                field for field in kept if not field.startswith((SECRET_FIELD, "shipbob.consent."))
            ),
            "webhook_url": webhook_url(installation.settings, one.name),
            "webhooks": {
                "subscriptions_looked_at": arrives.looked_at,
                "last_at": arrives.last_at,
                "clock_offset_seconds": arrives.clock_offset_seconds,
                "secrets_of_our_subscriptions": ours,
            },
            "consent": grant or {},
        }

    found = context.run(find)
    for key, value in found.items():
        if value is None:
            continue
        if isinstance(value, dict):
            context.printer.line(f"[{key}]", style="bold")
            for inner, entry in value.items():
                if entry is not None:
                    context.printer.line(f"  {inner} = {entry}")
        else:
            shown = ", ".join(value) if isinstance(value, list) else value
            context.printer.line(f"{key} = {shown}")
    context.printer.answer(found)


def _show_file() -> None:
    """Print the connection's file."""
    context = current()

    async def find(installation: Installation) -> str:
        async with installation.database.transaction() as on:
            return await applied_as_file(installation, on, await context.connection(on))

    text = context.run(find)
    context.printer.line(text.rstrip("\n"))
    context.printer.answer({"toml": text})
