"""The desk over HTTP: a program with a token, and what it waits for."""

from collections.abc import Mapping
from typing import Any

import httpx2

from acceptance.merchant import Merchant
from ml_connector.sim.shipbob.books.receiving import Wro
from waiting import wait_until
from web.api import Program, add_token


class DeskProgram:
    """A program that works at the desk.

    Args:
        program: that calls the API.
    """

    def __init__(self, program: Program) -> None:
        self._program = program

    def get(self, path: str, **parameters: object) -> Any:
        """Return what a path answers."""
        answer = self._ask(path, parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, path: str, **parameters: object) -> int:
        return self._ask(path, parameters).status_code

    def post(
        self, path: str, body: Mapping[str, object], *, key: str | None = None
    ) -> httpx2.Response:
        return self._program.send("POST", path, dict(body), key=key)

    def done(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Ask for something that a worker does; return how it ended."""
        asked = self.post(path, body)
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

    def _ask(self, path: str, parameters: Mapping[str, object]) -> httpx2.Response:
        asked = httpx2.QueryParams({name: str(value) for name, value in parameters.items()})
        return self._program.get(f"{path}?{asked}" if parameters else path)


def program(acme: Merchant, name: str, scope: str) -> DeskProgram:
    """Return a program with a token of its own."""
    return DeskProgram(Program(acme.url, add_token(acme, name, scope)))


def subject_id(acme: Merchant, wro: Wro) -> int:
    """Return the id of a WRO's subject."""
    [row] = acme.rows(
        "select id from subject where flow = 'receiving' and key = %(key)s", key=str(wro.id)
    )
    return int(row["id"])
