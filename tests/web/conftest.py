"""A web process without a worker: what comes in stays as it came."""

from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Process
from web.door import Door


@pytest.fixture(scope="session")
def receiver(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("receiver"), url) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def web(receiver: Merchant) -> Iterator[Process]:
    with receiver.serving("--no-worker", console=True) as running:
        yield running


@pytest.fixture
def door(receiver: Merchant, web: Process) -> Door:
    assert web.process.poll() is None
    return Door(receiver.url, receiver.secret)
