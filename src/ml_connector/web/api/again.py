"""Acts that may be asked for twice, by ``Idempotency-Key``: done once, answered alike.

The key is of its token. What is asked under it is told by method, address and body. An answer
that did nothing (refused access, a fault, too many calls) leaves the key free.
"""

import hashlib
import re
from http import HTTPStatus
from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar import Response
from litestar.types import Message, Scope

from ml_connector.config.log_counts import LogCounts
from ml_connector.errors import UserError
from ml_connector.ledger.people import answered_calls
from ml_connector.ledger.people.answered_calls import AnsweredCall
from ml_connector.storage.database import DatabaseAway
from ml_connector.web.address import WebRequest, asked_path
from ml_connector.web.api.problems import MEDIA_TYPE, Problem, problem
from ml_connector.web.console.csrf import SAFE
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

HEADER: Final = "idempotency-key"

_FORM: Final = re.compile(r"[!-~]{1,100}")
_CALL: Final = "call that is kept"
_HELD_BACK: Final = "answer that is not kept"

_DID_NOTHING: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
)

_counts: Final = LogCounts(structlog.get_logger("api"))

_ANOTHER: Final = Problem(
    type="urn:ml-connector:problem:key-of-another-call",
    title="This key is of another call",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    where="Idempotency-Key",
    remedy="Choose a new key for each act.",
)
_UNKNOWN: Final = Problem(
    type="urn:ml-connector:problem:outcome-unknown",
    title="This call is being done, or was cut off",
    status=HTTPStatus.CONFLICT,
    where="Idempotency-Key",
    remedy="Ask again in a minute. If it stays so, see what was done before you take a new key.",
)
_SHOWN_ONCE: Final = Problem(
    type="urn:ml-connector:problem:shown-once",
    title="This was done before, and its answer is shown only once",
    status=HTTPStatus.CONFLICT,
    where="Idempotency-Key",
)


_ZERO: Final = b"\\u0000"
_MOST_BRACKETS: Final = 500


class _KeptCall(msgspec.Struct):
    """A call whose answer is to be kept, as far as it was made."""

    console: Console
    token: str
    key: str
    status: int = 0
    content_type: str = ""
    body: bytes = b""


async def answered_before(request: WebRequest) -> Response[Any] | None:
    """Return the answer that a call got before under its key; None lets it be done.

    Raises:
        UserError: the key can't be used, or the body can't be read or kept.
    """
    if request.method not in SAFE:
        _check_json(await request.body())
    key = request.headers.get(HEADER)
    who = request.user
    if key is None or request.method in SAFE or not isinstance(who, Who) or who.token is None:
        return None
    if not _FORM.fullmatch(key):
        raise UserError(
            "That key can't be used",
            where="Idempotency-Key",
            next_step="Send 1 to 100 letters, digits and signs without spaces, such as a UUID.",
        )
    console = Console.of(request)
    asked = hashlib.sha256(
        f"{request.method} {asked_path(request)}\n".encode() + await request.body()
    ).digest()
    async with console.database.transaction() as on:
        before = await answered_calls.begin(on, who.token.name, key, asked)
    if before is not None:
        return _answered(before, asked)
    request.scope["state"][_CALL] = _KeptCall(console=console, token=who.token.name, key=key)
    return None


def hold_back(request: WebRequest) -> None:
    """Keep nothing of an answer that holds a secret."""
    request.scope["state"][_HELD_BACK] = True


async def keep(message: Message, scope: Scope) -> None:
    """Keep the answer of a call before it goes out."""
    call = scope["state"].get(_CALL)
    if not isinstance(call, _KeptCall):
        return
    if message["type"] == "http.response.start":
        call.status = message["status"]
        headers = dict(message["headers"])
        call.content_type = headers.get(b"content-type", b"").decode("latin-1")
    elif message["type"] == "http.response.body":
        call.body += message["body"]
        if not message["more_body"]:
            await _store(call, held_back=bool(scope["state"].get(_HELD_BACK)))


async def _store(call: _KeptCall, *, held_back: bool) -> None:
    did_nothing = call.status in _DID_NOTHING or call.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if held_back and call.status < HTTPStatus.BAD_REQUEST:
        call.status, call.content_type = _SHOWN_ONCE.status, MEDIA_TYPE
        call.body = msgspec.json.encode(_SHOWN_ONCE)
    try:
        async with call.console.database.transaction() as on:
            if did_nothing:
                await answered_calls.forget(on, call.token, call.key)
                return
            await answered_calls.answer(
                on,
                call.token,
                call.key,
                status=call.status,
                content_type=call.content_type,
                body=call.body,
            )
    except (DatabaseAway, psycopg.Error) as error:
        # The act is done: to answer with a fault would be worse than an unknown outcome later.
        _counts.note("answer_not_kept", None, reason=type(error).__name__)


def _answered(before: AnsweredCall, asked: bytes) -> Response[Any]:
    if before.asked != asked:
        return problem(_ANOTHER)
    if before.status is None:
        return problem(_UNKNOWN)
    return Response(
        before.body,
        status_code=before.status,
        headers={"idempotent-replayed": "true", "content-type": before.content_type},
    )


def _check_json(body: bytes) -> None:
    """See that a body in JSON can be read and kept, as far as its form goes.

    Raises:
        UserError: a text of it has a zero character, or it is nested beyond all reason.
    """
    if _ZERO in body:
        raise UserError(
            "There is a zero character in the body",
            where="body",
            next_step="Send it without \\u0000.",
        )
    if body.count(b"[") + body.count(b"{") <= _MOST_BRACKETS:
        return
    try:
        msgspec.json.decode(body)
    except RecursionError:
        raise UserError(
            "The body is nested too deeply", where="body", next_step="Send it flatter."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # who reads it says what is wrong with it
