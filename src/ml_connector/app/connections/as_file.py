"""A connection, or one that is being set up, as the TOML file that ``connection apply`` reads.

Secrets are left out: in their place stands the name of an environment variable.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final

from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_HEAD: Final = ("name", "mode", "start_date")
_NEEDED: Final = ("netsuite", "shipbob")

_NAMED: Final = {
    "netsuite.private_key": ("private_key", "NS_PRIVATE_KEY"),
    "shipbob.token": ("token", "SHIPBOB_TOKEN"),
    "shipbob.client_secret": ("client_secret", "SB_CLIENT_SECRET"),
    "shipbob.refresh_token": ("refresh_token", "SB_REFRESH_TOKEN"),
}
"""Of the secrets of a connection: the key in the file, and the variable that stands for it."""

_LISTED: Final = {
    "shipbob.webhook_secrets.": ("webhook_secrets", "SB_WEBHOOK_SECRET"),
    "alarms.urls.": ("urls", "ALARM_URL"),
}
"""The same of secrets of which there may be several."""


async def applied_as_file(
    installation: Installation, on: Connection, applied: AppliedConnection
) -> str:
    """Return the file of a connection, as it is now."""
    fields = await installation.vault.fields(applied.name, on=on)
    return as_file({**applied.stored, "name": applied.name}, mode=applied.mode, secrets=fields)


def as_file(stored: Mapping[str, Any], *, mode: str | None, secrets: Collection[str]) -> str:
    """Return a connection file; read with the same secrets, it gives the same connection. Pure.

    What is not set is left out: the file then means what is usual. Of a consent that was given in
    a browser nothing is in it: it stays with the connection.

    Args:
        stored: what a file says, without secrets.
        mode: of the connection; None: the file leaves it out.
        secrets: fields that are sealed for it, such as ``shipbob.token``.
    """
    usual = _usual()
    head = {"name": stored["name"], "mode": mode, "start_date": stored.get("start_date")}
    lines = [
        "# Without its secrets: set the environment variables that are named here,",
        '# or write "file:PATH" in their place, and run: ml-connector connection apply FILE',
        *(_line(key, _date(key, value)) for key, value in head.items() if value is not None),
    ]
    for section in _sections(stored, secrets):
        told = _told(stored.get(section) or {}, usual.get(section, {}))
        plain = {key: value for key, value in told.items() if not isinstance(value, Mapping)}
        hidden = list(_hidden(section, secrets))
        tables = {key: value for key, value in told.items() if isinstance(value, Mapping)}
        if plain or hidden or section in _NEEDED:
            lines += ["", f"[{section}]"]
            lines += [_line(key, value) for key, value in plain.items()]
            lines += hidden
        for key, table in tables.items():
            lines += _table((section, key), table)
    return "\n".join([*lines, ""])


def _usual() -> dict[str, Any]:
    """Return what a file means that sets nothing but what it must."""
    return ConnectionSettings.model_validate(
        {"name": "x", "netsuite": {"account_id": "1", "client_id": "", "certificate_id": ""}}
        | {"shipbob": {}}
    ).model_dump(mode="json")


def _sections(stored: Mapping[str, Any], secrets: Collection[str]) -> list[str]:
    return [
        one
        for one in ConnectionSettings.model_fields
        if one not in _HEAD and (one in _NEEDED or stored.get(one) or any(_hidden(one, secrets)))
    ]


def _told(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs from what is usual."""
    return {
        key: value
        for key, value in values.items()
        if value not in (None, {}, [], ()) and value != usual.get(key)
    }


def _hidden(section: str, secrets: Collection[str]) -> Iterator[str]:
    for field, (key, variable) in _NAMED.items():
        if field in secrets and field.startswith(f"{section}."):
            yield _line(key, f"env:{variable}")
    for begin, (key, variable) in _LISTED.items():
        count = sum(field.startswith(begin) for field in secrets)
        if count and begin.startswith(f"{section}."):
            yield _line(key, [f"env:{variable}_{number + 1}" for number in range(count)])


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = ["", f"[{'.'.join(map(_key, path))}]"] if plain else []
    lines += [_line(key, value) for key, value in plain.items() if value is not None]
    for key, inner in table.items():
        if isinstance(inner, Mapping):
            lines += _table((*path, key), inner)
    return lines


def _date(key: str, value: Any) -> Any:
    return date.fromisoformat(value) if key == "start_date" and isinstance(value, str) else value


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case int() | float():
            return str(value)
        case str():
            return _text(value)
        case _:
            return f"[{', '.join(_value(one) for one in value)}]"


def _text(text: str) -> str:
    """Return a basic string of TOML; what shows as nothing, or as something else, is escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in quoted)
