"""Calls of the API that are wrong: each is answered with a problem that says so."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from acceptance.merchant import Merchant
from bad_input.corpus import Case, as_bytes, cases
from bad_input.inside import Inside
from web.api import add_token
from web.conftest import receiver

__all__ = ["receiver"]


class Caller(NamedTuple):
    """The application, and a token that may do everything."""

    inside: Inside
    token: str


@pytest.fixture(scope="module")
def caller(receiver: Merchant) -> Iterator[Caller]:
    token = add_token(receiver, "bad-input", "admin")
    with Inside(receiver) as opened:
        yield Caller(opened, token)


@pytest.mark.parametrize("case", cases("api"), ids=str)
def test_a_wrong_call_is_answered_with_its_problem(caller: Caller, case: Case) -> None:
    body = as_bytes(case.given.get("body", ""))
    headers = {
        "authorization": f"Bearer {caller.token}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **case.given.get("headers", {}),
    }
    told = caller.inside.ask(
        case.given["method"],
        f"/api/v1{case.text('path')}",
        [(name.encode(), as_bytes(value)) for name, value in headers.items()],
        body,
    )

    assert told.status == case.given["status"], told.text[:500]
    if told.status >= 400:
        assert told.headers["content-type"] == "application/problem+json"
        problem = json.loads(told.body)
        assert problem["status"] == told.status
        assert problem.get("detail") or problem.get("remedy") or problem["title"]
        assert len(told.body) < 8000
