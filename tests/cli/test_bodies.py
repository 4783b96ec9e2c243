"""``events bodies``: raw bodies leave, what they led to stays."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from cli.conftest import Command
from cli.test_events import ARRIVALS, take


@pytest.fixture(scope="module")
def inbox(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """Three events: one open, one ignored, one that nobody could read."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("inbox"), url) as made,
    ):
        asyncio.run(take(url, ARRIVALS))
        yield made


@pytest.fixture
def acme(bare: Command, inbox: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in inbox.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare


def test_bodies_are_exported_and_deleted_and_the_act_is_kept(
    acme: Command, inbox: Merchant, tmp_path: Path
) -> None:
    file = tmp_path / "bodies.jsonl"
    exported = acme("events", "bodies", "export", "--before", "2199-01-01", "--out", str(file))

    assert exported.status == 0, exported.err
    lines = [json.loads(one) for one in file.read_text("utf-8").splitlines()]
    assert "3 bodies written" in exported.out
    assert [one["delivery_id"] for one in lines] == ["msg_wro", "msg_new", "msg_nothing"]
    assert lines[1]["body"] == ARRIVALS[1].body.decode()
    assert oct(file.stat().st_mode & 0o777) == "0o600"

    refused = acme("events", "bodies", "delete", "--before", "2199-01-01")
    done = acme("events", "bodies", "delete", "--before", "2199-01-01", "--yes", "--json")
    left = inbox.rows("select delivery_id, body, body_deleted_at from event order by id")

    assert (refused.status, done.status) == (1, 0)
    assert "Nothing was deleted" in refused.err
    assert json.loads(done.out) == {"deleted": 1, "kept": 2}
    assert [row["body"] for row in left] == [ARRIVALS[0].body, b"", ARRIVALS[2].body]
    acts = json.loads(acme("audit", "acts", "--what", "events", "--json").out)["acts"]
    assert acts[0]["what"] == "events.bodies-delete"
    assert acts[0]["details"]["deleted"] == 1
    again = acme("events", "bodies", "delete", "--before", "2199-01-01", "--yes", "--json")
    assert json.loads(again.out) == {"deleted": 0, "kept": 2}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["burn", "--before", "1d"], "is nothing to do with bodies"),
        (["export", "--before", "1d"], "It is not said which bodies, or where to"),
        (["delete"], "It is not said which bodies, or where to"),
        (["delete", "--before", "soon"], '"soon" is no time'),
    ],
)
def test_wrong_usage_says_what_is_wrong(acme: Command, options: list[str], said: str) -> None:
    answered = acme("events", "bodies", *options)

    assert answered.status == 2
    assert said in answered.err


def test_an_export_never_overwrites(acme: Command, tmp_path: Path) -> None:
    file = tmp_path / "there.jsonl"
    file.write_text("mine")
    answered = acme("events", "bodies", "export", "--before", "1d", "--out", str(file))

    assert answered.status == 1
    assert file.read_text() == "mine"


def test_a_replay_is_an_act(acme: Command) -> None:
    acme("events", "replay", "--flow", "receiving")
    [act] = json.loads(acme("audit", "acts", "--what", "events.replay", "--json").out)["acts"]

    assert act["details"]["which"]["flow"] == "receiving"
    assert act["details"]["events"] == 1
