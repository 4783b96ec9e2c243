"""The mark that some serialisers of UTF-8 put before a text, and that JSON does not allow."""

import codecs


def unmarked(body: bytes) -> bytes:
    """Return a body without a byte order mark at its beginning."""
    return body.removeprefix(codecs.BOM_UTF8)
