"""The health of a connection's two systems and of its webhooks: clocks and limits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from ml_connector.app.installation.clients import shipbob_limit
from ml_connector.app.sign_in.token_renewal import CONSENT_LIVES
from ml_connector.app.webhooks.health import Health, health, lately
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.alarms.alarms import Alarm, open_alarms
from ml_connector.ledger.connections import certificates, consents, subscriptions
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import account_key, environment
from ml_connector.shipbob.sign_in.hosts import environment as shipbob_environment
from ml_connector.storage.database import Connection
from ml_connector.transport.limits import usage
from ml_connector.vault import survey
from ml_connector.words import AlarmKind, System

State = Literal["ok", "wait", "stop"]
"""``wait``: a person should look at it soon; ``stop``: it does not work."""

SOON_DAYS: Final = 14
"""A clock with fewer days left is shown as one that a person should look at."""


_ABOUT: Final = {
    AlarmKind.CERTIFICATE: "netsuite",
    AlarmKind.CONSENT: "shipbob",
    AlarmKind.WEBHOOKS: "webhooks",
}
"""The part of the strip that alarms of a kind are about; those of credentials name theirs."""


class LimitInUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a limit is in use; ``most``: of the connection's settings."""

    used: int
    most: int | None


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one of the two systems is doing.

    Attributes:
        account: NetSuite's account id, or ShipBob's channel; None where it is not known.
        environment: such as ``sandbox``.
        token_seconds: until the access token is renewed; None: there is none.
        is_lasting: it is a personal access token, which nobody renews.
        ends_at: of NetSuite's certificate, or of ShipBob's consent if it is not renewed; None
            where there is none, or it is not known.
        trouble: the sentence of the alarm about its credentials; empty without one.
    """

    system: System
    state: State
    account: str | None
    environment: str
    token_seconds: float | None
    ends_at: datetime | None
    limit: LimitInUse
    is_lasting: bool = False
    trouble: str = ""


class WebhookHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How webhooks arrive.

    Attributes:
        last_at: when the last one was accepted.
        subscribed: groups of topics that are subscribed to, as last seen; of ``groups``.
        clock_offset_seconds: our clock minus ShipBob's.
        refused: reasons for which deliveries were refused within the last hour.
    """

    state: State
    last_at: datetime | None
    subscribed: int
    groups: int
    looked_at: datetime | None
    clock_offset_seconds: float | None
    refused: tuple[str, ...]
    trouble: str = ""


class ConnectionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a connection."""

    netsuite: SystemHealth
    shipbob: SystemHealth
    webhooks: WebhookHealth


async def connection_health(
    on: Connection, applied: AppliedConnection, *, now: datetime
) -> ConnectionHealth:
    """Return how both systems and the webhooks of a connection are doing.

    No system is asked: it is what processes that work with them have noted.
    """
    troubles = _troubles(await open_alarms(on, [applied.name]))
    clocks = {
        row["system"]: row
        for row in await survey.access_tokens(on)
        if row["connection"] == applied.name
    }
    certificate = await certificates.current(on, applied.name)
    in_flight, minute = await usage.in_flight(on), await usage.this_minute(on)
    grant = await consents.granted(on, applied.name)
    account, channel = _account(applied), applied.section("shipbob").get("channel_id")
    obtained = clocks.get("shipbob", {}).get("obtained_at")
    webhooks = await health(on, applied.name)
    look = await subscriptions.last_look(on, applied.name)
    return ConnectionHealth(
        netsuite=_system(
            "netsuite",
            account=account,
            environment=environment(account) if account else "",
            left=clocks.get("netsuite", {}).get("left"),
            ends_at=certificate.valid_until if certificate else None,
            limit=LimitInUse(
                used=in_flight.get(f"netsuite:{account_key(account)}", 0) if account else 0,
                most=_most(applied, "netsuite_concurrency"),
            ),
            trouble=troubles.get("netsuite", ""),
            now=now,
        ),
        shipbob=_system(
            "shipbob",
            account=str(channel or (grant or {}).get("channel_id") or "") or None,
            environment=shipbob_environment(str(applied.section("shipbob").get("api_url", ""))),
            left=clocks.get("shipbob", {}).get("left"),
            ends_at=obtained + CONSENT_LIVES if grant and obtained else None,
            limit=LimitInUse(
                used=minute.get(shipbob_limit(applied.name), 0),
                most=_most(applied, "shipbob_per_minute"),
            ),
            trouble=troubles.get("shipbob", ""),
            now=now,
            is_lasting=not (grant or obtained or applied.section("shipbob").get("client_id")),
        ),
        webhooks=_webhooks(
            webhooks, subscriptions.states(look), troubles.get("webhooks", ""), now=now
        ),
    )


def _system(
    system: System,
    *,
    account: str | None,
    environment: str,
    left: float | None,
    ends_at: datetime | None,
    limit: LimitInUse,
    trouble: str,
    now: datetime,
    is_lasting: bool = False,
) -> SystemHealth:
    soon = ends_at is not None and (ends_at - now).days < SOON_DAYS
    return SystemHealth(
        system=system,
        state="stop" if trouble else "wait" if soon else "ok",
        account=account,
        environment=environment,
        token_seconds=left,
        ends_at=ends_at,
        limit=limit,
        is_lasting=is_lasting,
        trouble=trouble,
    )


def _webhooks(found: Health, states: list[str], trouble: str, *, now: datetime) -> WebhookHealth:
    refused = tuple(str(row["reason"]) for row in found.refusals if lately(row, now=now))
    missing = "refused" in states or not states
    return WebhookHealth(
        state="stop" if trouble else "wait" if refused or missing else "ok",
        last_at=found.last_at,
        subscribed=states.count("enabled"),
        groups=len(states),
        looked_at=found.looked_at,
        clock_offset_seconds=found.clock_offset_seconds,
        refused=refused,
        trouble=trouble,
    )


def _troubles(found: Sequence[Alarm]) -> dict[str, str]:
    """Return the sentences of alarms, by what of the health strip they are about."""
    said: dict[str, str] = {}
    for alarm in found:
        kind = AlarmKind(alarm.kind)
        about = alarm.key if kind is AlarmKind.CREDENTIALS else _ABOUT.get(kind)
        if about:
            said.setdefault(about, alarm.sentence)
    return said


def _account(applied: AppliedConnection) -> str | None:
    try:
        return applied.netsuite_account
    except NeedsHuman:
        return None


def _most(applied: AppliedConnection, key: str) -> int | None:
    try:
        return int(getattr(applied.limits, key))
    except NeedsHuman:
        return None
