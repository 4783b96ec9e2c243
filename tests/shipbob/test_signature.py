import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.shipbob.webhooks.signature import (
    SignatureRefused,
    check_secret,
    is_long_enough,
    parse_secret,
    verify,
)

KEY = bytes(range(32))
SECRET = Secret("whsec_" + base64.b64encode(KEY).decode())
OTHER = Secret("whsec_" + base64.b64encode(b"o" * 24).decode())
NOW = 1_795_000_000.0
BODY = b'{"id": 756713}'


def sign(
    body: bytes = BODY, *, webhook_id: str = "msg_1", at: str = "1795000000", key: bytes = KEY
) -> dict[str, str]:
    digest = hmac.digest(key, f"{webhook_id}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def refusal(
    headers: dict[str, str], body: bytes = BODY, secrets: tuple[Secret, ...] = (SECRET,)
) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify(headers, body, secrets, now=NOW)
    return refused.value.reason


def test_a_right_signature_tells_id_time_and_clock_offset() -> None:
    verified = verify(sign(), BODY, [SECRET], now=NOW + 2.5)

    assert verified.webhook_id == "msg_1"
    assert verified.sent_at.timestamp() == NOW
    assert verified.sent_at.utcoffset() is not None
    assert verified.clock_offset_seconds == 2.5


def test_the_shared_vectors_come_out_as_they_say(reference: Path) -> None:
    path = reference / "shipbob" / "samples" / "webhook-signature-vectors.json"
    vectors: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["vectors"]
    outcomes = {}
    for vector in vectors:
        headers = {name: vector[name] for name in sign()}
        now = float(vector["webhook-timestamp"])
        try:
            verify(headers, vector["raw_body"].encode(), [Secret(vector["secret"])], now=now)
        except SignatureRefused:
            outcomes[vector["name"]] = False
        else:
            outcomes[vector["name"]] = True

    assert len(vectors) == 10
    assert outcomes == {one["name"]: one["expect_valid_ignoring_clock"] for one in vectors}


