"""NetSuite's error bodies, read defensively (netsuite.md section 9.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from ml_connector.transport.call import Answer

_LONGEST_TEXT: Final = 240
_LONGEST_PATH: Final = 120

# The beginning of every business error, before the part that matters.
_PREAMBLES: Final = (
    re.compile(r"^Error while accessing (a )?resource[.:]\s*", re.IGNORECASE),
    re.compile(r"^Invalid search query\.\s*", re.IGNORECASE),
    re.compile(r"^Detailed unprocessed description follows\.\s*", re.IGNORECASE),
    re.compile(r"^Search error occurred:\s*", re.IGNORECASE),
)
# A list of all other values in the account does not help a person.
_IDENTIFIERS: Final = re.compile(r"\s*Available identifiers are:.*$", re.IGNORECASE)
# From the beginning of a word only: from each letter of a long one it would take for ever.
_E_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(\.[\w-]+)+")
_TOKEN: Final = re.compile(r"\beyJ[\w-]{8,}(\.[\w-]*)*")
_ERROR_ID: Final = re.compile(r"\bError ID:\s*([A-Za-z0-9_-]{4,80})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One entry of ``o:errorDetails``.

    Attributes:
        code: ``o:errorCode`` in upper case; empty when missing.
        text: the whole ``detail``; it may hold anything, so it is only matched and never shown.
        path: ``o:errorPath``, the property concerned, such as ``item.items[0].item``.
        parameter: ``o:errorQueryParam`` or ``o:errorHeader``, such as ``q``.
    """

    code: str
    text: str
    path: str = ""
    parameter: str = ""

    @property
    def sentence(self) -> str:
        """NetSuite's own sentence, shortened so that it may be shown and stored."""
        return shortened(self.text) + (f" (field {self.path})" if self.path else "")


@dataclass(frozen=True, kw_only=True)
class NetSuiteProblem:
    """An error answer of NetSuite, with at least one detail."""

    details: tuple[Detail, ...]

    @property
    def codes(self) -> frozenset[str]:
        """All error codes in it."""
        return frozenset(detail.code for detail in self.details)

    def find(self, pattern: re.Pattern[str]) -> Detail | None:
        """Return the first detail whose text matches this pattern somewhere."""
        return next((one for one in self.details if pattern.search(one.text)), None)

    @property
    def sentence(self) -> str:
        """The sentences of all details, shortened."""
        shown = " / ".join(dict.fromkeys(detail.sentence for detail in self.details))
        return _cut(shown, 2 * _LONGEST_TEXT)


def problem(answer: Answer) -> NetSuiteProblem | None:
    """Read the error object of an answer; None when the answer has none.

    A gateway may answer HTML or nothing at all.
    """
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    listed = body.get("o:errorDetails")
    entries = listed if isinstance(listed, list) else []
    details = tuple(_detail(entry) for entry in entries if isinstance(entry, dict))
    if not details and ("o:errorCode" in body or "detail" in body):
        details = (_detail(body),)
    return NetSuiteProblem(details=details) if details else None


def error_id(answer: Answer) -> str | None:
    """Return the id that NetSuite's support asks for, wherever in the body it stands."""
    found = _ERROR_ID.search(answer.body[:65536].decode("utf-8", "replace"))
    return found[1] if found else None


def shortened(text: str) -> str:
    """Return NetSuite's sentence in one line, without preamble, personal data and tokens."""
    line = " ".join(text.split())
    for preamble in _PREAMBLES:
        line = preamble.sub("", line)
    line = _IDENTIFIERS.sub("", line)
    line = _TOKEN.sub("(token)", _E_MAIL.sub("(e-mail)", line))
    return _cut(line, _LONGEST_TEXT) or "no reason given"


def _detail(entry: Mapping[str, object]) -> Detail:
    return Detail(
        code=_text(entry.get("o:errorCode")).upper(),
        text=_text(entry.get("detail")),
        path=_cut(_text(entry.get("o:errorPath")), _LONGEST_PATH),
        parameter=_text(entry.get("o:errorQueryParam")) or _text(entry.get("o:errorHeader")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
