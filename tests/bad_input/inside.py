"""The web application within this process, asked request by request."""

import asyncio
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, nullcontext
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlencode

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.set_up.draft_consent import EveryConsent
from ml_connector.app.users.passwords import Comparing
from ml_connector.engine.flow import topics_of
from ml_connector.engine.inbox.intake import Intake
from ml_connector.flows import FLOWS
from ml_connector.web.console.state import Console
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.parts import console_parts
from ml_connector.web.server import Application, web_app
from web.browser import CSRF, PASSWORD

Headers = Iterable[tuple[bytes, bytes]]


class Told(NamedTuple):
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Inside:
    """The application with console and API. Use as a context manager.

    Args:
        receiver: whose installation it is.
    """

    def __init__(self, receiver: Merchant) -> None:
        self._receiver = receiver
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._application = self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> Application:
        settings = self._receiver.settings
        installation = await self._stack.enter_async_context(open_installation(settings))

        async def look(_draft: str, _person: str) -> None:
            raise AssertionError("no consent is given here")

        with warnings.catch_warnings():
            # The framework warns of parameters that will be written otherwise some day.
            warnings.simplefilter("ignore", DeprecationWarning)
            return web_app(
                installation.database,
                Endpoints(installation.database, installation.vault),
                Intake(installation.database, installation.lanes),
                topics_of(FLOWS),
                settings=settings,
                consents=EveryConsent(installation, look),
                outbound=nullcontext(),
                parts=console_parts(Console(installation=installation, comparing=Comparing())),
            )

    def ask(self, method: str, path: str, headers: Headers = (), body: bytes = b"") -> Told:
        """Send a request and return what is answered."""
        return self.stream(method, path, headers, iter([body]))

    def stream(self, method: str, path: str, headers: Headers, body: Iterator[bytes]) -> Told:
        """Send a request whose body comes part by part; those that nobody reads are left."""
        return self._runner.run(self._asked(method, path, list(headers), body))

    async def _asked(
        self, method: str, path: str, headers: Headers, body: Iterator[bytes]
    ) -> Told:
        where, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(where),
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1"), *headers],
            "client": ("127.0.0.1", 40_000),
            "server": ("127.0.0.1", 8700),
            "state": {},
        }
        status, named, answer = 0, {}, b""

        async def receive() -> dict[str, Any]:
            part = next(body, None)
            return {"type": "http.request", "body": part or b"", "more_body": part is not None}

        async def send(message: Any) -> None:
            nonlocal status, named, answer
            if message["type"] == "http.response.start":
                status = message["status"]
                named = {k.decode().lower(): v.decode() for k, v in message["headers"]}
            else:
                answer += message.get("body", b"")

        await self._application(scope, receive, send)
        return Told(status, named, answer)


class Person:
    """Somebody who is signed in to the console.

    Args:
        inside: the application.
        name: theirs.
    """

    def __init__(self, inside: Inside, name: str) -> None:
        self._inside = inside
        self._cookies: dict[str, str] = {}
        self._csrf = self._token("/sign-in")
        answer = self.post("/sign-in", {"name": name, "password": PASSWORD})
        assert answer.status == 303, answer.text
        self._csrf = self._token("/account")

    def post(self, path: str, fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> Told:
        """Send a form of ours."""
        pairs = [*(fields.items() if isinstance(fields, Mapping) else fields)]
        body = urlencode([("csrf", self._csrf), *pairs]).encode()
        return self.send("POST", path, body, "application/x-www-form-urlencoded")

    def send(self, method: str, path: str, body: bytes, content_type: str) -> Told:
        """Send anything."""
        told = self._inside.ask(
            method,
            path,
            [
                (b"cookie", "; ".join(f"{k}={v}" for k, v in self._cookies.items()).encode()),
                (b"accept", b"text/html"),
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
            ],
            body,
        )
        if found := re.match(r"([^=]+)=([^;]*)", told.headers.get("set-cookie", "")):
            self._cookies[found[1]] = found[2]
        return told

    def _token(self, path: str) -> str:
        found = CSRF.search(self.send("GET", path, b"", "text/plain").text)
        assert found is not None
        return found[1]
