import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.awaited import Awaited
from ml_connector.errors import (
    AlreadyExists,
    ConnectorError,
    NeedsData,
    NeedsHuman,
    Retryable,
)
from ml_connector.shipbob.classify import classifier, classify, retry_after_seconds
from ml_connector.shipbob.error_texts import error_text
from ml_connector.transport.call import Answer
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]


def failure(answer: Answer, *, record: str = "", **asked: str) -> ConnectorError:
    found = classify(answer, record=Awaited(record) if record else None, **asked)
    assert found is not None
    return found


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_no_failure(answer: MakeAnswer, status: int) -> None:
    assert classify(answer({"id": 1}, status)) is None
    assert classify(answer(None, status)) is None


def test_a_web_page_is_no_success(answer: MakeAnswer) -> None:
    page = failure(answer("<!doctype html><p>Sign in", 200, content_type="text/html"))

    assert isinstance(page, Retryable)
    assert page.outcome_unknown


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401])
@pytest.mark.parametrize("body", [None, "<html>login</html>", {"message": "no"}])
def test_a_refused_token_and_a_redirect_to_login_need_new_credentials(
    answer: MakeAnswer, status: int, body: object
) -> None:
    found = failure(answer(body, status, location="https://auth.shipbob.com/login?x=secret"))

    assert isinstance(found, NeedsHuman)
    assert found.cause is Cause.CREDENTIALS_INVALID
    assert "secret" not in str(found) + found.remedy


def test_a_403_names_the_scope_that_is_likely_missing(answer: MakeAnswer) -> None:
    found = failure(answer("", 403), doing="reading WRO 90311", scope="receiving_read")

    assert isinstance(found, NeedsHuman)
    assert found.cause is Cause.PERMISSION_MISSING
    assert "receiving_read" in str(found)
    assert "receiving_read" in found.remedy
    assert "WRO 90311" in str(found)


def test_a_missing_record_is_waited_for(answer: MakeAnswer) -> None:
    problem = {"type": "x", "title": "Not Found", "status": 404, "detail": "WRO not found"}
    found = failure(answer(problem, 404), doing="reading WRO 90311", record="wro:90311")

    assert isinstance(found, NeedsData)
    assert found.cause is Cause.RECORD_NOT_FOUND
    assert found.waiting_for == ("wro:90311",)
    assert str(found) == "ShipBob has no WRO 90311 (reading WRO 90311): WRO not found"


def test_a_missing_address_points_at_the_settings(answer: MakeAnswer) -> None:
    found = failure(answer("", 404), doing="listing WROs")

    assert isinstance(found, NeedsHuman)
    assert found.cause is Cause.RECORD_NOT_FOUND
    assert "api_url" in found.remedy


def test_a_404_of_a_write_that_tells_a_reason_is_a_refusal(answer: MakeAnswer) -> None:
    body = {"title": "One or more errors", "errors": {"fulfillment_center.id": ["unknown"]}}
    found = failure(answer(body, 404), doing="creating a WRO for PO4711")

    assert isinstance(found, NeedsHuman)
    assert found.cause is Cause.REFUSED_BY_SHIPBOB
    assert "fulfillment_center.id: unknown" in str(found)


def test_a_taken_reference_exists_already(
    answer: MakeAnswer, sample: Callable[[str], Any]
) -> None:
    found = failure(answer(sample("api/error_422_duplicate_order"), 422))

    assert isinstance(found, AlreadyExists)


@pytest.mark.parametrize("key", ["", "reference_id", "ReferenceId"])
@pytest.mark.parametrize("words", ["Duplicate reference id", "EXISTING REFERENCE"])
def test_a_duplicate_is_told_by_its_words_and_not_by_its_key(
    answer: MakeAnswer, key: str, words: str
) -> None:
    assert isinstance(failure(answer({key: [words]}, 422)), AlreadyExists)


def test_over_the_limit_is_waited_out(answer: MakeAnswer, sample: Callable[[str], Any]) -> None:
    found = failure(answer(sample("api/error_429"), 429, x_retry_after="25"))

    assert isinstance(found, Retryable)
    assert found.cause is Cause.RATE_LIMITED
    assert found.retry_after_seconds == 25
    assert not found.outcome_unknown


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"x_retry_after": "7", "retry_after": "9"}, {"message": "in 11 seconds"}, 7),
        ({"retry_after": "9"}, {"message": "in 11 seconds"}, 9),
        ({}, {"statusCode": 429, "message": "Try again in 11 seconds."}, 11),
        ({"x_retry_after": "soon", "retry_after": "-3"}, {"message": "in 1 second"}, 1),
        ({"x_retry_after": "1e9"}, None, 3600),
        ({"x_retry_after": "nan"}, None, None),
        ({"x_retry_after": ""}, "<html>busy</html>", None),
        ({"x_retry_after": "0"}, None, 0),
    ],
)
def test_the_wait_is_read_in_this_order(
    answer: MakeAnswer, headers: dict[str, str], body: object, seconds: float | None
) -> None:
    assert retry_after_seconds(answer(body, 429, **headers)) == seconds


