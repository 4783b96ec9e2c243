"""Shell lines of the documentation, held against what the commands really take."""

import contextlib
import functools
import io
import re
import shlex
from typing import Final

from ml_connector.cli import run
from ml_connector.flows import FLOWS
from ml_connector.words import EVENT_STATUSES, Cause

GROUPS: Final = frozenset(
    {
        "alarms",
        "audit",
        "billing",
        "connection",
        "drift",
        "events",
        "journal",
        "keys",
        "token",
        "user",
        "month",
        "webhooks",
    }
)
GLOBAL: Final = frozenset({"--config", "--connection", "--json", "--no-color"})
_TAKE_A_VALUE: Final = frozenset({"--config", "--connection"})

ELSEWHERE: Final = frozenset(
    {
        "cd",
        "chmod",
        "cp",
        "createdb",
        "createuser",
        "curl",
        "git",
        "head",
        "make",
        "mkdir",
        "openssl",
        "pg_restore",
        "psql",
        "python3",
        "sed",
        "sudo",
        "systemctl",
        "tail",
        "useradd",
        "chown",
        "export",
        ".",
        ".venv/bin/uv",
    }
)
"""Commands that are not ours."""


@functools.cache
def help_of(*command: str) -> str:
    """Return what ``--help`` says; empty where there is no such command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = run([*command, "--help"])
    return out.getvalue() if status == 0 else ""


def options_of(*command: str) -> set[str]:
    """Return the options of a command, but for ``--help``."""
    described = help_of(*command).partition("Options:")[2].partition("Commands:")[0]
    named = re.findall(r"^ {2}(--[\w-]+(?:, --[\w-]+| / --[\w-]+)*)", described, re.MULTILINE)
    return {one for group in named for one in re.split(r", | / ", group)} - {"--help"}


def commands_of(*command: str) -> list[str]:
    """Return the commands that a group's help lists."""
    listed = help_of(*command).partition("Commands:")[2].partition("\n\n")[0]
    return re.findall(r"^ {2}([a-z-]+)", listed, re.MULTILINE)


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for one in commands_of():
        found += [(one, inner) for inner in commands_of(one)] if one in GROUPS else [(one,)]
    return found


def lines(block: str) -> list[list[str]]:
    """Return the words of each line, without comments."""
    return [words for line in block.splitlines() if (words := shlex.split(line, comments=True))]


def ours(words: list[str]) -> list[str] | None:
    """Return the arguments of ``ml-connector`` in a line; None when it calls something else."""
    for number, word in enumerate(words[:-1]):
        is_called = number == 0 or (words[0] == "sudo" and "env" in words[:number])
        if is_called and "=" not in word and word.rpartition("/")[2] == "ml-connector":
            return words[number + 1 :]
    return None


def faults(arguments: list[str]) -> list[str]:
    """Return what is wrong with these arguments of ``ml-connector``."""
    rest = _without_global(arguments)
    if rest == ["--version"]:
        return []
    command = tuple(rest[: 2 if rest and rest[0] in GROUPS else 1])
    if not help_of(*command):
        return [f"there is no command {' '.join(command)}"]
    known = options_of(*command)
    given = rest[len(command) :]
    found = [
        f"{' '.join(command)} has no {word.partition('=')[0]}"
        for word in given
        if word.startswith("--") and word.partition("=")[0] not in known
    ]
    for option, words in (("--status", EVENT_STATUSES), ("--cause", list(Cause))):
        if option in given and given[given.index(option) + 1] not in words:
            found.append(f"{given[given.index(option) + 1]} is nothing for {option}")
    if "--flow" in given and given[given.index("--flow") + 1] not in FLOWS:
        found.append("there is no such flow")
    return found


def _without_global(arguments: list[str]) -> list[str]:
    rest: list[str] = []
    remaining = iter(arguments)
    for word in remaining:
        if word in _TAKE_A_VALUE:
            next(remaining)
        elif word.partition("=")[0] not in GLOBAL:
            rest.append(word)
    return rest
