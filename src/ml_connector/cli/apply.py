"""``connection apply``: what a file changes is shown, and what is dangerous is asked."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ml_connector.app.connections.apply import Applied, apply_connection
from ml_connector.app.connections.checks import as_rows
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.sync import SET_PUBLIC_URL
from ml_connector.cli.checks import print_checks
from ml_connector.cli.context import current
from ml_connector.cli.counts import counted
from ml_connector.cli.release import say_held
from ml_connector.config.connection import ConnectionSettings, read


def apply_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The connection's TOML file.")],
    ping_first: Annotated[
        bool, typer.Option("--ping/--no-ping", help="Ask both systems before saving.")
    ] = True,
    sure: Annotated[
        bool,
        typer.Option("--yes", help="Its books go on with another account or channel: don't ask."),
    ] = False,
) -> None:
    """Create or update one connection. Applying the same file again changes nothing."""
    context = current()
    settings = read(file)

    async def apply(installation: Installation) -> Applied:
        return await apply_connection(
            installation,
            settings,
            person=context.person(),
            ping_first=ping_first,
            confirm=lambda what: sure or _confirmed(what),
        )

    applied = context.run(apply)
    if applied.checks:
        print_checks(applied.checks)
    if not applied.saved:
        _refuse_to_save(file, settings, applied)
        raise typer.Exit(1)
    _print_applied(settings, applied)
    context.printer.answer(
        {
            "name": settings.name,
            "saved": True,
            "changed": applied.changed,
            "mode": applied.mode,
            "changes": [one._asdict() for one in applied.changes],
            "secrets": list(applied.secrets),
            "woken": applied.woken,
            "certificate_id": applied.kept_certificate or settings.netsuite.certificate_id,
            "checks": as_rows(applied.checks),
        }
    )


def _confirmed(what: str) -> bool:
    """Ask at a terminal; without one nothing is confirmed."""
    printer = current().printer
    if printer.as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(f"{what}. Shall its books go on with these?")


def _refuse_to_save(file: Path, settings: ConnectionSettings, applied: Applied) -> None:
    printer = current().printer
    if printer.as_json:
        printer.answer({"name": settings.name, "saved": False, "checks": as_rows(applied.checks)})
        return
    printer.error(
        "The connection was not saved, nothing was changed: a check above failed",
        where=str(file),
        next_step="Repair it, or save without asking: connection apply FILE --no-ping.",
    )


def _print_applied(settings: ConnectionSettings, applied: Applied) -> None:
    context = current()
    printer = context.printer
    if applied.spent:
        printer.line(
            "The refresh_token in this file was used before; the newer one stays in use.",
            style="bold",
        )
    _print_changes(applied)
    change = "saved" if applied.changed else "unchanged"
    printer.line(f'Connection "{settings.name}" {change}, mode {applied.mode}.')
    if applied.failed:
        printer.line(
            "A check above failed. It was saved all the same, and in dry-run: ShipBob has replaced"
            " the refresh token of the file, and the new one must not be lost. Repair the file and"
            " apply it again.",
            style="bold red",
        )
    elif applied.new and applied.mode == "dry-run":
        printer.line(
            "It plans and records, and writes nothing to either system yet. Look at:"
            " ml-connector plan receiving. To go live: ml-connector connection set-mode"
            f" {settings.name} live.",
            style="bold",
        )
    if applied.kept_certificate is not None:
        printer.line(
            f"The certificate of the file, {settings.netsuite.certificate_id}, was replaced by"
            f" rotation: {applied.kept_certificate} goes on signing in."
        )
    if not context.settings.public_url:
        printer.line(
            "ShipBob can't send webhooks yet; until then the sweep finds what has changed."
            f" {SET_PUBLIC_URL}"
        )
    if applied.woken:
        woken = counted(applied.woken, "waiting subject runs", "waiting subjects run")
        printer.line(f"{woken} again.")
    say_held(settings.name, held=applied.held)


def _print_changes(applied: Applied) -> None:
    """Show what is different now; of secrets only their names."""
    printer = current().printer
    for one in applied.changes:
        printer.line(f"  {one.said()}")
    if not applied.new:
        for name in applied.secrets:
            printer.line(f"  {name}: new, changed or gone (secret)")
