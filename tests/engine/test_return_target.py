"""Returns in NetSuite: making, finding again and comparing, over HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from ml_connector.engine.settle.netsuite_target import NetSuiteTarget
from ml_connector.errors import AlreadyExists, NeedsHuman
from ml_connector.flows.returns.documents import (
    ReturnBooking,
    ReturnedUnits,
    item_receipt,
    return_authorization,
)
from ml_connector.flows.returns.facts import Authorization, AuthorizedLine, Sale, SoldLine, Unit
from ml_connector.ledger.postings.documents import Document
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.client import NetSuite
from ml_connector.rules.facts import ItemFact
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.tokens import Token

RECORD = "/services/rest/record/v1"
QUERY = "/services/rest/query/v1/suiteql"
DAY = date(2026, 11, 24)
BOOKING = ReturnBooking(return_id=88, reference="RMA-1", fact_date=DAY, date=DAY)

UNIT = Unit(inventory_id=1, sku="TEE", action="restock", quantity=2)
PART = ReturnedUnits(unit=UNIT, item=ItemFact(id="501", name="TEE"), location="6", quantity=2)
AUTHORIZED = Authorization(
    id="901",
    number="RMA-1",
    status="B",
    lines=(AuthorizedLine(line=1, item_id="501", authorized=2, open_quantity=2),),
)
RECEIPT = item_receipt(BOOKING, 1, AUTHORIZED, [1], {1: [PART]})
SALE = Sale(
    id="766",
    number="SO-1",
    status="F",
    lines=(SoldLine(line=4, item_id="501", fulfilled=2, unfulfilled=0),),
)
AUTHORIZATION = return_authorization(BOOKING, SALE, {4: 2})


class Auth:
    """Gives out one token."""

    async def token(self) -> Token:
        now = datetime(2026, 11, 20, 9, tzinfo=UTC)
        return Token(
            access=Secret("token"),
            expires_at=now + timedelta(hours=1),
            refresh=None,
            previous_refresh=None,
            version=1,
            obtained_at=now,
        )

    async def renewed(self, refused: Token) -> Token:
        return refused


@pytest.fixture
async def target(httpserver: HTTPServer) -> AsyncIterator[NetSuiteTarget]:
    account = Account.of("1234567_SB1", base_url=httpserver.url_for("").rstrip("/"))
    # No call here names a limit, so nothing is asked of the database.
    limits = Limits(Database("postgresql://127.0.0.1:1/none"), holder="test")
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        yield NetSuiteTarget(NetSuite(transport, "acme", account, Auth(), ""))


Says = Callable[..., None]


@pytest.fixture
def says(httpserver: HTTPServer) -> Says:
    """Lets NetSuite have this record, or none, under the external id of a document.

    And other records, by internal id, whose memo has our tag.
    """

    def say(document: Document, record: dict[str, Any] | None, *others: dict[str, Any]) -> None:
        path = f"{RECORD}/{document.kind}/eid:{document.external_id}"
        missing = {"o:errorDetails": [{"detail": "No.", "o:errorCode": "NONEXISTENT_ID"}]}
        httpserver.expect_request(path).respond_with_json(
            record or missing, 200 if record else 404
        )
        tag = f"[{document.external_id}]"
        rows = [{"id": one["id"], "memo": f"ShipBob {tag}"} for one in others]
        httpserver.expect_request(QUERY).respond_with_json(
            {"items": rows, "hasMore": False, "offset": 0, "totalResults": len(rows)}
        )
        for other in others:
            path = f"{RECORD}/{document.kind}/{other['id']}"
            httpserver.expect_request(path).respond_with_json(other)

    return say


def refuse(httpserver: HTTPServer, path: str, text: str) -> None:
    details = {"o:errorDetails": [{"detail": text, "o:errorCode": "USER_ERROR"}]}
    httpserver.expect_request(path).respond_with_json(details, 400)


TO_RECEIPT = f"{RECORD}/returnAuthorization/901/!transform/itemReceipt"
TOO_MANY = "The quantity received exceeds the quantity remaining on the order."


async def test_a_refused_transform_whose_record_is_there_exists_already(
    httpserver: HTTPServer, target: NetSuiteTarget, says: Says
) -> None:
    refuse(httpserver, TO_RECEIPT, TOO_MANY)
    says(RECEIPT, {"id": "5003", "externalId": RECEIPT.external_id})

    with pytest.raises(AlreadyExists):
        await target.write(RECEIPT, send_by=float("inf"))


async def test_a_refused_transform_whose_record_is_not_there_is_refused(
    httpserver: HTTPServer, target: NetSuiteTarget, says: Says
) -> None:
    refuse(httpserver, TO_RECEIPT, TOO_MANY)
    says(RECEIPT, None)

    with pytest.raises(NeedsHuman, match="exceeds"):
        await target.write(RECEIPT, send_by=float("inf"))


NOTHING_LEFT = "You have an invalid return authorization 901 or the order is already closed."


@pytest.mark.parametrize("first", [True, False])
async def test_an_order_that_others_completed_is_a_refusal_and_leaves_nothing_in_doubt(
    httpserver: HTTPServer, target: NetSuiteTarget, says: Says, *, first: bool
) -> None:
    refuse(httpserver, TO_RECEIPT, NOTHING_LEFT)
    says(RECEIPT, None)

    with pytest.raises(NeedsHuman, match="no open line"):
        await target.write(RECEIPT, send_by=float("inf"), first=first)


async def test_an_order_that_our_lost_books_completed_has_the_record(
    httpserver: HTTPServer, target: NetSuiteTarget, says: Says
) -> None:
    refuse(httpserver, TO_RECEIPT, NOTHING_LEFT)
    says(RECEIPT, {"id": "5003", "externalId": RECEIPT.external_id})

    with pytest.raises(AlreadyExists):
        await target.write(RECEIPT, send_by=float("inf"))


async def test_an_authorization_is_made_with_only_its_lines(
    httpserver: HTTPServer, target: NetSuiteTarget
) -> None:
    path = f"{RECORD}/salesOrder/766/!transform/returnAuthorization"
    location = httpserver.url_for(f"{RECORD}/returnAuthorization/901")
    httpserver.expect_request(path, query_string="replace=item").respond_with_data(
        "", 204, headers={"Location": location}
    )
    written = await target.write(AUTHORIZATION, send_by=float("inf"))
    [(request, _)] = httpserver.log

    assert written.remote_id == "901"
    assert json.loads(request.data) == {
        "externalId": "mlc-ra-88",
        "tranDate": "2026-11-24",
        "memo": "ShipBob return 88 (RMA-1) [mlc-ra-88]",
        "orderStatus": {"id": "B"},
        "item": {"items": [{"orderLine": 4, "quantity": 2}]},
    }


@pytest.mark.parametrize(
    ("lines", "differs"),
    [
        ([{"line": 1, "item": {"id": "501"}, "quantity": 2.0}], False),
        ([{"line": 9, "quantity": -2}], False),
        ([{"line": 1, "quantity": 1}], True),
        ([{"line": 1, "quantity": 2}, {"line": 2, "quantity": 1}], True),
    ],
)
async def test_an_authorization_is_compared_by_the_quantities_of_its_lines(
    target: NetSuiteTarget,
    says: Says,
    lines: list[dict[str, Any]],
    differs: bool,  # noqa: FBT001 - drawn
) -> None:
    says(
        AUTHORIZATION,
        {"id": "901", "createdFrom": {"id": "766"}, "item": {"items": lines}},
    )
    found = await target.find(AUTHORIZATION)

    assert found is not None
    assert bool(found.differs) == differs


async def test_an_authorization_of_another_order_is_not_what_was_meant(
    target: NetSuiteTarget, says: Says
) -> None:
    says(AUTHORIZATION, {"id": "901", "createdFrom": {"id": "767"}})
    found = await target.find(AUTHORIZATION)

    assert found is not None
    assert "767" in found.differs


OURS = {
    "id": "901",
    "createdFrom": {"id": "766"},
    "item": {"items": [{"line": 1, "quantity": 2}]},
}
ANOTHERS = {**OURS, "externalId": "SOMEBODY-1"}
LATER = {**OURS, "id": "1004"}


@pytest.mark.parametrize(
    ("tagged", "found"),
    [
        ([OURS], "901"),
        ([LATER, OURS], "901"),  # a person has copied it
        ([ANOTHERS, LATER], "1004"),
        ([ANOTHERS], None),
        ([], None),
    ],
)
async def test_what_kept_no_external_id_is_found_by_its_memo_and_compared(
    httpserver: HTTPServer,
    target: NetSuiteTarget,
    says: Says,
    tagged: list[dict[str, Any]],
    found: str | None,
) -> None:
    says(AUTHORIZATION, None, *tagged)
    written = await target.find(AUTHORIZATION)
    [asked] = [json.loads(request.data) for request, _ in httpserver.log if request.path == QUERY]

    assert (written and written.remote_id, written and written.differs) == (found, found and "")
    assert asked["params"] == ["RtnAuth", "766", "%[mlc-ra-88]%"]


async def test_what_is_known_by_its_memo_and_says_otherwise_is_not_what_was_meant(
    target: NetSuiteTarget, says: Says
) -> None:
    lines = {"items": [{"line": 1, "quantity": 1}]}
    says(AUTHORIZATION, None, {**OURS, "item": lines})
    written = await target.find(AUTHORIZATION)

    assert written is not None
    assert "1" in written.differs


def test_documents_are_kept_and_read_again_unchanged() -> None:
    for document in (RECEIPT, AUTHORIZATION):
        again = msgspec.json.decode(document.encoded(), type=Document)

        assert again.encoded() == document.encoded()
