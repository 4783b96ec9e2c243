import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.transport.call import Answer, Call
from ml_connector.transport.http.recording import MOST_BODY_CHARACTERS, record
from ml_connector.transport.http.redaction import Json


def call(body: bytes | None = None, **headers: str) -> Call:
    return Call(
        connection="acme",
        system="netsuite",
        operation="item_receipt.transform",
        method="POST",
        url="https://x.suitetalk.example/services/rest/record/v1/purchaseOrder/1",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
    )


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=names, body=body, seconds=1.23456)


def body_of(document: object) -> object:
    recorded = record(call(msgspec.json.encode(document)), None)
    assert isinstance(recorded["body"], str)
    return json.loads(recorded["body"])


def test_a_call_and_its_answer_are_told_in_full() -> None:
    recorded = record(
        call(b'{"externalId": "mlc-ir-1-1"}', Prefer="transient", content_type="application/json"),
        answer(status=204, location="https://x/itemReceipt/9", x_n_operationid="ab", server="s"),
    )

    assert recorded == {
        "system": "netsuite",
        "operation": "item_receipt.transform",
        "method": "POST",
        "url": "https://x.suitetalk.example/services/rest/record/v1/purchaseOrder/1",
        "headers": {"prefer": "transient", "content-type": "application/json"},
        "body": '{"externalId":"mlc-ir-1-1"}',
        "answer": {
            "status": 204,
            "seconds": 1.235,
            "headers": {"location": "https://x/itemReceipt/9", "x-n-operationid": "ab"},
            "body": "",
        },
    }


def test_a_call_without_an_answer_is_recorded_too() -> None:
    assert record(call(), None)["answer"] is None


def test_a_record_is_plain_json() -> None:
    recorded = record(call(b'{"rate": 12.10}'), answer(b'{"n": 1234567890123456.78}'))
    assert isinstance(recorded["answer"], dict)

    assert recorded["body"] == '{"rate":12.10}'
    assert recorded["answer"]["body"] == '{"n":1234567890123456.78}'
    assert json.loads(json.dumps(recorded)) == recorded


def test_people_are_masked_wherever_they_stand() -> None:
    document = {
        "recipient": {
            "name": "Ann Example",
            "email": "ann@example.com",
            "address": {"address1": "1 Main St", "city": "Springfield", "country": "US"},
        },
        "shipAddress": "Ann Example\n1 Main St",
        "entity": {"id": "301", "refName": "Ann Example"},
        "orders": [{"first_name": "Ann", "phone_number": "555-0100"}],
    }
    shown = json.dumps(body_of(document))

    assert not any(
        word in shown for word in ("Ann", "Example", "example.com", "Main", "Springfield", "555")
    )
    assert '"301"' in shown
    assert '"US"' in shown


def test_names_of_things_are_kept() -> None:
    document = {"sku": "TEE-BLK-M", "name": "Tee black M", "status": {"code": "NOT_FOUND"}}

    assert body_of(document) == document


def test_credentials_are_masked_in_forms_but_not_what_they_are_for() -> None:
    recorded = record(
        call(
            b"grant_type=refresh_token&refresh_token=CANARY1&client_secret=CANARY2&code=CANARY3",
            content_type="application/x-www-form-urlencoded",
        ),
        answer(b'{"access_token":"CANARY4","expires_in":3600,"token_type":"bearer"}'),
    )

    assert "CANARY" not in json.dumps(recorded)
    assert "grant_type=refresh_token&" in str(recorded["body"])
    assert "3600" in json.dumps(recorded)


def test_addresses_lose_user_info_and_secret_parameters() -> None:
    recorded = record(
        Call(
            connection="acme",
            system="shipbob",
            operation="x",
            method="GET",
            url="https://me:CANARY@x.example/a?access_token=CANARY&SKU=any:A,B#CANARY",
        ),
        answer(location="https://x.example/?code=CANARY"),
    )

    assert "CANARY" not in json.dumps(recorded)
    assert recorded["url"] == "https://x.example/a?access_token=***&SKU=any:A,B"


def test_text_that_is_not_json_is_masked_by_its_looks() -> None:
    page = (
        b"<html>Bearer CANARYabc, token=CANARYdef, ann@example.com, "
        b"eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJDQU5BUlkifQ.CANARY</html>"
    )
    recorded = json.dumps(record(call(), answer(page)))

    assert "CANARY" not in recorded
    assert "ann@" not in recorded
    assert "<html>" in recorded


