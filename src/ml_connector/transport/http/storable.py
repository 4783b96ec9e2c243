"""What PostgreSQL can't hold is replaced once, where an answer comes in, so that it can be seen.

A text in PostgreSQL holds no NUL, and no half of a surrogate pair is a character at all; JSON
can write both. One of them in a SKU would end whatever stores or compares it.
"""

import re
from typing import Final

_NUL: Final = "\N{SYMBOL FOR NULL}".encode()
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}".encode()

_ESCAPES: Final = re.compile(
    rb"\\\\"  # an escaped backslash: what follows it is no escape
    rb"|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|(?P<nul>\\u0000)"
)


def storable(body: bytes) -> bytes:
    """Return the body of an answer with NUL as U+2400, and halves of pairs as U+FFFD.

    What a JSON text says otherwise stays the same, to the byte.
    """
    if b"\0" in body:
        body = body.replace(b"\0", _NUL)
    if b"\\u" not in body:
        return body
    return _ESCAPES.sub(_replaced, body)


def _replaced(found: re.Match[bytes]) -> bytes:
    match found.lastgroup:
        case "nul":
            return _NUL
        case "half":
            return _REPLACED
        case _:
            return found[0]
