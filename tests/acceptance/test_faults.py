"""Whatever goes wrong on the way, the books are equal in the end and nothing is there twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from acceptance.merchant import Merchant
from ml_connector.app.alarms.watch import watch_books
from ml_connector.app.installation.installation import open_installation
from ml_connector.sim.faults import Fault, FaultKind
from waiting import wait_until


@pytest.mark.parametrize(
    "kind",
    [
        "error_after_commit",
        "cut_after_commit",
        "gateway_timeout",
        "truncated",
        "rate_limited",
        "rate_limited_400",
        "token_revoked",
        "overload_login",
    ],
)
def test_a_receipt_is_booked_once_whatever_netsuite_answers(
    acme: Merchant, kind: FaultKind
) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    fault = acme.world.netsuite.fault(kind, method="POST", path="!transform", times=1)
    wro = acme.deliver({tee: 20}, number=number)
    acme.wait_for(wro)
    struck = {one["number"]: one["struck"] for one in acme.world.netsuite.faults.listing()}

    assert struck[fault] == 1
    assert acme.books(tee) == ({(tee, 6): 20},) * 3
    assert [one["externalId"] for one in acme.documents(wro)] == [f"mlc-ir-{wro.id}-1"]


@pytest.mark.parametrize("kind", ["cut_after_commit", "error_after_commit"])
def test_an_adjustment_is_booked_once_whatever_netsuite_answers(
    acme: Merchant, kind: FaultKind
) -> None:
    cap = acme.sku("CAP")
    acme.world.netsuite.fault(kind, method="POST", path="inventoryadjustment", times=1)
    wro = acme.deliver({cap: 7})
    acme.wait_for(wro)

    assert acme.books(cap) == ({(cap, 6): 7},) * 3
    assert len(acme.documents(wro)) == 1


def test_a_storm_of_429_delays_and_loses_nothing(acme: Merchant) -> None:
    skus = [acme.sku("TEE") for _ in range(5)]
    number = acme.order(dict.fromkeys(skus, 10))
    acme.world.netsuite.fault("rate_limited", path="/services/rest", times=6)
    wros = [acme.deliver({sku: 10}, number=number) for sku in skus]
    for wro in wros:
        acme.wait_for(wro)

    assert acme.books(*skus).agree
    assert all(len(acme.documents(wro)) == 1 for wro in wros)


def test_reads_that_fail_in_passing_delay_and_lose_nothing(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 10})
    acme.world.netsuite.fault("bad_gateway", path="/suiteql", times=2)
    acme.world.netsuite.fault("truncated", path="/suiteql", times=1)
    wro = acme.deliver({tee: 10}, number=number)
    acme.wait_for(wro)

    assert acme.books(tee).agree


@pytest.mark.parametrize(
    "kind", ["rate_limited", "error_before_commit", "bad_gateway", "cut_before_commit"]
)
def test_shipbob_answering_badly_delays_and_loses_nothing(acme: Merchant, kind: FaultKind) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 10})
    acme.world.shipbob.add_fault(Fault(kind=kind, path="receiving", times=2))
    wro = acme.deliver({tee: 10}, number=number)
    acme.wait_for(wro)

    assert acme.books(tee) == ({(tee, 6): 10},) * 3


def test_webhooks_that_shipbob_lost_cost_nothing_once_one_arrives(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 10})
    wro = acme.announce({tee: 10}, number=number)
    acme.world.shipbob.announcer.tune(losses=1.0)
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.announcer.tune(losses=0.0)
    acme.world.shipbob.complete(wro)
    acme.wait_for(wro)

    assert acme.books(tee) == ({(tee, 6): 10},) * 3


def test_what_fails_for_long_is_an_alarm_with_the_other_systems_words(acme: Merchant) -> None:
    tee, cap = acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 20})
    fault = acme.world.netsuite.fault(
        "error_before_commit", method="GET", path="(?i)purchaseorder"
    )
    wro = acme.deliver({tee: 20}, number=number)
    wait_until(lambda: acme.subject(wro).get("attempt", 0) > 0)
    other = acme.deliver({cap: 7})
    acme.wait_for(other)

    async def watch(hours: int) -> None:
        async with open_installation(acme.settings) as installation:
            await watch_books(installation, now=datetime.now(UTC) + timedelta(hours=hours))

    asyncio.run(watch(2))
    raised = acme.rows("select key, sentence from alarm where kind = 'retrying'")
    acme.world.netsuite.faults.remove(fault)
    acme.wait_for(wro)
    asyncio.run(watch(2))
    left = acme.rows("select 1 from alarm where kind = 'retrying' and ended_at is null")

    [alarm] = raised
    assert alarm["key"] == "stopped:receiving:upstream_unavailable"
    assert f"receiving {wro.id} tried again without success" in alarm["sentence"]
    assert "HTTP 500" in alarm["sentence"]
    assert left == []
    assert acme.books(tee, cap) == ({(tee, 6): 20, (cap, 6): 7},) * 3
