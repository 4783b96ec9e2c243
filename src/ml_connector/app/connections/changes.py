"""What a connection's settings say now and did not before. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pydantic

from ml_connector.config.connection import ConnectionSettings


class SettingChange(NamedTuple):
    """One key whose value is new, changed or gone.

    Attributes:
        key: with its tables, such as ``locations.228``.
        before: None where it was not set.
        after: None where it is not set any more.
    """

    key: str
    before: Any
    after: Any

    def said(self) -> str:
        """Return the change for a person."""
        return f"{self.key}: {said(self.before)} -> {said(self.after)}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """Return how two states of stored settings differ, in the order of the later one.

    Args:
        before: as it was stored; keys that came later have their defaults.
        after: as it is stored now.
    """
    old, new = dict(leaves(_complete(before))), dict(leaves(after))
    return tuple(
        SettingChange(key, old.get(key), new.get(key))
        for key in dict.fromkeys((*new, *old))
        if old.get(key) != new.get(key)
    )


def _complete(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return stored settings with the defaults of keys that they don't have."""
    try:
        return ConnectionSettings.model_validate(stored).model_dump(mode="json")
    except pydantic.ValidationError:
        return stored  # of an older version, or damaged


def leaves(table: Mapping[str, Any], *above: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys of stored settings with their values, each key with its tables before it."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, *above, str(key))
        else:
            yield ".".join((*above, str(key))), value


def said(value: object) -> str:
    """Return a value of the settings for a person."""
    if value is None or value in ([], ()):
        return "not set"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
