"""Reading the OpenID token of the account that gave consent."""

import base64
import binascii

import msgspec

from ml_connector.secret import Secret


class Claims(msgspec.Struct, frozen=True):
    """The claims that are read.

    Attributes:
        nonce: the one that was sent with the request; empty if the token has none.
        sub: the account.
    """

    nonce: str = ""
    sub: str | None = None


def claims(id_token: Secret | None) -> Claims:
    """Return the claims of an id token; empty ones if there is none or it can't be read."""
    parts = id_token.reveal().split(".") if id_token else []
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return Claims()
    try:
        text = base64.urlsafe_b64decode(parts[1] + "==")
        return msgspec.json.decode(text, type=Claims, strict=False)
    except (binascii.Error, ValueError, RecursionError):
        return Claims()
