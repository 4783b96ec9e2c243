import asyncio
import gzip
import importlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import pytest

from ml_connector.errors import AlreadyExists, ConnectorError, NeedsHuman, Retryable
from ml_connector.storage.database import Database
from ml_connector.transport import elapsed
from ml_connector.transport.call import Answer, Call, Patience
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.http.http_client import MOST_BODY_BYTES
from ml_connector.transport.http.wire import Timeouts
from ml_connector.transport.limits.limits import Limits
from ml_connector.words import Cause, System
from waiting import answers_of

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def reply(status: str, body: bytes = b"", **headers: str) -> Reply:
    async def write(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    return write


async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()
    writer.close()


async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b"x")
        await asyncio.sleep(0.01)


@dataclass
class Server:
    """A raw HTTP server: answers each request with the next of its replies, the last for ever."""

    url: str = ""
    replies: list[Reply] = field(default_factory=lambda: [reply("200 OK", b"{}")])
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.partition(b":")[2])
                        for line in head.lower().split(b"\r\n")
                        if line.startswith(b"content-length")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                self.arrived.set()
                chosen = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                await chosen(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    opened = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = opened.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        opened.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(Server()) as opened:
        yield opened


class Tally:
    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []

    def call_began(self, call: Call) -> None:
        self.began.append(call.operation)

    def call_ended(self, call: Call, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        assert call.operation in self.began
        self.ended.append(outcome)


@pytest.fixture
def tally() -> Tally:
    return Tally()


HASTY = Timeouts(token=2, read=2, query=2, write=2)
"""For what never comes: whatever does come has the usual time."""


@pytest.fixture
async def limits(database: Database) -> Limits:
    made = Limits(database, holder="one")
    made.configure("netsuite:1", in_flight=2)
    made.configure("shipbob:1", per_minute=120)
    return made


@pytest.fixture
async def transport(limits: Limits, tally: Tally) -> AsyncIterator[Transport]:
    async with Transport(limits=limits, holds=NothingHeld(), meter=tally) as opened:
        yield opened


@pytest.fixture
async def hasty(limits: Limits) -> AsyncIterator[Transport]:
    async with Transport(limits=limits, holds=NothingHeld(), timeouts=HASTY) as opened:
        yield opened


def call(server: Server, **changes: Any) -> Call:
    made = Call(
        connection="acme",
        system="shipbob",
        operation="receiving.get",
        method="GET",
        url=f"{server.url}/2026-07/receiving/1",
        headers={"Authorization": "Bearer CANARY"},
    )
    return replace(made, **changes)


def fine(_: Answer) -> ConnectorError | None:
    return None


def by_status(answer: Answer) -> ConnectorError | None:
    match answer.status:
        case 200 | 201:
            return None
        case 409:
            return AlreadyExists("It exists", cause=Cause.REFUSED_BY_NETSUITE)
        case 429:
            after = answer.header("x-retry-after")
            return Retryable(
                "Too many",
                cause=Cause.RATE_LIMITED,
                retry_after_seconds=float(after) if after else None,
            )
        case 500:
            return Retryable("Broken", outcome_unknown=True)
        case _:
            return NeedsHuman("No", cause=Cause.REFUSED_BY_SHIPBOB, remedy="Look.")


async def test_a_call_goes_out_as_it_was_made_and_its_answer_comes_back(
    server: Server, transport: Transport
) -> None:
    server.replies = [reply("201 Created", b'{"id": 1}', Location="/x/1", X_Odd="a")]
    answer = await transport.send(
        call(
            server,
            method="POST",
            url=f"{server.url}/a?SKU=any:A1,B2&d=2026-01-01T00:00:00Z",
            headers={"Authorization": "Bearer CANARY", "shipbob_channel_id": "7"},
            body=b'{"n": 12.10}',
        ),
        by_status,
    )
    head, _, body = server.requests[0].partition(b"\r\n\r\n")

    assert answer.status == 201
    assert answer.body == b'{"id": 1}'
    assert answer.header("location") == "/x/1"
    assert answer.header("x-odd") == "a"
    assert answer.seconds > 0
    assert head.startswith(b"POST /a?SKU=any:A1,B2&d=2026-01-01T00:00:00Z HTTP/1.1\r\n")
    assert b"shipbob_channel_id: 7" in head
    assert b"ml-connector/" in head
    assert body == b'{"n": 12.10}'


async def test_a_packed_body_is_unpacked(server: Server, transport: Transport) -> None:
    server.replies = [reply("200 OK", gzip.compress(b"[1]"), content_encoding="gzip")]

    assert (await transport.send(call(server), fine)).body == b"[1]"


async def test_a_redirect_is_not_followed_but_classified(
    server: Server, transport: Transport
) -> None:
    server.replies = [reply("302 Found", Location="https://elsewhere.example/login")]
    with pytest.raises(NeedsHuman, match="No"):
        await transport.send(call(server), by_status)

    assert len(server.requests) == 1


async def test_no_cookie_is_ever_sent_back(server: Server, transport: Transport) -> None:
    server.replies = [reply("200 OK", Set_Cookie="JSESSIONID=CANARY; Path=/")]
    for _ in range(2):
        await transport.send(call(server), fine)

    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_nothing_is_taken_from_the_environment(
    server: Server, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        answer = await transport.send(call(server), fine)

    assert answer.status == 200


@pytest.mark.parametrize("fault", [cut, half, garbage, silence, drip])
async def test_a_write_that_got_no_whole_answer_has_an_unknown_outcome_and_is_sent_once(
    server: Server, hasty: Transport, fault: Reply
) -> None:
    server.replies = [fault]
    with pytest.raises(Retryable) as caught:
        await hasty.send(call(server, method="POST", body=b"CANARY"), fine)

    assert caught.value.outcome_unknown
    assert caught.value.cause is Cause.UPSTREAM_UNAVAILABLE
    assert "ShipBob" in str(caught.value)
    assert "receiving.get" in str(caught.value)
    assert "CANARY" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [cut, half, garbage])
async def test_a_repeatable_call_is_sent_again(
    server: Server, transport: Transport, tally: Tally, fault: Reply
) -> None:
    server.replies = [fault, reply("500 Oops"), reply("200 OK")]
    answer = await transport.send(call(server, repeatable=True), by_status)

    assert answer.status == 200
    assert tally.ended == ["upstream_unavailable", "upstream_unavailable", "ok"]


async def test_a_repeatable_call_is_sent_three_times_at_most(
    server: Server, transport: Transport
) -> None:
    server.replies = [reply("500 Oops")]
    with pytest.raises(Retryable, match="Broken"):
        await transport.send(call(server, repeatable=True), by_status)

    assert len(server.requests) == 3


async def test_a_classified_failure_of_a_write_goes_up_at_once(
    server: Server, transport: Transport
) -> None:
    server.replies = [reply("500 Oops")]
    with pytest.raises(Retryable, match="Broken"):
        await transport.send(call(server), by_status)

    assert len(server.requests) == 1


async def test_only_passing_failures_are_tried_again(server: Server, transport: Transport) -> None:
    server.replies = [reply("409 Conflict")]
    with pytest.raises(AlreadyExists):
        await transport.send(call(server, repeatable=True), by_status)

    assert len(server.requests) == 1


async def test_a_wait_that_the_system_asks_for_is_kept(
    server: Server, transport: Transport, database: Database
) -> None:
    found: list[dict[str, Any]] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.extend(
            await database.fetch(
                "select blocked_until <= clock_timestamp() as over,"
                " blocked_until > '-infinity' as was_blocked from limit_state"
            )
        )
        await reply("200 OK")(reader, writer)

    server.replies = [reply("429 Slow", x_retry_after="0.3"), look]
    await transport.send(call(server, repeatable=True, limit="shipbob:1"), by_status)

    assert found == [{"over": True, "was_blocked": True}]
    assert len(server.requests) == 2


async def test_a_long_wait_goes_up_instead(server: Server, transport: Transport) -> None:
    server.replies = [reply("429 Slow", x_retry_after="25")]
    with pytest.raises(Retryable) as caught:
        await transport.send(call(server, repeatable=True), by_status)

    assert caught.value.retry_after_seconds == 25
    assert len(server.requests) == 1


async def test_a_refused_connection_is_tried_again_even_for_a_write(
    transport: Transport, tally: Tally
) -> None:
    async with serving(Server()) as closed:
        pass
    with pytest.raises(Retryable, match="could not be reached") as caught:
        await transport.send(call(closed, method="POST", body=b"x"), fine)

    assert not caught.value.outcome_unknown
    assert tally.ended == ["upstream_unavailable"] * 3


async def test_a_name_that_does_not_exist_was_not_called(
    server: Server, transport: Transport
) -> None:
    made = call(server, url="https://nowhere.invalid/")
    with pytest.raises(Retryable) as caught:
        await transport.send(made, fine)

    assert not caught.value.outcome_unknown


async def test_a_header_that_can_not_be_sent_is_no_bug(
    server: Server, transport: Transport
) -> None:
    made = call(server, headers={"Authorization": "Bearer CAN\r\nARY"}, repeatable=True)
    with pytest.raises(Retryable, match="can't be asked") as caught:
        await transport.send(made, fine)

    assert "ARY" not in str(caught.value)
    assert server.requests == []


async def test_a_call_that_waited_too_long_for_its_turn_is_not_sent(
    server: Server, transport: Transport, tally: Tally
) -> None:
    with pytest.raises(Retryable, match="was not sent") as caught:
        await transport.send(call(server, send_by=elapsed.seconds() - 1, repeatable=True), fine)

    assert not caught.value.outcome_unknown
    assert server.requests == []
    assert tally.began == []


async def test_a_call_that_a_sleeping_machine_was_late_for_is_not_sent(
    server: Server, transport: Transport
) -> None:
    """``time.monotonic`` stands still while the machine is suspended, the database does not."""
    made = call(server, send_by=elapsed.seconds() + 10, repeatable=True)
    clocks = {time.CLOCK_BOOTTIME: elapsed.seconds() + 60}
    with (
        mock.patch("time.clock_gettime", side_effect=clocks.__getitem__),
        pytest.raises(Retryable, match="was not sent"),
    ):
        await transport.send(made, fine)

    assert server.requests == []


def test_where_no_clock_runs_through_suspension_the_steady_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    importlib.reload(elapsed)
    before = time.monotonic()
    shown = elapsed.seconds()
    after = time.monotonic()
    monkeypatch.undo()
    importlib.reload(elapsed)

    assert before <= shown <= after


async def test_the_wait_for_a_limit_is_not_time_of_the_call(
    server: Server,
    limits: Limits,
    tally: Tally,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time
    limits.configure("netsuite:1", in_flight=1)
    made = call(server, system="netsuite", limit="netsuite:1")
    async with Transport(
        limits=limits, holds=NothingHeld(), meter=tally, timeouts=Timeouts(read=6)
    ) as transport:
        async with limits.pass_("netsuite:1"):
            sending = asyncio.create_task(transport.send(made, fine))
            await answers_of(database)  # it waits for the limit
            monkeypatch.setattr(loop, "time", lambda: now() + 6.5)  # the call may take 6
            await answers_of(database)
            waited = not sending.done() and server.requests == [] and tally.began == []
        answer = await sending

    assert waited
    assert answer.status == 200


@pytest.mark.parametrize(
    ("system", "status", "expected"),
    [
        ("netsuite", "429 Slow", {"ceiling": 1, "blocked": False}),
        ("shipbob", "429 Slow", {"ceiling": None, "blocked": True}),
        ("shipbob", "500 Oops", {"ceiling": None, "blocked": False}),
    ],
)
async def test_a_429_lowers_netsuites_ceiling_and_stops_shipbobs_calls(  # noqa: PLR0917 - fixtures and cases
    server: Server,
    transport: Transport,
    database: Database,
    system: System,
    status: str,
    expected: dict[str, object],
) -> None:
    server.replies = [reply(status, x_retry_after="3000")]
    with pytest.raises(Retryable):
        await transport.send(call(server, system=system, limit=f"{system}:1"), by_status)
    state = await database.fetch(
        "select ceiling, blocked_until > now() + interval '20 min' as blocked from limit_state"
    )

    assert state == [expected]


async def test_remaining_calls_are_noted_when_they_run_low(
    server: Server, transport: Transport, database: Database
) -> None:
    server.replies = [reply("200 OK", x_remaining_calls="7")]
    await transport.send(call(server, limit="shipbob:1"), fine)

    assert await database.fetch("select remaining from limit_state") == [{"remaining": 7}]


async def test_an_answer_is_not_lost_when_the_limit_can_not_be_adapted(
    server: Server, transport: Transport, database: Database
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await database.fetch("drop table limit_state")
        await reply("201 Created", b"1", x_remaining_calls="3")(reader, writer)

    server.replies = [answer]
    made = await transport.send(call(server, method="POST", limit="shipbob:1"), fine)

    assert made.status == 201


async def test_an_endless_body_is_cut_off(server: Server, limits: Limits) -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n")
        while True:
            writer.write(b"x" * (1 << 20))
            await writer.drain()

    server.replies = [flood]
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        with pytest.raises(Retryable, match="more than 64 MiB"):
            await transport.send(call(server, repeatable=True), fine)

    assert MOST_BODY_BYTES == 64 << 20
    assert len(server.requests) == 1


async def test_a_cancelled_call_frees_its_slot(
    server: Server, transport: Transport, limits: Limits, tally: Tally
) -> None:
    limits.configure("netsuite:1", in_flight=1)
    server.replies = [silence, reply("200 OK")]
    made = call(server, system="netsuite", limit="netsuite:1")
    sending = asyncio.create_task(transport.send(made, fine))
    await server.arrived.wait()
    sending.cancel()
    await asyncio.wait([sending])
    await transport.send(made, fine)

    assert tally.ended == ["cancelled", "ok"]


async def test_a_fault_in_classify_is_a_bug(
    server: Server, transport: Transport, tally: Tally
) -> None:
    def broken(_: Answer) -> ConnectorError | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await transport.send(call(server, repeatable=True), broken)

    assert tally.ended == ["bug"]


async def test_credentials_are_not_sent_in_the_clear(server: Server, transport: Transport) -> None:
    made = call(server, url="http://api.shipbob.example/2026-07/receiving", repeatable=True)
    with pytest.raises(NeedsHuman, match="not an encrypted"):
        await transport.send(made, fine)


async def test_no_log_holds_a_token(
    server: Server, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.replies = [reply("500 Oops", Set_Cookie="a=CANARY"), reply("200 OK", b"CANARY")]
    made = call(server, url=f"{server.url}/?code=CANARY", repeatable=True)
    await transport.send(made, by_status)

    assert "CANARY" not in caplog.text


async def test_a_kept_connection_is_used_again(server: Server, transport: Transport) -> None:
    peers = set()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        await reply("200 OK")(reader, writer)

    server.replies = [note]
    for _ in range(3):
        await transport.send(call(server), fine)

    assert len(peers) == 1


def test_a_lease_must_outlast_the_longest_call(database: Database) -> None:
    with pytest.raises(ValueError, match="too short"):
        Transport(limits=Limits(database, holder="one", lease_seconds=60), holds=NothingHeld())


def test_every_kind_of_call_has_its_time() -> None:
    seconds = {patience: Timeouts().of(patience) for patience in Patience}

    assert seconds == {"token": 30, "read": 30, "query": 120, "write": 60}
