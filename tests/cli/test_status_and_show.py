"""``status``, ``show``, ``help`` and ``completion``: what a person types first."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from cli.conftest import Command
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.views.installation.status import (
    ConnectionStatus,
    ShownTrouble,
    Status,
    next_step,
    status,
)
from ml_connector.cli.commands import COMMANDS, asked_for_help
from ml_connector.cli.status import ago

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """Two WROs of one order, of which one is booked and the other one waits."""

    acme: Merchant
    order: str
    booked: str
    waiting: str


@pytest.fixture(scope="module")
def told(shop: Merchant) -> Told:
    tee = shop.sku("TEE")
    number = shop.order({tee: 60})
    booked = shop.deliver({tee: 40}, number=number)
    waiting = shop.deliver({shop.sku("GONE", in_netsuite=False): 5}, number=number)
    sync(shop, "receiving", [str(booked.id), str(waiting.id)])
    return Told(shop, number, str(booked.id), str(waiting.id))


@pytest.mark.usefixtures("told")
def test_status_says_what_runs_and_what_to_do_next(cli: Command) -> None:
    said = cli("status")
    lines = said.out.splitlines()

    assert said.status == 0, said.err
    assert len(lines) <= 24
    assert lines[0].startswith("Service     does not run")
    assert "acme        live" in lines
    assert "  Open      1 waiting, who can act: finance 1" in lines
    assert lines[-1] == "Next        Start the service: ml-connector serve"
    assert cli("status", "--json").json["connections"][0]["work"]["waiting"] == 1


@pytest.mark.usefixtures("told")
def test_alarms_do_not_say_that_nothing_is_wrong_while_something_waits(cli: Command) -> None:
    said = cli("alarms", "list")

    assert said.status == 0
    assert "No alarm. 1 waits or has stopped: see ml-connector status" in said.out
    assert "Nothing is wrong" not in said.out


def test_status_before_init_says_what_to_do_first(bare: Command) -> None:
    said = bare("status")

    assert said.status == 1
    assert "Nothing is set up here yet" in said.err
    assert "ml-connector init" in said.err


def status_of(**changes: object) -> Status:
    usual = {
        "version": "1",
        "at": NOW,
        "running": True,
        "workers": 1,
        "connections": (),
        "alarms": (),
        "rooms": (),
        "backup": None,
        "next_step": "",
    }
    return Status(**{**usual, **changes})  # type: ignore[arg-type]  # each is of its type


def connected(acme: Merchant, **changes: object) -> ConnectionStatus:
    """The connection of a merchant, with other work than it has."""

    async def look() -> ConnectionStatus:
        async with open_installation(acme.settings) as opened, opened.database.transaction() as on:
            found = await status(opened, on, ["acme"], storage=[], now=NOW)
            return found.connections[0]

    one = asyncio.run(look())
    work = msgspec.structs.replace(one.work, waiting=0, **changes)
    return msgspec.structs.replace(one, work=work)


def test_the_next_step_is_the_most_urgent_one(shop: Merchant) -> None:
    consent = ShownTrouble(connection="acme", kind="consent", sentence="s", remedy="Consent.")
    parked = ShownTrouble(connection="acme", kind="parked", sentence="s", remedy="Look.")
    calm = connected(shop)
    stopped = connected(shop, stopped=2, by_who={"finance": 2})

    def said(*alarms: ShownTrouble, one: ConnectionStatus = calm, **changes: object) -> str:
        return next_step(status_of(connections=(one,), alarms=alarms, **changes))

    assert "connection apply FILE" in next_step(status_of(running=False))
    assert "ml-connector serve" in said(consent, running=False)
    assert said(parked, consent, one=stopped) == "Consent."
    assert "2 subjects that have stopped (finance 2)" in said(parked, one=stopped)
    assert said(parked) == "Look."
    assert "ml-connector backup FILE" in said()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (86_400, "1 day ago")],
)
def test_a_moment_is_told_by_its_age(seconds: int, said: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_show_tells_the_story_of_what_a_number_means(cli: Command, told: Told) -> None:
    [receipt] = told.acme.rows(
        "select remote_id, external_id from posting where kind = 'itemReceipt'"
    )
    by_wro = cli("show", told.booked)
    by_document = cli("show", receipt["external_id"])
    by_id = cli("show", str(receipt["remote_id"]))
    stopped = cli("show", told.waiting)

    assert by_wro.status == 0, by_wro.err
    assert by_wro.out == by_document.out == by_id.out
    assert len(by_wro.out.splitlines()) <= 10
    assert by_wro.out.startswith(f"WRO {told.booked} (acme): ")
    assert (
        f"Item receipt {receipt['remote_id']} ({receipt['external_id']}): done, +40" in by_wro.out
    )
    assert "sku_missing_in_netsuite: " in stopped.out
    assert "Next (finance): " in stopped.out
    assert cli("show", told.booked, "--json").json["story"]["key"] == told.booked


def test_show_lists_several_and_tells_the_one_that_is_named(cli: Command, told: Told) -> None:
    several = cli("show", told.order)
    found = cli("show", told.order, "--json").json["found"]["subjects"]
    named = cli("show", told.order, "--id", str(found[0]["subject_id"]))
    wrong = cli("show", told.order, "--id", "999999")

    assert several.status == 0, several.err
    assert f"WRO {told.booked}" in several.out
    assert f"WRO {told.waiting}" in several.out
    assert {one["key"] for one in found} == {told.booked, told.waiting}
    assert named.out.startswith(f"WRO {found[0]['key']} (acme): ")
    assert wrong.status == 1


@pytest.mark.usefixtures("told")
def test_show_says_that_nothing_has_a_number(cli: Command) -> None:
    said = cli("show", "NO-SUCH-NUMBER")

    assert said.status == 1
    assert "Nothing here has the number NO-SUCH-NUMBER" in said.err


@pytest.mark.parametrize("command", [("ping",), ("events", "list"), ("events",), ()])
def test_help_is_said_in_three_ways(bare: Command, command: tuple[str, ...]) -> None:
    said = [bare(*command, "--help"), bare(*command, "-h"), bare("help", *command)]

    assert [one.status for one in said] == [0, 0, 0]
    assert said[0].out == said[1].out == said[2].out
    assert said[0].out.startswith("Usage: ml-connector")


def test_help_for_what_does_not_exist_is_wrong_usage(bare: Command) -> None:
    assert bare("help", "nonsense").status == 2
    assert asked_for_help(["help", "-h"]) == ["help", "-h"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_completion(bare: Command, shell: str) -> None:
    said = bare("completion", shell)

    assert said.status == 0
    assert f"_ML_CONNECTOR_COMPLETE=complete_{shell}" in said.out


def completed(line: str) -> list[str]:
    words = line.split(" ")
    asked = {
        "_ML_CONNECTOR_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    said = subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "ml-connector")],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.split()


def test_commands_and_those_of_groups_are_completed() -> None:
    assert completed("ml-connector ") == [one.name for one in COMMANDS if not one.hidden]
    assert completed("ml-connector events de") == ["decide"]
