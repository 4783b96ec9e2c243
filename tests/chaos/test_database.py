"""A database of one's own that is shut down at once under the service, and comes back."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from acceptance.merchant import Merchant, merchant
from ml_connector.storage import embedded
from ml_connector.storage.migrate import migrate
from outage import end_server
from waiting import HANGS_AFTER_SECONDS, wait_until
from web.door import Door

pytestmark = pytest.mark.chaos

IN_HAND = 6


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[embedded.Owner]:
    """The server, which the service takes for one of the merchant's own."""
    with embedded.start(tmp_path / "server", settings={"fsync": "off"}) as started:
        yield started


@pytest.fixture
def acme(owner: embedded.Owner, tmp_path: Path) -> Iterator[Merchant]:
    migrate(owner.url)
    folder = tmp_path / "acme"
    folder.mkdir()
    with merchant(folder, owner.url) as made:
        yield made


def readyz(acme: Merchant) -> int:
    return httpx2.get(f"{acme.url}/readyz", timeout=30, trust_env=False).status_code


def let_connections_be_idle(acme: Merchant) -> None:
    """Let the web process have connections that did something a moment ago."""
    for _ in range(4):
        assert readyz(acme) == 200


def restart(owner: embedded.Owner, tmp_path: Path) -> None:
    end_server(tmp_path / "server")
    owner.ensure_running()
    with psycopg.connect(owner.url):
        pass


def test_nobody_fails_after_a_restart_and_what_was_in_hand_goes_on(
    acme: Merchant, owner: embedded.Owner, tmp_path: Path
) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 1_000})
    door = Door(acme.url, acme.secret)
    with acme.serving() as service:
        first = acme.deliver({tee: 1}, number=number)
        acme.wait_for(first)
        acme.world.netsuite.fault(
            "latency", method="POST", path="!transform", times=IN_HAND, seconds=2
        )
        wros = [acme.deliver({tee: 1}, number=number) for _ in range(IN_HAND)]
        assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        wait_until(lambda: any(f["struck"] for f in acme.world.netsuite.faults.listing()))
        let_connections_be_idle(acme)
        restart(owner, tmp_path)
        ready = readyz(acme)
        webhook = door.deliver({"id": first.id}, webhook_id="msg_after").status
        for wro in wros:
            acme.wait_for(wro)
        # Nobody had to find out about a call by waiting until it must be over.
        mysteries = acme.rows("select id from run where cause = 'outcome_unknown'")
        bugs = acme.rows("select id from run where cause = 'bug'")
        alive = service.process.poll() is None

        assert (ready, webhook) == (200, 200)
        assert [len(acme.documents(wro)) for wro in wros] == [1] * IN_HAND
        assert acme.books(tee) == ({(tee, 6): IN_HAND + 1},) * 3
        assert (mysteries, bugs, alive) == ([], [], True)
        assert "part_died" not in service.said
