"""``events``: filters, one event whole, replays."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from acceptance.merchant import Merchant
from cli.conftest import Command
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Database
from ml_connector.words import Cause

ARRIVALS = (
    Arrival(
        connection="acme",
        source="webhook",
        delivery_id="msg_wro",
        topic="wro.updated",
        subject=SubjectRef("acme", "receiving", "90311"),
        body=b'{"id": 90311}',
    ),
    Arrival(
        connection="acme",
        source="webhook",
        delivery_id="msg_new",
        topic="some.new.topic",
        subject=None,
        status="ignored",
        body=b'{"name": "\xc3\xa9"}',
    ),
    Arrival(
        connection="acme",
        source="webhook",
        delivery_id="msg_nothing",
        topic="wro.updated",
        subject=None,
        status="dead",
        cause=Cause.EVENT_UNREADABLE,
        sentence="It says nothing",
        remedy="Look.",
        body=b"{}",
    ),
)


async def take(url: str, arrivals: Sequence[Arrival]) -> None:
    async with Database(url, size=1) as database, database.transaction() as connection:
        await take_in(connection, Lanes(url), arrivals)


@pytest.fixture(autouse=True)
def arrived(shop: Merchant) -> None:
    """Three events; storing them again changes nothing."""
    assert shop.database_url is not None
    asyncio.run(take(shop.database_url, ARRIVALS))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "received"], {"msg_wro"}),
        (["--status", "ignored"], {"msg_new"}),
        (["--status", "dead"], {"msg_nothing"}),
        (["--status", "parked"], set()),
        (["--flow", "receiving", "--status", "received"], {"msg_wro"}),
        (["--flow", "billing"], set()),
        (["--subject", "90311"], {"msg_wro"}),
        (["--cause", "event_unreadable"], {"msg_nothing"}),
        (["--since", "1h"], {"msg_wro", "msg_new", "msg_nothing"}),
        (["--since", "2199-01-01"], set()),
        (["--since", "2020-01-01T00:00:00Z", "--subject", "90311"], {"msg_wro"}),
    ],
)
def test_events_are_filtered(cli: Command, options: list[str], found: set[str]) -> None:
    listed = cli("events", "list", *options, "--json").json["events"]

    assert {one["delivery_id"] for one in listed if one["source"] == "webhook"} == found


def test_events_are_listed_newest_first_and_as_many_as_wanted(cli: Command) -> None:
    listed = cli("events", "list", "--json").json["events"]
    two = cli("events", "list", "--limit", "2", "--json").json["events"]
    ids = [one["id"] for one in listed]

    assert ids == sorted(ids, reverse=True)
    assert [one["id"] for one in two] == ids[:2]


def test_one_event_is_shown_whole(cli: Command) -> None:
    [event] = cli("events", "list", "--status", "ignored", "--json").json["events"]
    shown = cli("events", "show", str(event["id"]))
    as_json = cli("events", "show", str(event["id"]), "--json").json

    assert shown.status == 0
    assert "some.new.topic" in shown.out
    assert json.loads(as_json["body"]) == {"name": "é"}
    assert as_json["runs"] == as_json["postings"] == []


def test_a_list_is_a_table_for_people(cli: Command) -> None:
    answered = cli("events", "list")

    assert answered.out.splitlines()[0].split()[:3] == ["id", "received", "source"]
    assert "some.new.topic" in answered.out
    assert "\x1b[" not in answered.out


def test_a_replay_says_how_many(cli: Command) -> None:
    [event] = [
        one
        for one in cli("events", "list", "--subject", "90311", "--json").json["events"]
        if one["delivery_id"] == "msg_wro"
    ]
    replayed = cli("events", "replay", "--id", str(event["id"]))
    ignored = cli("events", "replay", "--status", "ignored", "--json")
    unknown = cli("events", "replay", "--id", str(event["id"]), "--id", "999999", "--json")

    assert (replayed.status, replayed.out.split()[:3]) == (0, ["1", "event", "replayed,"])
    assert (ignored.status, ignored.json["replayed"], ignored.json["left_out"]) == (0, 0, 1)
    assert (unknown.status, unknown.json["unknown_ids"]) == (1, [999999])