def test_cut_json_is_masked_by_its_looks() -> None:
    cut = b'{"access_token": "CANARY1", "email": "CANARY2", "items": [{"client_secret": "CANARY3'

    assert "CANARY" not in json.dumps(record(call(), answer(cut)))


def test_long_bodies_are_cut_and_say_so() -> None:
    body = json.dumps(["x" * 100_000]).encode()
    text = record(call(body), None)["body"]

    assert isinstance(text, str)
    assert len(text) < MOST_BODY_CHARACTERS + 100
    assert text.endswith(f"... ({len(body)} bytes in all)")


def test_a_secret_on_the_cut_does_not_survive_in_half() -> None:
    body = ("x" * (MOST_BODY_CHARACTERS - 20) + "CANARY0123456789" * 3).encode()
    text = record(call(body, Authorization="Bearer " + "CANARY0123456789" * 3), None)["body"]

    assert "CANARY" not in str(text)


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 1_000_000,
        b"a-" * 500_000,
        b"eyJ-" * 200_000,
        b"token" * 200_000,
        b"token=" * 200_000,
        b"a@" * 500_000,
        b"a.b@c." * 100_000,
        b'"email" :' * 100_000,
        b"bearer " * 150_000,
        b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
    ids=lambda body: body[:9].decode(),
)
def test_no_body_takes_for_ever(body: bytes) -> None:
    recorded = record(call(body), answer(body))

    assert json.loads(json.dumps(recorded)) == recorded


SECRET = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=20).map(
    lambda tail: f"CANARY{tail}x7"
)
PLAIN: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "SKU 1", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sku", "items", "name", "n"]), inner, max_size=3)
    ),
    max_leaves=8,
)
CREDENTIAL_KEY = st.sampled_from(
    ["access_token", "refreshToken", "client_secret", "clientSecret", "password", "x-api-key"]
)
PERSON_KEY = st.sampled_from(["email", "phone_number", "address1", "firstName", "zip_code"])


@given(document=PLAIN, key=CREDENTIAL_KEY | PERSON_KEY, secret=SECRET, depth=st.integers(0, 4))
def test_a_secret_under_a_telling_key_never_appears(
    document: Json, key: str, secret: str, depth: int
) -> None:
    planted: Json = {"n": 1, "rest": document, key: secret}
    for level in range(depth):
        planted = [document, planted] if level % 2 else {"items": planted, "sku": "A"}
    body = msgspec.json.encode(planted)
    recorded = record(call(body), answer(body))

    assert "CANARY" not in json.dumps(recorded, ensure_ascii=False)


@given(secret=SECRET, key=CREDENTIAL_KEY, place=st.integers(0, 5))
def test_a_credential_that_is_echoed_never_appears(secret: str, key: str, place: int) -> None:
    made = call(
        msgspec.json.encode({key: secret}) if place == 1 else b"{}",
        **({"Authorization": f"Bearer {secret}"} if place != 1 else {}),
        Cookie=f"a={secret}",
    )
    echo = [
        msgspec.json.encode({"message": f"no: {secret}"}),
        msgspec.json.encode([{"detail": secret}]),
        f"<p>{secret}</p>".encode(),
        secret.encode(),
        msgspec.json.encode({"deep": [[{"note": f"x{secret}y"}]]}),
        b"{" + secret.encode(),
    ][place]
    recorded = record(made, answer(echo, x_echo=secret, set_cookie=f"b={secret}"))

    assert "CANARY" not in json.dumps(recorded, ensure_ascii=False)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/html", ""]))
def test_any_bytes_are_recorded(body: bytes, content_type: str) -> None:
    recorded = record(call(body, content_type=content_type), answer(body))

    assert json.loads(json.dumps(recorded)) == recorded


@pytest.mark.parametrize("number", ["12.10", "0.1", "1e5", "-3.00"])
def test_amounts_keep_their_value(number: str) -> None:
    text = record(call(f'{{"amount":{number}}}'.encode()), None)["body"]

    assert isinstance(text, str)
    assert json.loads(text, parse_float=Decimal)["amount"] == Decimal(number)
