"""``completion``: what a shell needs to complete commands and options; typer's own scripts."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]  # not listed there

from ml_connector.cli.context import current

PROGRAM: Final = "ml-connector"
VARIABLE: Final = "_ML_CONNECTOR_COMPLETE"
"""By which a completion script asks for what may follow."""


class Shell(StrEnum):
    """A shell that completes."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print what a shell reads to complete commands and options."""
    script = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell)
    printer = current().printer
    printer.line(script)
    printer.answer({"shell": shell, "script": script})
