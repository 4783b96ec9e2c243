"""The desk over HTTP: a program with a token, and what it waits for."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.users import api_tokens, passwords, users
from ml_connector.secret import Secret
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.words import Role
from waiting import wait_until
from web.browser import PASSWORD


class Program:
    """A program that calls the API.

    Args:
        url: of the service.
        token: that it shows.
    """

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1",
            trust_env=False,
            timeout=60,
            limits=httpx2.Limits(max_keepalive_connections=0),
            headers={"authorization": f"Bearer {token}"},
        )

    def get(self, path: str, **parameters: object) -> Any:
        """Return what a path answers."""
        answer = self._http.get(path, params={k: str(v) for k, v in parameters.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, path: str, **parameters: object) -> int:
        return self._http.get(path, params={k: str(v) for k, v in parameters.items()}).status_code

    def post(self, path: str, body: Mapping[str, object], **headers: str) -> httpx2.Response:
        return self._http.post(path, json=dict(body), headers=headers)

    def done(self, path: str, body: Mapping[str, object], **headers: str) -> dict[str, Any]:
        """Ask for something that a worker does; return how it ended."""
        asked = self.post(path, body, **headers)
        assert asked.status_code == 202, asked.text
        return self.ended(asked.json()["id"])

    def ended(self, errand: int) -> dict[str, Any]:
        """Return an errand once it has ended."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/errands/{errand}")
            return found if found["state"] in {"done", "failed"} else None

        found = wait_until(look)
        assert found is not None
        return found


def program(acme: Merchant, name: str, scope: str) -> Program:
    """Return a program with a token of its own."""

    async def add() -> Secret:
        async with (
            open_installation(acme.settings) as installation,
            installation.database.transaction() as on,
        ):
            return await api_tokens.add(on, name, Role(scope), expires_at=None, by="test")

    return Program(acme.url, asyncio.run(add()).reveal())


def person(acme: Merchant, name: str, role: str) -> None:
    """Let somebody sign in."""

    async def add() -> None:
        hashed = passwords.hashed(Secret(PASSWORD))
        async with (
            open_installation(acme.settings) as installation,
            installation.database.transaction() as on,
        ):
            await users.add(on, name, Role(role), hashed, by="test")

    asyncio.run(add())


def subject_id(acme: Merchant, wro: Wro) -> int:
    """Return the id of a WRO's subject."""
    [row] = acme.rows(
        "select id from subject where flow = 'receiving' and key = %(key)s", key=str(wro.id)
    )
    return int(row["id"])
