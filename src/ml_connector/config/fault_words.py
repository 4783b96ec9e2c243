"""What is wrong with a value, in our words instead of those of the library that checks it."""

from collections.abc import Mapping
from typing import Any, Final

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"
ACCOUNT_PATTERN: Final = r"^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$"
VERSION_PATTERN: Final = r"^[A-Za-z0-9.\-]+$"
BODY_FIELD_PATTERN: Final = r"^custbody[a-z0-9_]{1,60}$"

_PATTERNS: Final = {
    NAME_PATTERN: (
        'write small letters a to z, digits, "-" and "_", at most 40, a letter or digit first'
    ),
    ACCOUNT_PATTERN: 'write letters, digits and single "_", such as 1234567_SB1',
    VERSION_PATTERN: 'write letters, digits, "." and "-", such as 2026-07',
    BODY_FIELD_PATTERN: 'write "custbody" and small letters, digits or "_", such as custbody_po',
}
_KINDS: Final = {
    "int": "write a whole number",
    "float": "write a number",
    "finite": "write a number, neither nan nor inf",
    "decimal": "write a number",
    "bool": "write true or false",
    "string": "write a text, in quotes",
    "date": "write a date, such as 2026-11-01",
    "time": "write a time of day, such as 02:30",
    "model": "a table is wanted here",
    "dict": "a table is wanted here",
    "tuple": "write a list, in [brackets]",
    "list": "write a list, in [brackets]",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "write a number of at least {}"),
    "less_than_equal": ("le", "write a number of at most {}"),
    "greater_than": ("gt", "write a number above {}"),
    "less_than": ("lt", "write a number below {}"),
    "string_too_short": ("min_length", "write a longer text: the shortest has length {}"),
    "string_too_long": ("max_length", "write a shorter text: the longest has length {}"),
    "literal_error": ("expected", "write {}"),
    "enum": ("expected", "write {}"),
}


def fault_in_words(detail: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, as an instruction. Pure.

    The value itself is never repeated: it may be a secret.

    Args:
        detail: one of pydantic's ``errors()``: its type, its context and its message.
    """
    kind, context = str(detail["type"]), detail.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context.get("pattern", ""), "some of its characters are not allowed")
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return words.format(context.get(key, ""))
    if kind != "value_error" and kind.partition("_")[0] in _KINDS:
        return _KINDS[kind.partition("_")[0]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
