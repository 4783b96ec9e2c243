"""What the tests of the ShipBob client share: scripted answers, recorded calls, the contract."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.sign_in.access import Bearer
from ml_connector.transport.call import Answer, Call, Classify
from ml_connector.vault.tokens import NewToken, Renew, Token
from ml_connector.words import System

API_URL = "https://api.shipbob.com"


class Script:
    """A transport that records calls and gives the scripted answers, one each."""

    def __init__(self, answers: Sequence[Answer | Exception]) -> None:
        self.calls: list[Call] = []
        self._answers = list(answers)

    async def send(self, call: Call, classify: Classify) -> Answer:
        self.calls.append(call)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        failure = classify(answer)
        if failure is not None:
            raise failure
        return answer


class Renewable:
    """Access whose tokens are numbered, so that a test sees which one was used."""

    def __init__(self) -> None:
        self.number = 1

    async def bearer(self) -> Bearer:
        return Bearer(access=Secret(f"token-{self.number}"))

    async def renewed(self, refused: Bearer) -> Bearer:
        assert refused.access.reveal() == f"token-{self.number}"
        self.number += 1
        return await self.bearer()


class Keeper:
    """Keeps one pair of tokens as the vault does, without a database."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        assert (connection, system) == ("acme", "shipbob")
        if self.token is None:
            self._store(await renew(None))
        assert self.token is not None
        return self.token

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        assert (connection, system) == ("acme", "shipbob")
        if self.token == token:
            self._store(await renew(token))
        assert self.token is not None
        return self.token

    async def held(self, connection: str, system: System) -> bool:
        assert (connection, system) == ("acme", "shipbob")
        return self.token is not None

    def _store(self, new: NewToken) -> None:
        old = self.token
        now = datetime.now(UTC)
        self.token = Token(
            access=new.access,
            expires_at=now + timedelta(seconds=new.expires_in_seconds),
            refresh=new.refresh,
            previous_refresh=old.refresh if old else None,
            version=old.version + 1 if old else 1,
            obtained_at=now,
        )


@pytest.fixture
def keeper() -> Callable[..., Keeper]:
    return Keeper


@pytest.fixture
def script() -> Callable[..., Script]:
    """Makes a transport from its answers."""

    def make(*answers: Answer | Exception) -> Script:
        return Script(answers)

    return make


@pytest.fixture
def answer() -> Callable[..., Answer]:
    """Makes an answer: a status, a body (JSON unless it is bytes or a text), headers."""

    def make(body: object = None, status: int = 200, **headers: str) -> Answer:
        if isinstance(body, bytes):
            raw = body
        elif isinstance(body, str):
            raw = body.encode()
        else:
            raw = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(
            status=status,
            headers={"content-type": "application/json", **named},
            body=raw,
            seconds=0.01,
        )

    return make


@pytest.fixture
def renewable() -> Renewable:
    return Renewable()


@pytest.fixture
def connected(renewable: Renewable) -> Callable[..., tuple[ShipBob, list[Call]]]:
    """Makes a client from the answers it will get, and the list of the calls it makes."""

    def make(
        *answers: Answer | Exception, channel_id: int | None = 100102
    ) -> tuple[ShipBob, list[Call]]:
        script = Script(answers)
        client = ShipBob(
            script,
            "acme",
            api_url=API_URL,
            version="2026-07",
            channel_id=channel_id,
            auth=renewable,
            limit_key="shipbob:acme",
        )
        return client, script.calls

    return make


@pytest.fixture
def sample(reference: Path) -> Callable[[str], Any]:
    """Reads the body of one of the reference's samples, such as ``api/wro_completed``."""

    def read(name: str) -> Any:
        path = reference / "shipbob" / "samples" / f"{name}.json"
        return json.loads(path.read_text("utf-8"))["body"]

    return read


@pytest.fixture(scope="session")
def openapi(reference: Path) -> OpenAPI:
    return OpenAPI.from_path(reference / "shipbob" / "openapi-2026-07.derived.json")


@pytest.fixture
def conforms(openapi: OpenAPI) -> Callable[[Call], None]:
    """Raises when a call is not what ShipBob's OpenAPI file allows."""

    def check(call: Call) -> None:
        url = urlsplit(call.url)
        request = MockRequest(
            f"{url.scheme}://{url.netloc}",
            call.method,
            url.path,
            args=dict(parse_qsl(url.query, strict_parsing=True) if url.query else ()),
            headers=dict(call.headers),
            data=call.body,
        )
        openapi.validate_request(request)

    return check


Reply = Callable[[bytes], bytes]
Listening = Callable[[Reply], Any]


@pytest.fixture
def listening() -> Listening:
    """Listens on a loopback port and shows each request's raw bytes to ``reply``.

    Werkzeug drops headers with underscores, which are what we want to see.
    """

    @asynccontextmanager
    async def listen(reply: Reply) -> AsyncIterator[str]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            writer.write(reply(head + await reader.readexactly(length)))
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return listen
