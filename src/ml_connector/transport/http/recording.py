"""What a posting's trail keeps of a call: enough to explain it, nothing that is secret."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

import msgspec

from ml_connector.transport.call import Answer, Call
from ml_connector.transport.http.redaction import (
    MASK,
    Json,
    is_credential,
    redact,
    redact_form,
    redact_text,
    redact_url,
    secrets_in_document,
    secrets_in_form,
    secrets_in_headers,
    without,
)

MOST_BODY_CHARACTERS: Final = 64 * 1024

_MOST_TEXT_BYTES: Final = 4 * MOST_BODY_CHARACTERS
_LONGEST_SECRET: Final = 8 * 1024

_HEADERS: Final = frozenset(
    {
        "accept",
        "content-language",
        "content-type",
        "date",
        "idempotency-key",
        "location",
        "prefer",
        "preference-applied",
        "retry-after",
        "shipbob_channel_id",
        "warning",
    }
)
_ADDRESSES: Final = frozenset({"location"})

# Amounts keep the digits they were written with: 12.10 stays 12.10.
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def record(call: Call, answer: Answer | None) -> dict[str, Json]:
    """Describe a call and its answer for the trail. Pure.

    Credentials and what names a person are masked by header name, by JSON key and by the
    looks of text; the credentials that the request carried are masked wherever they occur,
    also in the answer. Bodies are kept as text, cut at 64 Ki characters after the masking.

    Args:
        call: what was sent.
        answer: what came back; None when nothing did.
    """
    secrets = _secrets(call.headers, call.body) | _secrets_in_url(call.url)
    if answer is not None:
        secrets |= _secrets(answer.headers, answer.body)
    return {
        "system": call.system,
        "operation": call.operation,
        "method": call.method,
        "url": without(redact_url(call.url), secrets),
        "headers": _headers(call.headers, secrets),
        "body": _body(call.body, call.headers, secrets),
        "answer": None if answer is None else _answer(answer, secrets),
    }


def _answer(answer: Answer, secrets: set[str]) -> dict[str, Json]:
    return {
        "status": answer.status,
        "seconds": round(answer.seconds, 3),
        "headers": _headers(answer.headers, secrets),
        "body": _body(answer.body, answer.headers, secrets),
    }


def _headers(headers: Mapping[str, str], secrets: set[str]) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for name, value in headers.items():
        lower = name.lower()
        if is_credential(lower) or not (lower in _HEADERS or lower.startswith("x-")):
            continue
        masked = redact_url(value) if lower in _ADDRESSES else redact_text(value)
        shown[lower] = without(masked, secrets)
    return shown


def _body(body: bytes | None, headers: Mapping[str, str], secrets: set[str]) -> str | None:
    if body is None:
        return None
    if _is_form(headers):
        text = redact_form(body.decode("utf-8", "replace"))
    else:
        text = _masked_json(body) or _masked_text(body)
    # Masked before it is cut: half a secret is a secret still.
    text = without(text, secrets)
    if len(text) > MOST_BODY_CHARACTERS:
        return f"{text[:MOST_BODY_CHARACTERS]}... ({len(body)} bytes in all)"
    return text


def _masked_json(body: bytes) -> str | None:
    document = _document(body)
    try:
        return None if document is None else _ENCODER.encode(redact(document)).decode()
    except RecursionError:
        return None


def _masked_text(body: bytes) -> str:
    if len(body) <= _MOST_TEXT_BYTES:
        return redact_text(body.decode("utf-8", "replace"))
    # No more than is shown is looked at; what a cut may have split is left out.
    text = redact_text(body[:_MOST_TEXT_BYTES].decode("utf-8", "replace"))
    return f"{text[:-_LONGEST_SECRET]}..."


def _document(body: bytes) -> Json:
    """Read a JSON body; None when it is none, or is nested beyond all reason."""
    try:
        document: Json = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return document


def _secrets(headers: Mapping[str, str], body: bytes | None) -> set[str]:
    """Collect the credentials of one side of a call."""
    found = secrets_in_headers(headers)
    if body and _is_form(headers):
        found |= secrets_in_form(body.decode("utf-8", "replace"))
    elif body:
        try:
            found |= secrets_in_document(_document(body))
        except RecursionError:
            return found
    return found - {MASK}


def _secrets_in_url(url: str) -> set[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()
    return secrets_in_form(parts.query) | {each for each in (parts.password,) if each}


def _is_form(headers: Mapping[str, str]) -> bool:
    return any(
        name.lower() == "content-type" and "x-www-form-urlencoded" in value.lower()
        for name, value in headers.items()
    )
