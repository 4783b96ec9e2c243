"""Renewing the tokens of every connection before they run out, also of idle ones.

A ShipBob consent ends when it is not renewed for 30 days (ShipBob reference, section 3.2), so
a paused connection is renewed as well, once a day. For a held one nothing is renewed: its grant
may be that of another installation, which a renewal would end.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.alarms.sentences import consent_ends, credentials_refused
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.consents import wake_what_waited
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.moments import is_known
from ml_connector.vault.tokens import TokenClock
from ml_connector.words import AlarmKind, System

CONSENT_LIVES: Final = timedelta(days=30)
"""Time after which ShipBob ends a consent that is not renewed (reference, section 3.2)."""

WARN_DAYS: Final = (14, 7, 1)
"""Days before a consent's end on which its alarm is raised again."""

_IDLE_EVERY: Final = timedelta(hours=20)
"""Age at which a paused connection's token is renewed: less than a day, so once a day."""

_log = structlog.get_logger("credentials")


async def renew_tokens(installation: Installation, contexts: ConnectionContexts) -> None:
    """Renew the tokens that are due; raise an alarm when one can't be renewed, or end it."""
    now = datetime.now(UTC)
    clocks = {(one.connection, one.system): one for one in await installation.tokens.clocks()}

    async def renew(applied: AppliedConnection) -> None:
        if applied.paused and not _is_idle_too_long(clocks.get((applied.name, "shipbob")), now):
            return
        try:
            await _renew(installation, contexts, applied)
        finally:
            await _look_at_consent(installation, applied.name, now=now)

    await for_each_connection(installation, "renew tokens", renew, also_paused=True)


def _is_idle_too_long(clock: TokenClock | None, now: datetime) -> bool:
    return (
        clock is not None
        and clock.problem is None
        and clock.obtained_at is not None
        and (not is_known(clock.obtained_at, now) or now - clock.obtained_at >= _IDLE_EVERY)
    )


async def _renew(
    installation: Installation, contexts: ConnectionContexts, applied: AppliedConnection
) -> None:
    context = await contexts.open(applied.name)
    wanted: Mapping[System, object] = (
        {"shipbob": None} if applied.paused else dict.fromkeys(context.sign_in)
    )
    for system in wanted:
        try:
            await context.sign_in[system]()
        except NeedsHuman as error:
            await _alarm(installation, applied.name, system, error)
        except ConnectorError as error:
            _warn(applied.name, system, error)
        else:
            await _is_well(installation, applied.name, system)


async def _alarm(installation: Installation, name: str, system: System, error: NeedsHuman) -> None:
    sentence, remedy = credentials_refused(error)
    async with installation.database.transaction() as on:
        new = await raise_alarm(
            on, name, AlarmKind.CREDENTIALS, system, sentence=sentence, remedy=remedy
        )
    if new:
        _warn(name, system, error)


async def _is_well(installation: Installation, name: str, system: System) -> None:
    """End the alarm about a system's credentials; let the subjects that waited run again."""
    async with installation.database.transaction() as on:
        ended = await end_alarms(on, name, AlarmKind.CREDENTIALS, [system])
        if ended:
            woken = await wake_what_waited(installation, on, name, because="credentials work")
            _log.info("credentials_work", connection=name, system=system, woken=woken)


async def _look_at_consent(installation: Installation, name: str, *, now: datetime) -> None:
    """Raise an alarm before a consent ends because it was not renewed for too long."""
    clocks = await installation.tokens.clocks()
    clock = next((c for c in clocks if c.connection == name and c.system == "shipbob"), None)
    async with installation.database.transaction() as on:
        left = consent_days_left(clock, now=now)
        if left is None or left > WARN_DAYS[0]:
            await end_alarms(on, name, AlarmKind.CONSENT)
            return
        threshold = min(days for days in WARN_DAYS if left <= days)
        await end_alarms(on, name, AlarmKind.CONSENT, but=[f"ends:{threshold}"])
        sentence, remedy = consent_ends(left)
        await raise_alarm(
            on, name, AlarmKind.CONSENT, f"ends:{threshold}", sentence=sentence, remedy=remedy
        )


def consent_days_left(clock: TokenClock | None, *, now: datetime) -> int | None:
    """Return the days until a consent ends if it is not renewed; None without one. Pure."""
    if clock is None or clock.obtained_at is None:
        return None
    return (min(clock.obtained_at, now) + CONSENT_LIVES - now).days


def _warn(name: str, system: System, error: ConnectorError) -> None:
    _log.warning(
        "token_not_renewed",
        connection=name,
        system=system,
        cause=error.cause,
        reason=str(error),
        remedy=error.remedy,
    )
