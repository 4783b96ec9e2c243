"""Log lines for people: the story in a sentence, without the machinery beside it.

Only where logs are written for people: JSON lines keep each name and each field.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from structlog.typing import EventDict, Processor, WrappedLogger

_ZERO_TERM: Final = re.compile(r" \+ 0(\.0+)? (waiting|refused)\b")
_NOTHING_POSTED: Final = re.compile(r"= 0(\.0+)? posted \+ ")
_NOTHING: Final = re.compile(r"^[^:]+: 0(\.0+)? = 0(\.0+)? posted$")


def in_words(*, debug: bool) -> Processor:
    """Return the processor that says a line in words and leaves out what says nothing.

    Args:
        debug: the journal's hashes stay.
    """

    def say(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        sentence = _SENTENCES.get(str(event.get("event")))
        if sentence is not None:
            say_it, fields, hashes = sentence
            said = say_it(event)
            if said is not None:
                dropped = {*fields, *(() if debug else hashes)}
                event = {key: value for key, value in event.items() if key not in dropped}
                event["event"] = said
        return {key: value for key, value in event.items() if value is not None}

    return say


def without_zeros(lines: list[str]) -> str:
    """Return the equation of a subject without the terms that came to nothing.

    Args:
        lines: as ``ledger.conservation.equation.sentences`` says them.
    """
    said = [_ZERO_TERM.sub("", one) for one in lines]
    return "; ".join(_NOTHING_POSTED.sub("= ", one) for one in said if not _NOTHING.match(one))


def _posted(event: EventDict) -> str | None:
    what = event.get("what")
    if what is None:
        return None
    found = "" if event["event"] == "posted" else ", found there"
    number = event.get("remote_id")
    return f"{what}{found} ({number})" if number else f"{what}{found}"


def _done(event: EventDict) -> str:
    counted = without_zeros(list(event.get("lines", ())))
    return f"{_subject(event)} is done{f': {counted}' if counted else ''}"


def _stopped(word: str) -> Callable[[EventDict], str]:
    return lambda event: f"{_subject(event)} {word}: {event.get('reason')}"


def _again(event: EventDict) -> str:
    return f"{_subject(event)} runs again in {event.get('in_seconds')} s: {event.get('reason')}"


def _lane(event: EventDict) -> str:
    name, at_once = str(event.get("lane")), event.get("at_once")
    return f"Works off {name.rstrip(':')}, {at_once} at once"


def _heads(event: EventDict) -> str:
    heads: dict[str, Any] = event.get("heads") or {}
    rows = ", ".join(f"{name} row {str(head).partition(':')[0]}" for name, head in heads.items())
    return f"The journal ends with {rows}" if rows else "The journal is empty"


def _subject(event: EventDict) -> str:
    return str(event.get("subject", "It"))


_SENTENCES: Final[
    dict[str, tuple[Callable[[EventDict], str | None], tuple[str, ...], tuple[str, ...]]]
] = {
    "posted": (_posted, ("what", "remote_id", "subject", "run"), ("journal",)),
    "adopted": (_posted, ("what", "remote_id", "subject", "run"), ("journal",)),
    "done": (_done, ("lines", "subject", "run"), ()),
    "halfway": (lambda event: f"{_subject(event)} goes on at once", ("subject", "run"), ()),
    "parked": (_stopped("waits"), ("subject", "reason", "run"), ()),
    "dead": (_stopped("stops until somebody acts"), ("subject", "reason", "run"), ()),
    "retrying": (_again, ("subject", "reason", "in_seconds", "run"), ()),
    "worker_begins": (lambda _: "The worker begins", (), ()),
    "worker_ends": (lambda _: "The worker has ended", (), ()),
    "stopping": (lambda _: "Takes no more work, and ends", ("lanes",), ()),
    "lane_begins": (_lane, ("lane", "at_once"), ()),
    "journal_heads": (_heads, (), ("heads",)),
}
"""By the name of a line: its sentence, the fields that it says, and those that hold hashes."""
