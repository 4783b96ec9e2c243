"""A file that chooses a world: a table ``[world]`` such as ``webhook_body = "envelope"``."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ml_connector.sim.readings.readings import Readings
from ml_connector.sim.readings.switch import Switch
from ml_connector.sim.readings.table import BY_NAME
from ml_connector.sim.written_files import bytes_of


class WorldFileError(ValueError):
    """A world can't be read; the text says what is wrong and what is known."""


def read_world_file(path: Path) -> Readings:
    """Read the readings of a world from a TOML file.

    Raises:
        WorldFileError: the file is missing or broken, or names a switch or a reading that
            does not exist.
    """
    try:
        tables = tomllib.loads(bytes_of(path).decode())
    except OSError as error:
        raise WorldFileError(f"{path}: {error.strerror or error}") from error
    except RecursionError as error:
        raise WorldFileError(f"{path}: it is nested too deeply") from error
    except ValueError as error:
        raise WorldFileError(f"{path}: {error}") from error
    for name in tables:
        if name != "world":
            raise WorldFileError(f'{path}: "{name}" is unknown; a world is one table, [world]')
    named = tables.get("world")
    if not isinstance(named, dict):
        raise WorldFileError(f"{path}: there is no table [world]")
    try:
        return named_readings(named)
    except WorldFileError as error:
        raise WorldFileError(f"{path}, [world]: {error}") from error


def named_readings(named: Mapping[str, object]) -> Readings:
    """Return the world of these readings by the names of switches.

    Raises:
        WorldFileError: a switch or a reading does not exist; the text names the nearest one.
    """
    return Readings(
        {switch: _reading(switch, named[name]) for name, switch in _switches(named).items()}
    )


def _switches(names: Iterable[str]) -> dict[str, Switch[Any]]:
    for name in names:
        if name not in BY_NAME:
            raise WorldFileError(f'there is no switch "{name}"{_nearest(name, BY_NAME)}')
    return {name: BY_NAME[name] for name in names}


def _reading(switch: Switch[Any], value: object) -> str:
    if isinstance(value, str) and value in switch.readings:
        return value
    known = ", ".join(f'"{one}"' for one in switch.readings)
    raise WorldFileError(
        f"{switch.name} can't be {value!r}{_nearest(str(value), switch.readings)}; known: {known}"
    )


def _nearest(text: str, known: Iterable[str]) -> str:
    found = get_close_matches(text, list(known), n=1, cutoff=0.0)
    return f' (the nearest is "{found[0]}")' if found else ""
