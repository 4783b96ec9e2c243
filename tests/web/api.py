"""A program that calls the API."""

from datetime import datetime
from typing import Any

import httpx2

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.users import api_tokens
from ml_connector.words import Role
from web.people import run_apart


def add_token(
    receiver: Merchant, name: str, scope: str, *, expires_at: datetime | None = None
) -> str:
    """Make a token; return it."""

    async def add() -> str:
        async with (
            open_installation(receiver.settings) as installation,
            installation.database.transaction() as on,
        ):
            token = await api_tokens.add(on, name, Role(scope), expires_at=expires_at, by="test")
            return token.reveal()

    return run_apart(add())


class Program:
    """Calls the API with a token.

    Args:
        url: of the service.
        token: empty: it shows none.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.http = httpx2.Client(
            base_url=f"{url}/api/v1",
            trust_env=False,
            timeout=60,
            limits=httpx2.Limits(max_keepalive_connections=0),
            headers={"authorization": f"Bearer {token}"} if token else {},
        )

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx2.Response:
        headers = {"idempotency-key": key} if key is not None else {}
        return self.http.request(method, path, json=body, headers=headers)
