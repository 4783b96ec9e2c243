"""The control routes of both simulators, as a program outside of them calls them."""

import asyncio
import http.client
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from ml_connector.app.sandbox.place import Sandbox
from ml_connector.errors import UserError

_SECONDS: Final = 30.0
_REFUSED: Final = 400


class Simulators:
    """Calls both simulators.

    Args:
        sandbox: where they are, on this machine.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def netsuite(self, action: str, **given: Any) -> Any:
        """Let a person of NetSuite's do something; return what came of it.

        Raises:
            UserError: its books refuse it.
        """
        return await self._act(f"{self._sandbox.netsuite}/_sim/actions/{action}", given)

    async def shipbob(self, action: str, **given: Any) -> Any:
        """Let somebody at ShipBob do something; return what came of it.

        Raises:
            UserError: its books refuse it.
        """
        return await self._act(f"{self._sandbox.shipbob}/_sim/{action}", given)

    async def shows(self, name: str) -> Any:
        """Return what ShipBob's books hold, such as ``stock`` or ``orders``."""
        return await self._answer("GET", f"{self._sandbox.shipbob}/_sim/{name}", None)

    async def _act(self, url: str, given: dict[str, Any]) -> Any:
        return (await self._answer("POST", url, given))["result"]

    async def _answer(self, method: str, url: str, body: Any) -> Any:
        try:
            status, answer = await asyncio.to_thread(_called, method, url, body)
            found = msgspec.json.decode(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UserError(
                "The simulators do not answer",
                next_step="Is the demo that started this page still running?",
            ) from error
        if status >= _REFUSED:
            raise UserError(
                f"It was refused: {found.get('refused') or found.get('error')}",
                next_step="Something else may have happened meanwhile: look at the page again.",
            )
        return found


def _called(method: str, url: str, body: Any) -> tuple[int, bytes]:
    """Call once; return the status and the body of the answer."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        sent = None if body is None else msgspec.json.encode(body)
        line.request(method, parts.path, sent, {"content-type": "application/json"})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()
