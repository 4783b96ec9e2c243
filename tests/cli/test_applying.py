"""``connection apply``: wrong ids are refused, changes shown, other accounts confirmed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from cli.conftest import Command


@pytest.fixture
def file(shop: Merchant) -> Iterator[Path]:
    yield shop.connection_file()
    shop.apply()


@pytest.fixture(scope="module")
def booked(shop: Merchant) -> Merchant:
    """The merchant, with something in its journal."""
    sku = shop.sku()
    wro = shop.deliver({sku: 3}, number=shop.order({sku: 3}))
    [row] = sync(shop, "receiving", [str(wro.id)])
    assert row["state"] == "done"
    return shop


def change(path: Path, old: str, new: str) -> str:
    """Change the file; return its path."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('"228" = "6"', '"228" = "66"', ("locations", "not there: 66")),
        ('adjustment = "54"', 'adjustment = "5400"', ("accounts", "not there: 5400")),
        ('"Per Pick Fee" = "63"', '"Per Pick Fee" = "631"', ("accounts", "not there: 631")),
        ('vendor = "302"', 'vendor = "3020"', ("vendor", "not there: 3020")),
        ('subsidiary = "1"', 'subsidiary = "17"', ("subsidiary", "there is no 17")),
        ("[billing]", '[billing]\ndepartment = "8"', ("departments", "not there: 8")),
        ("[billing]", '[billing]\nclass = "9"', ("classes", "not there: 9")),
        (
            "accounts = {",
            'currencies = {EUR = "77"}\naccounts = {',
            ("currencies", "not there: 77"),
        ),
        (
            "[schedule]",
            '[policies]\nquarantine_location = "99"\n\n[schedule]',
            ("locations", "not there: 99"),
        ),
        (
            "[schedule]",
            '[tracking]\ncarrier = "custbody_nowhere"\n\n[schedule]',
            ("custom fields", "custbody_nowhere"),
        ),
        ("[shipbob]\n", "[shipbob]\nchannel_id = 424242\n", ("channel", "no channel 424242")),
    ],
)
def test_an_id_that_does_not_exist_is_refused(
    cli: Command, file: Path, old: str, new: str, wrong: tuple[str, str]
) -> None:
    check, said = wrong
    before = cli("connection", "show", "--json").json
    refused = cli("connection", "apply", change(file, old, new), "--json")
    after = cli("connection", "show", "--json").json
    found = {one["check"]: one for one in refused.json["checks"]}

    assert (refused.status, refused.json["saved"]) == (1, False)
    assert found[check]["result"] == "missing"
    assert said in found[check]["found"]
    assert found[check]["remedy"]
    assert {**after, "webhooks": None} == {**before, "webhooks": None}


def test_without_a_ping_no_id_is_looked_up(cli: Command, shop: Merchant, file: Path) -> None:
    calls = len(shop.world.netsuite.calls)
    answered = cli("connection", "apply", change(file, '"228" = "6"', '"228" = "66"'), "--no-ping")

    assert answered.status == 0
    assert len(shop.world.netsuite.calls) == calls


def test_an_inactive_account_is_refused(cli: Command, shop: Merchant, file: Path) -> None:
    shop.world.netsuite.add_account("Old", internal_id=540, account_type="COGS", inactive=True)
    refused = cli("connection", "apply", change(file, 'adjustment = "54"', 'adjustment = "540"'))

    assert refused.status == 1
    assert "inactive: 540" in refused.out


def test_a_center_that_shipbob_does_not_list_is_shown_and_saved(cli: Command, file: Path) -> None:
    answered = cli("connection", "apply", change(file, '"10" = "7"', '"10" = "7"\n"9999" = "7"'))

    assert answered.status == 0
    assert "9999" in answered.out


