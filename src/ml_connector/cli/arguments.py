"""Global options: taken before and after the command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml_connector.errors import UserError

LARGEST_ID: Final = 2**63 - 1
"""The largest number that the database gives."""


@dataclass(frozen=True, kw_only=True)
class GlobalOptions:
    """The options that every command takes.

    Attributes:
        config: the settings file; None: found in the usual places.
        connection: name of the connection that is meant; None: the only one.
        json: print one JSON document and nothing else to standard output.
        color: False with ``--no-color``; None: when writing to a terminal.
    """

    config: Path | None = None
    connection: str | None = None
    json: bool = False
    color: bool | None = None


_WITH_VALUE: Final = ("--config", "--connection")


def take_global_options(arguments: list[str]) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of the arguments, wherever they stand.

    After ``--`` nothing is an option any more.

    Raises:
        UserError: an option without its value.
    """
    found: dict[str, str] = {}
    flags: set[str] = set()
    rest: list[str] = []
    remaining = list(arguments)
    while remaining:
        argument = remaining.pop(0)
        name, equals, value = argument.partition("=")
        if argument == "--":
            rest += [argument, *remaining]
            break
        if name in _WITH_VALUE:
            if not equals:
                if not remaining or remaining[0].startswith("--"):
                    raise UserError(
                        f"{name} needs a value",
                        where="command line",
                        next_step=f"Write {name} VALUE.",
                        usage=True,
                    )
                value = remaining.pop(0)
            found[name] = value
        elif argument in {"--json", "--no-color"}:
            flags.add(argument)
        else:
            rest.append(argument)
    return (
        GlobalOptions(
            config=Path(found["--config"]) if "--config" in found else None,
            connection=found.get("--connection"),
            json="--json" in flags,
            color=False if "--no-color" in flags else None,
        ),
        rest,
    )
