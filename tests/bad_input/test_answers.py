"""Answers of both systems that are no answers: each is one of our failures, and none is a bug."""

import asyncio
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from bad_input.corpus import Case, as_bytes, cases
from ml_connector.errors import ConnectorError
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.session import NetSuiteSession
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.billing import Transaction
from ml_connector.shipbob.session import Request, ShipBobSession
from ml_connector.transport.call import Answer
from netsuite.conftest import CountedAuth
from shipbob.conftest import API_URL, Renewable, Script

WRO = Request(operation="test", doing="reading WRO 7", path="/receiving/7", scope="receiving_read")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row as NetSuite's queries have them."""

    id: int
    amount: Decimal | None = None
    trandate: date | None = None


async def asked(of: str, answer: Answer) -> object:
    """Ask one system what a case is about."""
    script = Script([answer] * 3)
    if of == "rows":
        session = NetSuiteSession(script, CountedAuth([]), connection="acme", limit_key="")
        queries = SuiteQL(session, Account.of("1234567"))
        return await queries.rows("SELECT id FROM transaction ORDER BY id", type=Row)
    shipbob = ShipBobSession(
        script, "acme", api_url=API_URL, version="2026-07", auth=Renewable(), limit_key=""
    )
    if of == "list":
        return await shipbob.listed(WRO, Wro)
    return await shipbob.one(WRO, Transaction if of == "charge" else Wro)


@pytest.mark.parametrize("case", cases("answers"), ids=str)
def test_an_answer_that_is_none_is_a_failure_of_its_kind(case: Case) -> None:
    answer = Answer(
        status=case.given.get("status", 200),
        headers={"content-type": "application/json", **case.given.get("headers", {})},
        body=as_bytes(case.given["body"]),
        seconds=0.01,
    )
    failure = None
    try:
        asyncio.run(asked(case.given["of"], answer))
    except ConnectorError as error:
        failure = error

    assert case.given["fails"] in [one.__name__ for one in type(failure).__mro__] + [""]
    assert (failure is None) == (case.given["fails"] == "")
    assert failure is None or len(str(failure)) < 1000
