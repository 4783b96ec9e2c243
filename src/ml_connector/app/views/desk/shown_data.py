"""Stored data as pages show it: JSON that people read, without what names a person. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ml_connector.transport.http.redaction import redact, redact_text

MOST_CHARACTERS: Final = 60_000
"""More than that of one thing no page shows."""


def shown_json(value: Any) -> str:
    """Return data as indented JSON, without credentials and what names a person."""
    return _cut(msgspec.json.format(msgspec.json.encode(redact(value)), indent=1).decode())


def shown_body(body: bytes, *, whole: bool) -> str:
    """Return the raw body of an event as a person may read it.

    Args:
        body: as it came, or its beginning.
        whole: whether it is all of it.
    """
    if whole:
        try:
            return shown_json(msgspec.json.decode(body))
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return _cut(redact_text(body.decode("utf-8", "replace")))


def facts_on_top(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts that are one value each, in their order."""
    return {
        name: "yes" if value is True else "no" if value is False else str(value)
        for name, value in facts.items()
        if isinstance(value, (str, int, float, bool)) and value != ""
    }


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n… {len(text) - MOST_CHARACTERS:,} characters more"
