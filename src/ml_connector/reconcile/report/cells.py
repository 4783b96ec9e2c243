"""Text in a cell of a spreadsheet is text, whatever it begins with."""

from typing import Final

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    SKUs, memos and document numbers come from outside: one that begins like a formula gets
    an apostrophe in front, as spreadsheets themselves do for text.
    """
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
