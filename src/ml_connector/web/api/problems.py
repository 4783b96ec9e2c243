"""What went wrong, as ``application/problem+json`` (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
import psycopg
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from ml_connector.app.set_up.drafts import NoSuchDraft
from ml_connector.app.users.api_tokens import NoSuchToken
from ml_connector.app.users.roles import NotAllowed
from ml_connector.app.users.users import NoSuchUser
from ml_connector.errors import ConnectorError, UserError
from ml_connector.storage.database import DatabaseAway
from ml_connector.web.address import WebRequest

MEDIA_TYPE: Final = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong.

    Attributes:
        type: names the kind of problem; ``about:blank``: the status says it all.
        title: the same in a few words.
        status: of the answer.
        detail: what happened, as a sentence.
        cause: one of our cause codes, where there is one.
        remedy: what to do.
        where: the field, header or record concerned.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    cause: str = ""
    remedy: str = ""
    where: str = ""


def problem(one: Problem) -> Response[Problem]:
    """Return the answer for a problem."""
    headers = {}
    if one.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="ml-connector"'
    return Response(one, status_code=one.status, media_type=MEDIA_TYPE, headers=headers)


def refused(_: WebRequest, error: UserError) -> Response[Problem]:
    """Say what can't be done, and what to do instead."""
    status = HTTPStatus.BAD_REQUEST
    if isinstance(error, NotAllowed):
        status = HTTPStatus.FORBIDDEN
    if isinstance(error, (NoSuchUser, NoSuchToken, NoSuchDraft)):
        status = HTTPStatus.NOT_FOUND
    if isinstance(error, DatabaseAway):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(
        Problem(
            title=status.phrase,
            status=status,
            detail=str(error),
            remedy=error.next_step,
            where="" if isinstance(error, DatabaseAway) else error.where,
        )
    )


def failed(_: WebRequest, error: ConnectorError) -> Response[Problem]:
    """Say what the other system, or what is stored, did not allow."""
    return problem(
        Problem(
            title="Not as things are",
            status=HTTPStatus.CONFLICT,
            detail=str(error),
            cause=error.cause,
            remedy=error.remedy,
        )
    )


def away(_: WebRequest, __: Exception) -> Response[Problem]:
    """Say that the database is away."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(
        Problem(
            title=status.phrase,
            status=status,
            detail="The database can't be reached",
            remedy="Try again in a minute.",
        )
    )


def http_error(_: WebRequest, error: HTTPException) -> Response[Problem]:
    """Say what is wrong with the request."""
    status = HTTPStatus(error.status_code)
    where, detail = "", error.detail if status < HTTPStatus.INTERNAL_SERVER_ERROR else ""
    if isinstance(error, ValidationException):
        extra: list[Any] = error.extra if isinstance(error.extra, list) else []
        where = ", ".join(str(one.get("key", "")) for one in extra if isinstance(one, dict))
        detail = "; ".join(_said(one) for one in extra if isinstance(one, dict))
    if status == HTTPStatus.UNAUTHORIZED:
        detail = "Show a token: Authorization: Bearer mlc_..."
    answer = problem(Problem(title=status.phrase, status=status, detail=detail, where=where))
    answer.headers.update(error.headers or {})
    return answer


def _said(one: dict[str, Any]) -> str:
    """Return what is wrong with a part of a request; the framework only names a missing body."""
    message = str(one.get("message", ""))
    return "A body in JSON is missing" if message == "'data'" else message


def bug(_: WebRequest, __: Exception) -> Response[Problem]:
    """Say that it is a fault of ours; the log has it."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(
        Problem(
            title=status.phrase,
            status=status,
            cause="bug",
            remedy="Try again. If it stays so, look into the service's log.",
        )
    )


HANDLERS: Final[dict[Any, Any]] = {
    DatabaseAway: away,
    psycopg.OperationalError: away,
    UserError: refused,
    ConnectorError: failed,
    HTTPException: http_error,
    Exception: bug,
}
"""By what was raised."""
