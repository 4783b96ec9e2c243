"""Settings: a file, where it is looked for, and the environment above it."""

import os
from pathlib import Path

import pytest

from ml_connector.config.settings import load
from ml_connector.errors import UserError

CANARY = "canary-7f3a9"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder and no settings in the environment."""
    for name in ("DATABASE_URL", "DATA_DIR", "MASTER_KEY", "MASTER_KEY_FILE", "PUBLIC_URL",
                 "LOG_FORMAT", "LOG_LEVEL", "ADMIN_PASSWORD"):  # fmt: skip
        monkeypatch.delenv(f"MLC_{name}", raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_without_any_file_the_data_folder_is_beside_us(nowhere: Path) -> None:
    found = load()

    assert found.data_dir == nowhere / "ml-connector-data"
    assert (found.database_url, found.log_format) == (None, "console")


def test_the_file_in_the_current_folder_comes_first(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "ml-connector.toml").write_text('public_url = "https://from-the-data-folder"')
    monkeypatch.setenv("MLC_DATA_DIR", str(data))
    in_data = load().public_url
    (nowhere / "ml-connector.toml").write_text('public_url = "https://from-here"')
    here = load().public_url

    assert in_data == "https://from-the-data-folder"
    assert here == "https://from-here"


def test_a_named_file_is_the_only_one_read(nowhere: Path, tmp_path: Path) -> None:
    (nowhere / "ml-connector.toml").write_text('public_url = "https://from-here"')
    other = tmp_path / "other.toml"
    other.write_text('log_format = "json"')
    found = load(other)

    assert (found.public_url, found.log_format) == (None, "json")


def test_the_environment_wins_over_the_file(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nowhere / "ml-connector.toml").write_text('log_format = "json"\nlog_level = "error"')
    monkeypatch.setenv("MLC_LOG_LEVEL", "DEBUG")
    found = load()

    assert (found.log_format, found.log_level) == ("json", "debug")


def test_an_unknown_setting_names_its_line_and_the_nearest(nowhere: Path) -> None:
    (nowhere / "ml-connector.toml").write_text('\nlog_levle = "info"\n')

    with pytest.raises(UserError) as caught:
        load()
    assert 'unknown key "log_levle" at log_levle (line 2); did you mean "log_level"?' in str(
        caught.value
    )


def test_wrong_variables_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLC_DATABASE_URL", f"mysql://user:{CANARY}@host/db")
    monkeypatch.setenv("MLC_LOG_FORMAT", "xml")

    with pytest.raises(UserError) as caught:
        load()
    assert "MLC_DATABASE_URL" in str(caught.value)
    assert "MLC_LOG_FORMAT" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_wrong_variable_is_named_though_there_is_a_file(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nowhere / "ml-connector.toml").write_text('log_format = "json"\n')
    monkeypatch.setenv("MLC_LOG_LEVEL", "loud")

    with pytest.raises(UserError) as caught:
        load()
    assert "log_level" in str(caught.value).lower()


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path / "none.toml")
    assert caught.value.where.endswith("none.toml")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", []),
        ("10.0.0.7", ["10.0.0.7/32"]),
        (
            " 10.0.0.7 ,10.1.0.0/24, 2001:db8::/32,",
            ["10.0.0.7/32", "10.1.0.0/24", "2001:db8::/32"],
        ),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, nowhere: Path, written: str, meant: list[str]
) -> None:
    monkeypatch.setenv("MLC_TRUSTED_PROXIES", written)
    from_environment = load()
    monkeypatch.delenv("MLC_TRUSTED_PROXIES")
    (nowhere / "ml-connector.toml").write_text(f'trusted_proxies = "{written}"')
    from_file = load()
    for name, value in from_file.environment().items():
        monkeypatch.setenv(name, value)
    handed_on = load()

    for found in (from_environment, from_file, handed_on):
        assert [str(network) for network in found.trusted_proxies] == meant


@pytest.mark.parametrize("written", ["proxy.example.com", "10.0.0.1/24", "10.0.0.256"])
def test_a_trusted_proxy_that_is_no_address_is_named(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("MLC_TRUSTED_PROXIES", written)
    with pytest.raises(UserError, match="MLC_TRUSTED_PROXIES: write addresses or networks"):
        load()


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLC_MASTER_KEY", f"{CANARY}-key")
    monkeypatch.setenv("MLC_ADMIN_PASSWORD", f"{CANARY}-password")
    found = load()

    assert found.admin_password is not None
    assert found.admin_password.reveal() == f"{CANARY}-password"
    assert CANARY not in f"{found!r} {found} {found.model_dump()}"


def test_a_file_that_everybody_may_write_is_not_read(nowhere: Path) -> None:
    found = nowhere / "ml-connector.toml"
    found.write_text('log_format = "json"')
    found.chmod(0o666)

    with pytest.raises(UserError, match="Everybody on this machine may write") as refused:
        load()
    assert refused.value.where == str(found)
    assert load(found).log_format == "json"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_read(nowhere: Path) -> None:
    found = nowhere / "ml-connector.toml"
    found.write_text('log_format = "json"')
    os.chown(found, 65534, 65534)

    with pytest.raises(UserError, match="belongs to another user") as refused:
        load()
    assert "--config" in refused.value.next_step

    folder = nowhere / "ml-connector-data"
    folder.mkdir()
    os.chown(folder, 65534, 65534)

    assert load().log_format == "json"
