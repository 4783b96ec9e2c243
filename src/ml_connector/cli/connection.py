"""``connection`` and ``ping``: the accounts that are kept in agreement."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ml_connector.app import applying, checks
from ml_connector.app.installation import Installation
from ml_connector.cli.context import current
from ml_connector.config.connection import read
from ml_connector.ledger import connections

commands = typer.Typer(
    help="A NetSuite account and a ShipBob account.", no_args_is_help=True, rich_markup_mode=None
)

_SIGNS = {"ok": "ok", "missing": "MISSING", "forbidden": "FORBIDDEN", "failed": "FAILED"}


@commands.command("apply")
def apply_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The connection's TOML file.")],
    ping_first: Annotated[
        bool, typer.Option("--ping/--no-ping", help="Ask both systems before saving.")
    ] = True,
) -> None:
    """Create or update one connection. Applying the same file again changes nothing."""
    context = current()
    settings = read(file)

    async def apply(installation: Installation) -> applying.Applied:
        return await applying.apply_connection(
            installation, settings, person=context.person(), ping_first=ping_first
        )

    applied = context.run(apply)
    if applied.checks:
        _print_checks(applied.checks)
    if not applied.saved:
        context.printer.error(
            "The connection was not saved: a check above failed",
            where=str(file),
            next_step="Repair it, or save without asking: connection apply FILE --no-ping.",
        ) if not context.printer.as_json else context.printer.answer(
            {"name": settings.name, "saved": False, "checks": _as_rows(applied.checks)}
        )
        raise typer.Exit(1)
    change = "saved" if applied.changed else "unchanged"
    context.printer.line(f'Connection "{settings.name}" {change}, mode {settings.mode}.')
    if applied.woken:
        context.printer.line(f"{applied.woken} waiting subjects run again.")
    context.printer.answer(
        {
            "name": settings.name,
            "saved": True,
            "changed": applied.changed,
            "woken": applied.woken,
            "checks": _as_rows(applied.checks),
        }
    )


@commands.command("list")
def list_connections() -> None:
    """List the connections."""
    context = current()

    async def find(installation: Installation) -> list[connections.AppliedConnection]:
        async with installation.database.transaction() as on:
            return await connections.every(on)

    found = context.run(find)
    rows = [
        {
            "name": one.name,
            "mode": one.mode,
            "paused": one.paused,
            "netsuite_account": one.stored["netsuite"]["account_id"],
            "shipbob": one.stored["shipbob"]["api_url"],
            "start_date": one.start_date.isoformat(),
            "applied_at": one.applied_at,
        }
        for one in found
    ]
    context.printer.table(
        ["name", "mode", "paused", "NetSuite account", "ShipBob", "from"],
        [
            [
                row["name"],
                row["mode"],
                "yes" if row["paused"] else "no",
                row["netsuite_account"],
                row["shipbob"],
                row["start_date"],
            ]
            for row in rows
        ],
        empty="There is no connection yet: ml-connector connection apply FILE.",
    )
    context.printer.answer({"connections": rows})


@commands.command("show")
def show_connection(name: Annotated[str | None, typer.Argument(metavar="NAME")] = None) -> None:
    """Show one connection as it was applied; secrets are only named."""
    context = current()
    if name is not None:
        context.named(name)

    async def find(installation: Installation) -> dict[str, Any]:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
            kept = await installation.vault.all(one.name, on=on)
        return {
            **one.stored,
            "mode": one.mode,
            "paused": one.paused,
            "applied_at": one.applied_at,
            "secrets": sorted(kept),
            "webhook_url": applying.webhook_url(installation.settings, one.name),
        }

    found = context.run(find)
    for key, value in found.items():
        if isinstance(value, dict):
            context.printer.line(f"[{key}]", style="bold")
            for inner, entry in value.items():
                if entry is not None:
                    context.printer.line(f"  {inner} = {entry}")
        else:
            shown = ", ".join(value) if isinstance(value, list) else value
            context.printer.line(f"{key} = {shown}")
    context.printer.answer(found)


def ping(name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None) -> None:
    """Check that both systems answer, with the remedy where one does not."""
    context = current()
    if name is not None:
        context.named(name)

    async def ask(installation: Installation) -> list[checks.Check]:
        async with installation.database.transaction() as on:
            one = await context.connection(on)
        return await checks.ping(installation, one.name)

    found = context.run(ask)
    _print_checks(found)
    passed = all(check.outcome == "ok" for check in found if check.needed)
    context.printer.answer({"ok": passed, "checks": _as_rows(found)})
    if not passed:
        raise typer.Exit(1)


def _print_checks(found: Sequence[checks.Check]) -> None:
    printer = current().printer
    printer.table(
        ["system", "check", "result", "what was found"],
        [[one.system, one.name, _SIGNS[one.outcome], one.found] for one in found],
        empty="Nothing was checked.",
    )
    for one in found:
        if one.outcome != "ok" and one.remedy:
            printer.line(f"{one.system} {one.name}: {one.remedy}", style="bold")


def _as_rows(found: Sequence[checks.Check]) -> list[dict[str, Any]]:
    return [
        {
            "system": one.system,
            "check": one.name,
            "result": one.outcome,
            "needed": one.needed,
            "found": one.found,
            "remedy": one.remedy,
        }
        for one in found
    ]
