"""Workers that are killed or stopped in the middle of a call: picked up by others, booked once."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process, working
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import HANGS_AFTER_SECONDS, wait_until
from web.door import Door

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def service(acme: Merchant) -> Iterator[Process]:
    with acme.serving() as running:
        yield running


@pytest.fixture(scope="module")
def other(acme: Merchant, service: Process) -> Iterator[Process]:
    """A worker beside the one of the service."""
    assert service.process.poll() is None
    with working(acme.environment, acme.folder) as worker:
        yield worker


def worker_of(acme: Merchant, wro: Wro) -> int:
    """Wait until NetSuite is serving the call for a WRO; return the process that made it."""
    assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
    wait_until(lambda: any(f["struck"] for f in acme.world.netsuite.faults.listing()))
    return int(str(acme.subject(wro)["worker"]).split(":")[1])


def test_two_workers_share_the_work_and_book_everything_once(
    acme: Merchant, service: Process, other: Process
) -> None:
    skus = [acme.sku("TEE") for _ in range(4)]
    number = acme.order(dict.fromkeys(skus, 1_000))
    acme.world.netsuite.fault("latency", path="/suiteql", seconds=0.1)
    wros: list[Wro] = []

    def workers_of_eight_more() -> set[int]:
        more = [acme.deliver({skus[n % 4]: 3 + n}, number=number) for n in range(8)]
        wros.extend(more)
        for wro in more:
            acme.wait_for(wro)
        found = acme.rows("select distinct worker from run")
        return {int(row["worker"].split(":")[1]) for row in found}

    wait_until(lambda: workers_of_eight_more() == {service.parts()["worker"], other.pid})

    assert {len(acme.documents(wro)) for wro in wros} == {1}


def test_a_worker_killed_while_netsuite_holds_the_call_is_replaced(
    acme: Merchant, service: Process
) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    acme.world.netsuite.fault("latency", method="POST", path="!transform", times=1, seconds=10)
    wro = acme.deliver({tee: 20}, number=number)
    killed = worker_of(acme, wro)
    os.kill(killed, signal.SIGKILL)
    acme.wait_for(wro)

    assert service.process.poll() is None
    assert len(acme.documents(wro)) == 1


def test_a_stopped_worker_that_goes_on_late_books_nothing_twice(
    acme: Merchant, service: Process, other: Process
) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 20})
    wait_until(lambda: "worker" in service.parts())
    with working(acme.environment, acme.folder) as replacement:
        acme.world.netsuite.fault("latency", method="POST", path="!transform", times=1, seconds=10)
        wro = acme.deliver({tee: 20}, number=number)
        stopped = worker_of(acme, wro)
        os.kill(stopped, signal.SIGSTOP)
        try:
            acme.wait_for(wro)
        finally:
            os.kill(stopped, signal.SIGCONT)
        log = {replacement.pid: replacement, other.pid: other}.get(stopped, service)
        wait_until(lambda: "superseded" in log.said)

    assert len(acme.documents(wro)) == 1
    assert acme.books(tee) == ({(tee, 6): 20},) * 3


def test_a_webhook_whose_web_process_dies_before_the_commit_is_never_answered(
    acme: Merchant, service: Process
) -> None:
    assert acme.database_url is not None
    door = Door(acme.url, acme.secret)
    cap = acme.sku("CAP")
    wro = acme.deliver({cap: 2})
    acme.wait_for(wro)
    body = {"id": wro.id}
    with ThreadPoolExecutor(1) as pool, psycopg.connect(acme.database_url) as holder:
        holder.execute("lock table event in share mode")
        reply = pool.submit(lambda: door.deliver(body, webhook_id="msg_dies").status)
        wait_until(lambda: acme.rows("select 1 from pg_locks where not granted"))
        killed = service.parts()["web"]
        os.kill(killed, signal.SIGKILL)
        unanswered = reply.result()
        holder.rollback()
    wait_until(lambda: service.parts().get("web", killed) != killed)
    again = door.deliver(body, webhook_id="msg_dies")
    acme.wait_for(wro)

    assert unanswered == 0
    assert again.status == 200
    assert len(acme.rows("select id from event where delivery_id = 'msg_dies'")) == 1