def test_what_a_file_changes_is_shown_and_secrets_are_only_named(
    cli: Command, shop: Merchant, file: Path
) -> None:
    change(file, '"10" = "7"', '"10" = "6"')
    change(file, "[schedule]", '[policies]\nover_receipt = "park"\n\n[schedule]')
    token = shop.world.shipbob.add_token()
    change(file, shop.world.token, token)
    answered = cli("connection", "apply", str(file))
    again = cli("connection", "apply", str(file), "--json")
    back = cli("connection", "apply", str(shop.connection_file()), "--json")

    assert answered.status == 0, answered
    assert "locations.10: 7 -> 6" in answered.out
    assert "policies.over_receipt: adjust -> park" in answered.out
    assert "shipbob.token: new, changed or gone (secret)" in answered.out
    assert token not in answered.out
    assert shop.world.token not in answered.out
    assert (again.json["changes"], again.json["secrets"]) == ([], [])
    assert back.json["changes"] == [
        {"key": "locations.10", "before": "6", "after": "7"},
        {"key": "policies.over_receipt", "before": "park", "after": "adjust"},
    ]
    assert back.json["secrets"] == ["shipbob.token"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ('account_id = "TSTDRV1234567_SB1"', 'account_id = "7654321"'),
            "the NetSuite account from TSTDRV1234567_SB1 to 7654321",
        ),
        (("[shipbob]\n", "[shipbob]\nchannel_id = {channel}\n"), "the channel from not set"),
    ],
)
def test_another_account_or_channel_under_a_journal_must_be_confirmed(
    cli: Command, booked: Merchant, file: Path, edit: tuple[str, str], said: str
) -> None:
    old, new = edit
    path = change(file, old, new.format(channel=booked.world.channel_id))
    refused = cli("connection", "apply", path, "--no-ping")
    before = cli("connection", "show", "--json").json
    allowed = cli("connection", "apply", path, "--no-ping", "--yes")
    after = cli("connection", "show", "--json").json

    assert refused.status == 1
    assert said in refused.err
    assert "--yes" in refused.err
    assert before["netsuite"]["account_id"] == "TSTDRV1234567_SB1"
    assert before["shipbob"]["channel_id"] is None
    assert allowed.status == 0
    assert after["netsuite"] != before["netsuite"] or after["shipbob"] != before["shipbob"]
    cli("connection", "apply", str(booked.connection_file()), "--no-ping", "--yes")


def test_a_connection_that_was_removed_still_has_its_journal(
    cli: Command, booked: Merchant, file: Path
) -> None:
    cli("connection", "remove", "acme", "--yes")
    path = change(file, "TSTDRV1234567_SB1", "7654321")
    refused = cli("connection", "apply", path, "--no-ping")
    back = cli("connection", "apply", str(booked.connection_file()))

    assert refused.status == 1
    assert "has a journal" in refused.err
    assert back.status == 0, back


def test_another_spelling_of_the_account_is_no_other_account(
    cli: Command, booked: Merchant, file: Path
) -> None:
    assert booked is not None
    path = change(file, "TSTDRV1234567_SB1", "tstdrv1234567-sb1")
    spelled = cli("connection", "apply", path, "--no-ping", "--json")
    back = cli("connection", "apply", str(booked.connection_file()), "--no-ping")

    assert spelled.status == 0, spelled
    assert spelled.json["changes"][0]["key"] == "netsuite.account_id"
    assert back.status == 0


def test_without_books_another_account_needs_no_confirmation(
    cli: Command, shop: Merchant, file: Path
) -> None:
    change(file, 'name = "acme"', 'name = "fresh"')
    change(file, 'mode = "live"', 'mode = "dry-run"')
    first = cli("connection", "apply", str(file), "--no-ping")
    second = cli("connection", "apply", change(file, "TSTDRV1234567_SB1", "7654321"), "--no-ping")
    cli("connection", "remove", "fresh", "--yes")

    assert (first.status, second.status) == (0, 0), (first, second)
    assert shop.url


def test_a_file_without_a_mode_leaves_it_and_a_new_connection_begins_in_dry_run(
    cli: Command, shop: Merchant, file: Path
) -> None:
    change(file, 'mode = "live"\n', "")
    cli("connection", "set-mode", "acme", "dry-run")
    kept = cli("connection", "apply", str(file), "--json")
    cli("connection", "set-mode", "acme", "live")
    still = cli("connection", "apply", str(file), "--json")
    change(file, 'name = "acme"', 'name = "fresh"')
    new = cli("connection", "apply", str(file), "--no-ping")
    listed = cli("connection", "list", "--json").json["connections"]
    cli("connection", "remove", "fresh", "--yes")

    assert (kept.json["mode"], still.json["mode"]) == ("dry-run", "live")
    assert "mode dry-run" in new.out
    assert "ml-connector connection set-mode fresh live" in new.out
    assert {one["name"]: one["mode"] for one in listed} == {"acme": "live", "fresh": "dry-run"}
    assert shop.url


def test_at_a_terminal_another_account_is_asked_about(
    cli: Command, booked: Merchant, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert booked is not None
    path = change(file, "TSTDRV1234567_SB1", "7654321")
    monkeypatch.setattr(sys, "stdin", Terminal("n\ny\n"))
    declined = cli("connection", "apply", path, "--no-ping")
    accepted = cli("connection", "apply", path, "--no-ping")
    back = cli("connection", "apply", str(booked.connection_file()), "--no-ping", "--yes")

    assert declined.status == 1
    assert "Shall its books go on with these?" in declined.out
    assert (accepted.status, back.status) == (0, 0)


class Terminal:
    """Standard input at which somebody sits and answers."""

    def __init__(self, answers: str) -> None:
        self._lines = answers.splitlines(keepends=True)

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        return self._lines.pop(0)
