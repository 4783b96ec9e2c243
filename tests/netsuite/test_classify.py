import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.errors import AlreadyExists, ConnectorError, NeedsHuman, Retryable
from ml_connector.netsuite.classify import (
    NothingLeft,
    RecordNotFound,
    TokenRefused,
    UnknownIdentifier,
    classify,
    retry_after_seconds,
)
from ml_connector.transport.call import Answer
from ml_connector.words import Cause


def answer(status: int, body: object = None, headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Answer(status=status, headers=headers or {}, body=raw, seconds=0.1)


def user_error(
    text: str, *, status: int = 400, code: str = "USER_ERROR", path: str = ""
) -> Answer:
    detail = {"detail": text, "o:errorCode": code}
    if path:
        detail["o:errorPath"] = path
    return answer(status, {"status": status, "o:errorDetails": [detail]})


def failure_of(given: Answer) -> ConnectorError:
    failure = classify(given)
    assert failure is not None
    return failure


EXPECTED: dict[str, tuple[type[ConnectorError], Cause, bool]] = {
    "invalid_reference_docs": (NeedsHuman, Cause.REFUSED_BY_NETSUITE, False),
    "not_found_docs": (RecordNotFound, Cause.RECORD_NOT_FOUND, False),
    "not_found_newer": (RecordNotFound, Cause.RECORD_NOT_FOUND, False),
    "invalid_request_docs": (NeedsHuman, Cause.BUG, False),
    "concurrency_429_docs": (Retryable, Cause.RATE_LIMITED, False),
    "concurrency_400_public": (Retryable, Cause.RATE_LIMITED, False),
    "system_error_docs": (Retryable, Cause.UPSTREAM_UNAVAILABLE, True),
    "idempotency_conflict_docs": (Retryable, Cause.OUTCOME_UNKNOWN, True),
    "duplicate_external_id_transaction": (AlreadyExists, Cause.REFUSED_BY_NETSUITE, False),
    "duplicate_entity": (AlreadyExists, Cause.REFUSED_BY_NETSUITE, False),
    "permission_disguised": (NeedsHuman, Cause.PERMISSION_MISSING, False),
    "missing_value": (NeedsHuman, Cause.REFUSED_BY_NETSUITE, False),
}


def samples(reference: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((reference / f"netsuite/samples/{name}.json").read_text())
    return {key: value for key, value in loaded.items() if not key.startswith("_")}


def test_every_error_of_the_reference_has_an_expectation(reference: Path) -> None:
    assert set(samples(reference, "errors")) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_errors_of_the_reference(reference: Path, name: str) -> None:
    sample = samples(reference, "errors")[name]
    headers = {key.lower(): value for key, value in sample.get("headers", {}).items()}
    kind, cause, unknown = EXPECTED[name]

    failure = failure_of(answer(sample["status"], sample["body"], headers))

    assert type(failure) is kind
    assert failure.cause is cause
    assert getattr(failure, "outcome_unknown", False) is unknown


def test_a_refused_token_of_the_reference(reference: Path) -> None:
    auth = samples(reference, "auth")
    rejected = auth["bearer_rejected"]["response"]
    malformed = auth["bearer_malformed"]["response"]
    lower = {k.lower(): v for k, v in malformed["headers"].items()}

    assert type(failure_of(answer(401, rejected["body"]))) is TokenRefused
    assert type(failure_of(answer(401))) is TokenRefused
    assert type(failure_of(answer(400, None, lower))) is TokenRefused


@pytest.mark.parametrize("code", ["INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT"])
def test_a_failed_login_is_known_by_its_code(code: str) -> None:
    failure = failure_of(user_error("Invalid login attempt.", code=code))

    assert type(failure) is TokenRefused


@pytest.mark.parametrize(
    ("name", "identifier", "kind"),
    [
        ("error_unknown_column", "subsidiary", "column"),
        ("error_unknown_table", "transactiontablethatdoesnotexist", "table"),
    ],
)
def test_query_errors_of_the_reference(
    reference: Path, name: str, identifier: str, kind: str
) -> None:
    sample = samples(reference, "suiteql")[name]["response"]

    failure = failure_of(answer(sample["status"], sample["body"]))

    assert isinstance(failure, UnknownIdentifier)
    assert (failure.identifier, failure.kind) == (identifier, kind)
    assert failure.cause is Cause.PERMISSION_MISSING


def test_a_table_hidden_from_the_role_in_its_other_wording() -> None:
    text = "Invalid search query. Search error occurred: Record 'Subsidiary' was not found."

    failure = failure_of(user_error(text, code="INVALID_PARAMETER"))

    assert isinstance(failure, UnknownIdentifier)
    assert (failure.identifier, failure.kind) == ("subsidiary", "table")


def test_an_unknown_column_is_named_without_its_alias() -> None:
    text = "Search error occurred: Unknown identifier 'L.UNITS'. Available identifiers are: {l=l}."

    failure = failure_of(user_error(text, code="INVALID_PARAMETER"))

    assert isinstance(failure, UnknownIdentifier)
    assert failure.identifier == "units"


def test_any_other_trouble_with_a_query_is_our_fault() -> None:
    text = "Invalid search query. Detailed unprocessed description follows. Syntax error at 3."

    failure = failure_of(user_error(text, code="INVALID_PARAMETER"))

    assert failure.cause is Cause.BUG
    assert str(failure) == "NetSuite did not accept a query: Syntax error at 3."


@pytest.mark.parametrize(
    "text",
    [
        "Your current role does not have permission to perform this action.",
        "You do not have permission to view this record.",
        "Permission Violation: You need the 'Transactions -> Receive Order' permission.",
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_both_faces_of_a_missing_permission(status: int, text: str) -> None:
    failure = failure_of(user_error(text, status=status))

    assert type(failure) is NeedsHuman
    assert failure.cause is Cause.PERMISSION_MISSING
    assert text.rstrip(".") in str(failure)


def test_a_missing_permission_by_its_code() -> None:
    failure = failure_of(user_error("Nope.", code="INSUFFICIENT_PERMISSION", status=403))

    assert failure.cause is Cause.PERMISSION_MISSING


def test_forbidden_without_a_body_is_a_missing_permission() -> None:
    assert failure_of(answer(403)).cause is Cause.PERMISSION_MISSING


@pytest.mark.parametrize(
    "text",
    [
        "The posting period for this date is closed.",
        "You cannot create this transaction: the accounting period is locked.",
        "The transaction date you specified is not within the date range of your period.",
        (
            "The transaction date is not within an open accounting period. One or more fields on"
            " this transaction can trigger inventory costing calculations in a closed period."
        ),
        "The period 'Nov 2026' has been closed.",
        (
            "You have entered an Invalid Field Value 44 for the following field: postingPeriod."
            " The posting period is closed."
        ),
    ],
)
def test_a_closed_period_is_known_by_its_words(text: str) -> None:
    failure = failure_of(user_error(f"Error while accessing a resource. {text}"))

    assert type(failure) is NeedsHuman
    assert failure.cause is Cause.PERIOD_CLOSED
    assert text in str(failure)
    assert "next-open" in failure.remedy


@pytest.mark.parametrize(
    "text",
    [
        "You have entered an Invalid Field Value Grace Period Tee for the following field: item",
        "Item 'Closed Period Poster' is inactive.",
        'The quantity of "Posting Period Calendar" exceeds what is open on the order.',
        "The item Open Period Tee can't be received at this location.",
    ],
)
def test_an_item_that_is_called_after_a_period_closes_none(text: str) -> None:
    failure = failure_of(user_error(text, path="item.items[0].item"))

    assert failure.cause is Cause.REFUSED_BY_NETSUITE


@pytest.mark.parametrize("reason", ["REMOVED - Field is removed", "NOT_EXPOSED - Not exposed"])
def test_a_missing_column_in_its_other_wording_means_the_column(reason: str) -> None:
    text = (
        "Invalid search query. Search error occurred: Field 'units' for record"
        f" 'transactionLine' was not found. Reason: {reason}"
    )

    failure = failure_of(user_error(text, code="INVALID_PARAMETER"))

    assert isinstance(failure, UnknownIdentifier)
    assert (failure.identifier, failure.kind) == ("units", "column")


@pytest.mark.parametrize(
    "text",
    [
        (
            "You are either trying to access a field on a non-existent line or you are trying to"
            " add or remove lines from a static sublist."
        ),
        "You cannot add or remove lines of the static sublist item.",
    ],
)
def test_a_static_sublist_comes_with_advice(text: str) -> None:
    failure = failure_of(user_error(text))

    assert failure.cause is Cause.REFUSED_BY_NETSUITE
    assert "bins" in failure.remedy


def test_a_mandatory_period_is_not_a_closed_one() -> None:
    failure = failure_of(user_error("Please enter value(s) for: Posting Period"))

    assert failure.cause is Cause.REFUSED_BY_NETSUITE


def test_a_refusal_says_what_netsuite_said_and_where() -> None:
    text = (
        "Error while accessing a resource. You have entered an Invalid Field Value 9999"
        " for the following field: item"
    )

    failure = failure_of(user_error(text, path="item.items[0].item"))

    assert str(failure) == (
        "NetSuite refused it: You have entered an Invalid Field Value 9999"
        " for the following field: item (field item.items[0].item)"
    )
    assert "mapping" in failure.remedy


def test_a_document_locked_by_a_workflow_says_so() -> None:
    failure = failure_of(user_error("This record is locked by a user defined workflow."))

    assert failure.cause is Cause.REFUSED_BY_NETSUITE
    assert "workflow" in failure.remedy


@pytest.mark.parametrize(
    "text",
    [
        "You must have at least one valid line item for this transaction.",
        "You have an invalid sales order 766 or the order is already closed.",
    ],
)
def test_a_transform_without_open_lines_is_told_apart(text: str) -> None:
    failure = failure_of(user_error(text))

    assert type(failure) is NothingLeft


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Record has been changed", "USER_ERROR"),
        ("Try again", "RCRD_HAS_BEEN_CHANGED"),
    ],
)
def test_a_record_changed_meanwhile_is_tried_again(text: str, code: str) -> None:
    failure = failure_of(user_error(text, code=code))

    assert isinstance(failure, Retryable)
    assert not failure.outcome_unknown


def test_all_details_are_told() -> None:
    body = {
        "o:errorDetails": [
            {"detail": "First.", "o:errorCode": "USER_ERROR"},
            {"detail": "Second.", "o:errorCode": "USER_ERROR", "o:errorPath": "memo"},
        ]
    }

    assert str(failure_of(answer(400, body))) == (
        "NetSuite refused it: First. / Second. (field memo)"
    )


def test_the_deciding_detail_need_not_be_the_first() -> None:
    body = {
        "o:errorDetails": [
            {"detail": "Something.", "o:errorCode": "USER_ERROR"},
            {"detail": "This record already exists.", "o:errorCode": "USER_ERROR"},
        ]
    }

    assert isinstance(classify(answer(400, body)), AlreadyExists)


def test_an_error_object_without_details_is_read_too() -> None:
    failure = failure_of(answer(400, {"o:errorCode": "USER_ERROR", "detail": "Odd."}))

    assert str(failure) == "NetSuite refused it: Odd."


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_system_error_leaves_the_outcome_unknown(status: int) -> None:
    failure = failure_of(answer(status, b"<html><body>Bad gateway</body></html>"))

    assert isinstance(failure, Retryable)
    assert failure.outcome_unknown
    assert failure.cause is Cause.UPSTREAM_UNAVAILABLE


def test_the_error_id_is_kept_for_support(reference: Path) -> None:
    sample = samples(reference, "errors")["system_error_docs"]

    assert "jrgbpyylphhishmmlxyt" in str(failure_of(answer(500, sample["body"])))


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_a_page_in_html_proves_nothing(status: int) -> None:
    failure = failure_of(answer(status, b"\n <!DOCTYPE html><html>Maintenance</html>"))

    assert isinstance(failure, Retryable)
    assert failure.outcome_unknown


def test_not_found_without_netsuites_word_is_not_believed() -> None:
    failure = failure_of(answer(404, b"no route"))

    assert isinstance(failure, Retryable)


def test_an_unknown_path_is_our_fault() -> None:
    failure = failure_of(
        user_error("Record type 'x' does not exist.", status=404, code="INVALID_REQUEST")
    )

    assert failure.cause is Cause.BUG


@pytest.mark.parametrize(
    "page", ["https://system.netsuite.com/pages/customerlogin.jsp", "/app/Login?redirect=x"]
)
def test_a_redirect_to_a_page_of_sign_in_is_a_refused_token(page: str) -> None:
    failure = failure_of(answer(302, None, {"location": page}))

    assert isinstance(failure, TokenRefused)
    assert page not in str(failure)


def test_a_redirect_points_at_the_address() -> None:
    failure = failure_of(answer(302, None, {"location": "https://evil.example/"}))

    assert isinstance(failure, NeedsHuman)
    assert "base_url" in failure.remedy
    assert "evil" not in str(failure)


@pytest.mark.parametrize("status", [200, 204])
def test_success_is_no_failure(status: int) -> None:
    assert classify(answer(status)) is None


def test_a_business_error_of_a_server_that_broke_down_is_not_believed() -> None:
    failure = failure_of(user_error("This record already exists.", status=500))

    assert isinstance(failure, Retryable)
    assert failure.outcome_unknown


def test_sentences_hold_no_people_and_no_tokens() -> None:
    text = "User jane.doe@example.com with eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln may not."

    shown = str(failure_of(user_error(text)))

    assert "jane" not in shown
    assert "eyJ" not in shown


def test_a_sentence_is_never_a_whole_body() -> None:
    assert len(str(failure_of(user_error("x " * 100_000)))) < 600


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("Fri, 20 Nov 2026 09:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 08:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
        ("9" * 50, None),
    ],
)
def test_retry_after_is_honoured_if_it_comes(value: str, expected: float | None) -> None:
    given_answer = answer(429, None, {"retry-after": value})

    asked = retry_after_seconds(given_answer, now=datetime(2026, 11, 20, 9, tzinfo=UTC))

    assert asked == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["o:errorDetails", "o:errorCode", "detail", "o:errorPath", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()),
    header=st.text(max_size=40),
)
def test_whatever_comes_is_classified(status: int, body: bytes, header: str) -> None:
    headers = {"retry-after": header, "www-authenticate": header}

    failure = classify(answer(status, body, headers))

    assert failure is None or isinstance(failure, ConnectorError)
    assert (failure is None) <= (200 <= status < 300)
