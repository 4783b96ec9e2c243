"""Verifying that a webhook comes from ShipBob: Standard Webhooks, HMAC-SHA256. Pure.

Source: ShipBob reference, sections 7.3 and 7.4.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from ml_connector.errors import UserError
from ml_connector.secret import Secret

Reason = Literal[
    "no_secret",
    "missing_header",
    "malformed_header",
    "wrong_signature",
    "signed_with_secret_text",
    "too_old",
    "too_new",
]
"""Why a delivery was refused.

``too_old`` and ``too_new`` are used only for a delivery with a correct signature, so they mean
that a clock is wrong. ``signed_with_secret_text``: the key was the text of the secret itself,
which contradicts ShipBob's documentation and is refused as well.
"""

TOLERANCE_SECONDS: Final = 300
"""ShipBob gives no number; this is what the scheme usually allows, in both directions."""

_PREFIX: Final = "whsec_"

# ShipBob's own names, then those of the company that runs its webhooks.
_FAMILIES: Final = (
    ("webhook-id", "webhook-timestamp", "webhook-signature"),
    ("svix-id", "svix-timestamp", "svix-signature"),
)

# The id becomes a key in the database, so it must be visible ASCII text and not too long.
_ID: Final = re.compile(r"[!-~]{1,255}")
# \d would also match the digits of other scripts.
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_LONGEST_SIGNATURES: Final = 4096


class SignatureRefused(Exception):
    """This delivery is not from ShipBob, or can't be verified.

    Attributes:
        reason: a stable code, for the counts of refusals.
        clock_offset_seconds: our clock minus ShipBob's, when that is the reason.
    """

    def __init__(self, reason: Reason, *, clock_offset_seconds: float | None = None) -> None:
        super().__init__(f"The webhook was refused: {reason}")
        self.reason: Reason = reason
        self.clock_offset_seconds = clock_offset_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A delivery that ShipBob signed.

    Attributes:
        webhook_id: the same for every attempt of a delivery, so duplicates are recognised by it.
        sent_at: when this attempt was made, by ShipBob's clock.
        clock_offset_seconds: our clock minus ShipBob's, including the time in the network.
    """

    webhook_id: str
    sent_at: datetime
    clock_offset_seconds: float


FEWEST_BYTES: Final = 24
"""Of a secret: what the scheme wants (standardwebhooks.com, "Signature scheme") and ShipBob takes
of us (ShipBob reference, section 7.1)."""


def parse_secret(secret: Secret) -> bytes:
    """Return the HMAC key of a webhook secret.

    The secret is base64, padded or not, with or without ``whsec_`` before it.

    Raises:
        UserError: it is empty or not base64.
    """
    text = secret.reveal().strip().removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise UserError(
            "A webhook secret can't be used: it must be whsec_ followed by base64 text",
            where="shipbob.webhook_secrets",
            next_step="Copy the secret again, whole, from the answer that made the subscription;"
            " ShipBob shows it only there. If it is lost, make a new subscription.",
        )
    return key


def is_long_enough(secret: Secret) -> bool:
    """Whether nobody can guess the key that a webhook secret stands for; one that is none, too.

    Raises no error: what is not base64 verifies nothing, so it is nothing to guess.
    """
    try:
        return len(parse_secret(secret)) >= FEWEST_BYTES
    except UserError:
        return True


def check_secret(secret: Secret) -> None:
    """See that a webhook secret that a person gives can be used.

    Raises:
        UserError: it is empty, not base64, or too short.
    """
    size = len(parse_secret(secret))
    if size < FEWEST_BYTES:
        raise UserError(
            f"A webhook secret is too short: it stands for {size} bytes, and"
            f" {FEWEST_BYTES} are needed",
            where="shipbob.webhook_secrets",
            next_step="Leave webhook_secrets out and run ml-connector sync webhooks: it makes"
            " subscriptions whose secrets ShipBob makes, and keeps them.",
        )


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[Secret],
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> Verified:
    """Check the signature of a delivery over its raw body, in constant time.

    Args:
        headers: of the request; names in any case.
        body: the raw bytes as they came, never serialised anew.
        secrets: one of them must have signed; there are several during a rotation. A secret
            that is not base64 never fits, and with an empty list every delivery is refused.
        now: our clock in Unix seconds.
        tolerance_seconds: how far the time of the attempt may be off, both ways.

    Raises:
        SignatureRefused: the delivery can't be verified.
    """
    keys = _keys(secrets)
    if not keys:
        raise SignatureRefused("no_secret")
    webhook_id, timestamp, signatures = _signed_headers(headers)
    given = _v1_signatures(signatures)
    signed = f"{webhook_id}.{timestamp}.".encode("ascii") + body
    if not _any_matches(given, signed, keys):
        texts = [secret.reveal().strip().encode() for secret in secrets if secret]
        if _any_matches(given, signed, texts):
            raise SignatureRefused("signed_with_secret_text")
        raise SignatureRefused("wrong_signature")
    sent = int(timestamp)
    offset = now - sent
    if offset > tolerance_seconds:
        raise SignatureRefused("too_old", clock_offset_seconds=offset)
    if -offset > tolerance_seconds:
        raise SignatureRefused("too_new", clock_offset_seconds=offset)
    return Verified(
        webhook_id=webhook_id,
        sent_at=datetime.fromtimestamp(sent, UTC),
        clock_offset_seconds=offset,
    )


def sign(secret: Secret, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature header of a delivery, as ShipBob makes it (section 7.4).

    Raises:
        UserError: the secret is not base64.
    """
    signed = f"{webhook_id}.{timestamp}.".encode("ascii") + body
    digest = hmac.digest(parse_secret(secret), signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _keys(secrets: Sequence[Secret]) -> list[bytes]:
    keys = []
    for secret in secrets:
        try:
            keys.append(parse_secret(secret))
        except UserError:
            # A person was told of it when it was configured; here it just does not fit.
            continue
    return keys


def _signed_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    for wanted in (headers, {name.lower(): value for name, value in headers.items()}):
        for family in _FAMILIES:
            found = [wanted.get(name) for name in family]
            if all(value is not None for value in found):
                webhook_id, timestamp, signatures = (str(value) for value in found)
                break
        else:
            continue
        break
    else:
        raise SignatureRefused("missing_header")
    if not _ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("malformed_header")
    return webhook_id, timestamp, signatures


def _v1_signatures(header: str) -> list[bytes]:
    """Return the signature after ``v1,`` of each entry, without padding."""
    if len(header) > _LONGEST_SIGNATURES or not header.isascii():
        raise SignatureRefused("malformed_header")
    return [
        entry[3:].rstrip("=").encode("ascii")
        for entry in header.split()
        if entry.startswith("v1,")
    ]


def _any_matches(given: Iterable[bytes], signed: bytes, keys: Iterable[bytes]) -> bool:
    wanted = [
        base64.b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=") for key in keys if key
    ]
    matches = False
    for signature in given:
        for one in wanted:
            matches |= hmac.compare_digest(signature, one)
    return matches
