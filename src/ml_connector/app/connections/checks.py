"""One thing that was checked of a connection, and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ml_connector.words import Cause, System

Outcome = Literal["ok", "missing", "forbidden", "failed"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was checked.

    Attributes:
        needed: the connection can't work without it.
        found: what was found, in a few words.
        remedy: what to do about it, when it is not ok.
    """

    system: System
    name: str
    outcome: Outcome
    found: str
    remedy: str = ""
    needed: bool = True


def outcome_of(error: Exception) -> Outcome:
    """Return the result of a check that ended with a failure."""
    match getattr(error, "cause", None):
        case Cause.PERMISSION_MISSING:
            return "forbidden"
        case Cause.RECORD_NOT_FOUND:
            return "missing"
        case _:
            return "failed"


def as_rows(found: Sequence[Check]) -> list[dict[str, Any]]:
    """Return what was checked, for JSON."""
    return [
        {
            "system": one.system,
            "check": one.name,
            "result": one.outcome,
            "needed": one.needed,
            "found": one.found,
            "remedy": one.remedy,
        }
        for one in found
    ]
