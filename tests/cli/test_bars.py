"""Long work shows a bar at a terminal, and never writes one to a pipe."""

import io
import sys
from pathlib import Path

import pytest

from cli.conftest import Command
from ml_connector.cli.printing import Printer

BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """From here on: pytest puts its own standard error back before each test begins."""
    monkeypatch.setenv("TERM", "xterm")
    seen = Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    return seen


def test_a_backup_shows_a_bar_at_a_terminal(
    cli: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = at_terminal(monkeypatch)
    assert cli("backup", str(tmp_path / "kept"), "--no-verify").status == 0

    assert "backup" in terminal.getvalue()
    assert BAR in terminal.getvalue()


def test_a_pipe_gets_no_bar(cli: Command, tmp_path: Path) -> None:
    made = cli("backup", str(tmp_path / "kept"), "--no-verify")

    assert made.status == 0
    assert BAR not in made.out + made.err
    assert made.err == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_bar_is_for_people_alone(monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    terminal = at_terminal(monkeypatch)
    with Printer(as_json=as_json).counting("bench") as bar:
        bar(1, 3, "wakeups")

    assert ("bench" in terminal.getvalue()) is not as_json
