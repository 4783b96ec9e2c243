"""What an other side may send instead of an answer: bounded in bytes and time, told in words."""

import asyncio
import contextlib
import tracemalloc
import zlib

import pytest

from ml_connector.errors import Retryable
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.http.http_client import MOST_BODY_BYTES
from ml_connector.transport.http.wire import Timeouts
from ml_connector.transport.limits.limits import Limits
from transport.test_client import Server, call, fine, limits, reply, server, tally, transport

__all__ = ["limits", "server", "tally", "transport"]

BRIEF = Timeouts(token=0.5, read=0.5, query=0.5, write=0.5)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_small_answer_that_unpacks_to_too_much_is_cut_off(
    server: Server, transport: Transport, encoding: str
) -> None:
    packer = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    server.replies = [reply("200 OK", packed, Content_Encoding=encoding)]
    tracemalloc.start()
    try:
        with pytest.raises(Retryable, match="more than 64 MiB"):
            await transport.send(call(server, repeatable=True), fine)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(packed) < 1 << 20
    assert peak < 3 * MOST_BODY_BYTES
    assert len(server.requests) == 1


async def test_an_answer_that_comes_byte_by_byte_has_the_time_of_the_whole_call(
    server: Server, limits: Limits
) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0)

    server.replies = [drip]
    async with Transport(limits=limits, holds=NothingHeld(), timeouts=BRIEF) as brief:
        with pytest.raises(Retryable, match="did not answer within") as caught:
            await brief.send(call(server, method="POST"), fine)

    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 5\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"",
    ],
    ids=[
        *("a long header", "many headers", "a long reason", "a status that is none"),
        *("a length below nought", "two lengths", "a chunk without end", "no gzip"),
        *("an unknown packing", "another protocol", "TLS", "nothing"),
    ],
)
async def test_an_answer_that_is_no_http_of_ours_is_a_failure_in_words(
    server: Server, transport: Transport, head: bytes
) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(head)
            await writer.drain()
        writer.close()

    server.replies = [answer] * 3
    failure, body = None, b""
    try:
        body = (await transport.send(call(server, method="POST"), fine)).body
    except Retryable as error:
        failure = error

    assert failure is None or (failure.outcome_unknown and len(str(failure)) < 200)
    assert body in {b"hello", b""}
