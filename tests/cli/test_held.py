"""What commands say and do while a connection is held."""

import asyncio
from collections.abc import Iterator

import pytest

from acceptance.holding import by_consent, calls, grants, hold
from acceptance.merchant import Merchant
from cli.conftest import Command


@pytest.fixture
def held(shop: Merchant) -> Iterator[Merchant]:
    """The merchant as a restore leaves it, with a grant that could be renewed."""
    asyncio.run(by_consent(shop))
    hold(shop)
    yield shop
    shop.rows("update connection set held_at = null, applied_at = clock_timestamp() returning 1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "receiving"),
        ("sync", "webhooks"),
        ("sync", "credentials"),
        ("plan", "receiving"),
        ("reconcile", "2026-10"),
        ("connection", "certificate", "acme", "--renew"),
    ],
)
def test_commands_say_that_a_connection_is_held(
    cli: Command, held: Merchant, arguments: tuple[str, ...]
) -> None:
    before, granted = calls(held), grants(held)
    answered = cli(*arguments)

    assert answered.status == 1
    assert "is held since a restore" in answered.out + answered.err
    assert "connection release acme" in answered.out + answered.err
    assert calls(held) == before
    assert grants(held) == granted


def test_nothing_but_a_release_ends_it(cli: Command, held: Merchant) -> None:
    file = str(held.connection_file())
    said = [
        cli("connection", "pause", "acme"),
        cli("connection", "resume", "acme"),
        cli("connection", "set-mode", "acme", "dry-run"),
        cli("connection", "set-mode", "acme", "live"),
        cli("connection", "apply", file),
        cli("connection", "remove", "acme", "--yes"),
        cli("connection", "apply", file),
    ]
    listed = cli("connection", "list", "--json").json["connections"]
    shown = cli("connection", "show", "acme", "--json").json

    assert [one.status for one in said] == [0] * len(said), said
    assert all("connection release acme" in one.out for one in said[1:5])
    assert [one["held"] for one in listed] == [True]
    assert shown["held"]
    assert shown["backup_made_at"].startswith("2026-11-20")


def test_a_ping_reads_and_leaves_the_grant_alone(cli: Command, held: Merchant) -> None:
    granted = grants(held)
    answered = cli("ping", "acme", "--json")
    problems = held.rows("select problem from token where problem is not null")

    checks = {(one["system"], one["check"]): one for one in answered.json["checks"]}
    assert checks["netsuite", "SuiteQL"]["result"] == "ok"
    assert "is held since a restore" in checks["shipbob", "token"]["found"]
    assert grants(held) == granted
    assert problems == []


def test_a_release_asks_whether_another_installation_works_on_the_accounts(
    cli: Command, held: Merchant
) -> None:
    asked = cli("connection", "release", "acme")
    still = cli("connection", "show", "acme", "--json").json["held"]
    released = cli("connection", "release", "acme", "--yes")
    after = cli("connection", "show", "acme", "--json").json["held"]
    again = cli("connection", "release", "acme", "--yes")
    [act] = held.rows("select person, details from act where what = 'connection.release'")

    assert (asked.status, released.status, again.status) == (1, 0, 0)
    assert "the backup was made at 2026-11-20 03:00 UTC" in asked.out
    assert "Does another installation work on NetSuite account TSTDRV1234567_SB1" in asked.err
    assert (still, after) == (True, False)
    assert "is not held" in again.out
    assert act["details"]["before"]["backup_made_at"] == "2026-11-20T03:00:00+00:00"
