"""What an answer of ShipBob means: one of the kinds of failure, or none. Pure.

The only place that reads ShipBob's status codes. Source: ShipBob reference, sections 3 to 5.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Final

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.errors import AlreadyExists, ConnectorError, NeedsData, NeedsHuman, Retryable
from ml_connector.shipbob.error_texts import error_text, is_html, number_in_message
from ml_connector.transport.call import Answer, Classify
from ml_connector.words import Cause

# ShipBob's window is a minute, so a wait of days can only be a mistake.
_LONGEST_WAIT_SECONDS: Final = 3600.0

_DUPLICATE: Final = re.compile(r"existing|duplicate", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"reference", re.IGNORECASE)
_DATABASE: Final = re.compile(r"unexpected database error", re.IGNORECASE)
_TOO_MANY_SKUS: Final = "WRO_UNIQUE_SKU_LIMIT_EXCEEDED"

_NEW_CREDENTIALS: Final = (
    "Give the connection a new token or refresh token in its file, and apply it again: what"
    " waits goes on."
)


def classify(
    answer: Answer, *, doing: str = "a call", scope: str = "", record: Awaited | None = None
) -> ConnectorError | None:
    """Return the failure that an answer means, or None for a success.

    Args:
        answer: of any call but those of the token endpoint (see ``oauth``).
        doing: what the call does, for the sentence: ``reading WRO 90311``.
        scope: the permission that the call needs: ``receiving_read``.
        record: the thing that is missing after a 404 and that subjects may wait for:
            ``wro:90311``. Without one, a 404 with a reason is a refusal, and a 404 without a
            reason means a wrong address.

    Returns:
        ``Retryable`` for 429 and for all answers of the edge or of a broken server, with
        ``outcome_unknown`` unless ShipBob surely did not begin.
        ``NeedsHuman`` with credentials_invalid for 401 and for redirects, which lead to a
        login page; with permission_missing for 403; with refused_by_shipbob for a refusal.
        ``NeedsData`` with record_not_found for 404: a record that was just made may be found
        only after some seconds (section 8).
        ``AlreadyExists`` for a reference that is taken.
    """
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - successes
        return _unexpected_page(doing) if is_html(answer) else None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _rate_limited(answer, doing)
    if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:  # noqa: PLR2004 - server errors
        return _unavailable(answer, doing)
    if status == HTTPStatus.UNAUTHORIZED or 300 <= status < 400:  # noqa: PLR2004 - redirects
        return _unauthorized(status, doing)
    return _client_error(answer, doing, scope, record)


def _client_error(
    answer: Answer, doing: str, scope: str, record: Awaited | None
) -> ConnectorError:
    if answer.status == HTTPStatus.FORBIDDEN:
        return _forbidden(doing, scope)
    if answer.status == HTTPStatus.NOT_FOUND:
        return _not_found(answer, doing, record)
    return _refused(answer, doing)


def classifier(*, doing: str, scope: str = "", record: Awaited | None = None) -> Classify:
    """Return ``classify`` for a call that does this."""
    bound: Callable[[Answer], ConnectorError | None] = partial(
        classify, doing=doing, scope=scope, record=record
    )
    return bound


def retry_after_seconds(answer: Answer) -> float | None:
    """Return the seconds to wait, from ShipBob's own header, the standard one or the sentence."""
    for name in ("x-retry-after", "retry-after"):
        seconds = _seconds(answer.header(name))
        if seconds is not None:
            return seconds
    seconds = number_in_message(answer)
    return None if seconds is None else min(seconds, _LONGEST_WAIT_SECONDS)


def _seconds(header: str | None) -> float | None:
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except ValueError:
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = max(0.0, (until - datetime.now(UTC)).total_seconds())
    if math.isnan(seconds) or seconds < 0:
        return None
    return min(seconds, _LONGEST_WAIT_SECONDS)


def _rate_limited(answer: Answer, doing: str) -> Retryable:
    return Retryable(
        f"ShipBob asked us to slow down while {doing}",
        cause=Cause.RATE_LIMITED,
        retry_after_seconds=retry_after_seconds(answer),
    )


def _unavailable(answer: Answer, doing: str) -> Retryable:
    return Retryable(
        f"ShipBob failed while {doing} (status {answer.status})",
        retry_after_seconds=retry_after_seconds(answer),
        outcome_unknown=True,
    )


def _unexpected_page(doing: str) -> Retryable:
    return Retryable(
        f"ShipBob answered with a web page instead of data while {doing}",
        outcome_unknown=True,
    )


def _unauthorized(status: int, doing: str) -> NeedsHuman:
    unauthorized = status == HTTPStatus.UNAUTHORIZED
    how = "does not accept our token" if unauthorized else "sent us to its login page"
    return NeedsHuman(
        f"ShipBob {how} ({doing})", cause=Cause.CREDENTIALS_INVALID, remedy=_NEW_CREDENTIALS
    )


def _forbidden(doing: str, scope: str) -> NeedsHuman:
    missing = f": most likely {scope} is missing" if scope else ""
    again = f"Allow {scope} for" if scope else "Give the needed permissions to"
    return NeedsHuman(
        f"ShipBob does not permit us this ({doing}){missing}",
        cause=Cause.PERMISSION_MISSING,
        remedy=f"{again} the application and give consent again; a personal access token must"
        " be made anew by the account's root user to get newer permissions.",
    )


def _not_found(answer: Answer, doing: str, record: Awaited | None) -> ConnectorError:
    text = error_text(answer)
    if record is not None:
        return NeedsData(
            _with(f"ShipBob has no {_spoken(record)} ({doing})", text),
            cause=Cause.RECORD_NOT_FOUND,
            waiting_for=[record],
            remedy="Nothing, if it was only just made. Otherwise look in ShipBob whether it"
            " belongs to this account.",
        )
    if text and text.lower() != "not found":
        # POST /receiving answers so when something named in the body does not exist.
        return _refused(answer, doing)
    return NeedsHuman(
        f"ShipBob knows no such address ({doing})",
        cause=Cause.RECORD_NOT_FOUND,
        remedy="Check api_url and version in the section [shipbob] of the connection.",
    )


def _refused(answer: Answer, doing: str) -> ConnectorError:
    text = error_text(answer)
    if _DATABASE.search(text):
        # Seen on reads with date filters; a repetition succeeds (section 10.4).
        return Retryable(_with(f"ShipBob failed while {doing}", text), outcome_unknown=True)
    if _DUPLICATE.search(text) and _REFERENCE.search(text):
        return AlreadyExists(
            _with(f"ShipBob has this reference already ({doing})", text),
            cause=Cause.REFUSED_BY_SHIPBOB,
        )
    if _TOO_MANY_SKUS in text:
        return NeedsHuman(
            f"The WRO has more than 10,000 different SKUs ({doing})",
            cause=Cause.REFUSED_BY_SHIPBOB,
            remedy="Split the purchase order.",
        )
    if not text:
        text = f"status {answer.status}, without a reason"
    return NeedsHuman(
        _with(f"ShipBob refused {doing}", text),
        cause=Cause.REFUSED_BY_SHIPBOB,
        remedy="Correct what ShipBob names. It then goes on by itself.",
    )


_SPOKEN: Final = {
    AwaitedKind.WRO: "WRO",
    AwaitedKind.INVENTORY: "inventory item",
    AwaitedKind.WEBHOOK: "webhook subscription",
}


def _spoken(record: Awaited) -> str:
    return f"{_SPOKEN.get(record.kind, record.kind)} {record.name}"


def _with(sentence: str, text: str) -> str:
    return f"{sentence}: {text}" if text else sentence
