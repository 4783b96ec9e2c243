"""One merchant for each test, or file: both systems simulated, an installation nobody serves."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.installation.installation import Installation, open_installation

UNLIMITED = {"limits": "shipbob_per_minute = 1_000_000"}
"""Pings one after the other make more calls than a merchant may, and would wait for it."""


@pytest.fixture
def acme(server_url: str, template: str, tmp_path: Path) -> Iterator[Merchant]:
    with fresh_database(server_url, template) as url, merchant(tmp_path, url) as made:
        yield made


@pytest.fixture(scope="module")
def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant of a file of tests, with one product at ShipBob."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("shop"), url) as made,
    ):
        made.world.shipbob.add_product("TEE-BLK-M")
        made.world.shipbob.books.limit.per_minute = 0
        made.apply(**UNLIMITED)
        yield made


@pytest.fixture
async def installation(acme: Merchant) -> AsyncIterator[Installation]:
    async with open_installation(acme.settings) as opened:
        yield opened
