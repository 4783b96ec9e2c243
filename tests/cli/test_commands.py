"""The command line: options, exit statuses, one JSON document, errors that help."""

import json
import re
import socket
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from acceptance.service import command
from cli.conftest import Command

EVERY = [
    (["connection", "list"], 0),
    (["connection", "show"], 0),
    (["connection", "show", "acme"], 0),
    (["connection", "show", "nobody"], 1),
    (["connection", "apply", "none.toml"], 1),
    (["ping"], 0),
    (["ping", "nobody"], 1),
    (["alarms", "list"], 0),
    (["alarms", "test"], 1),
    (["webhooks", "list"], 0),
    (["webhooks", "samples"], 1),
    (["webhooks", "test"], 1),
    (["webhooks", "nonsense"], 2),
    (["connection", "consent", "acme"], 1),
    (["events", "list"], 0),
    (["events", "list", "--since", "2h", "--flow", "receiving"], 0),
    (["events", "list", "--status", "nonsense"], 2),
    (["events", "list", "--since", "yesterday-ish"], 2),
    (["events", "list", "--limit", "0"], 2),
    (["events", "show", "999999"], 1),
    (["events", "show", "x"], 2),
    (["events", "replay"], 2),
    (["events", "replay", "--id", "999999"], 1),
    (["events", "replay", "--cause", "bug"], 0),
    (["journal", "list"], 0),
    (["--version"], 0),
    (["nonsense"], 2),
    (["events", "nonsense"], 2),
    (["events", "list", "--nonsense"], 2),
    (["--config", "none.toml", "events", "list"], 1),
    (["sim", "nonsense"], 2),
    (["demo", "--story", "nonsense", "--exit"], 2),
    (["web", "--fd", "999"], 2),
]
IDS = [" ".join(arguments) for arguments, _ in EVERY]


@pytest.mark.parametrize(("arguments", "status"), EVERY, ids=IDS)
def test_with_json_there_is_one_document_and_nothing_else(
    cli: Command, arguments: list[str], status: int
) -> None:
    answered = cli(*arguments, "--json")

    assert answered.status == status, answered
    assert answered.out.count("\n{") == 0
    document = json.loads(answered.out)
    assert isinstance(document, dict)
    assert ("error" in document) <= (status != 0)


@pytest.mark.parametrize(("arguments", "status"), EVERY, ids=IDS)
def test_an_error_says_what_is_wrong_and_what_to_do_next(
    cli: Command, arguments: list[str], status: int
) -> None:
    answered = cli(*arguments)

    assert answered.status == status, answered
    assert "Traceback" not in answered.err + answered.out
    if status == 2:
        assert "Error: " in answered.err
        assert "Next: " in answered.err
    if status == 0:
        assert "Error: " not in answered.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--connection", "acme", "events", "list"],
        ["events", "--json", "--connection=acme", "list"],
        ["events", "list", "--connection", "acme", "--json"],
        ["--no-color", "events", "list", "--json"],
    ],
)
def test_global_options_stand_before_and_after_the_command(
    cli: Command, arguments: list[str]
) -> None:
    assert "events" in cli(*arguments).json


def test_a_global_option_without_its_value_is_wrong_usage(cli: Command) -> None:
    answered = cli("events", "list", "--connection")

    assert answered.status == 2
    assert "Write --connection VALUE." in answered.err


def test_an_unknown_connection_names_the_known_ones(cli: Command) -> None:
    answered = cli("events", "list", "--connection", "acmee")

    assert answered.status == 1
    assert "Known: acme" in answered.err


