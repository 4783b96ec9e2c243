"""A hundred megabytes at each door: no more of them is read than a body may have."""

from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant
from bad_input.inside import Inside
from web.api import add_token
from web.conftest import receiver

__all__ = ["receiver"]

PART = b"A" * 65_536
PARTS = 100 * 16
MOST_READ = 1024 * 1024 // len(PART) + 2


@pytest.fixture(scope="module")
def inside(receiver: Merchant) -> Iterator[Inside]:
    with Inside(receiver) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(receiver: Merchant) -> str:
    return add_token(receiver, "too-much", "admin")


@pytest.mark.parametrize("announced", [None, PARTS * len(PART)])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/webhooks/shipbob/acme", "application/json"),
        ("/webhooks/shipbob/nobody", "application/json"),
        ("/api/v1/users", "application/json"),
        ("/api/v1/events/replay", "application/json"),
        ("/sign-in", "application/x-www-form-urlencoded"),
        ("/sign-in", "multipart/form-data; boundary=x"),
        ("/oauth/shipbob/callback", "application/x-www-form-urlencoded"),
        ("/healthz", "text/plain"),
        ("/nowhere", "text/plain"),
    ],
)
def test_no_more_of_a_body_is_read_than_it_may_have(
    inside: Inside, token: str, path: str, kind: str, announced: int | None
) -> None:
    read = 0

    def parts() -> Iterator[bytes]:
        nonlocal read
        for _ in range(PARTS):
            read += 1
            yield PART

    headers = [
        (b"content-type", kind.encode()),
        (b"authorization", f"Bearer {token}".encode()),
    ]
    if announced is not None:
        headers.append((b"content-length", str(announced).encode()))
    told = inside.stream("POST", path, headers, parts())

    assert told.status in {404, 405, 413}, told.text
    assert read <= (MOST_READ if announced is None else 0)
