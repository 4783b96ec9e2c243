"""A connection file that can't be used says every fault with its line and key, and no secret."""

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_connector.config.connection import every, read
from ml_connector.errors import UserError

GOOD = """\
name = "acme"
start_date = 2026-11-01

[netsuite]
account_id = "TSTDRV1234567_SB1"
client_id = "c"
certificate_id = "k"
private_key = "file:key.pem"

[shipbob]
token = "env:TEST_TOKEN"

[locations]
"228" = "6"
"""
CANARY = "canary-7f3a9"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a connection file beside its key, and returns its path."""
    (tmp_path / "key.pem").write_text("a key\n")
    monkeypatch.setenv("TEST_TOKEN", f"{CANARY}-token")

    def file(text: str) -> Path:
        path = tmp_path / "acme.toml"
        path.write_text(text)
        return path

    return file


def said(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path)
    assert CANARY not in f"{caught.value} {caught.value.where} {caught.value.next_step}"
    assert caught.value.next_step
    return caught.value


def test_a_good_file_is_read_with_what_it_names(write: Write) -> None:
    found = read(write(GOOD))

    assert found.netsuite.private_key is not None
    assert found.netsuite.private_key.reveal() == "a key"
    assert found.shipbob.token is not None
    assert found.shipbob.token.reveal() == f"{CANARY}-token"
    assert (found.start_date, found.locations) == (date(2026, 11, 1), {"228": "6"})
    assert (found.mode, found.policies.over_receipt) == (None, "adjust")


def test_what_is_read_shows_no_secret(write: Write) -> None:
    found = read(write(GOOD))

    assert CANARY not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_malformed_toml_names_line_and_key(write: Write) -> None:
    error = said(write(GOOD.replace('client_id = "c"', f"client_id = {CANARY}")))

    assert "not valid TOML" in str(error)
    assert error.where.endswith("acme.toml, line 6, key client_id")


def test_a_table_that_is_not_closed_names_its_line(write: Write) -> None:
    assert "line 10" in said(write(GOOD.replace("[shipbob]", "[shipbob"))).where


@pytest.mark.parametrize(
    ("wrong", "line", "place", "meant"),
    [
        ("[netsuite]\nacount_id = 1", 5, "netsuite.acount_id", "account_id"),
        ("[policys]\nreceipts = 1", 4, "policys", "policies"),
        ("[policies]\nover_reciept = 1", 5, "policies.over_reciept", "over_receipt"),
        ("[limits]\nnetsuite_concurency = 1", 5, "limits.netsuite_concurency",
         "netsuite_concurrency"),
        ("[billing]\ndefault_acount = 1", 5, "billing.default_acount", "default_account"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_its_line_and_the_nearest_known_one(
    write: Write, wrong: str, line: int, place: str, meant: str
) -> None:
    head = 'name = "acme"\nstart_date = 2026-11-01\n\n'
    error = said(write(head + wrong + "\n"))

    assert f'at {place} (line {line}); did you mean "{meant}"?' in str(error)


def test_a_key_like_no_other_is_only_named(write: Write) -> None:
    error = said(write(GOOD + "\n[zzz]\nq = 1\n"))

    assert 'unknown key "zzz" at zzz (line 16)' in str(error)
    assert "did you mean" not in str(error)


def test_a_missing_key_is_named(write: Write) -> None:
    error = said(write(GOOD.replace('certificate_id = "k"\n', "")))

    assert "netsuite.certificate_id" in str(error)
    assert "missing" in str(error)


def test_all_faults_are_said_at_once(write: Write) -> None:
    text = GOOD.replace('"acme"', '"Not A Name"').replace("client_id", "cleint_id")
    error = said(write(text + '\n[schedule]\ntimezone = "Mars"\nsweep = "often"\n'))

    for place in ("name (line 1)", "netsuite.cleint_id (line 6)", "netsuite.client_id",
                  "schedule.timezone (line 17)", "schedule.sweep (line 18)"):  # fmt: skip
        assert place in str(error)


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ('[policies]\nclosed_period = "never"', "policies.closed_period (line 17)"),
        ('[policies]\norder_match = "memo"', "policies.order_match (line 17)"),
        ("[limits]\nnetsuite_concurrency = 0", "limits.netsuite_concurrency (line 17)"),
        ('[limits]\nshipbob_per_minute = "many"', "limits.shipbob_per_minute (line 17)"),
        ('[schedule]\npurchase_orders = "25:00"', "schedule.purchase_orders (line 17)"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(write: Write, table: str, place: str) -> None:
    assert place in str(said(write(f"{GOOD}\n{table}\n")))


def test_a_variable_that_is_missing_is_named_with_its_place(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_TOKEN")
    error = said(write(GOOD))

    assert "TEST_TOKEN is not set" in str(error)
    assert error.where.endswith("line 11, key shipbob.token")


def test_a_file_that_is_missing_is_named_with_its_place(write: Write) -> None:
    error = said(write(GOOD.replace("key.pem", "nowhere.pem")))

    assert "nowhere.pem does not exist" in str(error)
    assert error.where.endswith("line 8, key netsuite.private_key")


def test_a_file_that_is_no_text_is_named(write: Write, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"\xff\xfe\x00")

    assert "can't be read" in str(said(write(GOOD)))


def test_a_folder_in_place_of_a_file_is_named(write: Write, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    assert "can't be read" in str(said(write(GOOD.replace("key.pem", "folder"))))


def test_a_file_is_looked_for_beside_the_connection_file(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(GOOD)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert read(path).netsuite.private_key is not None


def test_a_connection_file_that_is_missing_is_named(tmp_path: Path) -> None:
    error = said(tmp_path / "none.toml")

    assert error.where.endswith("none.toml")


def test_a_connection_file_that_is_not_utf8_is_named(write: Write) -> None:
    path = write(GOOD)
    path.write_bytes(GOOD.encode("utf-16"))

    assert "not UTF-8" in str(said(path))


def test_a_secret_that_is_no_text_is_refused_without_being_shown(write: Write) -> None:
    error = said(write(GOOD.replace('token = "env:TEST_TOKEN"', f'token = ["{CANARY}"]')))

    assert "shipbob.token (line 11)" in str(error)


def test_a_wrong_value_beside_secrets_shows_none_of_them(write: Write) -> None:
    text = GOOD.replace(
        "[locations]", f'refresh_token = "{CANARY}"\nversion = "{CANARY} !"\n\n[x]'
    )

    assert "shipbob.version" in str(said(write(text)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [("15m", timedelta(minutes=15)), ("1h", timedelta(hours=1)), ("06:00", time(6, 0)),
     ("2d", timedelta(days=2)), ("30s", timedelta(seconds=30))],
)  # fmt: skip
def test_times_and_intervals_are_understood(text: str, meant: timedelta | time) -> None:
    assert every(text) == meant


@given(text=st.text(max_size=12))
def test_any_other_text_is_no_time(text: str) -> None:
    try:
        found: object = every(text)
    except ValueError as error:
        found = error

    assert isinstance(found, (timedelta, time)) or "write a time of day" in str(found)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(max_size=80), at=st.integers(0, len(GOOD)))
def test_whatever_is_in_the_file_there_is_no_other_error(write: Write, text: str, at: int) -> None:
    path = write("")
    path.write_bytes((GOOD[:at] + text + GOOD[at:]).encode("utf-8", "surrogatepass"))
    refused = None
    try:
        read(path)
    except UserError as error:
        refused = error

    assert refused is None or refused.where
    assert CANARY not in str(refused)
