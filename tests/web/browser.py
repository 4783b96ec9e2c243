"""A browser without scripts: it keeps cookies, follows nothing, and fills in forms."""

import re
from html import unescape
from typing import Any

import httpx2

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
PASSWORD = "correct horse 9"


class Browser:
    """One person's browser at a service.

    Args:
        url: of the service.
        headers: sent with each request.
    """

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx2.Client(
            base_url=url,
            trust_env=False,
            limits=httpx2.Limits(max_keepalive_connections=0),  # nothing stays open to be closed
            timeout=60,
            headers={
                "accept": "text/html",
                **{k.replace("_", "-"): v for k, v in headers.items()},
            },
        )

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def csrf(self, path: str) -> str:
        """Return the token of the forms on a page."""
        found = CSRF.search(self.get(path).text)
        assert found is not None, path
        return unescape(found[1])

    def post(
        self, path: str, fields: dict[str, Any] | None = None, *, on: str = "/account"
    ) -> httpx2.Response:
        """Send a form of ours as it stands on a page."""
        return self.http.post(path, data={"csrf": self.csrf(on), **(fields or {})})

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
        fields = {"name": name, "password": password, **more}
        return self.post("/sign-in", fields, on="/sign-in")

    def alert(self, answer: httpx2.Response) -> str:
        """Return what a page says that was refused; empty where it says nothing."""
        found = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.DOTALL)
        return unescape(re.sub(r"<[^>]+>", " ", found[1])) if found else ""
