"""The two long-running parts: web and worker."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog
import uvicorn
import uvloop

from ml_connector.app.installation import open_installation
from ml_connector.app.server import check_schema, database_server
from ml_connector.app.setup import master_key_ring
from ml_connector.app.watches import Awaited, renew_tokens
from ml_connector.app.workplaces import Workplaces
from ml_connector.config.settings import Settings
from ml_connector.engine.converge import Converge
from ml_connector.engine.flow import topics_of
from ml_connector.engine.intake import Intake
from ml_connector.engine.lanes import Lanes
from ml_connector.engine.upkeep import (
    LOST_EVERY_SECONDS,
    RESCUE_EVERY_SECONDS,
    Chore,
    find_lost,
    rescue,
)
from ml_connector.engine.worker import work
from ml_connector.flows import FLOWS
from ml_connector.storage.database import Database
from ml_connector.vault.secrets import Vault
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.server import web_app

AT_ONCE: Final = 16
"""Subjects in flight for each connection."""

PARENT_VARIABLE: Final = "MLC_INTERNAL_PARENT"
"""Tells a part which process it belongs to: it ends when that one is gone."""

_LOOK_FOR_PARENT_SECONDS: Final = 0.5
_FINISH_REQUESTS_SECONDS: Final = 5

_log = structlog.get_logger("running")


def run_worker(settings: Settings, *, at_once: int) -> None:
    """Work until SIGTERM or SIGINT."""
    uvloop.run(_run_worker(settings, at_once=at_once))


async def _run_worker(settings: Settings, *, at_once: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    async with (
        open_installation(settings, pool_size=at_once + 10) as installation,
        _ends_with_parent(stop),
    ):
        workplaces = Workplaces(installation)
        converge = Converge(
            installation.database,
            FLOWS,
            workplaces.open,
            installation.lanes,
            worker=installation.holder,
        )
        lanes = Lanes(installation.server.url, converge)
        chores = [
            Chore(name="rescue", every_seconds=RESCUE_EVERY_SECONDS, do=partial(rescue, lanes)),
            Chore(
                name="find lost",
                every_seconds=LOST_EVERY_SECONDS,
                do=partial(find_lost, installation.database, lanes),
            ),
            Chore(
                name="look for what is awaited",
                every_seconds=5,
                do=Awaited(installation, workplaces).look,
            ),
            Chore(
                name="renew tokens",
                every_seconds=30,
                do=partial(renew_tokens, installation, workplaces),
            ),
        ]
        _log.info("worker_begins", worker=installation.holder, at_once=at_once)
        await work(installation.database, lanes, chores, at_once=at_once, stop=stop)
        _log.info("worker_ends", worker=installation.holder)


def run_web(settings: Settings, file_descriptor: int) -> None:
    """Serve HTTP on an open socket until SIGTERM or SIGINT."""
    with database_server(settings) as server:
        check_schema(server.url)
        database = Database(server.url, size=6, name="ml-connector web")
        lanes = Lanes(server.url)
        application = web_app(
            database,
            Endpoints(database, Vault(database, master_key_ring(settings))),
            Intake(database, lanes),
            topics_of(FLOWS),
        )
        config = uvicorn.Config(
            application,
            fd=file_descriptor,
            loop="uvloop",
            http="httptools",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_FINISH_REQUESTS_SECONDS,
            timeout_keep_alive=75,
        )
        uvloop.run(_serve(uvicorn.Server(config)))


async def _serve(server: uvicorn.Server) -> None:
    gone = asyncio.Event()

    async def end_when_gone() -> None:
        await gone.wait()
        server.should_exit = True

    async with _ends_with_parent(gone):
        ender = asyncio.create_task(end_when_gone())
        try:
            await server.serve()
        finally:
            ender.cancel()


@asynccontextmanager
async def _ends_with_parent(stop: asyncio.Event) -> AsyncGenerator[None]:
    """Set ``stop`` when the process that this one belongs to is gone."""
    parent = os.environ.get(PARENT_VARIABLE)

    async def look() -> None:
        while str(os.getppid()) == parent:  # noqa: ASYNC110 - nothing tells us but asking
            await asyncio.sleep(_LOOK_FOR_PARENT_SECONDS)
        _log.warning("parent_gone")
        stop.set()

    looking = asyncio.create_task(look()) if parent else None
    try:
        yield
    finally:
        if looking is not None:
            looking.cancel()
