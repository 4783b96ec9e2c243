"""Questions at a terminal: no means that nothing was changed; a short password is asked again."""

import getpass
import io
import sys
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from cli.conftest import Command

LONG = "four odd words here"


class Terminal(io.StringIO):
    """Somebody who types at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdin", terminal)
    return terminal


def answer(terminal: Terminal, text: str) -> None:
    terminal.seek(0)
    terminal.truncate()
    terminal.write(text)
    terminal.seek(0)


@pytest.mark.parametrize("typed", ["n\n", "\n", ""], ids=["no", "empty", "ended"])
def test_no_changes_nothing_and_says_so(
    cli: Command, shop: Merchant, types: Terminal, typed: str
) -> None:
    answer(types, typed)
    refused = cli("connection", "remove", "acme")

    assert refused.status == 1
    assert 'Remove connection "acme" and delete its credentials?' in refused.err
    assert "Nothing was changed." in refused.err
    assert "Stopped before" not in refused.err
    assert shop.rows("select name from connection") == [{"name": "acme"}]


def test_restore_names_the_moment_of_the_backup_and_no_changes_nothing(
    cli: Command, types: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "kept.backup"
    made = cli("backup", str(file), "--no-verify", "--json").json["made_at"]
    answer(types, "n\n")
    refused = cli("restore", str(file))

    assert refused.status == 1
    moment = f"{made[:10]} {made[11:19]} UTC"
    assert f"Replace everything in the database by this backup of {moment}?" in refused.err
    assert "Nothing was changed." in refused.err


def typed_passwords(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    left, asked = [*words], list[str]()

    def read(question: str) -> str:
        asked.append(question)
        return left.pop(0)

    monkeypatch.setattr(getpass, "getpass", read)
    monkeypatch.setattr(sys, "stderr", _Seen(sys.stderr))
    return asked


class _Seen(io.StringIO):
    """Standard error that is a terminal."""

    def __init__(self, behind: object) -> None:
        super().__init__()
        self._behind = behind

    def write(self, text: str) -> int:
        return int(self._behind.write(text))  # type: ignore[attr-defined]  # a text stream

    def isatty(self) -> bool:
        return True


def test_a_short_password_is_asked_for_again(
    cli: Command, shop: Merchant, types: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert types.isatty()
    asked = typed_passwords(monkeypatch, "short", LONG)
    added = cli("user", "add", "mia", "--role", "viewer")

    assert added.status == 0, added.err
    assert len(asked) == 2
    assert "to sign in to the console" in asked[0]
    assert "The password has fewer than 10 characters. Choose a longer one." in added.err
    assert shop.rows("select name from person where name = 'mia'") == [{"name": "mia"}]


def test_after_three_short_ones_nobody_is_added(
    cli: Command, shop: Merchant, types: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert types.isatty()
    typed_passwords(monkeypatch, "short", "short", "short")
    refused = cli("user", "add", "leo", "--role", "viewer")

    assert refused.status == 1
    assert "The password has fewer than 10 characters" in refused.err
    assert shop.rows("select name from person where name = 'leo'") == []


def test_init_with_a_short_password_leaves_nothing_behind(
    bare: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLC_ADMIN_PASSWORD", "short")
    refused = bare("init")

    assert refused.status == 1
    assert "Nothing was changed" in refused.err
    assert not (tmp_path / "data").exists()
