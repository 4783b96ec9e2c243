"""``connection settings``: what is in force, where it comes from, how much of limits is used."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from ml_connector.cli.context import current
from ml_connector.words import Role

if TYPE_CHECKING:
    from ml_connector.app.installation.installation import Installation
    from ml_connector.app.views.in_force.meters import Meters
    from ml_connector.app.views.in_force.page import SettingsInForce

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of the connection.")]


def settings(
    name: Name = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Those too that are as they are without a setting.")
    ] = False,
) -> None:
    """Print the settings in force with where each comes from, and how much of limits is used."""
    from ml_connector.app.views.in_force.page import settings_in_force  # noqa: PLC0415 - only here

    context = current()
    if name is not None:
        context.named(name)

    async def find(installation: "Installation") -> "SettingsInForce":
        async with installation.database.transaction() as on:
            return await settings_in_force(
                on,
                installation.vault,
                installation.settings,
                await context.connection(on),
                role=Role.ADMIN,
            )

    found = context.run(find)
    if found.meters is not None:
        _print_meters(found.meters)
    context.printer.table(
        ["setting", "value", "comes from", "by", "since"],
        [
            [one.key, one.value, one.source, one.person, one.since or ""]
            for one in (*found.settings, *found.secrets, *found.installation)
            if every or one.source != "default"
        ],
        empty="Nothing is set.",
    )
    context.printer.answer(msgspec.to_builtins(found))


def _print_meters(meters: "Meters") -> None:
    printer = current().printer
    for one in meters.limits:
        lowered = f", lowered from {one.most}" if one.now_at_most < one.most else ""
        blocked = f", none for {one.blocked_seconds:.0f} s" if one.blocked_seconds else ""
        printer.line(f"{one.setting}: {one.used} of {one.now_at_most}{lowered}{blocked}")
    at_once = meters.at_once
    printer.line(
        f"Runs at once: {at_once.running} of {at_once.runs} of each worker; writes at once:"
        f" {at_once.writes['netsuite']} to NetSuite, {at_once.writes['shipbob']} to ShipBob"
    )
