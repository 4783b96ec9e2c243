"""The text of ShipBob's error answers, shortened for a person. Pure.

They have about ten shapes (ShipBob reference, section 5); any other body gives an empty text.
Personal data, secrets and stack traces are left out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from ml_connector.shipbob import payloads
from ml_connector.transport.call import Answer

_LONGEST: Final = 200
_MOST_PARTS: Final = 3
_DEEPEST: Final = 6

# ProblemDetails, the results of the returns, shipment, webhook and rate-limit services, and
# those of the token endpoint. The specific text comes before the general one.
_TEXTS: Final = ("detail", "message", "error_description", "reason", "title", "error")
_LISTS: Final = ("errors", "value", "details")
_CODES: Final = ("reason_code", "reasonCode", "code", "error_code", "errorCode")
_SILENT: Final = frozenset(
    {
        "$type",
        "type",
        "instance",
        "status",
        "statusCode",
        "status_code",
        "stackTrace",
        "stack_trace",
        "traceId",
    }
)

_OF_PEOPLE: Final = re.compile(
    r"address|e-?mail|phone|recipient|customer|(^|[._])name$|zip", re.IGNORECASE
)
_HIDDEN: Final = (
    # From the beginning of a word only: from each letter of a long one it would take for ever.
    (re.compile(r"(?<![^\s@<>\"'])[^\s@<>\"']+@[^\s@<>\"']+"), "(e-mail)"),
    (re.compile(r"https?://\S+", re.IGNORECASE), "(address)"),
    (re.compile(r"bearer\s+\S+", re.IGNORECASE), "(token)"),
    (re.compile(r"whsec_\S*", re.IGNORECASE), "(secret)"),
    # Tokens are long and unbroken; SKUs, ULIDs and order numbers are shorter.
    (re.compile(r"[A-Za-z0-9+/=._~-]{40,}"), "(token)"),
)


def is_html(answer: Answer) -> bool:
    """Whether an answer is HTML, so of the edge or a login page and not of the API."""
    kind = (answer.header("content-type") or "").lower()
    return "html" in kind or answer.body.lstrip()[:1] == b"<"


def error_text(answer: Answer) -> str:
    """Return the text of an error answer, in at most 200 characters; empty when it has none.

    It holds no e-mail address, link, token or stack trace. Of a field with personal data it
    holds only the name.
    """
    if is_html(answer):
        return ""
    try:
        body = payloads.read(answer.body)
    except msgspec.DecodeError:
        return ""
    parts: list[str] = []
    for part in _parts(body, 0):
        text = _clean(part)
        if text and text not in parts:
            parts.append(text)
        if len(parts) == _MOST_PARTS:
            break
    return _cut("; ".join(parts))


def number_in_message(answer: Answer) -> float | None:
    """Return the seconds from the sentence "Try again in 25 seconds." of a 429 (section 4)."""
    found = re.search(r"(\d{1,6})\s*second", error_text(answer), re.IGNORECASE)
    return float(found[1]) if found else None


def _parts(value: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner, depth + 1)
    elif isinstance(value, dict):
        yield from _parts_of_object(value, depth)


def _parts_of_object(fields: Mapping[object, object], depth: int) -> Iterator[str]:
    codes = [text for name in _CODES if isinstance(text := fields.get(name), str)]
    inner = [fields[name] for name in _LISTS if name in fields]
    texts = [text for name in _TEXTS if isinstance(text := fields.get(name), str)]
    if codes or inner or texts:
        yield from codes
        for value in inner:
            yield from _parts(value, depth + 1)
        yield from texts[:1]
        return
    for name, value in fields.items():
        if name not in _SILENT:
            yield from _of_field(str(name), value, depth)


def _of_field(field: str, value: object, depth: int) -> Iterator[str]:
    if _OF_PEOPLE.search(field):
        yield f"{field} was refused"
        return
    for part in _parts(value, depth + 1):
        yield f"{field}: {part}" if field else part


def _clean(text: str) -> str:
    for pattern, shown in _HIDDEN:
        text = pattern.sub(shown, text)
    return " ".join(word for word in text.split() if word.isprintable())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
