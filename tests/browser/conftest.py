"""One Chromium for all tests of a process, and an installation that is served."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Process
from browser.chromium import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("shop"), url) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def console(shop: Merchant) -> Iterator[Process]:
    with shop.serving(console=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser(console: Process) -> "Iterator[Browser]":
    """One Chromium for a file: Playwright holds an event loop, beside which no other can begin."""
    assert console.process.poll() is None
    with chromium() as started:
        yield started
