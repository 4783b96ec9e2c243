"""``init`` sets everything up, and repeating it is harmless."""

import base64
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from acceptance.service import Answered
from cli.conftest import Command
from databases import drop_database

CANARY = "canary-7f3a9-password"


@pytest.fixture
def empty_database(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database without any table, configured in the environment."""
    name = "test_of_init"
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        monkeypatch.setenv("MLC_DATABASE_URL", url)
        try:
            yield url
        finally:
            drop_database(server_url, name)


def people(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select name, role from person").fetchall()


@pytest.mark.usefixtures("empty_database")
def test_init_twice_changes_nothing_the_second_time(bare: Command, tmp_path: Path) -> None:
    first = bare("init", "--json")
    key = (tmp_path / "data" / "master.key").read_bytes()
    second = bare("init", "--json")

    assert (first.status, second.status) == (0, 0)
    assert first.json["master_key_is_new"]
    assert first.json["administrator_is_new"]
    assert len(first.json["password"]) >= 10
    assert not second.json["master_key_is_new"]
    assert not second.json["administrator_is_new"]
    assert "password" not in second.json
    assert (tmp_path / "data" / "master.key").read_bytes() == key


def test_init_takes_the_password_from_the_environment_and_does_not_show_it(
    bare: Command, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLC_ADMIN_PASSWORD", CANARY)
    answered = bare("init")

    assert answered.status == 0
    assert CANARY not in answered.out + answered.err
    assert people(empty_database) == [("admin", "admin")]


@pytest.mark.usefixtures("empty_database")
def test_a_password_that_is_too_short_is_refused(
    bare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLC_ADMIN_PASSWORD", "short")
    answered = bare("init")

    assert answered.status == 1
    assert "MLC_ADMIN_PASSWORD" in answered.err
    assert "short" not in answered.err.replace("shorter", "")


def test_init_with_a_master_key_in_the_environment_writes_none(
    bare: Command, empty_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare("init")
    kept = (tmp_path / "data" / "master.key").read_text().strip()
    monkeypatch.setenv("MLC_DATA_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("MLC_MASTER_KEY", kept)
    answered = bare("init", "--json")

    assert empty_database
    assert answered.status == 0, answered.out
    assert answered.json["master_key"] == "MLC_MASTER_KEY"
    assert not (tmp_path / "other" / "master.key").exists()
    assert base64.b64encode(kept.encode()).decode() not in answered.out
    assert kept not in answered.out + answered.err


@pytest.mark.usefixtures("empty_database")
def test_a_master_key_that_is_none_is_refused_without_being_shown(
    bare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLC_MASTER_KEY", CANARY)
    answered = bare("init")

    assert answered.status == 1
    assert "MLC_MASTER_KEY" in answered.err
    assert CANARY not in answered.out + answered.err


def test_init_in_a_folder_that_cannot_be_made_says_so(
    bare: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLC_DATA_DIR", str(tmp_path / "file" / "data"))
    answered = bare("init")

    assert answered.status == 1
    assert "MLC_DATA_DIR" in answered.err


def test_init_with_a_database_that_is_away_says_where(
    bare: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLC_DATABASE_URL", "postgresql://someone:canary-7f3a9@127.0.0.1:1/nothing")
    answered = bare("init")

    assert answered.status == 1
    assert "127.0.0.1" in answered.err
    assert "canary-7f3a9" not in answered.out + answered.err
    assert "Traceback" not in answered.err


def test_every_other_command_says_what_to_do_where_nothing_is_set_up(bare: Command) -> None:
    for arguments in (["events", "list"], ["connection", "list"], ["journal", "list"], ["ping"]):
        answered: Answered = bare(*arguments)

        assert answered.status == 1
        assert "ml-connector init" in answered.err


def test_init_with_the_embedded_database_makes_a_complete_installation(
    bare: Command, tmp_path: Path
) -> None:
    first = bare("init", "--json")
    listed = bare("events", "list", "--json")

    assert first.status == 0, first.out
    assert first.json["database"] == "embedded PostgreSQL"
    assert listed.json == {"events": []}
    assert (tmp_path / "data" / "master.key").stat().st_mode & 0o077 == 0
