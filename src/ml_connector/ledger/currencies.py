"""Currencies: their codes, and how many digits an amount has (ISO 4217, minor units). Pure."""

import re
from typing import Final

_USUAL: Final = 2
_DIGITS: Final = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"], 0),
    **dict.fromkeys(["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_CODE: Final = re.compile(r"[A-Z]{3}")
# Names that an account has until somebody renames them.
_NAMES: Final = {
    "us dollar": "USD",
    "usa": "USD",
    "euro": "EUR",
    "british pound": "GBP",
    "pound sterling": "GBP",
    "canadian dollar": "CAD",
    "can": "CAD",
    "australian dollar": "AUD",
    "japanese yen": "JPY",
    "kuwaiti dinar": "KWD",
}


def digits_of(currency: str) -> int:
    """Return how many digits a currency has after the point: 0 for JPY, 3 for KWD, mostly 2."""
    return _DIGITS.get(currency.upper(), _USUAL)


def code_of(text: str | None) -> str | None:
    """Return the ISO code of NetSuite's display text of a currency; None when it is not known.

    ``BUILTIN.DF`` of a currency is its display text in the account (netsuite.md section 4.4),
    which people may have changed. A text that is not known says nothing.
    """
    word = (text or "").strip()
    known = _NAMES.get(word.casefold())
    return known or (word if _CODE.fullmatch(word) else None)
