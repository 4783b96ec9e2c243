"""Settings in force, of the installation and of a connection, each with where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import pydantic

from ml_connector.app.connections.changes import leaves, said
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.settings import DEFAULT, Settings
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.figures import trail_pages
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection

FILE: Final = "connection file"
SECRET: Final = "set, kept sealed"  # noqa: S105 - what is shown in place of one

_MOST_OF_A_TABLE: Final = 50
"""Of a table without fixed keys, such as ``skus``, so many are shown one by one."""

_REQUIRED: Final = {"netsuite": ("account_id", "client_id", "certificate_id"), "shipbob": ()}

_ALWAYS_SET: Final = frozenset(
    f"{section}.{key}" for section, keys in _REQUIRED.items() for key in keys
)

_HIDDEN: Final = frozenset({"database_url", "master_key", "admin_password"})
"""Settings of the installation that hold a secret, or may."""


class SettingInForce(msgspec.Struct, frozen=True, kw_only=True):
    """One setting.

    Attributes:
        key: with its tables, such as ``limits.netsuite_concurrency``; of the installation the
            variable's name.
        value: as people read it; of a secret only whether it is set.
        source: ``default``, a variable's name, the path of a file, or ``connection file``.
        person: who applied the connection with it; empty where nobody did, or it is not known.
        since: when that was.
    """

    key: str
    value: str
    source: str
    person: str = ""
    since: datetime | None = None


class AppliedState(msgspec.Struct, frozen=True, kw_only=True):
    """A connection's settings as somebody applied them."""

    person: str
    at: datetime
    settings: Mapping[str, Any]


def of_installation(settings: Settings) -> tuple[SettingInForce, ...]:
    """Return the settings of the installation. Pure."""
    sources = settings.sources
    return tuple(
        SettingInForce(
            key=f"MLC_{name.upper()}",
            value=_value(name, getattr(settings, name), sources[name]),
            source=sources[name],
        )
        for name in type(settings).model_fields
        if name != "admin_password"  # of init alone
    )


def of_connection(
    stored: Mapping[str, Any], states: Sequence[AppliedState]
) -> tuple[SettingInForce, ...]:
    """Return the settings of a connection, in the order of its file. Pure.

    Args:
        stored: as they are stored, without secrets.
        states: as they were applied, the newest first.
    """
    now = dict(leaves(stored))
    defaults = dict(leaves(_defaults(stored)))
    before = [(one, dict(leaves(one.settings))) for one in states]
    return tuple(
        _setting(key, value, defaults, before)
        for key, value in _shown(now, defaults)
        if key not in {"name", "mode", "paused"}
    )


def secrets_of(fields: Sequence[str]) -> tuple[SettingInForce, ...]:
    """Return the secrets that are kept of a connection, by their names alone. Pure."""
    return tuple(SettingInForce(key=field, value=SECRET, source=FILE) for field in sorted(fields))


async def applied_states(
    on: Connection, applied: AppliedConnection, *, most: int = 50
) -> Sequence[AppliedState]:
    """Return how a connection was applied lately, the newest first."""
    found = await trail_pages.acts(
        on, name=applied.name, what="connection.apply", limit=most, after=None
    )
    return [
        AppliedState(person=row["person"], at=row["at"], settings=_after(row["details"]))
        for row in found
    ]


def _after(details: object) -> Mapping[str, Any]:
    after = details.get("after") if isinstance(details, Mapping) else None
    return after if isinstance(after, Mapping) else {}


def _value(name: str, value: object, source: str) -> str:
    if name in _HIDDEN:
        return "not set" if source == DEFAULT else SECRET
    if isinstance(value, Secret):
        return SECRET
    return said(value if not isinstance(value, tuple) else [str(one) for one in value])


def _in_words(value: object) -> str:
    """Return a value as a connection's file has it."""
    return str(value).lower() if isinstance(value, bool) else said(value)


def _setting(
    key: str,
    value: object,
    defaults: Mapping[str, Any],
    before: Sequence[tuple[AppliedState, Mapping[str, Any]]],
) -> SettingInForce:
    if key in defaults and defaults[key] == value:
        return SettingInForce(key=key, value=_in_words(value), source=DEFAULT)
    since = None
    for state, known in before:
        if known.get(key) != value:
            break
        since = state
    return SettingInForce(
        key=key,
        value=_in_words(value),
        source=FILE,
        person=since.person if since else "",
        since=since.at if since else None,
    )


def _shown(now: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is shown one by one; of a long table of the merchant's own how long it is."""
    tables: dict[str, list[tuple[str, Any]]] = {}
    for key, value in now.items():
        if key in defaults or key in _ALWAYS_SET or "." not in key:
            yield key, value
        else:
            tables.setdefault(_table(key), []).append((key, value))
    for table, entries in tables.items():
        if len(entries) <= _MOST_OF_A_TABLE:
            yield from entries
        else:
            yield table, f"{len(entries):,} entries"


def _table(key: str) -> str:
    """Return the table of a key that no default knows: what is in it may hold dots itself."""
    first, _, rest = key.partition(".")
    second = rest.partition(".")[0]
    field = ConnectionSettings.model_fields.get(first)
    section = field.annotation if field else None
    if isinstance(section, type) and issubclass(section, pydantic.BaseModel):
        return f"{first}.{second}"
    return first


def _defaults(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a connection of these accounts has without any other key; empty: not known."""
    needed = {
        section: {key: (stored.get(section) or {}).get(key) for key in keys}
        for section, keys in _REQUIRED.items()
    }
    try:
        least = ConnectionSettings.model_validate({"name": stored.get("name"), **needed})
    except pydantic.ValidationError:
        return {}  # of an older version, or damaged
    complete: dict[str, Any] = least.model_dump(mode="json")
    for key in _REQUIRED["netsuite"]:
        complete["netsuite"].pop(key, None)
    return complete
