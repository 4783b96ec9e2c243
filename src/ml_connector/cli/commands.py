"""The commands. Only the one that is asked for is loaded: the others cost seconds."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # not listed there

from ml_connector import __version__
from ml_connector.cli.command import Command
from ml_connector.cli.command_groups import CONNECTION, EVENTS, JOURNAL
from ml_connector.cli.context import current

_EPILOG: Final = (
    "Global options, before or after the command: --config FILE, --connection NAME, --json,"
    " --no-color. Exit status: 0 done, 1 the answer is no or something failed, 2 wrong usage."
)

COMMANDS: Final = (
    Command(
        name="status",
        module="status",
        attribute="status",
        about="Show on one screen what runs, what is open, what is wrong, and what to do next.",
    ),
    Command(
        name="show",
        module="show",
        attribute="show",
        about="Find whatever has a number, and tell its story; where several have it, list them.",
    ),
    Command(
        name="demo",
        module="simulators",
        attribute="demo",
        about="Start both simulators and the service, and tell a story between them.",
        simulates=True,
    ),
    Command(
        name="init",
        module="setup",
        attribute="init",
        about="Set up data folder, master key, database and first administrator.",
    ),
    Command(
        name="connection", about="A NetSuite account and a ShipBob account.", commands=CONNECTION
    ),
    Command(
        name="ping",
        module="checks",
        attribute="ping",
        about="Check all that a connection needs in both systems, with the remedy where it lacks.",
    ),
    Command(
        name="serve",
        module="service",
        attribute="serve",
        about="Run the service: webhooks, console, API, worker and schedules.",
    ),
    Command(
        name="worker",
        module="service",
        attribute="worker",
        about="Run one more worker, on any machine that reaches the database.",
    ),
    Command(name="web", module="service", attribute="web", about="", hidden=True),
    Command(
        name="sync",
        module="flows",
        attribute="sync",
        about="Do a flow now, wait, and print what came of it.",
    ),
    Command(
        name="plan",
        module="flows",
        attribute="plan",
        about="Print every document that a flow would post now, writing nothing to either system.",
    ),
    Command(
        name="webhooks",
        module="webhooks",
        attribute="commands",
        about="What ShipBob sends to a connection, and whether it arrives.",
    ),
    Command(
        name="alarms",
        module="alarms",
        attribute="commands",
        about="What a person should hear of, and who is told.",
    ),
    Command(
        name="billing",
        module="billing",
        attribute="commands",
        about="ShipBob's charges: the fee audit and the accruals.",
    ),
    Command(name="events", about="The inbox and what came of each event.", commands=EVENTS),
    Command(
        name="drift",
        module="drift",
        attribute="commands",
        about="Stock that differs between the two systems, and what is decided about it.",
    ),
    Command(
        name="month",
        module="month",
        attribute="commands",
        about="Differences of month-end reports, and what is decided about them.",
    ),
    Command(name="journal", about="What was posted, from what, why.", commands=JOURNAL),
    Command(
        name="reconcile",
        module="reconcile",
        attribute="reconcile",
        about="Compare ShipBob, journal and NetSuite for a month, and write HTML, XLSX and CSV.",
    ),
    Command(
        name="audit",
        module="audit",
        attribute="commands",
        about="The proof of the journal, and what people did.",
    ),
    Command(
        name="user",
        module="users",
        attribute="commands",
        about="Who may sign in to the console, and what they may do.",
    ),
    Command(
        name="token",
        module="tokens",
        attribute="commands",
        about="Tokens with which programs call the API.",
    ),
    Command(
        name="keys",
        module="keys",
        attribute="commands",
        about="The master key.",
    ),
    Command(
        name="backup",
        module="backup",
        attribute="backup",
        about="Write the whole database into a file, while everything runs.",
    ),
    Command(
        name="restore",
        module="backup",
        attribute="restore",
        about="Put the database back from a backup, in place of what is there.",
    ),
    Command(
        name="sim",
        module="simulators",
        attribute="sim",
        about="Run the simulators alone, for other people's tests.",
        simulates=True,
    ),
    Command(
        name="bench",
        module="bench",
        attribute="bench",
        about="Measure this build on this machine, each figure beside its floor.",
        simulates=True,
    ),
    Command(
        name="completion",
        module="completion",
        attribute="completion",
        about="Print what a shell reads to complete commands and options.",
    ),
    Command(
        name="help",
        module="commands",
        attribute="explain",
        about="Explain a command, as --help and -h do.",
    ),
    Command(
        name="selftest",
        module="selftest",
        attribute="selftest",
        about="Run this build against the simulators: in sampled worlds, or under kills.",
        simulates=True,
    ),
)


def application(words: Sequence[str], *, completes: bool = False) -> typer.Typer:
    """Return the command line, with the wanted command loaded.

    Args:
        words: its name, after that of its group; an unknown one loads nothing.
        completes: a shell asks what may follow.
    """
    if completes:
        completion_init()
    root = typer.Typer(
        name="ml-connector",
        help="Keeps Oracle NetSuite and ShipBob in agreement.",
        no_args_is_help=True,
        add_completion=False,
        epilog=_EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback(invoke_without_command=True)(_root)
    _add(root, COMMANDS, words)
    return root


def _add(group: typer.Typer, commands: Sequence[Command], words: Sequence[str]) -> None:
    """Add the commands to a group; only the wanted one is loaded."""
    for command in commands:
        if command.name not in words[:1]:
            group.command(command.name, help=command.about, hidden=command.hidden)(_unloaded)
            continue
        loaded = _group(command, words[1:]) if command.commands else command.load()
        if isinstance(loaded, typer.Typer):
            group.add_typer(loaded, name=command.name, help=command.about)
        else:
            group.command(command.name, hidden=command.hidden)(loaded)


def _group(command: Command, words: Sequence[str]) -> typer.Typer:
    group = typer.Typer(help=command.about, no_args_is_help=True, rich_markup_mode=None)
    _add(group, command.commands, words)
    return group


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True)
    ] = False,
) -> None:
    if version:
        printer = current().printer
        printer.line(f"ml-connector {__version__}")
        printer.answer({"version": __version__})
        raise typer.Exit


def explain(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="Such as ping, or events list; without: all."),
    ] = None,
) -> None:
    """Explain a command, as --help and -h do."""
    del command  # answered before any command runs: as the command's own --help


def asked_for_help(arguments: list[str]) -> list[str]:
    """Return the arguments with ``help COMMAND`` as ``COMMAND --help``. Pure."""
    if arguments[:1] != ["help"] or "--help" in arguments or "-h" in arguments:
        return arguments
    return [*arguments[1:], "--help"]


def completed(line: str) -> list[str]:
    """Return the words of a line that a shell asks to complete, without the program's. Pure."""
    return line.split()[1:]


def _unloaded() -> None:
    """Stand in the list for a command that was not asked for."""
