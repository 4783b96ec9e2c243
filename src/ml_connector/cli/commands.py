"""The commands, as Typer sees them."""

from typing import Annotated, Final

import typer

from ml_connector import __version__
from ml_connector.cli import connection, events, journal, service, setup, simulators
from ml_connector.cli.context import current

_EPILOG: Final = (
    "Global options, before or after the command: --config FILE, --connection NAME, --json,"
    " --no-color. Exit status: 0 done, 1 the answer is no or something failed, 2 wrong usage."
)


def application() -> typer.Typer:
    """Return the whole command line."""
    root = typer.Typer(
        name="ml-connector",
        help="Keeps Oracle NetSuite and ShipBob in agreement.",
        no_args_is_help=True,
        add_completion=False,
        epilog=_EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @root.callback(invoke_without_command=True)
    def version(
        *,
        show: Annotated[
            bool, typer.Option("--version", help="Print the version and end.", is_eager=True)
        ] = False,
    ) -> None:
        if show:
            printer = current().printer
            printer.line(f"ml-connector {__version__}")
            printer.answer({"version": __version__})
            raise typer.Exit

    root.command("demo")(simulators.demo)
    root.command("init")(setup.init)
    root.add_typer(connection.commands, name="connection")
    root.command("ping")(connection.ping)
    root.command("serve")(service.serve)
    root.command("worker")(service.worker)
    root.command("web", hidden=True)(service.web)
    root.add_typer(events.commands, name="events")
    root.add_typer(journal.commands, name="journal")
    root.command("sim")(simulators.sim)
    return root
