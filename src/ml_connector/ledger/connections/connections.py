"""Connections as they were applied, without their secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Json

from ml_connector.config.connection import ConnectionSettings, RequestLimits
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Mode


@dataclass(frozen=True, kw_only=True)
class AppliedConnection:
    """A connection row.

    Attributes:
        stored: the connection file without its secrets, as it was applied.
        start_date: facts before this day are never posted.
    """

    name: str
    mode: Mode
    paused: bool
    start_date: date
    stored: Mapping[str, Any]
    applied_at: datetime

    @property
    def limits(self) -> RequestLimits:
        """Its ``[limits]``."""
        return RequestLimits.model_validate(self.stored["limits"])

    def settings(self, secrets: Mapping[str, Secret]) -> ConnectionSettings:
        """Return the settings, complete with these secrets."""
        table: dict[str, Any] = {**self.stored}
        table["mode"] = self.mode
        table["netsuite"] = {**table["netsuite"]}
        table["shipbob"] = {**table["shipbob"]}
        table["alarms"] = {**table.get("alarms", {})}
        webhook_secrets: list[Secret] = []
        alarm_urls: list[Secret] = []
        for field, secret in sorted(secrets.items()):
            system, _, key = field.partition(".")
            if key.startswith("webhook_secrets."):
                webhook_secrets.append(secret)
            elif field.startswith("alarms.urls."):
                alarm_urls.append(secret)
            elif key in {"private_key", "token", "client_secret", "refresh_token"}:
                table[system][key] = secret
        table["shipbob"]["webhook_secrets"] = webhook_secrets
        table["alarms"]["urls"] = alarm_urls
        return ConnectionSettings.model_validate(table)


async def save(
    connection: Connection, settings: ConnectionSettings, *, today: date
) -> tuple[AppliedConnection, bool]:
    """Store a connection; return it and whether anything in it is new.

    A file without a start date begins on the day it was first applied.
    """
    before = await find(connection, settings.name)
    start = settings.start_date or (before.start_date if before else today)
    stored = {
        **settings.model_dump(mode="json", exclude={"mode"}),
        "start_date": start.isoformat(),
    }
    changed = before is None or before.stored != stored or before.mode != settings.mode
    row = await one(
        connection,
        "insert into connection as c (name, mode, settings)"
        " values (%(name)s, %(mode)s, %(settings)s)"
        " on conflict (name) do update set mode = excluded.mode, settings = excluded.settings,"
        " removed_at = null, applied_at = now()"
        " returning name, mode, paused, settings, applied_at",
        {"name": settings.name, "mode": settings.mode, "settings": Json(stored)},
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return _applied(row), changed


async def find(connection: Connection, name: str) -> AppliedConnection | None:
    """Return one connection by its name; None when there is none."""
    row = await one(
        connection,
        "select name, mode, paused, settings, applied_at from connection"
        " where name = %(name)s and removed_at is null",
        {"name": name},
    )
    return _applied(row) if row else None


async def set_paused(connection: Connection, name: str, *, paused: bool) -> None:
    """Pause or resume a connection."""
    await rows(
        connection,
        "update connection set paused = %(paused)s where name = %(name)s",
        {"name": name, "paused": paused},
    )


async def set_mode(connection: Connection, name: str, mode: Mode) -> None:
    """Set the mode of a connection; every process takes it up with the next run."""
    await rows(
        connection,
        "update connection set mode = %(mode)s, applied_at = clock_timestamp()"
        " where name = %(name)s",
        {"name": name, "mode": mode},
    )


async def note_change(connection: Connection, name: str) -> None:
    """Let every process open a connection anew with the next run: its credentials changed."""
    await rows(
        connection,
        "update connection set applied_at = now() where name = %(name)s",
        {"name": name},
    )


async def remove(connection: Connection, name: str) -> None:
    """Take a connection out of use. All that was booked for it stays."""
    await rows(
        connection,
        "update connection set removed_at = now(), paused = false where name = %(name)s",
        {"name": name},
    )


async def every(connection: Connection) -> list[AppliedConnection]:
    """Return all connections, by name."""
    found = await rows(
        connection,
        "select name, mode, paused, settings, applied_at from connection"
        " where removed_at is null order by name",
    )
    return [_applied(row) for row in found]


def _applied(row: DictRow) -> AppliedConnection:
    return AppliedConnection(
        name=row["name"],
        mode=row["mode"],
        paused=row["paused"],
        start_date=date.fromisoformat(row["settings"]["start_date"]),
        stored=row["settings"],
        applied_at=row["applied_at"],
    )
