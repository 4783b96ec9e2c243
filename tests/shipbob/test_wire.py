"""What really goes over the wire: the client on the real transport, to a raw socket."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.sign_in.access import PersonalAccess
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits

Listening = Callable[[Callable[[bytes], bytes]], AbstractAsyncContextManager[str]]


def reply(status: str, body: object, *headers: str) -> bytes:
    raw = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(raw)}", "connection: close", *headers]
    return "\r\n".join([*lines, "content-type: application/json", "", ""]).encode() + raw


def client(transport: Transport, url: str) -> ShipBob:
    # No limit key: this is about the wire, and needs no database.
    return ShipBob(
        transport,
        "acme",
        api_url=url,
        version="2026-07",
        channel_id=100102,
        auth=PersonalAccess(Secret("PAT-1"), api_url=url, auth_url=url),
        limit_key="",
    )


def transport() -> Transport:
    return Transport(
        limits=Limits(Database("postgresql://unused"), holder="test"), holds=NothingHeld()
    )


async def test_a_search_keeps_its_commas_and_colons_on_the_wire(listening: Listening) -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return reply("200 OK", {"items": [], "next": None})

    async with listening(answer) as url, transport() as opened:
        found = [one async for one in client(opened, url).products(skus=["A1", "B/2", "C+3"])]
    first, *headers = seen[0].decode().split("\r\n")

    assert found == []
    assert first == "GET /2026-07/product?PageSize=250&SKU=any:A1,B%2F2,C%2B3 HTTP/1.1"
    assert "authorization: bearer pat-1" in [header.lower() for header in headers]
    assert any(header.lower().startswith("user-agent: ml-connector/") for header in headers)


async def test_a_write_carries_its_channel_with_underscores(listening: Listening) -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return reply("200 OK", {"results": [{"id": 5, "is_success": True}]})

    async with listening(answer) as url, transport() as opened:
        (result,) = await client(opened, url).set_external_sync([5], synced=True)
    head, _, body = seen[0].partition(b"\r\n\r\n")

    assert head.startswith(b"POST /2026-07/receiving:setExternalSync HTTP/1.1\r\n")
    assert b"\r\nshipbob_channel_id: 100102\r\n" in head + b"\r\n"
    assert b"application/json" in head
    assert body == b'{"ids":[5],"is_external_sync":true}'
    assert result.is_success


async def test_a_redirect_to_the_login_page_is_not_followed(listening: Listening) -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return reply("302 Found", "", "location: /login")

    async with listening(answer) as url, transport() as opened:
        with pytest.raises(NeedsHuman, match="personal access token"):
            await client(opened, url).wro(1)

    assert [request.split(b" ")[1] for request in seen] == [b"/2026-07/receiving/1"]


async def test_a_read_is_tried_again_after_a_bad_gateway(listening: Listening) -> None:
    wro = {"id": 1, "status": "Awaiting", "fulfillment_center": {"id": 10}}
    answers = [reply("502 Bad Gateway", "", "retry-after: 0"), reply("200 OK", wro)]

    async with listening(lambda _: answers.pop(0)) as url, transport() as opened:
        found = await client(opened, url).wro(1)

    assert found.status == "Awaiting"
    assert answers == []


async def test_a_subscription_is_not_tried_again_after_a_bad_gateway(
    listening: Listening,
) -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return reply("502 Bad Gateway", "")

    async with listening(answer) as url, transport() as opened:
        with pytest.raises(Retryable) as unclear:
            await client(opened, url).subscriptions.create("https://x.example", ["wro.completed"])

    assert unclear.value.outcome_unknown
    assert len(seen) == 1
