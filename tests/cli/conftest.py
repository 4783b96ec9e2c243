"""Commands run in this process: what they print, and how they end."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from ml_connector.cli import run

Command = Callable[..., Answered]


@pytest.fixture(scope="module")
def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant whose installation nobody serves."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("shop"), url) as made,
    ):
        yield made


@pytest.fixture
def bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs commands in an empty folder, where nothing is set up."""
    for name in ("DATABASE_URL", "MASTER_KEY", "ADMIN_PASSWORD", "LOG_FORMAT", "LOG_LEVEL"):
        monkeypatch.delenv(f"MLC_{name}", raising=False)
    monkeypatch.setenv("MLC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def command(*arguments: str) -> Answered:
        capfd.readouterr()
        status = run(list(arguments))
        out, err = capfd.readouterr()
        return Answered(status=status, out=out, err=err)

    yield command
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def cli(bare: Command, shop: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs commands on the merchant's installation."""
    for name, value in shop.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare
