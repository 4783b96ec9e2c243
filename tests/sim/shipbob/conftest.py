import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from openapi_core import OpenAPI
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockRequest, MockResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_connector.sim.clock import Clock
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from waiting import HANGS_AFTER_SECONDS

TOKEN = "pat-for-tests"
START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)

Check = Callable[[httpx2.Response], None]


@pytest.fixture
def clock() -> Clock:
    return Clock(START, speed=0)


@pytest.fixture
def sim(clock: Clock) -> Iterator[ShipBobSim]:
    with ShipBobSim(clock, per_minute=0, seed=7) as sim:
        sim.add_token(TOKEN)
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.add_fulfillment_center(228, "Cicero (IL)")
        yield sim


@pytest.fixture
def api(sim: ShipBobSim) -> Iterator[httpx2.Client]:
    """A client with a good token. It follows no redirects."""
    with (
        serve(sim.api) as served,
        httpx2.Client(
            base_url=served.url,
            headers={"authorization": f"Bearer {TOKEN}"},
            trust_env=False,
            timeout=HANGS_AFTER_SECONDS,
        ) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with ShipBob's OpenAPI file and samples, beside the repository."""
    folder = Path(__file__).parents[4] / "shared" / "reference" / "shipbob"
    if not folder.is_dir():
        pytest.skip("The reference folder is not beside this repository.")
    return folder


@pytest.fixture(scope="session")
def document(reference: Path) -> dict[str, Any]:
    """The OpenAPI file, with ``oneOf`` read as ``anyOf``.

    Its alternatives repeat each other, so that no real answer could match exactly one. A slash
    is put before the colon of an action, or else ``/shipment/{id}`` matches any action on it.
    """
    text = (reference / "openapi-2026-07.derived.json").read_text()
    document: dict[str, Any] = json.loads(text.replace('"oneOf"', '"anyOf"'))
    document["paths"] = {path.replace(":", "/:"): item for path, item in document["paths"].items()}
    return document


@pytest.fixture(scope="session")
def off_schema(document: dict[str, Any]) -> Check:
    """Raises unless an answer is one that the OpenAPI file describes.

    What the gate answers for every route (401, 403, 429) and paths of another version are not
    in the file. It calls a PDF of labels JSON (9.4 knows better), and it leaves out many
    refusals that section 5 of the reference knows.
    """
    openapi = OpenAPI.from_dict(document)

    def check(response: httpx2.Response) -> None:
        request = response.request
        response.read()
        if response.headers.get("content-type") == "application/pdf":
            return
        if response.status_code in {401, 403, 429} or "/2026-07/" not in str(request.url):
            return
        described = MockRequest(
            "https://api.shipbob.com",
            request.method.lower(),
            request.url.path.replace("/Product", "/product").replace(":", "/:"),
            headers=dict(request.headers),
            data=request.read(),
        )
        answer = MockResponse(
            response.content,
            status_code=response.status_code,
            headers=dict(response.headers),
            content_type=response.headers.get("content-type", ""),
        )
        try:
            openapi.validate_response(described, answer)
        except ResponseNotFound:
            if response.status_code not in {400, 404, 422}:
                raise

    return check


@pytest.fixture
def checked(api: httpx2.Client, off_schema: Check) -> httpx2.Client:
    """The client of ``api``, with every answer held against the OpenAPI file."""
    api.event_hooks = {"response": [off_schema]}
    return api


class Received(msgspec.Struct):
    """One webhook as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def topic(self) -> str:
        return self.headers["x-webhook-topic"]

    @property
    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


class Receiver:
    """A webhook receiver that answers ``status`` after ``seconds`` and remembers all it got."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.seconds = 0.0
        self.received: list[Received] = []

    async def answer(self, request: Request) -> Response:
        self.received.append(Received(dict(request.headers), await request.body()))
        await asyncio.sleep(self.seconds)
        return Response(status_code=self.status, headers={"location": "/elsewhere"})

    @property
    def topics(self) -> list[str]:
        return [each.topic for each in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.answer, methods=["POST"])])
    with serve(app) as served:
        receiver.url = f"{served.url}/hook"
        yield receiver
