"""The table of causes: why subjects stop or are tried again, what to do about it, and who can.

The reference page is made of it, and whoever shows a stopped subject says who can act. The
sentence and the remedy of one failure are its own and name the record; these are of the kind.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from ml_connector.words import Cause

Who = Literal["warehouse", "finance", "it", "nobody"]
"""Who can act: those at the shelves, in the books, or who run this software; or nobody need."""

_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")

IN_WORDS: Final[dict[Who, str]] = {
    "warehouse": "warehouse",
    "finance": "finance",
    "it": "IT",
    "nobody": "nobody: it cures itself",
}


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which a cause shows.

    Attributes:
        status: of the event: parked, dead or retrying; empty where no event has it.
        who: can act.
        means: what has happened, in Markdown.
        remedy: what to do, in Markdown.
    """

    cause: Cause
    status: Literal["parked", "dead", "retrying", ""]
    who: Who
    means: str
    remedy: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stop: tuple[Stop, ...]


@cache
def stops() -> tuple[Stop, ...]:
    """Return the whole table, those of one cause together."""
    text = resources.files("ml_connector.causes").joinpath("table.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Table).stop


def who_acts(cause: str, status: str) -> Who:
    """Return who can act where a subject has this cause and status."""
    found = [one.who for one in stops() if (one.cause, one.status) == (cause, status)]
    return found[0] if found else "nobody"


def page_rows(offered: dict[Cause, str]) -> Iterator[str]:
    """Yield the rows of the reference page's table.

    Args:
        offered: what people may decide, by cause, in Markdown.
    """
    before: Cause | None = None
    for one in stops():
        first = one.cause != before
        decide = offered.get(one.cause, "") if first else ""
        before = one.cause
        cells = (
            f"`{one.cause}`" if first else "",
            one.status,
            one.means,
            one.remedy,
            IN_WORDS[one.who] if one.who != "nobody" else "",
            decide,
        )
        yield "| " + " | ".join(cells) + " |"


def plain(markdown: str) -> str:
    """Return a text of the table without its links and marks."""
    return _LINK.sub(r"\1", markdown).replace("`", "")