def test_a_settings_file_is_taken_from_the_option(
    bare: Command, shop: Merchant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLC_DATA_DIR")
    file = tmp_path / "mine.toml"
    data = shop.environment["MLC_DATA_DIR"]
    file.write_text(f'database_url = "{shop.database_url}"\ndata_dir = "{data}"\n')
    answered = bare("--config", str(file), "connection", "list", "--json")

    assert [one["name"] for one in answered.json["connections"]] == ["acme"]


def test_a_settings_file_with_an_unknown_key_names_the_nearest(
    bare: Command, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('data_dri = "x"\n')
    answered = bare("--config", str(file), "events", "list", "--json")

    assert answered.status == 1
    assert 'did you mean "data_dir"?' in answered.json["error"]["what"]


def test_applying_the_same_file_twice_changes_nothing(cli: Command, shop: Merchant) -> None:
    path = str(shop.connection_file())
    cli("connection", "apply", path)
    again = cli("connection", "apply", path)
    as_json = cli("connection", "apply", path, "--json")

    assert 'Connection "acme" unchanged' in again.out
    assert (as_json.status, as_json.json["saved"], as_json.json["changed"]) == (0, True, False)
    assert {check["result"] for check in as_json.json["checks"]} == {"ok"}


def test_applying_a_changed_file_says_saved(cli: Command, shop: Merchant) -> None:
    changed = cli("connection", "apply", str(shop.connection_file(mode="dry-run")))
    shown = cli("connection", "show", "--json").json
    cli("connection", "apply", str(shop.connection_file()))

    assert 'Connection "acme" saved, mode dry-run' in changed.out
    assert shown["mode"] == "dry-run"


def test_nothing_is_saved_when_the_ping_fails(cli: Command, shop: Merchant) -> None:
    path = shop.connection_file(mode="dry-run")
    text = path.read_text().replace(shop.world.token, "wrong-token")
    path.write_text(text.replace('name = "acme"', 'name = "other"'))
    answered = cli("connection", "apply", str(path))
    as_json = cli("connection", "apply", str(path), "--json")
    listed = cli("connection", "list", "--json").json

    assert answered.status == 1
    assert "not saved" in answered.err
    assert "--no-ping" in answered.err
    assert (as_json.status, as_json.json["saved"]) == (1, False)
    assert [one["name"] for one in listed["connections"]] == ["acme"]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('client_id = "simulated-integration"', 'client_id = ""', "netsuite"),
        ("-----BEGIN", "-----BEGONE", "private_key"),
        ("http://127.0.0.1", "http://example.com", "http"),
        ('webhook_secrets = ["whsec_', 'webhook_secrets = ["!', "webhook"),
        ('webhook_secrets = ["', 'webhook_secrets = ["whsec_YQ==", "', "24 are needed"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_anything_is_asked(
    cli: Command, shop: Merchant, old: str, new: str, place: str
) -> None:
    path = shop.connection_file()
    text = path.read_text()
    path.write_text(text.replace(old, new))
    calls = len(shop.world.shipbob.calls)
    answered = cli("connection", "apply", str(path))

    assert old in text
    assert answered.status == 1
    assert place in answered.err + answered.out
    assert shop.secret not in answered.out + answered.err
    assert len(shop.world.shipbob.calls) == calls


def test_showing_a_connection_prints_no_secret(cli: Command, shop: Merchant) -> None:
    body = "".join(shop.world.private_key.splitlines()[1:-1])
    shown = cli("connection", "show")
    as_json = cli("connection", "show", "--json")
    listed = cli("connection", "list")
    everything = shown.out + as_json.out + listed.out

    assert "netsuite.private_key" in as_json.json["secrets"]
    for secret in (shop.world.token, shop.secret, shop.world.private_key, body, "PRIVATE KEY"):
        assert secret not in everything


def test_ping_says_what_was_found_and_fails_with_a_remedy(cli: Command, shop: Merchant) -> None:
    good = cli("ping", "--json")
    shown = cli("ping")
    shop.world.shipbob.revoke_token(shop.world.token)
    try:
        bad = cli("ping")
        bad_json = cli("ping", "--json")
    finally:
        shop.world.shipbob.add_token(shop.world.token)

    assert (good.status, good.json["ok"]) == (0, True)
    optional = [one for one in good.json["checks"] if one["result"] != "ok"]
    assert optional
    assert not any(one["needed"] for one in optional)
    assert shown.status == 0
    assert re.search(r"^shipbob +webhooks +warning +\S", shown.out, re.MULTILINE)
    counted = f"{len(good.json['checks'])} checks: "
    assert shown.out.rstrip().splitlines()[-1].startswith(counted)
    assert f", {len(optional)} warnings" in shown.out
    assert bad.status == 1
    assert "FAILED" in bad.out
    assert (bad_json.status, bad_json.json["ok"]) == (1, False)
    failed = [check for check in bad_json.json["checks"] if check["result"] != "ok"]
    assert failed
    assert all(check["remedy"] for check in failed)


def test_serving_twice_on_one_port_is_a_clear_error(shop: Merchant, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answered = command(["serve", "--port", port], shop.environment, tmp_path)
        as_json = command(["serve", "--port", port, "--json"], shop.environment, tmp_path)

    assert answered.status == 1
    assert f"port {port}" in answered.err
    assert "--port" in answered.err
    assert "Traceback" not in answered.err
    assert (as_json.status, "error" in as_json.json) == (1, True)
