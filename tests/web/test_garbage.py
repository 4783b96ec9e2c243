"""What strangers send: whatever it is, the answer is a refusal and never a fault of ours."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acceptance.merchant import Merchant
from web.door import Door, signed

quick = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NAMES = st.sampled_from(
    [
        b"webhook-id",
        b"webhook-timestamp",
        b"webhook-signature",
        b"svix-signature",
        b"x-webhook-topic",
        b"content-type",
        b"user-agent",
        b"x-anything",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60).map(
        lambda text: text.encode("latin-1")
    ),
    st.integers(0, 3000).map(lambda n: b"v1," * n),
    st.integers(0, 8000).map(lambda n: b"9" * n),
    st.sampled_from([b"", b" ", b",", b",,,,", b"v1,", b"v1,=", b"v1,a v1,b", b"-1", b"1e9"]),
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@quick
@given(headers=HEADERS, body=st.binary(max_size=200))
def test_garbage_in_headers_is_refused(
    door: Door, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    length = (b"content-length", b"%d" % len(body))
    reply = door.send("POST /webhooks/shipbob/acme", [length, *headers], [body])

    assert 400 <= reply.status < 500


@quick
@given(headers=HEADERS)
def test_garbage_beside_a_good_signature_harms_nothing(
    door: Door, headers: list[tuple[bytes, bytes]]
) -> None:
    body = b'{"id": 77}'
    good = [
        (name.encode(), value.encode())
        for name, value in signed(door.secret, body, topic=None).items()
    ]
    length = (b"content-length", b"%d" % len(body))
    reply = door.send("POST /webhooks/shipbob/acme", [length, *good, *headers], [body])

    assert reply.status in {200, 400, 401, 431}


@quick
@given(
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["id", "wro_id", "data", "wro", "boxes"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_signed_json_is_kept(door: Door, body: object) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode()

    assert door.deliver(raw, topic="wro.box.stowed").status == 200


@quick
@given(raw=st.binary(max_size=120))
def test_any_signed_bytes_are_kept_or_refused(door: Door, raw: bytes) -> None:
    assert door.deliver(raw).status in {200, 400}


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/shipbob/",
        "/webhooks/shipbob",
        "/webhooks/shipbob/a%00b",
        "/webhooks/shipbob/%ff%fe",
        "/webhooks/shipbob/acme/../../etc",
        "/webhooks/shipbob/" + "a" * 3000,
        "/webhooks/shipbob/'; drop table event; --".replace(" ", "%20"),
    ],
)
def test_odd_paths_are_not_found(door: Door, path: str) -> None:
    reply = door.send(f"POST {path}", [(b"content-length", b"2")], [b"{}"])

    assert reply.status in {400, 404}


def test_broken_http_is_refused_and_the_next_request_answered(door: Door) -> None:
    replies = [
        door.send("POST /webhooks/shipbob/acme", [(b"content-length", b"minus one")], [b"{}"]),
        door.send(
            "POST /webhooks/shipbob/acme", [(b"transfer-encoding", b"chunked")], [b"zz\r\n"]
        ),
        door.send("BREW /webhooks/shipbob/acme", [], []),
    ]

    assert all(reply.status < 500 for reply in replies)
    assert door.deliver({"id": 8}).status == 200


def test_a_request_that_ends_in_the_middle_stores_nothing(door: Door, receiver: Merchant) -> None:
    body = b'{"id": 91}'
    headers = signed(door.secret, body, webhook_id="msg_cut")
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    door.cut("POST /webhooks/shipbob/acme", [(b"content-length", b"10"), *lines], body[:5])

    assert door.deliver({"id": 8}).status == 200
    assert not receiver.rows("select 1 from event where delivery_id = 'msg_cut'")
