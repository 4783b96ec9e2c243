"""The worker as a process."""

import asyncio
import signal
from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog
import uvloop

from ml_connector.app.alarms.sending import TELL_EVERY_SECONDS, tell
from ml_connector.app.alarms.storage import WATCH_EVERY_SECONDS as STORAGE_EVERY_SECONDS
from ml_connector.app.alarms.storage import watch_storage
from ml_connector.app.alarms.watch import WATCH_EVERY_SECONDS, watch_books
from ml_connector.app.chores.awaited_watch import AwaitedWatch
from ml_connector.app.chores.journal_heads import NOTE_EVERY_SECONDS, note_heads, note_last_heads
from ml_connector.app.chores.retention import make_months
from ml_connector.app.chores.stopped_watch import LOOK_EVERY_SECONDS as STOPPED_EVERY_SECONDS
from ml_connector.app.chores.stopped_watch import StoppedWatch
from ml_connector.app.chores.sweeps import SWEEPS_EVERY_SECONDS, sweep_what_is_due
from ml_connector.app.connections import one_writer
from ml_connector.app.errands.errands import Do, Errands
from ml_connector.app.installation.contexts import ConnectionContexts, lanes_of
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.installation.setup import check_master_key
from ml_connector.app.sign_in.certificate_expiry import CertificateClock
from ml_connector.app.sign_in.token_renewal import renew_tokens
from ml_connector.app.webhooks.watch import LOOK_EVERY_SECONDS, watch_webhooks
from ml_connector.config.settings import Settings
from ml_connector.engine.work.chores import (
    FREE_EVERY_SECONDS,
    LOST_EVERY_SECONDS,
    RESCUE_EVERY_SECONDS,
    Chore,
    find_lost,
    rescue,
)
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.worker import work
from ml_connector.garbage import spare_what_stays
from ml_connector.ledger import months
from ml_connector.no_core_dumps import hide_memory
from ml_connector.transport.http.prometheus_meter import PrometheusMeter
from ml_connector.transport.limits.leases import free_slots_of_the_dead
from ml_connector.vault.leases import free_tokens_of_the_dead

_POOL: Final = 40
"""Connections to the database: runs wait for each other's commits, not each for its own."""

_PATIENCE_SECONDS: Final = 60.0
"""What is in hand waits for a database that restarts: it has calls under way."""

_log = structlog.get_logger("worker")


def run_worker(settings: Settings, *, at_once: int | None = None) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        settings: of the installation.
        at_once: runs at the same time for each connection; None: as its limits allow.
    """
    hide_memory()
    uvloop.run(_run_worker(settings, at_once=at_once))


async def _run_worker(settings: Settings, *, at_once: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    async with open_installation(
        settings, pool_size=_POOL, patience_seconds=_PATIENCE_SECONDS, meter=PrometheusMeter()
    ) as installation:
        check_master_key(settings, installation.server.url)
        contexts = ConnectionContexts(installation)
        lanes = lanes_of(installation, contexts, do_errand=Errands(installation, _errand_kinds))
        chores = [
            *_chores_of_the_engine(installation, lanes),
            *_chores_of_connections(installation, contexts),
            *_chores_of_the_books(installation),
        ]
        spare_what_stays()
        _log.info("worker_begins", worker=installation.holder, at_once=at_once)
        await work(installation.database, lanes, chores, at_once=at_once, stop=stop)
        await note_last_heads(installation)
        _log.info("worker_ends", worker=installation.holder)


def _errand_kinds() -> Mapping[str, Do]:
    # What month ends and set-ups need is slow to load, and most workers never see an errand.
    from ml_connector.app.errands.kinds import KINDS  # noqa: PLC0415 - see above

    return KINDS


def _chores_of_the_engine(installation: Installation, lanes: Lanes) -> list[Chore]:
    """Return the chores that find work which a process that died has left behind."""
    return [
        Chore(name="rescue", every_seconds=RESCUE_EVERY_SECONDS, do=partial(rescue, lanes)),
        Chore(
            name="free slots of the dead",
            every_seconds=FREE_EVERY_SECONDS,
            do=partial(free_slots_of_the_dead, installation.database),
        ),
        Chore(
            name="free tokens of the dead",
            every_seconds=FREE_EVERY_SECONDS,
            do=partial(free_tokens_of_the_dead, installation.database),
        ),
        Chore(
            name="find lost",
            every_seconds=LOST_EVERY_SECONDS,
            do=partial(find_lost, installation.database, lanes),
        ),
    ]


def _chores_of_connections(
    installation: Installation, contexts: ConnectionContexts
) -> list[Chore]:
    """Return the chores that ask both systems something, for each connection."""
    return [
        Chore(
            name="look for what is awaited",
            every_seconds=5,
            do=AwaitedWatch(installation, contexts).look,
        ),
        Chore(
            name="look at what is stopped",
            every_seconds=STOPPED_EVERY_SECONDS,
            do=StoppedWatch(installation, contexts).look,
        ),
        Chore(
            name="sweep",
            every_seconds=SWEEPS_EVERY_SECONDS,
            do=partial(sweep_what_is_due, installation, contexts),
        ),
        Chore(
            name="renew tokens",
            every_seconds=30,
            do=partial(renew_tokens, installation, contexts),
        ),
        Chore(
            name="accounts",
            every_seconds=one_writer.WATCH_EVERY_SECONDS,
            do=partial(one_writer.watch_writers, installation),
        ),
        Chore(
            name="webhooks",
            every_seconds=LOOK_EVERY_SECONDS,
            do=partial(watch_webhooks, installation, contexts),
        ),
    ]


def _chores_of_the_books(installation: Installation) -> list[Chore]:
    """Return the chores that look into our own database: alarms, certificates, the journal."""
    return [
        Chore(
            name="watch the books",
            every_seconds=WATCH_EVERY_SECONDS,
            do=partial(watch_books, installation),
        ),
        Chore(
            name="watch storage",
            every_seconds=STORAGE_EVERY_SECONDS,
            do=partial(watch_storage, installation),
        ),
        Chore(
            name="tell of alarms",
            every_seconds=TELL_EVERY_SECONDS,
            do=partial(tell, installation),
        ),
        Chore(
            name="look at certificates",
            every_seconds=600,
            do=CertificateClock(installation).look_at_all,
        ),
        Chore(
            name="make months",
            every_seconds=months.CHORE_EVERY_SECONDS,
            do=partial(make_months, installation),
        ),
        Chore(
            name="note the journal's heads",
            every_seconds=NOTE_EVERY_SECONDS,
            do=partial(note_heads, installation, by="worker"),
        ),
    ]