def test_the_wait_may_be_a_date(answer: MakeAnswer) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = retry_after_seconds(answer(None, 503, retry_after=until))

    assert seconds is not None
    assert 3000 < seconds <= 3600


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 521, 522, 523, 524])
@pytest.mark.parametrize("body", [None, "<html>Bad gateway</html>", '"oops"', {"detail": "x"}])
def test_a_broken_server_leaves_the_outcome_open(
    answer: MakeAnswer, status: int, body: object
) -> None:
    found = failure(answer(body, status), doing="creating a WRO")

    assert isinstance(found, Retryable)
    assert found.cause is Cause.UPSTREAM_UNAVAILABLE
    assert found.outcome_unknown


def test_the_database_error_of_date_filters_passes(answer: MakeAnswer) -> None:
    found = failure(answer({"": ["An unexpected database error occurred"]}, 400))

    assert isinstance(found, Retryable)


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refusal_says_why(answer: MakeAnswer, status: int) -> None:
    body = {"ExpectedArrivalDate": ["Arrival date must be in the future"]}
    found = failure(answer(body, status), doing="creating a WRO for PO4711")

    assert isinstance(found, NeedsHuman)
    assert found.cause is Cause.REFUSED_BY_SHIPBOB
    assert str(found) == (
        "ShipBob refused creating a WRO for PO4711:"
        " ExpectedArrivalDate: Arrival date must be in the future"
    )


def test_a_refusal_without_a_reason_tells_the_status(answer: MakeAnswer) -> None:
    assert "status 418" in str(failure(answer(None, 418)))


@pytest.mark.parametrize(
    "body",
    [
        {"errors": ["WRO_UNIQUE_SKU_LIMIT_EXCEEDED"]},
        {"reason_code": "WRO_UNIQUE_SKU_LIMIT_EXCEEDED", "message": "too many"},
        {"code": "WRO_UNIQUE_SKU_LIMIT_EXCEEDED"},
    ],
)
def test_a_wro_with_too_many_skus_is_to_be_split(answer: MakeAnswer, body: object) -> None:
    found = failure(answer(body, 422))

    assert "10,000" in str(found)
    assert "Split" in found.remedy


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"quantity": ["must be positive", "is odd"]},
            "quantity: must be positive; quantity: is odd",
        ),
        ({"": ["Cannot do it"]}, "Cannot do it"),
        ({"errors": ["one", "two"]}, "one; two"),
        ({"title": "Bad", "status": 400, "detail": "No such thing", "type": "t"}, "No such thing"),
        ({"title": "Invalid", "errors": {"ids": ["empty"]}, "status": 404}, "ids: empty; Invalid"),
        ({"message": "m", "details": None, "errors": ["e"], "stackTrace": "at X"}, "e; m"),
        ({"code": "NOT_FOUND", "message": "no shipment"}, "NOT_FOUND; no shipment"),
        ('"bare text"', "bare text"),
        ({"$type": "X", "status_code": 422, "value": "bad topic"}, "bad topic"),
        ({"$type": "X", "status_code": 422, "value": {"topics": ["bad"]}}, "topics: bad"),
        ({"statusCode": 429, "message": "Slow down"}, "Slow down"),
        ({"stack_trace": "at X", "$type": "Y"}, ""),
        ({"stackTrace": "at X"}, ""),
        ("<html>502</html>", ""),
        ("not json", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_every_shape_of_error_becomes_a_short_text(
    answer: MakeAnswer, body: object, text: str
) -> None:
    assert error_text(answer(body, 422)) == text


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ({"message": "pat@example.test is unknown"}, "pat@"),
        ({"recipient.address.address1": ["'100 N Racine Ave' is no address"]}, "Racine"),
        ({"PhoneNumber": ["+1 312 555 0100 is bad"]}, "312"),
        ({"message": "Bearer abc.def is expired"}, "abc"),
        ({"message": "token eyJ" + "a" * 60}, "aaaa"),
        ({"message": "see https://auth.shipbob.com/x?code=1"}, "code"),
        ({"message": "whsec_c2VjcmV0 is short"}, "c2Vj"),
    ],
)
def test_a_text_never_holds_a_token_or_a_person(
    answer: MakeAnswer, body: object, hidden: str
) -> None:
    found = failure(answer(body, 422))

    assert hidden not in str(found) + found.remedy


@given(st.binary(max_size=200), st.integers(100, 599), st.text(max_size=10))
def test_any_answer_at_all_is_classified(body: bytes, status: int, retry_after: str) -> None:
    headers = {"x-retry-after": retry_after, "retry-after": retry_after}
    answer = Answer(status=status, headers=headers, body=body, seconds=0)
    found = classify(answer)

    assert found is None or len(str(found)) < 300
    assert (found is None) <= (200 <= status < 300)


@given(
    st.recursive(
        st.none() | st.text(max_size=300), lambda i: st.lists(i) | st.dictionaries(st.text(), i)
    )
)
def test_a_text_is_never_long(body: object) -> None:
    raw = json.dumps(body).encode()

    assert len(error_text(Answer(status=422, headers={}, body=raw, seconds=0))) <= 200


def test_a_classifier_knows_what_was_asked(answer: MakeAnswer) -> None:
    found = classifier(doing="reading WRO 5", scope="receiving_read", record=Awaited("wro:5"))(
        answer("", 404)
    )

    assert isinstance(found, NeedsData)
    assert found.waiting_for == ("wro:5",)
