"""How NetSuite says no: one exception that knows its HTTP answer (reference 9)."""

from collections.abc import Mapping
from typing import Final

_RFC = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15"

_KINDS: Final[Mapping[int, tuple[str, str]]] = {
    302: ("Found", f"{_RFC}.4.3"),
    400: ("Bad Request", f"{_RFC}.5.1"),
    401: ("Unauthorized", f"{_RFC}.5.2"),
    403: ("Forbidden", f"{_RFC}.5.4"),
    404: ("Not Found", f"{_RFC}.5.5"),
    405: ("Method Not Allowed", f"{_RFC}.5.6"),
    413: ("Content Too Large", f"{_RFC}.5.14"),
    429: ("Bad Request", "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"),
    500: ("Internal Server Error", f"{_RFC}.6.1"),
}
"""Title and type by status. 429 really is titled "Bad Request" (reference 10.2)."""

ACCESS: Final = "Error while accessing a resource. "
"""What the record service puts before the text of a business error (reference 9.2)."""


class Refusal(Exception):
    """An answer outside 2xx.

    Args:
        status: HTTP status.
        code: the detail's ``o:errorCode``.
        detail: the sentence.
        path: ``o:errorPath``, where in the body.
        query_param: ``o:errorQueryParam``.
        header: ``o:errorHeader``.
        headers: further HTTP headers of the answer.
        title: instead of the status' own title.
        top_code: an ``o:errorCode`` beside the details, as 429 has it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        path: str | None = None,
        query_param: str | None = None,
        header: str | None = None,
        headers: Mapping[str, str] | None = None,
        title: str | None = None,
        top_code: str | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self._where = {
            "o:errorPath": path,
            "o:errorQueryParam": query_param,
            "o:errorHeader": header,
        }
        self._title = title
        self._top_code = top_code

    def saying(self, detail: str) -> "Refusal":
        """The same refusal with another sentence."""
        other = Refusal(
            self.status,
            self.code,
            detail,
            headers=self.headers,
            title=self._title,
            top_code=self._top_code,
        )
        other._where = self._where
        return other

    def body(self) -> dict[str, object]:
        """The error object of reference 9.1."""
        title, kind = _KINDS.get(self.status, ("Error", "about:blank"))
        detail: dict[str, object] = {"detail": self.detail}
        detail |= {key: value for key, value in self._where.items() if value is not None}
        detail["o:errorCode"] = self.code
        answer: dict[str, object] = {
            "type": kind,
            "title": self._title or title,
            "status": self.status,
        }
        if self._top_code is not None:
            answer["o:errorCode"] = self._top_code
        return answer | {"o:errorDetails": [detail]}


def user_error(detail: str, *, path: str | None = None) -> Refusal:
    """A business error: 400 USER_ERROR, told apart by its text alone (reference 9.2)."""
    return Refusal(400, "USER_ERROR", ACCESS + detail, path=path)


def invalid_content(detail: str, *, path: str | None = None) -> Refusal:
    """A body that can't be taken: 400 INVALID_CONTENT with the place (reference 9.2)."""
    return Refusal(400, "INVALID_CONTENT", f"Error while accessing resource: {detail}", path=path)


def invalid_field_value(value: object, field: str, path: str) -> Refusal:
    """A reference to nothing, or to something that doesn't fit (reference 9.2, 13.1)."""
    return invalid_content(
        f"You have entered an Invalid Field Value {value} for the following field: {field}",
        path=path,
    )


def not_found() -> Refusal:
    """404 NONEXISTENT_ID (reference 9.2)."""
    return Refusal(404, "NONEXISTENT_ID", "Record does not exist.")


def invalid_request(detail: str, *, status: int = 400, header: str | None = None) -> Refusal:
    """A path, method or header that means nothing (reference 9.2)."""
    return Refusal(status, "INVALID_REQUEST", detail, header=header)


def concurrency_exceeded(
    headers: Mapping[str, str] | None = None, *, status: int = 429
) -> Refusal:
    """The body of reference 10.2, word for word; 400 was seen too."""
    return Refusal(
        status,
        "CONCURRENCY_LIMIT_EXCEEDED",
        "Concurrent request limit exceeded. Request blocked.",
        headers=headers,
        top_code="USER_ERROR",
    )


def invalid_login(account: str) -> Refusal:
    """401 with WWW-Authenticate and the usual error object (reference 2.7)."""
    return Refusal(
        401,
        "INVALID_LOGIN",
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI "
        "at Setup > Users/Roles > User Management > View Login Audit Trail.",
        headers={
            "WWW-Authenticate": f'Bearer realm="{account}", error="invalid_token", '
            'error_description="Invalid login attempt."'
        },
    )


def login_page(account: str) -> Refusal:
    """302 to the page where people sign in."""
    address = f"https://system.netsuite.com/pages/customerlogin.jsp?c={account}"
    return Refusal(302, "REDIRECT", "Object moved.", headers={"Location": address})


def malformed_bearer(account: str) -> Refusal:
    """400 for an Authorization header that isn't a bearer token (reference 2.7)."""
    text = "The request could not be understood by the server due to malformed syntax."
    return Refusal(
        400,
        "INVALID_REQUEST",
        text,
        headers={
            "WWW-Authenticate": f'Bearer realm="{account}", error="invalid_request", '
            f'error_description="{text}"'
        },
    )


def unexpected(error_id: str) -> Refusal:
    """500 with an error id for support (reference 9.2)."""
    return Refusal(500, "UNEXPECTED_ERROR", f"An unexpected error occurred. Error ID: {error_id}")
