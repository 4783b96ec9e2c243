"""Commands that only look load only what they need: the rest costs a second each time."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

import pytest

from ml_connector.cli.command import Command
from ml_connector.cli.commands import COMMANDS

HEAVY: Final = frozenset(
    {
        "aiohttp",
        "alembic",
        "jinja2",
        "jwt",
        "litestar",
        "procrastinate",
        "prometheus_client",
        "uvicorn",
        "xlsxwriter",
        "ml_connector.flows",
        "ml_connector.reads.reads",
        "ml_connector.sim",
        "ml_connector.web",
    }
)

LOOKS: Final = (
    "--help",
    "evnets list",
    "events --help",
    "alarms list",
    "connection list",
    "events list",
    "journal list",
    "token list",
    "user list",
)
MOST: Final = 130
"""So many modules of ours at most."""

PROGRAM: Final = """
import os, sys
import ml_connector.cli

for line in sys.argv[1:]:
    ends, begins = os.pipe()
    if os.fork() == 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")
        ml_connector.cli.run(line.split())
        os.write(begins, " ".join(sorted(sys.modules)).encode())
        os._exit(0)
    os.close(begins)
    print(open(ends).read())
    os.wait()
"""
"""Runs each command in a process of its own, wherever nothing is set up."""


@pytest.fixture(scope="module")
def loaded() -> Mapping[str, set[str]]:
    """The modules that each command has loaded when it ends."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-P", "-c", PROGRAM, *LOOKS],
        capture_output=True,
        text=True,
        check=True,
        env={"MLC_DATA_DIR": "/nonexistent"},
    )
    return {
        words: set(line.split())
        for words, line in zip(LOOKS, done.stdout.splitlines(), strict=True)
    }


@pytest.mark.parametrize("words", LOOKS)
def test_a_command_that_only_looks_loads_little(
    loaded: Mapping[str, set[str]], words: str
) -> None:
    ours = [one for one in loaded[words] if one.startswith("ml_connector")]

    assert loaded[words] & HEAVY == set()
    assert 0 < len(ours) <= MOST


def test_help_and_typos_load_no_database(loaded: Mapping[str, set[str]]) -> None:
    for words in ("--help", "evnets list", "events --help"):
        assert loaded[words] & {"pydantic_settings", "psycopg", "cryptography"} == set(), words


def every(commands: tuple[Command, ...]) -> list[Command]:
    return [one for each in commands for one in (each, *every(each.commands))]


@pytest.mark.parametrize(
    "command",
    [one for one in every(COMMANDS) if one.module and one.attribute != "commands"],
    ids=lambda command: command.attribute,
)
def test_a_command_is_listed_with_the_first_line_of_its_help(command: Command) -> None:
    said = (command.load().__doc__ or "").partition("\n")[0]

    assert command.about in {said, ""} or command.hidden
