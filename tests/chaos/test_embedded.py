"""The embedded PostgreSQL killed under the service: it comes back and nothing is lost."""

import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, merchant
from acceptance.service import is_ready
from ml_connector.storage import embedded
from waiting import HANGS_AFTER_SECONDS, wait_until

pytestmark = pytest.mark.chaos


def postmaster(data: Path) -> int:
    [file] = data.rglob("postmaster.pid")
    return int(file.read_text().splitlines()[0])


@pytest.fixture
def acme(server_path: Path) -> Iterator[Merchant]:
    """Instead of the merchant of the other tests."""
    with merchant(server_path, None) as made:
        yield made


@pytest.fixture(autouse=True)
def books_are_right_afterwards() -> None:
    """Looked at in the test itself, while the embedded server runs."""


def test_a_killed_postmaster_comes_back_and_nothing_is_lost(acme: Merchant) -> None:
    data = acme.settings.data_dir
    tee = acme.sku("TEE")
    number = acme.order({tee: 50})
    with acme.serving() as service:
        with embedded.start(data) as owner:
            looking = dataclasses.replace(acme, database_url=owner.url)
        before = acme.deliver({tee: 20}, number=number)
        looking.wait_for(before)
        killed = postmaster(data)
        os.kill(killed, signal.SIGKILL)
        during = acme.deliver({tee: 30}, number=number)
        wait_until(lambda: is_ready(acme.url))
        comes_back = postmaster(data)
        acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        for webhook_id in {one.webhook_id for one in acme.world.shipbob.deliveries}:
            acme.world.shipbob.redeliver(webhook_id)
        looking.wait_for(during)
        books = looking.books(tee)
        said = service.said

    assert comes_back != killed
    assert "postgresql_came_back" in said
    assert books == ({(tee, 6): 50},) * 3
    assert len(acme.documents(before)) == len(acme.documents(during)) == 1
