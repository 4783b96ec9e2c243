"""The web part as a process."""

import logging
import resource
import socket
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from types import FrameType
from typing import Final

import structlog
import uvicorn
import uvloop

from ml_connector.app.errands import errands
from ml_connector.app.installation.database_server import (
    DatabaseServer,
    check_schema,
    database_server,
)
from ml_connector.app.installation.held_connections import HeldConnections
from ml_connector.app.installation.installation import Installation
from ml_connector.app.installation.setup import check_master_key, master_key_ring
from ml_connector.app.sandbox.place import of_this_process
from ml_connector.app.set_up.draft_consent import EveryConsent, needed_for_draft_consent
from ml_connector.app.sign_in.consent_application import needed_for_consent
from ml_connector.app.views.set_up import LOOK
from ml_connector.config.log_counts import CountedRecords, LogCounts
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import topics_of
from ml_connector.engine.inbox.intake import Intake
from ml_connector.engine.work.lanes import Lanes
from ml_connector.flows import FLOWS
from ml_connector.garbage import spare_what_stays
from ml_connector.ledger.connections.subscriptions import is_webhook_secret
from ml_connector.no_core_dumps import hide_memory
from ml_connector.process_name import process_name
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.secrets import Vault
from ml_connector.vault.tokens import Tokens
from ml_connector.web.bounds import Bounds, Occupancy
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.ingress import TakesIn
from ml_connector.web.protocol import bounded_protocol
from ml_connector.web.server import Application, Ending, Parts, console_app, web_app

_FINISH_REQUESTS_SECONDS: Final = 5

# Of this process, besides connections: the database's, those to ShipBob, modules, counters.
_OTHER_FILES: Final = 200

_counts: Final = LogCounts(structlog.get_logger("http"))


class Serves(StrEnum):
    """What a web process answers."""

    ALL = "all"
    WEBHOOKS = "webhooks"
    """And consent; neither console nor API."""
    CONSOLE = "console"
    """And the API; no webhooks."""


def run_web(
    settings: Settings,
    file_descriptor: int,
    *,
    serves: Serves = Serves.ALL,
    intake: Callable[[Database, Lanes], TakesIn] = Intake,
) -> None:
    """Serve HTTP on an open socket until SIGTERM or SIGINT.

    Args:
        settings: of the installation.
        file_descriptor: of the open socket.
        serves: what is answered.
        intake: makes the intake of verified deliveries.
    """
    hide_memory()
    with database_server(settings) as server:
        check_schema(server.owner_url)
        check_master_key(settings, server.url)
        ending = Ending()
        application = _application(settings, server, serves, intake, ending)
        bounds = _bounds()
        config = uvicorn.Config(
            application,
            loop="uvloop",
            http=bounded_protocol(Occupancy(bounds, settings.trusted_proxies)),
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # who asks through a proxy is found out by web.address
            timeout_graceful_shutdown=_FINISH_REQUESTS_SECONDS,
            timeout_keep_alive=bounds.idle_seconds,
        )
        # Not uvicorn's own ``fd``, which treats the socket as a UNIX one: the loop then leaves
        # Nagle's algorithm on, and every answer waits 40 ms for the client's delayed ACK.
        listener = socket.socket(fileno=file_descriptor)
        for name in ("uvicorn.error", "asyncio"):
            logging.getLogger(name).addFilter(CountedRecords(_counts))
        spare_what_stays()
        uvloop.run(_Server(config, ending).serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """The library's server, which tells streams that it ends: it would wait for theirs."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End after a signal."""
        self._ending.begin()
        super().handle_exit(sig, frame)


def _application(
    settings: Settings,
    server: DatabaseServer,
    serves: Serves,
    intake: Callable[[Database, Lanes], TakesIn],
    ending: Ending,
) -> Application:
    database = Database(server.url, size=6, name="ml-connector web")
    lanes = Lanes(server.url)
    parts = None if serves is Serves.WEBHOOKS else _console(settings, server, lanes, ending)
    if serves is Serves.CONSOLE and parts is not None:
        return console_app(database, settings, parts)
    installation = _installation(settings, server, database, lanes)

    async def look(draft: str, person: str) -> None:
        await errands.ask(database, lanes, LOOK, None, {"draft": draft}, person=person)

    return web_app(
        database,
        Endpoints(database, installation.vault),
        intake(database, lanes),
        topics_of(FLOWS),
        settings=settings,
        consents=EveryConsent(installation, look),
        outbound=installation.transport,
        parts=parts,
    )


def _console(settings: Settings, server: DatabaseServer, lanes: Lanes, ending: Ending) -> Parts:
    # Imported late: without console nothing of it is loaded, which halves the time to start.
    from ml_connector.app.users.passwords import Comparing  # noqa: PLC0415 - see above
    from ml_connector.web.console.state import Console  # noqa: PLC0415 - see above
    from ml_connector.web.parts import console_parts  # noqa: PLC0415 - see above

    # A pool of its own: people who click take no connection from what answers webhooks.
    own = Database(server.url, size=4, name="ml-connector console")
    return console_parts(
        Console(
            installation=_installation(settings, server, own, lanes),
            comparing=Comparing(),
            ending=ending,
            sandbox=of_this_process(),
        )
    )


def _bounds() -> Bounds:
    """Return the bounds, with no more connections than this process may have open files."""
    bounds = Bounds()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = bounds.connections + _OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return replace(bounds, connections=max(1, min(bounds.connections, soft - _OTHER_FILES)))


def _may_open(field: str) -> bool:
    """Whether a stored secret is of use here: strangers talk to this process."""
    return is_webhook_secret(field) or needed_for_consent(field)


def _installation(
    settings: Settings, server: DatabaseServer, database: Database, lanes: Lanes
) -> Installation:
    """Return the installation for consents; the application opens and closes it."""
    ring = master_key_ring(settings)
    holder = process_name()
    limits = Limits(database, holder=holder)
    return Installation(
        settings=settings,
        holder=holder,
        server=server,
        database=database,
        ring=ring,
        vault=Vault(database, ring, may_open=_may_open),
        drafts=Vault(database, ring, may_open=needed_for_draft_consent, table="draft_secret"),
        tokens=Tokens(database, ring, holder=holder),
        limits=limits,
        transport=Transport(limits=limits, holds=HeldConnections(database)),
        lanes=lanes,
    )
