"""What a stranger may take of the web process: bytes, time, connections; told as counts."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, ip_network
from typing import Any

import pytest
import uvicorn
from prometheus_client import REGISTRY

from ml_connector.web.bounds import Bounds, Occupancy
from ml_connector.web.protocol import bounded_protocol
from waiting import HANGS_AFTER_SECONDS, unless_it_hangs, until

QUICK = Bounds(
    head_bytes=4096,
    headers=20,
    request_seconds=0.3,
    exchange_seconds=0.3,
    linger_seconds=0.3,
    connections=8,
    waiting_body_bytes=100_000,
    pipelined=3,
)
PATIENT = replace(QUICK, request_seconds=HANGS_AFTER_SECONDS, exchange_seconds=HANGS_AFTER_SECONDS)


@dataclass
class Service:
    """uvicorn within bounds, with an application that reads every body and says its length.

    Attributes:
        seen: paths of requests that the application was given.
        cut_off: how many senders were gone before the end.
        holding: the application answers ``/held`` only when this is set.
    """

    address: tuple[str, int]
    occupancy: Occupancy
    seen: list[str] = field(default_factory=list)
    cut_off: int = 0
    holding: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Any], send: Callable[..., Any]
    ) -> None:
        self.seen.append(scope["path"])
        if scope["path"] == "/early":
            await self._answer(send, b"early")
            return
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.cut_off += 1
                return
            size, more = size + len(message["body"]), message.get("more_body", False)
        if scope["path"] == "/held":
            await self.holding.wait()
        body = b"x" * 30_000_000 if scope["path"] == "/large" else str(size).encode()
        await self._answer(send, body)

    async def _answer(self, send: Callable[..., Any], body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def ask(self, *parts: bytes, source: str | None = None) -> bytes:
        """Send these bytes; return all that comes until the service closes.

        Args:
            parts: one after the other.
            source: the address of this machine to come from; None: any.
        """
        reader, writer = await self.connect(source)
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        answer = await _rest(reader)
        writer.close()
        return answer

    async def connect(
        self, source: str | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            *self.address, local_addr=(source, 0) if source else None
        )


async def _rest(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionError):
        async with unless_it_hangs():
            while part := await reader.read(65536):
                answer += part
    return answer


@asynccontextmanager
async def serving(
    bounds: Bounds, keep_alive: int = 75, trusted: Sequence[IPv4Network] = ()
) -> AsyncIterator[Service]:
    listener = socket.create_server(("127.0.0.1", 0))
    service = Service(listener.getsockname(), Occupancy(bounds, trusted))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await service(scope, receive, send)

    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http=bounded_protocol(service.occupancy),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=keep_alive,
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 - without its signals
    await until(lambda: server.started)
    try:
        yield service
    finally:
        server.should_exit = True
        await task


def head(path: str = "/", *headers: bytes, method: bytes = b"POST") -> bytes:
    lines = [b"%s %s HTTP/1.1" % (method, path.encode()), b"host: test", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("mlc_http_refused_total", {"reason": reason}) or 0.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    yield
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)


# Heads.


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET /" + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nhost: test\r\nx: " + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nhost: test\r\n" + b"a" * 100_000,
        b"GET / HTTP/1.1\r\nhost: test\r\n" + b"x-y: " + b"a" * 4090 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: test\r\n" + (b"x-y: " + b"a" * 500 + b"\r\n") * 10 + b"\r\n",
        b"GET /" + b"a" * 4090 + b" HTTP/1.1\r\nhost: test\r\n\r\n",
    ],
    ids=["path", "value", "name", "one header", "several", "whole path"],
)
async def test_a_head_that_is_too_large_is_refused_before_the_application_sees_it(
    bytes_sent: bytes,
) -> None:
    async with serving(PATIENT) as service:
        before = refused("head_too_large")
        answer = await service.ask(bytes_sent)

        assert status(answer) == 431
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
        assert b"connection: close" in answer
        assert service.seen == []
        assert refused("head_too_large") == before + 1


async def test_an_endless_head_in_small_pieces_is_refused(quiet: None) -> None:
    del quiet
    async with serving(PATIENT) as service:
        answer = await service.ask(head()[:-2], b"x: ", *[b"a" * 100] * 60)

        assert status(answer) == 431


async def test_too_many_headers_are_refused() -> None:
    async with serving(PATIENT) as service:
        few = await service.ask(head("/", *[b"x: y"] * 18, b"connection: close"))
        many = await service.ask(head("/", *[b"x: y"] * 21))

        assert (status(few), status(many)) == (200, 431)


async def test_trailers_count_like_headers() -> None:
    async with serving(PATIENT) as service:
        chunked = head("/", b"transfer-encoding: chunked") + b"1\r\nx\r\n0\r\n"
        many = await service.ask(chunked, b"x: y\r\n" * 30)
        large = await service.ask(chunked, b"x: " + b"y" * 10_000)
        extended = await service.ask(
            head("/", b"transfer-encoding: chunked"), b"1;" + b"x" * 10_000
        )

        assert [status(many), status(large), status(extended)] == [431, 431, 431]


# Time.


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"G",
        b"\r\n",
        head()[:-2],
        head("/", b"content-length: 10"),
        head("/", b"content-length: 10") + b"half",
        head("/", b"transfer-encoding: chunked") + b"4\r\nhalf\r\n",
    ],
    ids=["a letter", "an empty line", "half a head", "no body", "half a body", "a chunk"],
)
async def test_half_a_request_is_answered_with_408(bytes_sent: bytes) -> None:
    async with serving(QUICK) as service:
        before = refused("too_slow")
        answer = await service.ask(bytes_sent)
        await until(lambda: service.cut_off == len(service.seen))

        assert status(answer) == 408
        assert refused("too_slow") == before + 1


async def test_a_request_that_comes_byte_by_byte_does_not_go_on_for_ever() -> None:
    async with serving(QUICK) as service:
        reader, writer = await asyncio.open_connection(*service.address)
        writer.write(head("/", b"content-length: 1000000"))
        answering = asyncio.create_task(_rest(reader))
        while not answering.done():  # every byte comes soon after the one before
            with contextlib.suppress(ConnectionError):
                writer.write(b"x")
                await writer.drain()
            await asyncio.wait([answering], timeout=0.02)
        writer.close()

        assert status(answering.result()) == 408


@pytest.mark.parametrize("bytes_sent", [b"", head("/early", b"content-length: 10")])
async def test_who_says_nothing_more_is_closed(bytes_sent: bytes) -> None:
    async with serving(QUICK) as service:
        answer = await service.ask(bytes_sent)

        assert status(answer) == (200 if service.seen else 0)
        assert b"408" not in answer


async def test_a_body_that_goes_on_after_the_answer_does_not_keep_the_connection() -> None:
    async with serving(QUICK) as service:
        answer = await service.ask(head("/early", b"transfer-encoding: chunked"), b"1\r\nx\r\n")

        assert answer.endswith(b"early")


async def test_an_idle_connection_is_closed_after_a_while() -> None:
    async with serving(PATIENT, keep_alive=0) as service:
        answer = await service.ask(head("/", b"content-length: 0"))

        assert status(answer) == 200


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async with serving(QUICK) as service:
        reader, writer = await asyncio.open_connection(*service.address, limit=1)
        writer.write(head("/large", method=b"GET"))
        await until(lambda: service.seen == ["/large"])
        await until(lambda: service.occupancy.connections == 0)
        writer.close()
        del reader


async def test_an_answer_that_takes_for_ever_is_cut() -> None:
    async with serving(QUICK) as service:
        answer = await service.ask(head("/held", b"content-length: 0"))

        assert answer == b""


async def test_one_request_after_the_other_has_its_own_time() -> None:
    async with serving(QUICK) as service:
        reader, writer = await asyncio.open_connection(*service.address)
        for _ in range(5):
            writer.write(head("/", b"content-length: 4") + b"body")
            await reader.readuntil(b"\r\n\r\n4")
            await asyncio.wait([asyncio.create_task(asyncio.sleep(0.1))])  # longer than one has
        writer.close()

        assert len(service.seen) == 5


# Connections and memory.


async def test_one_connection_too_many_is_answered_with_503_until_another_ends() -> None:
    async with serving(PATIENT) as service:
        held = [await asyncio.open_connection(*service.address) for _ in range(8)]
        await until(lambda: service.occupancy.connections == 8)
        refused_one = await service.ask()
        held[0][1].close()
        await until(lambda: service.occupancy.connections == 7)
        taken = await service.ask(head("/", b"content-length: 0", b"connection: close"))
        for _, writer in held:
            writer.close()
        await until(lambda: service.occupancy.connections == 0)

        assert (status(refused_one), status(taken)) == (503, 200)


async def test_bodies_that_wait_take_no_more_memory_than_they_may() -> None:
    async with serving(PATIENT) as service:
        whole = head("/held", b"content-length: 40000", b"connection: close") + b"x" * 40_000
        waiting = [asyncio.create_task(service.ask(whole)) for _ in range(2)]
        await until(lambda: service.occupancy.body_bytes == 80_000)
        over = await service.ask(head("/", b"content-length: 40000"), b"x" * 40_000)
        service.holding.set()
        held = await asyncio.gather(*waiting)
        left = service.occupancy.body_bytes
        again = await service.ask(
            head("/", b"content-length: 40000", b"connection: close"), b"x" * 40_000
        )

        assert [status(answer) for answer in held] == [200, 200]
        assert left == 0
        assert (status(over), status(again)) == (503, 200)


async def test_requests_that_do_not_wait_for_their_answers_are_few() -> None:
    async with serving(PATIENT) as service:
        one = head("/held", b"content-length: 0")
        answer = await service.ask(one * 200)

        assert status(answer) in {0, 503}
        assert len(service.seen) == 1


async def test_a_few_pipelined_requests_are_answered_in_order() -> None:
    async with serving(PATIENT) as service:
        requests = [head("/", b"content-length: %d" % size) + b"x" * size for size in (1, 22)]
        last = head("/", b"content-length: 3", b"connection: close") + b"xxx"
        answer = await service.ask(*requests, last)
        bodies = [part.split(b"HTTP")[0] for part in answer.split(b"\r\n\r\n")[1:]]

        assert bodies == [b"1", b"22", b"3"]


async def test_what_is_no_http_is_answered_with_400() -> None:
    async with serving(PATIENT) as service:
        answers = [
            await service.ask(junk)
            for junk in (b"\x16\x03\x01\x02\x00\x01", b"SSH-2.0-x\r\n", head() + b"\0\0\0")
        ]

        assert [status(answer) for answer in answers[:2]] == [400, 400]
        assert service.cut_off <= len(service.seen) == 1


# Who counts.


def test_addresses_are_counted_but_for_proxies_and_this_machine() -> None:
    few = Bounds(connections=100, connections_of_an_address=2)
    trusted = [ip_network("10.0.0.7"), ip_network("10.1.0.0/24"), ip_network("2001:db8:1::/64")]
    stranger = ["203.0.113.9", "::ffff:203.0.113.9"]
    same_prefix = ["2001:db8::1", "2001:db8::2"]
    free = [
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.7",
        "::ffff:10.0.0.7",
        "10.1.0.200",
        "2001:db8:1::77",
        None,
    ]
    occupancy = Occupancy(few, trusted)
    first = [occupancy.enter(address) for address in [*stranger, *same_prefix]]
    over = [occupancy.enter(address) for address in ["203.0.113.9", "2001:db8::3"]]
    others = [occupancy.enter(address) for address in free * 3]
    occupancy.leave("203.0.113.9")
    occupancy.leave("203.0.113.9")
    back = occupancy.enter("203.0.113.9")

    assert first == [None] * 4
    assert over == ["too_many_of_one_address"] * 2
    assert others == [None] * len(others)
    assert back is None


@pytest.fixture
def own_address() -> str:
    """An address of this machine that others could come from; what it says to itself stays."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        try:
            anything.connect(("192.0.2.1", 9))  # finds a way there, and sends nothing
        except OSError:
            pytest.skip("this machine has no address but those of itself")
        return str(anything.getsockname()[0])


