"""The whole service killed or ended with work in flight: nothing lost, nothing twice."""

import os
import signal
from datetime import timedelta

import pytest

from acceptance.merchant import Merchant
from acceptance.service import is_alive
from waiting import HANGS_AFTER_SECONDS, wait_until

pytestmark = pytest.mark.chaos


def test_everything_killed_at_once_goes_on_where_it_was(acme: Merchant) -> None:
    skus = [acme.sku("TEE") for _ in range(3)]
    number = acme.order(dict.fromkeys(skus, 100))
    acme.world.netsuite.fault(
        "hang_after_commit", method="POST", path="!transform", times=3, seconds=60
    )
    with acme.serving() as service:
        wros = [acme.deliver({sku: 10}, number=number) for sku in skus]
        wait_until(lambda: sum(len(acme.documents(wro)) for wro in wros) == 3)
        for pid in [service.pid, *service.parts().values()]:
            os.kill(pid, signal.SIGKILL)
        service.process.wait()
    unheard = acme.deliver({skus[0]: 7}, number=number)
    assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
    with acme.serving():
        acme.world.shipbob.clock.advance(timedelta(minutes=6))
        for wro in [*wros, unheard]:
            acme.wait_for(wro)

    assert [len(acme.documents(wro)) for wro in [*wros, unheard]] == [1, 1, 1, 1]


def test_it_ends_in_order_with_work_in_flight(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    acme.world.netsuite.fault(
        "hang_after_commit", method="POST", path="!transform", times=1, seconds=60
    )
    with acme.serving() as service:
        wro = acme.deliver({tee: 20}, number=number)
        wait_until(lambda: acme.documents(wro))
        parts = list(service.parts().values())
        status = service.end()
    released = acme.subject(wro)
    with acme.serving():
        acme.wait_for(wro)

    assert status == 0
    assert len(parts) == 2
    assert not [pid for pid in parts if is_alive(pid)]
    assert released["state"] == "received"
    assert len(acme.documents(wro)) == 1


def test_parts_end_by_themselves_when_their_supervisor_is_killed(acme: Merchant) -> None:
    with acme.serving() as service:
        parts = list(service.parts().values())
        os.kill(service.pid, signal.SIGKILL)
        service.process.wait()
        wait_until(lambda: not [pid for pid in parts if is_alive(pid)])
        again = acme.command("connection", "list")

    assert len(parts) == 2
    assert again.status == 0
