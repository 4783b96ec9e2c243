"""Reading a TOML file that a person wrote, and telling them where it is wrong."""

import contextlib
import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from ml_connector.config.fault_words import fault_in_words
from ml_connector.config.text_file import text_of
from ml_connector.errors import UserError

_AT_THE_TOP = "at the top, before any [table]"
_DEEPEST = 16
_LONGEST_KEY = 80


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Read a TOML file; return its table and its text.

    Raises:
        UserError: the file is missing, unreadable or malformed; it names line and key.
    """
    try:
        text = text_of(path)
    except FileNotFoundError as error:
        raise UserError(
            "There is no such file", where=str(path), next_step="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(
            "The file is not UTF-8 text", where=str(path), next_step="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise UserError(
            f"The file can't be read: {error.strerror}",
            where=str(path),
            next_step="Check that it is a file and that you may read it.",
        ) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"The file is not valid TOML: {error}",
            where=f"{path}{_place(text, str(error))}",
            next_step="Correct that line; texts need quotes, tables stand in [brackets].",
        ) from error
    except ValueError as error:  # of Python itself, which reads no number of thousands of digits
        raise UserError(
            "The file is not valid TOML: a number in it has too many digits",
            where=str(path),
            next_step="Correct that number.",
        ) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    if _is_deeper(table, _DEEPEST):
        raise _too_deep(path)
    return table, text


def _is_deeper(table: object, levels: int) -> bool:
    """Whether tables and lists stand within each other in more than so many levels."""
    inner: list[object] = [table]
    while inner and levels >= 0:
        levels -= 1
        inner = [
            one
            for holds in inner
            for one in (
                holds.values()
                if isinstance(holds, dict)
                else holds
                if isinstance(holds, list)
                else ()
            )
        ]
    return bool(inner)


def _too_deep(path: Path) -> UserError:
    return UserError(
        "The file is nested too deeply",
        where=str(path),
        next_step="Take out what stands in many [brackets] or {braces} within each other.",
    )


def check_trusted(path: Path, data_folder: Path) -> None:
    """See that a file that nobody named belongs to whom it may belong to.

    Raises:
        UserError: its owner is neither root, nor who runs this, nor who owns the data folder;
            or everybody may write to it.
    """
    try:
        seen = path.stat()
    except OSError:
        return  # who reads it says why it can't be read
    trusted = {0, os.geteuid()}
    with contextlib.suppress(OSError):
        trusted.add(data_folder.stat().st_uid)
    if seen.st_uid in trusted and not seen.st_mode & stat.S_IWOTH:
        return
    what = (
        "Everybody on this machine may write to the settings file found here"
        if seen.st_uid in trusted
        else "The settings file found here belongs to another user"
    )
    raise UserError(
        f"{what}: it is not read",
        where=str(path.absolute()),
        next_step="If it is yours, run chown and chmod 644 on it, or name it with --config;"
        " else run the command in another folder.",
    )


def explain(
    path: Path, text: str, model: type[pydantic.BaseModel], error: pydantic.ValidationError
) -> UserError:
    """Turn all the faults that pydantic found into one error for a person.

    Each fault has its line and key; an unknown key comes with the nearest known one.
    Values are never repeated: they may be secrets.
    """
    faults = [_fault(text, model, detail) for detail in error.errors(include_url=False)]
    return UserError(
        "The file can't be used:\n" + "\n".join(f"  - {fault}" for fault in faults),
        where=str(path),
        next_step="Correct it and run the same command again.",
    )


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the number of the line that sets this key, if one does."""
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        if header:
            section = [part.strip().strip("\"'") for part in header[1].split(".")]
            if section == list(keys):
                return number
            continue
        entry = re.match(r"\s*([\w.\-]+|\"[^\"]*\"|'[^']*')\s*=", line)
        if entry and [*section, entry[1].strip("\"'")] == list(keys):
            return number
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the known word nearest to this one, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""


def _place(text: str, message: str) -> str:
    found = re.search(r"at line (\d+)", message)
    lines = text.splitlines()
    number = int(found[1]) if found else len(lines)
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    key = re.match(r"\s*([\w.\-]+|\"[^\"]*\")\s*=?", line)
    return f", line {number}" + (f", key {key[1]}" if key else "")


def _fault(text: str, model: type[pydantic.BaseModel], detail: ErrorDetails) -> str:
    keys = [str(part) for part in detail["loc"] if not str(part).startswith("function-")]
    line = next(
        (found for end in range(len(keys), 0, -1) if (found := line_of(text, keys[:end]))), None
    )
    place = ".".join(map(_short, keys)) + (f" (line {line})" if line else "")
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model, keys[:-1])
        meant = _other_place(model, keys) or nearest(keys[-1], known)
        return f'unknown key "{_short(keys[-1])}" at {place}{meant}'
    if detail["type"] == "missing":
        return f"{place}: this key is missing"
    return f"{place}: {fault_in_words(detail)}"


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}..."


def _other_place(model: type[pydantic.BaseModel], keys: Sequence[str]) -> str:
    """Return ``; "x" belongs in [y]`` for a key that stands in the wrong table, or nothing."""
    key = keys[-1]
    tables = {
        name: known for name in _known_keys(model, ()) if (known := _known_keys(model, [name]))
    }
    if len(keys) > 1 and key in _known_keys(model, ()):
        place = f"in a table of its own, [{key}]" if key in tables else _AT_THE_TOP
        return f'; "{key}" belongs {place}'
    owners = [f"[{name}]" for name, known in tables.items() if len(keys) == 1 and key in known]
    return f'; "{key}" belongs in {" or ".join(owners)}' if owners else ""


def _known_keys(model: type[pydantic.BaseModel], path: Sequence[str]) -> list[str]:
    for key in path:
        field = model.model_fields.get(key)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, pydantic.BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]
