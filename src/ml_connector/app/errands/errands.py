"""Asking for an errand, and doing one in a worker."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.people import errands
from ml_connector.ledger.people.errands import MOST_BEGINNINGS, Errand, Failure, Step
from ml_connector.storage.database import Database

_TELL_EVERY_SECONDS: Final = 0.5

_log = structlog.get_logger("errands")


class ErrandProgress:
    """How far an errand has come, as its own code says."""

    def __init__(self) -> None:
        self.step = Step()
        self._changed = asyncio.Event()

    def says(self, name: str, counted: int = 0, counted_of: int | None = None) -> None:
        """Say what is being done now, how many of it so far, and of how many."""
        self.step = Step(name, counted, counted_of)
        self._changed.set()

    async def changed(self) -> None:
        """Wait until something new was said."""
        await self._changed.wait()
        self._changed.clear()


Do = Callable[[Installation, Errand, ErrandProgress], Awaitable[Any]]
"""Does an errand; returns what came of it, as JSON builtins."""


async def ask(
    database: Database,
    lanes: Lanes,
    kind: str,
    connection: str | None,
    arguments: Mapping[str, Any],
    *,
    person: str,
    key: str | None = None,
) -> int:
    """Ask for an errand; return its id.

    Args:
        database: where it is kept.
        lanes: give it its job.
        kind: what is to be done; see ``kinds``.
        connection: whose; None: of the whole installation.
        arguments: the rest of what is wanted.
        person: who asks.
        key: by which the person knows it again, such as an idempotency key: what was asked with
            it before is not asked again. None: what is under way and does just this is taken.
    """
    async with database.transaction() as on:
        known = (
            await errands.under_way(on, connection, kind, arguments)
            if key is None
            else await errands.asked_before(on, person, key)
        )
        if known is not None:
            return known.id
        asked = await errands.ask(on, connection, kind, arguments, person=person, key=key)
        if asked is not None:
            await errands.has_job(on, asked, await lanes.defer_errand(on, asked))
            return asked
    # Another call with this key was quicker by a moment, and has ended by now.
    return await ask(database, lanes, kind, connection, arguments, person=person, key=key)


class Errands:
    """Does errands, in a worker.

    Args:
        installation: where.
        kinds: returns what does each kind of errand; is called when there is one.
    """

    def __init__(self, installation: Installation, kinds: Callable[[], Mapping[str, Do]]) -> None:
        self._installation = installation
        self._kinds = kinds

    async def __call__(self, errand_id: int, job_id: int) -> None:
        """Do an errand to its end and keep what came of it. No failure is raised.

        Where the worker ends in the middle, the errand is handed on and begun again.
        """
        async with self._installation.database.transaction() as on:
            errand = await errands.begin(on, errand_id, job_id)
        if errand is None:
            return
        with structlog.contextvars.bound_contextvars(errand=errand.id, kind=errand.kind):
            try:
                answer, failure = await self._done(errand, job_id)
            except asyncio.CancelledError:
                await self._hand_on(errand_id)
                raise
        async with self._installation.database.transaction() as on:
            await errands.end(on, errand_id, job_id, answer=answer, failure=failure)

    async def _done(self, errand: Errand, job_id: int) -> tuple[Any, Failure | None]:
        do = self._kinds().get(errand.kind)
        if do is None:
            return None, Failure(
                what=f"This version knows no errand {errand.kind}",
                next_step="Let all workers be of one version, and ask again.",
            )
        if errand.beginnings > MOST_BEGINNINGS:
            return None, Failure(
                what=f"It was begun {MOST_BEGINNINGS} times, and its worker ended each time",
                next_step="See the log of the worker, and ask again.",
            )
        progress = ErrandProgress()
        telling = asyncio.create_task(self._tell(errand.id, job_id, progress))
        try:
            return await do(self._installation, errand, progress), None
        except UserError as error:
            return None, Failure(what=str(error), where=error.where, next_step=error.next_step)
        except ConnectorError as error:
            return None, Failure(what=str(error), next_step=error.remedy, cause=error.cause)
        except Exception as error:  # noqa: BLE001 - a bug in one errand must not stop the others
            _log.exception("bug", error=type(error).__name__)
            return None, Failure(
                what=f"A bug: {type(error).__name__}",
                next_step="Please report it with the log of the worker.",
                cause="bug",
            )
        finally:
            telling.cancel()

    async def _tell(self, errand_id: int, job_id: int, progress: ErrandProgress) -> None:
        while True:
            await progress.changed()
            began = time.monotonic()
            async with self._installation.database.transaction() as on:
                await errands.tell(on, errand_id, job_id, progress.step)
            await asyncio.sleep(max(0.0, began + _TELL_EVERY_SECONDS - time.monotonic()))

    async def _hand_on(self, errand_id: int) -> None:
        """Give the errand a job of its own again: this worker ends."""
        async with self._installation.database.transaction() as on:
            job = await self._installation.lanes.defer_errand(on, errand_id)
            await errands.has_job(on, errand_id, job)
