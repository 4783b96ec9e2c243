"""What an OpenID token says of the account that gave consent."""

import base64
import binascii

import msgspec

from ml_connector.secret import Secret


class Claims(msgspec.Struct, frozen=True):
    """The claims that are read.

    Attributes:
        nonce: as it was sent with the request; empty where the token names none.
        sub: the account.
    """

    nonce: str = ""
    sub: str | None = None


def claims(id_token: Secret | None) -> Claims:
    """Return what an id token says; nothing where it is none or can't be read."""
    parts = id_token.reveal().split(".") if id_token else []
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return Claims()
    try:
        text = base64.urlsafe_b64decode(parts[1] + "==")
        return msgspec.json.decode(text, type=Claims, strict=False)
    except (binascii.Error, ValueError, RecursionError):
        return Claims()
