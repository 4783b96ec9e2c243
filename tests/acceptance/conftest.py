"""One merchant for each file of acceptance tests, served by a real process.

Each test has its own SKUs.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Process


@pytest.fixture(scope="module")
def installed(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("merchant"), url) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def service(installed: Merchant, request: pytest.FixtureRequest) -> Iterator[Process]:
    with installed.serving(console=getattr(request.module, "WITH_CONSOLE", False)) as running:
        yield running


@pytest.fixture
def acme(installed: Merchant, service: Process) -> Iterator[Merchant]:
    """The merchant, served, in live mode with the usual tables, without faults."""
    assert service.process.poll() is None
    yield installed
    installed.world.netsuite.faults.clear()
    installed.world.shipbob.clear_faults()


@pytest.fixture
def unserved(tmp_path: Path, server_url: str, template: str) -> Iterator[Merchant]:
    """A merchant of the test's own, for whom only commands do anything."""
    with fresh_database(server_url, template) as url, merchant(tmp_path, url) as made:
        yield made


@pytest.fixture(scope="module")
def quiet(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """The merchant of a file of tests, for whom only syncs do anything."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("quiet"), url) as made,
    ):
        yield made
