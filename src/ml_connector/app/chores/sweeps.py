"""Sweeping every flow of every connection when its schedule says."""

from datetime import UTC, datetime, time
from functools import partial
from typing import Final, NamedTuple

import psycopg
import structlog

from ml_connector.app.alarms.sentences import sweep_is_blind
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import Schedule, every
from ml_connector.engine.flow import Flow
from ml_connector.engine.inbox.polls import changed_since, is_full
from ml_connector.engine.inbox.schedule import is_due, stands_from
from ml_connector.engine.inbox.sweep import sweep
from ml_connector.engine.work.pushes import push_plan
from ml_connector.errors import ConnectorError, Retryable, Unreadable
from ml_connector.flows import FLOWS
from ml_connector.ledger import turns
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import polls
from ml_connector.ledger.inbox.polls import Poll
from ml_connector.storage.database import Connection, DatabaseAway
from ml_connector.transport.call import Priority, working_at
from ml_connector.words import AlarmKind, Cause

_log = structlog.get_logger("sweep")

SWEEPS_EVERY_SECONDS: Final = 5.0
"""How often the worker looks whether a sweep is due."""

_AGAIN_SECONDS: Final = 30.0
_PERSON_SECONDS: Final = 300.0


async def sweep_what_is_due(installation: Installation, contexts: ConnectionContexts) -> None:
    """Sweep every flow of every connection whose time has come."""
    await for_each_connection(installation, "sweep", partial(_sweep_flows, installation, contexts))


class _Due(NamedTuple):
    """A sweep that is due.

    Attributes:
        at: the database's present.
        stands_from: the time since then is that of this sweep.
        daily: whether it is at a time of day.
    """

    at: datetime
    stands_from: datetime
    daily: bool


async def _sweep_flows(
    installation: Installation, contexts: ConnectionContexts, applied: AppliedConnection
) -> None:
    schedule = applied.schedule
    off = applied.flows_off
    for flow in FLOWS.values():
        if flow.is_off(off):
            continue
        try:
            due = await _due(installation, applied.name, flow, schedule)
            if due is not None:
                with working_at(Priority.PUSH if flow.pushes else Priority.BULK):
                    await _sweep(installation, contexts, applied, flow, due)
                await _goes_well(installation, applied.name, flow)
        except ConnectorError as error:
            await _put_off(installation, applied.name, flow, error)
            if isinstance(error, Unreadable):
                await _tell(installation, applied.name, flow, str(error), error.remedy)
            _log.warning(
                "sweep_failed",
                connection=applied.name,
                flow=flow.name,
                cause=error.cause,
                reason=str(error),
            )
        except (DatabaseAway, psycopg.Error):
            raise
        except Exception as error:  # noqa: BLE001 - logged and told, and of this flow alone
            # A bug, which another look in five seconds would only show again. It is this flow's:
            # the others have their turn.
            await _put_off(installation, applied.name, flow, None)
            _log.exception(
                "sweep_failed", connection=applied.name, flow=flow.name, cause=Cause.BUG
            )
            await _tell(
                installation,
                applied.name,
                flow,
                f"A bug: {type(error).__name__}",
                "Please report it with the log. All other flows are swept.",
            )


async def _sweep(
    installation: Installation,
    contexts: ConnectionContexts,
    applied: AppliedConnection,
    flow: Flow,
    due: _Due,
) -> None:
    name = applied.name
    context = await contexts.open(name)
    now = datetime.now(UTC)
    account_time = await flow.clock(context.reads) if flow.clock else None
    async with installation.database.transaction() as connection:
        last = await polls.last(connection, name, flow.name) if account_time else None
    full = last is None or due.daily or is_full(last, now=now, applied_at=applied.applied_at)

    async def is_done(connection: Connection) -> None:
        if account_time is not None:
            full_at = now if full or last is None else last.full_at
            poll = Poll(account_time=account_time, polled_at=now, full_at=full_at)
            await polls.keep(connection, name, flow.name, poll, after=last)
        await turns.take_at(connection, name, flow.name, now=due.at)

    swept = await sweep(
        installation.database,
        installation.lanes,
        flow,
        reads=context.reads,
        connection_name=name,
        since=now - flow.look_back,
        changed_since=None
        if full or last is None or account_time is None
        else changed_since(last, account_time=account_time, now=now),
        between=(due.stands_from, due.at),
        settings=context.settings,
        push=push_plan(context.settings.limits),
        at_end=is_done,
    )
    if swept.never_told or swept.late:
        _log.info(
            "swept",
            connection=name,
            flow=flow.name,
            never_told=swept.never_told,
            late=swept.late,
        )


async def _due(
    installation: Installation, name: str, flow: Flow, schedule: Schedule
) -> _Due | None:
    """Return a sweep that is due; None when it is not.

    Its turn counts as taken from that moment, once all it found is in the inbox: a sweep that
    dies is due again at once. Only one worker sweeps at a time, whose chore it is. A sweep at a
    time of day runs for the first time at that time, so that a person can look at a new
    connection (``plan``) before it sends anything. A sweep at an interval begins at once.
    """
    when = every(getattr(schedule, flow.schedule))
    async with installation.database.transaction() as connection:
        daily = isinstance(when, time)
        turn = await turns.lock(connection, name, flow.name, daily=daily)
        if turn.is_too_soon or not is_due(when, last=turn.last, now=turn.now, zone=schedule.zone):
            return None
        begin = stands_from(when, last=turn.last, now=turn.now)
        return _Due(at=turn.now, stands_from=begin, daily=daily)


async def _put_off(
    installation: Installation, name: str, flow: Flow, error: ConnectorError | None
) -> None:
    """Let the sweep be due again after a pause, because the source could not be read.

    The pause is longer where a person must mend something first: a refusal then costs few calls.
    """
    pause = _PERSON_SECONDS
    if isinstance(error, Retryable):
        pause = max(_AGAIN_SECONDS, error.retry_after_seconds or 0)
    async with installation.database.transaction() as connection:
        await turns.give_back(connection, name, flow.name, pause_seconds=pause)


def _alarm_key(flow: Flow) -> str:
    return f"sweep:{flow.name}"


async def _tell(
    installation: Installation, name: str, flow: Flow, sentence: str, remedy: str
) -> None:
    """Raise the alarm that a flow's sweep does not see all of its source."""
    text = sweep_is_blind(flow.name, sentence, remedy)
    async with installation.database.transaction() as connection:
        await raise_alarm(
            connection,
            name,
            AlarmKind.BUG,
            _alarm_key(flow),
            sentence=text.sentence,
            remedy=text.remedy,
        )


async def _goes_well(installation: Installation, name: str, flow: Flow) -> None:
    async with installation.database.transaction() as connection:
        await end_alarms(connection, name, AlarmKind.BUG, [_alarm_key(flow)])