async def test_one_address_has_so_many_connections_and_others_have_their_own(
    own_address: str,
) -> None:
    async with serving(replace(PATIENT, connections_of_an_address=2)) as service:
        ask = head("/", b"content-length: 0", b"connection: close")
        before = refused("too_many_of_one_address")
        held = [await service.connect(own_address) for _ in range(2)]
        held += [await service.connect() for _ in range(3)]  # of this machine: not counted
        await until(lambda: service.occupancy.connections == 5)
        over = await service.ask(ask, source=own_address)
        other = await service.ask(ask)
        held[0][1].close()
        await until(lambda: service.occupancy.connections == 4)
        again = await service.ask(ask, source=own_address)
        for _, writer in held:
            writer.close()

        assert [status(answer) for answer in (over, other, again)] == [503, 200, 200]
        assert b"from this address" in over
        assert refused("too_many_of_one_address") == before + 1


async def test_a_trusted_proxy_brings_as_many_as_there_may_be_in_all(own_address: str) -> None:
    bounds = replace(PATIENT, connections_of_an_address=1)
    async with serving(bounds, trusted=[IPv4Network(own_address)]) as service:
        held = [await service.connect(own_address) for _ in range(8)]
        await until(lambda: service.occupancy.connections == 8)
        over = await service.ask(source=own_address)
        for _, writer in held:
            writer.close()

        assert status(over) == 503
        assert b"too many connections" in over
        assert b"from this address" not in over


def test_in_all_there_are_only_so_many_whoever_they_are() -> None:
    occupancy = Occupancy(Bounds(connections=3))
    entered = [occupancy.enter("127.0.0.1") for _ in range(4)]
    occupancy.leave("127.0.0.1")
    occupancy.leave("127.0.0.1")

    assert entered == [None, None, None, "too_many_connections"]
    assert occupancy.enter("127.0.0.1") is None
