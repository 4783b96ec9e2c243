"""What comes to the door of webhooks: refused with its reason, or kept as it is."""

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant
from bad_input.corpus import Case, as_bytes, cases, lengthened
from bad_input.inside import Inside
from web.conftest import receiver

__all__ = ["receiver"]


@pytest.fixture(scope="module")
def inside(receiver: Merchant) -> Iterator[Inside]:
    with Inside(receiver) as opened:
        yield opened


def signature(case: Case, secret: str, signed: bytes) -> str:
    """Return the signature of a case, by the right key unless it says otherwise."""
    key = b64decode(secret.removeprefix("whsec_"))
    keys = {"other": b"{}" * 12, "empty": b"", "text": secret.encode()}
    algorithm = hashlib.sha1 if case.given.get("key") == "sha1" else hashlib.sha256
    digest = hmac.new(keys.get(case.given.get("key", ""), key), signed, algorithm).digest()
    return b64encode(digest).decode()


@pytest.mark.parametrize("case", cases("webhooks"), ids=str)
def test_a_delivery_is_refused_with_its_reason_or_kept(
    receiver: Merchant, inside: Inside, case: Case
) -> None:
    body = as_bytes(case.given.get("body", '{"id": 77}'))
    webhook_id = case.text("id", f"msg_{hashlib.sha256(case.name.encode()).hexdigest()[:20]}")
    moment = case.text("time", str(int(time.time()) + case.given.get("off", 0)))
    good = signature(case, receiver.secret, f"{webhook_id}.{moment}.".encode() + body)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{good}",
        "x-webhook-topic": "wro.updated",
    }
    for name, value in case.given.get("headers", {}).items():
        stands = {"{good}": good, "{id}": webhook_id, "{time}": moment}
        headers[name] = lengthened(value)
        for word, meant in stands.items():
            headers[name] = headers[name].replace(word, meant)
    told = inside.ask(
        case.given.get("method", "POST"),
        case.text("path", "/webhooks/shipbob/acme"),
        [(name.encode(), as_bytes(value)) for name, value in headers.items() if value],
        as_bytes(case.given["sent"]) if "sent" in case.given else body,
    )

    assert told.status == case.given["status"], told.text
    assert case.given["says"] in told.text
    assert receiver.secret not in told.text
    assert len(told.body) < 1000
