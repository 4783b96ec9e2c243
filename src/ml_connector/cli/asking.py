"""Questions to a person at a terminal."""

import sys

import typer

from ml_connector.cli.context import current


def can_ask() -> bool:
    """Return whether a person is there who can answer."""
    return sys.stdin.isatty() and not current().printer.as_json


def ask(question: str) -> None:
    """Let a person say yes before anything is changed; whatever else is answered means no.

    Raises:
        typer.Exit: they did not; it was said that nothing was changed.
    """
    try:
        sure = typer.confirm(question, default=False, err=True)
    except typer.Abort:
        sys.stderr.write("\n")
        sure = False
    if not sure:
        current().printer.note("Nothing was changed.")
        raise typer.Exit(1)
