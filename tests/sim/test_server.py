import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ml_connector.sim.server import PortTakenError, serve
from waiting import HANGS_AFTER_SECONDS


async def headers(request: Request) -> JSONResponse:
    return JSONResponse(dict(request.headers))


async def slow(_: Request) -> JSONResponse:
    await asyncio.sleep(0.05)
    return JSONResponse("finished")


APP = Starlette(routes=[Route("/", headers), Route("/slow", slow)])


def test_a_header_name_with_underscores_reaches_the_application() -> None:
    with serve(APP) as served:
        answer = httpx2.get(
            served.url, headers={"shipbob_channel_id": "100102"}, timeout=HANGS_AFTER_SECONDS
        )

    assert answer.json()["shipbob_channel_id"] == "100102"


def test_two_servers_run_side_by_side_on_ports_of_their_own() -> None:
    with serve(APP) as first, serve(APP) as second:
        answers = [
            httpx2.get(each.url, timeout=HANGS_AFTER_SECONDS).status_code
            for each in (first, second)
        ]

        assert first.port != second.port
        assert answers == [200, 200]


def test_the_port_is_free_again_after_the_block() -> None:
    with serve(APP) as served:
        port = served.port

    with serve(APP, port=port) as again:
        assert httpx2.get(again.url, timeout=HANGS_AFTER_SECONDS).status_code == 200


def test_a_taken_port_is_named_in_the_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with (
            pytest.raises(PortTakenError, match=f"Port {port} on 127.0.0.1 can't be opened"),
            serve(APP, port=port),
        ):
            pass


def test_start_up_and_shutdown_of_the_application_are_run() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    with serve(Starlette(lifespan=lifespan)):
        assert seen == ["up"]

    assert seen == ["up", "down"]


def test_an_application_that_fails_to_start_is_an_error_here() -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no books")
        yield

    with pytest.raises(RuntimeError, match="did not start"), serve(Starlette(lifespan=lifespan)):
        pass
