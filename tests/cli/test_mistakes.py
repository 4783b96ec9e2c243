"""What people type wrong: each is answered with what, where and what to do next."""

from pathlib import Path

import pytest

from cli.conftest import Command

FILE = """\
name = "acme"
start_date = 2026-11-01

[netsuite]
account_id = "TSTDRV1234567_SB1"
client_id = "c"
certificate_id = "k"

[shipbob]
channel_id = 100102
"""

TYPED = [
    (["conection", "list"], "No such command 'conection'. Did you mean 'connection'", "--help"),
    (["events", "list", "--stauts", "dead"], "No such option: --stauts", "events list --help"),
    (["events", "list", "--status", "ded"], '"ded" is no status', "received, working"),
    (["events", "show", "abc"], "'ID': write a whole number", "events show --help"),
    (["events", "show"], "Missing argument 'ID'", "events show --help"),
    (["events", "list", "--limit", "0"], "'--limit': write a number of at least 1", "--help"),
    (["events", "list", "--connection"], "--connection needs a value", "--connection VALUE"),
    (["serve", "--port", "99999"], "'--port': write a number of at most 65535", "serve --help"),
    (
        ["serve", "--port", "8700", "--console-port", "8700"],
        "The console's own door would be the door of the webhooks",
        "Leave --console-port out",
    ),
    (["sim", "nosuch"], "'nosuch' is not one of 'shipbob', 'netsuite', 'both'", "sim --help"),
    (["sync", "recieving"], 'There is no flow "recieving"', "Known: receiving"),
    (["journal", "list", "--from", "yesterday"], '"yesterday" is no time', "2026-11-20"),
    (["reconcile", "november"], '"november" is no month', "such as 20"),
    (["connection", "set-mode", "acme", "dryrun"], "names no mode", "set-mode NAME live"),
    (["user", "add", "x", "--role", "boss"], 'no role "boss"', "viewer, warehouse"),
    (["connection", "apply", "none.toml"], "There is no such file", "Check the path"),
    (["restore", "none.file"], "No such file or directory", "Check the path"),
    (["status"], "Nothing is set up here yet", "Run ml-connector init"),
]

# What is written in the connection's file instead, and what is said of it.
WRITTEN = [
    ('name = "acme"', 'name = "Big Name"', "name (line 1): write small letters a to z, digits"),
    ("start_date = 2026-11-01", 'start_date = "soon"', "(line 2): write a date, such as"),
    ("channel_id = 100102", 'channel_id = "x"', "channel_id (line 10): write a whole number"),
    ('certificate_id = "k"', "certificate_id = [1]", "(line 7): write a text, in quotes"),
    ('"TSTDRV1234567_SB1"', '"my account"', "account_id (line 5): write letters, digits and"),
    (
        'client_id = "c"',
        'client_id = "c"\nmode = "live"',
        'mode (line 7); "mode" belongs at the top, before any [table]',
    ),
    (
        'name = "acme"',
        'name = "acme"\naccount_id = "A"',
        '"account_id" belongs in [netsuite]',
    ),
    (
        "channel_id = 100102",
        'channel_id = 1\nlocations = "6"',
        '"locations" belongs at the top, before any [table]',
    ),
    ('name = "acme"', 'name = "acme"\nmode = "test"', "mode (line 2): write 'live' or 'dry-run'"),
    ("[shipbob]", "[limits]\nnetsuite_concurrency = 0\n[shipbob]", "a number of at least 1"),
    ('name = "acme"', 'name = "acme"\nlocations = 6', "locations (line 2): a table is wanted"),
]

# Words of libraries, which a person can do nothing with.
FOREIGN = ("Input should", "input should", "Value error", "pydantic", "stamina", "unable to parse")


@pytest.mark.parametrize(("typed", "what", "next_step"), TYPED, ids=lambda one: str(one)[:40])
def test_what_is_typed_wrong_is_explained(
    bare: Command, typed: list[str], what: str, next_step: str
) -> None:
    answered = bare(*typed)
    first, *_, last = answered.err.splitlines()

    assert answered.status in {1, 2}
    assert answered.out == ""
    assert first.startswith("Error: ")
    assert what in first
    assert "  Where: " in answered.err
    assert last.startswith("  Next:  ")
    assert next_step in last
    assert [word for word in FOREIGN if word in answered.err] == []


@pytest.mark.parametrize(("right", "wrong", "said"), WRITTEN, ids=lambda one: str(one)[:40])
def test_what_is_written_wrong_in_a_file_is_explained(
    bare: Command, tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    (tmp_path / "acme.toml").write_text(FILE.replace(right, wrong, 1))
    answered = bare("connection", "apply", "acme.toml")

    assert answered.status == 1
    assert said in answered.err
    assert "  Where: acme.toml" in answered.err
    assert "  Next:  Correct it and run the same command again." in answered.err
    assert [word for word in FOREIGN if word in answered.err] == []


def test_a_setting_of_the_environment_is_explained(
    bare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLC_LOG_LEVEL", "loud")
    answered = bare("status")

    assert answered.status == 1
    assert "MLC_LOG_LEVEL: write 'debug', 'info', 'warning' or 'error'" in answered.err
