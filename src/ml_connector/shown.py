"""Texts from outside as people see them: nothing in them acts on a terminal or a spreadsheet.

SKUs, names, memos and error texts come from two systems and from whoever writes to them. A
terminal obeys control characters (an escape sequence can hide text or write to the clipboard),
bidirectional marks make a text read otherwise than it is, and a spreadsheet runs what begins
like a formula. They are shown as marks that can be seen instead.
"""

import re
from typing import Final

_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_SEPARATORS: Final = "\u2028\u2029"

_PICTURES: Final = 0x2400  # U+2400 to U+241F stand for the controls U+0000 to U+001F
_SPACE: Final = 0x20
_DELETE: Final = 0x7F


def _mark(code: int) -> str:
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else f"<U+{code:04X}>"


_MARKS: Final = {
    code: _mark(code)
    for code in (*range(_SPACE), *range(_DELETE, 0xA0), *map(ord, _BIDI + _SEPARATORS))
}
_ACTING: Final = re.compile(f"[{re.escape(''.join(map(chr, _MARKS)))}]")
_ACTING_BYTES: Final = re.compile(
    b"|".join(re.escape(chr(code).encode()) for code in _MARKS if chr(code) not in "\t\r\n")
)
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def visible(text: str, *, keep: str = "") -> str:
    """Return the text with every control and bidirectional character as a visible mark.

    ``U+001B`` becomes its picture, ``U+009B`` and ``U+202E`` become ``<U+009B>``, ``<U+202E>``.

    Args:
        text: from anywhere.
        keep: characters that stay, such as the line breaks of a text of ours.
    """
    if _ACTING.search(text) is None:
        return text
    return _ACTING.sub(lambda found: found[0] if found[0] in keep else _MARKS[ord(found[0])], text)


def visible_bytes(text: bytes | bytearray | memoryview) -> bytes:
    """Return UTF-8 text with such characters visible; tabs and line breaks stay."""
    if _ACTING_BYTES.search(text) is None:
        return bytes(text)
    return _ACTING_BYTES.sub(lambda found: _MARKS[ord(found[0].decode())].encode(), text)


def escaped_json(text: str) -> str:
    """Return a JSON document in which such characters are escaped: its value stays the same."""
    return _ACTING.sub(
        lambda found: found[0] if found[0] in "\n\t\r" else f"\\u{ord(found[0]):04x}", text
    )


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula and that shows what it holds.

    One that begins like a formula gets an apostrophe in front, as spreadsheets themselves do.
    """
    begins = text.lstrip(" ").startswith(_STARTS_A_FORMULA)
    shown = visible(text, keep="\t\r\n")
    return f"'{shown}" if begins else shown
