"""Connections as they were applied, without their secrets."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from psycopg.rows import DictRow
from psycopg.types.json import Json

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import (
    AlarmsSection,
    ConnectionSettings,
    FlowsSection,
    RequestLimits,
    Schedule,
)
from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Cause, Mode

T = TypeVar("T")

_COLUMNS: Final = "name, mode, paused, settings, applied_at, held_at, backup_made_at, channels"


@dataclass(frozen=True, kw_only=True)
class AppliedConnection:
    """A connection row.

    What its settings say is read when it is asked for, so that a row which somebody damaged is
    the trouble of that connection alone.

    Attributes:
        stored: the connection file without its secrets, as it was applied.
        held_at: since when it is held, which only a release ends; None: it is not held.
        backup_made_at: of what was restored then, when the backup was made; None where the
            backup does not say, and where it is not held.
        channels: all that ShipBob lists for its account, by which two connections of one
            account are known; None: ShipBob was never asked.
    """

    name: str
    mode: Mode
    paused: bool
    stored: Mapping[str, Any]
    applied_at: datetime
    held_at: datetime | None = None
    backup_made_at: datetime | None = None
    channels: frozenset[int] | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing but taking webhooks in is done for it: it is paused, or held."""
        return self.paused or self.held_at is not None

    @property
    def start_date(self) -> date:
        """Facts before this day are never posted.

        Raises:
            NeedsHuman: the stored settings can't be read; so for all that is read from them.
        """
        return self._read(lambda stored: date.fromisoformat(stored["start_date"]))

    @property
    def limits(self) -> RequestLimits:
        """Its ``[limits]``."""
        return self._read(lambda stored: RequestLimits.model_validate(stored["limits"]))

    @property
    def schedule(self) -> Schedule:
        """Its ``[schedule]``."""
        return self._read(lambda stored: Schedule.model_validate(stored["schedule"]))

    @property
    def flows_off(self) -> frozenset[str]:
        """The keys under its ``[flows]`` of the flows that are off."""
        has_vendor = bool(self.section("billing").get("vendor"))
        flows = self._read(lambda stored: FlowsSection.model_validate(stored.get("flows", {})))
        return flows.off(has_vendor=has_vendor)

    @property
    def alarms(self) -> AlarmsSection:
        """Its ``[alarms]``, without the addresses, which are secrets."""
        return self._read(lambda stored: AlarmsSection.model_validate(stored.get("alarms", {})))

    @property
    def netsuite_account(self) -> str:
        """The id of its NetSuite account."""
        return self._read(lambda stored: str(stored["netsuite"]["account_id"]))

    @property
    def shipbob_address(self) -> str:
        """Where its ShipBob is."""
        return self._read(lambda stored: str(stored["shipbob"]["api_url"]))

    def section(self, name: str) -> Mapping[str, Any]:
        """Return one table of the settings as it is stored; empty where there is none."""
        stored = self.stored.get(name)
        return stored if isinstance(stored, dict) else {}

    def settings(self, secrets: Mapping[str, Secret]) -> ConnectionSettings:
        """Return the settings, complete with these secrets.

        Raises:
            NeedsHuman: what is stored of them can't be read.
        """
        return self._read(lambda _: self._settings(secrets))

    def _settings(self, secrets: Mapping[str, Secret]) -> ConnectionSettings:
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

    def _read(self, read: Callable[[Mapping[str, Any]], T]) -> T:
        try:
            return read(self.stored)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise NeedsHuman(
                f'What is stored of the settings of connection "{self.name}" can\'t be read',
                cause=Cause.SETTINGS_UNREADABLE,
                remedy="Apply the connection's file again, with start_date in it, and find out who"
                " changed the database.",
                waiting_for=[AwaitedKind.POLICY.any_one],
            ) from error


async def save(
    connection: Connection, settings: ConnectionSettings, *, mode: Mode, today: date
) -> tuple[AppliedConnection, bool]:
    """Store a connection, in a mode; return it and whether anything in it is new.

    A file without a start date begins on the day it was first applied.

    Raises:
        NeedsHuman: it is without one, and the stored one can't be read.
    """
    before = await find(connection, settings.name)
    start = settings.start_date or (before.start_date if before else today)
    stored = {
        **settings.model_dump(mode="json", exclude={"mode"}),
        "start_date": start.isoformat(),
    }
    changed = before is None or before.stored != stored or before.mode != mode
    row = await one(
        connection,
        "insert into connection as c (name, mode, settings)"  # noqa: S608 - our own constant
        " values (%(name)s, %(mode)s, %(settings)s)"
        " on conflict (name) do update set mode = excluded.mode, settings = excluded.settings,"
        " removed_at = null, applied_at = now()"
        f" returning {_COLUMNS}",
        {"name": settings.name, "mode": mode, "settings": Json(stored)},
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return _applied(row), changed


async def find(connection: Connection, name: str) -> AppliedConnection | None:
    """Return one connection by its name; None when there is none."""
    row = await one(
        connection,
        f"select {_COLUMNS} from connection"  # noqa: S608 - our own constant
        " where name = %(name)s and removed_at is null",
        {"name": name},
    )
    return _applied(row) if row else None


async def last(connection: Connection, name: str) -> AppliedConnection | None:
    """Return a connection as it was applied last, also when it was removed since."""
    row = await one(
        connection,
        f"select {_COLUMNS} from connection where name = %(name)s",  # noqa: S608 - our own constant
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


async def set_channels(
    connection: Connection, name: str, channels: Collection[int] | None
) -> None:
    """Keep which channels ShipBob lists for a connection's account; None: that is not known."""
    await rows(
        connection,
        "update connection set channels = %(channels)s::bigint[] where name = %(name)s",
        {"name": name, "channels": None if channels is None else sorted(channels)},
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


async def accounts(connection: Connection) -> dict[str, str]:
    """Return the NetSuite account ids of all connections, also of removed ones, by name.

    As their files write them; those that can't be read are left out.
    """
    found = await rows(
        connection, "select name, settings->'netsuite'->>'account_id' as account from connection"
    )
    return {row["name"]: row["account"] for row in found if row["account"]}


async def names(connection: Connection) -> set[str]:
    """Return the names of all connections."""
    found = await rows(connection, "select name from connection where removed_at is null")
    return {row["name"] for row in found}


async def every(connection: Connection, *, also_removed: bool = False) -> list[AppliedConnection]:
    """Return all connections, by name."""
    found = await rows(
        connection,
        f"select {_COLUMNS} from connection"  # noqa: S608 - our own constant
        " where removed_at is null or %(also_removed)s order by name",
        {"also_removed": also_removed},
    )
    return [_applied(row) for row in found]


def _applied(row: DictRow) -> AppliedConnection:
    stored = row["settings"]
    return AppliedConnection(
        name=row["name"],
        mode=row["mode"],
        paused=row["paused"],
        stored=stored if isinstance(stored, dict) else {},
        applied_at=row["applied_at"],
        held_at=row["held_at"],
        backup_made_at=row["backup_made_at"],
        channels=None if row["channels"] is None else frozenset(row["channels"]),
    )
