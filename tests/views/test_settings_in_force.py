"""Where each setting comes from: the default, a variable, a file, a connection's file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ml_connector.app.views.in_force.settings import (
    FILE,
    SECRET,
    AppliedState,
    SettingInForce,
    of_connection,
    of_installation,
)
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.settings import DEFAULT, load

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
THEN = datetime(2026, 11, 20, tzinfo=UTC)


def stored(**more: Any) -> dict[str, Any]:
    return ConnectionSettings.model_validate(
        {
            "name": "acme",
            "netsuite": {"account_id": "TST1", "client_id": "c", "certificate_id": "i"},
            "shipbob": {},
            **more,
        }
    ).model_dump(mode="json")


def by_key(found: tuple[SettingInForce, ...]) -> dict[str, SettingInForce]:
    return {one.key: one for one in found}


def test_what_equals_the_default_is_of_no_file() -> None:
    found = by_key(of_connection(stored(limits={"netsuite_concurrency": 9}), []))

    assert found["limits.netsuite_concurrency"].source == FILE
    assert found["limits.netsuite_concurrency"].value == "9"
    assert found["limits.shipbob_per_minute"].source == DEFAULT
    assert found["netsuite.account_id"].source == FILE


def test_a_setting_is_of_who_applied_it_first_and_not_of_who_applied_the_file_again() -> None:
    now = stored(limits={"netsuite_concurrency": 9}, skus={"TEE.BLK": "TEE"})
    states = [
        AppliedState(person="kim", at=THEN, settings=now),
        AppliedState(person="lee", at=FIRST, settings=stored(limits={"netsuite_concurrency": 9})),
    ]

    found = by_key(of_connection(now, states))

    assert (found["limits.netsuite_concurrency"].person) == "lee"
    assert found["skus.TEE.BLK"].person == "kim"
    assert found["skus.TEE.BLK"].since == THEN


def test_a_long_table_is_only_counted() -> None:
    found = by_key(of_connection(stored(skus={f"S-{n}": "x" for n in range(1_200)}), []))

    assert found["skus"].value == "1,200 entries"
    assert not [key for key in found if key.startswith("skus.")]


def test_a_damaged_connection_is_shown_all_the_same() -> None:
    found = by_key(of_connection({"name": "acme", "limits": {"netsuite_concurrency": "x"}}, []))

    assert found["limits.netsuite_concurrency"].value == "x"


def test_the_installation_names_the_variable_or_the_file_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ml-connector.toml"
    file.write_text('log_level = "debug"\nlog_format = "json"\n')
    monkeypatch.setenv("MLC_LOG_FORMAT", "console")
    monkeypatch.setenv("MLC_DATABASE_URL", "postgresql://mlc:pa55word@db/mlc")
    monkeypatch.setenv("MLC_MASTER_KEY", "c2VjcmV0")
    settings = load(file)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    handed_on = load()

    for found in (by_key(of_installation(one)) for one in (settings, handed_on)):
        assert found["MLC_LOG_LEVEL"].source == str(file)
        assert found["MLC_LOG_FORMAT"].source == "MLC_LOG_FORMAT"
        assert found["MLC_PUBLIC_URL"].source == DEFAULT
        assert found["MLC_DATABASE_URL"].value == found["MLC_MASTER_KEY"].value == SECRET
        assert "pa55word" not in str(found)
        assert "c2VjcmV0" not in str(found)
