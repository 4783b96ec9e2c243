"""``connection`` besides ``apply``: certificates, pause, resume, mode, remove."""

import stat
from pathlib import Path

import pytest

from acceptance.merchant import Merchant
from cli.conftest import Command


def test_a_pair_is_made_before_anything_is_set_up(bare: Command, tmp_path: Path) -> None:
    answered = bare("connection", "certificate", "acme")
    key, certificate = tmp_path / "acme-netsuite.pem", tmp_path / "acme-netsuite.cer"

    assert answered.status == 0, answered
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(certificate.stat().st_mode) == 0o600
    assert "BEGIN PRIVATE KEY" in key.read_text()
    assert "BEGIN CERTIFICATE" in certificate.read_text()
    for word in ("OAuth 2.0 Client Credentials (M2M) Setup", "Manage Roles", "Machine to Machine"):
        assert word in answered.out
    assert key.read_text().splitlines()[1] not in answered.out
    assert not (tmp_path / "data").exists()


def test_a_pair_that_is_there_is_kept(bare: Command, tmp_path: Path) -> None:
    first = bare("connection", "certificate", "acme", "--json").json
    again = bare("connection", "certificate", "acme", "--json").json
    anew = bare("connection", "certificate", "acme", "--anew", "--key", "rsa", "--json").json

    assert (first["made"], again["made"], anew["made"]) == (True, False, True)
    assert first["valid_until"] == again["valid_until"]
    assert (first["algorithm"], anew["algorithm"]) == ("ES256", "PS256")
    assert (tmp_path / "acme-netsuite.pem.old-1").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "not named"),
        (["Big Name"], 2, "is no name"),
        (["acme", "--days", "731"], 2, "at most two years"),
        (["acme", "--out", "nowhere"], 1, "no such folder"),
        (["acme", "--key", "dsa"], 2, "--key"),
        (["acme", "--renew"], 1, "init"),
    ],
)
def test_what_is_typed_wrong_is_explained(
    bare: Command, arguments: list[str], status: int, said: str
) -> None:
    answered = bare("connection", "certificate", *arguments)

    assert answered.status == status, answered
    assert said in answered.err


def test_half_a_pair_and_one_that_does_not_fit_are_told(bare: Command, tmp_path: Path) -> None:
    bare("connection", "certificate", "acme")
    bare("connection", "certificate", "other")
    (tmp_path / "acme-netsuite.cer").write_bytes((tmp_path / "other-netsuite.cer").read_bytes())
    misfit = bare("connection", "certificate", "acme")
    (tmp_path / "acme-netsuite.cer").unlink()
    half = bare("connection", "certificate", "acme")

    assert (misfit.status, half.status) == (1, 1)
    assert "does not belong to the private key" in misfit.err
    assert "only one file is there" in half.err
    assert "--anew" in half.err


def test_pausing_and_resuming_is_recorded_once(cli: Command, shop: Merchant) -> None:
    answers = [cli("connection", verb, "acme") for verb in ("pause", "pause", "resume", "resume")]
    acts = shop.rows(
        "select what, details from act where what in ('connection.pause', 'connection.resume')"
        " order by id"
    )

    assert [one.status for one in answers] == [0, 0, 0, 0]
    assert "was paused already" in answers[1].out
    assert [(act["what"], act["details"]) for act in acts] == [
        ("connection.pause", {"before": {"paused": False}, "after": {"paused": True}}),
        ("connection.resume", {"before": {"paused": True}, "after": {"paused": False}}),
    ]


@pytest.mark.parametrize("words", [["acme", "dry-run"], ["dry-run", "acme"], ["dry-run"]])
def test_the_mode_is_set_in_either_order(cli: Command, words: list[str]) -> None:
    answered = cli("connection", "set-mode", *words, "--json")
    shown = cli("connection", "show", "--json").json["mode"]
    cli("connection", "set-mode", "live")

    assert answered.json == {"name": "acme", "changed": True, "mode": "dry-run", "woken": 0}
    assert shown == "dry-run"


@pytest.mark.parametrize("words", [[], ["acme"], ["acme", "sleeping"], ["a", "b", "live"]])
def test_no_mode_is_told(cli: Command, words: list[str]) -> None:
    answered = cli("connection", "set-mode", *words)

    assert answered.status == 2
    assert "set-mode NAME live, or dry-run" in answered.err


def test_removing_deletes_the_credentials_and_keeps_the_books(
    cli: Command, shop: Merchant
) -> None:
    events = shop.rows("select count(*) as n from event")
    answered = cli("connection", "remove", "acme")
    gone = cli("connection", "show", "acme")
    secrets = shop.rows("select field from secret where connection = 'acme'")
    tokens = shop.rows("select ciphertext from token where ciphertext is not null")
    [act] = shop.rows("select details from act where what = 'connection.remove'")
    back = cli("connection", "apply", str(shop.connection_file()))

    assert answered.status == 0, answered
    assert gone.status == 1
    assert (secrets, tokens) == ([], [])
    assert act["details"]["after"] is None
    assert act["details"]["before"]["netsuite"]["account_id"] == "TSTDRV1234567_SB1"
    assert back.status == 0, back
    assert shop.rows("select count(*) as n from event") == events


def test_syncing_credentials_says_what_came_of_each(cli: Command) -> None:
    answered = cli("sync", "credentials")
    document = cli("sync", "credentials", "--json").json

    assert answered.status == 0, answered
    assert "ends on" in answered.out
    assert document["ok"]
    assert {(one["system"], one["check"]) for one in document["results"]} >= {
        ("netsuite", "token"),
        ("netsuite", "certificate"),
        ("shipbob", "token"),
    }


def test_syncing_credentials_takes_no_ids(cli: Command) -> None:
    answered = cli("sync", "credentials", "--id", "1")

    assert answered.status == 2
    assert "neither --id nor --since" in answered.err


def test_settings_in_force_say_where_each_comes_from(cli: Command) -> None:
    told = cli("connection", "settings", "acme")
    found = cli("connection", "settings", "acme", "--json").json

    assert "limits.netsuite_concurrency: 0 of" in told.out
    assert "Runs at once: 0 of" in told.out
    assert {one["source"] for one in found["settings"]} == {"default", "connection file"}
    assert "MLC_DATABASE_URL" in {one["key"] for one in found["installation"]}
    assert [one["value"] for one in found["secrets"]] == ["set, kept sealed"] * len(
        found["secrets"]
    )


def test_a_connection_is_shown_as_the_file_that_applies_it(
    cli: Command, shop: Merchant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = cli("connection", "show", "acme", "--toml")
    file = tmp_path / "shown.toml"
    file.write_text(shown.out, "utf-8")
    for name, value in (
        ("NS_PRIVATE_KEY", shop.world.private_key),
        ("SHIPBOB_TOKEN", shop.world.token),
        ("SB_WEBHOOK_SECRET_1", shop.secret),
    ):
        assert f'"env:{name}"' in shown.out
        assert value not in shown.out
        monkeypatch.setenv(name, value)

    applied = cli("connection", "apply", str(file), "--no-ping", "--json").json

    assert (applied["changed"], applied["changes"], applied["secrets"]) == (False, [], [])
    assert cli("connection", "show", "acme", "--toml", "--json").json == {"toml": shown.out}
