"""What people ask workers to do: it is done whoever leaves or ends meanwhile."""

import asyncio
import os
import signal
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from acceptance.merchant import Merchant
from ml_connector.app.errands import errands
from ml_connector.app.installation.installation import open_installation
from waiting import wait_until


def ask(
    acme: Merchant,
    kind: str,
    connection: str | None = "acme",
    key: str | None = None,
    **arguments: Any,
) -> int:
    async def do() -> int:
        async with open_installation(acme.settings) as installation:
            return await errands.ask(
                installation.database,
                installation.lanes,
                kind,
                connection,
                arguments,
                person="finance",
                key=key,
            )

    return asyncio.run(do())


def errand(acme: Merchant, errand_id: int) -> Mapping[str, Any]:
    [found] = acme.rows("select * from errand where id = %(id)s", id=errand_id)
    return found


def over(acme: Merchant, errand_id: int) -> Mapping[str, Any]:
    wait_until(lambda: errand(acme, errand_id)["ended_at"] is not None)
    return errand(acme, errand_id)


def this_month() -> str:
    return f"{datetime.now(ZoneInfo('America/Chicago')):%Y-%m}"


def test_a_month_is_reconciled_by_a_worker_and_kept_as_it_is_shown(acme: Merchant) -> None:
    done = over(acme, ask(acme, "reconcile", month=this_month()))

    assert (done["state"], done["person"], done["failure"]) == ("done", "finance", None)
    assert (done["answer"]["month"], done["answer"]["green"]) == (this_month(), True)
    [report] = acme.rows(
        "select shown, person from month_report where id = %(id)s", id=done["answer"]["report"]
    )
    closed = {"closed": None, "closed_now": False}
    assert done["answer"] == {**report["shown"], **closed}
    assert report["person"] == "finance"


def test_who_asks_for_what_is_under_way_gets_just_that(acme: Merchant) -> None:
    acme.world.netsuite.fault("latency", path="suiteql", seconds=1.0, times=2)

    asked = [ask(acme, "reconcile", month=this_month()) for _ in range(2)]

    assert asked[0] == asked[1]
    assert over(acme, asked[0])["state"] == "done"
    assert ask(acme, "reconcile", month=this_month()) > asked[0]


def test_what_is_asked_with_one_key_is_done_once(acme: Merchant) -> None:
    asked = [ask(acme, "ping", key="one"), ask(acme, "ping", key="two")]
    over(acme, asked[0])

    assert ask(acme, "ping", key="one") == asked[0]
    assert asked[0] != asked[1]


def test_both_systems_are_pinged_and_an_order_is_looked_for(acme: Merchant) -> None:
    pinged = over(acme, ask(acme, "ping"))
    synced = over(acme, ask(acme, "sync", flow="billing"))

    assert pinged["answer"]["ok"] is True
    assert {one["system"] for one in pinged["answer"]["checks"]} == {"netsuite", "shipbob"}
    assert synced["answer"]["flow"] == "billing"
    assert acme.rows("select count(*) as acts from act where person = 'finance' and what = 'sync'")


def test_what_cant_be_done_says_why(acme: Merchant) -> None:
    month = over(acme, ask(acme, "reconcile", month="2026-13"))
    connection = over(acme, ask(acme, "ping", "nowhere"))
    kind = over(acme, ask(acme, "bake"))

    assert [one["state"] for one in (month, connection, kind)] == ["failed"] * 3
    assert month["failure"]["what"] == '"2026-13" is no month'
    assert connection["failure"]["what"] == 'There is no connection "nowhere"'
    assert kind["failure"]["what"] == "This version knows no errand bake"


def test_an_errand_outlives_the_worker_that_began_it(unserved: Merchant) -> None:
    acme = unserved
    acme.world.netsuite.fault("latency", path="suiteql", seconds=5.0, times=1)
    with acme.serving() as service:
        asked = ask(acme, "reconcile", month=this_month())
        wait_until(lambda: errand(acme, asked)["state"] == "running")

        os.kill(service.parts()["worker"], signal.SIGKILL)

        assert over(acme, asked)["state"] == "done"
    assert errand(acme, asked)["beginnings"] == 2


def test_an_errand_goes_on_when_the_service_begins_again(unserved: Merchant) -> None:
    acme = unserved
    acme.world.netsuite.fault("latency", path="suiteql", seconds=10.0, times=1)
    with acme.serving():
        asked = ask(acme, "reconcile", month=this_month())
        wait_until(lambda: errand(acme, asked)["state"] == "running")
    assert errand(acme, asked)["state"] == "waiting"

    with acme.serving():
        assert over(acme, asked)["state"] == "done"


def test_an_errand_whose_worker_ends_each_time_is_given_up(unserved: Merchant) -> None:
    acme = unserved
    asked = ask(acme, "ping")
    acme.rows("update errand set beginnings = 3 where id = %(id)s returning id", id=asked)

    with acme.serving():
        given_up = over(acme, asked)

    assert given_up["state"] == "failed"
    assert given_up["failure"]["what"] == "It was begun 3 times, and its worker ended each time"
