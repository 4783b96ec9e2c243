"""Tracebacks for logs: lines and errors, without the values of variables.

Variables may hold keys, tokens and whole webhooks, and so may the text of an error: PostgreSQL
repeats a refused row on the lines after the first. So only the beginning of the first line of an
error's text is shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from structlog.tracebacks import ExceptionDictTransformer

from ml_connector.shown import visible

_LONGEST_TEXT: Final = 200

_transform: Final = ExceptionDictTransformer(show_locals=False, use_rich=False, max_frames=40)


def as_data(error: BaseException) -> list[dict[str, Any]]:
    """Return an error and what it came from: types, first lines of texts, places in the code."""
    return [_without_texts(one) for one in _transform((type(error), error, error.__traceback__))]


def as_text(error: BaseException) -> str:
    """Return the same for people, the outermost error last as Python has it."""
    return "\n".join(_lines(reversed(as_data(error))))


def _without_texts(told: Mapping[str, Any]) -> dict[str, Any]:
    groups = told.get("exceptions") or ()
    return {
        **told,
        "exc_value": _first_line(str(told["exc_value"])),
        "exc_notes": [_first_line(str(note)) for note in told.get("exc_notes") or ()],
        "exceptions": [[_without_texts(one) for one in group] for group in groups],
    }


def _first_line(text: str) -> str:
    return visible((text.splitlines() or [""])[0][:_LONGEST_TEXT])


def _lines(errors: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in errors:
        yield "Traceback (most recent call last):"
        for frame in one["frames"]:
            yield f'  File "{frame["filename"]}", line {frame["lineno"]}, in {frame["name"]}'
        yield f"{one['exc_type']}: {one['exc_value']}"
        yield from (f"  {note}" for note in one["exc_notes"])
        for group in one["exceptions"]:
            yield from (f"  | {line}" for line in _lines(reversed(group)))
