"""The commands. Only the one that is asked for is loaded: the others cost seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # not listed there

from ml_connector import __version__
from ml_connector.cli.context import current
from ml_connector.errors import UserError

_EPILOG: Final = (
    "Global options, before or after the command: --config FILE, --connection NAME, --json,"
    " --no-color. Exit status: 0 done, 1 the answer is no or something failed, 2 wrong usage."
)

_INSTALL_SIMULATORS: Final = (
    "Install them beside the connector: pip install 'ml-connector[sim]', in a checkout make setup."
    " Then run the command again."
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, or a group of them, before it is loaded.

    Attributes:
        module: in ``ml_connector.cli``.
        attribute: a function, or the Typer application of a group.
        about: one line for the list of commands; the first line of its own help.
        simulates: needs the simulators, which are an optional part.
        commands: of a group whose commands are loaded one by one.
    """

    name: str
    about: str
    module: str = ""
    attribute: str = ""
    hidden: bool = False
    simulates: bool = False
    commands: tuple["Command", ...] = ()

    def load(self) -> Any:
        """Return the function or the group.

        Raises:
            UserError: it needs the simulators, and the libraries that they use are not installed.
        """
        try:
            return getattr(import_module(f"ml_connector.cli.{self.module}"), self.attribute)
        except ModuleNotFoundError as error:
            if not self.simulates or (error.name or "").startswith("ml_connector"):
                raise
            raise UserError(
                f"The simulators, an optional part, are not installed: {error.name} is missing",
                where=f"ml-connector {self.name}",
                next_step=_INSTALL_SIMULATORS,
            ) from error


_CONNECTION: Final = (
    Command(
        name="apply",
        module="apply",
        attribute="apply_file",
        about="Create or update one connection. Applying the same file again changes nothing.",
    ),
    Command(
        name="list",
        module="connection",
        attribute="list_connections",
        about="List the connections.",
    ),
    Command(
        name="show",
        module="connection_show",
        attribute="show_connection",
        about="Show one connection as it was applied; secrets are only named.",
    ),
    Command(
        name="settings",
        module="settings",
        attribute="settings",
        about=(
            "Print the settings in force with where each comes from, and how much of"
            " limits is used."
        ),
    ),
    Command(
        name="certificate",
        module="certificate",
        attribute="certificate",
        about=(
            "Make a key and certificate for NetSuite and say what to upload where; or rotate it."
        ),
    ),
    Command(
        name="consent",
        module="consent",
        attribute="consent",
        about="Print a link: opened in a browser, it gives the connector access to ShipBob.",
    ),
    Command(
        name="release",
        module="release",
        attribute="release",
        about="Let a connection that is held since a restore go on.",
    ),
    Command(
        name="pause",
        module="connection_acts",
        attribute="pause",
        about=(
            "Pause a connection: webhooks are stored, nothing else is done until it is resumed."
        ),
    ),
    Command(
        name="resume",
        module="connection_acts",
        attribute="resume",
        about="Resume a paused connection: what came meanwhile is done now.",
    ),
    Command(
        name="set-mode",
        module="connection_acts",
        attribute="set_mode",
        about=(
            "Let a connection write to both systems (live), or only plan and record (dry-run)."
        ),
    ),
    Command(
        name="remove",
        module="connection_acts",
        attribute="remove",
        about="Remove a connection: its credentials are deleted, its books are kept.",
    ),
)

_EVENTS: Final = (
    Command(
        name="list",
        module="events",
        attribute="list_events",
        about="List events, the newest first.",
    ),
    Command(
        name="show",
        module="events_show",
        attribute="show_event",
        about="Show one event: what came, what was decided, what was posted, and why.",
    ),
    Command(
        name="replay",
        module="events_replay",
        attribute="replay_events",
        about=(
            "Converge the subjects of these events once more. Doing it twice books nothing twice."
        ),
    ),
    Command(
        name="decide",
        module="decisions",
        attribute="decide",
        about="Decide about what is stopped, after showing what the decision leads to.",
    ),
    Command(
        name="undecide",
        module="decisions",
        attribute="undecide",
        about="Take a decision back. What it was about runs again as if it had never been made.",
    ),
    Command(
        name="assign",
        module="assign",
        attribute="assign",
        about=(
            "Give what an event is about to a person, who sees to it. It changes nothing"
            " in the books."
        ),
    ),
    Command(
        name="bodies",
        module="events_bodies",
        attribute="bodies",
        about="Export or delete raw bodies, which hold personal data. Runs and journal stay.",
    ),
)

_JOURNAL: Final = (
    Command(
        name="list",
        module="journal",
        attribute="list_journal",
        about=(
            "List journal rows, the newest first. --from and --to are of the moment of posting."
        ),
    ),
    Command(
        name="show",
        module="journal_show",
        attribute="show_posting",
        about=(
            "Walk from a posting back to its run, the facts it saw, the events and their"
            " raw bytes."
        ),
    ),
    Command(
        name="balance",
        module="journal_balance",
        attribute="balance",
        about=(
            "Account for every source line: all = posted + waiting + refused. Exit 1 if"
            " one is not."
        ),
    ),
    Command(
        name="export",
        module="journal_export",
        attribute="export",
        about="Write journal rows to a CSV file: every column, one row a line, hashes included.",
    ),
    Command(
        name="undo",
        module="journal_undo",
        attribute="undo",
        about=(
            "Post counter-documents for what was posted, after showing them. Nothing is deleted."
        ),
    ),
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
        name="connection", about="A NetSuite account and a ShipBob account.", commands=_CONNECTION
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
    Command(name="events", about="The inbox and what came of each event.", commands=_EVENTS),
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
    Command(name="journal", about="What was posted, from what, why.", commands=_JOURNAL),
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
