import pytest
from pytest_httpserver import HTTPServer

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import TokenRefused
from ml_connector.netsuite.session import FreshRefusals, NetSuiteSession
from ml_connector.transport import elapsed
from ml_connector.transport.call import Call, Patience
from ml_connector.vault.tokens import Token
from ml_connector.words import Cause

PATH = "/services/rest/record/v1/itemReceipt"
REFUSED = {
    "o:errorDetails": [{"detail": "Invalid login attempt.", "o:errorCode": "INVALID_LOGIN"}]
}


@pytest.fixture
def call(session: NetSuiteSession, account: Account) -> Call:
    return session.call(
        "itemReceipt.create", "POST", account.record_url("itemReceipt"), body=b"{}"
    )


def bearers(httpserver: HTTPServer) -> list[str]:
    return [request.headers["Authorization"] for request, _ in httpserver.log]


def test_a_call_carries_no_token_until_it_is_sent(call: Call) -> None:
    assert call.connection == "acme"
    assert call.system == "netsuite"
    assert call.headers == {"Accept": "application/json"}
    assert call.patience is Patience.READ
    assert not call.repeatable


async def test_a_call_is_sent_with_the_token(
    httpserver: HTTPServer, session: NetSuiteSession, call: Call
) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_data("", status=204)

    answer = await session.send(call)

    assert answer.status == 204
    assert bearers(httpserver) == ["Bearer token-1"]


async def test_a_refused_token_is_renewed_and_the_call_sent_once_more(
    httpserver: HTTPServer, session: NetSuiteSession, call: Call, renewals: list[Token]
) -> None:
    httpserver.expect_ordered_request(PATH).respond_with_json(REFUSED, status=401)
    httpserver.expect_ordered_request(PATH).respond_with_data("", status=204)

    answer = await session.send(call)

    assert answer.status == 204
    assert bearers(httpserver) == ["Bearer token-1", "Bearer token-2"]
    assert [token.version for token in renewals] == [1]


async def test_the_first_refusal_of_a_fresh_token_counts_as_an_overload(
    httpserver: HTTPServer, session: NetSuiteSession, call: Call
) -> None:
    httpserver.expect_request(PATH).respond_with_json(REFUSED, status=401)

    with pytest.raises(Retryable) as caught:
        await session.send(call)

    assert caught.value.cause is Cause.RATE_LIMITED
    assert not caught.value.outcome_unknown
    assert caught.value.retry_after_seconds == 10
    assert len(httpserver.log) == 2


async def test_the_second_refusal_in_a_row_means_invalid_credentials(
    httpserver: HTTPServer, session: NetSuiteSession, call: Call, now: list[float]
) -> None:
    httpserver.expect_request(PATH).respond_with_json(REFUSED, status=401)

    with pytest.raises(Retryable):
        await session.send(call)
    now[0] += 10
    with pytest.raises(TokenRefused) as caught:
        await session.send(call)

    assert isinstance(caught.value, NeedsHuman)
    assert caught.value.cause is Cause.CREDENTIALS_INVALID
    assert "Login Audit Trail" in caught.value.remedy


async def test_an_accepted_token_in_between_begins_the_count_anew(
    httpserver: HTTPServer, session: NetSuiteSession, call: Call, now: list[float]
) -> None:
    for _ in range(2):
        httpserver.expect_ordered_request(PATH).respond_with_json(REFUSED, status=401)
    # A refusal for any other reason shows too that the token was accepted.
    httpserver.expect_ordered_request(PATH).respond_with_json(
        {"o:errorDetails": [{"detail": "No.", "o:errorCode": "USER_ERROR"}]}, status=400
    )
    for _ in range(2):
        httpserver.expect_ordered_request(PATH).respond_with_json(REFUSED, status=401)

    with pytest.raises(Retryable):
        await session.send(call)
    now[0] += 10
    with pytest.raises(NeedsHuman, match="refused it"):
        await session.send(call)
    now[0] += 10
    with pytest.raises(Retryable) as caught:
        await session.send(call)

    assert caught.value.cause is Cause.RATE_LIMITED


async def test_a_call_that_is_too_late_is_not_sent(
    httpserver: HTTPServer, session: NetSuiteSession, account: Account
) -> None:
    call = session.call(
        "itemReceipt.create",
        "POST",
        account.record_url("itemReceipt"),
        send_by=elapsed.seconds() - 1,
    )

    with pytest.raises(Retryable) as caught:
        await session.send(call)

    assert not caught.value.outcome_unknown
    assert not httpserver.log


def test_refusals_at_the_same_moment_are_one_overload() -> None:
    refusals = FreshRefusals()

    verdicts = [refusals.refused(100.0 + late) for late in (0.0, 0.1, 4.9)]

    assert verdicts == [False, False, False]


def test_refusals_that_go_on_are_invalid_credentials() -> None:
    refusals = FreshRefusals()

    verdicts = [refusals.refused(now) for now in (100.0, 110.0, 165.0)]

    assert verdicts == [False, True, True]


def test_a_quiet_minute_begins_the_count_anew() -> None:
    refusals = FreshRefusals()

    verdicts = [refusals.refused(now) for now in (100.0, 161.0, 171.0)]

    assert verdicts == [False, False, True]
