"""Which currency a text of NetSuite's names. Pure.

``BUILTIN.DF`` of a currency is its display text in the account (netsuite.md section 4.4),
which people may have changed. A text that is not known says nothing.
"""

import re
from typing import Final

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


def code_of(text: str | None) -> str | None:
    """Return the ISO code that a display text stands for; None when it is not known."""
    word = (text or "").strip()
    known = _NAMES.get(word.casefold())
    return known or (word if _CODE.fullmatch(word) else None)
