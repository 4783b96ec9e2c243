"""Names that a person reads as the same, and a computer does not. Pure.

They differ by case, by Unicode form or width, or by blanks. Nothing is matched by them: a person
is told. SuiteQL compares texts exactly (netsuite.md section 4.4), and no function is documented
that would compare otherwise, so it is asked for likely spellings.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final

_WIDE: Final = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
"""From ASCII to the forms of full width."""

_FORMS: Final = ("NFC", "NFD", "NFKC", "NFKD")

_BLANKS: Final = ("Zs", "Cf", "Cc")
"""Categories of characters that show as a blank, or not at all."""


def _plain_case(text: str) -> str:
    return text.casefold()


def _plain_form(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _without_blanks(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one) not in _BLANKS)


_SORTS: Final[Mapping[str, Callable[[str], str]]] = {
    "case": _plain_case,
    "Unicode form or width": _plain_form,
    "blanks": _without_blanks,
}


def difference(one: str, other: str) -> str:
    """Return by what alone two names differ, for a person; empty where they differ otherwise.

    It is empty too where they are the same.
    """
    if one == other or _plain(one) != _plain(other):
        return ""
    needed = [sort for sort in _SORTS if _plain(one, sort) != _plain(other, sort)]
    return " and ".join(needed or ["Unicode form or width"])


def spellings(name: str) -> set[str]:
    """Return likely ways to write a name otherwise; never the name itself."""
    forms = {name, name.translate(_WIDE), *(unicodedata.normalize(form, name) for form in _FORMS)}
    cased = {text for one in forms for text in (one, one.upper(), one.lower(), one.title())}
    found = {text for one in cased for text in (one, " ".join(one.split()), _without_blanks(one))}
    return {*found, f"{name} ", f" {name}"} - {name, ""}


def near_names(name: str, names: Iterable[str]) -> dict[str, str]:
    """Return those of some names that a person reads as this one, with what differs."""
    return {other: said for other in sorted(set(names)) if (said := difference(name, other))}


def _plain(text: str, but: str = "") -> str:
    """Return a text without what is easily overlooked in it, but for one sort of it."""
    for _ in range(2):  # a change of case may undo a Unicode form
        for sort, plain in _SORTS.items():
            if sort != but:
                text = plain(text)
    return text