@given(st.binary(max_size=300).map(lambda raw: raw.hex()), st.binary(min_size=1, max_size=64))
def test_it_agrees_with_the_reference_implementation(text: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    now = int(time.time())
    headers = sign(text.encode(), at=str(now), key=key)

    Webhook(secret).verify(text, headers, json_parse=False)
    assert verify(headers, text.encode(), [Secret(secret)], now=now).webhook_id == "msg_1"


def test_any_of_several_secrets_may_have_signed() -> None:
    assert verify(sign(), BODY, [OTHER, SECRET], now=NOW).webhook_id == "msg_1"
    assert verify(sign(), BODY, [SECRET, OTHER], now=NOW).webhook_id == "msg_1"
    assert refusal(sign(), secrets=(OTHER, OTHER)) == "wrong_signature"


def test_any_of_several_signatures_may_match() -> None:
    headers = sign()
    right = headers["webhook-signature"]
    headers["webhook-signature"] = f"v1,AAAA  v1a,zzz,, v1 {right} v2,BBBB v1,CCCC"

    assert verify(headers, BODY, [SECRET], now=NOW).webhook_id == "msg_1"


def test_only_version_one_counts() -> None:
    headers = sign()
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v2,")

    assert refusal(headers) == "wrong_signature"


def test_an_unpadded_signature_is_right_too() -> None:
    headers = sign()
    headers["webhook-signature"] = headers["webhook-signature"].rstrip("=")

    assert verify(headers, BODY, [SECRET], now=NOW).webhook_id == "msg_1"


def test_the_names_of_the_scheme_s_operator_are_aliases() -> None:
    headers = {name.replace("webhook", "svix"): value for name, value in sign().items()}

    assert verify(headers, BODY, [SECRET], now=NOW).webhook_id == "msg_1"


def test_header_names_may_come_in_any_case() -> None:
    headers = {name.title(): value for name, value in sign().items()}

    assert verify(headers, BODY, [SECRET], now=NOW).webhook_id == "msg_1"


@pytest.mark.parametrize(
    "secrets", [(), (Secret(""),), (Secret("whsec_"),), (Secret("not base64!"),)]
)
def test_without_a_usable_secret_nothing_verifies(secrets: tuple[Secret, ...]) -> None:
    signed_with_nothing = sign(key=b"")

    assert refusal(signed_with_nothing, secrets=secrets) == "no_secret"


def test_one_unusable_secret_does_not_spoil_the_others() -> None:
    assert verify(sign(), BODY, [Secret("not base64!"), SECRET], now=NOW).webhook_id == "msg_1"


def test_the_secret_s_own_text_as_key_is_refused_by_name() -> None:
    headers = sign(key=SECRET.reveal().encode())

    assert refusal(headers) == "signed_with_secret_text"


@pytest.mark.parametrize(
    ("offset", "reason"), [(-301, "too_old"), (301, "too_new"), (-300, ""), (300, "")]
)
def test_the_time_of_the_attempt_may_be_off_by_the_tolerance(offset: int, reason: str) -> None:
    headers = sign(at=str(int(NOW) + offset))
    if reason:
        assert refusal(headers) == reason
    else:
        assert verify(headers, BODY, [SECRET], now=NOW).clock_offset_seconds == -offset


def test_a_stale_delivery_with_a_wrong_signature_is_not_called_stale() -> None:
    assert refusal(sign(at="1", key=b"other")) == "wrong_signature"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(missing: str) -> None:
    headers = sign()
    del headers[missing]

    assert refusal(headers) == "missing_header"


@pytest.mark.parametrize(
    "at", ["", "1e9", "٣", "-5", "+5", " 1795000000", "1795000000\n", "1.0", "9" * 12, "9" * 5000]
)
def test_a_timestamp_is_plain_digits(at: str) -> None:
    assert refusal(sign(at=at)) == "malformed_header"


@pytest.mark.parametrize("webhook_id", ["", "a b", "msg\x00", "m" * 256, "münze", "msg\n"])
def test_an_id_is_visible_text_of_a_sane_length(webhook_id: str) -> None:
    assert refusal(sign(webhook_id=webhook_id)) == "malformed_header"


@pytest.mark.parametrize(
    "signatures", ["", " ", ",", ",,,", "v1", "v1,", "v1,%%%", "v1,=", "v1," + "," * 999]
)
def test_a_broken_signature_header_matches_nothing(signatures: str) -> None:
    assert refusal({**sign(), "webhook-signature": signatures}) == "wrong_signature"


@pytest.mark.parametrize("signatures", ["v1,ü", "v1," + "A" * 5000, "\udc80"])
def test_a_signature_header_that_is_no_such_thing_is_malformed(signatures: str) -> None:
    assert refusal({**sign(), "webhook-signature": signatures}) == "malformed_header"


header_text = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["v1,", "v1,,", "whsec_", "1e9", "٣", "-1", "9" * 11, "v1,AA== v1,"]),
    st.integers().map(str),
    st.text("v1, =A", max_size=200),
)


@given(
    st.dictionaries(
        st.one_of(st.sampled_from([*sign(), "svix-id", "Webhook-Id"]), st.text(max_size=5)),
        header_text,
    ),
    st.binary(max_size=100),
    st.booleans(),
)
def test_a_stranger_can_cause_nothing_but_a_refusal(
    garbage: dict[str, str],
    body: bytes,
    half_right: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    headers = {**sign(), **garbage} if half_right else garbage  # BODY does not end like that

    with pytest.raises(SignatureRefused):
        verify(headers, body + b"!", [SECRET, OTHER], now=NOW)


@pytest.mark.parametrize("prefix", ["", "whsec_", "  whsec_"])
@pytest.mark.parametrize("size", [23, 24, 25])
def test_a_secret_may_be_padded_or_not_and_prefixed_or_not(prefix: str, size: int) -> None:
    encoded = base64.b64encode(b"k" * size).decode()

    assert parse_secret(Secret(prefix + encoded)) == b"k" * size
    assert parse_secret(Secret(prefix + encoded.rstrip("="))) == b"k" * size


@pytest.mark.parametrize(("size", "enough"), [(1, False), (23, False), (24, True), (64, True)])
def test_a_configured_secret_has_at_least_24_bytes(size: int, *, enough: bool) -> None:
    secret = Secret("whsec_" + base64.b64encode(b"k" * size).decode())

    assert is_long_enough(secret) is enough
    if enough:
        check_secret(secret)
        return
    with pytest.raises(UserError, match=rf"{size} bytes, and 24 are needed"):
        check_secret(secret)


@pytest.mark.parametrize("text", ["", "whsec_", "===", "my secret", "whsec_ä", "whsec_abc$", "A"])
def test_a_secret_that_is_not_base64_is_refused_when_configured(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_secret(Secret(text))

    assert "base64" in str(refused.value)
    assert refused.value.next_step
    assert len(text) < 8 or text not in str(refused.value) + refused.value.next_step
