"""What an answer of NetSuite means: the only place where its status codes are read.

What the token endpoint's own words of refusal mean is in ``sign_in/oauth.py``.

The rules are those of netsuite.md sections 9.2 and 10.2. Business errors are all ``400``
with ``USER_ERROR``, and only the text tells them apart; the text is in the language of
the integration user, which therefore must be English (US).
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Literal

from ml_connector.errors import AlreadyExists, ConnectorError, NeedsHuman, Retryable
from ml_connector.netsuite.problem import Detail, NetSuiteProblem, error_id, problem
from ml_connector.transport.call import Answer
from ml_connector.words import Cause


class RecordNotFound(NeedsHuman):
    """There is no such record. For a look-up by external id: not written yet."""


class TokenRefused(NeedsHuman):
    """The access token was not accepted. Nothing was done.

    NetSuite may answer this also when there are too many calls at the same time; see
    ``session.FreshRefusals``.
    """


class NothingLeft(NeedsHuman):
    """A transform found no open line: the order is received or shipped in full already.

    Netsuite.md sections 7.4 and 16.4: our own earlier attempt may be the reason, so look that up
    first.
    """


class UnknownIdentifier(NeedsHuman):
    """A query names a column or table that this account or role does not have.

    A misspelt name gives the same answer (netsuite.md section 4.5).

    Attributes:
        identifier: in lower case, without its alias.
    """

    def __init__(self, identifier: str, kind: Literal["column", "table"]) -> None:
        super().__init__(
            f"NetSuite does not know the {kind} {identifier!r}, or the integration role may"
            " not see it",
            cause=Cause.PERMISSION_MISSING,
            remedy="Compare the role's permissions and the account's features with the set-up"
            " guide. When both are right, report it as a fault of this software.",
        )
        self.identifier = identifier
        self.kind = kind


class QueryRefused(NeedsHuman):
    """A query was not accepted, and the sentence is none that is known.

    It may be in the integration user's language (netsuite.md section 9.2).

    Attributes:
        named: what the sentence quotes, or its last word; in lower case.
    """

    def __init__(self, detail: Detail) -> None:
        super().__init__(
            f"NetSuite did not accept a query: {detail.sentence}",
            cause=Cause.BUG,
            remedy="Report it as a fault of this software, with the text above. If it is not in"
            " English, set the integration user's language to English (US) first.",
        )
        self.named = _names_in(detail.text)


_TOKEN_CODES: Final = frozenset({"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT"})
_MISSING_CODE: Final = "NONEXISTENT_ID"

_CONCURRENCY: Final = re.compile(r"concurrent request limit exceeded", re.IGNORECASE)
_NOT_FOUND: Final = re.compile(r"^(Record|The record instance) does not exist\b", re.IGNORECASE)
_EXISTS: Final = re.compile(r"\bthis (record|entity) already exists\b", re.IGNORECASE)
_PERMISSION: Final = re.compile(
    r"does not have permission|do not have permission|permission violation", re.IGNORECASE
)
_CHANGED: Final = re.compile(r"\brecord has been changed\b", re.IGNORECASE)
_NOTHING_LEFT: Final = re.compile(
    r"at least one valid line item|\bthe order is already closed\b", re.IGNORECASE
)
_MANDATORY: Final = re.compile(
    r"please enter value\(?s?\)? for|you must enter a value for", re.IGNORECASE
)
_STATIC: Final = re.compile(
    r"\bstatic sublist\b|access a field on a non-existent line", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”")  # names, which hold any word
_PERIOD: Final = re.compile(
    r"\b(accounting|posting) periods?\b"
    r"|\bperiods?\b[^.]{0,60}\b(is|are|was|been|not)\b[^.]{0,20}\b(closed|locked|open)\b"
    r"|\bin an? (closed|locked) period\b"
    r"|\bdate range of your period\b",
    re.IGNORECASE,
)
_PERIOD_FIELD: Final = re.compile(
    r"following field: (posting ?|accounting ?)?period", re.IGNORECASE
)
_WORKFLOW: Final = re.compile(r"locked by a user defined workflow", re.IGNORECASE)
_BAD_VALUE: Final = re.compile(r"invalid field value|invalid .{0,40}reference key", re.IGNORECASE)
_COLUMN: Final = re.compile(
    r"unknown identifier '([^']{1,100})'"
    r"|field '([^']{1,100})' for record '[^']{0,100}' was not found",
    re.IGNORECASE,
)
_TABLE: Final = re.compile(
    r"invalid search type: ([\w.]{1,100}?)\.?(?:\s|$)|record '([^']{1,100})' was not found",
    re.IGNORECASE,
)

_NAME: Final = re.compile(
    r"['\"\u2018\u201c\u201e\u00ab]([a-z_][\w.]{1,99})['\"\u2019\u201c\u201d\u00bb]"
)
_LAST_WORD: Final = re.compile(r"\b([a-z_]\w{1,99})[.\s]*$")
_LISTED: Final = re.compile(r"\{.*\}", re.DOTALL)

_MANDATORY_REMEDY: Final = (
    "The form of the integration role asks for a value that is not sent. A subsidiary: set it"
    " under [netsuite] (OneWorld accounts need it). Anything else: make the field optional on that"
    " form, or give it a default. It then goes on by itself."
)
_STATIC_REMEDY: Final = (
    "The order was read again, and the same lines are still open. Look whether NetSuite fills in"
    " bins or lots on its lines: ShipBob needs a location without bins (Lists > Locations) and"
    " items without lots. It then goes on by itself."
)
_WORKFLOW_REMEDY: Final = (
    "Let the workflow finish, or exempt the integration role from it. It then goes on by itself."
)
_BAD_VALUE_REMEDY: Final = (
    "Check the mapping of the value named. It then goes on by itself. Item, location, account,"
    " vendor and subsidiary must fit together, and NetSuite doesn't always name the guilty one."
)
_ADVICE: Final = ((_STATIC, _STATIC_REMEDY), (_WORKFLOW, _WORKFLOW_REMEDY))
_OTHER_REMEDY: Final = "Correct what NetSuite names. It then goes on by itself."


def classify(answer: Answer) -> ConnectorError | None:
    """Return the failure that an answer of the record or query service means, or None.

    None means that the call was carried out. Every failure means that nothing was done, except a
    ``Retryable`` with ``outcome_unknown``.
    """
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
        return _unrefused(answer)
    stated = problem(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS or _is_concurrency(stated):
        return _too_many(answer)
    if status == HTTPStatus.UNAUTHORIZED or _is_bearer_refusal(answer, stated):
        return _token_refused()
    if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unusable(answer)
    if stated is None:
        bare_forbidden = status == HTTPStatus.FORBIDDEN and not _is_markup(answer)
        return _forbidden("no reason given") if bare_forbidden else _unusable(answer)
    return _refusal(status, stated)


def retry_after_seconds(answer: Answer, *, now: datetime | None = None) -> float | None:
    """Return the wait that ``Retry-After`` asks for, in seconds; None without that header.

    It may be seconds or a date. NetSuite does not document it for its 429 (section 10.2; NS-011).
    """
    value = (answer.header("retry-after") or "").strip()
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())


def _refusal(status: int, stated: NetSuiteProblem) -> ConnectorError:
    """Return which refusal this is: first by code, then by text."""
    if _MISSING_CODE in stated.codes or (
        status == HTTPStatus.NOT_FOUND and stated.find(_NOT_FOUND)
    ):
        return RecordNotFound(
            f"NetSuite has no such record: {stated.sentence}",
            cause=Cause.RECORD_NOT_FOUND,
            remedy="Check whether somebody deleted it. It then goes on by itself.",
        )
    if stated.find(_EXISTS):
        return AlreadyExists(
            f"NetSuite holds this record already: {stated.sentence}",
            cause=Cause.REFUSED_BY_NETSUITE,
            remedy="Nothing: it is looked up by its external id and compared.",
        )
    may_not = stated.find(_PERMISSION)
    if may_not or status == HTTPStatus.FORBIDDEN or "INSUFFICIENT_PERMISSION" in stated.codes:
        return _forbidden(may_not.sentence if may_not else stated.sentence)
    return _passing(stated) or _query_refusal(stated) or _business_refusal(stated)


def _passing(stated: NetSuiteProblem) -> Retryable | None:
    if "IDEMPOTENCY_ERROR" in stated.codes:
        return Retryable(
            "NetSuite has been sent this call before and may still be working on it",
            cause=Cause.OUTCOME_UNKNOWN,
            outcome_unknown=True,
        )
    if "RCRD_HAS_BEEN_CHANGED" in stated.codes or stated.find(_CHANGED):
        return Retryable(
            "Somebody changed the record in NetSuite at the same time",
            cause=Cause.REFUSED_BY_NETSUITE,
            remedy="Nothing: it is read again and tried again by itself.",
        )
    return None


def _query_refusal(stated: NetSuiteProblem) -> NeedsHuman | None:
    for detail in stated.details:
        if detail.code != "INVALID_PARAMETER" or detail.parameter not in {"", "q"}:
            continue
        if column := _COLUMN.search(detail.text):
            named = column[1] or column[2]
            return UnknownIdentifier(named.rpartition(".")[2].lower(), "column")
        if table := _TABLE.search(detail.text):
            return UnknownIdentifier((table[1] or table[2]).lower(), "table")
        return QueryRefused(detail)
    return None


def _names_in(text: str) -> tuple[str, ...]:
    said = _LISTED.sub("", text).lower()
    last = _LAST_WORD.search(said)
    return tuple(_NAME.findall(said)) or ((last[1],) if last else ())


def _business_refusal(stated: NetSuiteProblem) -> NeedsHuman:
    # Before the period: a form can make the period itself a mandatory field.
    if found := stated.find(_MANDATORY):
        return _refused(found.sentence, _MANDATORY_REMEDY)
    if found := _closed_period(stated):
        return NeedsHuman(
            f"NetSuite's posting period does not allow it: {found.sentence}",
            cause=Cause.PERIOD_CLOSED,
            remedy="Reopen the period in NetSuite, or set policies.closed_period to next-open"
            " and apply the connection. It then goes on by itself.",
        )
    if found := stated.find(_NOTHING_LEFT):
        return NothingLeft(
            f"The order has no open line left in NetSuite: {found.sentence}",
            cause=Cause.REFUSED_BY_NETSUITE,
            remedy="Look at the order's receipts or fulfillments in NetSuite. It then goes on by"
            " itself.",
        )
    for pattern, remedy in _ADVICE:
        if found := stated.find(pattern):
            return _refused(found.sentence, remedy)
    if "INVALID_REQUEST" in stated.codes:
        return NeedsHuman(
            f"NetSuite did not understand the request: {stated.sentence}",
            cause=Cause.BUG,
            remedy="Check that the feature for this kind of record is on in NetSuite. If it is,"
            " report it as a fault of this software.",
        )
    bad_value = stated.find(_BAD_VALUE)
    return _refused(stated.sentence, _BAD_VALUE_REMEDY if bad_value else _OTHER_REMEDY)


def _closed_period(stated: NetSuiteProblem) -> Detail | None:
    """Return the detail that speaks of a period, and not only of an item called so."""
    for detail in stated.details:
        is_of_value = _BAD_VALUE.search(detail.text) and not _PERIOD_FIELD.search(detail.text)
        if not is_of_value and _PERIOD.search(_QUOTED.sub(" ", detail.text)):
            return detail
    return None


def _refused(reason: str, remedy: str) -> NeedsHuman:
    return NeedsHuman(
        f"NetSuite refused it: {reason}", cause=Cause.REFUSED_BY_NETSUITE, remedy=remedy
    )


def _unrefused(answer: Answer) -> ConnectorError | None:
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        if "login" in (answer.header("location") or "").lower():
            return _token_refused()  # a page of sign-in; nothing was carried out (NS-078)
        return NeedsHuman(
            "NetSuite's address answers with a redirect, which is not followed",
            cause=Cause.CREDENTIALS_INVALID,
            remedy="Check netsuite.account_id and netsuite.base_url against Setup > Company >"
            " Company Information > Company URLs.",
        )
    # A maintenance page may come with 200, so it does not tell whether the call was carried out.
    return _unusable(answer) if _is_markup(answer) else None


def _is_concurrency(stated: NetSuiteProblem | None) -> bool:
    # Seen with 429 and with 400: the code decides, not the status.
    return stated is not None and (
        "CONCURRENCY_LIMIT_EXCEEDED" in stated.codes or stated.find(_CONCURRENCY) is not None
    )


def _is_bearer_refusal(answer: Answer, stated: NetSuiteProblem | None) -> bool:
    if stated is not None and stated.codes & _TOKEN_CODES:
        return True
    # A malformed token gives 400 with this header (section 2.7).
    challenge = answer.header("www-authenticate") or ""
    return answer.status == HTTPStatus.BAD_REQUEST and challenge.lower().startswith("bearer")


def _is_markup(answer: Answer) -> bool:
    return answer.body.lstrip()[:1] == b"<"


def _too_many(answer: Answer) -> Retryable:
    return Retryable(
        "NetSuite is serving as many requests as the account's concurrency limit allows",
        cause=Cause.RATE_LIMITED,
        retry_after_seconds=retry_after_seconds(answer),
    )


def _token_refused() -> TokenRefused:
    return TokenRefused(
        "NetSuite did not accept the access token",
        cause=Cause.CREDENTIALS_INVALID,
        remedy="Look at Setup > Users/Roles > View Login Audit Trail in NetSuite; check that"
        " the integration user and role are active and the certificate is not revoked.",
    )


def _forbidden(reason: str) -> NeedsHuman:
    return NeedsHuman(
        f"The integration role may not do this in NetSuite: {reason}",
        cause=Cause.PERMISSION_MISSING,
        remedy="Add the missing permission to the integration role (the documentation lists all"
        " that are needed), then apply the connection again: what waits goes on.",
    )


def _unusable(answer: Answer) -> Retryable:
    known = error_id(answer)
    return Retryable(
        f"NetSuite did not give a usable answer (HTTP {answer.status}"
        + (f", error id {known})" if known else ")"),
        outcome_unknown=True,
        retry_after_seconds=retry_after_seconds(answer),
    )
