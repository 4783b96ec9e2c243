"""Alarms reach people: grouped, not too often, again until they are taken."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from acceptance.merchant import Merchant
from cli.conftest import Command
from ml_connector.app.alarms.sending import tell
from ml_connector.app.alarms.sentences import message_of
from ml_connector.app.alarms.watch import watch_books
from ml_connector.app.installation.installation import open_installation
from ml_connector.ledger.alarms.alarms import Alarm, Group, end_alarms, raise_alarm
from ml_connector.ledger.journal.journal import Head
from ml_connector.words import AlarmKind

START = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Desk:
    """Raises and tells, at a time of its own."""

    def __init__(self, shop: Merchant, server: HTTPServer) -> None:
        self.shop = shop
        self.server = server
        self.now = START

    def alarm(self, kind: AlarmKind, key: str, sentence: str = "Something is wrong") -> None:
        async def do() -> None:
            async with (
                open_installation(self.shop.settings) as installation,
                installation.database.transaction() as on,
            ):
                await raise_alarm(
                    on, "acme", kind, key, sentence=sentence, remedy="Repair it.", now=self.now
                )

        asyncio.run(do())

    def end(self, kind: AlarmKind) -> None:
        async def do() -> None:
            async with (
                open_installation(self.shop.settings) as installation,
                installation.database.transaction() as on,
            ):
                await end_alarms(on, "acme", kind, now=self.now)

        asyncio.run(do())

    def tell(self, *, later: timedelta = timedelta(0)) -> list[dict[str, Any]]:
        """Tell at a later time; return what reached the channel then."""
        self.now += later
        before = len(self.server.log)

        async def do() -> None:
            async with open_installation(self.shop.settings) as installation:
                await tell(installation, now=self.now)

        asyncio.run(do())
        return [json.loads(request.data) for request, _ in self.server.log[before:]]


@pytest.fixture
def desk(cli: Command, shop: Merchant, httpserver: HTTPServer) -> Iterator[Desk]:
    """A connection with one channel, and nothing wrong."""
    del cli
    httpserver.expect_request("/hook").respond_with_data("taken")
    url = f"json://{httpserver.host}:{httpserver.port}/hook?key=CANARY-key"
    empty(shop)
    shop.apply(alarms=f'urls = ["{url}"]')
    yield Desk(shop, httpserver)
    empty(shop)
    shop.apply(alarms="urls = []")


def empty(shop: Merchant) -> None:
    shop.rows("with gone as (delete from alarm_message returning 1) select count(*) from gone")
    shop.rows("with gone as (delete from alarm returning 1) select count(*) from gone")


def test_alarms_of_one_kind_are_one_message_that_says_what_to_do(desk: Desk) -> None:
    for number in range(12):
        desk.alarm(AlarmKind.PARKED, f"wro:{number}", f"WRO {number} waits")
    desk.alarm(AlarmKind.CREDENTIALS, "shipbob", "ShipBob refused to renew our access")
    messages = desk.tell()

    titles = sorted(one["title"] for one in messages)
    assert titles == [
        "ml-connector acme: credentials are not accepted",
        "ml-connector acme: work waits for long (12)",
    ]
    [parked] = [one["message"] for one in messages if "waits" in one["title"]]
    assert "WRO 0 waits." in parked
    assert "What to do: Repair it." in parked
    assert "and 2 more" in parked


def test_the_same_trouble_is_told_once_and_again_after_a_day(desk: Desk) -> None:
    desk.alarm(AlarmKind.WEBHOOKS, "silence")
    told = [len(desk.tell())]
    for later in (timedelta(minutes=5), timedelta(hours=3), timedelta(hours=22)):
        desk.alarm(AlarmKind.WEBHOOKS, "silence")
        told.append(len(desk.tell(later=later)))
    desk.end(AlarmKind.WEBHOOKS)
    told.append(len(desk.tell(later=timedelta(hours=30))))

    assert told == [1, 0, 0, 1, 0]


def test_new_trouble_of_the_same_kind_waits_for_an_hour(desk: Desk) -> None:
    desk.alarm(AlarmKind.PARKED, "a")
    first = desk.tell()
    desk.alarm(AlarmKind.PARKED, "b")
    soon = desk.tell(later=timedelta(minutes=10))
    after = desk.tell(later=timedelta(hours=1))

    assert (len(first), len(soon), len(after)) == (1, 0, 1)


def test_a_channel_that_cannot_be_opened_is_shown_and_alarmed(desk: Desk, cli: Command) -> None:
    desk.shop.rows(
        "with done as (update secret set ciphertext = set_byte(ciphertext, 20,"
        " get_byte(ciphertext, 20) # 1) where field like 'alarms.%%' returning 1)"
        " select count(*) from done"
    )

    async def watch() -> None:
        async with open_installation(desk.shop.settings) as installation:
            await watch_books(installation)

    asyncio.run(watch())
    shown = cli("alarms", "list")

    assert shown.status == 0
    assert "credentials: The secret acme/alarms.urls.0 can't be opened" in shown.out
    assert "Channel 0 (unusable) of acme" in shown.out
    assert "CANARY-key" not in shown.out


def test_a_channel_that_fails_is_tried_again_and_shown(desk: Desk, cli: Command) -> None:
    desk.server.clear()
    desk.server.expect_ordered_request("/hook").respond_with_data("no", status=500)
    desk.server.expect_ordered_request("/hook").respond_with_data("taken")
    desk.alarm(AlarmKind.BUG, "receiving")
    desk.tell()
    shown = cli("alarms", "list")
    too_soon = desk.tell(later=timedelta(seconds=5))
    again = desk.tell(later=timedelta(seconds=60))
    healed = cli("alarms", "list", "--json")

    assert "FAILING: the channel did not take it; 1 message waits" in shown.out
    assert too_soon == []
    assert [one["title"] for one in again] == ["ml-connector acme: a bug"]
    [channel] = json.loads(healed.out)["channels"]
    assert channel["error"] is None
    assert channel["waiting"] == 0


def test_without_a_channel_an_alarm_waits_for_one(desk: Desk, cli: Command) -> None:
    desk.shop.apply(alarms="urls = []")
    desk.alarm(AlarmKind.BUG, "receiving")
    nobody = desk.tell()
    shown = cli("alarms", "list")
    tested = cli("alarms", "test")

    assert nobody == []
    assert "Nobody is told." in shown.out
    assert "nobody told" in shown.out
    assert tested.status == 1
    assert "[alarms] urls" in tested.err


def test_a_test_message_says_who_took_it_and_no_secret(desk: Desk, cli: Command) -> None:
    good = cli("alarms", "test")
    desk.server.clear()
    bad = cli("alarms", "test", "--json")
    listed = cli("alarms", "list", "--json")
    shown = cli("connection", "show", "acme", "--json")

    assert good.status == 0
    assert "Channel 0 (json): taken" in good.out
    assert bad.status == 1
    assert json.loads(bad.out)["channels"][0]["ok"] is False
    everything = "".join((str(good), str(bad), str(listed), str(shown)))
    assert "CANARY-key" not in everything
    kept = desk.shop.rows("select settings::text as text from connection")
    assert "CANARY-key" not in str(kept)


def applied(cli: Command, shop: Merchant, alarms: str) -> tuple[int, str]:
    answered = cli("connection", "apply", str(shop.connection_file(alarms=alarms)), "--no-ping")
    return answered.status, answered.err


def test_an_address_that_apprise_does_not_know_is_refused(cli: Command, shop: Merchant) -> None:
    status, said = applied(cli, shop, 'urls = ["nonsense:secret-word"]')

    assert status == 1
    assert "Apprise does not know such an address" in said
    assert "alarms.urls, number 1" in said
    assert "secret-word" not in said


def test_without_apprise_it_says_how_to_get_it(
    cli: Command, shop: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    status, said = applied(cli, shop, 'urls = ["json://127.0.0.1/x"]')

    assert status == 1
    assert "not installed" in said
    assert "ml-connector[apprise]" in said


def test_an_interval_is_wanted_for_parked_work(cli: Command, shop: Merchant) -> None:
    status, said = applied(cli, shop, 'parked_after = "06:00"')

    assert status == 1
    assert "parked_after" in said


def test_the_books_raise_and_end_alarms(desk: Desk) -> None:
    shop = desk.shop
    now = datetime.now(UTC)

    def subject(key: str, state: str, cause: str, hours: int) -> None:
        shop.rows(
            "with new as (insert into subject (connection, flow, key, state, cause, sentence,"
            " remedy, changed_at) values ('acme', 'receiving', %(key)s, %(state)s, %(cause)s,"
            " 'It stopped', 'Repair it.', now() - make_interval(hours => %(hours)s)) returning 1)"
            " select count(*) from new",
            key=key,
            state=state,
            cause=cause,
            hours=hours,
        )

    def watch() -> set[tuple[str, str]]:
        async def do() -> None:
            async with open_installation(shop.settings) as installation:
                await watch_books(installation, now=now)

        asyncio.run(do())
        found = shop.rows("select kind, sentence from alarm where ended_at is null")
        return {(row["kind"], row["sentence"].split(" stopped")[0]) for row in found}

    subject("9001", "dead", "bug", 0)
    subject("9002", "parked", "sku_missing_in_netsuite", 30)
    subject("9003", "parked", "location_unmapped", 2)
    subject("9004", "dead", "credentials_invalid", 0)
    raised = watch()
    shop.rows(
        "with gone as (delete from subject where key like '900_' returning 1)"
        " select count(*) from gone"
    )
    after = watch()

    assert raised == {
        ("bug", "receiving 9001"),
        ("parked", "receiving 9002"),
        ("credentials", "receiving 9004"),
    }
    assert after == set()


def test_a_message_carries_the_end_of_the_journal_where_there_is_one() -> None:
    alarm = Alarm(
        id=1,
        connection="acme",
        kind=AlarmKind.BUG,
        key="k",
        sentence="Something is wrong",
        remedy="",
        times=1,
        raised_at=START,
        last_raised_at=START,
        told_at=None,
    )
    group = Group(connection="acme", kind=AlarmKind.BUG, alarms=(alarm,))

    assert message_of(group, None)[1].endswith("alarms list --connection acme")
    assert message_of(group, Head(connection="acme", number=7, hash="ab"))[1].endswith(
        "The journal's head: 7:ab"
    )
