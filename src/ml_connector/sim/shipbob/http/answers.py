"""What the simulator answers, and ShipBob's different shapes of an error.

One function per shape in the table of reference shipbob.md, section 5.
"""

from collections.abc import Mapping, Sequence

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer before it becomes bytes.

    Attributes:
        status: the HTTP status.
        body: a JSON value, bytes that are sent as they are, or ``None`` for no body at all.
        headers: further headers, names in lower case.
        media_type: the content type when there is a body.
    """

    status: int
    body: object = None
    headers: Mapping[str, str] = {}
    media_type: str = "application/json; charset=utf-8"

    def content(self) -> bytes:
        """The bytes of the body; Decimals are written as JSON numbers with all their digits."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else _encode(self.body)


class Refusal(Exception):
    """Ends the handling of a request with an error answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body}")
        self.answer = answer


def empty(status: int) -> Refusal:
    """No body: 401 and 403 of most resources, 404 of orders and shipments."""
    return Refusal(Answer(status))


def fields(status: int, errors: Mapping[str, Sequence[str]]) -> Refusal:
    """``{"<field>": ["msg"]}``: orders, receiving, products, channels. The field may be ""."""
    return Refusal(Answer(status, {field: list(texts) for field, texts in errors.items()}))


def problem(status: int, detail: str, *, title: str = "", instance: str = "") -> Refusal:
    """ProblemDetails: inventory, billing, reads of returns, 401 and 403 of inventory."""
    return Refusal(Answer(status, _problem(status, detail, title, instance)))


def validation_problem(
    status: int, detail: str, errors: Mapping[str, Sequence[str]], *, instance: str = ""
) -> Refusal:
    """ValidationProblemDetails: a receiving order that is not there."""
    body = _problem(status, detail, "", instance)
    body["errors"] = {field: list(texts) for field, texts in errors.items()}
    return Refusal(Answer(status, body))


def returns_error(status: int, message: str, errors: Sequence[str], *, put: bool) -> Refusal:
    """``{message, details, errors, stackTrace}``; a PUT says ``stack_trace``."""
    trace = "stack_trace" if put else "stackTrace"
    body: dict[str, object] = {
        "message": message,
        "details": None,
        "errors": list(errors),
        trace: None,
    }
    return Refusal(Answer(status, body))


def edit_error(status: int, code: str, message: str) -> Refusal:
    """``{code, message}``: edits of a shipment."""
    return Refusal(Answer(status, {"code": code, "message": message}))


def text_error(status: int, message: str) -> Refusal:
    """A bare JSON string: tracking reads and batchUpdateTrackingUpload."""
    return Refusal(Answer(status, message))


def webhook_error(status: int, errors: Mapping[str, Sequence[str]]) -> Refusal:
    """A serialised .NET result object: webhook subscriptions."""
    kind = {400: "BadRequestObjectResult", 422: "UnprocessableEntityObjectResult"}.get(
        status, "ObjectResult"
    )
    body: dict[str, object] = {
        "$type": f"Microsoft.AspNetCore.Mvc.{kind}, Microsoft.AspNetCore.Mvc.Core",
        "value": {field: list(texts) for field, texts in errors.items()},
        "formatters": [],
        "content_types": [],
        "declared_type": None,
        "status_code": status,
    }
    return Refusal(Answer(status, body))


def rate_limited(retry_after_seconds: int) -> Answer:
    """429 with both of ShipBob's headers (section 4)."""
    text = f"Rate limit is exceeded. Try again in {retry_after_seconds} seconds."
    headers = {"x-retry-after": str(retry_after_seconds), "x-remaining-calls": "0"}
    return Answer(429, {"statusCode": 429, "message": text}, headers)


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    422: "Unprocessable Entity",
}


def _problem(status: int, detail: str, title: str, instance: str) -> dict[str, object]:
    return {
        "type": f"https://tools.ietf.org/html/rfc9110#section-15.5.{max(status - 399, 1)}",
        "title": title or _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": instance or None,
    }
